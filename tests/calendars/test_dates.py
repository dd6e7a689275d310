from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meterd.calendars.dates import parse_date
from meterd.calendars.local import Period
from meterd.calendars.ranges import parse_range
from meterd.expressions.errors import ExpressionError
from tests.calendars.clocks import NOW, days_in_zones, minutes_around, seconds_when, utc

FORMS = {"hour": "%Y-%m-%dT%H", "minute": "%Y-%m-%dT%H:%M"}


def refused(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as refusal:
        parse_date(text, NOW)
    return refusal.value


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59"),
        ("2024-10", "2024-10-01T00:00:00", "2024-10-31T23:59:59"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2023-02", "2023-02-01T00:00:00", "2023-02-28T23:59:59"),
        ("2024-10-12", "2024-10-12T00:00:00", "2024-10-12T23:59:59"),
        ("2024-10-12T11", "2024-10-12T11:00:00", "2024-10-12T11:59:59"),
        ("2024-10-12T11:36", "2024-10-12T11:36:00", "2024-10-12T11:36:59"),
        ("2024-10-12T11:36:24", "2024-10-12T11:36:24", "2024-10-12T11:36:24"),
        ("2024-10-12T11:36:24[Europe/Amsterdam]", "2024-10-12T09:36:24", "2024-10-12T09:36:24"),
        ("2024M10", "2024-10-01T00:00:00", "2024-10-31T23:59:59"),
        ("T-1D", "2024-07-07T16:23:07", "2024-07-07T16:23:07"),
        ("2024-07-01[Asia/Kolkata]", "2024-06-30T18:30:00", "2024-07-01T18:29:59"),
        ("2024-10-12T11:36:24Z", "2024-10-12T11:36:24", "2024-10-12T11:36:24"),
        ("2024-10-12T11:36:24.987Z", "2024-10-12T11:36:24", "2024-10-12T11:36:24"),
        ("2024-10-12T11:36+02:00", "2024-10-12T09:36:00", "2024-10-12T09:36:59"),
        ("2024-10-12T11-0330", "2024-10-12T14:30:00", "2024-10-12T15:29:59"),
        ("2024-10-12T11:36:24+02", "2024-10-12T09:36:24", "2024-10-12T09:36:24"),
        (" 2024-10-12T11 ", "2024-10-12T11:00:00", "2024-10-12T11:59:59"),
        ("0001", "0001-01-01T00:00:00", "0001-12-31T23:59:59"),
        ("9999", "9999-01-01T00:00:00", "9999-12-31T23:59:59"),
    ],
)
def test_a_date_covers_the_period_it_is_written_for(text: str, start: str, end: str) -> None:
    assert Period(utc(start), utc(end)) == parse_date(text, NOW)


@pytest.mark.parametrize(
    ("text", "part", "position", "problem"),
    [
        ("", "date", 0, "expected a date such as"),
        ("yesterday", "date", 0, "expected a date such as"),
        ("٢٠٢٤", "date", 0, "expected a date such as"),
        ("G2020D1022", "date", 0, "gas periods (G...) and custom ones (C...) are not supported"),
        ("C-SUMMER", "date", 0, "gas periods (G...) and custom ones (C...) are not supported"),
        ("202", "date", 0, "the year must be a number of 4 digits"),
        ("0000", "date", 0, "the year must be from 1 to 9999"),
        ("20241", "date", 4, "should end here, got '1'"),
        ("2024-", "date", 5, "the month must be a number of 2 digits"),
        ("2024-1", "date", 5, "the month must be a number of 2 digits"),
        ("2024-13", "date", 5, "the month must be from 1 to 12, got 13"),
        ("2024-00", "date", 5, "the month must be from 1 to 12, got 00"),
        ("2024-02-30", "date", 8, "the day must be from 1 to 29, got 30"),
        ("2023-02-29", "date", 8, "the day must be from 1 to 28, got 29"),
        ("2024-02-2٣", "date", 8, "the day must be a number of 2 digits"),
        ("2024-02-29T24", "date", 11, "the hour must be from 0 to 23, got 24"),
        ("2024-02-29T12:60", "date", 14, "the minute must be from 0 to 59, got 60"),
        ("2024-02-29T12:00:60", "date", 17, "the second must be from 0 to 59, got 60"),
        ("2024-02-29T12:00:00.", "date", 20, "the fraction must be a number"),
        ("2024-02-29 12:00", "date", 10, "should end here, got ' '"),
        ("2024-02-29Z", "date", 10, "should end here, got 'Z'"),
        ("2024-02-29T12+24:00", "date", 14, "the hours of the offset must be from 0 to 23, got 24"),
        ("2024-02-29T12+02:", "date", 17, "the minutes of the offset must be a number of 2 digits"),
        ("2024-02-29T12Z[Europe/Paris]", "date", 14, "should end here, got '['"),
        ("2024-02-29T12[Europe/Paris", "date", 26, "expected ]"),
        ("2024-02-29T12[Europe/Atlantis]", "zone", 14, "there is no time zone 'Europe/Atlantis'"),
        ("2024-02-29T12[../../etc/passwd]", "zone", 14, "there is no time zone"),
        ("0001-01-01T00:00[Asia/Tokyo]", "date", 0, "outside the years 1 to 9999"),
        ("9999-12-31T23:59:59-01:00", "date", 0, "outside the years 1 to 9999"),
        ("2024-03-31T02:30[Europe/Amsterdam]", "date", 0, "doesn't exist"),
    ],
)
def test_what_is_no_date_is_refused_where_it_goes_wrong(text: str, part: str, position: int, problem: str) -> None:
    error = refused(text)

    assert (part, text, position) == (error.part, error.expression, error.position)
    assert problem in error.problem


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2024-03-31", "Europe/London", 23),
        ("2024-10-27", "Europe/London", 25),
        ("2018-11-04", "America/Sao_Paulo", 23),  # from 00:00 to 01:00
        ("2018-02-17", "America/Sao_Paulo", 25),  # back at midnight
        ("2023-11-05", "America/Havana", 25),  # back from 01:00 to 00:00: midnight comes twice
        ("2024-10-06", "Australia/Lord_Howe", 23.5),
        ("2024-04-07", "Australia/Lord_Howe", 24.5),
        ("2011-12-31", "Pacific/Apia", 24),
    ],
)
def test_a_local_day_lasts_as_long_as_its_clocks_say(day: str, zone: str, hours: float) -> None:
    period = parse_date(f"{day}[{zone}]", NOW)

    assert timedelta(hours=hours) == period.end - period.start + timedelta(seconds=1)


