"""Validators by name: what a regular expression can't decide about a finding.

A name is that of a validator in any case, some with an argument after a colon (`model.py` lists them).
"""

import base64
import binascii
import functools
import hashlib
import importlib
import ipaddress
import math
import re
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import msgspec
import phonenumbers
from stdnum import bitcoin, luhn, verhoeff

from meterd.classify import check_digits

Accepts = Callable[[str], bool]
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE_BASE58 = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_SUMS = (1, 0x2BC830A3)
"""Of bech32 and bech32m."""
_SEPARATORS = str.maketrans("", "", " .-/")
_GROUPS = re.compile(r"\d+(?:[ -]\d+)*", re.ASCII)


class UnknownValidator(ValueError):
    """There is no validator of this name, or not with this argument."""


@functools.cache
def validator(name: str) -> Accepts:
    """Find a validator by its name. Raises `UnknownValidator`."""
    kind, colon, argument = name.partition(":")
    try:
        accepts = _WITH_ARGUMENT[kind.lower()](argument) if colon else _PLAIN[kind.lower()]
    except (KeyError, ValueError, ImportError):
        raise UnknownValidator(f"there is no validator {name!r}") from None
    return accepts


def _stdnum(module: str) -> Accepts:
    """`is_valid` of a module of python-stdnum, with any separators. To fail on odd characters is a refusal."""
    if not module.replace(".", "").replace("_", "").isalnum():
        raise ValueError(module)
    is_valid = getattr(importlib.import_module(f"stdnum.{module}"), "is_valid", None)
    if is_valid is None:
        raise ValueError(module)

    def accepts(text: str) -> bool:
        return valid(text) or ((compact := text.translate(_SEPARATORS)) != text and valid(compact))

    def valid(text: str) -> bool:
        try:
            return bool(is_valid(text))
        except (ValueError, LookupError, TypeError):
            return False

    return accepts


def _phone(region: str) -> Accepts:
    """Accept a number that is in use in the region; of `ZZ`, one with its country code."""
    if region != "ZZ" and region not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(region)

    def accepts(text: str) -> bool:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            return False
        if region == "ZZ":
            return phonenumbers.is_valid_number(number)
        return phonenumbers.is_valid_number_for_region(number, region)

    return accepts


def _phone_number(text: str) -> bool:
    """Accept a number that is in use anywhere; without a plus sign it is read as one of the United States."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, "US"))
    except phonenumbers.NumberParseException:
        return False


def _luhn(text: str) -> bool:
    """Accept digits, in a row or in groups with single blanks or hyphens between them."""
    return _GROUPS.fullmatch(text) is not None and luhn.is_valid(text.replace(" ", "").replace("-", ""))


def _entropy(minimum: str) -> Accepts:
    """At least so many bits a character, by how often each occurs in the text itself (Shannon)."""
    bits = float(minimum)

    def accepts(text: str) -> bool:
        shares = [count / len(text) for count in Counter(text).values()]
        return -sum(share * math.log2(share) for share in shares) >= bits

    return accepts


def _date(layout: str) -> Accepts:
    """Accept a day that exists, written in `strptime`'s way."""
    datetime.strptime(datetime(2000, 2, 29).strftime(layout), layout)  # noqa: DTZ001, DTZ007  # only tries the layout

    def accepts(text: str) -> bool:
        try:
            datetime.strptime(text, layout)  # noqa: DTZ007  # a day has no zone
        except ValueError:
            return False
        return True

    return accepts


def _constructs(build: Callable[[str], object]) -> Accepts:
    """Accept what a constructor takes without a `ValueError`."""

    def accepts(text: str) -> bool:
        try:
            build(text)
        except ValueError:
            return False
        return True

    return accepts


def _basic_credentials(text: str) -> bool:
    """Accept a user and a password with a colon between them, in base 64 (RFC 7617)."""
    try:
        return b":" in base64.b64decode(text, validate=True)
    except ValueError:
        return False


def _jwt(text: str) -> bool:
    """Three parts, the first of which is a JSON object with `alg`."""
    header, _, rest = text.partition(".")
    try:
        decoded = msgspec.json.decode(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, msgspec.DecodeError):
        return False
    return rest.count(".") == 1 and isinstance(decoded, dict) and "alg" in decoded


def _base58check(text: str) -> bool:
    """Accept what ends with the first four bytes of the double SHA-256 of the rest."""
    if not text or len(text) > 128 or any(character not in _BASE58 for character in text):
        return False
    number = functools.reduce(lambda total, character: total * 58 + _BASE58.index(character), text, 0)
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    return len(data) > 4 and hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def _ripple(text: str) -> bool:
    """Accept what `base58check` would, with an alphabet of its own."""
    return all(character in _RIPPLE_BASE58 for character in text) and _base58check(
        text.translate(str.maketrans(_RIPPLE_BASE58, _BASE58))
    )


def _stellar(text: str) -> bool:
    """Accept base 32 that ends with the CRC-16 of the rest, low byte first (SEP 23)."""
    try:
        data = base64.b32decode(text)
    except ValueError:
        return False
    return len(data) > 2 and binascii.crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


def _bech32(text: str) -> bool:
    """BIP 173 and 350, any prefix."""
    if text not in (text.lower(), text.upper()):
        return False
    prefix, one, data = text.lower().rpartition("1")
    if not (one and prefix) or len(data) < 6 or any(character not in _BECH32 for character in data):
        return False
    values = [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]
    return bitcoin.bech32_checksum([*values, *map(_BECH32.index, data)]) in _BECH32_SUMS


def _tld(text: str) -> bool:
    """Accept what ends in a dot and two to 24 letters, or an international domain in its ASCII form."""
    last = text.rpartition(".")[2]
    return "." in text and (last.lower().startswith("xn--") or (last.isalpha() and 2 <= len(last) <= 24))


_PLAIN: dict[str, Accepts] = {
    "phone_number": _phone_number,
    "luhn": _luhn,
    "verhoeff": verhoeff.is_valid,
    "ipv4": _constructs(ipaddress.IPv4Address),
    "ipv6": _constructs(ipaddress.IPv6Address),
    "uuid": _constructs(uuid.UUID),
    "basic_credentials": _basic_credentials,
    "jwt": _jwt,
    "base58check": _base58check,
    "ripple": _ripple,
    "stellar": _stellar,
    "bech32": _bech32,
    "tld": _tld,
    **check_digits.RULES,
}
_WITH_ARGUMENT: dict[str, Callable[[str], Accepts]] = {
    "stdnum": _stdnum,
    "phone": _phone,
    "entropy": _entropy,
    "date": _date,
}
