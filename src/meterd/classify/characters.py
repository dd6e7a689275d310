"""Characters that are written in place of others: Unicode's blanks, hyphens, quotes, digits and wide letters."""

import functools
import re
import unicodedata

from meterd.expressions.regular import RegularExpression, compiled, escaped

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_HYPHENS = "\u2010-\u2012\u2015\u2212\ufe58\ufe63"
_DASHES = "\u2013\u2014"
"""Hyphens between digits and capitals, and something else in sentences."""
_QUOTES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
}
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_PUNCTUATION = "\uff01\uff0c\uff1b\uff1f"
"""Of full width, and so common in Chinese and Japanese that a text is not folded for it alone."""
_HALF_WIDTH = "\uff65-\uff9f"
_OTHERS = f"{_HALF_WIDTH}\U0001d400-\U0001d7ff"
"""Katakana of half width, and letters and digits of mathematics."""
_CHARACTERS_WITH_DIGITS = 0x20000
INVISIBLE = "\u00ad\u034f\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\u20e3\ufeff"
"""Characters that nobody sees, as a part of an expression's class."""
IN_EMOJI = "\u200d\ufe0f"
"""Such as are part of many emoji, so that a text is not folded for them alone."""
LONG_SOUND = "\u30fc"
"""A sign of Katakana that takes the place of hyphens in Japanese telephone numbers."""
MARKS = "\u0300-\u036f\u3099\u309a"
"""Accents and sound marks that follow their letter."""


@functools.cache
def _digits() -> str:
    """Return the decimal digits of all scripts but ASCII's."""
    return "".join(chr(code) for code in range(0x80, _CHARACTERS_WITH_DIGITS) if chr(code).isdecimal())


@functools.cache
def _telling() -> RegularExpression:
    """Return what is worth to be read otherwise, all of it in one class, as texts are searched for it first."""
    wide = "".join(character for character in map(chr, _FULL_WIDTH) if character not in _PUNCTUATION)
    return compiled(
        f"[{_BLANKS}{_HYPHENS}{escaped(wide)}{_OTHERS}{_digits()}{INVISIBLE}{MARKS}]"
        f"|[0-9A-Z][{_DASHES}{LONG_SOUND}][0-9A-Z]"
    )


@functools.cache
def _foldable() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what is replaced, of the characters that have 16 bits, as those are found quickly, and of the others."""
    wide = f"{chr(_FULL_WIDTH[0])}-{chr(_FULL_WIDTH[-1])}"
    short = "".join(digit for digit in _digits() if digit < "\U00010000")
    return (
        re.compile(f"[{_BLANKS}{_HYPHENS}{_DASHES}{''.join(_QUOTES)}{wide}{_HALF_WIDTH}{short}]"),
        re.compile(r"[\U00010000-\U0001ffff]"),
    )


def is_foldable(text: str) -> bool:
    """Tell whether there is a character in a text that may hide a value from a pattern."""
    return not text.isascii() and _telling().search(text) is not None


@functools.lru_cache(maxsize=4096)
def plain(character: str) -> str:
    """Return the one that patterns know it as."""
    if character in _QUOTES:
        return _QUOTES[character]
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category == "Pd" or character == "\u2212":
        return "-"
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) == 1 else character


def folded(text: str) -> str:
    """Return a text, as long as it was, with plain characters."""
    if text.isascii():
        return text
    for expression in _foldable():
        text = expression.sub(lambda found: plain(found[0]), text)
    return text
