from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Months, Weekdays
from meterd.calendars.definitions import DefinitionError, calendar_of
from meterd.calendars.grids import LocalGrid
from meterd.calendars.holidays import ActualDate, EveryWeekday, Feast, NamedFeast, Options, Weekday, WorkingDays
from meterd.calendars.model import UTC_ZONE, Calendar, DayCalendar, IntradayCalendar, SparseCalendar

HOUR, DAY = 3600, 86_400
LONDON = ZoneInfo("Europe/London")
WEEKENDS = {"_type": "HolidayCalendar", "rules": [{"rule": "every", "day": day.value} for day in list(Weekday)[:5]]}
HENG = {
    "_id": "HENG",
    "_type": "HolidayCalendar",
    "rule": "Holiday Calendar",
    "rules": [
        {"rule": "Every", "day": "SATURDAY"},
        {"rule": "every", "day": "Sunday"},
        {"rule": "named", "name": "good friday"},
        {
            "rule": "actual",
            "code": "XMAS",
            "name": "Christmas Day",
            "dom": 25,
            "month": 12,
            "options": {"shiftOnSaturday": 3, "shiftOnSunday": 2},
        },
        {"rule": "last", "day": "Monday", "month": 8},
        {"rule": "ordinal", "ordinal": 1, "day": "Monday", "month": 5, "options": {"validToYear": 2019}},
    ],
}


def find(code: str) -> Calendar | None:
    """What is stored: HENG, and an hourly calendar."""
    stored: dict[str, dict[str, Any]] = {"HENG": HENG, "HOURS": {"_type": "IntradayCalendar", "period": "PT1H"}}
    return calendar_of(stored[code], find) if code in stored else None


def midnights(zone: ZoneInfo = UTC_ZONE) -> LocalGrid:
    return LocalGrid(zone, DAY)


