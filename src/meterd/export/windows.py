"""Windows of time: which is exported next. Times are those of the events, which the service itself gives them.

A window may end at a time once everything acknowledged before it is in the store: `SETTLING` seconds beyond the longest
time that a request may take. Windows end where intervals do, counted from 1970; only the end of the service may cut one
short. What sets earlier times by hand (the JSON ingest) is in no later window of `delta`.
"""

from datetime import UTC, datetime, timedelta

from meterd.export.series import Window
from meterd.metadata import Progress
from meterd.query.buckets import EPOCH

SETTLING = 2.0


def floor(time: datetime, interval: timedelta) -> datetime:
    """Return the last end of an interval that is not after a time."""
    return time - (time - EPOCH) % interval


def delta(progress: Progress, end: datetime, interval: timedelta) -> Window:
    """Return the window from where the last one ended to the end of its interval, or to `end` if that is sooner."""
    return Window(progress.reached, min(floor(progress.reached, interval) + interval, end))


def cumulative(progress: Progress, end: datetime, kept: timedelta | None) -> Window:
    """Return the window from the beginning of counting to `end`, or first to where counting begins anew."""
    anew = beginning(end, kept)
    if anew > progress.reached:
        return Window(max(progress.begun, beginning(progress.reached, kept)), anew)
    return Window(max(progress.begun, anew), end)


def beginning(time: datetime, kept: timedelta | None) -> datetime:
    """Since when is counted at a time; 1970 when facts are `kept` for ever.

    Otherwise counting begins anew twice in the time for which they are kept, so that a total never falls because facts
    are deleted.
    """
    return floor(time, kept / 2) if kept else EPOCH


def now() -> datetime:
    return datetime.now(UTC)
