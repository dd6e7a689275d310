"""Compiles a `Query` to SQL, as a sqlglot expression tree.

Column names come from dataset declarations, values are bound parameters; no text is put together by hand. Percentiles
of one operand are computed in one pass, so they share a column of the result.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce

import msgspec
from sqlglot import exp

from meterd.calendars.zones import Span
from meterd.datasets import Dataset, Kind, Series
from meterd.query import local_time
from meterd.query.buckets import Interval
from meterd.query.dialects import Dialect
from meterd.query.model import (
    Aggregate,
    And,
    Bin,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    GroupBucket,
    GroupElement,
    HasAny,
    IsNull,
    Listing,
    MapValue,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    Query,
    Ranking,
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
_FUNCTIONS: dict[Function, type[exp.AggFunc]] = {
    Function.COUNT: exp.Count,
    Function.SUM: exp.Sum,
    Function.AVERAGE: exp.Avg,
    Function.MINIMUM: exp.Min,
    Function.MAXIMUM: exp.Max,
}


_PLACE, _GROUPS, _FACT = "group_place", "group_count", "fact_number"
"""Columns of a ranking: the place of a fact's group, how many groups there are, and the number of the fact."""

_TEXTS = (Kind.TEXT, Kind.JSON, Kind.TEXTS)


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


def compile_listing(listing: Listing, visible: Visibility | None, dialect: Dialect) -> tuple[str, tuple[object, ...]]:
    """Return SQL for the facts of a listing, restricted to what is `visible`, and its parameters."""
    return _Lister(listing.dataset, dialect).compile(listing, visible)


class _Conditions:
    """Conditions on the facts of one dataset, and the values that they are bound to."""

    def __init__(self, dataset: Dataset, dialect: Dialect) -> None:
        self._dataset = dataset
        self._dialect = dialect
        self._parameters: list[object] = []

    def _facts(self, visible: Visibility | None) -> exp.Subquery | exp.Table:
        """Select all facts of the dataset, or those that are visible, with what of them is: nothing looks behind it."""
        table = exp.to_table(self._dataset.name)
        if visible is None:
            return table
        seen = [
            _named(self._dialect.only(_column(name), [self._bind(value) for value in values]), name)
            for name, values in visible.elements.items()
        ]
        everything = exp.Star(replace=seen) if seen else exp.Star()
        return _subquery([everything], table, "visible", [self._condition(visible.condition)])

    def _operand(self, operand: Operand) -> exp.Expr:
        column = self._declared(operand.column)
        match operand:
            case MapValue(_, key):
                return self._dialect.map_value(column, self._bind(key))
            case TagValue(_, key):
                return self._dialect.tag_value(column, self._bind(f"{key}:"), len(key) + 2)
            case Bin(_, bounds):
                return self._bin(column, bounds)
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
        return _column(name)

    def _condition(self, condition: Condition) -> exp.Expr:
        match condition:
            case And(()) | Or(()):
                return exp.true() if isinstance(condition, And) else exp.false()
            case Not(inner):
                return _negated(self._condition(inner), negated=True)
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
                return _negated(exp.In(this=self._operand(operand), expressions=bound), negated)
            case Matches(operand, test, text, negated):
                matches = self._dialect.text_test(test, self._operand(operand), self._bind(text))
                return _negated(matches, negated)
            case IsNull(operand, negated):
                return _negated(exp.Is(this=self._operand(operand), expression=exp.Null()), negated)
            case HasAny(column, values, negated):
                array = self._declared(column)
                return _negated(self._dialect.has_any(array, [self._bind(value) for value in values]), negated)

    def _bind(self, value: Value) -> exp.Expr:
        self._parameters.append(_naive(value) if isinstance(value, datetime) else value)
        return self._dialect.parameter(len(self._parameters))


