"""Compiles a `Query` to SQL, as a sqlglot expression tree.

Column names come from dataset declarations, values are bound parameters; no text is put together by hand.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlglot import exp

from meterd.calendars.zones import Span
from meterd.query import cells, local_time, sql
from meterd.query.aggregates import Position
from meterd.query.buckets import FIRST, YEARS_OF_FIRST_BUCKETS, Interval
from meterd.query.dialects import Dialect
from meterd.query.model import Query, Ranking
from meterd.query.ranking import MEASURED, PLACE, RANKS
from meterd.query.visibility import Visibility


class Compiled(msgspec.Struct, frozen=True):
    """SQL text with its parameters, and where each aggregate's value is found in a row.

    Columns of a row: the bucket's start if the query has an interval, the groups, `total`, then aggregate columns.
    `positions[i]` belongs to `query.aggregates[i]`.
    """

    sql: str
    parameters: tuple[object, ...]
    positions: tuple[Position, ...]


def compile_query(query: Query, visible: Visibility | None, dialect: Dialect, limit: int) -> Compiled:
    """Return SQL for `query`, restricted to what is `visible`, with at most `limit` rows."""
    return _Compiler(query, dialect).compile(visible, limit)


class _Compiler(cells.Cells):
    _bucket_number: exp.Expr | None = None

    def compile(self, visible: Visibility | None, limit: int) -> Compiled:
        query = self._query
        source = self._source(visible)
        bucket = [sql.named(self._bucket(query.interval), "k0")] if query.interval else []
        first = len(bucket) + len(query.groups) + 1
        if query.ranking and query.is_ranked_first:
            rows, steps, positions = self._ranked_rows(source, query.ranking, bucket, visible)
            select = self._with_groups(rows, steps, aggregates=len(rows.expressions) - len(bucket) - 2)
        else:
            groups = [
                sql.named(self._group(group), f"k{number}") for number, group in enumerate(query.groups, len(bucket))
            ]
            select, positions = self._rows(source, [*bucket, *groups], first)
            limit = min(limit, (query.ranking and query.ranking.limit) or limit)
            select.order_by(*self._order(len(bucket), first - 1, positions), copy=False)
        select.limit(limit, copy=False)
        return Compiled(select.sql(self._dialect.name, copy=False), tuple(self._parameters), tuple(positions))

    def _ranked_rows(
        self, source: exp.Expr, ranking: Ranking, bucket: list[exp.Expr], visible: Visibility | None
    ) -> tuple[exp.Select, dict[str, exp.Select], list[Position]]:
        """Return rows by place, and what must be made before them: the places, by what groups have."""
        first = len(bucket) + len(self._query.groups) + 1
        if cells.are_enough(self._query):
            made, positions = self._rows(source, [*bucket, *self._cell_groups()], first)
            steps = {cells.CELLS: made, MEASURED: self._measured_cells(ranking), RANKS: self._ranks(ranking)}
            return self._placed_cells(ranking), steps, positions
        measured = self._measured(self._source(visible), ranking)
        place = sql.named(sql.column(PLACE), PLACE)
        arrays = self._arrays
        if ranking.has_other and len(arrays) == 1:
            placed = self._placed_elements(source, self._facts_that_count(visible), arrays[0])
        else:
            placed = self._placed(source, ranking)
        rows, positions = self._rows(placed, [*bucket, place], first)
        return rows, {MEASURED: measured, RANKS: self._ranks(ranking)}, positions

    def _rows(self, facts: exp.Expr, keys: Sequence[exp.Expr], first: int) -> tuple[exp.Select, list[Position]]:
        """Return a row for each of the keys: those, the number of facts, the aggregates.

        Aggregates are in columns of the result from `first` on.
        """
        total = sql.named(exp.Count(this=exp.Star()), "total")
        aggregates, positions = self._aggregates(first)
        select = sql.select([*keys, total, *aggregates], facts)
        if keys:
            by: list[exp.Expr] = [exp.Literal.number(number + 1) for number in range(len(keys))]
            if self._bucket_number is not None:
                by[0] = self._bucket_number
            select.group_by(*by, copy=False)
        return select, positions

    def _bucket(self, interval: Interval) -> exp.Expr:
        query = self._query
        if query.zone is None:
            return self._bucket_in_utc(interval)
        spans = local_time.spans_of(interval, query.start, query.end, query.zone)
        if local_time.is_as_in_utc(interval, spans):
            return self._bucket_in_utc(interval)
        if local_time.is_of_clock(interval):
            return local_time.by_span(spans, lambda span: self._clock_bucket(interval, span), self._fork)
        return self._dialect.bucket(local_time.by_span(spans, self._local, self._fork), interval)

    def _bucket_in_utc(self, interval: Interval) -> exp.Expr:
        """Return the start of a fact's bucket, and keep what facts are grouped by for it, unless that is the start."""
        query, time = self._query, sql.column("ts")
        if query.start.year in YEARS_OF_FIRST_BUCKETS:
            return self._dialect.latest(self._dialect.bucket(time, interval), self._time(FIRST))
        self._bucket_number, start = self._dialect.numbered_bucket(time, interval, query.start)
        return start

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
        return self._dialect.time(self._bind(time))

    def _order(self, buckets: int, keys: int, positions: Sequence[Position]) -> list[exp.Expr]:
        """Order by bucket, time first, then by the ranking, then the largest groups first, then by group values.

        Nulls come last.
        """
        time = [sql.ordered(exp.Literal.number(number + 1)) for number in range(buckets)]
        groups = [sql.ordered(exp.Literal.number(number)) for number in range(buckets + 1, keys + 1)]
        largest = sql.ordered(exp.Literal.number(keys + 1), descending=True)
        return [*time, *self._first(keys, positions), largest, *groups]
