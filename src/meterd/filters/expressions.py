"""Filters as condition expressions: `(currency=EUR or currency=GBP) and unit=MT`
(`docs/specifications/usage-metrics.md` section 13).

condition = all {"or" all}
all       = factor {"and" factor}
factor    = "not" factor | "(" condition ")" | field [comparison]
"""

import re

from meterd.filters import conditions
from meterd.filters.conditions import Listed, Single, Term, negation
from meterd.filters.functions import FUNCTIONS, read_call, read_pattern
from meterd.filters.scanner import FilterScanner
from meterd.filters.variables import Resolve
from meterd.query.model import Condition

_SYMBOLS: dict[str, Single] = {
    "==": conditions.equal,
    "=": conditions.equal,
    "!=": conditions.different,
    "<=": conditions.less_or_equal,
    "<": conditions.less,
    ">=": conditions.greater_or_equal,
    ">": conditions.greater,
}
_LISTS: dict[str, Listed] = {"in": conditions.one_of, "nin": conditions.none_of}
_OPERATORS = (*_SYMBOLS, *_LISTS, "like", "matches")

_WHOLE = r"(?![\w#$@.:-])"  # the word ends here
_SYMBOL = re.compile("|".join(_SYMBOLS))
_WORD = re.compile(rf"({'|'.join((*_LISTS, 'like', 'matches'))}){_WHOLE}", re.IGNORECASE)
_JOINED = {word: re.compile(word + _WHOLE, re.IGNORECASE) for word in ("and", "or", "not")}
_END = re.compile(rf"$|\)|(?:and|or){_WHOLE}", re.IGNORECASE)
_FIELD = re.compile(r"[\w#$@][\w#$@.:-]*")
_VALUE = re.compile(r"""[^\s()\[\],'"=<>!]+""")
_CALL = re.compile(r"(\w+)\(")


def read_expression(scanner: FilterScanner, resolve: Resolve) -> Condition:
    """Return the condition that the whole text means, a `?` before it being nothing.

    Raises `ExpressionError`.
    """
    scanner.accept("?")
    reader = _Reader(scanner, resolve)
    condition = reader.condition()
    scanner.require_end("'and', 'or' or the end")
    return condition


class _Reader:
    def __init__(self, scanner: FilterScanner, resolve: Resolve) -> None:
        self._scanner = scanner
        self._resolve = resolve

    def condition(self) -> Condition:
        alternatives = [self._all()]
        while self._scanner.match(_JOINED["or"]):
            alternatives.append(self._all())
        return conditions.any_of(alternatives)

    def _all(self) -> Condition:
        factors = [self._factor()]
        while self._scanner.match(_JOINED["and"]):
            factors.append(self._factor())
        return conditions.all_of(factors)

    def _factor(self) -> Condition:
        scanner = self._scanner
        if scanner.match(_JOINED["not"]):
            with scanner.nested():
                return negation(self._factor())
        if scanner.accept("("):
            with scanner.nested():
                condition = self.condition()
                scanner.expect(")")
                return condition
        name = scanner.match(_FIELD)
        if not name:
            raise scanner.error(f"expected a field, 'not' or '(', got {scanner.next_word()}")
        return self._comparison(conditions.term(name[0], self._resolve, scanner))

    def _comparison(self, field: Term) -> Condition:
        """Return what follows a field; nothing if the field is to exist."""
        scanner = self._scanner
        if symbol := scanner.match(_SYMBOL):
            return self._compared(field, symbol[0])
        if word := scanner.match(_WORD):
            return self._tested(field, word[1].lower())
        position = scanner.position
        if scanner.match(_END) is None:
            raise scanner.error(f"unknown operator {scanner.next_word()}, use one of {' '.join(_OPERATORS)}")
        scanner.position = position
        return conditions.exists(field)

    def _compared(self, field: Term, symbol: str) -> Condition:
        scanner = self._scanner
        start = scanner.position
        if call := scanner.match(_CALL):
            if call[1] not in FUNCTIONS or _SYMBOLS[symbol] is not conditions.equal:
                raise scanner.error(f"after = there may be a value or one of {', '.join(FUNCTIONS)}", start)
            return read_call(call[1], field, scanner)
        return _SYMBOLS[symbol](field, scanner.quoted() or scanner.bare(_VALUE))

    def _tested(self, field: Term, word: str) -> Condition:
        scanner = self._scanner
        if word == "like":
            return conditions.contains(field, scanner.quoted() or scanner.bare(_VALUE))
        if word == "matches":
            return conditions.matching(field, read_pattern(scanner, blanks=False))
        scanner.expect("[")
        return _LISTS[word](field, scanner.items("]"))