class _Lister(_Conditions):
    def compile(self, listing: Listing, visible: Visibility | None) -> tuple[str, tuple[object, ...]]:
        columns = [self._declared(name) for name in listing.columns]
        conditions = [self._condition(listing.condition)]
        if listing.max_bytes is not None:
            conditions.append(self._fits(listing, visible, listing.max_bytes))
        select = _select(columns, self._facts(visible), conditions)
        order = (_ordered(self._declared(each.column), each.descending) for each in listing.order)
        select.order_by(*order, copy=False).limit(listing.limit, copy=False)
        if listing.offset:
            select.offset(listing.offset, copy=False)
        return select.sql(self._dialect.name, copy=False), tuple(self._parameters)

    def _fits(self, listing: Listing, visible: Visibility | None, maximum: int) -> exp.Expr:
        """Tell whether texts of the facts before one have less bytes than `maximum`: sizes are added up, not texts
        kept.
        """
        by = listing.order[0].column
        texts = [name for name in listing.columns if self._dataset.by_name[name].kind in _TEXTS]
        zero: exp.Expr = exp.Literal.number(0)
        size = reduce(_sum, (self._dialect.size(_column(name)) for name in texts), zero)
        columns = [_named(_placed(by), "place"), _named(size, "size")]
        facts = _select(columns, self._facts(visible), [self._condition(listing.condition)])
        facts = facts.order_by(exp.column("place"), copy=False).limit(listing.limit, copy=False)
        so_far = exp.Window(
            this=exp.Sum(this=exp.column("size")),
            order=exp.Order(expressions=[_ordered(exp.column("place"))]),
            spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
        )
        before = _named(exp.Sub(this=so_far, expression=exp.column("size")), "before")
        running = _subquery([exp.column("place"), before], facts.subquery("facts", copy=False), "running")
        fits = exp.LT(this=exp.column("before"), expression=self._bind(maximum))
        last = _select([exp.Max(this=exp.column("place"))], running, [fits])
        return exp.LTE(this=_placed(by), expression=last.subquery())


