from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meterd.calendars.ranges import Range, parse_range
from meterd.expressions.errors import ExpressionError
from tests.calendars.clocks import NOW, utc


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024-11-20", "2024-11-20T00:00:00", "2024-11-20T23:59:59"),
        ("from(2024-11-20)", "2024-11-20T00:00:00", None),
        ("between(2024-12,2024-12)", "2024-12-01T00:00:00", "2024-12-31T23:59:59"),
        ("between(2024-02,2024-02-29T12)", "2024-02-01T00:00:00", "2024-02-29T12:59:59"),
        ("2024M02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2024Q04", "2024-10-01T00:00:00", "2024-12-31T23:59:59"),
        ("2020YOCT", "2020-10-01T00:00:00", "2021-09-30T23:59:59"),
        ("2020D1022-H24", "2020-10-22T23:00:00", "2020-10-22T23:59:59"),
        ("between(2024-01-01,2024-01-31,Europe/Amsterdam)", "2023-12-31T23:00:00", "2024-01-31T22:59:59"),
        ("within(2024-03-31,Europe/London)", "2024-03-31T00:00:00", "2024-03-31T22:59:59"),
        ("within(2024-10-27,Europe/London)", "2024-10-26T23:00:00", "2024-10-27T23:59:59"),
        ("within(2024-07-08,Asia/Kolkata)", "2024-07-07T18:30:00", "2024-07-08T18:29:59"),
        ("between(T-1Dh0m0s0,T-1Dh23m59s59)", "2024-07-07T00:00:00", "2024-07-07T23:59:59"),
        ("between(T-1Dh0m0s0,T-1Dh23m59s59,Europe/Amsterdam)", "2024-07-06T22:00:00", "2024-07-07T21:59:59"),
        ("between(T-1Y,T)", "2023-07-08T16:23:07", "2024-07-08T16:23:07"),
        ("from(T-M1D1h0m0s0)", "2024-01-01T00:00:00", None),
        ("from(t-D1h0m0s0)", "2024-07-01T00:00:00", None),
        ("from(T-1YQ4D1h0m0s0)", "2023-10-01T00:00:00", None),
        ("from(T-1Y2M)", "2023-05-08T16:23:07", None),
        ("between(T-1B,T+1B)", "2024-07-05T16:23:07", "2024-07-09T16:23:07"),
        ("between(T-6B,T+5B)", "2024-06-28T16:23:07", "2024-07-15T16:23:07"),
        ("between(T-3M,T-30m)", "2024-04-08T16:23:07", "2024-07-08T15:53:07"),
        ("from(T-1M1W2D3h4m5s)", "2024-05-30T13:19:02", None),
        ("between(T-1MD1h0m0s0,T-D1h0m0s0)", "2024-06-01T00:00:00", "2024-07-01T00:00:00"),
        ("between(2024-07-01,T)", "2024-07-01T00:00:00", "2024-07-08T16:23:07"),
    ],
)
def test_the_worked_examples_of_the_specification(text: str, start: str, end: str | None) -> None:
    assert Range(utc(start), utc(end) if end else None) == parse_range(text, NOW)


@pytest.mark.parametrize(
    ("text", "range_"),
    [
        ("last(1)", Range(last=1)),
        ("last( 250 )", Range(last=250)),
        ("T", Range(NOW, NOW)),
        ("within(T-1D)", Range(NOW - timedelta(days=1), NOW - timedelta(days=1))),
        ("from(2024-11-20, Asia/Kolkata)", Range(utc("2024-11-19T18:30:00"))),
        (" between( 2024-12 , 2024-12 , UTC ) ", Range(utc("2024-12-01T00:00:00"), utc("2024-12-31T23:59:59"))),
        ("Between(2024-12,2024-12)", Range(utc("2024-12-01T00:00:00"), utc("2024-12-31T23:59:59"))),
        ("between(T 1D,T 2D)", Range(NOW + timedelta(days=1), NOW + timedelta(days=2))),
        ("between(T , T )", Range(NOW, NOW)),
        ("within(2024-07-08T12:00:00Z,Asia/Kolkata)", Range(utc("2024-07-08T12:00:00"), utc("2024-07-08T12:00:00"))),
        ("from(2024-03-31T02:30,Europe/Amsterdam)", Range(utc("2024-03-31T01:00:00"))),
        ("2024-10-12T11:36:24[Europe/Amsterdam]", Range(utc("2024-10-12T09:36:24"), utc("2024-10-12T09:36:24"))),
    ],
)
def test_other_forms_that_occur(text: str, range_: Range) -> None:
    assert range_ == parse_range(text, NOW)


