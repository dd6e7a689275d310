"""Passwords, keys and mail addresses that are made otherwise than those of the second part."""

import string
from random import Random

from faker import Faker

from tests.classify.heldout.credentials_cloud import UUID, encoded
from tests.classify.heldout.drawing import ALPHANUMERIC, HEXADECIMAL, Draw, joined, masked, one_of, some
from tests.classify.heldout_second.values import FIRST, KnownBy, Value

_SYLLABLES = ("ta", "ri", "mo", "ke", "lu", "sha", "ven", "dor", "pix", "gal", "zu", "nok")
_LEET = ("P1neappl3", "Str0ngb0x", "l33tf0x", "C0ff33mug", "M0unta1n", "r1verb3d", "Gr4nit3", "T0uc4n")
_FOUR = ("maple", "harbor", "quilt", "seven", "orbit", "candle", "fern", "velvet", "tiger", "bridge", "salt", "window")
_ACCENTED = ("Größe", "Äpfel", "señal", "łódka", "forêt", "Käse", "çilek", "smörgås")
_CYRILLIC = ("пирог", "Облако", "ракета", "Весна", "гном", "Шалаш")
_HEADERS = frozenset({"BASIC_AUTH_HEADER", "BASIC_AUTH_URL"})
_URLS = frozenset({"BASIC_AUTH_URL", "DATABASE_URL"})


def _spoken(random: Random) -> str:
    """Of syllables, as password managers make them to be typed on a television."""
    parts = ["".join(random.choices(_SYLLABLES, k=2)) for _ in range(3)]
    return "-".join((parts[0].capitalize(), *parts[1:], str(random.randint(10, 99))))


def _four_words(random: Random) -> str:
    return " ".join(random.sample(_FOUR, 4))


PASSWORD = one_of(
    _spoken,
    joined(one_of(*_LEET), one_of("_", "!", "-", "+", "="), one_of(*_LEET), masked("#")),
    joined(masked("##"), one_of("!", "#", "_"), one_of(*_FOUR), one_of(*_FOUR)),
    joined(some(ALPHANUMERIC, 3, "v"), one_of("#", "*", "!"), some(ALPHANUMERIC, 7, "", "3")),
    joined(one_of(*_LEET), masked("####")),
    some(string.ascii_lowercase + string.digits, 14, "q", "7z"),
)
_KEY = one_of(
    some(HEXADECIMAL, 48),
    some(HEXADECIMAL, 64),
    joined(one_of("acme_live_", "prod-", "svc."), some(ALPHANUMERIC, 36)),
    UUID,
    joined(some(ALPHANUMERIC, 21), ".", some(ALPHANUMERIC, 21)),
)

_DOMAINS = (
    "students.uni-graz.at",
    "mail.example.co.jp",
    "corp.example.com.br",
    "praxis-am-markt.de",
    "holiday.travel",
    "x.io",
    "nhs.example.org.uk",
    "posteo.net",
    "example.photography",
    "ksiegowosc.example.pl",
)
_LOCALES = ("en_US", "de_AT", "fr_FR", "pt_PT", "tr_TR", "cs_CZ", "hu_HU", "ro_RO", "no_NO", "id_ID")


def _mail(random: Random) -> str:
    fake = _FAKERS[random.randrange(len(_FAKERS))]
    fake.seed_instance(random.getrandbits(32))
    user = fake.user_name()
    form = random.choice(("{}", "{}.99", "{}+invoices", "{}_ext", "X.{}", "{}-priv", "o'{}", "{}%lists"))
    return f"{form.format(user)}@{random.choice(_DOMAINS)}"


def _upper_case_mail(random: Random) -> str:
    return _simple_mail(random).upper()


def _simple_mail(random: Random) -> str:
    fake = _FAKERS[random.randrange(len(_FAKERS))]
    fake.seed_instance(random.getrandbits(32))
    return f"{fake.user_name()}@{random.choice(_DOMAINS)}"


_FAKERS = tuple(Faker(locale) for locale in _LOCALES)
_INTERNATIONAL_MAIL = joined(
    one_of("post", "jo.weber", "kasse", "office"),
    "@",
    one_of("müller-bau.de", "café-lumière.fr", "żaglówka.pl", "bücherstube.at"),
)


def _named(name: str, draw: Draw, also: frozenset[str] = frozenset()) -> Value:
    return Value(name, KnownBy.CONTEXT, draw, also)


def secrets() -> dict[str, Value]:
    """Passwords and keys, which need a word beside them."""
    return {
        "PASSWORD_ASSIGNMENT": _named("PASSWORD_ASSIGNMENT", PASSWORD),
        "PASSWORD_ASSIGNMENT user": _named("PASSWORD_ASSIGNMENT", PASSWORD, _HEADERS),
        "PASSWORD_ASSIGNMENT words": _named("PASSWORD_ASSIGNMENT", _four_words),
        "PASSWORD_ASSIGNMENT accents": _named(
            "PASSWORD_ASSIGNMENT", joined(one_of(*_ACCENTED), masked("-##-"), one_of(*_ACCENTED))
        ),
        "PASSWORD_ASSIGNMENT cyrillic": _named(
            "PASSWORD_ASSIGNMENT", joined(one_of(*_CYRILLIC), masked("_####"), one_of("!", "#", "z"))
        ),
        "SECRET_ASSIGNMENT": _named("SECRET_ASSIGNMENT", _KEY),
        "SECRET_ASSIGNMENT encoded": _named("SECRET_ASSIGNMENT", one_of(encoded(32), encoded(48))),
        "BASIC_AUTH_URL": Value("BASIC_AUTH_URL", KnownBy.FORM, some(ALPHANUMERIC, 16, "k", "2"), _URLS),
        "DATABASE_URL": Value("DATABASE_URL", KnownBy.FORM, some(ALPHANUMERIC, 16, "k", "2"), _URLS),
        "CONNECTION_STRING": FIRST["CONNECTION_STRING"]._replace(draw=PASSWORD),
    }


def mails() -> dict[str, Value]:
    return {
        "EMAIL_ADDRESS": Value("EMAIL_ADDRESS", KnownBy.FORM, one_of(_simple_mail, _mail)),
        "EMAIL_ADDRESS simple": Value("EMAIL_ADDRESS", KnownBy.FORM, _simple_mail),
        "EMAIL_ADDRESS upper": Value("EMAIL_ADDRESS", KnownBy.FORM, _upper_case_mail),
        "EMAIL_ADDRESS international": Value("EMAIL_ADDRESS", KnownBy.FORM, _INTERNATIONAL_MAIL),
    }
