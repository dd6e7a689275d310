"""The conditions that a filter can put on a field. Values are read by the type of the field, not by their own looks."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from meterd.datasets import Kind
from meterd.expressions.errors import ExpressionError
from meterd.expressions.regular import InvalidExpression
from meterd.filters.literals import MAX_NUMBER, Literal, number
from meterd.filters.patterns import compiled
from meterd.filters.scanner import FilterScanner
from meterd.filters.times import Period, period
from meterd.filters.variables import UNKNOWN, Resolve
from meterd.query.model import (
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    HasAny,
    IsNull,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    TextTest,
    Value,
)


class Term(msgspec.Struct, frozen=True):
    """A field named in a filter, with what it stands for; mistakes in its values are mistakes in the scanner's text."""

    name: str
    operand: Operand
    kind: Kind | None
    scanner: FilterScanner

    def wrong(self, literal: Literal, allowed: str, reason: str = "") -> ExpressionError:
        got = f"{literal.text!r}: {reason}" if reason else repr(literal.text)
        return self.scanner.error(f"{self.name} must be {allowed}, got {got}", literal.position)

    def unable(self, what: str, literal: Literal) -> ExpressionError:
        assert self.kind is not None  # the dynamic type can do everything
        return self.scanner.error(f"{self.name} is of the type {self.kind.value}, which {what}", literal.position)


Single = Callable[[Term, Literal], Condition]
Listed = Callable[[Term, Sequence[Literal]], Condition]


def term(name: str, resolve: Resolve, scanner: FilterScanner) -> Term:
    """Return the field of this name, for one more condition."""
    scanner.count("conditions")
    variable = resolve(name) or UNKNOWN
    return Term(name, variable.operand, variable.kind, scanner)


def exists(field: Term) -> Condition:
    return IsNull(field.operand, negated=True)


def equal(field: Term, literal: Literal) -> Condition:
    """Test that it is equal to the value; of an array column: has the element; of null: absent."""
    if literal.value is None:
        return IsNull(field.operand)
    if field.kind is Kind.TIME:
        covered = _period(field, literal)
        return And(
            (
                Compare(field.operand, Comparison.GREATER_OR_EQUAL, covered.start),
                Compare(field.operand, Comparison.LESS, covered.end),
            )
        )
    if field.kind is Kind.TEXTS:
        return _has_any(field, [literal])
    return Compare(field.operand, Comparison.EQUAL, _scalar(field, literal))


def different(field: Term, literal: Literal) -> Condition:
    return negation(equal(field, literal))


def less(field: Term, literal: Literal) -> Condition:
    return _ordered(field, literal, Comparison.LESS)


def less_or_equal(field: Term, literal: Literal) -> Condition:
    return _ordered(field, literal, Comparison.LESS_OR_EQUAL)


def greater(field: Term, literal: Literal) -> Condition:
    return _ordered(field, literal, Comparison.GREATER)


def greater_or_equal(field: Term, literal: Literal) -> Condition:
    return _ordered(field, literal, Comparison.GREATER_OR_EQUAL)


def between(field: Term, bounds: Sequence[Literal]) -> Condition:
    """Test that it is from the first to the second, both included."""
    lower, upper = bounds
    return And((greater_or_equal(field, lower), less_or_equal(field, upper)))


def one_of(field: Term, literals: Sequence[Literal]) -> Condition:
    present = [literal for literal in literals if literal.value is not None]
    if field.kind is Kind.TIME:
        among: Condition = any_of([equal(field, literal) for literal in present])
    elif field.kind is Kind.TEXTS:
        among = _has_any(field, present)
    else:
        among = OneOf(field.operand, tuple(_scalar(field, literal) for literal in present))
    return among if len(present) == len(literals) else Or((IsNull(field.operand), among))


def none_of(field: Term, literals: Sequence[Literal]) -> Condition:
    return negation(one_of(field, literals))


def contains(field: Term, literal: Literal) -> Condition:
    return _text_test(field, TextTest.CONTAINS, literal.text, literal)


def matching(field: Term, literal: Literal) -> Condition:
    """Test that it has a match of the regular expression; case matters."""
    return matching_with(field, literal, any_case=False)


def matching_with(field: Term, literal: Literal, any_case: bool) -> Condition:
    try:
        compiled(literal.text, any_case)
    except InvalidExpression as error:
        raise field.scanner.error(f"not a regular expression (RE2): {error}", literal.position) from None
    test = TextTest.HAS_MATCH_OF_ANY_CASE if any_case else TextTest.HAS_MATCH
    return _text_test(field, test, literal.text, literal)


def negation(condition: Condition) -> Condition:
    """Return the opposite of the condition, as MongoDB has it: what lacks the field satisfies it, too."""
    match condition:
        case IsNull(operand, negated):
            return IsNull(operand, not negated)
        case Not(inner):
            return inner
    return Not(condition)


def all_of(conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def any_of(conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))


def _ordered(field: Term, literal: Literal, comparison: Comparison) -> Condition:
    """Compare with a value. A time covers a period: what is less comes before it, what is greater comes after it."""
    if literal.value is None:
        raise field.wrong(literal, "something other than null")
    if field.kind is Kind.TEXTS:
        raise field.unable("has no order", literal)
    if field.kind is not Kind.TIME:
        return Compare(field.operand, comparison, _scalar(field, literal))
    covered = _period(field, literal)
    if comparison in (Comparison.LESS, Comparison.GREATER_OR_EQUAL):
        return Compare(field.operand, comparison, covered.start)
    after = Comparison.LESS if comparison is Comparison.LESS_OR_EQUAL else Comparison.GREATER_OR_EQUAL
    return Compare(field.operand, after, covered.end)


def _has_any(field: Term, literals: Sequence[Literal]) -> Condition:
    assert isinstance(field.operand, Field)  # arrays are whole columns
    return HasAny(field.operand.column, tuple(literal.text for literal in literals))


def _text_test(field: Term, test: TextTest, text: str, literal: Literal) -> Condition:
    if field.kind not in (Kind.TEXT, None):
        raise field.unable("has no text to search", literal)
    return Matches(field.operand, test, text)


def _scalar(field: Term, literal: Literal) -> Value:
    assert literal.value is not None  # null is another condition
    if field.kind is None:
        return literal.value
    if field.kind is Kind.TEXT:
        return literal.text
    if field.kind is Kind.BOOLEAN:
        if literal.text not in ("true", "false"):
            raise field.wrong(literal, "true or false")
        return literal.text == "true"
    if field.kind.is_numeric:
        value = number(literal.text)
        if value is None:
            raise field.wrong(literal, f"a number (up to {MAX_NUMBER:g})")
        return value
    raise field.unable("has no single value to compare", literal)


def _period(field: Term, literal: Literal) -> Period:
    try:
        return period(literal.text, datetime.now(UTC))
    except ExpressionError as error:
        raise field.wrong(literal, "a time such as 2024-10-12 or 2024-10-12T11:36:24Z", error.problem) from None
    except OverflowError:
        raise field.wrong(literal, "a time before the end of the year 9999") from None
