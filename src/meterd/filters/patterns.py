"""Regular expressions in filters: how long they may be, and where they end."""

from meterd.expressions import regular
from meterd.expressions.regular import InvalidExpression, RegularExpression

MAX_PATTERN_LENGTH = 2000
"""Characters of a pattern: making one holds Python's lock."""
_BLANKS = " \t\r\n"


def compiled(pattern: str, ignore_case: bool = False) -> RegularExpression:
    """Compile a pattern. Raises `InvalidExpression`."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise InvalidExpression(f"it has more than {MAX_PATTERN_LENGTH} characters")
    return regular.compiled(pattern, ignore_case)


def pattern_end(text: str, start: int, blanks: bool) -> int:
    """Tell where a pattern without quotes ends: before a parenthesis that it doesn't open, or at the end of the text.

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
    """Return the position of the bracket that closes a character class; the end of the text when none does."""
    first = start + 2 if text.startswith("[^", start) else start + 1
    position = first
    while position < len(text):
        if text[position] == "]" and position > first:
            return position
        position += 2 if text[position] == "\\" else 1
    return len(text)
