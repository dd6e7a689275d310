"""Accounts, payment cards and what belongs to them, in several languages; keys and addresses of cryptocurrencies."""

import string
from functools import partial
from hashlib import sha256
from random import Random

from faker import Faker
from stdnum import iban, luhn

from tests.classify.heldout.drawing import (
    HEXADECIMAL,
    Draw,
    characters,
    checked,
    grouped,
    joined,
    masked,
    one_of,
    until,
)
from tests.classify.heldout.kind import Kind, alone, by_context, near

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_ACCOUNT_LOCALES = ("de_DE", "en_GB", "fr_FR", "it_IT", "es_ES", "nl_NL", "pl_PL", "de_AT", "de_CH", "pt_PT")
_BANKS = (
    "DEUTDEFF",
    "COBADEFFXXX",
    "BNPAFRPP",
    "CHASUS33",
    "BARCGB22",
    "INGBNL2A",
    "UNCRITMM",
    "BSCHESMM",
    "NDEASESS",
    "UBSWCHZH80A",
    "BREXPLPW",
    "HSBCHKHHHKH",
    "DBSSSGSG",
    "SBININBB",
    "ITAUBRSP",
)


def _account() -> Draw:
    fakers = [Faker(locale) for locale in _ACCOUNT_LOCALES]

    def draw(random: Random) -> str:
        fake = random.choice(fakers)
        fake.seed_instance(random.getrandbits(32))
        return fake.iban()

    return until(iban.is_valid, draw)


def _in_fours(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _printed(draw: Draw) -> Draw:
    """As it is printed, or without blanks."""
    return lambda random: random.choice((_in_fours, str))(draw(random))


_SIXTEEN = checked(
    masked(
        "4##############", "51#############", "55#############", "2221###########", "6011###########", "3530###########"
    ),
    luhn.calc_check_digit,
)
_FIFTEEN = checked(masked("34############", "37############"), luhn.calc_check_digit)
_CARD = one_of(
    grouped(_SIXTEEN, "#### #### #### ####", "####-####-####-####", "################"),
    grouped(_FIFTEEN, "#### ###### #####", "###############"),
)
_IBAN = _printed(_account())


def _track(random: Random) -> str:
    number = _SIXTEEN(random)
    expiry = f"{random.randint(24, 29)}{random.randint(1, 12):02}"
    tail = expiry + "101" + characters(random, string.digits, 10)
    return random.choice((f"%B{number}^DOE/JANE^{tail}?", f";{number}={tail}?"))


def _base58check(payload: bytes) -> str:
    data = payload + sha256(sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def _coin(*versions: bytes, length: int, suffixes: tuple[bytes, ...] = (b"",)) -> Draw:
    """A version, random bytes and perhaps a mark at the end, in base 58 with four bytes of checksum."""
    return lambda random: _base58check(random.choice(versions) + random.randbytes(length) + random.choice(suffixes))


def _segwit(random: Random) -> str:
    """Version 0 of BIP 173: twenty bytes in groups of five bits, and a checksum of six of these."""
    groups = [0] + [random.randrange(32) for _ in range(32)]
    prefix = [ord(sign) >> 5 for sign in "bc"] + [0] + [ord(sign) & 31 for sign in "bc"]
    check = 1
    for value in prefix + groups + [0] * 6:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    check ^= 1
    return "bc1" + "".join(_BECH32[value] for value in groups + [check >> 5 * (5 - place) & 31 for place in range(6)])


_coins = partial(near, "en")
_EXTENDED = bytes.fromhex("0488ade4")

KINDS = (
    Kind(
        "IBAN_CODE",
        _IBAN,
        near("de", ("IBAN", "Kontoverbindung"), ("iban",))
        + near("fr", ("IBAN", "RIB"), ("iban",))[:4]
        + near("en", ("IBAN", "bank account"), ("iban",))[:4],
        alone("en") + alone("it")[:2] + alone("nl")[:2] + alone("pl")[:2],
    ),
    by_context("SWIFT_CODE", "en", ("SWIFT code", "BIC", "SWIFT/BIC"), ("bic", "swift"), one_of(*_BANKS)),
    Kind(
        "CREDIT_CARD_NUMBER",
        _CARD,
        near("en", ("card number", "credit card", "Visa"), ("card_number", "pan"))
        + near("de", ("Kreditkarte", "Kartennummer"), ("kartennummer",))[:4]
        + near("es", ("tarjeta", "número de tarjeta"), ("tarjeta",))[:4],
        alone("en") + alone("fr")[:2] + alone("pt")[:2] + alone("ja")[:1],
    ),
    by_context("CARD_SECURITY_CODE", "en", ("CVV", "CVC", "security code", "CVV2"), ("cvv", "cvc"), masked("###")),
    Kind("CARD_TRACK_DATA", _track, near("en", ("track data", "swipe"), ("track", "track2")), alone("en")),
    by_context("ACCOUNT_PIN", "en", ("PIN", "card PIN", "PIN code"), ("pin", "pin_code"), masked("####")),
    Kind(
        "BITCOIN_ADDRESS",
        _coin(b"\0", b"\5", length=20),
        _coins(("bitcoin address", "BTC wallet"), ("btc",)),
        alone("en"),
    ),
    Kind("BITCOIN_SEGWIT_ADDRESS", _segwit, _coins(("bitcoin address", "BTC wallet"), ("btc_address",)), alone("en")),
    Kind(
        "ETHEREUM_ADDRESS",
        joined("0x", lambda r: characters(r, HEXADECIMAL, 40)),
        _coins(("ETH address", "wallet"), ("wallet",)),
        alone("en"),
    ),
    Kind(
        "BITCOIN_PRIVATE_KEY",
        _coin(b"\x80", length=32, suffixes=(b"", b"\1")),
        _coins(("private key", "WIF"), ("wif",)),
        alone("en"),
    ),
    Kind(
        "EXTENDED_PRIVATE_KEY",
        _coin(_EXTENDED, length=74),
        _coins(("extended private key", "xprv"), ("xprv",)),
        alone("en"),
    ),
)
