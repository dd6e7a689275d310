"""The body that OneTrust's collector is sent. Its real layout is not public: this is the place to change it.

`docs/specifications/ai-guard.md` section 10.1: for each series of a window a counter has one entry (`COUNT`), a
histogram four.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from meterd.export.families import Family
from meterd.export.series import Series, Window, percentile


class Measured(NamedTuple):
    family: Family
    series: Series


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    statistic: str
    value: float
    attributes: dict[str, str]
    interval_start: str
    interval_end: str


class ObservabilityMetricsRequest(msgspec.Struct, frozen=True):
    metrics: list[Entry]


def encode(measured: Iterable[Measured], window: Window, bounds: Sequence[float]) -> bytes:
    """JSON of the request; `bounds` are those of the histograms' buckets."""
    start, end = _time(window.start), _time(window.end)
    entries = [
        Entry(each.family.name, statistic, value, each.series.attributes, start, end)
        for each in measured
        for statistic, value in _statistics(each, bounds)
    ]
    return msgspec.json.encode(ObservabilityMetricsRequest(entries))


def _statistics(measured: Measured, bounds: Sequence[float]) -> Iterator[tuple[str, float]]:
    series = measured.series
    if not measured.family.is_histogram:
        yield "COUNT", series.sum
        return
    yield "AVG", series.sum / series.count
    yield "MIN", series.minimum
    yield "MAX", series.maximum
    yield "P99", percentile(series, bounds, 0.99)


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
