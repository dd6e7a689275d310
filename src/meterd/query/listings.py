"""Compiles listings of facts to SQL: those of one dataset, and those of several as one."""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from sqlglot import exp

from meterd.datasets import Dataset, Kind
from meterd.query import sql
from meterd.query.conditions import Conditions
from meterd.query.dialects import Dialect
from meterd.query.model import CombinedListing, Listing, Order, Part, Value
from meterd.query.visibility import Visibility

_TEXTS = (Kind.TEXT, Kind.JSON, Kind.TEXTS)
_PART = "part"
"""The column of a combined listing that says which of its parts a fact is of."""


def compile_listing(listing: Listing, visible: Visibility | None, dialect: Dialect) -> tuple[str, tuple[object, ...]]:
    """Return SQL for the facts of a listing, restricted to what is `visible`, and its parameters."""
    return _Lister(listing.dataset, dialect).compile(listing, visible)


def compile_combined(
    listing: CombinedListing, visible: Visibility | None, dialect: Dialect
) -> tuple[str, tuple[object, ...]]:
    """Return SQL for the facts of a combined listing, restricted to what is `visible`, and its parameters.

    Each part is ordered and cut by itself, so that no more of it is read than may be answered.
    """
    parameters: list[object] = []
    parts = [
        _PartLister(part.dataset, dialect, parameters).compile(listing, number, part, visible)
        for number, part in enumerate(listing.parts)
    ]
    facts = reduce(_union, parts).subquery("facts", copy=False)
    columns = [sql.column(name) for name in (*listing.columns, *listing.place, _PART)]
    select = sql.select(columns, facts)
    order = [sql.ordered(sql.column(each.column), each.descending) for each in (*listing.whole_order, Order(_PART))]
    select.order_by(*order, copy=False).limit(listing.limit, copy=False)
    if listing.offset:
        select.offset(listing.offset, copy=False)
    return select.sql(dialect.name, copy=False), tuple(parameters)


class _Lister(Conditions):
    def compile(self, listing: Listing, visible: Visibility | None) -> tuple[str, tuple[object, ...]]:
        columns = [self._declared(name) for name in listing.columns]
        conditions = [self._condition(listing.condition)]
        if listing.max_bytes is not None:
            conditions.append(self._fits(listing, visible, listing.max_bytes))
        select = sql.select(columns, self._facts(visible), conditions)
        order = (sql.ordered(self._declared(each.column), each.descending) for each in listing.order)
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
        size = reduce(_sum, (self._dialect.size(sql.column(name), self._is_array(name)) for name in texts), zero)
        columns = [sql.named(self._placed(by), "place"), sql.named(size, "size")]
        facts = sql.select(columns, self._facts(visible), [self._condition(listing.condition)])
        facts = facts.order_by(exp.column("place"), copy=False).limit(listing.limit, copy=False)
        so_far = exp.Window(
            this=exp.Sum(this=exp.column("size")),
            order=exp.Order(expressions=[sql.ordered(exp.column("place"))]),
            spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
        )
        before = sql.named(exp.Sub(this=so_far, expression=exp.column("size")), "before")
        running = sql.subquery([exp.column("place"), before], facts.subquery("facts", copy=False), "running")
        fits = exp.LT(this=exp.column("before"), expression=self._bind(maximum))
        last = sql.select([self._dialect.aggregate(exp.Max, exp.column("place"))], running, [fits])
        return exp.LTE(this=self._placed(by), expression=last.subquery())

    def _placed(self, column: str) -> exp.Expr:
        """Return the number that orders facts; those without one come last, together."""
        return exp.Coalesce(this=sql.column(column), expressions=[self._bind(2**63 - 1)])

    def _is_array(self, name: str) -> bool:
        return self._dataset.by_name[name].kind.is_array


def _sum(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return exp.Add(this=one, expression=other)


class _PartLister(Conditions):
    """The facts of one dataset in a combined listing. Columns that it does not have are null."""

    def __init__(self, dataset: Dataset, dialect: Dialect, parameters: list[object]) -> None:
        super().__init__(dataset, dialect)
        self._parameters = parameters

    def compile(self, listing: CombinedListing, number: int, part: Part, visible: Visibility | None) -> exp.Query:
        names = dict.fromkeys((*listing.columns, *listing.place))
        columns = [sql.named(self._value(name, listing.parts), name) for name in names]
        columns.append(sql.named(exp.Literal.number(number), _PART))
        conditions = [self._condition(part.condition)]
        if listing.after is not None:
            conditions.append(self._follows(listing.whole_order, listing.after, number))
        select = sql.select(columns, self._facts(visible), conditions)
        order = [
            sql.ordered(sql.column(each.column), each.descending)
            for each in listing.whole_order
            if self._has(each.column)
        ]
        select.order_by(*order, copy=False).limit(listing.limit + listing.offset, copy=False)
        return sql.select([exp.Star()], select.subquery(f"part_{number}", copy=False))

    def _has(self, name: str) -> bool:
        return name in self._dataset.by_name

    def _value(self, name: str, parts: Iterable[Part]) -> exp.Expr:
        kinds = {part.dataset.by_name[name].kind for part in parts if name in part.dataset.by_name}
        if not self._has(name):
            return self._dialect.absent(next(iter(kinds), Kind.TEXT))  # some names are in no part
        column = self._declared(name)
        return self._dialect.with_fractions(column) if kinds == {Kind.INTEGER, Kind.NUMBER} else column

    def _follows(self, order: Sequence[Order], after: Sequence[Value | None], number: int) -> exp.Expr:
        """Tell whether a fact comes after a place: it is behind in one column, and there in all that come before it."""
        *place, part = after
        choices = []
        for count, (each, value) in enumerate(zip(order, place, strict=True)):
            if (behind := self._behind(each, value)) is not None:
                choices.append(exp.and_(*self._at(order[:count], place), behind, copy=False))
        assert isinstance(part, int)
        if number > part:
            choices.append(exp.and_(*self._at(order, place), copy=False))
        return exp.or_(*choices, copy=False) if choices else exp.false()

    def _at(self, order: Sequence[Order], place: Sequence[Value | None]) -> Iterator[exp.Expr]:
        for each, value in zip(order, place, strict=False):
            if not self._has(each.column):
                yield exp.true() if value is None else exp.false()
            elif value is None:
                yield sql.is_null(sql.column(each.column))
            else:
                yield exp.EQ(this=sql.column(each.column), expression=self._bind(value))

    def _behind(self, order: Order, value: Value | None) -> exp.Expr | None:
        """Tell whether a fact is behind in a column, in which nulls come last; None when nothing can be."""
        if value is None:
            return None
        if not self._has(order.column):
            return exp.true()
        comparison = exp.LT if order.descending else exp.GT
        beyond = comparison(this=sql.column(order.column), expression=self._bind(value))
        return exp.paren(exp.or_(beyond, sql.is_null(sql.column(order.column)), copy=False), copy=False)


def _union(one: exp.Query, other: exp.Query) -> exp.Query:
    return exp.union(one, other, distinct=False, copy=False)
