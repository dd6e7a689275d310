"""A meter's series in a window of time, as the store has them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from meterd.access import Caller
from meterd.datasets import METER_EVENTS
from meterd.errors import InvalidInput
from meterd.export.meters import COLUMNS, Meter
from meterd.query.engine import QueryEngine
from meterd.query.model import Aggregate, Bin, Compare, Comparison, Field, Function, Group, MapValue, Query, Row

_BIN, _FIRST, _SUM, _LEAST, _MOST = "\x00bin", "\x00first", "\x00sum", "\x00least", "\x00most"
"""Keys that no attribute has."""
_AGGREGATES = (
    Aggregate(_FIRST, Function.MINIMUM, Field("ts")),
    Aggregate(_SUM, Function.SUM, Field("value")),
    Aggregate(_LEAST, Function.MINIMUM, Field("value")),
    Aggregate(_MOST, Function.MAXIMUM, Field("value")),
)


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

        Who was first stays, so that what is left to the rest only grows. When there are more than a query can answer,
        all is left to the rest. Raises `InvalidInput` and `Unavailable` as the engine does.
        """
        bins = (self._bin,) if meter.is_histogram else ()
        try:
            rows = await self._run(meter, window, (*self._groups, *bins), caller)
        except InvalidInput:
            rows = await self._run(meter, window, bins, caller)
            return Reading((), merged({}, self._series(meter, rows)), 1) if rows else Reading(())
        series = list(self._series(meter, rows))
        if len(series) <= self._most:
            return Reading(tuple(series))
        beyond = series[self._most :]
        return Reading(tuple(series[: self._most]), merged({}, beyond), len(beyond))

    async def _run(self, meter: Meter, window: Window, groups: tuple[Group, ...], caller: Caller | None) -> list[Row]:
        condition = Compare(Field("meter"), Comparison.EQUAL, meter.name)
        query = Query(METER_EVENTS, window.start, window.end, groups, _AGGREGATES, condition)
        rows = await self._engine.run(query, caller)
        return [row for row in rows if row.total]

    def _series(self, meter: Meter, rows: Iterable[Row]) -> Iterator[Series]:
        """One for each set of attributes, made of its bins."""
        found: dict[tuple[tuple[str, str], ...], list[Row]] = {}
        for row in rows:
            found.setdefault(_attributes(row), []).append(row)
        for attributes, bins in sorted(found.items(), key=lambda each: (_first(each[1]), each[0])):
            yield merged(dict(attributes), (self._of_bin(meter, row.total, row.values) for row in bins))

    def _of_bin(self, meter: Meter, total: int, values: dict[str, Any]) -> Series:
        buckets = [0] * self._buckets if meter.is_histogram else []
        if meter.is_histogram:
            buckets[values[_BIN]] = total
        return Series({}, total, int(values[_SUM]), values[_LEAST], values[_MOST], tuple(buckets))


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


def _attributes(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(
        (key, str(value)) for key, value in row.values.items() if not key.startswith("\x00") and value is not None
    )


def _first(rows: Iterable[Row]) -> Any:
    return min(row.values[_FIRST] for row in rows)  # type: ignore[type-var] # times, all of them
