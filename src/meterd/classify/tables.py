"""Tables within a text, read cell by cell, each behind the heading of its column: `ssn: 536904399`.

A table is lines of as many cells each, of which those of the first line are names. Between cells there are commas,
semicolons, tabs, bars, or several blanks. Rows of databases (`sql_rows`) are tables too.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from meterd.classify import sql_rows
from meterd.classify.reading import Reading
from meterd.expressions.regular import RegularExpression, compiled

_INDEX = "Q"
_WORD = r"[\pL\pN_.'’/#()°-]"
_NAME = rf"\"?[\pL_]{_WORD}*(?: {_WORD}+){{0,5}}\"?"
_SHORTEST = 3
"""Characters of a cell in which there may be something."""
_LONGEST_HEADING = 60
_HEADINGS = 256
"""So many names of columns are judged once for all rows."""
_STRAY_LINES = 2
"""So many lines of another shape may stand within a table, as those that are drawn."""
_SHARE = 3
"""So many times as long as the text its cells with their headings may become; rows beyond that are not read so."""
_DRAWN = r"[-=+:|\s]*"
_LINE = re.compile(_DRAWN)

Span = tuple[int, int]
Tells = Callable[[str], bool]
"""Whether a heading, or a line of them, may say what is below it."""
GoOn = Callable[[], object]
"""Called before each line, or each value of a database; it raises when nobody waits for the rest."""


class Shape(NamedTuple):
    """A way to write tables: a sign of it, what a line of headings and the next one are like, and a cell's content in
    group 1, if it is in quotes, or group 2.
    """

    sign: str
    headings: RegularExpression
    cell: re.Pattern[str]


def _shape(sign: str, between: str, cell: str) -> Shape:
    names = rf"\|? *(?:{_NAME} *)?(?:{between} *{_NAME} *)+\|?"
    headings = rf"(?m)(?:^|[\"'`]) *({names})\r?\n(?:{_DRAWN}\n)?[^\n]*?{between}"
    return Shape(sign, compiled(headings), re.compile(cell))


def _separated(sign: str) -> Shape:
    by = re.escape(sign)
    return _shape(sign, by, rf'(?:^|{by}) *(?:"((?:[^"]++|"")*+)"(?= *+(?:{by}|$))|([^{by}]*))')


SHAPES = (
    _separated(","),
    _separated(";"),
    _separated("\t"),
    _separated("|"),
    _shape("  ", " {2}", r"(?!)()|(\S+(?: \S+)*)"),
)


class Columns:
    """The cells of a text's tables as one text, a line for each, with the way back."""

    def __init__(self, within: str, reading: Reading | None, tells: Tells, go_on: GoOn) -> None:
        """Take a text with tables; `reading` is how it came about, if it is not what was written."""
        self._reading = reading
        self._tells = tells
        self._go_on = go_on
        self._starts, self._ends, self._read = array(_INDEX), array(_INDEX), array(_INDEX)
        self.text = self._lines(within)

    @classmethod
    def of(
        cls, written: str, reading: Reading | None, tells: Tells = bool, go_on: GoOn = lambda: None
    ) -> "Columns | None":
        """Return the cells below headings that tell something, of tables in a text as it is written, or else as it is
        read; None if there are none. Raises what `go_on` does.
        """
        if _has_lines(written) or sql_rows.may_be_copied(written):
            found = cls(written, None, tells, go_on)
        elif reading is not None and (_has_lines(reading.text) or sql_rows.may_occur(reading.text)):
            found = cls(reading.text, reading, tells, go_on)
        elif sql_rows.may_occur(written):
            found = cls(written, None, tells, go_on)
        else:
            return None
        return found if found.text else None

    def _lines(self, within: str) -> str:
        lines: list[str] = []
        length, most = 0, _SHARE * len(within)
        for heading, (start, end) in chain(_cells(within, self._tells, self._go_on), self._rows(within)):
            if length > most:
                break
            prefix = f"{heading}: "
            self._starts.append(start)
            self._ends.append(end)
            self._read.append(length + len(prefix))
            lines.append(f"{prefix}{within[start:end]}\n")
            length += len(lines[-1])
        return "".join(lines)

    def _rows(self, within: str) -> Iterator[tuple[str, Span]]:
        if not sql_rows.may_occur(within):
            return
        tells = lru_cache(_HEADINGS)(self._tells)
        for name, (start, end) in sql_rows.cells(within):
            self._go_on()
            if end - start >= _SHORTEST and tells(name):
                yield name[:_LONGEST_HEADING], (start, end)

    def written(self, start: int, end: int) -> Span | None:
        """Return where in the text something is that is read from `start` to `end`; None if it is not in one cell."""
        cell = bisect_right(self._read, start) - 1
        if cell < 0:
            return None
        moved = self._starts[cell] - self._read[cell]
        first, last = start + moved, end + moved
        if last > self._ends[cell]:
            return None
        return self._reading.written(first, last) if self._reading else (first, last)

    def has_gap(self, start: int, end: int) -> bool:
        """Tell whether there is a gap within what is read, which is in one cell."""
        if self._reading is None:
            return False
        moved = self._starts[cell := bisect_right(self._read, start) - 1] - self._read[cell]
        return self._reading.has_gap(start + moved, end + moved)


def _has_lines(text: str) -> bool:
    return "\n" in text and any(shape.sign in text and shape.headings.search(text) for shape in SHAPES)


def _cells(text: str, tells: Tells, go_on: GoOn) -> Iterator[tuple[str, Span]]:
    """Return every cell that is long enough, with the heading of its column."""
    for shape in SHAPES:
        if shape.sign not in text:
            continue
        done = 0
        for found in shape.headings.finditer(text):
            start, end = found.span(1)
            if start >= done and tells(text[start:end]):
                done = yield from _table(text, start, shape, tells, go_on)


def _table(text: str, start: int, shape: Shape, tells: Tells, go_on: GoOn) -> Generator[tuple[str, Span], None, int]:
    """Return the cells of a table that starts with its headings, and lastly where it ends."""
    end = _line_end(text, start)
    headings = [text[first:last].strip('" ')[:_LONGEST_HEADING] for first, last in _split(text, start, end, shape)]
    headings = [heading if tells(heading) else "" for heading in headings]
    stray = 0
    while stray <= _STRAY_LINES and end < len(text):
        go_on()
        start, end = end + 1, _line_end(text, end + 1)
        if not text[start:end].strip():
            break
        spans = _split(text, start, end, shape)
        if len(spans) != len(headings):
            stray += 1
            continue
        stray = 0
        if _LINE.fullmatch(text, start, end) is None:
            yield from (
                (heading, (first, last))
                for heading, (first, last) in zip(headings, spans, strict=True)
                if heading and last - first >= _SHORTEST
            )
    return end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _split(text: str, start: int, end: int, shape: Shape) -> list[Span]:
    """Return where the cells of a line are, without blanks and quotes around them."""
    line = text[start:end].rstrip("\r ")
    if shape.sign == "|":
        start += len(line) - len(line.lstrip())
        line = line.strip()
        if line.startswith("|"):
            start, line = start + 1, line[1:].removesuffix("|")
    spans = []
    for found in shape.cell.finditer(line):
        content = found.group(1) if found.group(1) is not None else found.group(2)
        first = start + found.start(1 if found.group(1) is not None else 2)
        spans.append((first, first + len(content.rstrip())))
    return spans
