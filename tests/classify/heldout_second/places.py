"""All that may stand in a place of a template, by its name."""

from stdnum import luhn

from tests.classify.heldout.credentials_cloud import encoded
from tests.classify.heldout.drawing import (
    ALPHANUMERIC,
    CAPITALS,
    checked,
    grouped,
    joined,
    masked,
    one_of,
    some,
    valid,
)
from tests.classify.heldout_second.printed import ACCOUNTS, account, births, coordination, in_fours, telephones
from tests.classify.heldout_second.values import FIRST, KnownBy, Value, bare

_WORDS = ("Sunshine", "kaffee", "Wombat", "dragonfly", "Pferd", "guitar", "Zitrone", "mustang", "Octopus", "krtek")
_ENDS = ("2024!", "_77x", "#42a", "99!!", "$7", "?81", "2019", "*Qw3")
_CARD = checked(
    masked("4##############", "51#############", "54#############", "2221###########", "6011###########"),
    luhn.calc_check_digit,
)
_SSN = valid("us.ssn", masked("#########"))
_PASSWORD = one_of(
    joined(one_of(*_WORDS), one_of(*_ENDS)),
    joined(some(ALPHANUMERIC, 5, "r"), one_of("!", "#", "?", "+"), some(ALPHANUMERIC, 5, "", "8")),
    joined(one_of(*_WORDS), "-", one_of(*_WORDS), "-", masked("##")),
)
_ALPHANUMERIC_COMPANY = valid("br.cnpj", joined(some(CAPITALS, 12), masked("##")))
_HEADERS = frozenset({"BASIC_AUTH_HEADER", "BASIC_AUTH_URL"})
_BARE = (
    "AR_CUIT",
    "BE_NN",
    "BR_CPF",
    "CA_SIN",
    "CH_SSN",
    "CZ_RC",
    "DE_IDNR",
    "FR_NIR",
    "IN_AADHAAR",
    "IS_KENNITALA",
    "KR_RRN",
    "MY_NRIC",
    "PL_NIP",
    "RU_SNILS",
    "SE_PERSONNUMMER",
    "TH_PIN",
)
VALUES: dict[str, Value] = (
    FIRST
    | telephones()
    | births()
    | {f"{name} bare": Value(name, KnownBy.CONTEXT, bare(FIRST[name].draw)) for name in _BARE}
    | {
        f"IBAN_CODE {locale}": Value("IBAN_CODE", KnownBy.CHECK_DIGITS, in_fours(account(locale)))
        for locale in ACCOUNTS
    }
    | {
        "IBAN_CODE bare": Value("IBAN_CODE", KnownBy.CHECK_DIGITS, one_of(*map(account, ACCOUNTS))),
        "CREDIT_CARD_NUMBER fours": Value(
            "CREDIT_CARD_NUMBER", KnownBy.CHECK_DIGITS, grouped(_CARD, "#### #### #### ####")
        ),
        "CREDIT_CARD_NUMBER dashes": Value(
            "CREDIT_CARD_NUMBER", KnownBy.CHECK_DIGITS, grouped(_CARD, "####-####-####-####")
        ),
        "CREDIT_CARD_NUMBER bare": Value("CREDIT_CARD_NUMBER", KnownBy.CHECK_DIGITS, _CARD),
        "US_SSN blanks": Value("US_SSN", KnownBy.CONTEXT, grouped(_SSN, "### ## ####")),
        "US_SSN dots": Value("US_SSN", KnownBy.CONTEXT, grouped(_SSN, "###.##.####")),
        "US_SSN bare": Value("US_SSN", KnownBy.CONTEXT, _SSN),
        "BR_CNPJ letters": Value("BR_CNPJ", KnownBy.CHECK_DIGITS, grouped(_ALPHANUMERIC_COMPANY, "##.###.###/####-##")),
        "SE_PERSONNUMMER coordination": Value("SE_PERSONNUMMER", KnownBy.CHECK_DIGITS, coordination),
        "PASSWORD_ASSIGNMENT": Value("PASSWORD_ASSIGNMENT", KnownBy.CONTEXT, _PASSWORD),
        "PASSWORD_ASSIGNMENT user": Value("PASSWORD_ASSIGNMENT", KnownBy.CONTEXT, _PASSWORD, _HEADERS),
        "BASIC_AUTH_URL mail": FIRST["BASIC_AUTH_URL"]._replace(also=frozenset({"DATABASE_URL"})),
        "SECRET_ASSIGNMENT encoded": Value("SECRET_ASSIGNMENT", KnownBy.CONTEXT, encoded(32)),
        "EMAIL_ADDRESS punycode": Value(
            "EMAIL_ADDRESS",
            KnownBy.FORM,
            joined(
                one_of("kontakt", "j.nowak", "info", "anna"), "@xn--", one_of("mnchen-3ya.de", "bcher-kva.example.com")
            ),
        ),
    }
)
"""By what stands in templates."""