def test_days_around_a_skipped_one_touch() -> None:
    before, after = (parse_date(f"2011-12-{day}[Pacific/Apia]", NOW) for day in (29, 31))

    assert before.end + timedelta(seconds=1) == after.start == utc("2011-12-30T10:00:00")


def test_a_day_that_a_zone_skipped_is_refused() -> None:
    assert "doesn't exist" in refused("2011-12-30[Pacific/Apia]").problem


@given(days_in_zones())
@example((date(2006, 10, 29), "America/St_Johns"))  # back at 00:01: the day before begins anew
@example((date(1995, 1, 1), "Pacific/Kiritimati"))
def test_a_local_day_is_every_minute_the_clock_shows_it(day_in_zone: tuple[date, str]) -> None:
    day, zone = day_in_zone
    expected = seconds_when(day, zone, lambda local: local.date() == day)

    if expected is None:
        assert "doesn't exist" in refused(f"{day}[{zone}]").problem
    else:
        assert Period(*expected) == parse_date(f"{day}[{zone}]", NOW)


@given(day_in_zone=days_in_zones(), form=st.sampled_from(list(FORMS.values())), clock=st.times())
@example((date(2024, 10, 27), "Europe/Amsterdam"), FORMS["hour"], time(2))
@example((date(2024, 10, 27), "Europe/Amsterdam"), FORMS["minute"], time(2, 30))
@example((date(2024, 3, 31), "Europe/Amsterdam"), FORMS["hour"], time(2))
def test_a_local_hour_or_minute_is_from_its_first_to_its_last_showing(
    day_in_zone: tuple[date, str], form: str, clock: time
) -> None:
    day, zone = day_in_zone
    text = f"{day}T{clock:{form.split('T')[1]}}"
    expected = seconds_when(day, zone, lambda local: local.isoformat().startswith(text))

    if expected is None:
        assert "doesn't exist" in refused(f"{text}[{zone}]").problem
    else:
        assert Period(*expected) == parse_date(f"{text}[{zone}]", NOW)


@given(day_in_zone=days_in_zones(), clock=st.times())
@example((date(2024, 3, 31), "Europe/Amsterdam"), time(2, 30))
@example((date(1919, 3, 30), "America/Toronto"), time(0, 10))
@example((date(2011, 12, 30), "Pacific/Apia"), time(7))
def test_a_bound_that_clocks_skip_is_the_instant_of_the_change(day_in_zone: tuple[date, str], clock: time) -> None:
    day, zone = day_in_zone
    minute = f"{day}T{clock:%H:%M}"
    shown = [(instant, local.isoformat()[: len(minute)]) for instant, local in minutes_around(day, zone)]
    later = [instant for instant, each in shown if each >= minute]
    earlier = [instant for instant, each in shown if each <= minute]

    assert later[0] == parse_range(f"from({minute},{zone})", NOW).start
    assert earlier[-1] + timedelta(seconds=59) == parse_range(f"between(1900,{minute},{zone})", NOW).end


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_a_time_with_an_offset_is_the_instant_that_datetime_reads(moment: datetime, minutes: int) -> None:
    text = moment.replace(microsecond=0, tzinfo=None).isoformat()
    text += f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    try:
        expected = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        assert "outside" in refused(text).problem
    else:
        assert Period(expected, expected) == parse_date(text, NOW)
