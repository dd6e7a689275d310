from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meterd.datasets import GUARDRAIL_EVALUATIONS
from meterd.query.buckets import Interval, Unit
from meterd.query.local_time import bucket_bounds
from tests.query.reference import RealEngine
from tests.query.test_engine import ADMIN, BODY, _row

DAY, HOUR = Interval(1, Unit.DAY), Interval(1, Unit.HOUR)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "interval", "start", "bounds"),
    [
        ("Europe/Berlin", DAY, "2026-01-31", ("2026-01-30T23:00", "2026-01-31T23:00")),
        ("Europe/Berlin", DAY, "2026-03-29", ("2026-03-28T23:00", "2026-03-29T22:00")),
        ("Europe/Berlin", DAY, "2026-10-25", ("2026-10-24T22:00", "2026-10-25T23:00")),
        ("Europe/Berlin", Interval(1, Unit.WEEK), "2026-03-23", ("2026-03-22T23:00", "2026-03-29T22:00")),
        ("Europe/Berlin", Interval(1, Unit.MONTH), "2026-03-01", ("2026-02-28T23:00", "2026-03-31T22:00")),
        ("America/Sao_Paulo", DAY, "2018-11-04", ("2018-11-04T03:00", "2018-11-05T02:00")),
        ("America/Havana", DAY, "2026-11-01", ("2026-11-01T04:00", "2026-11-02T05:00")),
        ("America/St_Johns", DAY, "2006-10-28", ("2006-10-28T02:30", "2006-10-29T02:30")),
        ("America/St_Johns", DAY, "2006-10-29", ("2006-10-29T02:30", "2006-10-30T03:30")),
        ("Pacific/Apia", DAY, "2011-12-29", ("2011-12-29T10:00", "2011-12-30T10:00")),
        ("Asia/Kolkata", HOUR, "2026-01-01T00:30", ("2026-01-01T00:30", "2026-01-01T01:30")),
        ("Australia/Lord_Howe", HOUR, "2026-04-04T14:00", ("2026-04-04T14:00", "2026-04-04T15:00")),
        ("Europe/Berlin", Interval(6, Unit.HOUR), "2026-03-28T23:00", ("2026-03-28T23:00", "2026-03-29T01:00")),
        ("Europe/Berlin", Interval(6, Unit.HOUR), "2026-03-29T01:00", ("2026-03-29T01:00", "2026-03-29T07:00")),
    ],
)
def test_buckets_are_as_long_as_local_time_makes_them(
    zone: str, interval: Interval, start: str, bounds: tuple[str, str]
) -> None:
    assert bucket_bounds(interval, datetime.fromisoformat(start), ZoneInfo(zone)) == tuple(map(utc, bounds))


def test_facts_are_counted_in_local_days(real: RealEngine) -> None:
    """Days of 23 and 25 hours have so many facts when there is one in each hour, and rates divide by their length."""
    body = BODY | {
        "type": "timeseries",
        "interval": "1 day",
        "timezone": "Europe/Berlin",
        "aggregations": [{"type": "rateSum", "column": "latencyMs"}],
    }

    spring = real.answer(body | {"startTs": "2026-03-27T23:00:00Z", "endTs": "2026-03-30T22:00:00Z"}, ADMIN)
    autumn = real.answer(body | {"startTs": "2026-10-23T22:00:00Z", "endTs": "2026-10-26T23:00:00Z"}, ADMIN)

    assert [24, 23, 24] == [point["total"] for point in spring]
    assert [24, 25, 24] == [point["total"] for point in autumn]
    assert [pytest.approx(1.5 / 3600)] * 6 == [point["rateSumLatencyMs"] for point in (*spring, *autumn)]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealEngine]:
    with RealEngine(tmp_path) as engine:
        hours = (utc(day) + timedelta(hours=hour) for day in ("2026-03-25", "2026-10-21") for hour in range(240))
        engine.append(GUARDRAIL_EVALUATIONS, [_row("a", 0) | {"createdAt": hour} for hour in hours])
        yield engine
