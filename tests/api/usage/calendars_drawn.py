"""Calendars of every kind, with how far apart records must be to fill a few dozen of their intervals."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from meterd.calendars.codes import calendar_for
from meterd.calendars.definitions import calendar_of
from meterd.calendars.model import Calendar

Drawn = tuple[Calendar, timedelta]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUILT_IN = {
    "#PT1S": timedelta(minutes=2),
    "#PT1M": 2 * HOUR,
    "PT5M": 4 * HOUR,
    "#PT15M": DAY,
    "#PT1H": 3 * DAY,
    "#PT6H": 9 * DAY,
    "#PT12H": 20 * DAY,
    "#P1D": 50 * DAY,
    "daily": 50 * DAY,
    "BUSINESS": 30 * DAY,
    "WEEKLY": 99 * DAY,
    "MONTHLY": 999 * DAY,
    "#P3M": 999 * DAY,
    "ANNUAL": 3000 * DAY,
    "SPARSE": DAY,
}
RULES: list[dict[str, Any]] = [
    {"rule": "every", "day": "Saturday"},
    {"rule": "every", "day": "Sunday"},
    {"rule": "actual", "dom": 25, "month": 12, "options": {"shiftOnSunday": 1}},
    {"rule": "actual", "dom": 29, "month": 2},
    {"rule": "last", "day": "Monday", "month": 5},
    {"rule": "ordinal", "ordinal": 3, "day": "Monday", "month": 1},
    {"rule": "named", "name": "Good Friday"},
    {"rule": "named", "name": "Easter Monday"},
]

PLAIN: list[dict[str, Any]] = [
    {"_type": "WeeklyCalendar", "day": "Wednesday"},
    {"_type": "MonthlyCalendar", "months": 2},
    {"_type": "AnnualCalendar"},
]


def calendars(timezone: str) -> st.SearchStrategy[Drawn]:
    """Built-in ones, and ones with the clocks of a zone."""
    return st.one_of(
        st.sampled_from(sorted(BUILT_IN)).map(lambda code: (calendar_for(code), BUILT_IN[code])),
        _days(timezone).map(lambda definition: (_made(definition), 60 * DAY)),
        st.builds(
            _intraday,
            st.just(timezone),
            st.sampled_from(["PT15M", "PT30M", "PT1H", "PT6H", "PT12H"]),
            st.sets(st.integers(1, 23), max_size=8),
            _days("UTC"),
            st.booleans(),
        ),
        st.sampled_from(PLAIN).map(lambda definition: (_made(definition | {"timezone": timezone}), 400 * DAY)),
    )


def _days(timezone: str) -> st.SearchStrategy[dict[str, Any]]:
    zone = {"timezone": timezone}
    return st.one_of(
        st.sampled_from([{"_type": "DailyCalendar"} | zone, {"_type": "BusinessCalendar"} | zone]),
        st.builds(
            lambda hour, offset: {"_type": "OffsetDailyCalendar", "hour": hour, "dayOffset": offset} | zone,
            st.integers(0, 23),
            st.integers(-1, 1),
        ),
        st.lists(st.sampled_from(RULES), unique_by=str).map(
            lambda rules: {"_type": "HolidayCalendar", "rules": rules} | zone
        ),
    )


def _intraday(timezone: str, period: str, excluded: set[int], days: dict[str, Any], use_holidays: bool) -> Drawn:
    hours = set(range(24)) if period == "PT30M" or period == "PT15M" or period == "PT1H" else {0}
    definition = {
        "_type": "IntradayCalendar",
        "timezone": timezone,
        "period": period,
        "dayCalendar": days,
        "excludedHours": sorted(excluded & hours),
        "useHolidays": use_holidays,
    }
    return _made(definition), 4 * DAY


def _made(definition: dict[str, Any]) -> Calendar:
    return calendar_of(definition, lambda _: None)
