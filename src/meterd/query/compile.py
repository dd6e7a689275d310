"""Compiles a `Query` to SQL, as a sqlglot expression tree.

Column names come from dataset declarations, values are bound parameters; no text is put together by hand. Percentiles
of one operand are computed in one pass, so they share a column of the result.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from sqlglot import exp

from meterd.calendars.zones import Span
from meterd.datasets import Kind, Series
from meterd.query import local_time, sql
from meterd.query.buckets import Interval
from meterd.query.conditions import Conditions
from meterd.query.dialects import Dialect
from meterd.query.model import (
    Aggregate,
    Field,
    Function,
    Group,
    GroupBucket,
    GroupElement,
    Operand,
    Query,
    Ranking,
)
from meterd.query.visibility import Visibility

_FUNCTIONS: dict[Function, type[exp.AggFunc]] = {
    Function.COUNT: exp.Count,
    Function.SUM: exp.Sum,
    Function.AVERAGE: exp.Avg,
    Function.MINIMUM: exp.Min,
    Function.MAXIMUM: exp.Max,
}


_MEASURED, _PLACE, _FACT = "measured", "group_place", "fact_number"
"""Names of a ranking: all groups, and the place of a fact's group and the number of a fact, which are columns."""


class Compiled(msgspec.Struct, frozen=True):
    """SQL text with its parameters, and where each aggregate's value is found in a row.

    Columns of a row: the bucket's start if the query has an interval, the groups, `total`, then aggregate columns.
    `positions[i]` belongs to `query.aggregates[i]`: the column, and the place in its array (None: the column itself).
    """

    sql: str
    parameters: tuple[object, ...]
    positions: tuple[tuple[int, int | None], ...]


def compile_query(query: Query, visible: Visibility | None, dialect: Dialect, limit: int) -> Compiled:
    """Return SQL for `query`, restricted to what is `visible`, with at most `limit` rows."""
    return _Compiler(query, dialect).compile(visible, limit)


