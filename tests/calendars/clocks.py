"""Local periods found the slow way: look at the clock of a zone minute after minute."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

NOW = datetime(2024, 7, 8, 16, 23, 7, tzinfo=UTC)
"""The reference time of the worked examples."""

MINUTE = timedelta(minutes=1)
ZONES = sorted(available_timezones() - {"localtime"})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minutes_around(day: date, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """Each minute in which it may be that day somewhere, in UTC and as the clock of the zone shows it."""
    clock = ZoneInfo(zone)
    minute = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=40)
    for _ in range(100 * 60):
        yield minute, minute.astimezone(clock).replace(tzinfo=None)
        minute += MINUTE


def seconds_when(day: date, zone: str, shown: Callable[[datetime], bool]) -> tuple[datetime, datetime] | None:
    """The first and the last second around the day of the minutes at which the clock shows what is asked for."""
    minutes = [minute for minute, local in minutes_around(day, zone) if shown(local)]
    return (minutes[0], minutes[-1] + timedelta(seconds=59)) if minutes else None


@st.composite
def days_in_zones(draw: st.DrawFn) -> tuple[date, str]:
    """A day and a zone, more often than not a day around which the clocks are changed.

    Since 1973 all zones are whole minutes from UTC.
    """
    zone = draw(st.sampled_from(ZONES))
    year = draw(st.integers(1973, 2040))
    noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(365)]
    clock = ZoneInfo(zone)
    offsets = [noon.astimezone(clock).utcoffset() for noon in noons]
    changes = [noon for noon, one, next_ in zip(noons, offsets, offsets[1:], strict=False) if one != next_]
    noon = draw(st.sampled_from(changes or noons))
    return noon.date() + timedelta(days=draw(st.integers(-1, 2))), zone
