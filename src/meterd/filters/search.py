"""`_search`: words that records must have (`docs/specifications/usage-metrics.md` section 3.2).

any  = all {"|" all}
all  = part {part}
part = "-" part | "(" any ")" | field "=" term | field "==" term | word
"""

import re
from collections.abc import Sequence

from meterd.expressions.regular import escaped
from meterd.filters import conditions
from meterd.filters.conditions import Term
from meterd.filters.literals import quoted_literal
from meterd.filters.scanner import FilterScanner
from meterd.filters.variables import Resolve, without_unknown_fields
from meterd.query.model import And, Condition

_NAMED = re.compile(r"(?P<field>[\w#$@.:-]+)(?P<operator>==?)(?P<term>[^\s|()]*)")
_WORD = re.compile(r"(?:[^\s|()\\]|\\.)+")
_CLOSED = re.compile(r"(?=[|)])|$")

SEARCHED = ("_id", "name", "description")
"""The fields that a word without a field is looked for in."""


def parse_search(text: str, resolve: Resolve, fields: Sequence[str] = SEARCHED) -> Condition:
    """Return the condition that a search means; an empty search finds everything.

    Words are regular expressions that ignore case, and must match in one of the fields. A field that is absent has no
    word in it, so `-word` finds records without the field.

    Raises `ExpressionError`.
    """
    scanner = FilterScanner("_search", text)
    if scanner.at_end:
        return And(())
    condition = _Reader(scanner, resolve, fields).any()
    scanner.require_end("a word or the end")
    return without_unknown_fields(condition)


class _Reader:
    def __init__(self, scanner: FilterScanner, resolve: Resolve, fields: Sequence[str]) -> None:
        self._scanner = scanner
        self._resolve = resolve
        self._fields = fields

    def any(self) -> Condition:
        alternatives = [self._all()]
        while self._scanner.accept("|"):
            alternatives.append(self._all())
        return conditions.any_of(alternatives)

    def _all(self) -> Condition:
        parts = [self._part()]
        while not self._scanner.match(_CLOSED):
            parts.append(self._part())
        return conditions.all_of(parts)

    def _part(self) -> Condition:
        scanner = self._scanner
        if scanner.accept("-"):
            with scanner.nested():
                return conditions.negation(self._part())
        if scanner.accept("("):
            with scanner.nested():
                condition = self.any()
                scanner.expect(")")
                return condition
        if named := scanner.match(_NAMED):
            return self._named(named)
        word = scanner.match(_WORD)
        if not word:
            raise scanner.error(f"expected a word, got {scanner.next_word()}")
        scanner.count("values")
        pattern = quoted_literal(word[0], word.start())
        return conditions.any_of(
            [conditions.matching_with(field, pattern, any_case=True) for field in self._searched()]
        )

    def _searched(self) -> list[Term]:
        return [conditions.term(name, self._resolve, self._scanner) for name in self._fields]

    def _named(self, named: re.Match[str]) -> Condition:
        field = conditions.term(named["field"], self._resolve, self._scanner)
        self._scanner.count("values")
        position = named.start("term")
        if named["operator"] == "==":
            return conditions.equal(field, quoted_literal(named["term"], position))
        term = quoted_literal(escaped(named["term"]), position)
        return conditions.matching_with(field, term, any_case=True)