class _Compiler(Conditions):
    def __init__(self, query: Query, dialect: Dialect) -> None:
        super().__init__(query.dataset, dialect)
        self._query = query
        self._elements: dict[str, str] = {}
        self._growing = {
            aggregate.operand.column for aggregate in query.aggregates if aggregate.function is Function.INCREASE
        }

    def compile(self, visible: Visibility | None, limit: int) -> Compiled:
        query = self._query
        source, measured = self._source(visible), None
        if query.ranking and query.is_ranked_first:
            measured = self._measured(self._source(visible), query.ranking)
            source = self._placed(source, query.ranking)
        bucket = [self._bucket(query.interval)] if query.interval else []
        groups = [_placed_only(self._group(group)) if measured else self._group(group) for group in query.groups]
        keys = [sql.named(key, f"k{number}") for number, key in enumerate([*bucket, *groups])]
        total = sql.named(exp.Count(this=exp.Star()), "total")
        aggregates, positions = self._aggregates(first=len(keys) + 1)
        places = [sql.named(sql.column(_PLACE), _PLACE), sql.named(_count_of_groups(), "groups")] if measured else []
        select = sql.select([*keys, total, *aggregates, *places], source)
        by = [*range(1, len(keys) + 1), *([len(keys) + len(aggregates) + 2] if measured else [])]
        if by:
            select.group_by(*map(exp.Literal.number, by), copy=False)
        if measured:
            select = select.with_(_MEASURED, as_=measured, materialized=True, copy=False)
        if query.ranking and not measured:
            limit = min(limit, query.ranking.limit or limit)
        select.order_by(*self._order(len(bucket), len(keys), positions), copy=False).limit(limit, copy=False)
        return Compiled(select.sql(self._dialect.name, copy=False), tuple(self._parameters), tuple(positions))

    def _measured(self, facts: exp.Expr, ranking: Ranking) -> exp.Select:
        """Return all groups over the whole window, with what they are ordered by."""
        groups = [
            sql.named(self._group(group), key) for group, key in zip(self._query.groups, self._ranked, strict=True)
        ]
        total = sql.named(exp.Count(this=exp.Star()), "ranked_total")
        measured = sql.select([*groups, total, *self._measure(ranking)], facts)
        return measured.group_by(*(exp.Literal.number(number + 1) for number in range(len(groups))), copy=False)

    def _placed(self, facts: exp.Subquery | exp.Table, ranking: Ranking) -> exp.Subquery:
        """Join facts with the place of their group among those within the limit; others have none, or are left out."""
        order = [sql.ordered(sql.column(self._ranked_by(ranking)), ranking.is_descending)]
        order += [sql.ordered(sql.column("ranked_total"), descending=True)]
        order += [sql.ordered(sql.column(key)) for key in self._ranked]
        first = sql.select([exp.Star()], exp.to_table(_MEASURED)).order_by(*order, copy=False)
        if ranking.limit:
            first = first.limit(ranking.limit, copy=False)
        place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[each.copy() for each in order]))
        columns = [*map(sql.column, self._ranked), sql.named(place, _PLACE)]
        ranks = sql.subquery(columns, first.subquery("first", copy=False), "ranks")
        is_same = [
            exp.NullSafeEQ(this=self._group(group), expression=sql.column(key))
            for group, key in zip(self._query.groups, self._ranked, strict=True)
        ]
        kind = "left" if ranking.has_other else "inner"
        joined = sql.select([exp.Star()], facts).join(
            ranks, on=exp.and_(*is_same, copy=False), join_type=kind, copy=False
        )
        found = joined.subquery("facts", copy=False)
        return self._once(found) if ranking.has_other and self._has_elements else found

    @property
    def _ranked(self) -> list[str]:
        """Names of the groups that are measured."""
        return [f"ranked_{number}" for number in range(len(self._query.groups))]

    def _measure(self, ranking: Ranking) -> Iterator[exp.Expr]:
        for aggregate in self._query.aggregates:
            if aggregate.key == ranking.key:
                yield sql.named(self._value(aggregate), "ranked_by")

    def _ranked_by(self, ranking: Ranking) -> str:
        for number, group in enumerate(self._query.groups):
            if group.key == ranking.key:
                return f"ranked_{number}"
        return "ranked_total" if ranking.key == "total" else "ranked_by"

    def _value(self, aggregate: Aggregate) -> exp.Expr:
        if aggregate.function is Function.PERCENTILE:
            return self._dialect.percentiles(self._operand(aggregate.operand), [aggregate.fraction])
        return self._aggregate(aggregate)

    @property
    def _has_elements(self) -> bool:
        return any(isinstance(group, GroupElement) for group in self._query.groups)

    def _once(self, facts: exp.Expr) -> exp.Subquery:
        """Leave out facts that are in several of the groups beyond the limit, but for one of them."""
        nth = exp.Window(this=exp.RowNumber(), partition_by=[sql.column(_FACT), sql.column(_PLACE)])
        counted = sql.subquery([exp.Star(), sql.named(nth, "nth")], facts, "facts")
        first = exp.EQ(this=sql.column("nth"), expression=exp.Literal.number(1))
        return sql.subquery(
            [exp.Star()], counted, "facts", [exp.or_(first, sql.not_null(sql.column(_PLACE)), copy=False)]
        )

    def _bucket(self, interval: Interval) -> exp.Expr:
        query, time = self._query, sql.column("ts")
        if query.zone is None:
            return self._dialect.bucket(time, interval)
        spans = local_time.spans_of(interval, query.start, query.end, query.zone)
        if local_time.is_as_in_utc(interval, spans):
            return self._dialect.bucket(time, interval)
        if local_time.is_of_clock(interval):
            return local_time.by_span(spans, lambda span: self._clock_bucket(interval, span), self._fork)
        return self._dialect.bucket(local_time.by_span(spans, self._local, self._fork), interval)

    def _local(self, span: Span) -> exp.Expr:
        """Return the local time of a fact, which never goes back to an earlier date."""
        local = self._dialect.later(sql.column("ts"), span.offset)
        shown = local_time.shown_before(span)
        return local if shown is None else self._dialect.latest(local, self._time(shown))

    def _clock_bucket(self, interval: Interval, span: Span) -> exp.Expr:
        bucket = self._dialect.bucket(self._dialect.later(sql.column("ts"), span.offset), interval)
        start = self._time(local_time.instant(span.start))
        return self._dialect.latest(self._dialect.later(bucket, -span.offset), start)

    def _fork(self, at: int, before: exp.Expr, after: exp.Expr) -> exp.Expr:
        is_before = exp.LT(this=sql.column("ts"), expression=self._time(local_time.instant(at)))
        return exp.Case().when(is_before, before, copy=False).else_(after, copy=False)

    def _time(self, time: datetime) -> exp.Expr:
        return exp.cast(self._bind(time), "TIMESTAMP", copy=False)

    def _source(self, visible: Visibility | None) -> exp.Subquery | exp.Table:
        """Return the facts that count, one row for each, or for each combination of array elements grouped by."""
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
        facts = sql.subquery([exp.Star()], source, "facts", conditions)
        if query.ranking and query.ranking.has_other and self._has_elements:
            number = sql.named(exp.Window(this=exp.RowNumber()), _FACT)
            facts = sql.subquery([exp.Star(), number], facts, "facts")
        for group in query.groups:
            if isinstance(group, GroupElement):
                self._elements[group.column] = f"{group.column}_element"
                element = sql.named(self._dialect.elements(sql.column(group.column)), self._elements[group.column])
                facts = sql.subquery([exp.Star(), element], facts, "facts")  # arrays of one SELECT would go in step
            elif isinstance(group, GroupBucket):
                facts = sql.subquery([exp.Star(), *self._buckets()], facts, "facts")
        return facts

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
        return sql.named(self._dialect.previous(sql.column(column), by, order), _previous(column))

    def _buckets(self) -> Iterator[exp.Expr]:
        """Return the bound and the increase of each bucket, as columns of a row for each."""
        series = self._series
        increases = self._dialect.increases(sql.column(series.counts), sql.column(_previous(series.counts)))
        for column, array in ((series.bounds, sql.column(series.bounds)), (series.counts, increases)):
            self._elements[column] = f"{column}_element"
            yield sql.named(self._dialect.elements(array), self._elements[column])

    def _group(self, group: Group | GroupElement | GroupBucket) -> exp.Expr:
        match group:
            case GroupElement(_, column):
                return sql.column(self._elements[column])
            case GroupBucket():
                return sql.column(self._elements[self._series.bounds])
            case Group(_, operand):
                return self._operand(operand)

    def _aggregates(self, first: int) -> tuple[list[exp.Expr], list[tuple[int, int | None]]]:
        columns: list[exp.Expr] = []
        positions: list[tuple[int, int | None]] = []
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
            return exp.Sum(this=self._increase(operand.column, value))
        if aggregate.function in (Function.FIRST, Function.LAST):
            return self._dialect.by_time(value, sql.column("ts"), last=aggregate.function is Function.LAST)
        if aggregate.function is Function.COUNT_DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        return _FUNCTIONS[aggregate.function](this=value)

    def _increase(self, column: str, value: exp.Expr) -> exp.Expr:
        """Subtract the total before, unless there is none, or the total fell, which is a reset."""
        if column in self._elements:
            return sql.column(self._elements[column])
        previous = sql.column(_previous(column))
        begins = exp.or_(exp.Is(this=previous, expression=exp.Null()), exp.LT(this=value, expression=previous))
        return exp.Case().when(begins, value).else_(exp.Sub(this=value, expression=previous))

    def _order(self, buckets: int, keys: int, positions: Sequence[tuple[int, int | None]]) -> list[exp.Expr]:
        """Order by bucket, time first, then by the ranking, then the largest groups first, then by group values.

        Nulls come last.
        """
        time = [sql.ordered(exp.Literal.number(number + 1)) for number in range(buckets)]
        if self._query.is_ranked_first:
            return [*time, sql.ordered(sql.column(_PLACE))]
        groups = [sql.ordered(exp.Literal.number(number)) for number in range(buckets + 1, keys + 1)]
        largest = sql.ordered(exp.Literal.number(keys + 1), descending=True)
        return [*time, *self._first(keys, positions), largest, *groups]

    def _first(self, keys: int, positions: Sequence[tuple[int, int | None]]) -> Iterator[exp.Expr]:
        """Return what a ranking orders the rows of a distribution by."""
        ranking = self._query.ranking
        if ranking is None:
            return
        columns: dict[str, tuple[int, int | None]] = {"total": (keys, None)}
        columns |= {each.key: place for each, place in zip(self._query.aggregates, positions, strict=True)}
        columns |= {group.key: (number, None) for number, group in enumerate(self._query.groups)}
        column, place = columns[ranking.key]
        by = (
            exp.Literal.number(column + 1)
            if place is None
            else self._dialect.element(sql.column(f"a{column - keys - 1}"), place)
        )
        yield sql.ordered(by, ranking.is_descending)


def _placed_only(group: exp.Expr) -> exp.Expr:
    """Return the value of a group that has a place, null of all others."""
    return exp.Case().when(sql.not_null(sql.column(_PLACE)), group, copy=False)


def _count_of_groups() -> exp.Expr:
    return sql.select([exp.Count(this=exp.Star())], exp.to_table(_MEASURED)).subquery(copy=False)


def _previous(column: str) -> str:
    return f"previous_{column}"
