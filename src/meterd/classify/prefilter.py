r"""A hyperscan pass says which of thousands of expressions occur in a text at all; RE2 then looks for those alone.

It may name an expression that RE2 won't find, never the reverse: expressions are widened for it, and it understands
what is left as RE2 does or more widely (`$` before a last line break, `\s` with the vertical tab).
"""

import threading
from collections.abc import Iterable

import hyperscan

from meterd.classify.model import Dictionary, Pattern
from meterd.classify.widening import widened
from meterd.expressions.regular import escaped

Probe = tuple[str, bool]
"""A regular expression and whether it ignores case."""

_TOGETHER = 96
"""Patterns in one database: more make the scan faster, and compiling slower. Words cost little, however many."""
_FLAGS = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


def probe(searched: Pattern | Dictionary) -> Probe:
    """Return what the prefilter looks for in order to say whether a pattern or a dictionary's term occurs."""
    if isinstance(searched, Pattern):
        return searched.regex, searched.ignore_case
    return "|".join(_delimited(term) for term in sorted(set(searched.terms)) if term), searched.ignore_case


def _delimited(term: str) -> str:
    """Return a term, which in ASCII is short of being part of another word."""
    before = "(?:^|[^0-9A-Za-z])" if term[0].isascii() and term[0].isalnum() else ""
    after = "(?:$|[^0-9A-Za-z])" if term[-1].isascii() and term[-1].isalnum() else ""
    return f"{before}{escaped(term)}{after}"


class Prefilter:
    """Finds which expressions occur in a text. Compiling hundreds takes seconds, without holding the interpreter.

    `numbers` has the expressions it knows, by what `occurring` calls them. Those that hyperscan refuses are not there.
    """

    def __init__(self, searched: Iterable[Pattern | Dictionary]) -> None:
        probes: dict[type, set[Probe]] = {Pattern: set(), Dictionary: set()}
        for one in searched:
            if probe(one)[0]:
                probes[type(one)].add(probe(one))
        patterns = sorted(probes[Pattern])
        self.numbers: dict[Probe, int] = {}
        self._databases: list[hyperscan.Database] = []
        for start in range(0, len(patterns), _TOGETHER):
            self._add(patterns[start : start + _TOGETHER])
        self._add(sorted(probes[Dictionary] - probes[Pattern]))
        self._scratches = threading.local()

    def _add(self, probes: list[Probe]) -> None:
        """Compile some expressions; when that is refused, each half of them on its own."""
        if not probes:
            return
        first = len(self.numbers)
        database = hyperscan.Database()
        try:
            database.compile(
                [widened(regex).encode() for regex, _ in probes],
                ids=list(range(first, first + len(probes))),
                flags=[_FLAGS | (hyperscan.HS_FLAG_CASELESS if any_case else 0) for _, any_case in probes],
            )
        except hyperscan.error:
            if len(probes) > 1:
                middle = len(probes) // 2
                self._add(probes[:middle])
                self._add(probes[middle:])
            return
        self._databases.append(database)
        self.numbers.update((one, first + place) for place, one in enumerate(probes))

    def occurring(self, text: bytes) -> set[int]:
        """Return the numbers of the expressions that occur in a text, which is UTF-8."""
        found: set[int] = set()
        try:
            scratches = self._scratches.own
        except AttributeError:
            scratches = self._scratches.own = [hyperscan.Scratch(database) for database in self._databases]
        for database, scratch in zip(self._databases, scratches, strict=True):
            database.scan(text, lambda number, *_: found.add(number), scratch=scratch)
        return found