@pytest.mark.parametrize(
    ("text", "part", "position", "problem"),
    [
        ("", "date", 0, "expected a date such as"),
        ("between(2024-01-01)", "range", 18, "expected 2 dates and perhaps a zone, got 1 arguments"),
        ("between(1,2,3,4)", "range", 15, "expected 2 dates and perhaps a zone, got 4 arguments"),
        ("from(2024,2025,UTC)", "range", 18, "expected 1 date and perhaps a zone, got 3 arguments"),
        ("foo(2024)", "range", 0, "there is no function 'foo'; allowed are from(date), between(date,date)"),
        ("(2024)", "range", 0, "there is no function ''"),
        ("T-1X", "date rule", 3, "expected a unit"),
        ("2024-13", "date", 5, "the month must be from 1 to 12, got 13"),
        ("2024-02-30", "date", 8, "the day must be from 1 to 29, got 30"),
        ("last(0)", "range", 5, "the number of observations must be at least 1, got 0"),
        ("last()", "range", 5, "the number of observations must be a number"),
        ("last(-1)", "range", 5, "the number of observations must be a number"),
        ("last(1.5)", "range", 6, "should end here, got '.'"),
        ("last(1,2)", "range", 8, "expected one number, got 2 arguments"),
        ("from(2024", "range", 9, "expected , or )"),
        ("from(2024)x", "range", 10, "should end here, got 'x'"),
        ("from(2024))", "range", 10, "should end here, got ')'"),
        ("from (2024)", "date", 0, "expected a date such as"),
        ("from()", "date", 5, "expected a date such as"),
        ("2024 2025", "date", 4, "should end here, got ' '"),
        ("from(2024, Mars/Olympus)", "zone", 11, "there is no time zone 'Mars/Olympus'"),
        ("from(2024,)", "zone", 10, "there is no time zone ''"),
        ("from(2024,europe/paris)", "zone", 10, "there is no time zone 'europe/paris'"),
        ("between(2024-01,2023-12)", "range", 16, "ends at 2023-12-31T23:59:59Z, before its start"),
        ("within(2011-12-30, Pacific/Apia)", "date", 7, "doesn't exist"),
        ("within(2020D0329-H24,Europe/Paris)", "tenor", 18, "the number must be from 1 to 23, got 24"),
        ("between(2024,T+99999999999D)", "date rule", 13, "outside the years 1 to 9999"),
        ("within(0001,Asia/Tokyo)", "date", 7, "outside the years 1 to 9999"),
    ],
)
def test_what_is_no_range_is_refused_where_it_goes_wrong(text: str, part: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse_range(text, NOW)

    assert (part, text, position) == (refusal.value.part, refusal.value.expression, refusal.value.position)
    assert problem in refusal.value.problem


def test_the_exclusive_end_is_the_second_after_the_end() -> None:
    assert utc("2025-01-01T00:00:00") == parse_range("2024", NOW).before


@pytest.mark.parametrize("text", ["from(2024)", "last(3)", "9999"])
def test_there_is_no_exclusive_end_when_nothing_can_come_after(text: str) -> None:
    assert parse_range(text, NOW).before is None


PIECES = [
    *("from(", "between(", "within(", "last(", "(", ")", ",", " ", "T", "t", "+", "-", ".", ":", "[", "]", "Z"),
    *("0001", "2024", "9999", "1", "12", "29", "31", "53", "99999999999", "٣", "²", "é", "\0", "\n"),
    *("Y", "YOCT", "HY", "Q", "M", "W", "WKD", "B", "D", "D1231", "H", "QH", "h", "m", "s", "HM", "EOM", "USW"),
    *("UTC", "Europe/Paris", "Pacific/Kiritimati", "Pacific/Pago_Pago", "../x", "-12", "-12-31", "T23", ":59"),
]


@given(
    text=st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join)
    | st.text(max_size=30)
    | st.from_regex(r"T[+-]([0-9]{1,12}[YQMWBDhms]){1,3}([YQMWDhms][0-9]{1,4}){0,3}", fullmatch=True)
    | st.from_regex(r"(0001|9999)(Y|USW|YDEC|[QMSW]0?[1-9]|D(0101|1231)-H[0-9]{1,2})", fullmatch=True)
    | st.from_regex(r"within\((0001|9999)-(01|12)-(01|31),(Asia/Tokyo|America/Lima)\)", fullmatch=True),
    now=st.datetimes(timezones=st.just(UTC)),
)
@example(text="within(9999,Pacific/Pago_Pago)", now=NOW)
@example(text="between(T,T,Pacific/Pago_Pago)", now=datetime.min.replace(tzinfo=UTC))
@example(text="between(Th0,T,Pacific/Kiritimati)", now=datetime.max.replace(tzinfo=UTC))
def test_any_text_is_a_range_of_whole_seconds_or_refused_at_a_position_in_it(text: str, now: datetime) -> None:
    outcome = parsed(text, now)

    if isinstance(outcome, ExpressionError):
        assert 0 <= outcome.position <= len(text)
        assert text == outcome.expression
    else:
        bounds = [bound for bound in (outcome.start, outcome.end) if bound is not None]
        assert bounds == sorted(bounds)
        assert all(bound.tzinfo is UTC and bound.microsecond == 0 for bound in bounds)
        assert (outcome.last is None) == bool(bounds)


def parsed(text: str, now: datetime) -> Range | ExpressionError:
    try:
        return parse_range(text, now)
    except ExpressionError as error:
        return error
