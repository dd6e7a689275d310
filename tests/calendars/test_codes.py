import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.calendars.codes import BUILT_IN, BuiltIn, calendar_for
from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Days, Months, Weekdays
from meterd.calendars.definitions import calendar_of
from meterd.calendars.grids import LocalGrid
from meterd.calendars.model import UTC_ZONE, DayCalendar, IntradayCalendar, SparseCalendar
from meterd.expressions.errors import ExpressionError

DAY = 86_400
MONDAYS = Weekdays(frozenset([0]))


@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("#PT1S", 1),
        ("#PT1M", 60),
        ("#PT5M", 300),
        ("PT15M", 900),
        ("#PT30M", 1800),
        ("#PT1H", 3600),
        ("#pt1h", 3600),
        ("PT60M", 3600),
        ("PT1H30M", 5400),
        ("#PT6H", 21_600),
        ("#PT12H", 43_200),
    ],
)
def test_a_duration_that_divides_a_day_is_an_intraday_calendar(code: str, seconds: int) -> None:
    assert IntradayCalendar(LocalGrid(UTC_ZONE, seconds)) == calendar_for(code)


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("#P1D", EVERY_DAY),
        ("PT24H", EVERY_DAY),
        ("DAILY", EVERY_DAY),
        ("#DAILY", EVERY_DAY),
        ("daily", EVERY_DAY),
        ("BUSINESS", MONDAY_TO_FRIDAY),
        ("business", MONDAY_TO_FRIDAY),
        ("WEEKLY", MONDAYS),
        ("P1W", MONDAYS),
        ("P7D", MONDAYS),
        ("Monthly", Months(1)),
        ("P1M", Months(1)),
        ("#P3M", Months(3)),
        ("P12M", Months(12)),
        ("P1Y", Months(12)),
        ("ANNUAL", Months(12)),
        ("#yearly", Months(12)),
    ],
)
def test_names_and_longer_durations_are_calendars_of_days(code: str, days: Days) -> None:
    assert DayCalendar(days, LocalGrid(UTC_ZONE, DAY)) == calendar_for(code)


def test_sparse_has_no_grid() -> None:
    assert SparseCalendar() == calendar_for("#sparse")


@pytest.mark.parametrize(
    ("code", "position", "problem"),
    [
        ("#PT7H", 3, "divides a day"),
        ("PT13H", 2, "divides a day"),
        ("PT0S", 2, "divides a day"),
        ("P2D", 1, "divides a day"),
        ("P1DT1H", 1, "divides a day"),
        ("P2W", 1, "divides a day"),
        ("P2Y", 1, "1, 2, 3, 4, 6, 12 months"),
        ("#P5M", 2, "1, 2, 3, 4, 6, 12 months"),
        ("P1M1D", 3, "months can't be combined"),
        ("PT", 2, "missing after T"),
        ("PT1X", 3, "expected H, M, S"),
        ("HENG", 0, "there are DAILY, BUSINESS, WEEKLY, MONTHLY, ANNUAL, YEARLY, SPARSE, and durations such as #PT1H"),
        ("", 0, "there are DAILY"),
        ("##DAILY", 0, "there are DAILY"),
    ],
)
def test_what_is_no_calendar_is_refused_where_it_goes_wrong(code: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem) as caught:
        calendar_for(code)

    assert (code, position) == (caught.value.expression, caught.value.position)


@given(seconds=st.integers(1, 100_000) | st.sampled_from([n for n in range(1, DAY + 1) if DAY % n == 0]))
def test_exactly_the_divisors_of_a_day_are_calendars(seconds: int) -> None:
    allowed = DAY % seconds == 0 and (seconds <= DAY // 2 or seconds == DAY)

    if allowed:
        assert calendar_for(f"#PT{seconds}S") == calendar_for(f"PT{seconds}S")
    else:
        with pytest.raises(ExpressionError):
            calendar_for(f"#PT{seconds}S")


@pytest.mark.parametrize("built_in", BUILT_IN, ids=lambda built_in: built_in.code)
def test_the_definition_of_a_built_in_calendar_is_what_its_code_means(built_in: BuiltIn) -> None:
    assert calendar_for(built_in.code) == calendar_of(built_in.definition, find=lambda code: None)
