"""Facts from the points of a metric export."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from meterd.api.otlp.messages import AnyMessage
from meterd.api.otlp.values import attributes_of, canonical, integer, number
from meterd.datasets import OTLP_POINTS
from meterd.ingest.facts import digest
from meterd.ingest.reports import Report, cut, labels

if TYPE_CHECKING:
    from meterd.datasets.rows import OtlpPointColumns

_TEMPORALITIES = {1: "delta", 2: "cumulative"}
_NO_RECORDED_VALUE = 1


class _Metric(msgspec.Struct, frozen=True):
    """A metric, apart from its points: their columns in common, and what their identities begin with."""

    kind: str
    identity: str
    columns: "OtlpPointColumns"


def add_points(report: Report, request: object, allowed_attributes: frozenset[str]) -> Counter[str]:
    """Add every point to the report. Returns how many are rejected, by reason."""
    rejected: Counter[str] = Counter()
    for metric, points in _metrics(request):
        for point in points or ():
            if (point.flags or 0) & _NO_RECORDED_VALUE:
                continue
            try:
                columns: OtlpPointColumns = {
                    **report.own_subject(),
                    **metric.columns,
                    **_times(report, point),
                    **_own(metric, point, allowed_attributes),
                }
            except ValueError as error:
                rejected[str(error)] += 1
                continue
            report.add(OTLP_POINTS, [OTLP_POINTS.row_type(**columns)], whole=True)
    return rejected


def _metrics(request: AnyMessage) -> Iterator[tuple[_Metric, Iterable[AnyMessage]]]:
    for resource_metrics in request.resource_metrics or ():
        resource = attributes_of(resource_metrics.resource.attributes)
        in_resource = canonical(resource)
        service = resource.get("service.name")
        for scope_metrics in resource_metrics.scope_metrics or ():
            scope = scope_metrics.scope.name or ""
            for message in scope_metrics.metrics or ():
                kind = message.WhichOneof("data")
                if kind is None:
                    continue
                data = getattr(message, kind)
                name = message.name or ""
                metric = _Metric(
                    kind,
                    digest(in_resource, scope, name).hex(),
                    {
                        "metric_name": cut(name),
                        "metric_type": kind,
                        "unit": cut(message.unit) or None,
                        "temporality": _TEMPORALITIES.get(getattr(data, "aggregation_temporality", 0)),
                        "is_monotonic": bool(data.is_monotonic) if kind == "sum" else None,
                        "service_name": cut(service) if isinstance(service, str) else None,
                        "scope_name": cut(scope) or None,
                    },
                )
                yield metric, data.data_points


def _times(report: Report, point: AnyMessage) -> "OtlpPointColumns":
    """Read the times of a point. Raises `ValueError` naming the member."""
    time = integer(point.time_unix_nano)
    if not time:
        raise ValueError("timeUnixNano is missing")
    start = integer(point.start_time_unix_nano)
    return {
        "ts": _time(report, "timeUnixNano", time),
        "started_at": _time(report, "startTimeUnixNano", start) if start else None,
    }


def _time(report: Report, member: str, nanoseconds: int) -> datetime:
    try:
        return report.time(nanoseconds / 1e9)
    except ValueError as error:
        raise ValueError(f"{member} {error}") from None


def _own(metric: _Metric, point: AnyMessage, allowed: frozenset[str]) -> "OtlpPointColumns":
    attributes = attributes_of(point.attributes)
    times = (integer(point.start_time_unix_nano), integer(point.time_unix_nano))
    return {
        "point_id": digest(metric.identity, canonical(attributes), *map(str, times)).hex(),
        "metadata": labels({name: value for name, value in attributes.items() if name in allowed}),
        **(_single(point) if metric.kind in ("gauge", "sum") else _several(point, metric.kind)),
    }


def _single(point: AnyMessage) -> "OtlpPointColumns":
    name = point.WhichOneof("value")
    return {"value": None if name is None else _finite(getattr(point, name))}


def _several(point: AnyMessage, kind: str) -> "OtlpPointColumns":
    """Return count, sum and extremes. Buckets of histograms with explicit bounds only."""
    count = integer(point.count)
    columns: OtlpPointColumns = {"count": min(count, 2**63 - 1) if count >= 0 else None}
    if kind == "summary":
        return {**columns, "sum": _finite(point.sum)}
    if point.HasField("sum"):
        columns["sum"] = _finite(point.sum)
    if point.HasField("min"):
        columns["minimum"] = _finite(point.min)
    if point.HasField("max"):
        columns["maximum"] = _finite(point.max)
    if kind == "histogram":
        columns["bucket_counts"] = [float(count) for count in point.bucket_counts or ()]
        columns["bucket_bounds"] = [_finite(bound) for bound in point.explicit_bounds or ()]
    return columns


def _finite(value: float | str | None) -> float | None:
    """Return a number that can be stored, or None."""
    found = number(value)
    return found if found is not None and isfinite(found) else None
