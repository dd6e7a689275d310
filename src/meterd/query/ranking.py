"""Compiles the order of groups to SQL: which of them are first, over the whole window.

The rows of a distribution are sorted and cut. Where that is not enough, groups are measured first, and facts are joined
with the places of the first ones; those without a place are in the others.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from meterd.query import sql
from meterd.query.aggregates import Aggregates, Position
from meterd.query.facts import FACT
from meterd.query.model import GroupElement, Ranking

MEASURED, RANKS, _PLACED = "measured", "ranks", "placed"
"""All groups with what they are ordered by, the places of the first ones, and rows by place."""
PLACE = "group_place"
"""The column with the place of a group."""


class Ranks(Aggregates):
    """The places of groups."""

    def _measured(self, facts: exp.Expr, ranking: Ranking) -> exp.Select:
        """Return all groups over the whole window, with what they are ordered by."""
        groups = [
            sql.named(self._group(group), key) for group, key in zip(self._query.groups, self._ranked, strict=True)
        ]
        total = sql.named(exp.Count(this=exp.Star()), "ranked_total")
        measured = sql.select([*groups, total, *self._measure(ranking)], facts)
        return measured.group_by(*(exp.Literal.number(number + 1) for number in range(len(groups))), copy=False)

    def _ranks(self, ranking: Ranking) -> exp.Select:
        """Return the first groups, with their places."""
        order = [sql.ordered(sql.column(self._ranked_by(ranking)), ranking.is_descending)]
        order += [sql.ordered(sql.column("ranked_total"), descending=True)]
        order += [sql.ordered(sql.column(key)) for key in self._ranked]
        first = sql.select([exp.Star()], exp.to_table(MEASURED)).order_by(*order, copy=False)
        if ranking.limit:
            first = first.limit(ranking.limit, copy=False)
        place = exp.Window(this=exp.RowNumber(), order=exp.Order(expressions=[each.copy() for each in order]))
        columns = [*map(sql.column, self._ranked), sql.named(place, PLACE)]
        return sql.select(columns, first.subquery("first", copy=False))

    def _placed(self, facts: exp.Expr, ranking: Ranking) -> exp.Subquery:
        """Join facts with the place of their group among those within the limit; others have none, or are left out."""
        kind = "left" if ranking.has_other else "inner"
        ranks = exp.to_table(RANKS)
        joined = sql.select([exp.Star()], facts).join(ranks, on=self._is_same(), join_type=kind, copy=False)
        found = joined.subquery("facts", copy=False)
        return self._once(found) if self._is_numbered else found

    def _placed_elements(self, facts: exp.Expr, whole: exp.Expr, array: str) -> exp.Subquery:
        """Return facts with the places of their elements; those that are in the others have none, and are there once.

        `facts` has a row for each element of the array, `whole` one for each fact. What has one element is one row
        anyway. Of several, one must not be among the first: lists of these are compared, for each value of the other
        groups.
        """
        everything = exp.Column(this=exp.Star(), table=exp.to_identifier("facts"))
        element = sql.named(self._dialect.element(sql.column(array), 0), self._elements[array])
        nowhere = sql.named(self._dialect.nowhere(), PLACE)
        first, is_beside = self._first_elements(array)
        is_all = self._dialect.has_all(exp.column("elements", table="first"), sql.column(array))
        others = sql.select([everything.copy(), element, nowhere], whole)
        others = others.join(first, on=is_beside, join_type="left", copy=False)
        is_none = exp.Is(this=exp.column("elements", table="first"), expression=exp.Null())
        length, one = self._dialect.length(sql.column(array)), exp.Literal.number(1)
        has_several = exp.GT(this=length, expression=one)
        is_of_others = exp.or_(is_none, sql.negated(is_all, negated=True), copy=False)
        others = others.where(exp.and_(has_several, is_of_others, copy=False), copy=False)
        named = sql.select([everything, sql.column(PLACE)], facts)
        named = named.join(exp.to_table(RANKS), on=self._is_same(), join_type="left", copy=False)
        has_one = exp.EQ(this=length.copy(), expression=one.copy())
        named = named.where(exp.or_(sql.not_null(sql.column(PLACE)), has_one, copy=False), copy=False)
        return exp.union(named, others, distinct=False, copy=False).subquery("facts", copy=False)

    def _first_elements(self, array: str) -> tuple[exp.Subquery, exp.Expr]:
        """Return lists of the first elements, by the values of the other groups, and which are of a fact."""
        keys, is_beside, elements = list[exp.Expr](), list[exp.Expr](), exp.Expr()
        for group, key in zip(self._query.groups, self._ranked, strict=True):
            if isinstance(group, GroupElement):
                elements = sql.named(self._dialect.collected(sql.column(key)), "elements")
            else:
                keys.append(sql.column(key))
                is_beside.append(exp.NullSafeEQ(this=self._group(group), expression=exp.column(key, table="first")))
        lists = sql.select([*keys, elements], exp.to_table(RANKS))
        if keys:
            lists = lists.group_by(*(exp.Literal.number(number + 1) for number in range(len(keys))), copy=False)
        return lists.subquery("first", copy=False), exp.and_(*is_beside, copy=False) if is_beside else exp.true()

    def _is_same(self) -> exp.Expr:
        """Tell whether a fact is of a group that has a place."""
        return exp.and_(
            *(
                exp.NullSafeEQ(this=self._group(group), expression=sql.column(key))
                for group, key in zip(self._query.groups, self._ranked, strict=True)
            ),
            copy=False,
        )

    def _with_groups(self, rows: exp.Select, steps: dict[str, exp.Select], aggregates: int) -> exp.Select:
        """Return rows, which are by place, with the values of their groups, and how many groups there are.

        Facts are grouped by numbers so: by texts it would take twice as long. `steps` are made before, in their order.
        """
        buckets = ["k0"] if self._query.interval else []
        groups = [
            sql.named(sql.column(key), f"k{number}") for number, key in enumerate(self._ranked, start=len(buckets))
        ]
        others = ["total", *(f"a{number}" for number in range(aggregates))]
        place = exp.column(PLACE, table=_PLACED)
        count = sql.select([exp.Count(this=exp.Star())], exp.to_table(MEASURED)).subquery(copy=False)
        columns = [*map(sql.column, buckets), *groups, *map(sql.column, others), place, sql.named(count, "groups")]
        is_same = exp.EQ(this=place.copy(), expression=exp.column(PLACE, table=RANKS))
        select = sql.select(columns, rows.subquery(_PLACED, copy=False))
        select = select.join(exp.to_table(RANKS), on=is_same, join_type="left", copy=False)
        for name, step in steps.items():
            select = select.with_(name, as_=step, materialized=True, copy=False)
        by_time = [sql.ordered(sql.column(bucket)) for bucket in buckets]
        return select.order_by(*by_time, sql.ordered(place.copy()), copy=False)

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

    def _once(self, facts: exp.Expr) -> exp.Subquery:
        """Leave out facts that are in several of the groups beyond the limit, but for one of them."""
        nth = exp.Window(this=exp.RowNumber(), partition_by=[sql.column(FACT), sql.column(PLACE)])
        counted = sql.subquery([exp.Star(), sql.named(nth, "nth")], facts, "facts")
        first = exp.EQ(this=sql.column("nth"), expression=exp.Literal.number(1))
        return sql.subquery(
            [exp.Star()], counted, "facts", [exp.or_(first, sql.not_null(sql.column(PLACE)), copy=False)]
        )

    def _first(self, keys: int, positions: Sequence[Position]) -> Iterator[exp.Expr]:
        """Return what a ranking orders the rows of a distribution by."""
        ranking = self._query.ranking
        if ranking is None:
            return
        columns: dict[str, Position] = {"total": (keys, None)}
        columns |= {each.key: place for each, place in zip(self._query.aggregates, positions, strict=True)}
        columns |= {group.key: (number, None) for number, group in enumerate(self._query.groups)}
        column, place = columns[ranking.key]
        by = (
            exp.Literal.number(column + 1)
            if place is None
            else self._dialect.element(sql.column(f"a{column - keys - 1}"), place)
        )
        yield sql.ordered(by, ranking.is_descending)
