"""The series of a family in a window of time, as the store has them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from meterd.access import Caller
from meterd.datasets import Kind
from meterd.errors import InvalidInput
from meterd.export.families import Family
from meterd.query.engine import QueryEngine
from meterd.query.model import (
    Aggregate,
    Bin,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    IsNull,
    MapValue,
    Not,
    Query,
    Row,
    every,
)

_BIN, _FIRST, _SUM, _MINIMUM, _MAXIMUM, _TENANT = "\0bin", "\0first", "\0sum", "\0minimum", "\0maximum", "\0tenant"
"""Keys that no attribute has."""
_TENANTS = Group(_TENANT, Field("tenant"))


_Attributes = tuple[tuple[str, str], ...]


class Window(msgspec.Struct, frozen=True):
    """A window of time, half-open."""

    start: datetime
    end: datetime


class Series(msgspec.Struct, frozen=True):
    """The facts of a family that have the same attributes.

    `buckets` counts the values of a histogram up to each bound, and those above all of them; empty for a counter.
    """

    attributes: dict[str, str]
    count: int
    sum: float
    minimum: float
    maximum: float
    buckets: tuple[int, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """Series in the order in which they were first seen, and those beyond the limit as one without attributes.

    `dropped` tells how many that one stands for, at least.
    """

    series: tuple[Series, ...]
    rest: Series | None = None
    dropped: int = 0


class Reader:
    """Reads families from the store.

    Args:
        allowed: keys of `metadata` that the settings allow; they tell series apart, too.
        bounds: upper bounds of a histogram's buckets, ascending.
        max_series: series of one family.
    """

    def __init__(self, engine: QueryEngine, allowed: Iterable[str], bounds: Sequence[float], max_series: int) -> None:
        self._engine = engine
        self._allowed = tuple(allowed)
        self._bounds = tuple(bounds)
        self._max_series = max_series

    async def read(self, family: Family, window: Window, caller: Caller | None = None) -> Reading:
        """Read the series of a family that the caller may see; of all tenants together for the service itself.

        Tenants have fair shares: their first series are taken in turn until the limit is reached, so that no tenant's
        many series push out another's few. Who was left to the rest once stays there, so that the rest only grows.
        Raises `InvalidInput` and `Unavailable` as the engine does.
        """
        try:
            found = self._by_tenant(family, await self._run(family, window, self._groups(family), caller))
        except InvalidInput:
            return await self._read_apart(family, window, caller)
        return self._shared(found)

    async def _read_apart(self, family: Family, window: Window, caller: Caller | None) -> Reading:
        """Read each tenant by itself, with an equal share, as there are more series than a query can answer.

        All of a tenant that has more than that by itself are left to the rest.
        """
        try:
            tenants = {str(row.values[_TENANT]) for row in await self._run(family, window, (), caller)}
        except InvalidInput:
            return Reading((), await self._total(family, window, caller, None), 1)
        max_series = max(1, self._max_series // max(1, len(tenants)))
        rest: list[Series] = []
        found: dict[str, list[_Seen]] = {}
        for tenant in sorted(tenants):
            condition = Compare(Field("tenant"), Comparison.EQUAL, tenant)
            try:
                rows = await self._run(family, window, self._groups(family), caller, condition)
            except InvalidInput:
                if total := await self._total(family, window, caller, condition):
                    rest.append(total)
                continue
            series = self._by_tenant(family, rows).get(tenant, [])
            found[tenant] = series[:max_series]
            rest += [each.series for each in series[max_series:]]
        return self._shared(found, rest)

    async def _run(
        self,
        family: Family,
        window: Window,
        groups: tuple[Group, ...],
        caller: Caller | None,
        condition: Condition | None = None,
        by_tenant: tuple[Group, ...] = (_TENANTS,),
    ) -> list[Row]:
        bins = (Group(_BIN, Bin(family.value, self._bounds)),) if family.is_histogram and family.value else ()
        whole = every(family.condition, _has_value(family), condition)
        groups = (*by_tenant, *groups, *bins)
        query = Query(family.dataset, window.start, window.end, groups, tuple(_aggregates(family)), whole)
        rows = await self._engine.run(query, caller)
        return [row for row in rows if row.total]

    def _groups(self, family: Family) -> tuple[Group, ...]:
        columns = {**family.labels, **family.others}
        return (
            *(Group(label, Field(column)) for label, column in columns.items()),
            *(Group(key, MapValue("metadata", key)) for key in self._allowed if key not in columns),
        )

    async def _total(
        self, family: Family, window: Window, caller: Caller | None, condition: Condition | None
    ) -> Series | None:
        """Add up all series."""
        rows = await self._run(family, window, (), caller, condition, by_tenant=())
        return merged({}, (self._of_bin(family, row.total, row.values) for row in rows)) if rows else None

    def _by_tenant(self, family: Family, rows: Iterable[Row]) -> dict[str, list["_Seen"]]:
        """Make the series of each tenant from their bins, in the order in which they were first seen."""
        found: dict[tuple[str, _Attributes], list[Row]] = {}
        for row in rows:
            found.setdefault((str(row.values[_TENANT]), _attributes(row)), []).append(row)
        tenants: dict[str, list[_Seen]] = {}
        for (tenant, attributes), bins in found.items():
            series = merged(dict(attributes), (self._of_bin(family, row.total, row.values) for row in bins))
            tenants.setdefault(tenant, []).append(_Seen(_first(bins), attributes, series))
        for seen in tenants.values():
            seen.sort(key=lambda each: each[:2])
        return tenants

    def _shared(self, tenants: Mapping[str, Sequence["_Seen"]], rest: Iterable[Series] = ()) -> Reading:
        """Take the first series of each tenant, then the second of each, and so on; equal ones of several are one."""
        turns = [(turn, each) for seen in tenants.values() for turn, each in enumerate(seen)]
        kept: dict[_Attributes, list[_Seen]] = {}
        beyond: dict[_Attributes, list[Series]] = {}
        for _, each in sorted(turns, key=lambda turn: (turn[0], *turn[1][:2])):
            if each.attributes in kept or len(kept) < self._max_series:
                kept.setdefault(each.attributes, []).append(each)
            else:
                beyond.setdefault(each.attributes, []).append(each.series)
        series = [
            merged(dict(attributes), (each.series for each in seen))
            for attributes, seen in sorted(kept.items(), key=lambda each: (each[1][0].first, each[0]))
        ]
        left = [*rest, *(each for parts in beyond.values() for each in parts)]
        if not left:
            return Reading(tuple(series))
        return Reading(tuple(series), merged({}, left), max(1, len(beyond)))

    def _of_bin(
        self,
        family: Family,
        total: int,
        values: Mapping[str, Any],  # numbers: what `_aggregates` asks for
    ) -> Series:
        buckets = [0] * (len(self._bounds) + 1) if family.is_histogram else []
        if family.is_histogram:
            buckets[values[_BIN]] = total
        if family.column is None:
            return Series({}, total, total, 1, 1)
        number = float if family.column.kind is Kind.NUMBER else int
        return Series({}, total, number(values[_SUM]), values[_MINIMUM], values[_MAXIMUM], tuple(buckets))


def _aggregates(family: Family) -> Iterator[Aggregate]:
    yield Aggregate(_FIRST, Function.MINIMUM, Field("ts"))
    if family.value is not None:
        value = Field(family.value)
        yield Aggregate(_SUM, Function.SUM, value)
        yield Aggregate(_MINIMUM, Function.MINIMUM, value)
        yield Aggregate(_MAXIMUM, Function.MAXIMUM, value)


def _has_value(family: Family) -> Condition | None:
    """Leave out facts without the value that is summed; where each has it, there is nothing to test."""
    if family.column is None or family.column.required:
        return None
    return Not(IsNull(Field(family.column.name)))


class _Seen(NamedTuple):
    """A tenant's series, and when it was first seen."""

    first: datetime
    attributes: "_Attributes"
    series: Series


