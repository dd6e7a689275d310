"""A meter's series in a window of time, as the store has them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from meterd.access import Caller
from meterd.datasets import METER_EVENTS
from meterd.errors import InvalidInput
from meterd.export.meters import COLUMNS, Meter
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
    MapValue,
    Query,
    Row,
    every,
)

_BIN, _FIRST, _SUM, _LEAST, _MOST, _TENANT = "\0bin", "\0first", "\0sum", "\0least", "\0most", "\0tenant"
"""Keys that no attribute has."""
_AGGREGATES = (
    Aggregate(_FIRST, Function.MINIMUM, Field("ts")),
    Aggregate(_SUM, Function.SUM, Field("value")),
    Aggregate(_LEAST, Function.MINIMUM, Field("value")),
    Aggregate(_MOST, Function.MAXIMUM, Field("value")),
)


_Attributes = tuple[tuple[str, str], ...]


class Window(msgspec.Struct, frozen=True):
    """Half-open."""

    start: datetime
    end: datetime


class Series(msgspec.Struct, frozen=True):
    """The events of a meter that have the same attributes.

    `buckets` counts the values of a histogram up to each bound, and those above all of them; empty for a counter.
    """

    attributes: dict[str, str]
    count: int
    sum: int
    minimum: int
    maximum: int
    buckets: tuple[int, ...] = ()


class Reading(msgspec.Struct, frozen=True):
    """Series in the order in which they were first seen, and those beyond the limit as one without attributes.

    `dropped` tells how many that one stands for, at least.
    """

    series: tuple[Series, ...]
    rest: Series | None = None
    dropped: int = 0


class Reader:
    """Reads meters from the store.

    Args:
        allowed: attributes beyond a meter's own that the settings allow; they tell series apart, too.
        bounds: upper bounds of a histogram's buckets, ascending.
        most: series of one meter.
    """

    def __init__(self, engine: QueryEngine, allowed: Iterable[str], bounds: Sequence[float], most: int) -> None:
        self._engine = engine
        self._groups = tuple(
            Group(key, Field(COLUMNS[key]) if key in COLUMNS else MapValue("metadata", key))
            for key in (*COLUMNS, *(key for key in allowed if key not in COLUMNS))
        )
        self._bin = Group(_BIN, Bin("value", tuple(bounds)))
        self._buckets = len(bounds) + 1
        self._most = most

    async def read(self, meter: Meter, window: Window, caller: Caller | None = None) -> Reading:
        """The series of a meter that the caller may see; of all tenants together for the service itself.

        Tenants have fair shares: their first series are taken in turn until the limit is reached, so that no tenant's
        many series push out another's few. Who was left to the rest once stays there, so that the rest only grows.
        Raises `InvalidInput` and `Unavailable` as the engine does.
        """
        try:
            found = self._by_tenant(meter, await self._run(meter, window, self._groups, caller))
        except InvalidInput:
            return await self._read_apart(meter, window, caller)
        return self._shared(found)

    async def _read_apart(self, meter: Meter, window: Window, caller: Caller | None) -> Reading:
        """When there are more series than a query can answer: each tenant by itself, with an equal share.

        All of a tenant that has more than that by itself are left to the rest.
        """
        try:
            tenants = {str(row.values[_TENANT]) for row in await self._run(meter, window, (), caller)}
        except InvalidInput:
            return Reading((), await self._total(meter, window, caller, None), 1)
        most = max(1, self._most // max(1, len(tenants)))
        rest: list[Series] = []
        found: dict[str, list[_Seen]] = {}
        for tenant in sorted(tenants):
            condition = Compare(Field("tenant"), Comparison.EQUAL, tenant)
            try:
                rows = await self._run(meter, window, self._groups, caller, condition)
            except InvalidInput:
                if total := await self._total(meter, window, caller, condition):
                    rest.append(total)
                continue
            series = self._by_tenant(meter, rows).get(tenant, [])
            found[tenant] = series[:most]
            rest += [each.series for each in series[most:]]
        return self._shared(found, rest)

    async def _run(
        self,
        meter: Meter,
        window: Window,
        groups: tuple[Group, ...],
        caller: Caller | None,
        condition: Condition | None = None,
        by_tenant: tuple[Group, ...] = (Group(_TENANT, Field("tenant")),),
    ) -> list[Row]:
        bins = (self._bin,) if meter.is_histogram else ()
        whole = every(Compare(Field("meter"), Comparison.EQUAL, meter.name), condition)
        query = Query(METER_EVENTS, window.start, window.end, (*by_tenant, *groups, *bins), _AGGREGATES, whole)
        rows = await self._engine.run(query, caller)
        return [row for row in rows if row.total]

    async def _total(
        self, meter: Meter, window: Window, caller: Caller | None, condition: Condition | None
    ) -> Series | None:
        """All series as one."""
        rows = await self._run(meter, window, (), caller, condition, by_tenant=())
        return merged({}, (self._of_bin(meter, row.total, row.values) for row in rows)) if rows else None

    def _by_tenant(self, meter: Meter, rows: Iterable[Row]) -> dict[str, list["_Seen"]]:
        """Series of each tenant, made of their bins, in the order in which they were first seen."""
        found: dict[tuple[str, _Attributes], list[Row]] = {}
        for row in rows:
            found.setdefault((str(row.values[_TENANT]), _attributes(row)), []).append(row)
        tenants: dict[str, list[_Seen]] = {}
        for (tenant, attributes), bins in found.items():
            series = merged(dict(attributes), (self._of_bin(meter, row.total, row.values) for row in bins))
            tenants.setdefault(tenant, []).append(_Seen(_first(bins), attributes, series))
        for seen in tenants.values():
            seen.sort(key=lambda each: each[:2])
        return tenants

    def _shared(self, tenants: Mapping[str, Sequence["_Seen"]], rest: Iterable[Series] = ()) -> Reading:
        """The first series of each tenant, then the second of each, and so on; equal ones of several are one."""
        turns = [(turn, each) for seen in tenants.values() for turn, each in enumerate(seen)]
        kept: dict[_Attributes, list[_Seen]] = {}
        beyond: dict[_Attributes, list[Series]] = {}
        for _, each in sorted(turns, key=lambda turn: (turn[0], *turn[1][:2])):
            if each.attributes in kept or len(kept) < self._most:
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

    def _of_bin(self, meter: Meter, total: int, values: dict[str, Any]) -> Series:
        buckets = [0] * self._buckets if meter.is_histogram else []
        if meter.is_histogram:
            buckets[values[_BIN]] = total
        return Series({}, total, int(values[_SUM]), values[_LEAST], values[_MOST], tuple(buckets))


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
    """A percentile of a histogram, interpolated in its bucket (`docs/specifications/ai-guard.md` section 10.1); off by
    at most its width.

    The first bucket begins at the least value, the last one ends at the greatest.
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


def _first(rows: Iterable[Row]) -> Any:
    return min(row.values[_FIRST] for row in rows)  # type: ignore[type-var] # times, all of them
