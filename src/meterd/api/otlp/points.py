"""From the points of a metric export to facts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from meterd.api.otlp.messages import attributes_of, number
from meterd.datasets import OTLP_POINTS
from meterd.ingest.facts import digest
from meterd.ingest.reports import Report, cut, labels

_TEMPORALITIES = {1: "delta", 2: "cumulative"}
_NO_RECORDED_VALUE = 1


def add_points(report: Report, request: Any, allowed_attributes: frozenset[str]) -> Counter[str]:
    """Add every point to the report. Returns how many are rejected, by reason."""
    rejected: Counter[str] = Counter()
    for metric, scope, resource in _metrics(request):
        rows = []
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points if kind else ():
            if point.flags & _NO_RECORDED_VALUE:
                continue
            try:
                rows.append(_row(report, metric, kind, point, scope, resource, allowed_attributes))
            except ValueError as error:
                rejected[f"timeUnixNano: {error}"] += 1
        report.add(OTLP_POINTS, rows)
    return rejected


def _metrics(request: Any) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    for resource_metrics in request.resource_metrics:
        resource = attributes_of(resource_metrics.resource.attributes)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                yield metric, scope_metrics.scope.name, resource


def _row(
    report: Report,
    metric: Any,
    kind: str,
    point: Any,
    scope: str,
    resource: dict[str, Any],
    allowed: frozenset[str],
) -> Any:
    data = getattr(metric, kind)
    attributes = attributes_of(point.attributes)
    start, time = int(point.start_time_unix_nano), int(point.time_unix_nano)
    identity = digest(_canonical(resource), scope, metric.name, _canonical(attributes), str(start), str(time))
    service = resource.get("service.name")
    return OTLP_POINTS.row_type(
        **report.own_subject(),
        ts=report.time(time / 1e9),
        started_at=report.time(start / 1e9) if start else None,
        point_id=identity.hex(),
        metric_name=cut(metric.name),
        metric_type=kind,
        unit=cut(metric.unit) or None,
        temporality=_TEMPORALITIES.get(getattr(data, "aggregation_temporality", 0)),
        is_monotonic=data.is_monotonic if kind == "sum" else None,
        service_name=cut(service) if isinstance(service, str) else None,
        scope_name=cut(scope) or None,
        metadata=labels({name: value for name, value in attributes.items() if name in allowed}),
        **(_single(point) if kind in ("gauge", "sum") else _several(point, kind)),
    )


def _canonical(attributes: dict[str, Any]) -> str:
    return msgspec.json.encode(attributes, order="sorted").decode()


def _single(point: Any) -> dict[str, Any]:
    name = point.WhichOneof("value")
    return {"value": None if name is None else number(getattr(point, name))}


def _several(point: Any, kind: str) -> dict[str, Any]:
    """Count, sum and extremes. Buckets of histograms with explicit bounds only."""
    columns: dict[str, Any] = {"count": min(int(point.count), 2**63 - 1)}
    if kind == "summary":
        return columns | {"sum": number(point.sum)}
    for column, name in (("sum", "sum"), ("minimum", "min"), ("maximum", "max")):
        if point.HasField(name):
            columns[column] = number(getattr(point, name))
    if kind == "histogram":
        columns["bucket_counts"] = [float(count) for count in point.bucket_counts]
        columns["bucket_bounds"] = [number(bound) for bound in point.explicit_bounds]
    return columns
