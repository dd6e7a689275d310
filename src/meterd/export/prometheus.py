"""`/export/prometheus`: the families as Prometheus metrics, counted from the store.

Names and labels follow OpenTelemetry's rules for Prometheus, in seconds instead of milliseconds.
"""

import asyncio
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from meterd.access import Caller
from meterd.export.families import FAMILIES, Family
from meterd.export.series import Reader, Reading, Series, Window, merged
from meterd.export.windows import beginning, now
from meterd.query.engine import QueryEngine

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)
"""Seconds: models may take minutes to answer."""
_OTHER = "other"
_CACHE_SECONDS = 5.0


class PrometheusPage:
    """Pages are kept for five seconds for each caller, so that scraping can't load the store.

    Args:
        allowed: labels beyond a family's own that the settings allow.
        max_series: series of one metric; those that come after them are counted together, with `other` in every label.
        kept: for how long the store keeps what is exported; None for ever. Otherwise counters begin anew in between.
    """

    def __init__(self, engine: QueryEngine, allowed: Iterable[str], max_series: int, kept: timedelta | None) -> None:
        self._allowed = tuple(allowed)
        self._reader = Reader(engine, self._allowed, [bound * 1000 for bound in BOUNDS], max_series)
        self._kept = kept
        self._pages: dict[Caller | None, tuple[float, bytes]] = {}
        self._turn = asyncio.Lock()  # guards: _pages

    async def render(self, caller: Caller | None) -> bytes:
        """Render what the caller may see; of all tenants together for the service itself. Raises as the engine does."""
        async with self._turn:
            oldest = time.monotonic() - _CACHE_SECONDS
            self._pages = {each: page for each, page in self._pages.items() if page[0] > oldest}
            if caller not in self._pages:
                self._pages[caller] = (time.monotonic(), await self._render(caller))
            return self._pages[caller][1]

    async def _render(self, caller: Caller | None) -> bytes:
        end = now()
        window = Window(beginning(end, self._kept), end)
        readings = [(family, await self._reader.read(family, window, caller)) for family in FAMILIES]
        registry = CollectorRegistry()
        registry.register(_Families(readings, self._allowed))
        return await asyncio.to_thread(generate_latest, registry)


class _Families(Collector):
    def __init__(self, readings: Sequence[tuple[Family, Reading]], allowed: Sequence[str]) -> None:
        self._readings = readings
        self._allowed = allowed

    def collect(self) -> Iterator[Metric]:
        dropped = GaugeMetricFamily(
            "meterd_export_dropped_series", f"Series counted together as {_OTHER}", labels=["metric"]
        )
        for family, reading in self._readings:
            names = list(_labels(dict.fromkeys((*family.labels, *self._allowed), "")))
            yield _family(family, names, _labelled(names, reading))
            dropped.add_metric([_name(family)], reading.dropped)
        yield dropped


def _family(family: Family, names: Sequence[str], labelled: dict[tuple[str, ...], Series]) -> Metric:
    if not family.is_histogram:
        counter = CounterMetricFamily(_name(family), family.description, labels=names)
        for labels, series in labelled.items():
            counter.add_metric(labels, series.sum)
        return counter
    histogram = HistogramMetricFamily(_name(family), family.description, labels=names)
    for labels, series in labelled.items():
        histogram.add_metric(labels, list(_cumulative(series)), series.sum / 1000)
    return histogram


def _labelled(names: Sequence[str], reading: Reading) -> dict[tuple[str, ...], Series]:
    """Return series by the values of their labels; those that Prometheus can't tell apart are one."""
    found: dict[tuple[str, ...], list[Series]] = {}
    for series in reading.series:
        labels = _labels(series.attributes)
        found.setdefault(tuple(labels.get(name, "") for name in names), []).append(series)
    if reading.rest:
        found.setdefault((_OTHER,) * len(names), []).append(reading.rest)
    return {labels: merged({}, series) for labels, series in found.items()}


def _labels(attributes: dict[str, str]) -> dict[str, str]:
    """Make labels of attributes. Those whose names become the same are joined, as OpenTelemetry does."""
    labels: dict[str, str] = {}
    for key, value in attributes.items():
        name = re.sub(r"^(?=[0-9])|[^a-zA-Z0-9_]", "_", key)
        if name == "le" or name.startswith("__"):  # names that Prometheus needs itself
            name = f"attribute_{name}"
        labels[name] = f"{labels[name]};{value}" if name in labels else value
    return labels


def _cumulative(series: Series) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*BOUNDS, float("inf")), series.buckets, strict=True):
        total += count
        yield floatToGoString(bound), total  # type: ignore[no-untyped-call]


def _name(family: Family) -> str:
    return family.name.replace(".", "_") + ("_seconds" if family.is_histogram else "")
