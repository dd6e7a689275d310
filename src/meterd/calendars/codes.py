"""Calendars by their code: names and durations (`docs/specifications/usage-metrics.md` section 10).

Codes are compared without case, a `#` before them may be missing or extra. A duration is a calendar when it divides a
day and has at most 12 hours, or when it is one day, one week from Monday, or 1, 2, 3, 4, 6 or 12 months.
"""

import re

import msgspec

from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, MONTH_COUNTS, Days, Months, Weekdays
from meterd.calendars.durations import Duration, parse_duration
from meterd.calendars.grids import LocalGrid
from meterd.calendars.model import MAX_PERIOD, UTC_ZONE, Calendar, DayCalendar, IntradayCalendar, SparseCalendar
from meterd.calendars.zones import DAY
from meterd.expressions.errors import ExpressionError

WEEK = 7 * DAY

_DURATION = re.compile(r"#?P[0-9T]", re.IGNORECASE)


class BuiltIn(msgspec.Struct, frozen=True):
    """A calendar that is always there, as the calendar service lists it; `definitions` reads the definition."""

    code: str
    description: str
    definition: dict[str, object]


def _intraday(period: str, description: str) -> BuiltIn:
    return BuiltIn(f"#{period}", description, {"_type": "IntradayCalendar", "period": period})


BUILT_IN = (
    _intraday("PT1M", "Every minute, in UTC"),
    _intraday("PT5M", "Every 5 minutes, in UTC"),
    _intraday("PT15M", "Every 15 minutes, in UTC"),
    _intraday("PT30M", "Every 30 minutes, in UTC"),
    _intraday("PT1H", "Every hour, in UTC"),
    _intraday("PT6H", "Every 6 hours from midnight, in UTC"),
    _intraday("PT12H", "Every 12 hours from midnight, in UTC"),
    BuiltIn("#P1D", "Every day, in UTC", {"_type": "DailyCalendar"}),
    BuiltIn("#DAILY", "Every day, in UTC", {"_type": "DailyCalendar"}),
    BuiltIn("#BUSINESS", "Monday to Friday, in UTC", {"_type": "BusinessCalendar"}),
    BuiltIn("#WEEKLY", "Every Monday, in UTC", {"_type": "WeeklyCalendar"}),
    BuiltIn("#MONTHLY", "The first day of every month, in UTC", {"_type": "MonthlyCalendar"}),
    BuiltIn("#ANNUAL", "Every 1 January, in UTC", {"_type": "AnnualCalendar"}),
    BuiltIn("#SPARSE", "No grid: each observation keeps its own time", {"_type": "SparseCalendar"}),
)


def _days(days: Days) -> DayCalendar:
    return DayCalendar(days, LocalGrid(UTC_ZONE, DAY))


_NAMED: dict[str, Calendar] = {
    "DAILY": _days(EVERY_DAY),
    "BUSINESS": _days(MONDAY_TO_FRIDAY),
    "WEEKLY": _days(Weekdays(frozenset([0]))),
    "MONTHLY": _days(Months(1)),
    "ANNUAL": _days(Months(12)),
    "YEARLY": _days(Months(12)),
    "SPARSE": SparseCalendar(),
}


def calendar_for(code: str) -> Calendar:
    """Return the built-in calendar of the code.

    Raises `ExpressionError` for a duration that is no calendar, at its number, and for a code that is not built in.
    """
    if calendar := _NAMED.get(code.removeprefix("#").upper()):
        return calendar
    if not is_duration(code):
        names = ", ".join(_NAMED)
        raise ExpressionError("calendar", code, 0, f"there are {names}, and durations such as #PT1H")
    duration = parse_duration(code, start=int(code.startswith("#")))
    if duration.months:
        return _days(Months(_months(code, duration)))
    if duration.seconds == WEEK:
        return _NAMED["WEEKLY"]
    if duration.seconds == DAY:
        return _NAMED["DAILY"]
    if not 0 < duration.seconds <= MAX_PERIOD or DAY % duration.seconds:
        raise ExpressionError(
            "calendar",
            code,
            duration.position,
            "a calendar needs a duration from 1 second to 12 hours that divides a day, or a day, a week or months",
        )
    return IntradayCalendar(LocalGrid(UTC_ZONE, duration.seconds))


def is_duration(code: str) -> bool:
    """Tell whether a code is meant to be a duration, rather than a name."""
    return _DURATION.match(code) is not None


def _months(code: str, duration: Duration) -> int:
    if duration.seconds:
        rest = next(amount for amount in duration.amounts if amount.seconds)
        raise ExpressionError("calendar", code, rest.position, "months can't be combined with a length of time")
    if duration.months not in MONTH_COUNTS:
        counts = ", ".join(map(str, MONTH_COUNTS))
        raise ExpressionError("calendar", code, duration.position, f"there are calendars of {counts} months")
    return duration.months
