"""Filter operators: the shape of their value and the condition they mean
(`docs/specifications/gateway-metrics-query.md` section 7).
"""

from collections.abc import Callable
from typing import Any

from meterd.datasets import Kind
from meterd.errors import InvalidInput
from meterd.query.model import (
    And,
    Compare,
    Comparison,
    Condition,
    HasAny,
    IsNull,
    Matches,
    OneOf,
    Operand,
    TextTest,
)
from meterd.query.model import Field as ColumnValue

_ORDER = ("GREATER_THAN", "LESS_THAN", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL")
_EQUALITY = ("EQUAL", "NOT_EQUAL", "IN", "NOT_IN")

OPERATOR_SETS: dict[str, tuple[str, ...]] = {
    "FULL": (
        *_EQUALITY,
        "STRING_CONTAINS",
        "STRING_NOT_CONTAINS",
        "STRING_STARTS_WITH",
        "STRING_NOT_STARTS_WITH",
        "STRING_ENDS_WITH",
        "STRING_NOT_ENDS_WITH",
    ),
    "NARROW": ("IN", "NOT_IN", "STRING_CONTAINS", "STRING_STARTS_WITH", "STRING_ENDS_WITH"),
    "CMP": _EQUALITY,
    "SET": ("IN", "NOT_IN"),
    "RANGE": (*_ORDER, "BETWEEN"),
    "CODE": (*_EQUALITY, *_ORDER),
    "TEAM": ("ARRAY_HAS_ANY", "ARRAY_HAS_NONE"),
}
"""The operator sets under the specification's names."""

FULL, NARROW, CMP, SET, RANGE, CODE, TEAM = (frozenset(operators) for operators in OPERATOR_SETS.values())
EQUAL = frozenset({"EQUAL"})
IS_NULL = frozenset({"IS_NULL"})

_MAX_NUMBER = 1e300
_MAX_INTEGER = 2**100  # well within what engines compare exactly

_Build = Callable[[Operand, Kind, object], Condition]


def _comparison(comparison: Comparison) -> _Build:
    return lambda operand, kind, value: Compare(operand, comparison, _scalar(kind, value))


def _membership(negated: bool) -> _Build:
    return lambda operand, kind, value: OneOf(operand, tuple(_scalar(kind, item) for item in _array(value)), negated)


def _text(test: TextTest, negated: bool = False) -> _Build:
    return lambda operand, _kind, value: Matches(operand, test, _scalar(Kind.TEXT, value), negated)


def _between(operand: Operand, kind: Kind, value: object) -> Condition:
    bounds = _array(value)
    if len(bounds) != 2:
        raise InvalidInput(f"must be an array of exactly two values, got {len(bounds)}")
    lower, upper = (_scalar(kind, bound) for bound in bounds)
    return And(
        (
            Compare(operand, Comparison.GREATER_OR_EQUAL, lower),
            Compare(operand, Comparison.LESS_OR_EQUAL, upper),
        )
    )


def _is_null(operand: Operand, _kind: Kind, value: object) -> Condition:
    return IsNull(operand, negated=not _scalar(Kind.BOOLEAN, value))


def _elements(negated: bool) -> _Build:
    def build(operand: Operand, _kind: Kind, value: object) -> Condition:
        assert isinstance(operand, ColumnValue)  # only array columns take these operators
        return HasAny(operand.column, tuple(_scalar(Kind.TEXT, item) for item in _array(value)), negated)

    return build


OPERATORS: dict[str, _Build] = {
    "EQUAL": _comparison(Comparison.EQUAL),
    "NOT_EQUAL": _comparison(Comparison.NOT_EQUAL),
    "GREATER_THAN": _comparison(Comparison.GREATER),
    "GREATER_THAN_EQUAL": _comparison(Comparison.GREATER_OR_EQUAL),
    "LESS_THAN": _comparison(Comparison.LESS),
    "LESS_THAN_EQUAL": _comparison(Comparison.LESS_OR_EQUAL),
    "BETWEEN": _between,
    "IN": _membership(negated=False),
    "NOT_IN": _membership(negated=True),
    "STRING_CONTAINS": _text(TextTest.CONTAINS),
    "STRING_NOT_CONTAINS": _text(TextTest.CONTAINS, negated=True),
    "STRING_STARTS_WITH": _text(TextTest.STARTS_WITH),
    "STRING_NOT_STARTS_WITH": _text(TextTest.STARTS_WITH, negated=True),
    "STRING_ENDS_WITH": _text(TextTest.ENDS_WITH),
    "STRING_NOT_ENDS_WITH": _text(TextTest.ENDS_WITH, negated=True),
    "IS_NULL": _is_null,
    "ARRAY_HAS_ANY": _elements(negated=False),
    "ARRAY_HAS_NONE": _elements(negated=True),
}
"""Builders of conditions; they raise `InvalidInput` with the end of a sentence about the value."""


def _scalar(kind: Kind, value: Any) -> Any:  # JSON of any type, then a value of the kind
    if kind is Kind.BOOLEAN:
        if not isinstance(value, bool):
            raise InvalidInput("must be true or false")
    elif kind.is_numeric:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidInput("must be a number")
        if abs(value) > _MAX_NUMBER:
            raise InvalidInput("is out of range")
        return float(value) if abs(value) > _MAX_INTEGER else value
    elif not isinstance(value, str):
        raise InvalidInput("must be a string")
    return value


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidInput("must be an array")
    return value
