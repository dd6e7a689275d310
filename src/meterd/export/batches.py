"""Series go out in messages of bounded size, and a series that no message can carry holds up none of the others."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

import structlog
from prometheus_client import Counter

from meterd.export.families import Family
from meterd.export.series import Series

log = structlog.get_logger()

_MAX_SPLITS = 64
"""Messages more than planned, in which one export looks for what is refused."""
_MAX_SET_ASIDE = 10_000

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Fate(Enum):
    """The outcome of a message."""

    TAKEN = auto()
    REFUSED = auto()
    """For what it holds, or because it is too large: sent again it would be refused again."""
    FAILED = auto()
    """For another reason, which concerns every message."""


class Item(NamedTuple):
    """A series of a family; `size` is how many bytes of a message it takes, or more."""

    family: Family
    series: Series
    size: int

    @property
    def key(self) -> _Key:
        return self.family.name, tuple(sorted((name, str(value)) for name, value in self.series.attributes.items()))


class Batches:
    """Sends items in messages of `max_bytes`; an item that is larger has one for itself.

    A message that is refused is halved, until it is known which series the collector does not take. That one is set
    aside until the next start, and counted. When not one message was taken, it is not about a series.
    """

    def __init__(self, exporter: str, max_bytes: int, set_aside: Counter) -> None:
        self._exporter = exporter
        self._max_bytes = max_bytes
        self._counter = set_aside.labels(exporter)
        self._aside: dict[_Key, None] = {}

    async def send(self, items: Sequence[Item], post: Callable[[Sequence[Item]], Awaitable[Fate]]) -> bool:
        """Send items; return whether the collector has all of them now, but for those that are set aside."""
        waiting = deque(self._cut([item for item in items if item.key not in self._aside]))
        remaining = len(waiting) + _MAX_SPLITS
        suspects: list[Item] = []
        is_one_taken, is_given_up = not waiting, False
        while waiting and not is_given_up:
            batch = waiting.popleft()
            fate = await post(batch)
            remaining -= 1
            is_one_taken |= fate is Fate.TAKEN
            if fate is Fate.REFUSED and len(batch) == 1:
                suspects += batch
            elif fate is Fate.REFUSED:
                middle = len(batch) // 2
                waiting.extendleft((batch[middle:], batch[:middle]))
            is_given_up = fate is Fate.FAILED or (remaining <= 0 and bool(waiting))
        if is_one_taken:
            self._set_aside(suspects)
        return is_one_taken and not is_given_up

    def _cut(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        batches: list[Sequence[Item]] = []
        start = size = 0
        for place, item in enumerate(items):
            if place > start and size + item.size > self._max_bytes:
                batches.append(items[start:place])
                start, size = place, 0
            size += item.size
        return [*batches, items[start:]] if items else []

    def _set_aside(self, items: Sequence[Item]) -> None:
        for item in items:
            log.error(
                "the collector refuses a series: it is not exported until the next start",
                meter=item.family.name,
                exporter=self._exporter,
                attributes=str(item.series.attributes),
            )
            self._counter.inc()
            self._aside[item.key] = None
        while len(self._aside) > _MAX_SET_ASIDE:
            del self._aside[next(iter(self._aside))]
