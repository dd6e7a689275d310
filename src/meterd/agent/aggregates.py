"""Counters by increments, and histograms: totals for a session's life (`docs/specifications/sessions.md` sections 6
and 8.2).
"""

import math
from bisect import bisect_left
from typing import Any

import msgspec

from meterd.agent.bodies import JSONObject, Metric, finite, named
from meterd.agent.errors import Refused

DEFAULT_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Aggregate(msgspec.Struct):
    """A running total: a counter, or a histogram.

    The first sample's unit, tags and metadata stay.

    Attributes:
        bounds: upper bounds of buckets, as texts, because JSON has no infinite number.
        counts: samples in each bucket.
        changed: whether there is something that is not in the queue for the server yet.
    """

    type: str
    name: str
    tags: list[str]
    unit: str | None
    metadata: JSONObject
    bounds: tuple[str, ...] = ()
    counts: list[int] = []
    total: float = 0.0
    samples: int = 0
    changed: bool = False

    @property
    def key(self) -> str:
        """What tells it from others of its session: type, name, tags in any order, bounds."""
        return msgspec.json.encode([self.type, self.name, sorted(self.tags), self.bounds]).decode()

    def add(self, number: float) -> None:
        """Add a sample. Bounds are inclusive; what lies above the last one is counted in the last bucket."""
        self.total += number
        self.samples += 1
        self.changed = True
        if self.counts:
            bounds = [float(bound) for bound in self.bounds]
            self.counts[min(bisect_left(bounds, number), len(bounds) - 1)] += 1

    def point(self) -> dict[str, object]:
        """Make the metric that the server stores."""
        point: JSONObject = {"name": self.name, "type": self.type, "value": self.total, "tags": self.tags}
        metadata = dict(self.metadata)
        if self.type == "histogram":
            point["value"] = self.total / self.samples if self.samples else 0.0
            buckets = [{"le": _shown(b), "count": n} for b, n in zip(self.bounds, self.counts, strict=True)]
            metadata |= {"count": self.samples, "sum": self.total, "buckets": buckets}
        optional = {"unit": self.unit, "metadata": metadata}
        return point | {name: value for name, value in optional.items() if value}


def aggregate_for(metric: Metric) -> tuple[Aggregate, float] | None:
    """Return an empty aggregate for a metric, with the number to add; None for one that is sent as it is.

    Raises:
        Refused: there is no name, or the number or the buckets make no sense (400).
    """
    metadata = dict(metric.metadata or {})
    name, tags = named(metric.name), list(dict.fromkeys(metric.tags or []))
    if metric.type == "counter" and metric.delta is not None:
        return Aggregate("counter", name, tags, metric.unit, metadata), finite(metric.delta, "delta")
    if metric.type == "histogram":
        bounds = _bounds(metadata.pop("buckets", None))
        empty = Aggregate("histogram", name, tags, metric.unit, metadata, bounds, [0] * len(bounds))
        return empty, finite(metric.value, "value")
    return None


def _bounds(given: Any) -> tuple[str, ...]:  # whatever JSON was sent
    if not given:
        return tuple(repr(float(bound)) for bound in DEFAULT_BOUNDS)
    try:
        bounds = sorted({float(bound) for bound in given if not isinstance(bound, bool)})
        if any(math.isnan(bound) for bound in bounds):
            raise ValueError("NaN")
    except (TypeError, ValueError, OverflowError):
        raise Refused(400, 'Invalid request: metadata.buckets must be numbers or "inf"') from None
    return tuple(repr(bound) for bound in bounds)


def _shown(bound: str) -> float | str:
    number = float(bound)
    return number if math.isfinite(number) else bound