def merged(attributes: dict[str, str], series: Iterable[Series]) -> Series:
    """Several series, at least one, as one with other attributes."""
    parts = list(series)
    return Series(
        attributes,
        sum(part.count for part in parts),
        sum(part.sum for part in parts),
        min(part.minimum for part in parts),
        max(part.maximum for part in parts),
        tuple(sum(counts) for counts in zip(*(part.buckets for part in parts), strict=True)),
    )


def percentile(series: Series, bounds: Sequence[float], fraction: float) -> float:
    """Return a percentile of a histogram, interpolated in its bucket, so off by at most its width.

    The rule is that of `docs/specifications/ai-guard.md` section 10.1. The first bucket begins at the least value, the
    last one ends at the greatest.
    """
    wanted = fraction * series.count
    below = 0
    edges = (series.minimum, *bounds, series.maximum)
    for number, samples in enumerate(series.buckets):
        if samples and below + samples >= wanted:
            lower, upper = edges[number], edges[number + 1]
            value = lower + (upper - lower) * (wanted - below) / samples
            return float(min(max(value, series.minimum), series.maximum))
        below += samples
    return float(series.maximum)


def _attributes(row: Row) -> _Attributes:
    return tuple(
        (key, str(value)) for key, value in row.values.items() if not key.startswith("\x00") and value is not None
    )


def _first(rows: Iterable[Row]) -> datetime:
    return min(row.values[_FIRST] for row in rows)  # type: ignore[type-var,return-value] # times, all of them
