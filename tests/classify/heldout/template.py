"""Fills texts with drawn words, numbers, dates and identifiers.

`<noun>`, `<Noun>` and `<NOUN>` are words, `<00-23>` is a whole number with at least so many figures, `<0-9:2>` one with
two decimals, `<hex:40>`, `<sign:11>` and `<base64:64>` are characters or bytes, `<date>` and `<moment>` times.
"""

import datetime
import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable
from random import Random

from tests.classify.heldout.drawing import HEXADECIMAL, WORD, characters

_WORDS = {
    "noun": ("order", "invoice", "session", "cache", "worker", "report", "queue", "index", "layout", "price", "shard"),
    "verb": ("load", "merge", "parse", "render", "close", "retry", "count", "flush", "split", "rebuild"),
    "thing": (
        "lamp",
        "desk",
        "keyboard",
        "tent",
        "bicycle pump",
        "kettle",
        "notebook",
        "iPhone 15 case",
        "phone stand",
    ),
    "club": ("Northfield", "Rovers", "Dynamo", "Olimpia", "United", "Benfica", "Union", "Sparta"),
    "substance": ("NaCl", "ethanol", "CO2", "methane", "glucose", "nitrogen", "KMnO4"),
}
_DATES = ("%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%m/%d/%Y", "%a %d %b")
_FIRST_DAY = datetime.date(1990, 1, 1).toordinal()
_NAMES = "|".join(_WORDS)
_PLACE = re.compile(
    rf"<(?:(?P<word>{_NAMES})|(?P<low>\d+)-(?P<high>\d+)(?::(?P<decimals>\d))?"
    r"|(?P<kind>hex|sign|base64|date|moment|picture)(?::(?P<length>\d+))?)>",
    re.IGNORECASE,
)


def fill(template: str, random: Random) -> str:
    """With every place filled anew."""

    def filled(place: re.Match[str]) -> str:
        if word := place["word"]:
            return _like(word, random.choice(_WORDS[word.lower()]))
        if place["decimals"]:
            return f"{random.uniform(float(place['low']), float(place['high'])):.{place['decimals']}f}"
        if place["low"]:
            return str(random.randint(int(place["low"]), int(place["high"]))).zfill(len(place["low"]))
        return _KINDS[place["kind"]](random, int(place["length"] or 0))

    return _PLACE.sub(filled, template)


def _like(pattern: str, word: str) -> str:
    return word.upper() if pattern.isupper() else word.capitalize() if pattern[0].isupper() else word


def _date(random: Random, _: int) -> str:
    return datetime.date.fromordinal(_FIRST_DAY + random.randrange(13_000)).strftime(random.choice(_DATES))


def _moment(random: Random, _: int) -> str:
    return fill("2024-<01-12>-<01-28>T<00-23>:<00-59>:<00-59>.<000-999>Z", random)


def _picture(random: Random, _: int) -> str:
    """A small PNG, not compressed so that every machine makes the same."""
    size = random.randint(2, 6)
    rows = b"".join(b"\0" + random.randbytes(3 * size) for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(packed)).decode()


_KINDS: dict[str, Callable[[Random, int], str]] = {
    "hex": lambda random, length: characters(random, HEXADECIMAL, length),
    "sign": lambda random, length: characters(random, WORD, length),
    "base64": lambda random, length: b64encode(random.randbytes(length)).decode(),
    "date": _date,
    "moment": _moment,
    "picture": _picture,
}
