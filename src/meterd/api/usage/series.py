"""Series of a metric: records, cut by a calendar (`docs/specifications/usage-metrics.md` sections 9 to 11, 14 and 15).

The store sums records up in cells of equal length, at most as long as the calendar allows; here each cell goes to the
index that it belongs to. So every calendar, zone and holiday costs the store the same.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.usage.observed import Cell, Number, Observed, rounded
from meterd.api.usage.providers import Metric, Provider
from meterd.calendars.model import Calendar, SparseCalendar
from meterd.calendars.ranges import Range
from meterd.errors import InvalidInput
from meterd.query.buckets import Interval, Unit
from meterd.query.engine import QueryEngine
from meterd.query.model import Aggregate, Condition, Field, Function, IsNull, Query, Row, every

THRESHOLD = 25_000
"""Observations above which a series is scaled to a coarser calendar."""
MAX_OBSERVATIONS = 200_000
"""Observations of a series that may not be scaled."""

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)
_MAX_RANGE = timedelta(days=36_525)
"""For longer ranges it is quicker to ask when there are records than to look up how clocks change."""
_UNITS = (Unit.DAY, Unit.HOUR, Unit.MINUTE, Unit.SECOND)


class Question(msgspec.Struct, frozen=True):
    """A series to make. `condition` selects records beside those of the metric and the range."""

    provider: Provider
    metric: Metric
    calendar: Calendar
    observed: Observed
    range: Range
    condition: Condition | None = None
    scaling: bool = True


class Series(msgspec.Struct, frozen=True):
    """Observations in time order, those without a value None, and how often the calendar was made coarser."""

    observations: list[tuple[datetime, Number | None]]
    scaled: int = 0


class _Window(NamedTuple):
    """The seconds of the first and the last observation, at most, and how many records there are; None: unknown."""

    start: datetime
    end: datetime
    records: int | None = None


async def series(engine: QueryEngine, question: Question, caller: Caller) -> Series:
    """Make a series of the records that the caller may see. Raises `InvalidInput` when it would be too long."""
    plain = _query(question)
    window = await engine.shape(caller, _bounds, question) or await _window(engine, plain, caller)
    if window is None:
        return Series([])
    calendar, scaled = await engine.shape(caller, _scaled, question, window)
    aggregates = _aggregates(question)
    query = msgspec.structs.replace(
        plain,
        start=window.start,
        end=window.end + timedelta(seconds=1),
        aggregates=aggregates,
        interval=interval_of(calendar.resolution(window.start, window.end)),
    )
    rows = await engine.run(query, caller, is_sparse=True)

    def observed() -> Series:
        cells = ((row.start, _cell(row, aggregates)) for row in rows)
        observations = list(_observations(calendar, question, cells))
        return Series(observations[-question.range.last :] if question.range.last else observations, scaled)

    return await engine.shape(caller, observed)


def _query(question: Question) -> Query:
    """Ask for records of the metric in the range. Records without a value have no part in it."""
    metric, range_ = question.metric, question.range
    has_value = IsNull(Field(metric.value), negated=True) if metric.value else None
    return Query(
        question.provider.dataset,
        min(max(range_.start or _FIRST, _FIRST), _LAST),
        max(min(range_.before or _LAST, _LAST), _FIRST),
        condition=every(question.provider.records, metric.records, has_value, question.condition),
    )


def _bounds(question: Question) -> _Window | None:
    """Return the bounds of the range, when it has two and is short enough to be sure that the series is."""
    start, end = question.range.start, question.range.end
    if start is None or end is None or not _FIRST <= start <= end < _LAST or end - start > _MAX_RANGE:
        return None
    window = _Window(start, end)
    return None if _is_longer(question.calendar, window, THRESHOLD) else window


async def _window(engine: QueryEngine, query: Query, caller: Caller) -> _Window | None:
    """Return the time from the first to the last record; None when there is none."""
    ends = tuple(
        Aggregate(name, function, Field("ts"))
        for name, function in (("first", Function.MINIMUM), ("last", Function.MAXIMUM))
    )
    (row,) = await engine.run(msgspec.structs.replace(query, aggregates=ends), caller)
    first, last = row.values["first"], row.values["last"]
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return None
    start, end = (time.replace(tzinfo=UTC, microsecond=0) for time in (first, last))
    return _Window(start, end, row.total)


def _scaled(question: Question, window: _Window) -> tuple[Calendar, int]:
    """Return the calendar that keeps the series below the threshold, and how many steps it is from the given one."""
    calendar, steps = question.calendar, 0
    if not question.scaling:
        if _is_longer(calendar, window, MAX_OBSERVATIONS):
            raise InvalidInput(f"the series has more than {MAX_OBSERVATIONS} observations: ask for a shorter _range")
        return calendar, steps
    while _is_longer(calendar, window, THRESHOLD) and (coarser := calendar.coarser):
        calendar, steps = coarser, steps + 1
    return calendar, steps


def _is_longer(calendar: Calendar, window: _Window, maximum: int) -> bool:
    """Tell whether a series may have more observations; without a grid it has at most as many as there are records."""
    if isinstance(calendar, SparseCalendar):
        return window.records is None or window.records > maximum
    indexes = calendar.indexes(calendar.floor(window.start), window.end)
    return sum(1 for _ in zip(indexes, range(maximum + 1), strict=False)) > maximum


def interval_of(seconds: int) -> Interval:
    """Return an interval, in the largest unit that fits, which is what the store does fastest."""
    unit = next(unit for unit in _UNITS if seconds % unit.value == 0)
    return Interval(seconds // unit.value, unit)


def _aggregates(question: Question) -> tuple[Aggregate, ...]:
    """Return the aggregates; none for metrics that count 1 for each record, as rows say how many there are."""
    value = question.metric.value
    if value is None:
        return ()
    return tuple(Aggregate(function.value, function, Field(value)) for function in question.observed.functions)


def _cell(row: Row, aggregates: Sequence[Aggregate]) -> Cell:
    values: tuple[Any, ...] = tuple(  # numbers, as the metric counts them
        row.values[aggregate.key] for aggregate in aggregates
    )
    return Cell(row.total, values)


def _observations(
    calendar: Calendar, question: Question, cells: Iterator[tuple[datetime | None, Cell]]
) -> Iterator[tuple[datetime, Number | None]]:
    """Make observations from cells in time order.

    Indexes without records, after the first that has some, have no value.
    """
    expected: Iterator[datetime] | None = None
    for index, members in groupby(
        ((calendar.floor(start), cell) for start, cell in cells if start), lambda each: each[0]
    ):
        if expected is None:
            expected = calendar.indexes(index, _LAST)
        for missing in expected:
            if missing >= index:
                break
            yield missing, None
        value = _value(question, [cell for _, cell in members])
        yield index, None if value is None else rounded(value)


def _value(question: Question, cells: Sequence[Cell]) -> Number | None:
    """Return the value; None when it is too large for a number, which the store tells by having none."""
    if question.metric.value is None:
        return question.observed.of_ones(sum(cell.records for cell in cells))
    if any(value is None for cell in cells for value in cell.values):
        return None
    value = question.observed.fold(cells)
    return value if isfinite(value) else None
