"""Calendars by walking along the time line and looking at the clock: slow and obvious, on `zoneinfo` alone."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a local time

ZONES = sorted(available_timezones() - {"localtime"})
NOTABLE = [
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "America/Havana",
    "America/St_Johns",
    "Asia/Gaza",
    "Pacific/Kwajalein",
    "Europe/London",
    "Asia/Kathmandu",
    "UTC",
]

Included = Callable[[date], bool]


def wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows."""
    return instant.astimezone(zone).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """The ends of the hours of a year within which the zone's clocks change."""

    def differing(starts: list[datetime], length: timedelta) -> list[datetime]:
        return [at for at in starts if at.astimezone(zone).utcoffset() != (at + length).astimezone(zone).utcoffset()]

    days = differing([datetime(year, 1, 1, tzinfo=UTC) + number * DAY for number in range(365)], DAY)
    hour = timedelta(hours=1)
    return [at + hour for at in differing([day + number * hour for day in days for number in range(24)], hour)]


@st.composite
def zones_and_instants(draw: st.DrawFn, first: int = 1975, last: int = 2037) -> tuple[ZoneInfo, datetime]:
    """A zone and a whole minute, half of the time within two days of a change of its clocks."""
    zone = ZoneInfo(draw(st.sampled_from(NOTABLE) | st.sampled_from(ZONES)))
    year = draw(st.integers(first, last))
    near = changes(zone, year)
    is_near: bool = draw(st.booleans()) if near else False
    if is_near:
        return zone, draw(st.sampled_from(near)) + MINUTE * draw(st.integers(-2880, 2880))
    return zone, datetime(year, 1, 1, tzinfo=UTC) + MINUTE * draw(st.integers(0, 365 * 1440))


def grid_indexes(
    zone: ZoneInfo, period: int, phase: int, start: datetime, end: datetime, tick: int, lead: timedelta = 3 * DAY
) -> Iterator[tuple[datetime, datetime]]:
    """Indexes from `start` to `end` and their labels, by looking at the clock every `tick` seconds.

    A new label is an index; one that was there before is one when the clock was put back by a period or more. `lead` is
    how long before `start` the walk begins.
    """
    at, newest, put_back, before = start - lead, -(10**12), 0, None
    while at <= end:
        shown = wall(at, zone)
        label, rest = divmod(int((shown - WALL_EPOCH).total_seconds()) - phase, period)
        if before is not None and shown < before:
            put_back = int((before - shown).total_seconds()) + tick
        if label > newest or (rest == 0 and period <= put_back):
            newest = max(newest, label)
            if at >= start:
                yield at, WALL_EPOCH + timedelta(seconds=label * period + phase)
        before = shown
        at += timedelta(seconds=tick)


@lru_cache(maxsize=4096)
def first_reaching(zone: ZoneInfo, time: datetime) -> datetime:
    """The first minute at which the clock on the wall has reached a local time."""
    at = time.replace(tzinfo=UTC) - timedelta(hours=30)
    while wall(at, zone) < time:
        at += MINUTE
    return at


def day_floor(zone: ZoneInfo, included: Included, instant: datetime, hour: int = 0, day_offset: int = 0) -> datetime:
    """The beginning of the last included day that has begun at the instant."""

    def begins(day: date) -> datetime:
        time = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 - a local time
        return first_reaching(zone, time + day_offset * DAY)

    day = wall(instant, zone).date() + 4 * DAY
    while begins(day) > instant:
        day -= DAY
    while not included(day):
        day -= DAY
    return begins(day)