@pytest.mark.parametrize(
    ("definition", "calendar"),
    [
        ({"_type": "IntradayCalendar", "period": "PT1H"}, IntradayCalendar(LocalGrid(UTC_ZONE, HOUR))),
        (
            {
                "_type": "IntradayCalendar",
                "code": "PEAK",
                "name": "Peak hours",
                "period": "#PT30M",
                "dayCalendar": "business",
                "excludedHours": [0, 1, 23],
                "timezone": "Europe/London",
                "useHolidays": True,
            },
            IntradayCalendar(LocalGrid(LONDON, HOUR // 2), MONDAY_TO_FRIDAY, frozenset({0, 1, 23}), True),
        ),
        ({"_type": "DailyCalendar"}, DayCalendar(EVERY_DAY, midnights())),
        ({"_type": "dailycalendar", "timezone": "Europe/London"}, DayCalendar(EVERY_DAY, midnights(LONDON))),
        ({"_type": "BusinessCalendar", "description": "."}, DayCalendar(MONDAY_TO_FRIDAY, midnights())),
        (
            {"_type": "OffsetDailyCalendar", "timezone": "Europe/London", "dayOffset": -1, "hour": 23},
            DayCalendar(EVERY_DAY, LocalGrid(LONDON, DAY, 23 * HOUR), -1),
        ),
        ({"_type": "WeeklyCalendar"}, DayCalendar(Weekdays(frozenset([0])), midnights())),
        ({"_type": "WeeklyCalendar", "day": "sunday"}, DayCalendar(Weekdays(frozenset([6])), midnights())),
        ({"_type": "MonthlyCalendar"}, DayCalendar(Months(1), midnights())),
        ({"_type": "MonthlyCalendar", "months": 6}, DayCalendar(Months(6), midnights())),
        ({"_type": "AnnualCalendar"}, DayCalendar(Months(12), midnights())),
        ({"_type": "SparseCalendar"}, SparseCalendar()),
        (
            {
                "_type": "HolidayCalendar",
                "base": "BUSINESS",
                "rules": [
                    {"rule": "named", "name": "Whit Monday", "options": {"repeats": 2, "repeatStartYear": 2000}},
                    {"rule": "actual", "dom": 24, "month": 12, "todom": 2, "tomonth": 1},
                ],
            },
            DayCalendar(
                WorkingDays(
                    MONDAY_TO_FRIDAY,
                    (
                        NamedFeast(
                            rule="named", name=Feast.WHIT_MONDAY, options=Options(repeats=2, repeat_start_year=2000)
                        ),
                        ActualDate(rule="actual", dom=24, month=12, todom=2, tomonth=1),
                    ),
                ),
                midnights(),
            ),
        ),
        (
            {"_type": "HolidayCalendar", "rules": [{"rule": "every", "day": "Friday"}]},
            DayCalendar(WorkingDays(EVERY_DAY, (EveryWeekday(rule="every", day=Weekday.FRIDAY),)), midnights()),
        ),
        ({"_type": "HolidayCalendar"}, DayCalendar(WorkingDays(EVERY_DAY, ()), midnights())),
    ],
)
def test_a_definition_is_this_calendar(definition: dict[str, Any], calendar: Calendar) -> None:
    assert calendar == calendar_of(definition, find)


@pytest.mark.parametrize("reference", ["HENG", HENG])
def test_a_day_calendar_may_be_stored_elsewhere_or_written_in_place(reference: str | dict[str, Any]) -> None:
    definition = {"_type": "IntradayCalendar", "period": "PT1H", "dayCalendar": reference, "timezone": "Europe/London"}

    calendar = calendar_of(definition, find)

    easter_monday, thursday = datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 3, 28, 23, tzinfo=UTC)
    assert thursday == calendar.floor(datetime(2024, 3, 31, 12, tzinfo=UTC))
    assert datetime(2024, 3, 31, 23, tzinfo=UTC) == next(calendar.indexes(thursday.replace(minute=1), easter_monday))


def test_holiday_calendars_combine_by_their_base() -> None:
    definition = {"_type": "HolidayCalendar", "base": "HENG", "rules": [{"rule": "every", "day": "Monday"}]}

    calendar = calendar_of(definition, find)

    august = calendar.indexes(datetime(2024, 3, 28, tzinfo=UTC), datetime(2024, 4, 3, tzinfo=UTC))
    assert [28, 2, 3] == [index.day for index in august]


def test_half_hours_of_weekends_are_cut_from_weekends() -> None:
    calendar = calendar_of({"_type": "IntradayCalendar", "period": "PT30M", "dayCalendar": WEEKENDS}, find)

    assert datetime(2024, 7, 7, 23, 30, tzinfo=UTC) == calendar.floor(datetime(2024, 7, 12, tzinfo=UTC))


def intraday(**members: Any) -> dict[str, Any]:
    return {"_type": "IntradayCalendar", "period": "PT1H"} | members


def holidays(*rules: Any) -> dict[str, Any]:
    return {"_type": "HolidayCalendar", "rules": list(rules)}


@pytest.mark.parametrize(
    ("definition", "member", "problem"),
    [
        ({}, "definition._type", "must be one of IntradayCalendar, DailyCalendar"),
        ({"_type": "Lunar"}, "definition._type", "got 'Lunar'"),
        ({"_type": "IntradayCalendar"}, "definition.period", "is required"),
        (intraday(period="PT7H"), "definition.period", "divides a day"),
        (intraday(period="P1D"), "definition.period", "at most 12 hours"),
        (intraday(period=3600), "definition.period", "Expected `str`"),
        (intraday(timezone="Mars"), "definition.timezone", "there is no time zone 'Mars'"),
        (intraday(excludedHours=[24]), "definition.excludedHours[0]", "<= 23"),
        (intraday(excludedHours=list(range(24))), "definition.excludedHours", "leave nothing of a day"),
        (intraday(dayCalendar="NOWHERE"), "definition.dayCalendar", "there is no such calendar"),
        (intraday(dayCalendar="HOURS"), "definition.dayCalendar", "must be a calendar of days"),
        (intraday(dayCalendar="PT1H"), "definition.dayCalendar", "must be a calendar of days"),
        (intraday(dayCalendar={"_type": "WeeklyCalendar", "day": "x"}), "definition.dayCalendar.day", "must be one of"),
        (intraday(hours=[1]), "definition.hours", "there is no such member"),
        ({"_type": "MonthlyCalendar", "months": 5}, "definition.months", "not of 5"),
        ({"_type": "MonthlyCalendar", "timezone": "Mars"}, "definition.timezone", "there is no time zone"),
        ({"_type": "OffsetDailyCalendar", "hour": 24}, "definition.hour", "<= 23"),
        ({"_type": "OffsetDailyCalendar"}, "definition.hour", "is required"),
        ({"_type": "HolidayCalendar", "rules": "x"}, "definition.rules", "Expected `array`"),
        ({"_type": "HolidayCalendar", "base": "SPARSE"}, "definition.base", "must be a calendar of days"),
        (holidays("Every Sunday"), "definition.rules[0]", "Expected `object`"),
        (holidays({}), "definition.rules[0].rule", "must be one of every, actual, last, ordinal, named"),
        (holidays({"rule": "every", "day": "Sun"}), "definition.rules[0].day", "must be one of Monday, Tuesday"),
        (holidays({"rule": "named", "name": "Xmas"}), "definition.rules[0].name", "must be one of Easter Sunday"),
        (holidays({"rule": "last", "day": "Monday", "month": 13}), "definition.rules[0].month", "<= 12"),
        (holidays({"rule": "actual", "dom": 31, "month": 2}), "definition.rules[0]", "month 2 has no day 31"),
        (
            holidays({"rule": "named", "name": "Pentecost", "options": {"repeats": 2}}),
            "definition.rules[0].options",
            "repeatStartYear or validFromYear",
        ),
        (
            holidays({"rule": "named", "name": "Pentecost"}, {"rule": "every", "day": "Monday", "from": 2020}),
            "definition.rules[1].from",
            "there is no such member",
        ),
        (
            holidays(*({"rule": "every", "day": day.value} for day in Weekday)),
            "definition.rules",
            "leave no day of the year",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_member(definition: dict[str, Any], member: str, problem: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        calendar_of(definition, find)

    assert member == caught.value.member
    assert problem in str(caught.value)