class _Compiler(_Conditions):
    def __init__(self, query: Query, dialect: Dialect) -> None:
        super().__init__(query.dataset, dialect)
        self._query = query
        self._elements: dict[str, str] = {}
        self._growing = {
            aggregate.operand.column for aggregate in query.aggregates if aggregate.function is Function.INCREASE
        }

    def compile(self, visible: Visibility | None, limit: int) -> Compiled:
        query = self._query
        source = self._source(visible)
        ranking = query.ranking
        if ranking:
            source = self._ranked(source, self._source(visible), ranking)
        bucket = [self._bucket(query.interval)] if query.interval else []
        groups = [self._group(group) for group in query.groups]
        if ranking and ranking.limit:
            groups = [_within(ranking.limit, group) for group in groups]
        keys = [_named(key, f"k{number}") for number, key in enumerate([*bucket, *groups])]
        total = _named(exp.Count(this=exp.Star()), "total")
        aggregates, positions = self._aggregates(first=len(keys) + 1)
        places = (
            [_named(_place(ranking), "place"), _named(self._dialect.any(_column(_GROUPS)), "groups")] if ranking else []
        )
        select = _select([*keys, total, *aggregates, *places], source)
        by = [*range(1, len(keys) + 1), *([len(keys) + len(aggregates) + 2] if ranking else [])]
        if by:
            select.group_by(*map(exp.Literal.number, by), copy=False)
        order = (
            [_ordered(exp.Literal.number(number)) for number in (*range(1, len(bucket) + 1), by[-1])]
            if ranking
            else self._order(len(bucket), len(keys))
        )
        select.order_by(*order, copy=False).limit(limit, copy=False)
        return Compiled(select.sql(self._dialect.name, copy=False), tuple(self._parameters), tuple(positions))

    def _ranked(self, facts: exp.Subquery | exp.Table, ranked: exp.Expr, ranking: Ranking) -> exp.Subquery:
        """Join facts with the place of their group, and the number of groups."""
        keys = [f"ranked_{number}" for number in range(len(self._query.groups))]
        groups = [_named(self._group(group), key) for group, key in zip(self._query.groups, keys, strict=True)]
        total = _named(exp.Count(this=exp.Star()), "ranked_total")
        measured = _select([*groups, total, *self._measure(ranking)], ranked)
        measured.group_by(*(exp.Literal.number(number + 1) for number in range(len(keys))), copy=False)
        order = [_ordered(_column(self._ranked_by(ranking)), ranking.is_descending)]
        order += [_ordered(_column("ranked_total"), descending=True), *(_ordered(_column(key)) for key in keys)]
        place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=order))
        count = exp.Window(this=exp.Count(this=exp.Star()))
        columns = [*map(_column, keys), _named(place, _PLACE), _named(count, _GROUPS)]
        ranks = _subquery(columns, measured.subquery("measured", copy=False), "ranks")
        is_same = [
            exp.NullSafeEQ(this=self._group(group), expression=_column(key))
            for group, key in zip(self._query.groups, keys, strict=True)
        ]
        joined = _select([exp.Star()], facts).join(ranks, on=exp.and_(*is_same, copy=False), copy=False)
        found = joined.subquery("facts", copy=False)
        return self._once(found, ranking, ranking.limit) if ranking.limit and self._has_elements else found

    def _measure(self, ranking: Ranking) -> Iterator[exp.Expr]:
        for aggregate in self._query.aggregates:
            if aggregate.key == ranking.key:
                yield _named(self._value(aggregate), "ranked_by")

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

    def _once(self, facts: exp.Expr, ranking: Ranking, limit: int) -> exp.Subquery:
        """Leave out facts that are in several of the groups beyond the limit, but for one of them."""
        nth = exp.Window(this=exp.RowNumber(), partition_by=[_column(_FACT), _place(ranking)])
        counted = _subquery([exp.Star(), _named(nth, "nth")], facts, "facts")
        first = exp.EQ(this=_column("nth"), expression=exp.Literal.number(1))
        return _subquery([exp.Star()], counted, "facts", [exp.or_(first, _is_within(limit), copy=False)])

    def _bucket(self, interval: Interval) -> exp.Expr:
        query, time = self._query, _column("ts")
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
        local = self._dialect.later(_column("ts"), span.offset)
        shown = local_time.shown_before(span)
        return local if shown is None else self._dialect.latest(local, self._time(shown))

    def _clock_bucket(self, interval: Interval, span: Span) -> exp.Expr:
        bucket = self._dialect.bucket(self._dialect.later(_column("ts"), span.offset), interval)
        start = self._time(local_time.instant(span.start))
        return self._dialect.latest(self._dialect.later(bucket, -span.offset), start)

    def _fork(self, at: int, before: exp.Expr, after: exp.Expr) -> exp.Expr:
        is_before = exp.LT(this=_column("ts"), expression=self._time(local_time.instant(at)))
        return exp.Case().when(is_before, before, copy=False).else_(after, copy=False)

    def _time(self, time: datetime) -> exp.Expr:
        return exp.cast(self._bind(time), "TIMESTAMP", copy=False)

    def _source(self, visible: Visibility | None) -> exp.Subquery | exp.Table:
        """Return the facts that count, one row for each, or for each combination of array elements grouped by."""
        query = self._query
        start, end = self._bind(query.start), self._bind(query.end)
        source = self._facts(visible)
        conditions: list[exp.Expr] = [exp.LT(this=_column("ts"), expression=end)]
        if query.condition is not None:
            conditions.append(self._condition(query.condition))
        if self._growing:
            previous = [self._previous(column) for column in sorted(self._growing)]
            source = _subquery([exp.Star(), *previous], source, "series", conditions)
            conditions = []
        conditions.append(exp.GTE(this=_column("ts"), expression=start))
        facts = _subquery([exp.Star()], source, "facts", conditions)
        if query.ranking and self._has_elements:
            number = _named(exp.Window(this=exp.RowNumber()), _FACT)
            facts = _subquery([exp.Star(), number], facts, "facts")
        for group in query.groups:
            if isinstance(group, GroupElement):
                self._elements[group.column] = f"{group.column}_element"
                element = _named(self._dialect.elements(_column(group.column)), self._elements[group.column])
                facts = _subquery([exp.Star(), element], facts, "facts")  # arrays of one SELECT would go in step
            elif isinstance(group, GroupBucket):
                facts = _subquery([exp.Star(), *self._buckets()], facts, "facts")
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
        by = [self._dialect.sorted(_column(name)) if name in arrays else _column(name) for name in series.by]
        by += [_column(series.bounds)] if column == series.counts else []
        order = [_column(name) for name in series.order]
        return _named(self._dialect.previous(_column(column), by, order), _previous(column))

    def _buckets(self) -> Iterator[exp.Expr]:
        """Return the bound and the increase of each bucket, as columns of a row for each."""
        series = self._series
        increases = self._dialect.increases(_column(series.counts), _column(_previous(series.counts)))
        for column, array in ((series.bounds, _column(series.bounds)), (series.counts, increases)):
            self._elements[column] = f"{column}_element"
            yield _named(self._dialect.elements(array), self._elements[column])

    def _group(self, group: Group | GroupElement | GroupBucket) -> exp.Expr:
        match group:
            case GroupElement(_, column):
                return _column(self._elements[column])
            case GroupBucket():
                return _column(self._elements[self._series.bounds])
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
        return [_named(column, f"a{number}") for number, column in enumerate(columns)], positions

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
                value: exp.Expr = _column(self._elements[operand.column])
            elif aggregate.function is Function.COUNT:
                return self._dialect.count_filled(_column(operand.column))
            else:
                return self._dialect.count_distinct_elements(_column(operand.column))
        else:
            value = self._operand(operand)
        if aggregate.function is Function.INCREASE:
            return exp.Sum(this=self._increase(operand.column, value))
        if aggregate.function in (Function.FIRST, Function.LAST):
            return self._dialect.by_time(value, _column("ts"), last=aggregate.function is Function.LAST)
        if aggregate.function is Function.COUNT_DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        return _FUNCTIONS[aggregate.function](this=value)

    def _increase(self, column: str, value: exp.Expr) -> exp.Expr:
        """Subtract the total before, unless there is none, or the total fell, which is a reset."""
        if column in self._elements:
            return _column(self._elements[column])
        previous = _column(_previous(column))
        begins = exp.or_(exp.Is(this=previous, expression=exp.Null()), exp.LT(this=value, expression=previous))
        return exp.Case().when(begins, value).else_(exp.Sub(this=value, expression=previous))

    def _order(self, buckets: int, keys: int) -> list[exp.Expr]:
        """Order by bucket, time first, then the largest groups first, ties by group values with nulls last."""
        groups = [_ordered(exp.Literal.number(number)) for number in range(buckets + 1, keys + 1)]
        return [
            *(_ordered(exp.Literal.number(1)) for _ in range(buckets)),
            _ordered(exp.Literal.number(keys + 1), descending=True),
            *groups,
        ]


