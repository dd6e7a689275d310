"""Labelled texts that the classifiers were written with.

They hold what Faker makes up in ten locales, secrets of known forms, or nothing of all this. The secrets' forms are
written out once more here, so that a mistake in a declaration shows. All seeds are fixed.
"""

import datetime
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

from faker import Faker
from stdnum import luhn

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "pl_PL", "sv_SE")
EACH = 12
"""Texts of each kind and locale."""
_LETTERS = string.ascii_letters + string.digits
_HEXADECIMAL = "0123456789abcdef"


class Labelled(NamedTuple):
    """A text and what is in it: a classifier's name and the words that it should find."""

    text: str
    name: str
    value: str


_AREA_CODES = ("212", "303", "305", "312", "321", "404", "415", "512", "617", "702", "808", "907")
_FIRST_BIRTH = datetime.date(1940, 1, 1)
_LAST_BIRTH = datetime.date(2005, 12, 31)
_LAST_DATE = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


def _birthday(fake: Faker) -> datetime.date:
    return fake.date_between_dates(_FIRST_BIRTH, _LAST_BIRTH)


def _pesel(fake: Faker) -> str:
    return fake.pesel(datetime.datetime.combine(_birthday(fake), datetime.time()))


def _personnummer(fake: Faker) -> str:
    number = f"{_birthday(fake):%y%m%d}{fake.random_int(100, 999)}"
    return f"{number[:6]}-{number[6:]}{luhn.calc_check_digit(number)}"


_IDENTITIES: dict[str, tuple[str, Callable[[Faker], str], str]] = {
    "en_US": ("US_SSN", lambda fake: fake.ssn(), "his social security number is {}"),
    "es_ES": ("ES_NIE", lambda fake: fake.nie(), "su NIE es {}"),
    "it_IT": ("IT_CODICEFISCALE", lambda fake: fake.ssn(), "codice fiscale {} del cliente"),
    "pt_BR": ("BR_CPF", lambda fake: fake.cpf(), "o CPF {} consta no contrato"),
    "nl_NL": ("NL_BSN", lambda fake: fake.ssn(), "BSN {}"),
    "pl_PL": ("PL_PESEL", _pesel, "PESEL {} klienta"),
    "sv_SE": ("SE_PERSONNUMMER", _personnummer, "personnummer {}"),
}
"""National numbers with check digits: the name, how one is made, and a sentence. None depends on today."""


def personal() -> Iterator[Labelled]:
    """Texts with one piece of personal data each."""
    for seed, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(seed)
        for _ in range(EACH):
            yield _in("please write to {} soon", "EMAIL_ADDRESS", fake.email())
            yield _in("transfer it to {} today", "IBAN_CODE", fake.iban())
            yield _in("paid with {} yesterday", "CREDIT_CARD_NUMBER", fake.credit_card_number("visa16"))
            yield _in("paid with {} yesterday", "CREDIT_CARD_NUMBER", fake.credit_card_number("amex"))
            yield _in("request from {} was refused", "IPV4_ADDRESS", fake.ipv4_public())
            yield _in("the adapter {} is down", "MAC_ADDRESS", fake.mac_address())
            if locale in _IDENTITIES:
                name, make, sentence = _IDENTITIES[locale]
                yield _in(sentence, name, make(fake))


def addresses() -> Iterator[Labelled]:
    """Texts with a date of birth or an American street, in which nothing can be checked by its digits."""
    fake = Faker("en_US")
    fake.seed_instance(100)
    for _ in range(EACH * 4):
        yield _in("she was born on {} in town", "DATE_OF_BIRTH", _birthday(fake).strftime("%d/%m/%Y"))
        yield _in("deliver it to {} please", "US_STREET_ADDRESS", fake.street_address())
        digits = f"{fake.random_element(_AREA_CODES)}-{fake.random_int(201, 999)}-{fake.random_int(1000, 9999)}"
        yield _in("call me at {} tonight", "US_PHONE_NUMBER", digits)


def _in(sentence: str, name: str, value: str) -> Labelled:
    return Labelled(sentence.format(value), name, value)


