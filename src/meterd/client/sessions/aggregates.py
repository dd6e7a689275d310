"""Counters and histograms of a session (`docs/specifications/sessions.md` sections 6 and 8.2): added up here, one
point for each flush.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from math import isfinite

DEFAULT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Point = tuple[str, float, tuple[str, ...], str, str | None, int | None, object]
"""Name, value, tags, type, unit, count, metadata."""


class Histogram:
    """Samples counted by their upper bound; those above the last bound are counted in its bucket."""

    def __init__(self, bounds: tuple[float, ...], unit: str | None) -> None:
        self._bounds = bounds
        self._counts = [0] * len(bounds)
        self._unit = unit
        self._count = 0
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[min(bisect_left(self._bounds, value), len(self._bounds) - 1)] += 1
        self._count += 1
        self._sum += value

    def point(self, name: str, tags: tuple[str, ...]) -> Point:
        """Make a point of the whole distribution so far."""
        buckets = [{"le": le, "count": count} for le, count in zip(self._bounds, self._counts, strict=True)]
        metadata = {"count": self._count, "sum": self._sum, "buckets": buckets}
        return name, self._sum / self._count, tags, "histogram", self._unit, None, metadata


class Aggregates:
    """Adds up the counters and histograms of a session. Thread-safe.

    Attributes:
        changed: whether a flush has something to send.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all that follows
        self._totals: dict[tuple[str, tuple[str, ...]], float] = {}
        self._histograms: dict[tuple[str, tuple[str, ...], tuple[float, ...]], Histogram] = {}
        self._changed_totals: set[tuple[str, tuple[str, ...]]] = set()
        self._changed_histograms: set[tuple[str, tuple[str, ...], tuple[float, ...]]] = set()
        self.changed = False

    def count(self, name: str, delta: float, tags: Iterable[str]) -> bool:
        """Add to a running total; return whether it is the first change since the last flush."""
        key = (name, tuple(sorted(tags)))
        with self._lock:
            self._totals[key] = self._totals.get(key, 0) + delta
            self._changed_totals.add(key)
            return self._mark_changed_locked()

    def sample(
        self, name: str, value: float, tags: Iterable[str], buckets: Iterable[float] | None, unit: str | None
    ) -> bool:
        """Add to a distribution, whose first sample decides on the unit; return what `count` does.

        Raises:
            ValueError: the buckets are not finite numbers, or none.
        """
        bounds = DEFAULT_BUCKETS if buckets is None else tuple(sorted({float(bound) for bound in buckets}))
        if not bounds or not all(map(isfinite, bounds)):
            raise ValueError("buckets must be finite numbers, at least one: the last takes whatever is above it")
        key = (name, tuple(sorted(tags)), bounds)
        with self._lock:
            histogram = self._histograms.get(key)
            if histogram is None:
                histogram = self._histograms[key] = Histogram(bounds, unit)
            histogram.add(value)
            self._changed_histograms.add(key)
            return self._mark_changed_locked()

    def _mark_changed_locked(self) -> bool:
        """Return whether it is the first change since the last flush."""
        was, self.changed = self.changed, True
        return not was

    def take(self) -> list[Point]:
        """Return a point of each that changed since the last time."""
        with self._lock:
            return list(self._points_locked())

    def _points_locked(self) -> Iterator[Point]:
        for total in sorted(self._changed_totals):
            yield (total[0], self._totals[total], total[1], "counter", None, None, None)
        for name, tags, bounds in sorted(self._changed_histograms):
            yield self._histograms[name, tags, bounds].point(name, tags)
        self._changed_totals.clear()
        self._changed_histograms.clear()
        self.changed = False

    def after_fork(self) -> None:
        """Start at nothing in a child process."""
        self.__init__()  # type: ignore[misc]  # the same object, as threads of the parent may hold its lock
