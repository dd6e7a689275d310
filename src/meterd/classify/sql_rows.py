"""Rows of databases within a text, as statements and dumps write them: each value with the name of its column."""

import re
from collections.abc import Generator, Iterator

from meterd.expressions.regular import RegularExpression, compiled

Span = tuple[int, int]

_TABLE = r"[`\"\[]?([^\s`\"\[\](),;]{1,100})[`\"\]]?"
_INSERT = compiled(rf"(?i)\b(?:insert|replace)\s+(?:ignore\s+)?into\s+{_TABLE}\s*(?:\(([^()]*)\))?\s*values\s*\(")
_COPY = compiled(rf"(?i)\bcopy\s+{_TABLE}\s*\(([^()]*)\)\s*from\s+stdin[^\n]*\n")
_CREATE = compiled(rf"(?i)\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?{_TABLE}\s*\(\s*\n((?:[^\n]*,?\s*\n)*?)\s*\)")
_COLUMN = re.compile(r"^[ \t]*+[`\"\[]?(\w+)[`\"\]]?\s", re.MULTILINE)
_NO_COLUMN = frozenset({"primary", "key", "unique", "constraint", "index", "foreign", "check", "fulltext"})
_VALUE = re.compile(
    r"\s*+(?:[NEXeb]?'((?:[^'\\]++|''|\\.)*+)'\s*+|\"((?:[^\"\\]++|\\.)*+)\"\s*+|((?:[^,()'\"]++|\([^()]*+\))*+))([,)])",
    re.DOTALL,
)
_NEXT_ROW = re.compile(r"\s*+,\s*+\(")
_INSERTED = ("nsert", "NSERT", "eplace", "EPLACE")
_COPIED = ("opy", "OPY")


def may_occur(text: str) -> bool:
    """Tell whether there are rows in a text."""
    return may_be_copied(text) or (_has_sign(text, _INSERTED) and _INSERT.search(text) is not None)


def may_be_copied(text: str) -> bool:
    """Tell whether there are rows with tabs between their values."""
    return _has_sign(text, _COPIED) and _COPY.search(text) is not None


def _has_sign(text: str, signs: tuple[str, ...]) -> bool:
    return "(" in text and any(sign in text for sign in signs)


def cells(text: str) -> Iterator[tuple[str, Span]]:
    """Return every value of every row, with the name of its column."""
    tables = {name: _declared(columns) for name, columns in _groups(_CREATE, text)}
    for found in _INSERT.finditer(text):
        name, names = _part(text, found.span(1)), found.span(2)
        columns = _listed(_part(text, names)) if names[0] >= 0 else tables.get(name, [])
        yield from _inserted(text, found.span()[1], columns)
    done = 0
    for found in _COPY.finditer(text):
        if found.span()[0] >= done:  # rows are read once, also where one statement follows another without an end
            done = yield from _copied(text, found.span()[1], _listed(_part(text, found.span(2))))


def _groups(expression: RegularExpression, text: str) -> Iterator[tuple[str, str]]:
    for found in expression.finditer(text):
        yield _part(text, found.span(1)), _part(text, found.span(2))


def _part(text: str, span: Span) -> str:
    return text[slice(*span)]


def _listed(names: str) -> list[str]:
    return [name.strip(' `"[]\n\t') for name in names.split(",")]


def _declared(columns: str) -> list[str]:
    return [name for name in _COLUMN.findall(columns) if name.lower() not in _NO_COLUMN]


def _inserted(text: str, place: int, columns: list[str]) -> Iterator[tuple[str, Span]]:
    """Return the values of the rows of a statement, the first of which begins at a place."""
    number = 0
    while columns and (value := _VALUE.match(text, place)):
        group = next((group for group in (1, 2) if value[group] is not None), 3)
        if number < len(columns):
            yield columns[number], value.span(group)
        place, number = value.end(), number + 1
        if value[4] == ")":
            row = _NEXT_ROW.match(text, place)
            if row is None:
                return
            place, number = row.end(), 0


def _copied(text: str, place: int, columns: list[str]) -> Generator[tuple[str, Span], None, int]:
    r"""Return the values of lines with tabs between them, until one that is `\.`, and lastly where that is."""
    while place < len(text) and not text.startswith("\\.", place):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        for name, value in zip(columns, text[place:end].split("\t"), strict=False):
            yield name, (place, place + len(value))
            place += len(value) + 1
        place = end + 1
    return place
