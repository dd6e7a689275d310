"""Compiles a `Listing` of facts to SQL."""

from functools import reduce

from sqlglot import exp

from meterd.datasets import Kind
from meterd.query import sql
from meterd.query.conditions import Conditions
from meterd.query.dialects import Dialect
from meterd.query.model import Listing
from meterd.query.visibility import Visibility

_TEXTS = (Kind.TEXT, Kind.JSON, Kind.TEXTS)


def compile_listing(listing: Listing, visible: Visibility | None, dialect: Dialect) -> tuple[str, tuple[object, ...]]:
    """Return SQL for the facts of a listing, restricted to what is `visible`, and its parameters."""
    return _Lister(listing.dataset, dialect).compile(listing, visible)


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
        size = reduce(_sum, (self._dialect.size(sql.column(name)) for name in texts), zero)
        columns = [sql.named(_placed(by), "place"), sql.named(size, "size")]
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
        last = sql.select([exp.Max(this=exp.column("place"))], running, [fits])
        return exp.LTE(this=_placed(by), expression=last.subquery())


def _placed(column: str) -> exp.Expr:
    """Return the number that orders facts; those without one come last, together."""
    return exp.Coalesce(this=sql.column(column), expressions=[exp.Literal.number(2**63 - 1)])


def _sum(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    return exp.Add(this=one, expression=other)
