"""The exporter `otlp` (`docs/specifications/ai-guard.md` section 10.2): running totals from the store, by exporters of
OpenTelemetry's SDK.

No instruments are involved: the SDK's data points are made from what the store holds. Totals count from a time that is
kept, so sending one again, or missing one, changes nothing.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import requests
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

from meterd.access.exports import Progress
from meterd.endpoints import Endpoint
from meterd.export import windows
from meterd.export.connection import collector
from meterd.export.meters import METERS, SCOPE, Meter
from meterd.export.series import Reader, Series, Window
from meterd.query.buckets import EPOCH
from meterd.settings import MetricsExporter

_OVERFLOW = {"otel.metric.overflow": True}
_LARGEST_INTEGER = 2**63 - 1
_POINTS = 5000
"""Of one message: gRPC takes 4 MiB."""


class Otlp:
    """Sends totals over gRPC or HTTP. Raises `ConfigurationError` for an address that can't be used.

    Args:
        kept: for how long the store keeps meter events; None for ever.
    """

    name = "otlp"

    def __init__(self, settings: MetricsExporter, reader: Reader, kept: timedelta | None) -> None:
        self.interval = timedelta(seconds=settings.seconds)
        self._reader = reader
        self._bounds = settings.histogram_boundaries
        self._kept = kept
        make = _over_grpc if settings.protocol == "grpc" else _over_http
        self._exporter = make(collector(settings), settings.max_retry_duration)
        self._resource = Resource({"service.name": "ai-guard"})

    def window(self, progress: Progress, end: datetime) -> Window:
        return windows.cumulative(progress, end, self._kept)

    async def send(self, window: Window) -> bool:
        """Whether the collector has the totals of the window now; nothing is sent while there are none."""
        metrics = [metric for meter in METERS if (metric := await self._metric(meter, window))]
        if not metrics:
            return True
        scope = ScopeMetrics(InstrumentationScope(SCOPE), metrics, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])
        return await asyncio.to_thread(self._exporter.export, data) is MetricExportResult.SUCCESS

    async def close(self) -> None:
        """Give up what is being sent, and close the connection."""
        await asyncio.to_thread(self._exporter.shutdown)

    async def _metric(self, meter: Meter, window: Window) -> Metric | None:
        reading = await self._reader.read(meter, window)
        points: list[tuple[dict[str, Any], Series]] = [(each.attributes, each) for each in reading.series]
        if reading.rest:
            points.append((_OVERFLOW, reading.rest))
        if not points:
            return None
        start, end = _nanoseconds(window.start), _nanoseconds(window.end)
        cumulative = AggregationTemporality.CUMULATIVE
        if meter.is_histogram:
            distributions = [_distribution(of, each, start, end, self._bounds) for of, each in points]
            return Metric(meter.name, meter.description, "ms", Histogram(distributions, cumulative))
        numbers = [NumberDataPoint(of, start, end, _number(each.sum)) for of, each in points]
        return Metric(meter.name, meter.description, "1", Sum(numbers, cumulative, is_monotonic=True))


def _distribution(
    attributes: dict[str, Any], series: Series, start: int, end: int, bounds: Sequence[float]
) -> HistogramDataPoint:
    return HistogramDataPoint(
        attributes, start, end, series.count, series.sum, series.buckets, bounds, series.minimum, series.maximum
    )


def _number(value: int) -> int | float:
    """OTLP's integers have a sign; what is larger is sent as a float."""
    return value if value <= _LARGEST_INTEGER else float(value)


def _nanoseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def _over_grpc(where: Endpoint, timeout: float) -> MetricExporter:
    secure = where.url.scheme == "https"
    root = Path(where.root).read_bytes() if where.root else None
    options: Any = (("grpc.ssl_target_name_override", where.tls_name), ("grpc.default_authority", where.host))
    return GrpcExporter(
        endpoint=str(where.target),
        insecure=not secure,
        credentials=grpc.ssl_channel_credentials(root) if secure else None,
        timeout=timeout,
        max_export_batch_size=_POINTS,
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
        max_export_batch_size=_POINTS,
        session=session,
    )


class _NamedAdapter(HTTPAdapter):
    """TLS with a server of a given name, wherever it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, server_hostname=self._name, assert_hostname=self._name, **options)
