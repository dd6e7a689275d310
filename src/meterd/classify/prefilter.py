r"""A hyperscan pass says which of thousands of expressions occur in a text at all; RE2 then looks for those alone.

It may name an expression that RE2 won't find, never the reverse: expressions are widened for it, and it understands
what is left as RE2 does or more widely (`$` before a last line break, `\s` with the vertical tab).
"""

import threading
from collections.abc import Collection, Iterable, Sequence

import hyperscan

from meterd.classify.model import Dictionary, Pattern
from meterd.classify.widening import widened
from meterd.classify.words import spelling

Probe = tuple[str, bool]
"""A regular expression and whether it ignores case."""

_TOGETHER = 24
"""Patterns in one database: more make the scan a little faster, and compiling many times slower."""
_WORDS_TOGETHER = 2_000
"""Words in one database: they cost little, however many."""
_SHORT = 5
"""A term of at most so many characters is often a part of other words."""
_FLAGS = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


def probe(pattern: Pattern) -> Probe:
    """Return what the prefilter looks for in order to say whether a pattern may occur."""
    return pattern.sign or pattern.regex, pattern.ignore_case


def probes(dictionary: Dictionary) -> frozenset[Probe]:
    """Return what it looks for in order to say whether a dictionary's terms occur: one for each."""
    return frozenset((_delimited(term), dictionary.ignore_case) for term in dictionary.terms if term)


def _delimited(term: str) -> str:
    """Return an expression for a term: a short one is no part of another word, but may be one of a name's humps."""
    if len(term) > _SHORT or not (term.isascii() and term.isalnum()):
        return spelling(term)
    first = term[0].upper()
    return rf"(?:(?:^|[^0-9A-Za-z]){term[0]}|(?-i:[a-z]{first})){term[1:]}(?:$|[^0-9A-Za-z]|(?-i:[A-Z]))"


class _Database:
    """Expressions that are compiled together, and a scratch for each thread that scans for them."""

    def __init__(self, expressions: Sequence[Probe], first: int) -> None:
        self._compiled = hyperscan.Database()
        self._compiled.compile(
            [widened(regex).encode() for regex, _ in expressions],
            ids=list(range(first, first + len(expressions))),
            flags=[_FLAGS | (hyperscan.HS_FLAG_CASELESS if any_case else 0) for _, any_case in expressions],
        )
        self._scratches = threading.local()

    def scan(self, text: bytes, found: set[int]) -> None:
        """Add the numbers of what occurs."""
        try:
            scratch = self._scratches.own
        except AttributeError:
            scratch = self._scratches.own = hyperscan.Scratch(self._compiled)
        self._compiled.scan(text, lambda number, *_: found.add(number), scratch=scratch)


class Prefilter:
    """Finds which expressions occur in a text. Compiling hundreds takes a second, without holding the interpreter.

    `numbers` has the expressions it knows, by what `occurring` calls them. Those that hyperscan refuses are not there.
    """

    def __init__(self, searched: Iterable[Pattern | Dictionary], known: "Prefilter | None" = None) -> None:
        """Compile what is searched for, and what is `known` not again."""
        self.numbers: dict[Probe, int] = dict(known.numbers) if known else {}
        self._databases: dict[int, _Database] = dict(known._databases) if known else {}
        """By the number of an expression, the one that has it."""
        patterns: set[Probe] = set()
        terms: set[Probe] = set()
        for one in searched:
            if isinstance(one, Pattern):
                patterns.add(probe(one))
            else:
                terms |= probes(one)
        self._add_all(sorted(patterns - self.numbers.keys()), _TOGETHER)
        self._add_all(sorted(terms - self.numbers.keys()), _WORDS_TOGETHER)

    def _add_all(self, expressions: Sequence[Probe], together: int) -> None:
        for start in range(0, len(expressions), together):
            self._add([one for one in expressions[start : start + together] if one[0]])

    def _add(self, expressions: Sequence[Probe]) -> None:
        """Compile some expressions; when that is refused, each half of them on its own."""
        if not expressions:
            return
        first = len(self.numbers)
        try:
            database = _Database(expressions, first)
        except hyperscan.error:
            if len(expressions) > 1:
                middle = len(expressions) // 2
                self._add(expressions[:middle])
                self._add(expressions[middle:])
            return
        for number, one in enumerate(expressions, first):
            self.numbers[one] = number
            self._databases[number] = database

    def scan(self, numbers: Iterable[int]) -> "Scan":
        """Return what looks for these expressions, and for those that are compiled together with them."""
        return Scan({id(one): one for one in map(self._databases.__getitem__, numbers)}.values())


class Scan:
    """Looks for some of a prefilter's expressions, in any number of threads."""

    def __init__(self, databases: Collection[_Database]) -> None:
        self._databases = tuple(databases)

    def occurring(self, text: bytes) -> set[int]:
        """Return the numbers of the expressions that occur in a text, which is UTF-8."""
        found: set[int] = set()
        for database in self._databases:
            database.scan(text, found)
        return found
