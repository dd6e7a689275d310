from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meterd.calendars.dates import parse_date
from meterd.calendars.local import Period
from meterd.expressions.errors import ExpressionError
from tests.calendars.clocks import NOW, days_in_zones, seconds_when, utc

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020Y", "2020-01-01", "2020-12-31"),
        ("2020YJAN", "2020-01-01", "2020-12-31"),
        ("2020YOCT", "2020-10-01", "2021-09-30"),
        ("2020HY01", "2020-01-01", "2020-06-30"),
        ("2020HY2", "2020-07-01", "2020-12-31"),
        ("2020S01", "2020-04-01", "2020-09-30"),
        ("2020S02", "2020-10-01", "2021-03-31"),
        ("2020USS", "2020-04-01", "2020-10-31"),
        ("2020USW", "2020-11-01", "2021-03-31"),
        ("2020Q01", "2020-01-01", "2020-03-31"),
        ("2020Q4", "2020-10-01", "2020-12-31"),
        ("2020M01", "2020-01-01", "2020-01-31"),
        ("2020M1", "2020-01-01", "2020-01-31"),
        ("2020M002", "2020-02-01", "2020-02-29"),
        ("2020HM01", "2020-01-01", "2020-01-15"),
        ("2020HM02", "2020-01-16", "2020-01-31"),
        ("2020HM04", "2020-02-16", "2020-02-29"),
        ("2020HM24", "2020-12-16", "2020-12-31"),
        ("2020EOM02", "2020-02-29", "2020-02-29"),
        ("2020EOQ01", "2020-03-31", "2020-03-31"),
        ("2020EOY01", "2020-12-31", "2020-12-31"),
        ("2020W01", "2019-12-30", "2020-01-05"),
        ("2020W53", "2020-12-28", "2021-01-03"),
        ("2020WW01", "2019-12-30", "2020-01-03"),
        ("2020WKD01", "2020-01-04", "2020-01-05"),
        ("2020D1022", "2020-10-22", "2020-10-22"),
        ("2020D0229", "2020-02-29", "2020-02-29"),
        ("0001W01", "0001-01-01", "0001-01-07"),
        ("9999Y", "9999-01-01", "9999-12-31"),
    ],
)
def test_a_tenor_covers_whole_days(text: str, first: str, last: str) -> None:
    assert Period(utc(f"{first}T00:00:00"), utc(f"{last}T23:59:59")) == parse_date(text, NOW)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2020D1022-H01", "00:00:00", "00:59:59"),
        ("2020D1022-H24", "23:00:00", "23:59:59"),
        ("2020D1022-HH01", "00:00:00", "00:29:59"),
        ("2020D1022-HH48", "23:30:00", "23:59:59"),
        ("2020D1022-QH2", "00:15:00", "00:29:59"),
        ("2020D1022-QH96", "23:45:00", "23:59:59"),
    ],
)
def test_parts_of_a_day_count_from_one(text: str, start: str, end: str) -> None:
    assert Period(utc(f"2020-10-22T{start}"), utc(f"2020-10-22T{end}")) == parse_date(text, NOW)


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("2020X", 4, "must be followed by Y, YJAN to YDEC,"),
        ("2020m01", 4, "must be followed by Y, YJAN to YDEC,"),
        ("2020YOKT", 4, "must be followed by Y, YJAN to YDEC,"),
        ("2020USP", 4, "must be followed by Y, YJAN to YDEC,"),
        ("2020GY", 4, "must be followed by Y, YJAN to YDEC,"),
        ("2020Y01", 5, "should end here, got '0'"),
        ("2020M", 5, "the number must be a number"),
        ("2020M13", 5, "the number must be from 1 to 12, got 13"),
        ("2020M0", 5, "the number must be from 1 to 12, got 0"),
        ("2020Q05", 5, "the number must be from 1 to 4, got 05"),
        ("2020S03", 5, "the number must be from 1 to 2, got 03"),
        ("2020HY03", 6, "the number must be from 1 to 2, got 03"),
        ("2020HM25", 6, "the half month must be from 1 to 24, got 25"),
        ("2020HM(14)01", 6, "the half month must be a number"),
        ("2020EOY02", 7, "the number must be from 1 to 1, got 02"),
        ("2021W53", 5, "the week must be from 1 to 52, got 53"),
        ("2020W54", 5, "the week must be from 1 to 53, got 54"),
        ("2020D1322", 5, "the month must be from 1 to 12, got 13"),
        ("2021D0229", 7, "the day must be from 1 to 28, got 29"),
        ("2020D102", 7, "the day must be a number of 2 digits"),
        ("2020D1022-H25", 11, "the number must be from 1 to 24, got 25"),
        ("2020D1022-M01", 10, "one of H, HH, QH"),
        ("2020M10-H01", 7, "should end here, got '-'"),
        ("9999S02", 0, "outside the years 1 to 9999"),
        ("9999YFEB", 0, "outside the years 1 to 9999"),
        ("9999W52", 0, "outside the years 1 to 9999"),
        ("2020M" + "9" * 5000, 5, "has 5000 digits, at most 18"),
    ],
)
def test_what_is_no_tenor_is_refused_where_it_goes_wrong(text: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse_date(text, NOW)

    assert (text, position) == (refusal.value.expression, refusal.value.position)
    assert problem in refusal.value.problem


def days_of(year: int) -> list[date]:
    """Every day from the year before to the year after."""
    return [date(year - 1, 1, 1) + timedelta(days=day) for day in range(3 * 366 - 1)]


@given(year=st.integers(2, 9997), number=st.integers(1, 60))
@example(year=2020, number=53)
@example(year=2021, number=53)
def test_weeks_are_those_of_the_iso_calendar(year: int, number: int) -> None:
    week = [day for day in days_of(year) if day.isocalendar()[:2] == (year, number)]
    for code, wanted in (("W", week), ("WW", week[:5]), ("WKD", week[5:])):
        if week:
            period = parse_date(f"{year:04}{code}{number:02}", NOW)
            assert (wanted[0], wanted[-1]) == (period.start.date(), period.end.date())
        else:
            with pytest.raises(ExpressionError):
                parse_date(f"{year:04}{code}{number:02}", NOW)


@given(year=st.integers(2, 9997), month=st.integers(1, 12))
def test_tenors_of_months_hold_the_days_of_these_months(year: int, month: int) -> None:
    of_month = [day for day in days_of(year) if (day.year, day.month) == (year, month)]
    quarter = [day for day in days_of(year) if (day.year, (day.month + 2) // 3) == (year, (month + 2) // 3)]
    twelve = [day for day in days_of(year) if 12 * year + month <= 12 * day.year + day.month < 12 * year + month + 12]
    expected = {
        f"M{month}": of_month,
        f"Q{(month + 2) // 3}": quarter,
        f"HM{2 * month - 1}": [day for day in of_month if day.day <= 15],
        f"HM{2 * month}": [day for day in of_month if day.day > 15],
        f"EOM{month}": of_month[-1:],
        f"EOQ{(month + 2) // 3}": quarter[-1:],
        f"Y{MONTHS[month - 1]}": twelve,
    }

    for code, days in expected.items():
        period = parse_date(f"{year:04}{code}", NOW)
        assert (days[0], days[-1]) == (period.start.date(), period.end.date())


@given(day_in_zone=days_in_zones(), part=st.sampled_from([("H", 3600), ("HH", 1800), ("QH", 900)]))
@example((date(2020, 3, 29), "Europe/Paris"), ("H", 3600))
@example((date(2020, 10, 25), "Europe/Paris"), ("H", 3600))
@example((date(2020, 4, 5), "Australia/Lord_Howe"), ("H", 3600))
def test_parts_of_a_local_day_follow_each_other_and_fill_it(
    day_in_zone: tuple[date, str], part: tuple[str, int]
) -> None:
    day, zone = day_in_zone
    code, length = part
    whole = seconds_when(day, zone, lambda local: local.date() == day)
    if whole is None:
        return
    from_the_day = []
    start = whole[0]
    while start <= whole[1]:
        from_the_day.append(Period(start, min(start + timedelta(seconds=length - 1), whole[1])))
        start += timedelta(seconds=length)

    written = [tenor(day, f"-{code}{number}", zone) for number in range(1, len(from_the_day) + 1)]

    assert from_the_day == written
    with pytest.raises(ExpressionError):
        tenor(day, f"-{code}{len(from_the_day) + 1}", zone)


def tenor(day: date, part: str, zone: str) -> Period:
    return parse_date(f"{day:%YD%m%d}{part}", NOW, ZoneInfo(zone))
