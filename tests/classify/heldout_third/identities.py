"""Numbers of kinds, or in forms, that neither of the other parts has."""

from ipaddress import IPv6Address
from random import Random

from tests.classify.heldout.check_digits import weighted
from tests.classify.heldout.drawing import (
    HEXADECIMAL,
    Draw,
    born,
    checked,
    grouped,
    joined,
    masked,
    one_of,
    some,
    valid,
)
from tests.classify.heldout_second.values import FIRST, KnownBy, Value, bare

_SSN = valid("us.ssn", masked("#########"))
_FINNISH_OF_THIS_CENTURY = valid(
    "fi.hetu",
    joined(born("%d%m"), masked("0#"), "A", masked("2##", "5##"), some("0123456789ABCDEFHJKLMNPRSTUVWXY", 1)),
)
_PIS_WEIGHTS = (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_BARE = (
    "AE_EMIRATES_ID",
    "AR_CUIT",
    "BE_NN",
    "BR_CNPJ",
    "BR_CPF",
    "CA_SIN",
    "CH_SSN",
    "CL_RUT",
    "CO_NIT",
    "DE_IDNR",
    "FR_NIR",
    "IN_AADHAAR",
    "KR_RRN",
    "PK_CNIC",
    "RU_SNILS",
    "SE_PERSONNUMMER",
    "SK_RC",
    "TH_PIN",
    "US_ITIN",
)


def _social_integration(number: str) -> str:
    """Check digit of Brazil's PIS: eleven less the weighted sum's remainder, or nought."""
    return str((11 - weighted(number, _PIS_WEIGHTS) % 11) % 11 % 10)


def _brazilian_driver(random: Random) -> str:
    """Nine digits and two check digits, of numbers whose first check digit needs no correction of the second."""
    while True:
        number = masked("0########")(random)
        first = weighted(number, tuple(range(9, 0, -1))) % 11
        second = weighted(number, tuple(range(1, 10))) % 11
        if first < 10 and second < 10:
            return f"{number}{first}{second}"


def _latvian(random: Random) -> str:
    """A person's code: the day of birth, the century (1 for the twentieth) and a number."""
    number = valid("lv.pvn", joined(born("%d%m%y"), "1", masked("####")))(random)
    return f"{number[:6]}-{number[6:]}"


def _short_address(random: Random) -> str:
    """With gaps at other places than the end."""
    words = [random.randrange(1, 0xFFFF) for _ in range(4)]
    gap = random.choice((0x2A01_04F8 << 96, 0x2606_4700 << 96, 0x2003_00D8 << 96))
    return str(IPv6Address(gap | words[0] << 80 | words[1] << 64 | random.choice((1, words[2], words[3] << 16 | 9))))


def _only_digits(name: str) -> Draw:
    return bare(FIRST[name].draw)


def identities() -> dict[str, Value]:
    found = {f"{name} bare": Value(name, KnownBy.CONTEXT, _only_digits(name)) for name in _BARE}
    return found | {
        "US_SSN blanks": Value("US_SSN", KnownBy.CONTEXT, grouped(_SSN, "### ## ####")),
        "US_SSN bare": Value("US_SSN", KnownBy.CONTEXT, _SSN),
        "BR_PIS": Value(
            "BR_PIS",
            KnownBy.CONTEXT,
            grouped(checked(masked("12########", "20########"), _social_integration), "###.#####.##-#", "###########"),
        ),
        "BR_DRIVING_LICENCE": Value("BR_DRIVING_LICENCE", KnownBy.CONTEXT, _brazilian_driver),
        "LV_PVN": Value("LV_PVN", KnownBy.CHECK_DIGITS, _latvian),
        "FI_HETU": Value("FI_HETU", KnownBy.CHECK_DIGITS, one_of(FIRST["FI_HETU"].draw, _FINNISH_OF_THIS_CENTURY)),
        "IPV6_ADDRESS": Value("IPV6_ADDRESS", KnownBy.FORM, one_of(FIRST["IPV6_ADDRESS"].draw, _short_address)),
        "MAC_ADDRESS dots": Value("MAC_ADDRESS", KnownBy.FORM, grouped(some(HEXADECIMAL, 12), "####.####.####")),
        "SIGNED_URL_SIGNATURE amazon": Value("SIGNED_URL_SIGNATURE", KnownBy.FORM, some(HEXADECIMAL, 64)),
        "SIGNED_URL_SIGNATURE google": Value("SIGNED_URL_SIGNATURE", KnownBy.FORM, some(HEXADECIMAL, 512)),
    }
