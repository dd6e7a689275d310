"""Where words begin and end, in scripts with and without blanks between words."""

import functools
import re
import unicodedata

from meterd.classify.expressions import compiled
from meterd.classify.model import Boundary, Dictionary
from meterd.expressions.regular import escaped

Span = tuple[int, int]

_WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\uff66-\uffdc\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Korean (whose particles follow a word at once), Japanese and Chinese."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])")
_SEPARATORS = "-./"
_GAP = re.compile(r"(?<=\w)[ _-](?=\w)")
_TRANSCRIBED = {
    **{letter: (base, f"{base}e") for letter, base in zip("äöüø", "aouo", strict=True)},
    "ß": ("ss",),
    "ł": ("l",),
    "æ": ("ae",),
    "å": ("a", "aa"),
    "đ": ("d",),
    "ı": ("i",),
}
_BETWEEN_WORDS = r"[\s_-]{0,2}"


@functools.lru_cache(maxsize=4096)
def joins(character: str) -> bool:
    """Tell whether it is part of a longer word when it is next to a letter or digit."""
    if _WITHOUT_BLANKS.match(character):
        return False
    return character.isalnum() or unicodedata.category(character).startswith("M")


def stands_alone(text: str, start: int, end: int, boundary: Boundary) -> bool:
    """Tell whether a finding satisfies its pattern's boundary."""
    if boundary is Boundary.ANYWHERE:
        return True
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if (before and _in_word(before[-1])) or (after and _in_word(after[0])):
        return False
    return boundary is Boundary.WORD or not (_in_number(before[::-1]) or _in_number(after))


def _in_word(character: str) -> bool:
    return character == "_" or joins(character)


def _in_number(outwards: str) -> bool:
    """Tell whether the two characters beside a finding, the nearer one first, are a separator and a digit."""
    return len(outwards) == 2 and outwards[0] in _SEPARATORS and outwards[1].isdigit()


def spelling(term: str) -> str:
    """Return an expression for a term in prose and as a name in a program, with accents or without: `date of birth` is
    `date_of_birth` and `dateOfBirth` too, `numéro` is `numero`.
    """
    return _BETWEEN_WORDS.join("".join(map(_letter, word)) for word in _GAP.split(term))


@functools.lru_cache(maxsize=1024)
def _letter(character: str) -> str:
    """Return an expression for a letter, and how it is written where keyboards have no accents."""
    if character == "'":
        return "['\u2019]?"
    base = unicodedata.normalize("NFD", character)[0]
    plain = _TRANSCRIBED.get(character, (base,) if base.isascii() else ())
    if character.isascii() or not plain:
        return escaped(character)
    return f"(?:{'|'.join((character, *plain))})"


class Words:
    """The terms of a dictionary, found as whole words, of names in programs too. Raises `InvalidExpression` when there
    are too many.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        longest_first = sorted((term for term in dictionary.terms if term), key=len, reverse=True)
        self.regexp = compiled("|".join(map(spelling, longest_first)) or r"[^\x00-\x{10FFFF}]", dictionary.ignore_case)

    def find(self, text: str, start: int, end: int) -> Span | None:
        """Return the first of the terms within a part of the text."""
        for found in self.regexp.finditer(text[start:end]):
            first, last = found.span()
            if _free(text, start + first) and _free(text, start + last):
                return start + first, start + last
        return None


def _free(text: str, position: int) -> bool:
    """Tell whether a word may begin or end at a position."""
    if position in (0, len(text)):
        return True
    before, after = text[position - 1], text[position]
    return not (joins(before) and joins(after)) or (
        after.isupper() and before.islower() and text[position - 2 : position - 1].islower()
    )


def split_words(name: str) -> str:
    """Return a column's or file's name, followed by itself with humps and digits apart: `homePhone2 home Phone 2`."""
    apart = _HUMP.sub(" ", name)
    return name if apart == name else f"{name} {apart}"
