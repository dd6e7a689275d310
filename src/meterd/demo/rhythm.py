"""When something happens: by hour, by day of the week, and more with each week."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random

from meterd.demo.story import Span

_WEEK = timedelta(days=7)
_GROWTH = 1.25
"""How much more it gets within a week."""
_WEEKEND = 0.45
_LIVE = 0.6


def pace(at: datetime, end: datetime) -> float:
    """Return how much goes on at a time, where 1 is about a busy hour at the `end` of the history.

    After that there is always something to see.
    """
    hour = at.hour + at.minute / 60
    morning, afternoon = math.exp(-(((hour - 9.7) / 2.3) ** 2)), 0.92 * math.exp(-(((hour - 15) / 2.9) ** 2))
    day = _WEEKEND if at.weekday() >= 5 else 1.0
    growth = math.pow(_GROWTH, min(at - end, timedelta()) / _WEEK)
    return max((0.1 + 0.9 * (morning + afternoon)) * day * growth, _LIVE if at >= end else 0)


def total(span: Span) -> float:
    """Return how many busy hours a span of time is worth, in hours."""
    step = timedelta(minutes=15)
    count = max(1, int((span.end - span.start) / step))
    return sum(pace(span.start + step * number, span.end) for number in range(count)) / 4


def arrivals(random: Random, span: Span, rate: Callable[[datetime], float]) -> Iterator[datetime]:
    """Yield random times within a span, at a rate in events an hour, which hardly changes from one to the next."""
    at = span.start
    longest = timedelta(minutes=10)
    while at < span.end:
        wait = timedelta(hours=random.expovariate(max(rate(at), 1e-6)))
        at += min(wait, longest)
        if wait <= longest and at < span.end:
            yield at
