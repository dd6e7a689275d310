"""Check digits of numbers that python-stdnum doesn't know, written from their published rules."""

_KEY_31 = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """The sum of digits, each with its weight."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def document(text: str) -> str:
    """Of machine readable documents (ICAO 9303): weights 7, 3, 1, letters count from 10, fillers are 0."""
    values = (0 if sign == "<" else int(sign, 36) for sign in text)
    return str(sum(value * (7, 3, 1)[index % 3] for index, value in enumerate(values)) % 10)


def german_pension(number: str) -> str:
    """Of area, birthday, letter and serial number."""
    return _digit_sums(number[:8] + _position(number[8]) + number[9:], (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1))


def german_health(number: str) -> str:
    """Of a letter and eight digits."""
    return _digit_sums(_position(number[0]) + number[1:], (1, 2) * 5)


def _digit_sums(digits: str, weights: tuple[int, ...]) -> str:
    products = (int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return str(sum(product // 10 + product % 10 for product in products) % 10)


def _position(letter: str) -> str:
    return f"{ord(letter) - 64:02}"


def finnish(number: str) -> str:
    """Of birthday and serial number, with the sign of the century between them."""
    return _KEY_31[int(number[:6] + number[7:]) % 31]


def russian_pension(number: str) -> str:
    """Two figures of nine."""
    return f"{weighted(number, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101 % 100:02}"


def hong_kong(number: str) -> str:
    """Of one letter and six digits; the place before the letter counts 36."""
    total = 9 * 36 + 8 * int(number[0], 36) + weighted(number[1:], (7, 6, 5, 4, 3, 2))
    return "0123456789A"[-total % 11]


def singapore(number: str) -> str:
    """Of S or T and seven digits."""
    total = weighted(number[1:], (2, 7, 6, 5, 4, 3, 2)) + (4 if number[0] == "T" else 0)
    return "JZIHGFEDCBA"[total % 11]


def polish_card(number: str) -> bool:
    """Whether three letters and six digits go together."""
    return (
        sum(int(sign, 36) * weight for sign, weight in zip(number, (7, 3, 1, 9, 7, 3, 1, 7, 3), strict=True)) % 10 == 0
    )


def taiwanese(number: str) -> bool:
    """Whether one of the first eight letters and nine digits go together."""
    region = int(number[0], 36)
    return (region // 10 + region % 10 * 9 + weighted(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))) % 10 == 0


def mexican_account(number: str) -> str:
    """Of seventeen digits of a CLABE: each product counts to ten."""
    return str(-sum(int(digit) * (3, 7, 1)[index % 3] % 10 for index, digit in enumerate(number)) % 10)


def australian_medicare(number: str) -> str:
    """Of eight digits."""
    return str(weighted(number, (1, 3, 7, 9, 1, 3, 7, 9)) % 10)


def american_prescriber(number: str) -> str:
    """Of two letters and six digits."""
    return str(weighted(number[2:], (1, 2, 1, 2, 1, 2)) % 10)


def vehicle(number: str) -> str:
    """The whole number of a vehicle, with its ninth figure made right."""
    values = (int(sign) if sign.isdigit() else _VIN_VALUES[sign] for sign in number)
    total = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True))
    return number[:8] + "0123456789X"[total % 11] + number[9:]
