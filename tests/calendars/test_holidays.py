from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Weekdays
from meterd.calendars.holidays import (
    ActualDate,
    EveryWeekday,
    Feast,
    LastWeekday,
    NamedFeast,
    Options,
    OrdinalWeekday,
    Rule,
    Weekday,
    WorkingDays,
)

NEVER = Options(valid_from_year=1000, valid_to_year=999)
UNITED_KINGDOM = (
    ActualDate(dom=1, month=1, options=Options(shift_on_saturday=2, shift_on_sunday=1)),
    NamedFeast(name=Feast.GOOD_FRIDAY),
    NamedFeast(name=Feast.EASTER_MONDAY),
    OrdinalWeekday(ordinal=1, day=Weekday.MONDAY, month=5),
    LastWeekday(day=Weekday.MONDAY, month=5),
    LastWeekday(day=Weekday.MONDAY, month=8),
    ActualDate(dom=25, month=12, options=Options(shift_on_saturday=3, shift_on_sunday=2)),
    ActualDate(dom=26, month=12, options=Options(shift_on_saturday=2, shift_on_sunday=1)),
)


def holidays(rule: Rule, year: int) -> list[str]:
    """Days of a year that are not left when there is no other rule, as month and day."""
    left = set(WorkingDays(EVERY_DAY, (rule,)).of_year(year))
    all_days = range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
    return [f"{date.fromordinal(day):%m-%d}" for day in all_days if day not in left]


@pytest.mark.parametrize(
    ("feast", "year", "day"),
    [
        (Feast.EASTER_SUNDAY, 2024, "03-31"),
        (Feast.EASTER_MONDAY, 2024, "04-01"),
        (Feast.GOOD_FRIDAY, 2024, "03-29"),
        (Feast.ASCENSION_DAY, 2024, "05-09"),
        (Feast.CORPUS_CHRISTI, 2024, "05-30"),
        (Feast.PENTECOST, 2024, "05-19"),
        (Feast.WHIT_MONDAY, 2024, "05-20"),
        (Feast.VICTORIA_DAY, 2024, "05-20"),
        (Feast.VICTORIA_DAY, 2026, "05-18"),
        (Feast.CARNIVAL_MONDAY, 2024, "02-12"),
        (Feast.SHROVE_TUESDAY, 2024, "02-13"),
        (Feast.ASH_WEDNESDAY, 2024, "02-14"),
        (Feast.MAUNDY_THURSDAY, 2024, "03-28"),
        (Feast.ORTHODOX_GOOD_FRIDAY, 2024, "05-03"),
        (Feast.ORTHODOX_EASTER_SUNDAY, 2024, "05-05"),
        (Feast.ORTHODOX_EASTER_MONDAY, 2024, "05-06"),
        (Feast.ORTHODOX_PENTECOST, 2024, "06-23"),
        (Feast.ORTHODOX_WHIT_MONDAY, 2024, "06-24"),
        (Feast.EASTER_SUNDAY, 2000, "04-23"),
        (Feast.EASTER_SUNDAY, 2038, "04-25"),
    ],
)
def test_a_feast_moves_with_the_year(feast: Feast, year: int, day: str) -> None:
    assert [day] == holidays(NamedFeast(name=feast), year)


def test_there_is_a_rule_for_every_feast() -> None:
    assert all(len(holidays(NamedFeast(name=feast), 2030)) == 1 for feast in Feast)


@pytest.mark.parametrize(
    ("rule", "year", "days"),
    [
        (LastWeekday(day=Weekday.MONDAY, month=5), 2024, "05-27"),
        (LastWeekday(day=Weekday.THURSDAY, month=2), 2024, "02-29"),
        (OrdinalWeekday(ordinal=3, day=Weekday.MONDAY, month=1), 2024, "01-15"),
        (OrdinalWeekday(ordinal=1, day=Weekday.MONDAY, month=1), 2024, "01-01"),
        (OrdinalWeekday(ordinal=5, day=Weekday.FRIDAY, month=3), 2024, "03-29"),
        (OrdinalWeekday(ordinal=5, day=Weekday.MONDAY, month=3), 2024, ""),
        (ActualDate(dom=29, month=2), 2024, "02-29"),
        (ActualDate(dom=29, month=2), 2023, ""),
        (ActualDate(dom=27, month=2, todom=29), 2023, "02-27 02-28"),
        (ActualDate(dom=30, month=4, todom=2, tomonth=5), 2023, "04-30 05-01 05-02"),
        (ActualDate(dom=30, month=12, todom=2, tomonth=1), 2023, "01-01 01-02 12-30 12-31"),
        (ActualDate(dom=1, month=1, options=Options(shift_on_saturday=-1)), 2021, "01-01 12-31"),
        (ActualDate(dom=1, month=1, options=Options(shift_on_saturday=-1)), 2022, ""),
        (ActualDate(dom=31, month=12, options=Options(shift_on_sunday=1)), 2024, "01-01 12-31"),
        (ActualDate(dom=25, month=12, options=Options(shift_on_monday=1)), 2023, "12-26"),
        (ActualDate(dom=8, month=5, options=Options(valid_from_year=2020, valid_to_year=2020)), 2020, "05-08"),
        (ActualDate(dom=8, month=5, options=Options(valid_from_year=2020, valid_to_year=2020)), 2021, ""),
        (ActualDate(dom=8, month=5, options=Options(valid_from_year=2020, valid_to_year=2020)), 2019, ""),
        (ActualDate(dom=20, month=1, options=Options(repeats=4, repeat_start_year=2001)), 2025, "01-20"),
        (ActualDate(dom=20, month=1, options=Options(repeats=4, repeat_start_year=2001)), 2024, ""),
        (ActualDate(dom=20, month=1, options=Options(repeats=4, repeat_start_year=2001)), 1997, ""),
        (ActualDate(dom=20, month=1, options=Options(repeats=2, valid_from_year=2001)), 2003, "01-20"),
        (ActualDate(dom=20, month=1, options=NEVER), 999, ""),
    ],
)
def test_a_rule_closes_these_days_of_a_year(rule: Rule, year: int, days: str) -> None:
    assert days == " ".join(holidays(rule, year))


