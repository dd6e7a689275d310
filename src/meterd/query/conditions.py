"""Compiles conditions on facts to SQL, as a sqlglot expression tree; values are bound parameters."""

from datetime import UTC, datetime

from sqlglot import exp

from meterd.datasets import Dataset
from meterd.query import sql
from meterd.query.dialects import Dialect
from meterd.query.model import (
    And,
    Bin,
    Compare,
    Comparison,
    Condition,
    HasAny,
    IsNull,
    JSONText,
    MapValue,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    TagValue,
    Value,
)
from meterd.query.visibility import Visibility

_COMPARISONS: dict[Comparison, type[exp.Binary]] = {
    Comparison.EQUAL: exp.EQ,
    Comparison.NOT_EQUAL: exp.NEQ,
    Comparison.LESS: exp.LT,
    Comparison.LESS_OR_EQUAL: exp.LTE,
    Comparison.GREATER: exp.GT,
    Comparison.GREATER_OR_EQUAL: exp.GTE,
}


class Conditions:
    """Conditions on the facts of one dataset, and the values that they are bound to."""

    def __init__(self, dataset: Dataset, dialect: Dialect) -> None:
        self._dataset = dataset
        self._dialect = dialect
        self._parameters: list[object] = []

    def _facts(self, visible: Visibility | None) -> exp.Expr:
        """Select all facts of the dataset, or those that are visible, with what of them is: nothing looks behind it."""
        table = self._dialect.table(self._dataset.name)
        if visible is None:
            return table
        seen = [
            sql.named(self._dialect.only(sql.column(name), [self._bind(value) for value in values]), name)
            for name, values in visible.elements.items()
        ]
        everything = exp.Star(replace=seen) if seen else exp.Star()
        return sql.subquery([everything], table, "visible", [self._condition(visible.condition)])

    def _operand(self, operand: Operand) -> exp.Expr:
        column = self._declared(operand.column)
        match operand:
            case MapValue(_, key):
                return self._dialect.map_value(column, self._bind(key))
            case TagValue(_, key):
                return self._dialect.tag_value(column, self._bind(f"{key}:"), len(key) + 2)
            case Bin(_, bounds):
                return self._bin(column, bounds)
            case JSONText(_, path):
                return self._dialect.json_text(column, [self._bind(each) for each in self._dialect.json_path(path)])
        return column

    def _bin(self, column: exp.Expr, bounds: tuple[float, ...]) -> exp.Expr:
        found = exp.Case()
        for number, bound in enumerate(bounds):
            is_within = exp.LTE(this=column.copy(), expression=self._bind(bound))
            found = found.when(is_within, exp.Literal.number(number), copy=False)
        return found.else_(exp.Literal.number(len(bounds)), copy=False)

    def _declared(self, name: str) -> exp.Expr:
        """Return a column of the dataset; anything else is a mistake of ours, not of a caller."""
        if name != "tenant" and name not in self._dataset.by_name:
            raise LookupError(f"{self._dataset.name} has no column {name}")
        return sql.column(name)

    def _condition(self, condition: Condition) -> exp.Expr:
        match condition:
            case And(()) | Or(()):
                return exp.true() if isinstance(condition, And) else exp.false()
            case Not(inner):
                return sql.negated(sql.known(self._condition(inner)), negated=True)
            case And(conditions):
                return exp.and_(*map(self._condition, conditions), copy=False)
            case Or(conditions):
                return exp.or_(*map(self._condition, conditions), copy=False)
            case Compare(operand, comparison, value):
                return _COMPARISONS[comparison](this=self._operand(operand), expression=self._bind(value))
            case OneOf(operand, (), negated):
                return self._condition(IsNull(operand, negated=True)) if negated else exp.false()
            case OneOf(operand, values, negated):
                bound = [self._bind(value) for value in values]
                return sql.negated(exp.In(this=self._operand(operand), expressions=bound), negated)
            case Matches(operand, test, text, negated):
                matches = self._dialect.text_test(test, self._operand(operand), self._bind(text))
                return sql.negated(matches, negated)
            case IsNull(operand, negated):
                return sql.negated(exp.Is(this=self._operand(operand), expression=exp.Null()), negated)
            case HasAny(column, values, negated):
                array = self._declared(column)
                return sql.negated(self._dialect.has_any(array, [self._bind(value) for value in values]), negated)

    def _bind(self, value: Value) -> exp.Expr:
        if isinstance(value, datetime):
            value = _naive(value)
        self._parameters.append(self._dialect.bound(value))
        return self._dialect.parameter(len(self._parameters), value)


def _naive(time: datetime) -> datetime:
    """Convert a time to what is stored: UTC without a zone. Times without one stay as they are."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
