from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.calendars.zones import EPOCH, span_at, zone_of
from tests.calendars.walk import ZONES


def offset(zone: ZoneInfo, at: int) -> int:
    return round((EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset().total_seconds())  # type: ignore[union-attr]


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    at=st.integers(-(10**10), 8 * 10**9) | st.integers(-(10**9), 3 * 10**9),
    share=st.floats(0, 1),
)
def test_a_span_has_the_offset_of_the_zone_from_its_first_to_its_last_second(
    zone: ZoneInfo, at: int, share: float
) -> None:
    span = span_at(zone, at)
    within = span.start + int((span.end - 1 - span.start) * share)

    assert span.start <= at < span.end
    assert {span.offset} == {offset(zone, second) for second in (span.start, within, at, span.end - 1)}
    assert span.previous == offset(zone, span.start - 1)
    assert span_at(zone, span.end).start == span.end


def test_the_change_of_clocks_is_where_spans_meet() -> None:
    spring = int(datetime(2024, 3, 31, 1, tzinfo=UTC).timestamp())

    span = span_at(ZoneInfo("Europe/Berlin"), spring)

    assert (spring, 7200, 3600) == (span.start, span.offset, span.previous)


@pytest.mark.parametrize("name", ["Africa/Freetown", "Asia/Gaza", "Africa/Casablanca", "Europe/Vienna"])
def test_every_change_of_an_unsteady_zone_is_found(name: str) -> None:
    zone, quarter = ZoneInfo(name), 6 * 3600
    first, last = -46_000 * quarter, 92_000 * quarter
    changed = [at for at in range(first, last, quarter) if offset(zone, at) != offset(zone, at - quarter)]

    found, at = [], first
    while at < last:
        span = span_at(zone, at)
        if span.offset != span.previous:
            found.append(span.start)
        at = span.end

    assert changed == [-(-at // quarter) * quarter for at in found]


@pytest.mark.parametrize("name", ["", "Mars", "europe", "Europe", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0"])
def test_an_unknown_zone_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_of(name)
