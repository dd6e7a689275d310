"""Regular expressions of callers. They are RE2's: matching takes time linear in the text, whatever the expression."""

import functools
from typing import Protocol, cast

import re2  # type: ignore[import-untyped]  # the package comes without types

LONGEST = 2000
"""Characters of a pattern: making one holds Python's lock."""
_BLANKS = " \t\r\n"


class InvalidPattern(ValueError):
    """Not a regular expression, in RE2's words."""


class Pattern(Protocol):
    def search(self, text: str) -> object | None: ...


@functools.lru_cache(maxsize=256)
def compiled(pattern: str, any_case: bool = False) -> Pattern:
    """Raises `InvalidPattern`."""
    if len(pattern) > LONGEST:
        raise InvalidPattern(f"it has more than {LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not any_case
    try:
        return cast(Pattern, re2.compile(pattern, options))
    except re2.error as error:
        raise InvalidPattern(error.args[0].decode()) from None


def escaped(text: str) -> str:
    """The pattern that matches exactly this text."""
    return cast(str, re2.escape(text))


def pattern_end(text: str, start: int, blanks: bool) -> int:
    """Where a pattern without quotes ends: before a parenthesis that it doesn't open, or at the end of the text.

    Unless it may contain `blanks`, it also ends at one outside its parentheses and brackets.
    """
    depth, position = 0, start
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "[":
            position = _class_end(text, position)
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        if depth < 0 or (depth == 0 and not blanks and character in _BLANKS):
            return position
        position += 1
    return len(text)


def _class_end(text: str, start: int) -> int:
    """Position of the bracket that closes a character class; the end of the text when none does."""
    first = start + 2 if text.startswith("[^", start) else start + 1
    position = first
    while position < len(text):
        if text[position] == "]" and position > first:
            return position
        position += 2 if text[position] == "\\" else 1
    return len(text)
