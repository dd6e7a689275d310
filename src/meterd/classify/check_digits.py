"""Check digits of numbers that python-stdnum does not know, by the name of their validator.

A rule is a form and what holds for the characters of that form, separators between them
left out. Letters count as in ICAO 9303 unless a rule says otherwise: A is 10, Z is 35.
"""

import re
from collections.abc import Callable, Iterable

import msgspec
from stdnum import luhn

_SEPARATORS = str.maketrans("", "", " -./+")


class CheckDigits(msgspec.Struct, frozen=True):
    """Accepts texts that have the form and for which `holds` is true."""

    form: re.Pattern[str]
    holds: Callable[[str], bool]

    def __call__(self, text: str) -> bool:
        compact = text.translate(_SEPARATORS)
        return self.form.fullmatch(compact) is not None and self.holds(compact)


def _rule(form: str, holds: Callable[[str], bool]) -> CheckDigits:
    return CheckDigits(re.compile(form, re.ASCII), holds)


def _weighted(characters: str, weights: Iterable[int]) -> int:
    """The sum of values times weights, as far as both go."""
    return sum(int(character, 36) * weight for character, weight in zip(characters, weights, strict=False))


def _digit_sum(characters: str, weights: Iterable[int]) -> int:
    """The sum of the digits of each product."""
    products = (int(character) * weight for character, weight in zip(characters, weights, strict=False))
    return sum(product // 10 + product % 10 for product in products)


def _icao(characters: str) -> bool:
    """The last digit checks the rest, `<` counting 0 (ICAO 9303 part 3, 4.9)."""
    return _weighted(characters[:-1].replace("<", "0"), (7, 3, 1) * 20) % 10 == int(characters[-1])


def _au_medicare(number: str) -> bool:
    """The ninth digit (Services Australia)."""
    return _weighted(number[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(number[8])


def _br_cnh(number: str) -> bool:
    """Two digits modulo 11 (DENATRAN). Where the first sum leaves 10, sources differ about the second digit."""
    first, second = _weighted(number, range(9, 0, -1)) % 11, _weighted(number[:9], range(1, 10)) % 11
    return number[9] == str(first % 10) and (first == 10 or number[10] == str(second % 10))


def _br_pis(number: str) -> bool:
    """Modulo 11, of which 10 and 11 are written 0 (Caixa Econômica Federal)."""
    return -_weighted(number[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11 % 10 == int(number[10])


def _card_track(track: str) -> bool:
    """The card number between the start sentinel and the first separator (ISO 7813, tracks 1 and 2)."""
    return luhn.is_valid(track.lstrip("%B;").replace("=", "^").partition("^")[0])


def _de_driving_licence(number: str) -> bool:
    """The tenth of eleven characters, modulo 11 with X for 10 (Kraftfahrt-Bundesamt)."""
    return "0123456789X"[_weighted(number[:9], range(9, 0, -1)) % 11] == number[9]


def _de_document(number: str) -> bool:
    """Identity cards and passports are written with and without the digit of ICAO 9303."""
    return len(number) == 9 or _icao(number)


def _de_health_insurance(number: str) -> bool:
    """The letter counts as two digits, A being 01 (SGB V, section 290)."""
    return _digit_sum(f"{ord(number[0]) - 64:02}{number[1:9]}", (1, 2) * 5) % 10 == int(number[9])


def _de_social_security(number: str) -> bool:
    """The letter counts as two digits, A being 01 (VKVV, section 4)."""
    digits = f"{number[:8]}{ord(number[8]) - 64:02}{number[9:11]}"
    return _digit_sum(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)) % 10 == int(number[11])


def _hk_identity_card(number: str) -> bool:
    """Weights 9 to 1, a missing first letter counting 36 (Immigration Department); A as the digit is 10."""
    body, digit = number[:-3], number[-2]
    total = _weighted(body, range(len(body) + 1, 1, -1)) + (36 * 9 if len(body) == 7 else 0)
    return (total + int(digit, 16)) % 11 == 0


def _machine_readable_zone(lines: str) -> bool:
    """Document number, birth, expiry and all together, in the second line of a passport (ICAO 9303 part 4, 4.2.2)."""
    line = lines.replace("\n", "")[44:]
    together = line[:10] + line[13:20] + line[21:43]
    return all(map(_icao, (line[:10], line[13:20], line[21:28], together + line[43])))


def _mx_clabe(number: str) -> bool:
    """Each product modulo 10, then their sum (Asociación de Bancos de México)."""
    total = sum(int(digit) * weight % 10 for digit, weight in zip(number[:17], (3, 7, 1) * 6, strict=False))
    return -total % 10 == int(number[17])


def _parcel(number: str) -> bool:
    """Numbers of the postal union (S10) and of UPS have a digit; those of others have none that is published."""
    if number.startswith("1Z"):
        values = [int(one) if one.isdigit() else (ord(one) - 63) % 10 for one in number[2:17]]
        return -(sum(values) + sum(values[1::2])) % 10 == int(number[17], 36)
    if number[0].isalpha():
        check = 11 - _weighted(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7)) % 11
        return {10: 0, 11: 5}.get(check, check) == int(number[10])
    return True


def _pl_identity_card(number: str) -> bool:
    """The first digit checks all others; with its weight the sum is a multiple of 10."""
    return _weighted(number, (7, 3, 1, 9, 7, 3, 1, 7, 3)) % 10 == 0


def _pl_passport(number: str) -> bool:
    """As of identity cards, with two letters."""
    return _weighted(number, (7, 3, 9, 1, 7, 3, 1, 7, 3)) % 10 == 0


def _pzn(number: str) -> bool:
    """Weights 1 to 7, modulo 11; what leaves 10 is not given out (IFA). Older numbers lack the leading 0."""
    return _weighted(number.zfill(8)[:7], range(1, 8)) % 11 == int(number[-1])


def _sg_nric(number: str) -> bool:
    """The letter depends on the series, and the series of 2000 and later add to the sum."""
    offset, letters = {
        "S": (0, "JZIHGFEDCBA"),
        "T": (4, "JZIHGFEDCBA"),
        "F": (0, "XWUTRQPNMLK"),
        "G": (4, "XWUTRQPNMLK"),
        "M": (3, "XWUTRQPNJLK"),
    }[number[0]]
    return letters[(_weighted(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset) % 11] == number[8]


def _snils(number: str) -> bool:
    """Weights 9 to 1, modulo 101, 100 being written 00; numbers up to 001-001-998 are older than the rule."""
    return int(number[:9]) <= 1_001_998 or _weighted(number, range(9, 0, -1)) % 101 % 100 == int(number[9:])


def _tw_national_id(number: str) -> bool:
    """The letter counts as two digits, by county (Ministry of the Interior)."""
    county = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0])
    return _weighted(f"{county}{number[1:]}", (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)) % 10 == 0


def _us_dea(number: str) -> bool:
    """The last digit of d1 + d3 + d5 + 2 (d2 + d4 + d6) (Drug Enforcement Administration)."""
    return _weighted(number[2:8], (1, 2, 1, 2, 1, 2)) % 10 == int(number[8])


def _us_npi(number: str) -> bool:
    """As of a card with the prefix 80840 (CMS, 45 CFR 162.406)."""
    return luhn.is_valid(f"80840{number}")


def _vin(number: str) -> bool:
    """The ninth character, which only North America and China demand (49 CFR 565.15, GB 16735)."""
    values = number.translate(str.maketrans("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789"))
    check = _weighted(values, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return number[0] not in "12345L" or "0123456789X"[check] == number[8]


def _se_personnummer(number: str) -> bool:
    """Luhn over ten digits; the day of a coordination number is 60 higher (Skatteverket, SKV 704, SKV 707)."""
    month, day = int(number[-8:-6]), int(number[-6:-4])
    return 1 <= month <= 12 and 1 <= day - 60 * (day > 60) <= 31 and luhn.is_valid(number[-10:])


RULES: dict[str, CheckDigits] = {
    "au_medicare": _rule(r"[2-6]\d{8,10}", _au_medicare),
    "br_cnh": _rule(r"\d{11}", _br_cnh),
    "br_pis": _rule(r"\d{11}", _br_pis),
    "card_track": _rule(r"(?:%B|;)\d{12,19}[\^=][^\n]+", _card_track),
    "de_document": _rule(r"[0-9A-Z]{9}\d?", _de_document),
    "de_driving_licence": _rule(r"[0-9A-Z]{11}", _de_driving_licence),
    "de_health_insurance": _rule(r"[A-Z]\d{9}", _de_health_insurance),
    "de_social_security": _rule(r"\d{8}[A-Z]\d{3}", _de_social_security),
    "hk_identity_card": _rule(r"[A-Z]{1,2}\d{6}\([0-9A]\)", _hk_identity_card),
    "machine_readable_zone": _rule(r"[A-Z<]{44}\n?[0-9A-Z<]{42}[0-9<]\d", _machine_readable_zone),
    "mx_clabe": _rule(r"\d{18}", _mx_clabe),
    "parcel": _rule(r"1Z[0-9A-Z]{15}\d|[A-Z]{2}\d{9}[A-Z]{2}|\d+", _parcel),
    "pl_identity_card": _rule(r"[A-Z]{3}\d{6}", _pl_identity_card),
    "pl_passport": _rule(r"[A-Z]{2}\d{7}", _pl_passport),
    "pzn": _rule(r"\d{7,8}", _pzn),
    "ru_snils": _rule(r"\d{11}", _snils),
    "se_personnummer": _rule(r"(?:1[89]|20)?\d{10}", _se_personnummer),
    "sg_nric": _rule(r"[STFGM]\d{7}[A-Z]", _sg_nric),
    "tw_national_id": _rule(r"[A-Z][1289]\d{8}", _tw_national_id),
    "us_dea": _rule(r"[A-Z][A-Z9]\d{7}", _us_dea),
    "us_npi": _rule(r"\d{10}", _us_npi),
    "vin": _rule(r"[0-9A-HJ-NPR-Z]{17}", _vin),
}
