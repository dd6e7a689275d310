"""Buckets of a zone's local time, and which instants they are.

Days and longer units are those of the zone's calendar: a day begins at the first instant that shows its date, or a
later one where the clocks skip it, and ends where the next one begins. Hours and shorter units are counted on the
zone's clocks, and a change of the clocks ends a bucket: a repeated hour is two buckets.

Engines are told when the clocks change, instead of asking them about zones: one database of zones answers for a whole
answer, and adding an offset is several times faster.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from meterd.calendars.local import period
from meterd.calendars.zones import DAY, EPOCH, Span, span_at
from meterd.query.buckets import Interval, Unit

_CLOCK_UNITS = (Unit.SECOND, Unit.MINUTE, Unit.HOUR)
_Leaf = TypeVar("_Leaf")


def is_of_clock(interval: Interval) -> bool:
    """Tell whether the interval is counted on clocks, and not on a calendar."""
    return interval.unit in _CLOCK_UNITS


def is_as_in_utc(interval: Interval, spans: Sequence[Span]) -> bool:
    """Tell whether buckets are those of UTC, as hours are where clocks differ from it by whole hours."""
    width = interval.count * interval.unit.value
    changes = (span.start for span in spans[1:])
    return is_of_clock(interval) and not any(at % width for at in (*(span.offset for span in spans), *changes))


def spans_of(interval: Interval, start: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Return the stretches without a change of the clocks that a window touches, and its first bucket."""
    before = max(interval.count * interval.unit.value if is_of_clock(interval) else 0, 4 * DAY)
    at, until = _seconds(start) - before, _seconds(end)
    spans = [span_at(zone, at)]
    while spans[-1].end < until:
        following = span_at(zone, spans[-1].end)
        if following.offset == spans[-1].offset:
            spans[-1] = msgspec.structs.replace(spans[-1], end=following.end)
        else:
            spans.append(following)
    return spans


def by_span(spans: Sequence[Span], leaf: Callable[[Span], _Leaf], fork: Callable[[int, _Leaf, _Leaf], _Leaf]) -> _Leaf:
    """Join what `leaf` makes of each span in a tree, with `fork` of the instant between what is before and after it."""
    if len(spans) == 1:
        return leaf(spans[0])
    middle = len(spans) // 2
    return fork(spans[middle].start, by_span(spans[:middle], leaf, fork), by_span(spans[middle:], leaf, fork))


def shown_before(span: Span) -> datetime | None:
    """Return the latest local second shown before the clocks went back to an earlier date, None if they didn't."""
    before, after = (instant(span.start + offset) for offset in (span.previous - 1, span.offset))
    return before.replace(tzinfo=None) if before.date() > after.date() else None


def bucket_bounds(interval: Interval, start: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants at which a bucket starts and ends.

    `start` is what engines answer, without zone: of hours and shorter units in UTC, of days and longer ones local time.
    """
    if not is_of_clock(interval):
        return _first_shown(start, zone), _first_shown(interval.bucket_end(start), zone)
    start = start.replace(tzinfo=UTC)
    end = interval.bucket_end(start)
    span = span_at(zone, _seconds(start))
    while span.end < _seconds(end) and span_at(zone, span.end).offset == span.offset:
        span = span_at(zone, span.end)
    return start, min(end, instant(span.end))


def instant(seconds: int) -> datetime:
    """Return the time so many seconds after the Unix epoch."""
    return EPOCH + timedelta(seconds=seconds)


def _first_shown(local: datetime, zone: tzinfo) -> datetime:
    return period(local, local, zone).start


def _seconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(seconds=1)
