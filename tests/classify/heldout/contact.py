"""Mail addresses of twelve locales, and telephone numbers of many countries in several ways of writing them."""

from collections.abc import Iterable
from random import Random

import phonenumbers
from faker import Faker
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.classify.heldout.drawing import Draw, characters, one_of
from tests.classify.heldout.kind import Kind, alone, near

_LOCALES = (
    "en_US",
    "en_GB",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "pt_BR",
    "nl_NL",
    "pl_PL",
    "sv_SE",
    "da_DK",
    "fi_FI",
)
_DOMAINS = (
    "gmail.com",
    "web.de",
    "orange.fr",
    "mail.ru",
    "uni-hamburg.de",
    "acme-tools.io",
    "sub.example.co.uk",
    "libero.it",
    "uol.com.br",
    "ziggo.nl",
    "wp.pl",
    "telia.se",
    "example.org",
    "startup.ai",
    "museum.technology",
)
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv")
_FIXED_AND_MOBILE = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
_E164 = PhoneNumberFormat.E164
_INTERNATIONAL = PhoneNumberFormat.INTERNATIONAL
_NATIONAL = PhoneNumberFormat.NATIONAL
_MAIL_WORDS = {
    "en": "e-mail address",
    "de": "E-Mail",
    "fr": "adresse e-mail",
    "es": "correo electrónico",
    "it": "e-mail",
    "pt": "e-mail",
    "nl": "e-mailadres",
    "pl": "e-mail",
    "sv": "e-post",
}
_PHONE_WORDS = {
    "en": ("phone number", "mobile", "phone"),
    "de": ("Telefon", "Handynummer", "Tel."),
    "fr": ("téléphone", "tél.", "portable"),
    "es": ("teléfono", "móvil", "tel."),
    "it": ("telefono", "cellulare", "tel."),
    "pt": ("telefone", "celular", "tel."),
    "nl": ("telefoonnummer", "mobiel", "tel."),
    "ja": ("電話番号", "携帯番号"),
    "hi": ("फ़ोन नंबर", "मोबाइल नंबर"),
}
_ANYWHERE = ("AT", "AU", "CH", "PL", "SE", "NO", "DK", "FI", "MX", "AR", "ZA", "KR", "CN", "TR", "IL", "NZ", "IE", "PT")
_MAIL_RECORDS = (
    "please cc <value> on the thread",
    "From: Support Desk <<value>>",
    "GET /unsubscribe?user=<value>&list=7 HTTP/1.1",
    "author = {<value>}",
    "17,<value>,2021-04-01,open",
    "logger.warning('bounce from %s', '<value>')",
)


def _mail() -> Draw:
    fakers = [Faker(locale) for locale in _LOCALES]

    def draw(random: Random) -> str:
        fake = random.choice(fakers)
        fake.seed_instance(random.getrandbits(32))
        return f"{fake.user_name()}{random.choice(('', '', '+news', '_de', '.2'))}@{random.choice(_DOMAINS)}"

    return draw


def telephone(region: str, *forms: int) -> Draw:
    """Numbers like the published example of a region: the last four digits are drawn, as long as it stays valid."""

    def draw(random: Random) -> str:
        while True:
            example = phonenumbers.example_number_for_type(region, random.choice(_FIXED_AND_MOBILE))
            assert example
            text = phonenumbers.format_number(example, _E164)
            number = phonenumbers.parse(text[:-4] + characters(random, "0123456789", 4))
            if phonenumbers.is_valid_number_for_region(number, region):
                return phonenumbers.format_number(number, random.choice(forms))

    return draw


def _country(name: str, region: str, language: str, *, national_is_plain: bool = False) -> Kind:
    """Near a word in every form; alone with the calling code, or as the country writes it if that is unmistakable."""
    draw = telephone(region, _INTERNATIONAL, _NATIONAL, _NATIONAL, _E164)
    plain = telephone(region, _INTERNATIONAL, _NATIONAL) if national_is_plain else telephone(region, _INTERNATIONAL)
    keys = ("phone", "mobile_phone", "tel")
    return Kind(
        name, draw, near(language, _PHONE_WORDS[language], keys), alone("en" if language == "hi" else language), plain
    )


def _sentences(languages: Iterable[str], words: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for language in languages for text in near(language, (words[language],), (key,))))


KINDS = (
    Kind(
        "EMAIL_ADDRESS",
        _mail(),
        _sentences(_LANGUAGES, _MAIL_WORDS, "email"),
        _MAIL_RECORDS + alone("ja") + alone("zh"),
    ),
    _country("US_PHONE_NUMBER", "US", "en", national_is_plain=True),
    _country("GB_PHONE_NUMBER", "GB", "en"),
    _country("DE_PHONE_NUMBER", "DE", "de"),
    _country("FR_PHONE_NUMBER", "FR", "fr"),
    _country("NL_PHONE_NUMBER", "NL", "nl"),
    _country("ES_PHONE_NUMBER", "ES", "es"),
    _country("IT_PHONE_NUMBER", "IT", "it"),
    _country("IN_PHONE_NUMBER", "IN", "hi"),
    _country("JP_PHONE_NUMBER", "JP", "ja"),
    _country("BR_PHONE_NUMBER", "BR", "pt"),
    Kind(
        "PHONE_NUMBER",
        one_of(*(telephone(region, _INTERNATIONAL, _E164) for region in _ANYWHERE)),
        near("en", ("phone number", "mobile", "WhatsApp"), ("phone", "contact_phone")),
        alone("en") + alone("pl") + alone("sv"),
        one_of(*(telephone(region, _INTERNATIONAL) for region in _ANYWHERE)),
    ),
)
