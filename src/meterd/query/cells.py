"""Groups measured in one pass over the facts: what a group has in a bucket is a cell, and cells make up all the rest.

The whole window of a group is put together from its cells, and so are the others. That is right for aggregates of a
whole that follow from those of its parts, and takes half of the time, as long as there are fewer cells than facts.
"""

from collections.abc import Callable
from functools import partial

from sqlglot import exp

from meterd.query import sql
from meterd.query.model import Aggregate, Function, GroupElement, Query, Ranking
from meterd.query.ranking import PLACE, RANKS, Ranks

CELLS = "cells"
_MOST_BUCKETS = 200
"""Buckets of a window whose cells are kept: of more, many groups would have about as many cells as there are facts."""
_OF_PARTS: dict[Function, type[exp.AggFunc]] = {
    Function.COUNT: exp.Sum,
    Function.SUM: exp.Sum,
    Function.INCREASE: exp.Sum,
    Function.MINIMUM: exp.Min,
    Function.MAXIMUM: exp.Max,
    Function.LEAST_POSITIVE: exp.Min,
}
"""What makes an aggregate of a whole from those of its parts; sums with fractions are added as they are measured."""


def are_enough(query: Query) -> bool:
    """Tell whether the cells of a ranked query say all that is asked.

    A fact that is in several groups would count several times among the others.
    """
    if query.ranking is None or not all(each.function in _OF_PARTS for each in query.aggregates):
        return False
    if query.ranking.has_other and any(isinstance(group, GroupElement) for group in query.groups):
        return False
    return query.interval is None or query.interval.max_buckets(query.start, query.end) <= _MOST_BUCKETS


class Cells(Ranks):
    """What is made of cells. Their columns are those of rows, but for the groups, which are `cell_…`."""

    def _cell_groups(self) -> list[exp.Expr]:
        return [
            sql.named(self._group(group), name) for group, name in zip(self._query.groups, self._celled, strict=True)
        ]

    def _measured_cells(self, ranking: Ranking) -> exp.Select:
        """Return all groups over the whole window, with what they are ordered by."""
        groups = [sql.named(sql.column(cell), key) for cell, key in zip(self._celled, self._ranked, strict=True)]
        columns = [*groups, sql.named(self._whole(_sum, "total"), "ranked_total")]
        columns += [
            sql.named(self._whole(self._of_parts(aggregate), f"a{number}"), "ranked_by")
            for number, aggregate in enumerate(self._query.aggregates)
            if aggregate.key == ranking.key
        ]
        measured = sql.select(columns, exp.to_table(CELLS))
        if self._query.interval is None:
            return measured
        return measured.group_by(*(exp.Literal.number(number + 1) for number in range(len(groups))), copy=False)

    def _whole(self, together: Callable[[exp.Expr], exp.Expr], name: str) -> exp.Expr:
        """Put a column of cells together; without buckets each group has one cell."""
        return sql.column(name) if self._query.interval is None else together(sql.column(name))

    def _of_parts(self, aggregate: Aggregate) -> Callable[[exp.Expr], exp.Expr]:
        """Return what makes an aggregate of a whole from those of its parts."""
        return self._exact(aggregate) or partial(self._dialect.aggregate, _OF_PARTS[aggregate.function])

    def _placed_cells(self, ranking: Ranking) -> exp.Select:
        """Return rows by place, as `_Compiler._rows` makes them of facts."""
        is_same = [
            exp.NullSafeEQ(this=sql.column(cell), expression=sql.column(key))
            for cell, key in zip(self._celled, self._ranked, strict=True)
        ]
        keys = [*(["k0"] if self._query.interval else []), PLACE]
        total = sql.named(exp.Sum(this=sql.column("total")), "total")
        together = [
            sql.named(self._of_parts(aggregate)(sql.column(f"a{number}")), f"a{number}")
            for number, aggregate in enumerate(self._query.aggregates)
        ]
        select = sql.select([*map(sql.column, keys), total, *together], exp.to_table(CELLS))
        kind = "left" if ranking.has_other else "inner"
        select = select.join(exp.to_table(RANKS), on=exp.and_(*is_same, copy=False), join_type=kind, copy=False)
        return select.group_by(*(exp.Literal.number(number + 1) for number in range(len(keys))), copy=False)

    @property
    def _celled(self) -> list[str]:
        return [f"cell_{number}" for number in range(len(self._query.groups))]


def _sum(part: exp.Expr) -> exp.Expr:
    return exp.Sum(this=part)
