"""Compiles the facts that a query counts to SQL: a row for each, or for each combination of array elements."""

from collections.abc import Iterator

from sqlglot import exp

from meterd.datasets import Kind, Series
from meterd.query import sql
from meterd.query.conditions import Conditions
from meterd.query.dialects import Dialect
from meterd.query.model import Function, Group, GroupBucket, GroupElement, Query
from meterd.query.visibility import Visibility

FACT = "fact_number"
"""The column that numbers facts, where one may be in several groups that are answered as one."""


class Facts(Conditions):
    """The facts of a query, and what they are grouped by."""

    def __init__(self, query: Query, dialect: Dialect) -> None:
        super().__init__(query.dataset, dialect)
        self._query = query
        self._elements: dict[str, str] = {}
        self._growing = {
            aggregate.operand.column for aggregate in query.aggregates if aggregate.function is Function.INCREASE
        }

    def _source(self, visible: Visibility | None) -> exp.Expr:
        """Return the facts that count, one row for each, or for each combination of array elements grouped by."""
        facts = self._facts_that_count(visible)
        if self._is_numbered:
            number = sql.named(exp.Window(this=exp.RowNumber()), FACT)
            facts = sql.subquery([exp.Star(), number], facts, "facts")
        for group in self._query.groups:
            if isinstance(group, GroupElement):
                self._elements[group.column] = f"{group.column}_element"
                element = sql.named(self._dialect.elements(sql.column(group.column)), self._elements[group.column])
                facts = sql.subquery([exp.Star(), element], facts, "facts")  # arrays of one SELECT would go in step
            elif isinstance(group, GroupBucket):
                facts = sql.subquery([exp.Star(), *self._buckets()], facts, "facts")
        return facts

    def _facts_that_count(self, visible: Visibility | None) -> exp.Subquery:
        """Return the facts that count, one row for each."""
        query = self._query
        start, end = self._bind(query.start), self._bind(query.end)
        source = self._facts(visible)
        conditions: list[exp.Expr] = [exp.LT(this=sql.column("ts"), expression=end)]
        if query.condition is not None:
            conditions.append(self._condition(query.condition))
        if self._growing:
            previous = [self._previous(column) for column in sorted(self._growing)]
            source = sql.subquery([exp.Star(), *previous], source, "series", conditions)
            conditions = []
        conditions.append(exp.GTE(this=sql.column("ts"), expression=start))
        return sql.subquery([exp.Star()], source, "facts", conditions)

    @property
    def _is_numbered(self) -> bool:
        """Tell whether facts may be in several of the others in a way that only their numbers tell."""
        ranking = self._query.ranking
        return ranking is not None and ranking.has_other and len(self._arrays) > 1

    @property
    def _arrays(self) -> list[str]:
        """The columns of arrays whose elements are grouped by."""
        return [group.column for group in self._query.groups if isinstance(group, GroupElement)]

    @property
    def _series(self) -> Series:
        series = self._query.dataset.series
        assert series is not None  # who asks for an increase has looked
        return series

    def _previous(self, column: str) -> exp.Expr:
        """Return what a running column was before each fact of a series; distributions with other bounds are other
        series.
        """
        series = self._series
        arrays = {column.name for column in self._query.dataset.columns if column.kind is Kind.TEXTS}
        by = [self._dialect.sorted(sql.column(name)) if name in arrays else sql.column(name) for name in series.by]
        by += [sql.column(series.bounds)] if column == series.counts else []
        order = [sql.column(name) for name in series.order]
        is_array = self._query.dataset.by_name[column].kind.is_array
        return sql.named(self._dialect.previous(sql.column(column), is_array, by, order), previous_of(column))

    def _buckets(self) -> Iterator[exp.Expr]:
        """Return the bound and the increase of each bucket, as columns of a row for each."""
        series = self._series
        increases = self._dialect.increases(sql.column(series.counts), sql.column(previous_of(series.counts)))
        in_step = self._dialect.elements_in_step(sql.column(series.bounds), increases)
        for column, elements in zip((series.bounds, series.counts), in_step, strict=True):
            self._elements[column] = f"{column}_element"
            yield sql.named(elements, self._elements[column])

    def _group(self, group: Group | GroupElement | GroupBucket) -> exp.Expr:
        match group:
            case GroupElement(_, column):
                return sql.column(self._elements[column])
            case GroupBucket():
                return sql.column(self._elements[self._series.bounds])
            case Group(_, operand):
                return self._operand(operand)


def previous_of(column: str) -> str:
    return f"previous_{column}"
