"""The order in which facts arrive, apart from the time at which they do: a clock may be set, an order only grows."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, IsNull, Listing, Order

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_OF_CLOCK = 2**62
"""Positions are nanoseconds since 1970 where the clock allows it; a clock beyond the year 2116 has no say."""


class Arrivals:
    """Gives facts their positions, which grow, and their time, which is what the clock says.

    Attributes:
        last: the last position that was given.
        missed: first positions of facts that may be recorded, and that sessions do not follow and will not.
    """

    def __init__(self) -> None:
        self.last = 0
        self.missed: frozenset[int] = frozenset()
        self._not_followed: set[int] = set()

    def next(self, count: int = 1, after: int = 0) -> tuple[int, datetime]:
        """Give `count` positions that follow each other and one that another node gave; return the first, and the time
        of all of them.

        They count as not followed until `mark_followed` is called with the first.
        """
        now = time.time_ns()
        first = max(self.last + 1, after + 1, now if now < _LAST_OF_CLOCK else 0)
        self.last = first + count - 1
        self._not_followed.add(first)
        return first, _EPOCH + timedelta(microseconds=now // 1000)

    def mark_followed(self, first: int) -> None:
        """Say that sessions follow the facts that have positions from `first` on, or that these were not recorded."""
        self._not_followed.discard(first)

    def mark_missed(self, first: int) -> None:
        """Say that sessions do not follow the facts that have positions from `first` on, which may be recorded."""
        self._not_followed.discard(first)
        self.missed |= {first}

    def mark_caught_up(self, missed: frozenset[int]) -> None:
        """Say that sessions follow facts now that were missed."""
        self.missed -= missed

    @property
    def followed(self) -> int:
        """The position up to which sessions follow all facts."""
        return min([*self._not_followed, *self.missed], default=self.last + 1) - 1

    @property
    def followed_by_now(self) -> int:
        """The same, when positions that nobody has been given by now count as well."""
        if not self._not_followed and not self.missed:
            self.next()
            self._not_followed.clear()
        return self.followed


async def last_position(engine: QueryEngine) -> int:
    """Return the last position that was given, or might have been; what facts have beyond it nobody gave them.

    Earlier versions let senders write positions of points and events, but not those of changes.
    """
    assigned = IsNull(Field("arrived_at"), negated=True)
    sure: tuple[tuple[Dataset, Sequence[Condition]], ...] = (
        (SESSION_STATES, ()),
        (SESSION_EVENTS, (assigned,)),
        (SESSION_METRICS, (assigned,)),
    )
    possible = Compare(Field("position"), Comparison.LESS, _LAST_OF_CLOCK)
    now = time.time_ns()
    last = now if now < _LAST_OF_CLOCK else 0
    for dataset, conditions in sure:
        newest = (Order("position", descending=True),)
        for (position,) in await engine.facts(
            Listing(dataset, ("position",), And((possible, *conditions)), newest, 1), None
        ):
            last = max(last, position)
    return last


def time_of(position: int) -> datetime:
    """Return when a fact arrived of which an earlier version kept the position only."""
    return datetime.fromtimestamp(min(position, _LAST_OF_CLOCK) / 1e9, UTC)
