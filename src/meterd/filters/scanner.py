"""Reads a filter from left to right: values, brackets, and how much of them there may be."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from meterd.expressions.errors import ExpressionError
from meterd.expressions.scanner import Scanner
from meterd.filters.literals import Literal, bare_literal, quoted_literal

MAX_DEPTH = 50
"""Levels of nesting in a filter."""
MAX_TERMS = 1000
"""Values, and conditions, in a filter."""
MAX_FILTER_LENGTH = 2**17
"""Characters of a filter: reading one word holds Python's lock."""

_BLANKS = re.compile(r"\s*")
QUOTED = re.compile(r"""'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)\"""", re.DOTALL)
"""A text in quotes; inside, a backslash takes away the meaning of the character after it."""
_ESCAPED = re.compile(r"""\\(['"\\])""")
_ITEM = {
    ")": re.compile(r"""[^\s,()'"](?:[^,()'"]*[^\s,()'"])?"""),
    "]": re.compile(r"""[^\s,\[\]'"](?:[^,\[\]'"]*[^\s,\[\]'"])?"""),
}


class FilterScanner(Scanner):
    """A filter and how far it has been read; its part is `_filter`, or the name of a query parameter."""

    def __init__(self, part: str, text: str) -> None:
        super().__init__(part, text)
        self._depth = 0
        self._counts: Counter[str] = Counter()
        if len(text) > MAX_FILTER_LENGTH:
            raise ExpressionError(part, f"{text[:40]}…", 0, f"longer than {MAX_FILTER_LENGTH} characters")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self.error("this is not a character", error.start) from None

    @property
    def at_end(self) -> bool:
        self.skip_blanks()
        return self.position == len(self.text)

    def skip_blanks(self) -> None:
        blanks = _BLANKS.match(self.text, self.position)
        assert blanks is not None  # it may be empty
        self.position = blanks.end()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what matches here, after blanks."""
        self.skip_blanks()
        match = pattern.match(self.text, self.position)
        if match:
            self.position = match.end()
        return match

    def accept(self, symbol: str) -> bool:
        """Take the symbol if it comes next, after blanks."""
        self.skip_blanks()
        return self.take(symbol)

    def expect(self, *symbols: str) -> str:
        """Return the one of the symbols that comes next."""
        for symbol in symbols:
            if self.accept(symbol):
                return symbol
        raise self.error(f"expected {' or '.join(repr(symbol) for symbol in symbols)}, got {self.next_word()}")

    def require_end(self, expected: str) -> None:
        if not self.at_end:
            raise self.error(f"expected {expected}, got {self.next_word()}")

    def next_word(self) -> str:
        """Return what comes next, for messages."""
        return "the end" if self.at_end else repr(self.text[self.position :].split(maxsplit=1)[0][:40])

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Go a level further down."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH} levels")
        yield
        self._depth -= 1

    def count(self, what: str) -> None:
        """Count one more of the `values` or `conditions`."""
        self._counts[what] += 1
        if self._counts[what] > MAX_TERMS:
            raise self.error(f"more than {MAX_TERMS} {what}")

    def quoted(self) -> Literal | None:
        """Return a text in quotes, if one comes next; a backslash stands before quotes and backslashes that belong to
        it.
        """
        self.skip_blanks()
        position = self.position
        if match := self.match(QUOTED):
            self.count("values")
            return quoted_literal(_ESCAPED.sub(r"\1", match[match.lastindex or 1]), position)
        if self.text.startswith(("'", '"'), position):
            raise self.error("the quotes are not closed")
        return None

    def bare(self, pattern: re.Pattern[str]) -> Literal:
        """Return a value without quotes, which must match the pattern."""
        match = self.match(pattern)
        if not match:
            raise self.error(f"expected a value, got {self.next_word()}")
        self.count("values")
        return bare_literal(match[0], match.start())

    def items(self, close: str) -> list[Literal]:
        """Read values with commas between them, up to the bracket that closes them."""
        items: list[Literal] = []
        if self.accept(close):
            return items
        while True:
            items.append(self.quoted() or self.bare(_ITEM[close]))
            if self.expect(",", close) == close:
                return items
