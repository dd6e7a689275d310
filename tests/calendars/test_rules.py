from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meterd.calendars.dates import parse_date
from meterd.calendars.local import Period
from meterd.calendars.ranges import Range, parse_range
from meterd.expressions.errors import ExpressionError
from tests.calendars.clocks import NOW, ZONES, days_in_zones, seconds_when, utc

moments = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - bounds
    lambda moment: moment.replace(microsecond=0)
)


def computed(rule: str, now: datetime = NOW) -> datetime:
    """The instant of a rule, in UTC."""
    period = parse_date(rule, now)
    assert period.start == period.end
    return period.start


@pytest.mark.parametrize(
    ("rule", "instant"),
    [
        ("T", "2024-07-08T16:23:07"),
        ("t", "2024-07-08T16:23:07"),
        ("T-", "2024-07-08T16:23:07"),
        ("T-1Y", "2023-07-08T16:23:07"),
        ("T-1Yh0m0s0", "2023-07-08T00:00:00"),
        ("T-M1D1h0m0s0", "2024-01-01T00:00:00"),
        ("T-5D", "2024-07-03T16:23:07"),
        ("T+5D", "2024-07-13T16:23:07"),
        ("T 5D", "2024-07-13T16:23:07"),
        ("T-1YQ4D1h0m0s0", "2023-10-01T00:00:00"),
        ("t-10d", "2024-06-28T16:23:07"),
        ("t-1y1q1w1b1d", "2023-03-30T16:23:07"),
        ("T-2Q", "2024-01-08T16:23:07"),
        ("T+1M", "2024-08-08T16:23:07"),
        ("T+1m", "2024-07-08T16:24:07"),
        ("T-90s", "2024-07-08T16:21:37"),
        ("T-36h", "2024-07-07T04:23:07"),
        ("T-14M", "2023-05-08T16:23:07"),
        ("T-0D", "2024-07-08T16:23:07"),
        ("T-1B", "2024-07-05T16:23:07"),
        ("Th0m0s0", "2024-07-08T00:00:00"),
        ("T-D1h0m0s0", "2024-07-01T00:00:00"),
        ("T+Y2020", "2020-07-08T16:23:07"),
        ("TQ1", "2024-01-08T16:23:07"),
        ("TW1", "2024-01-01T16:23:07"),
        ("TW09D3", "2024-02-03T16:23:07"),
        ("T-1MD31h23m59s59", "2024-06-30T23:59:59"),
        ("TW53", "2024-12-23T16:23:07"),
    ],
)
def test_a_rule_reckons_from_now(rule: str, instant: str) -> None:
    assert utc(instant) == computed(rule)


@pytest.mark.parametrize(
    ("now", "rule", "instant"),
    [
        ("2024-03-31T12:00:00", "T-1M", "2024-02-29T12:00:00"),
        ("2023-03-31T12:00:00", "T-1M", "2023-02-28T12:00:00"),
        ("2024-02-29T12:00:00", "T-1Y", "2023-02-28T12:00:00"),
        ("2024-02-29T12:00:00", "T-4Y", "2020-02-29T12:00:00"),
        ("2024-02-29T12:00:00", "T-1Y1M", "2023-01-29T12:00:00"),
        ("2024-02-29T12:00:00", "TY2023", "2023-02-28T12:00:00"),
        ("2024-05-31T12:00:00", "TM4", "2024-04-30T12:00:00"),
        ("2024-08-31T12:00:00", "TQ1", "2024-02-29T12:00:00"),
        ("2021-01-02T12:00:00", "TW1", "2021-01-09T12:00:00"),
        ("2020-07-08T12:00:00", "TW53", "2020-12-30T12:00:00"),
        ("2024-07-06T12:00:00", "T-1B", "2024-07-05T12:00:00"),
        ("2024-07-06T12:00:00", "T+1B", "2024-07-08T12:00:00"),
        ("2024-07-07T12:00:00", "T+5B", "2024-07-12T12:00:00"),
        ("2024-07-07T12:00:00", "T+0B", "2024-07-07T12:00:00"),
    ],
)
def test_days_that_a_month_or_week_does_not_have_give_way(now: str, rule: str, instant: str) -> None:
    assert utc(instant) == computed(rule, utc(now))


def test_fractions_of_a_second_are_dropped() -> None:
    assert utc("2024-07-08T16:23:07") == computed("T", NOW.replace(microsecond=999_999))


