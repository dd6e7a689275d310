"""Sets of days, each numbered as `datetime.date.toordinal` does. Here a day is a name: it has no hours and no zone."""

from datetime import date
from typing import Protocol

import msgspec

MONTH_COUNTS = (1, 2, 3, 4, 6, 12)
"""How many months a period of months may have, so that every year begins with one."""


class Days(Protocol):
    """An infinite set of days."""

    @property
    def coarser(self) -> "Days | None":
        """The days that follow in auto-scaling (`docs/specifications/usage-metrics.md` section 15)."""

    def floor(self, day: int) -> int:
        """Return the last of the days that is not after `day`."""

    def ceiling(self, day: int) -> int:
        """Return the first of the days that is not before `day`."""


class Months(msgspec.Struct, frozen=True, cache_hash=True):
    """The first day of every period of `count` months; the first one begins in January."""

    count: int

    def __post_init__(self) -> None:
        if self.count not in MONTH_COUNTS:
            raise ValueError(f"there are periods of {', '.join(map(str, MONTH_COUNTS))} months, not of {self.count}")

    @property
    def coarser(self) -> "Months | None":
        return Months(12) if self.count < 12 else None

    def floor(self, day: int) -> int:
        at = date.fromordinal(day)
        return date(at.year, (at.month - 1) // self.count * self.count + 1, 1).toordinal()

    def ceiling(self, day: int) -> int:
        return day if self.floor(day) == day else self._following(day)

    def _following(self, day: int) -> int:
        at = date.fromordinal(self.floor(day))
        months = at.year * 12 + at.month - 1 + self.count
        return date(months // 12, months % 12 + 1, 1).toordinal()


class EveryDay(msgspec.Struct, frozen=True, cache_hash=True):
    """The set of all days."""

    @property
    def coarser(self) -> Months:
        return Months(1)

    def floor(self, day: int) -> int:
        return day

    def ceiling(self, day: int) -> int:
        return day


class Weekdays(msgspec.Struct, frozen=True, cache_hash=True):
    """The days of these weekdays, Monday being 0. Raises `ValueError` when there are none."""

    weekdays: frozenset[int]

    def __post_init__(self) -> None:
        if not self.weekdays:
            raise ValueError("there are no weekdays")

    @property
    def coarser(self) -> Months:
        return Months(1)

    def floor(self, day: int) -> int:
        while (day - 1) % 7 not in self.weekdays:
            day -= 1
        return day

    def ceiling(self, day: int) -> int:
        while (day - 1) % 7 not in self.weekdays:
            day += 1
        return day


EVERY_DAY = EveryDay()
MONDAY_TO_FRIDAY = Weekdays(frozenset(range(5)))
