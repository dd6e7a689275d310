"""Buckets of time: an interval cuts the time line into them, in UTC, at fixed places.

Origins (`docs/specifications/gateway-metrics-query.md` section 11): seconds to days count from the Unix epoch, weeks
from Monday
1970-01-05, months and years from 1970-01.
"""

import math
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from meterd.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""The times that there are: a bucket that begins before or ends after them is cut there."""
YEARS_OF_FIRST_BUCKETS = range(102)
"""Those in which a bucket, of a hundred years at most, may begin before there are times."""


class Unit(Enum):
    """A unit of an interval; the value is its length in seconds, of months and years the shortest."""

    SECOND = 1
    MINUTE = 60
    HOUR = 3600
    DAY = 86_400
    WEEK = 604_800
    MONTH = 28 * 86_400
    YEAR = 365 * 86_400


_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_MAX_SECONDS = 100 * 366 * 86_400


class Interval(msgspec.Struct, frozen=True):
    """An interval of `count` units. Raises `InvalidInput` beyond a hundred years."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.count * self.unit.value > _MAX_SECONDS:
            raise InvalidInput(f"an interval of {self.count} {self.unit.name.lower()} is longer than 100 years")

    @property
    def origin(self) -> datetime:
        """A time at which a bucket starts."""
        return FIRST_MONDAY if self.unit is Unit.WEEK else EPOCH

    @property
    def length(self) -> timedelta | None:
        """How long each bucket is; None of months and years, which differ."""
        return None if self.unit in _MONTHS else timedelta(seconds=self.count * self.unit.value)

    def start_of(self, time: datetime) -> datetime:
        """Return the start of the bucket that a time is in, of buckets of one length."""
        assert self.length is not None  # who asks has looked
        return time - (time - self.origin) % self.length

    def bucket_end(self, start: datetime) -> datetime:
        """Return the end of the bucket that starts at `start`, which is where the next one starts."""
        try:
            return self._end(start)
        except (OverflowError, ValueError):  # after the year 9999
            return LAST

    def _end(self, start: datetime) -> datetime:
        if self.length is not None:
            return start + self.length
        months = _MONTHS[self.unit]
        ordinal = start.year * 12 + start.month - 1 + months * self.count
        return start.replace(year=ordinal // 12, month=ordinal % 12 + 1)

    def max_buckets(self, start: datetime, end: datetime) -> int:
        """Return an upper bound for the number of buckets that a window touches."""
        return math.ceil((end - start).total_seconds() / (self.count * self.unit.value)) + 1