@pytest.mark.parametrize(
    ("now", "zone", "rule", "instant"),
    [
        ("2024-07-08T23:30:00", "Europe/Amsterdam", "Th0m0s0", "2024-07-08T22:00:00"),
        ("2024-03-31T12:00:00", "Europe/Amsterdam", "T-1D", "2024-03-30T13:00:00"),
        ("2024-03-31T12:00:00", "Europe/Amsterdam", "T-24h", "2024-03-30T12:00:00"),
        ("2024-10-27T01:30:00", "Europe/Amsterdam", "T-1h", "2024-10-27T00:30:00"),
        ("2024-10-27T01:30:00", "Europe/Amsterdam", "T-0D", "2024-10-27T01:30:00"),
    ],
)
def test_days_follow_the_local_calendar_and_hours_are_time_that_passes(
    now: str, zone: str, rule: str, instant: str
) -> None:
    assert Period(utc(instant), utc(instant)) == parse_date(rule, utc(now), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("rule", "position", "problem"),
    [
        ("T-1X", 3, "expected a unit: Y, Q, M, W, B, D, h, m, s"),
        ("T-1", 3, "expected a unit: Y, Q, M, W, B, D, h, m, s"),
        ("T-1D1Y", 5, "each at most once and in this order"),
        ("T-1D1D", 5, "each at most once and in this order"),
        ("T-1M1D1h0m0s0", 13, "expected a unit: Y, Q, M, W, B, D, h, m, s"),
        ("T-B1", 2, "expected a unit: Y, Q, M, W, D, h, m, s"),
        ("T-h0D1", 4, "each at most once and in this order"),
        ("Today", 1, "expected a unit: Y, Q, M, W, D, h, m, s"),
        ("T1D", 1, "an amount needs a sign"),
        ("T--1D", 2, "should end here, got '-'"),
        ("T  1D", 2, "should end here, got ' '"),
        ("T-1.5D", 3, "expected a unit: Y, Q, M, W, B, D, h, m, s"),
        ("T-D", 3, "the day must be a number"),
        ("T-D32", 3, "the day must be from 1 to 31, got 32"),
        ("T-D0", 3, "the day must be from 1 to 31, got 0"),
        ("T-M13", 3, "the month must be from 1 to 12, got 13"),
        ("T-Q5", 3, "the quarter must be from 1 to 4, got 5"),
        ("T-W54", 3, "the week must be from 1 to 53, got 54"),
        ("T-h24", 3, "the hour must be from 0 to 23, got 24"),
        ("T-m60", 3, "the minute must be from 0 to 59, got 60"),
        ("T-s60", 3, "the second must be from 0 to 59, got 60"),
        ("T-Y24", 3, "the year must be a number of 4 digits"),
        ("T-1٣D", 3, "expected a unit"),
        ("T-99999999999D", 0, "outside the years 1 to 9999"),
        ("T+99999999999B", 0, "outside the years 1 to 9999"),
        ("T-2024Y", 0, "outside the years 1 to 9999"),
        ("T+999999999999999999s", 0, "outside the years 1 to 9999"),
        ("T-" + "9" * 5000 + "D", 2, "has 5000 digits, at most 18"),
    ],
)
def test_what_is_no_rule_is_refused_where_it_goes_wrong(rule: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse_date(rule, NOW)

    assert ("date rule", rule, position) == (refusal.value.part, refusal.value.expression, refusal.value.position)
    assert problem in refusal.value.problem


def months_away(moment: datetime, count: int) -> datetime:
    """Walk day by day until the month has changed `count` times; then to the same day or the last one before it."""
    step = timedelta(days=1 if count > 0 else -1)
    walked = moment
    for _ in range(abs(count)):
        left = walked.month
        while walked.month == left:
            walked += step
    month = walked.month
    candidates = [walked + timedelta(days=day) for day in range(-31, 32)]
    return [day for day in candidates if day.month == month and day.day <= moment.day][-1]


@given(now=moments, count=st.integers(-40, 40))
@example(now=utc("2024-01-31T01:02:03"), count=1)
@example(now=utc("2024-03-31T01:02:03"), count=-1)
def test_months_are_those_of_a_walk_through_the_calendar(now: datetime, count: int) -> None:
    assert months_away(now, count) == computed(f"T{count:+}M", now)
    assert months_away(now, 3 * count) == computed(f"T{count:+}Q", now)
    assert months_away(now, 12 * count) == computed(f"T{count:+}Y", now)


@given(now=moments, count=st.integers(-60, 60))
def test_business_days_are_those_of_a_walk_from_day_to_day(now: datetime, count: int) -> None:
    step, walked, landed = timedelta(days=1 if count > 0 else -1), now, 0
    while landed < abs(count):
        walked += step
        landed += walked.weekday() < 5

    assert walked == computed(f"T{count:+}B", now)


@given(now=moments, weeks=st.integers(0, 500), days=st.integers(0, 5000), seconds=st.integers(0, 10**7))
def test_weeks_days_and_seconds_add_up(now: datetime, weeks: int, days: int, seconds: int) -> None:
    assert now - timedelta(weeks=weeks, days=days, seconds=seconds) == computed(f"T-{weeks}W{days}D{seconds}s", now)


@given(now=moments, zone=st.sampled_from(ZONES))
def test_now_is_now_in_every_zone(now: datetime, zone: str) -> None:
    assert Period(now, now) == parse_date("T", now, ZoneInfo(zone))


@given(day_in_zone=days_in_zones(), seconds=st.integers(0, 86_399))
@example((date(2024, 10, 27), "Europe/Amsterdam"), 5400)
@example((date(2018, 2, 18), "America/Sao_Paulo"), 5400)
def test_the_first_and_last_second_of_today_bound_the_local_day(day_in_zone: tuple[date, str], seconds: int) -> None:
    day, zone = day_in_zone
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
    today = now.astimezone(ZoneInfo(zone)).date()
    expected = seconds_when(today, zone, lambda local: local.date() == today)

    assert expected is not None
    assert Range(*expected) == parse_range(f"between(Th0m0s0,Th23m59s59,{zone})", now)
