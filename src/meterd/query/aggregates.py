"""Compiles the aggregates of a query to SQL.

Percentiles of one operand are computed in one pass, so they share a column of the result.
"""

from collections.abc import Callable

from sqlglot import exp

from meterd.datasets import Kind
from meterd.query import sql
from meterd.query.facts import Facts, previous_of
from meterd.query.model import Aggregate, Field, Function, Operand

_FUNCTIONS: dict[Function, type[exp.AggFunc]] = {
    Function.COUNT: exp.Count,
    Function.SUM: exp.Sum,
    Function.INCREASE: exp.Sum,
    Function.AVERAGE: exp.Avg,
    Function.MINIMUM: exp.Min,
    Function.MAXIMUM: exp.Max,
}

Position = tuple[int, int | None]
"""Where the value of an aggregate is in a row: the column, and the place in its array (None: the column itself)."""


class Aggregates(Facts):
    """The aggregates of a query, as columns."""

    def _aggregates(self, first: int) -> tuple[list[exp.Expr], list[Position]]:
        columns: list[exp.Expr] = []
        positions: list[Position] = []
        fractions, shared = self._fractions(), dict[Operand, int]()
        for aggregate in self._query.aggregates:
            if aggregate.function is not Function.PERCENTILE:
                positions.append((first + len(columns), None))
                columns.append(self._aggregate(aggregate))
                continue
            wanted = fractions[aggregate.operand]
            if aggregate.operand not in shared:
                shared[aggregate.operand] = first + len(columns)
                columns.append(self._dialect.percentiles(self._operand(aggregate.operand), wanted))
            positions.append((shared[aggregate.operand], wanted.index(aggregate.fraction)))
        return [sql.named(column, f"a{number}") for number, column in enumerate(columns)], positions

    def _fractions(self) -> dict[Operand, list[float]]:
        """Return the percentiles of each operand."""
        fractions: dict[Operand, list[float]] = {}
        for aggregate in self._query.aggregates:
            if aggregate.function is Function.PERCENTILE:
                fractions.setdefault(aggregate.operand, []).append(aggregate.fraction)
        return fractions

    def _value(self, aggregate: Aggregate) -> exp.Expr:
        if aggregate.function is Function.PERCENTILE:
            return self._dialect.percentiles(self._operand(aggregate.operand), [aggregate.fraction])
        return self._aggregate(aggregate)

    def _aggregate(self, aggregate: Aggregate) -> exp.Expr:
        operand = aggregate.operand
        if isinstance(operand, Field) and self._query.dataset.by_name[operand.column].kind is Kind.TEXTS:
            if operand.column in self._elements:
                value: exp.Expr = sql.column(self._elements[operand.column])
            elif aggregate.function is Function.COUNT:
                return self._dialect.count_filled(sql.column(operand.column))
            else:
                return self._dialect.count_distinct_elements(sql.column(operand.column))
        else:
            value = self._operand(operand)
        if aggregate.function is Function.INCREASE:
            value = self._increase(operand.column, value)
        if exact := self._exact(aggregate):
            return exact(value)
        if aggregate.function in (Function.FIRST, Function.LAST):
            return self._dialect.by_time(value, sql.column("ts"), last=aggregate.function is Function.LAST)
        if aggregate.function is Function.COUNT_DISTINCT:
            return self._dialect.count_distinct(value, self._has_fractions(operand))
        if aggregate.function is Function.LEAST_POSITIVE:
            is_positive = exp.GT(this=value.copy(), expression=exp.Literal.number(0))
            return self._dialect.aggregate(exp.Min, exp.Case().when(is_positive, value, copy=False))
        if aggregate.function is Function.HISTOGRAM:
            bounds = [self._bind(upper) for _, upper in aggregate.bins]
            return self._dialect.histogram(value, bounds) if bounds else exp.Null()
        return self._dialect.aggregate(_FUNCTIONS[aggregate.function], value)

    def _exact(self, aggregate: Aggregate) -> Callable[[exp.Expr], exp.Expr] | None:
        """Return what adds up or averages values with fractions; whole numbers are exact in any case."""
        if not self._has_fractions(aggregate.operand):
            return None
        if aggregate.function in (Function.SUM, Function.INCREASE):
            return self._dialect.exact_sum
        return self._dialect.exact_average if aggregate.function is Function.AVERAGE else None

    def _has_fractions(self, operand: Operand) -> bool:
        if not isinstance(operand, Field):
            return False
        return self._query.dataset.by_name[operand.column].kind in (Kind.NUMBER, Kind.NUMBERS)

    def _increase(self, column: str, value: exp.Expr) -> exp.Expr:
        """Subtract the total before, unless there is none, or the total fell, which is a reset."""
        if column in self._elements:
            return sql.column(self._elements[column])
        previous = sql.column(previous_of(column))
        begins = exp.or_(exp.Is(this=previous, expression=exp.Null()), exp.LT(this=value, expression=previous))
        return exp.Case().when(begins, value).else_(exp.Sub(this=value, expression=previous))