def test_every_weekday_of_a_year_is_closed() -> None:
    closed = holidays(EveryWeekday(day=Weekday.SUNDAY), 2023)

    assert (53, "01-01", "12-31") == (len(closed), closed[0], closed[-1])


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"),
        (2022, "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27"),
        (2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26"),
    ],
)
def test_bank_holidays_are_closed_besides_weekends(year: int, days: str) -> None:
    left = set(WorkingDays(MONDAY_TO_FRIDAY, UNITED_KINGDOM).of_year(year))
    whole_year = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    closed = [day for day in whole_year if day.weekday() < 5 and day.toordinal() not in left]

    assert days == " ".join(f"{day:%m-%d}" for day in closed)


@settings(max_examples=50)
@given(day=st.dates(date(1900, 1, 1), date(2150, 12, 31)))
def test_floor_and_ceiling_are_the_nearest_working_days(day: date) -> None:
    days = WorkingDays(MONDAY_TO_FRIDAY, UNITED_KINGDOM)
    number = day.toordinal()
    left = [open_day for year in (day.year - 1, day.year, day.year + 1) for open_day in days.of_year(year)]

    assert max(open_day for open_day in left if open_day <= number) == days.floor(number)
    assert min(open_day for open_day in left if open_day >= number) == days.ceiling(number)


def test_a_closed_year_is_passed_over() -> None:
    closed = ActualDate(dom=1, month=1, todom=31, tomonth=12, options=Options(valid_from_year=1900, valid_to_year=1960))
    days = WorkingDays(EVERY_DAY, (closed,))

    assert date(1899, 12, 31) == date.fromordinal(days.floor(date(1950, 6, 1).toordinal()))
    assert date(1961, 1, 1) == date.fromordinal(days.ceiling(date(1950, 6, 1).toordinal()))


@pytest.mark.parametrize(
    ("base", "rules", "year"),
    [
        (EVERY_DAY, (ActualDate(dom=1, month=1, todom=31, tomonth=12),), 1970),
        (EVERY_DAY, tuple(EveryWeekday(day=day) for day in Weekday), 1970),
        (Weekdays(frozenset([6])), (EveryWeekday(day=Weekday.SUNDAY),), 1970),
        (EVERY_DAY, tuple(EveryWeekday(day=day, options=Options(valid_from_year=2030)) for day in Weekday), 2030),
    ],
)
def test_rules_that_close_a_whole_year_are_refused(base: Weekdays, rules: tuple[Rule, ...], year: int) -> None:
    with pytest.raises(ValueError, match=f"leave no day of the year {year}"):
        WorkingDays(base, rules)


def test_days_closed_since_ever_end_the_search() -> None:
    days = WorkingDays(
        EVERY_DAY, (ActualDate(dom=1, month=1, todom=31, tomonth=12, options=Options(valid_to_year=1960)),)
    )

    with pytest.raises(ValueError, match="no working day until 0100-01-01"):
        days.floor(date(100, 1, 1).toordinal())


@pytest.mark.parametrize(
    "members", [{"dom": 31, "month": 4}, {"dom": 5, "month": 4, "todom": 4}, {"dom": 30, "month": 2}]
)
def test_dates_that_never_are_are_refused(members: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"has no day|is before dom"):
        ActualDate(**members)  # type: ignore[arg-type]


def test_repeating_needs_a_year_to_count_from() -> None:
    with pytest.raises(ValueError, match="repeats needs repeatStartYear or validFromYear"):
        Options(repeats=2)
