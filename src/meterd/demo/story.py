"""What happens in the made-up company, so that the dashboards have something to tell."""

from datetime import datetime, timedelta
from typing import NamedTuple

from meterd.errors import ConfigurationError

_OUTAGE_HOURS = (14, 10)
"""Hours of the day at which the outage may begin: people work then, so that it is seen."""


class Span(NamedTuple):
    """A span of time; its end is not in it."""

    start: datetime
    end: datetime

    def share(self, at: datetime, ramp: timedelta = timedelta()) -> float:
        """Return how much of it is felt at a time, from 0 to 1: it comes and goes within `ramp`."""
        if not self.start <= at < self.end:
            return 0.0
        if not ramp:
            return 1.0
        return min(1.0, (at - self.start) / ramp, (self.end - at) / ramp)


class Story(NamedTuple):
    """When the history of the made-up company begins and ends, and what happens in it.

    - `launch`: a model is introduced, and cheaper than the one before it.
    - `release`: a team's prompts are changed; a guardrail takes them for attacks, and the cache no longer knows them.
    - `outage`: a provider is slow and fails, so that its calls go to a dearer model of another one.
    """

    history: Span
    launch: datetime
    release: Span
    outage: Span


def tell(end: datetime, days: int) -> Story:
    """Place what happens before a time: all but the launch within the last 24 hours, which dashboards show at first.

    Raises `ConfigurationError` when there is no such time.
    """
    try:
        start = end - timedelta(days=days)
    except OverflowError:
        raise ConfigurationError(f"{days} days before {end:%Y-%m-%d} there is no calendar") from None
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    latest = end - timedelta(hours=3)
    begins = (
        midnight + timedelta(hours=hour, minutes=20) - timedelta(days=before)
        for before in (0, 1)
        for hour in _OUTAGE_HOURS
    )
    outage = next(at for at in begins if at <= latest)
    release = outage - timedelta(hours=2)
    return Story(
        Span(start, end),
        max(start, midnight - timedelta(days=7) + timedelta(hours=8)),
        Span(release, release + timedelta(hours=4, minutes=30)),
        Span(outage, outage + timedelta(minutes=50)),
    )
