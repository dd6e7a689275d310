"""The exporter `otlp` (`docs/specifications/ai-guard.md` section 10.2): running totals from the store, by exporters of
OpenTelemetry's SDK.

No instruments are involved: the SDK's data points are made from what the store holds. Totals count from a time that is
kept, so sending one again, or missing one, changes nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import msgspec
import requests
from opentelemetry.exporter.otlp.common._exporter_metrics import ExportResult
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from requests.adapters import HTTPAdapter

from meterd.endpoints import Endpoint
from meterd.export import windows
from meterd.export.batches import Batches, Fate, Item
from meterd.export.connection import collector
from meterd.export.families import FAMILIES, SCOPE, Family
from meterd.export.series import Reader, Series, Window
from meterd.metadata import Progress
from meterd.query.buckets import EPOCH
from meterd.settings import MetricsExporter
from meterd.telemetry import Telemetry

_OVERFLOW = {"otel.metric.overflow": True}
_MAX_INTEGER = 2**63 - 1
_ABOUT_THE_MESSAGE = frozenset({400, 413, 422, "INVALID_ARGUMENT"})
"""Statuses of HTTP and gRPC."""
_TOO_LARGE = "larger than max"
"""What every gRPC library says of a message that the other side does not take."""
_RETRIED = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DATA_LOSS,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNAVAILABLE,
    }
)
"""Not what is exhausted or out of range: the next export has it all."""


class Otlp:
    """Sends totals over gRPC or HTTP. Raises `ConfigurationError` for an address that can't be used.

    Args:
        kept: for how long the store keeps what is exported; None for ever.
    """

    name = "otlp"

    def __init__(self, settings: MetricsExporter, reader: Reader, kept: timedelta | None, telemetry: Telemetry) -> None:
        self._batches = Batches(self.name, settings.max_message_bytes, telemetry.series_set_aside)
        self.interval = timedelta(seconds=settings.seconds)
        self._reader = reader
        self._bounds = settings.histogram_boundaries
        self._kept = kept
        make = _over_grpc if settings.protocol == "grpc" else _over_http
        self._exporter = make(collector(settings), settings.max_retry_duration)
        self._reason = self._exporter._metrics = _Reason()  # type: ignore[attr-defined]  # both exporters have it
        self._resource = Resource({"service.name": "ai-guard"})

    def window(self, progress: Progress, end: datetime) -> Window:
        return windows.cumulative(progress, end, self._kept)

    async def send(self, window: Window) -> bool:
        """Send the totals of the window, if there are any; tells whether the collector has them now."""
        items = [item for family in FAMILIES for item in await self._items(family, window)]
        return await self._batches.send(items, partial(self._post, window))

    async def close(self) -> None:
        """Give up what is being sent, and close the connection."""
        await asyncio.to_thread(self._exporter.shutdown)

    async def _items(self, family: Family, window: Window) -> list[Item]:
        reading = await self._reader.read(family, window)
        series = [*reading.series]
        if reading.rest:
            series.append(msgspec.structs.replace(reading.rest, attributes=_OVERFLOW))
        return [Item(family, each, self._size(each)) for each in series]

    def _size(self, series: Series) -> int:
        """Return how many bytes a point takes at most: sixteen for each number and around each text."""
        numbers = 16 * (8 + len(series.buckets) + len(self._bounds))
        return numbers + sum(len(f"{name}{value}".encode()) + 32 for name, value in series.attributes.items())

    async def _post(self, window: Window, batch: Sequence[Item]) -> Fate:
        series: dict[Family, list[Series]] = {}
        for item in batch:
            series.setdefault(item.family, []).append(item.series)
        metrics = [self._metric(family, each, window) for family, each in series.items()]
        scope = ScopeMetrics(InstrumentationScope(SCOPE), metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])
        if await asyncio.to_thread(self._exporter.export, data) is MetricExportResult.SUCCESS:
            return Fate.TAKEN
        return Fate.REFUSED if self._reason.is_about_the_message else Fate.FAILED

    def _metric(self, family: Family, series: Sequence[Series], window: Window) -> Metric:
        start, end = _nanoseconds(window.start), _nanoseconds(window.end)
        cumulative = AggregationTemporality.CUMULATIVE
        if family.is_histogram:
            distributions = [_distribution(each, start, end, self._bounds) for each in series]
            return Metric(family.name, family.description, "ms", Histogram(distributions, cumulative))
        numbers = [NumberDataPoint(each.attributes, start, end, _number(each.sum)) for each in series]
        return Metric(family.name, family.description, "1", Sum(numbers, cumulative, is_monotonic=True))


class _Reason:
    """Takes the place of the exporters' own metrics, to learn how each export ended; its result does not say."""

    def __init__(self) -> None:
        self._result = ExportResult()

    @contextmanager
    def export_operation(self, _count: int) -> Iterator[ExportResult]:
        self._result = ExportResult()
        yield self._result

    @property
    def is_about_the_message(self) -> bool:
        """Whether the last export failed for what was in its message."""
        statuses = (self._result.error_attrs or {}).values()
        details = self._result.error.details() if isinstance(self._result.error, grpc.RpcError) else ""
        return any(status in _ABOUT_THE_MESSAGE for status in statuses) or _TOO_LARGE in (details or "")


def _distribution(series: Series, start: int, end: int, bounds: Sequence[float]) -> HistogramDataPoint:
    return HistogramDataPoint(
        series.attributes, start, end, series.count, series.sum, series.buckets, bounds, series.minimum, series.maximum
    )


def _number(value: float) -> int | float:
    """Convert a number: OTLP's integers have a sign, so what is larger is sent as a float."""
    return value if value <= _MAX_INTEGER else float(value)


def _nanoseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def _over_grpc(where: Endpoint, timeout: float) -> MetricExporter:
    secure = where.url.scheme == "https"
    root = Path(where.root).read_bytes() if where.root else None
    # The exporter declares a tuple of one; gRPC takes any number.
    options: Any = (("grpc.ssl_target_name_override", where.tls_name), ("grpc.default_authority", where.host))
    return GrpcExporter(
        endpoint=str(where.target),
        insecure=not secure,
        credentials=grpc.ssl_channel_credentials(root) if secure else None,
        timeout=timeout,
        retryable_error_codes=_RETRIED,
        channel_options=options if where.address else None,
    )


def _over_http(where: Endpoint, timeout: float) -> MetricExporter:
    session = requests.Session()
    session.trust_env = where.root is None  # the environment may name authorities, which would count instead
    session.mount("https://", _NamedAdapter(where.tls_name))
    path = where.url.path.rstrip("/")
    return HttpExporter(
        endpoint=str(where.target.copy_with(path=path if path.endswith("/v1/metrics") else f"{path}/v1/metrics")),
        certificate_file=where.root,
        headers={"Host": where.host},
        timeout=timeout,
        session=session,
    )


class _NamedAdapter(HTTPAdapter):
    """Connects by TLS with a server of a given name, wherever it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # as the adapter passes them on
        super().init_poolmanager(*arguments, server_hostname=self._name, assert_hostname=self._name, **options)
