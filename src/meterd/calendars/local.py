"""Local time: what the clocks and calendars of a zone show, and which instants that means.

A local time may be shown twice (clocks went back) or never (clocks went forward). A stretch of local time therefore
stands for the instants from the first that shows its beginning or later to the last that shows its end or earlier. So
a day covers all of its hours, however many, in every zone; a time within a repeated hour covers both times it is shown.

All functions raise `OverflowError` beyond the years 1 to 9999, whether of local time or of UTC.
"""

import calendar
from bisect import bisect_left
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar

import msgspec

SECOND = timedelta(seconds=1)
_Date = TypeVar("_Date", bound=date)
_LAST_OF_DAY = time(23, 59, 59)


class Period(msgspec.Struct, frozen=True):
    """A period from its first second to its last, both included: aware, in UTC, whole seconds.

    A period that the clocks of its zone skip holds no second: its end is the second before its start.
    """

    start: datetime
    end: datetime


def period(start: datetime, last: datetime, zone: tzinfo) -> Period:
    """Return the instants of the local seconds (without zone) from `start` to `last`."""
    first_start, second_start = _instants(start, zone)
    first_end, second_end = _instants(last, zone)
    return Period(
        first_start if first_start <= second_start else _change(second_start, first_start, zone),
        second_end if first_end <= second_end else _change(second_end, first_end, zone) - SECOND,
    )


def days(first: date, last: date, zone: tzinfo) -> Period:
    """Return the instants of whole local days, from the first to the last."""
    return period(datetime.combine(first, time.min), datetime.combine(last, _LAST_OF_DAY), zone)


def _instants(local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Twice the same instant; the two that show the time; or, the later first, two around a change that skips it."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the first instant with another offset from UTC than `before`."""
    offset = before.astimezone(zone).utcoffset()
    seconds = range((after - before) // SECOND)
    return before + SECOND * bisect_left(
        seconds, True, key=lambda elapsed: (before + SECOND * elapsed).astimezone(zone).utcoffset() != offset
    )


def in_month(moment: _Date, year: int, month: int) -> _Date:
    """Return the same day of another month, or its last day when it is shorter."""
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def moved_by_months(moment: _Date, count: int) -> _Date:
    """Return the same day so many months later, or before when negative; the last day of a month that is shorter."""
    ordinal = moment.year * 12 + moment.month - 1 + count
    return in_month(moment, ordinal // 12, ordinal % 12 + 1)


def last_of_month(moment: _Date) -> _Date:
    return moment.replace(day=calendar.monthrange(moment.year, moment.month)[1])


def weeks_of_year(year: int) -> int:
    """Return 52 or 53: the ISO week in which 28 December lies is the last one."""
    return date(year, 12, 28).isocalendar().week


def monday_of_week(year: int, week: int) -> date:
    return date.fromisocalendar(year, week, 1)
