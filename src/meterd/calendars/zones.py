"""Time zones as spans of constant offset from UTC. All instants here are whole seconds since the Unix epoch."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400

_BLOCK = 360 * DAY
_PROBE = 3 * DAY
"""How far apart offsets are compared. No zone has ever changed twice within 3 days: the shortest stay was Freetown's,
of 4 days in 1939."""

_FIRST, _LAST = -719_161 * DAY, 2_932_895 * DAY
"""Local times before 0001-01-02 and after 9999-12-30 may be beyond what `datetime` holds."""


class Span(msgspec.Struct, frozen=True):
    """From `start` until just before `end`, local time is UTC + `offset`; right before `start` it was UTC + `previous`.

    Where spans meet the offset may also stay as it is: they are cut at fixed places besides.
    """

    start: int
    end: int
    offset: int
    previous: int


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of the IANA name. Raises `ValueError` when there is none."""
    if name not in _names() or name == "localtime":
        raise ValueError(f"there is no time zone {name!r}; write a name of the IANA database such as Europe/Berlin")
    return ZoneInfo(name)


def local_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of a zone show at an instant; UTC where that is beyond the years 1 to 9999."""
    try:
        return instant.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return instant.replace(tzinfo=None)


def span_at(zone: ZoneInfo, at: int) -> Span:
    """Return the span that contains the instant."""
    starts, spans = _block(zone, at // _BLOCK)
    return spans[bisect_right(starts, at) - 1]


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=8192)
def _block(zone: ZoneInfo, number: int) -> tuple[list[int], list[Span]]:
    """Return the spans of one block of the time line, and where they start."""
    start, end = number * _BLOCK, (number + 1) * _BLOCK
    starts, offsets = [start], [_offset(zone, start - 1), _offset(zone, start)]
    for probe in range(start, end, _PROBE):
        until = min(probe + _PROBE, end) - 1
        if _offset(zone, until) != offsets[-1]:
            starts.append(_change(zone, probe - 1, until))
            offsets.append(_offset(zone, until))
    ends = [*starts[1:], end]
    return starts, [Span(*span) for span in zip(starts, ends, offsets[1:], offsets[:-1], strict=True)]


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first instant with the offset that `after` has, where `before` has another one."""
    offset = _offset(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after


def _offset(zone: ZoneInfo, at: int) -> int:
    instant = EPOCH + timedelta(seconds=min(max(at, _FIRST), _LAST))
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # a zone of the database always knows
    return offset // timedelta(seconds=1)