_SECRETS: dict[str, Callable[[random.Random], str]] = {
    "AWS_ACCESS_KEY_ID": lambda r: "AKIA" + _draw(r, string.ascii_uppercase + "234567", 16),
    "GCP_API_KEY": lambda r: "AIza" + _draw(r, _LETTERS + "-_", 34) + "x",
    "GITHUB_PERSONAL_TOKEN": lambda r: "ghp_" + _draw(r, _LETTERS, 36),
    "GITHUB_FINE_GRAINED_TOKEN": lambda r: f"github_pat_{_draw(r, _LETTERS, 22)}_{_draw(r, _LETTERS, 59)}",
    "GITLAB_PERSONAL_TOKEN": lambda r: "glpat-" + _draw(r, _LETTERS, 20),
    "SLACK_TOKEN": lambda r: f"xoxb-{_draw(r, '123456789', 12)}-{_draw(r, '123456789', 12)}-{_draw(r, _LETTERS, 24)}",
    "STRIPE_SECRET_KEY": lambda r: "sk_live_" + _draw(r, _LETTERS, 24),
    "TWILIO_ACCOUNT_SID": lambda r: "AC" + _draw(r, _HEXADECIMAL, 32),
    "SENDGRID_API_KEY": lambda r: f"SG.{_draw(r, _LETTERS, 22)}.{_draw(r, _LETTERS, 43)}",
    "NPM_ACCESS_TOKEN": lambda r: "npm_" + _draw(r, _LETTERS, 36),
    "PYPI_TOKEN": lambda r: "pypi-AgEIcHlwaS5vcmc" + _draw(r, _LETTERS, 120),
    "OPENAI_API_KEY": lambda r: "sk-proj-" + _draw(r, _LETTERS, 120),
    "ANTHROPIC_API_KEY": lambda r: f"sk-ant-api03-{_draw(r, _LETTERS + '-_', 93)}AA",
    "HUGGING_FACE_TOKEN": lambda r: "hf_" + _draw(r, _LETTERS, 34),
    "JSON_WEB_TOKEN": lambda r: f"eyJhbGciOiJIUzI1NiJ9.eyJ{_draw(r, _LETTERS, 40)}.{_draw(r, _LETTERS, 43)}",
    "DIGITALOCEAN_PERSONAL_TOKEN": lambda r: "dop_v1_" + _draw(r, _HEXADECIMAL, 64),
    "DATABRICKS_TOKEN": lambda r: "dapi" + _draw(r, _HEXADECIMAL, 32),
    "SHOPIFY_TOKEN": lambda r: "shpat_" + _draw(r, _HEXADECIMAL, 32),
    "TELEGRAM_BOT_TOKEN": lambda r: f"{_draw(r, '123456789', 10)}:AA{_draw(r, _LETTERS, 33)}",
    "BASIC_AUTH_URL": lambda r: f"https://{_draw(r, string.ascii_lowercase, 6)}:{_draw(r, _LETTERS, 12)}@example.com",
    "DATABASE_URL": lambda r: f"postgresql://app:{_draw(r, _LETTERS, 14)}@db.example.com:5432",
}


def secrets() -> Iterator[Labelled]:
    """Texts with one credential each."""
    draw = random.Random(7)
    for name, make in _SECRETS.items():
        for _ in range(EACH * 2):
            yield _in("use {} for the job", name, make(draw))


def _draw(draw: random.Random, alphabet: str, length: int) -> str:
    return "".join(draw.choices(alphabet, k=length))


_ORDINARY = (
    "Order {n} of {d} has {s} items for ${s}.{t}.",
    "Version {s}.{t}.{s} came out on {d}.",
    "The meeting is at {t}:{t} in room {n}, page {s} of {t}.",
    "Ticket {n} took {s} ms, build {n} took {t} s.",
    "Row {s}: {n}, {s}, {t}, {n}.",
)


def ordinary(count: int = 2_000) -> Iterator[str]:
    """Paragraphs with dates, amounts and numbers, but with nothing to find."""
    for seed, locale in enumerate(LOCALES):
        fake = Faker(locale)
        fake.seed_instance(1_000 + seed)
        draw = random.Random(seed)
        for _ in range(count // len(LOCALES)):
            numbers = {"n": draw.randrange(10_000, 10**7), "s": draw.randrange(1, 200), "t": draw.randrange(10, 60)}
            tail = draw.choice(_ORDINARY).format(**numbers, d=fake.date("%d %B %Y", _LAST_DATE))
            yield f"{fake.paragraph(nb_sentences=4)} {tail}"
