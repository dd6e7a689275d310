from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.calendars.days import EVERY_DAY, MONDAY_TO_FRIDAY, Days, Months, Weekdays
from tests.calendars.walk import Included

KINDS: list[tuple[Days, Included]] = [
    (EVERY_DAY, lambda day: True),
    (MONDAY_TO_FRIDAY, lambda day: day.isoweekday() <= 5),
    (Weekdays(frozenset([2])), lambda day: f"{day:%a}" == "Wed"),
    *((Months(count), lambda day, n=count: day.day == 1 and day.month in range(1, 13, n)) for count in (1, 2, 3, 4, 6)),
    (Months(12), lambda day: (day.month, day.day) == (1, 1)),
]


@given(kind=st.sampled_from(KINDS), day=st.dates(date(2, 1, 1), date(9998, 12, 30)))
def test_floor_and_ceiling_are_the_nearest_days_of_the_set(kind: tuple[Days, Included], day: date) -> None:
    days, included = kind
    before, after = day, day
    while not included(before):
        before -= timedelta(days=1)
    while not included(after):
        after += timedelta(days=1)

    assert before == date.fromordinal(days.floor(day.toordinal()))
    assert after == date.fromordinal(days.ceiling(day.toordinal()))


def test_days_get_coarser_by_months_and_then_years() -> None:
    assert EVERY_DAY.coarser == MONDAY_TO_FRIDAY.coarser == Months(1)
    assert Months(1).coarser == Months(6).coarser == Months(12)
    assert Months(12).coarser is None


@pytest.mark.parametrize("count", [-1, 0, 5, 7, 24])
def test_periods_of_months_that_no_year_is_made_of_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"periods of 1, 2, 3, 4, 6, 12 months, not of {count}"):
        Months(count)


def test_no_weekdays_are_refused() -> None:
    with pytest.raises(ValueError, match="no weekdays"):
        Weekdays(frozenset())
