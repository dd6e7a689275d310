"""Export requests in both encodings of OTLP/HTTP.

Protobuf bodies are decoded by `opentelemetry-proto`, JSON bodies by the structs here. These have the attribute names of
the protobuf messages, so that what reads a request need not know which encoding it came in. Only what is read is
declared; everything else in a JSON body is skipped.
"""

from typing import Annotated, Any, ClassVar

import msgspec
from google.protobuf.message import Message
from msgspec import Meta
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Integer = Annotated[str, Meta(pattern="^-?[0-9]{1,20}$")] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""64-bit integers may be strings or numbers."""
Number = float | Annotated[str, Meta(max_length=32)]
"""Numbers may be the strings NaN, Infinity and -Infinity."""


class JsonMessage(msgspec.Struct, rename="camel"):
    """A message in JSON; a null member is the same as an absent one."""


class Envelope(JsonMessage):
    """A message that holds elements, directly or not, so that it can be nearly the whole request."""


class Element(JsonMessage):
    """A message that responses count. It is rejected when a member that is not dispensable has a value of no use."""

    dispensable: ClassVar[frozenset[str]] = frozenset({"attributes"})


class ArrayValue(JsonMessage):
    values: "list[AnyValue] | None" = None


class KeyValueList(JsonMessage):
    values: "list[KeyValue] | None" = None


class AnyValue(JsonMessage):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Integer | None = None
    double_value: Number | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        return next((name for name in self.__struct_fields__ if getattr(self, name) is not None), None)


class KeyValue(JsonMessage):
    key: str | None = None
    value: AnyValue | None = None

    def __post_init__(self) -> None:
        self.key = self.key or ""
        self.value = self.value or _NO_VALUE


_NO_VALUE = AnyValue()


class Resource(JsonMessage):
    attributes: list[KeyValue] | None = None


class Scope(JsonMessage):
    name: str | None = None


class Status(JsonMessage):
    code: int | None = None


_NO_RESOURCE, _NO_SCOPE, _NO_STATUS = Resource(), Scope(name=""), Status(code=0)


class Span(Element):
    dispensable = frozenset({"attributes", "parent_span_id", "name", "kind", "status"})

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    kind: int | None = None
    start_time_unix_nano: Integer | None = None
    end_time_unix_nano: Integer | None = None
    attributes: list[KeyValue] | None = None
    status: Status | None = None

    def __post_init__(self) -> None:
        self.status = self.status or _NO_STATUS


class ScopeSpans(Envelope):
    scope: Scope | None = None
    spans: list[Span] | None = None

    def __post_init__(self) -> None:
        self.scope = self.scope or _NO_SCOPE


class ResourceSpans(Envelope):
    resource: Resource | None = None
    scope_spans: list[ScopeSpans] | None = None

    def __post_init__(self) -> None:
        self.resource = self.resource or _NO_RESOURCE


class TracesRequest(Envelope):
    resource_spans: list[ResourceSpans] | None = None


class DataPoint(Element):
    """A data point of every kind of metric."""

    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Integer | None = None
    time_unix_nano: Integer | None = None
    as_double: Number | None = None
    as_int: Integer | None = None
    count: Integer | None = None
    sum: Number | None = None
    min: Number | None = None
    max: Number | None = None
    bucket_counts: list[Integer] | None = None
    explicit_bounds: list[Number] | None = None
    flags: int | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        return next((name for name in ("as_double", "as_int") if getattr(self, name) is not None), None)

    def HasField(self, name: str) -> bool:  # noqa: N802 - as protobuf calls it
        return getattr(self, name) is not None


class MetricData(Envelope):
    data_points: list[DataPoint] | None = None
    aggregation_temporality: int | None = None
    is_monotonic: bool | None = None


class Metric(Envelope):
    name: str | None = None
    unit: str | None = None
    gauge: MetricData | None = None
    sum: MetricData | None = None
    histogram: MetricData | None = None
    exponential_histogram: MetricData | None = None
    summary: MetricData | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        kinds = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
        return next((name for name in kinds if getattr(self, name) is not None), None)


class ScopeMetrics(Envelope):
    scope: Scope | None = None
    metrics: list[Metric] | None = None

    def __post_init__(self) -> None:
        self.scope = self.scope or _NO_SCOPE


class ResourceMetrics(Envelope):
    resource: Resource | None = None
    scope_metrics: list[ScopeMetrics] | None = None

    def __post_init__(self) -> None:
        self.resource = self.resource or _NO_RESOURCE


class MetricsRequest(Envelope):
    resource_metrics: list[ResourceMetrics] | None = None


class LogRecord(Element):
    """A log record, of which nothing is read."""


class ScopeLogs(Envelope):
    log_records: list[LogRecord] | None = None


class ResourceLogs(Envelope):
    scope_logs: list[ScopeLogs] | None = None


class LogsRequest(Envelope):
    resource_logs: list[ResourceLogs] | None = None


class Signal(msgspec.Struct, frozen=True):
    """The request of one signal in both encodings, and the only member that it has."""

    name: str
    json: type[JsonMessage]
    protobuf: type[Message]
    member: str


TRACES = Signal("traces", TracesRequest, ExportTraceServiceRequest, "resource_spans")
METRICS = Signal("metrics", MetricsRequest, ExportMetricsServiceRequest, "resource_metrics")
LOGS = Signal("logs", LogsRequest, ExportLogsServiceRequest, "resource_logs")
SIGNALS = {signal.name: signal for signal in (TRACES, METRICS, LOGS)}

AnyMessage = Any
"""A message of a request. Those of protobuf, and ours for JSON, have the same members and no type in common."""
