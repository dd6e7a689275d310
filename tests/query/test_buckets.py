from datetime import UTC, datetime, time, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from meterd.errors import InvalidInput
from meterd.query.buckets import Interval, Unit
from meterd.query.dialects import DIALECTS
from tests.query.reference import bucket_of

_ENGINE = duckdb.connect()
times = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
units = st.sampled_from(list(Unit))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "unit", "start", "end"),
    [
        (1, Unit.SECOND, "2026-01-31T23:59:59", "2026-02-01T00:00:00"),
        (90, Unit.SECOND, "2026-01-01T00:00:00", "2026-01-01T00:01:30"),
        (5, Unit.MINUTE, "2026-01-01T00:55:00", "2026-01-01T01:00:00"),
        (7, Unit.HOUR, "2026-01-01T21:00:00", "2026-01-02T04:00:00"),
        (1, Unit.DAY, "2024-02-28", "2024-02-29"),
        (2, Unit.WEEK, "1970-01-05", "1970-01-19"),
        (1, Unit.MONTH, "2024-02-01", "2024-03-01"),
        (1, Unit.MONTH, "2026-12-01", "2027-01-01"),
        (5, Unit.MONTH, "2026-10-01", "2027-03-01"),
        (1, Unit.YEAR, "2024-01-01", "2025-01-01"),
        (10, Unit.YEAR, "2020-01-01", "2030-01-01"),
    ],
)
def test_a_bucket_ends_one_interval_after_its_start(count: int, unit: Unit, start: str, end: str) -> None:
    assert Interval(count, unit).bucket_end(day(start)) == day(end)


@given(time=times, count=st.integers(1, 100), unit=units)
def test_the_end_of_a_bucket_is_where_the_next_one_starts(time: datetime, count: int, unit: Unit) -> None:
    start, end = bucket_of(time, (count, unit.name.lower()))
    following, _ = bucket_of(end, (count, unit.name.lower()))

    assert Interval(count, unit).bucket_end(start) == end == following


@given(
    at=st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    count=st.integers(1, 100),
    unit=st.sampled_from([Unit.SECOND, Unit.MINUTE, Unit.HOUR, Unit.DAY, Unit.WEEK]),
)
def test_a_bucket_of_one_length_starts_where_it_does_for_the_reference(at: datetime, count: int, unit: Unit) -> None:
    start, end = bucket_of(at, (count, unit.name.lower()))

    interval = Interval(count, unit)
    assert (start, end - start) == (interval.start_of(at), interval.length)


@given(
    first=st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    later=st.timedeltas(timedelta(0), timedelta(days=400)),
    count=st.integers(1, 100),
    unit=units,
)
def test_facts_that_are_grouped_by_numbers_are_in_the_bucket_of_the_reference(
    first: datetime, later: timedelta, count: int, unit: Unit
) -> None:
    """No fact is before the window's start, from which buckets are counted; years before 1970 count like others."""
    dialect = DIALECTS["duckdb"]
    number, start = dialect.numbered_bucket(exp.column("ts"), Interval(count, unit), first)

    answered = _ENGINE.execute(
        f"SELECT {start.sql('duckdb')} AS start FROM (SELECT $1::TIMESTAMP AS ts) GROUP BY {number.sql('duckdb')}",
        [(first + later).replace(tzinfo=None)],
    ).fetchone()

    assert answered is not None
    at = answered[0] if isinstance(answered[0], datetime) else datetime.combine(answered[0], time())
    assert bucket_of(first + later, (count, unit.name.lower()))[0] == at.replace(tzinfo=UTC)


@pytest.mark.parametrize("unit", Unit)
def test_weeks_count_from_a_monday_and_everything_else_from_the_epoch(unit: Unit) -> None:
    assert Interval(3, unit).origin == (day("1970-01-05") if unit is Unit.WEEK else day("1970-01-01"))


@given(
    start=times,
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=400)),
    count=st.integers(1, 40),
    unit=st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR]),
)
def test_a_window_never_touches_more_buckets_than_estimated(
    start: datetime, length: timedelta, count: int, unit: Unit
) -> None:
    interval = Interval(count, unit)
    bucket, _ = bucket_of(start, (count, unit.name.lower()))
    touched = 0
    while bucket < start + length:
        touched += 1
        bucket = interval.bucket_end(bucket)

    assert touched <= interval.max_buckets(start, start + length)


def test_the_estimate_is_no_more_than_one_bucket_too_high_for_fixed_lengths() -> None:
    start = day("2026-01-01")

    assert Interval(1, Unit.HOUR).max_buckets(start, start + timedelta(days=1)) == 25


@pytest.mark.parametrize(
    ("count", "unit"), [(101, Unit.YEAR), (10_000, Unit.WEEK), (10**12, Unit.SECOND), (10**400, Unit.MONTH)]
)
def test_intervals_beyond_a_hundred_years_are_refused(count: int, unit: Unit) -> None:
    with pytest.raises(InvalidInput, match="100 years"):
        Interval(count, unit)


@pytest.mark.parametrize("interval", [Interval(1, Unit.DAY), Interval(1, Unit.MONTH), Interval(100, Unit.YEAR)])
def test_a_bucket_ends_with_the_last_time_that_there_is(interval: Interval) -> None:
    assert interval.bucket_end(datetime(9999, 12, 31, tzinfo=UTC)) == datetime.max.replace(tzinfo=UTC)


def test_a_hundred_years_are_allowed() -> None:
    assert Interval(100, Unit.YEAR).bucket_end(day("1970-01-01")) == day("2070-01-01")
