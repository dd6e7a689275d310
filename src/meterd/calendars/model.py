"""Calendars as grids of instants: what a series of observations is cut by (`docs/specifications/usage-metrics.md`
section 10).

Instants given and returned are aware datetimes in UTC. A calendar answers for the years 2 to 9997 and raises
`ValueError` for instants beyond. How clocks that change are treated is written in `grids`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from meterd.calendars.days import EVERY_DAY, Days
from meterd.calendars.grids import LocalGrid
from meterd.calendars.zones import DAY, EPOCH, span_at

HOUR = 3600
MAX_PERIOD = 12 * HOUR
UTC_ZONE = ZoneInfo("UTC")

_SECOND = timedelta(seconds=1)
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
_EPOCH_DAY = EPOCH.toordinal()


class Calendar(Protocol):
    """A set of indexes; an observation at an index stands for the time until the next one."""

    @property
    def coarser(self) -> "Calendar | None":
        """The next calendar of auto-scaling (section 15): daily, monthly, yearly, then None."""

    def in_zone(self, zone: ZoneInfo) -> "Calendar":
        """Return the same calendar by the clocks of another zone."""

    def floor(self, instant: datetime) -> datetime:
        """Return the greatest index that is not after the instant: where a record at that time is counted."""

    def indexes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Return the indexes from `start` to `end`, both included, in order, made as they are asked for."""

    def resolution(self, start: datetime, end: datetime) -> int:
        """Return a number of seconds that divides all indexes from a day before `start` to `end`, counted from 1970.

        So records of that window may be summed up in cells of this length, and each cell belongs to the index that is
        the floor of its start.
        """


class IntradayCalendar(msgspec.Struct, frozen=True, cache_hash=True):
    """Indexes of a grid on some days, without those whose local time is in one of the excluded hours.

    With `whole_holidays`, days that are not among `days` have all their hours: what is off-peak includes holidays.
    Raises `ValueError` for periods of more than 12 hours, and when no index of a day is left.
    """

    grid: LocalGrid
    days: Days = EVERY_DAY
    excluded_hours: frozenset[int] = frozenset()
    whole_holidays: bool = False

    def __post_init__(self) -> None:
        if self.grid.period > MAX_PERIOD:
            raise ValueError("a period within the day has at most 12 hours")
        if {label // HOUR for label in range(0, DAY, self.grid.period)} <= self.excluded_hours:
            raise ValueError("the excluded hours leave nothing of a day")

    @property
    def coarser(self) -> "DayCalendar":
        days = EVERY_DAY if self.whole_holidays else self.days
        return DayCalendar(days, LocalGrid(self.grid.zone, DAY))

    def in_zone(self, zone: ZoneInfo) -> "IntradayCalendar":
        return msgspec.structs.replace(self, grid=msgspec.structs.replace(self.grid, zone=zone))

    def floor(self, instant: datetime) -> datetime:
        index = self.grid.floor(_seconds(instant))
        while gap := self._gap(index):
            index = self.grid.floor(gap[0] - 1)
        return _instant(index)

    def indexes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        first, last = _first_second(start), _seconds(end)
        while first <= last:
            for index in self.grid.indexes(first, last):
                if gap := self._gap(index):
                    first = gap[1]
                    break
                yield _instant(index)
            else:
                return

    def resolution(self, start: datetime, end: datetime) -> int:
        return self.grid.step(_seconds(start) - DAY, _seconds(end))

    def _gap(self, index: int) -> tuple[int, int] | None:
        """Around an index of the grid that isn't one of this calendar, a stretch that has none; None when it is one.

        From the first instant of the stretch until just before the second one, all with the same offset from UTC.
        """
        if self.days == EVERY_DAY and not self.excluded_hours:
            return None
        label = self.grid.label(index)
        day = label // DAY + _EPOCH_DAY
        open_day = self.days.floor(day)
        if open_day != day:
            if self.whole_holidays:
                return None
            start, end = (open_day + 1 - _EPOCH_DAY) * DAY, (self.days.ceiling(day) - _EPOCH_DAY) * DAY
        else:
            if label % DAY // HOUR not in self.excluded_hours:
                return None
            start, end = label - label % HOUR, label - label % HOUR + HOUR
        span = span_at(self.grid.zone, index)
        return max(start - span.offset, span.start), max(min(end - span.offset, span.end), index + 1)


class DayCalendar(msgspec.Struct, frozen=True, cache_hash=True):
    """One index for each of `days`: daily, business, holiday, weekly, monthly and annual calendars.

    The grid has a period of one day, its phase is when days begin. `day_offset` -1 says that they begin on the day
    before. A day that never was begins when the next one does.
    """

    days: Days
    grid: LocalGrid
    day_offset: int = 0

    def __post_init__(self) -> None:
        if self.grid.period != DAY:
            raise ValueError("a calendar of days needs a period of one day")

    @property
    def coarser(self) -> "DayCalendar | None":
        days = self.days.coarser
        return DayCalendar(days, self.grid, self.day_offset) if days else None

    def in_zone(self, zone: ZoneInfo) -> "DayCalendar":
        return msgspec.structs.replace(self, grid=msgspec.structs.replace(self.grid, zone=zone))

    def floor(self, instant: datetime) -> datetime:
        index = self.grid.floor(_seconds(instant))
        day = self._day(index)
        floor = self.days.floor(day)
        return _instant(index if floor == day else self._index(floor))

    def indexes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        first, last = _first_second(start), _seconds(end)
        if self.days == EVERY_DAY:
            yield from map(_instant, self.grid.indexes(first, last))
            return
        day = self.days.floor(self._day(self.grid.floor(first)))
        index = self._index(day)
        while index <= last:
            if index >= first:
                yield _instant(index)
                first = index + 1
            day = self.days.ceiling(day + 1)
            index = self._index(day)

    def resolution(self, start: datetime, end: datetime) -> int:
        return self.grid.step(_seconds(start) - DAY, _seconds(end))

    def _day(self, index: int) -> int:
        return (self.grid.label(index) - self.grid.phase) // DAY - self.day_offset + _EPOCH_DAY

    def _index(self, day: int) -> int:
        return self.grid.instant((day + self.day_offset - _EPOCH_DAY) * DAY + self.grid.phase)


class SparseCalendar(msgspec.Struct, frozen=True):
    """A calendar without a grid: each observation keeps its own time, to the second, and none is ever missing."""

    zone: ZoneInfo = UTC_ZONE

    @property
    def coarser(self) -> DayCalendar:
        return DayCalendar(EVERY_DAY, LocalGrid(self.zone, DAY))

    def in_zone(self, zone: ZoneInfo) -> "SparseCalendar":
        return SparseCalendar(zone)

    def floor(self, instant: datetime) -> datetime:
        return _instant(_seconds(instant))

    def indexes(self, start: datetime, end: datetime) -> Iterator[datetime]:
        return iter(())

    def resolution(self, start: datetime, end: datetime) -> int:
        return 1


def _seconds(instant: datetime) -> int:
    """Return whole seconds since the epoch, rounded down."""
    if not _FIRST <= instant < _LAST:
        raise ValueError(f"{instant.isoformat()} is not between the years 2 and 9997")
    elapsed = instant - EPOCH
    return elapsed.days * DAY + elapsed.seconds


def _first_second(instant: datetime) -> int:
    """Return whole seconds since the epoch, rounded up."""
    return _seconds(instant) + (instant.microsecond > 0)


def _instant(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