def _select(columns: Sequence[exp.Expr], source: exp.Expr, conditions: Sequence[exp.Expr] = ()) -> exp.Select:
    """Build a SELECT of the expressions themselves: copies at each step would cost the square of their number."""
    select = exp.select(*columns, copy=False).from_(source, copy=False)
    return select.where(exp.and_(*conditions, copy=False), copy=False) if conditions else select


def _subquery(
    columns: Sequence[exp.Expr], source: exp.Expr, name: str, conditions: Sequence[exp.Expr] = ()
) -> exp.Subquery:
    return _select(columns, source, conditions).subquery(name, copy=False)


def _is_within(limit: int) -> exp.Expr:
    return exp.LTE(this=_column(_PLACE), expression=exp.Literal.number(limit))


def _within(limit: int, group: exp.Expr) -> exp.Expr:
    """Return the value of a group within the limit of a ranking, null of all others."""
    return exp.Case().when(_is_within(limit), group, copy=False)


def _place(ranking: Ranking) -> exp.Expr:
    """Return the place of a group; all beyond the limit have the one after it."""
    if ranking.limit is None:
        return _column(_PLACE)
    return (
        exp.Case()
        .when(_is_within(ranking.limit), _column(_PLACE), copy=False)
        .else_(exp.Literal.number(ranking.limit + 1), copy=False)
    )


def _named(expression: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(expression, name, copy=False)


def _previous(column: str) -> str:
    return f"previous_{column}"


def _placed(column: str) -> exp.Expr:
    """Return the number that orders facts; those without one come last, together."""
    return exp.Coalesce(this=_column(column), expressions=[exp.Literal.number(2**63 - 1)])


def _sum(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return exp.Add(this=one, expression=other)


def _column(name: str) -> exp.Expr:
    return exp.column(name)


def _ordered(expression: exp.Expr, descending: bool = False) -> exp.Expr:
    return exp.Ordered(this=expression, desc=descending, nulls_first=False)


def _negated(expression: exp.Expr, negated: bool) -> exp.Expr:
    return exp.Not(this=exp.paren(expression, copy=False)) if negated else expression


def _naive(time: datetime) -> datetime:
    """Convert a time to what is stored: UTC without a zone. Times without one stay as they are."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
