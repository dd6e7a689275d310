"""Bounds on the complexity of a query, whoever asks and in whatever language: checked before it is compiled.

What an engine takes to plan a query is beyond its own limits of time and memory. `python -m bench complexity` shows
what the largest queries within these bounds take (`docs/decisions/0013-complexity.md`).
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from meterd.errors import InvalidInput
from meterd.query.folding import folded
from meterd.query.model import (
    Aggregate,
    And,
    CombinedListing,
    Compare,
    Condition,
    Function,
    Group,
    GroupElement,
    HasAny,
    JSONText,
    Listing,
    MapValue,
    Matches,
    Not,
    OneOf,
    Or,
    Part,
    Query,
    TagValue,
    TextTest,
)
from meterd.settings import Query as Limits

MAX_DEPTH = 100
"""Levels of `And`, `Or` and `Not` in a condition."""
MAX_TEXT = 2**20
"""Characters of all texts of a question together: values, and keys of maps."""
MAX_DISTINCT = 20
"""Distinct counts of a question: each becomes a plan of its own, joined with the others."""
FIRST_LOCAL_YEAR, LAST_LOCAL_YEAR = 1900, 2200
"""Years of a window that is cut in local time: each change of the clocks becomes a part of the plan."""
MAX_EXPRESSIONS = 32
MAX_EXPRESSION_TEXT = 2000
"""Regular expressions of a question, and their characters together: testing a text takes as long as both are, and the
engine looks at its time limit only between batches of some thousand texts.
"""

_EXPRESSIONS = (TextTest.HAS_MATCH, TextTest.HAS_MATCH_OF_ANY_CASE)


class _Size(msgspec.Struct):
    conditions: int = 0
    values: int = 0
    text: int = 0
    expressions: int = 0
    expression_text: int = 0
    depth: int = 0


class Bounds:
    """Passes questions on that are simple enough, with many tests of one operand folded into one.

    `refused` is called with the reason of each refusal, which is a key of `_SENTENCES`.
    """

    def __init__(self, limits: Limits, refused: Callable[[str], None]) -> None:
        self._limits = limits
        self._refused = refused

    def query(self, query: Query) -> Query:
        """Check a query.

        Raises `InvalidInput` that says what there is too much of, how much may be, and what to ask instead.
        """
        self._check("groups", len(query.groups), self._limits.max_groups)
        self._check("aggregates", len(query.aggregates), self._limits.max_aggregates)
        distinct = sum(each.function is Function.COUNT_DISTINCT for each in query.aggregates)
        self._check("distinct", distinct, MAX_DISTINCT)
        if query.zone and query.interval and not _is_cut_in_zones(query):
            self._refused("years")
            raise InvalidInput(
                f"a window that is cut in a time zone lies in the years {FIRST_LOCAL_YEAR} to {LAST_LOCAL_YEAR}: "
                "ask for a shorter window, or without timezone"
            )
        operands = [each.operand for each in (*query.groups, *query.aggregates) if isinstance(each, Group | Aggregate)]
        if query.ranking and query.ranking.limit:
            self._check("limit", query.ranking.limit, self._limits.max_rows)
        bins = sum(each.bin_count for each in query.aggregates)
        times = 1 + query.is_ranked_first + query.has_totals + bool(bins)  # facts are looked for once more for each
        if query.ranking and query.ranking.has_other:
            times += any(isinstance(each, GroupElement) for each in query.groups)
        return msgspec.structs.replace(query, condition=self._condition(query.condition, operands, times, bins))

    def listing(self, listing: Listing) -> Listing:
        """Check a listing. Raises as `query` does."""
        self._check("order", len(listing.order), self._limits.max_groups)
        condition = self._condition(listing.condition, ())
        return listing if condition is None else msgspec.structs.replace(listing, condition=condition)

    def combined(self, listing: CombinedListing) -> CombinedListing:
        """Check a listing of several datasets. Raises as `query` does."""
        self._check("order", len(listing.order), self._limits.max_groups)
        parts = [Part(part.dataset, self._condition(part.condition, ()) or And(())) for part in listing.parts]
        return msgspec.structs.replace(listing, parts=tuple(parts))

    def _condition(
        self, condition: Condition | None, operands: Iterable[object], times: int = 1, bins: int = 0
    ) -> Condition | None:
        size = _Size(text=sum(map(_text_of, operands)), values=bins)
        if condition is not None:
            self._check("depth", _depth(condition), MAX_DEPTH)
            condition = folded(condition)
            for test in _tests(condition):
                _add(size, test)
        self._check("conditions", times * size.conditions, self._limits.max_conditions)
        self._check("values", times * size.values, self._limits.max_values)
        self._check("expressions", times * size.expressions, MAX_EXPRESSIONS)
        self._check("expression", times * size.expression_text, MAX_EXPRESSION_TEXT)
        self._check("text", size.text, MAX_TEXT)
        return condition

    def _check(self, reason: str, count: int, maximum: int) -> None:
        if count > maximum:
            self._refused(reason)
            what, hint = _SENTENCES[reason]
            raise InvalidInput(f"the query has {count} {what.format(maximum=maximum)}: {hint}")


_SENTENCES = {
    "conditions": (
        "conditions, at most {maximum} are allowed (query.max-conditions)",
        "test a field against many values with one list, or ask in several queries",
    ),
    "values": ("values to compare with, at most {maximum} are allowed (query.max-values)", "ask for fewer at once"),
    "groups": ("fields to group by, at most {maximum} are allowed (query.max-groups)", "group by fewer fields"),
    "limit": ("groups as its limit, at most {maximum} are allowed (query.max-rows)", "ask for fewer"),
    "order": ("fields to sort by, at most {maximum} are allowed (query.max-groups)", "sort by fewer fields"),
    "aggregates": ("aggregations, at most {maximum} are allowed (query.max-aggregates)", "ask in several queries"),
    "distinct": ("distinct counts, at most {maximum} are allowed", "ask in several queries"),
    "depth": ("levels of conditions, at most {maximum} are allowed", "write them flatter"),
    "expressions": (
        "regular expressions, at most {maximum} are allowed",
        "join them with |, or search for fewer words",
    ),
    "expression": ("characters in its regular expressions, at most {maximum} are allowed", "write shorter ones"),
    "text": ("characters of text, at most {maximum} are allowed", "ask for fewer or shorter values"),
}
"""What there is too much of, and what to do, by the reason that is counted."""


def _is_cut_in_zones(query: Query) -> bool:
    return query.start.year >= FIRST_LOCAL_YEAR and query.end.year <= LAST_LOCAL_YEAR


def _depth(condition: Condition) -> int:
    """Count the levels of a condition, counted level by level: a recursion would be deeper than Python allows."""
    levels, below = 0, [condition]
    while below:
        levels += 1
        below = [each for one in below for each in _inner(one)]
    return levels


def _inner(condition: Condition) -> tuple[Condition, ...]:
    match condition:
        case And(conditions) | Or(conditions):
            return conditions
        case Not(inner):
            return (inner,)
    return ()


def _tests(condition: Condition) -> Iterator[Condition]:
    left = [condition]
    while left:
        inner = _inner(one := left.pop())
        if not inner:
            yield one
        left.extend(inner)


def _add(size: _Size, test: Condition) -> None:
    size.conditions += 1
    match test:
        case Compare(operand, _, value):
            size.values += 1
            size.text += _text_of(operand) + _length(value)
        case OneOf(operand, values):
            size.values += len(values)
            size.text += _text_of(operand) + sum(map(_length, values))
        case HasAny(_, values):
            size.values += len(values)
            size.text += sum(map(len, values))
        case Matches(operand, tested, text):
            size.values += 1
            size.text += _text_of(operand) + len(text)
            if tested in _EXPRESSIONS:
                size.expressions += 1
                size.expression_text += len(text)


def _text_of(operand: object) -> int:
    if isinstance(operand, JSONText):
        return sum(map(len, operand.path))
    return len(operand.key) if isinstance(operand, MapValue | TagValue) else 0


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0
