"""Export requests in both encodings of OTLP/HTTP.

Protobuf bodies are decoded by `opentelemetry-proto`, JSON bodies by the structs here. These have the attribute names of
the protobuf messages, so that what reads a request need not know which encoding it came in. Only what is read is
declared; everything else in a JSON body is skipped.
"""

from typing import Annotated, Any

import msgspec
from google.protobuf.message import DecodeError, Message
from msgspec import Meta
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from meterd.errors import InvalidInput
from meterd.validation import explain

Integer = Annotated[str, Meta(pattern="^-?[0-9]{1,20}$")] | int
"""64-bit integers may be strings or numbers."""
Number = float | Annotated[str, Meta(max_length=32)]
"""Numbers may be the strings NaN, Infinity and -Infinity."""


class JsonMessage(msgspec.Struct, rename="camel"):
    """A message in JSON; a null member is the same as an absent one."""


class ArrayValue(JsonMessage):
    values: "list[AnyValue]" = []


class KeyValueList(JsonMessage):
    values: "list[KeyValue]" = []


class AnyValue(JsonMessage):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Integer | None = None
    double_value: Number | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        return next((name for name in self.__struct_fields__ if getattr(self, name) is not None), None)


class KeyValue(JsonMessage):
    key: str = ""
    value: AnyValue = msgspec.field(default_factory=AnyValue)


class Resource(JsonMessage):
    attributes: list[KeyValue] = []


class Scope(JsonMessage):
    name: str = ""


class Status(JsonMessage):
    code: int = 0


class Span(JsonMessage):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    kind: int = 0
    start_time_unix_nano: Integer = 0
    end_time_unix_nano: Integer = 0
    attributes: list[KeyValue] = []
    status: Status = msgspec.field(default_factory=Status)


class ScopeSpans(JsonMessage):
    scope: Scope = msgspec.field(default_factory=Scope)
    spans: list[Span] = []


class ResourceSpans(JsonMessage):
    resource: Resource = msgspec.field(default_factory=Resource)
    scope_spans: list[ScopeSpans] = []


class TracesRequest(JsonMessage):
    resource_spans: list[ResourceSpans] = []


class Quantile(JsonMessage):
    quantile: Number = 0.0
    value: Number = 0.0


class DataPoint(JsonMessage):
    """A data point of every kind of metric."""

    attributes: list[KeyValue] = []
    start_time_unix_nano: Integer = 0
    time_unix_nano: Integer = 0
    as_double: Number | None = None
    as_int: Integer | None = None
    count: Integer = 0
    sum: Number | None = None
    min: Number | None = None
    max: Number | None = None
    bucket_counts: list[Integer] = []
    explicit_bounds: list[Number] = []
    flags: int = 0

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        return next((name for name in ("as_double", "as_int") if getattr(self, name) is not None), None)

    def HasField(self, name: str) -> bool:  # noqa: N802 - as protobuf calls it
        return getattr(self, name) is not None


class MetricData(JsonMessage):
    data_points: list[DataPoint] = []
    aggregation_temporality: int = 0
    is_monotonic: bool = False


class Metric(JsonMessage):
    name: str = ""
    unit: str = ""
    gauge: MetricData | None = None
    sum: MetricData | None = None
    histogram: MetricData | None = None
    exponential_histogram: MetricData | None = None
    summary: MetricData | None = None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - as protobuf calls it
        kinds = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
        return next((name for name in kinds if getattr(self, name) is not None), None)


class ScopeMetrics(JsonMessage):
    scope: Scope = msgspec.field(default_factory=Scope)
    metrics: list[Metric] = []


class ResourceMetrics(JsonMessage):
    resource: Resource = msgspec.field(default_factory=Resource)
    scope_metrics: list[ScopeMetrics] = []


class MetricsRequest(JsonMessage):
    resource_metrics: list[ResourceMetrics] = []


class LogRecord(JsonMessage):
    """Nothing of it is read."""


class ScopeLogs(JsonMessage):
    log_records: list[LogRecord] = []


class ResourceLogs(JsonMessage):
    scope_logs: list[ScopeLogs] = []


class LogsRequest(JsonMessage):
    resource_logs: list[ResourceLogs] = []


class Signal(msgspec.Struct, frozen=True):
    """The request of one signal in both encodings."""

    json: type[JsonMessage]
    protobuf: type[Message]


TRACES = Signal(TracesRequest, ExportTraceServiceRequest)
METRICS = Signal(MetricsRequest, ExportMetricsServiceRequest)
LOGS = Signal(LogsRequest, ExportLogsServiceRequest)


def decode(signal: Signal, body: bytes, is_json: bool) -> Any:
    """The export request. Raises `InvalidInput` for what can't be decoded."""
    if is_json:
        return _decode_json(signal.json, body)
    try:
        return signal.protobuf.FromString(body)
    except DecodeError as error:
        raise InvalidInput(f"the body is not a valid {signal.protobuf.__name__}: {error}") from None


def _decode_json(type_: type[JsonMessage], body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error).sentence()) from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidInput(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidInput("the body is nested too deeply") from None


def value_of(any_value: Any) -> Any:
    """An attribute's value as text, number, boolean, list or mapping; None for everything else."""
    kind = any_value.WhichOneof("value")
    if kind == "string_value" or kind == "bool_value":
        return getattr(any_value, kind)
    if kind == "int_value":
        return int(any_value.int_value)
    if kind == "double_value":
        return number(any_value.double_value)
    if kind == "array_value":
        return [value_of(each) for each in any_value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(any_value.kvlist_value.values)
    return None


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Attributes by name."""
    return {pair.key: pair.value.string_value or value_of(pair.value) for pair in pairs}


def number(value: float | str) -> float | None:
    """A number, or None for what is none."""
    try:
        return float(value)
    except ValueError:
        return None


def identifier(value: bytes | str, length: int) -> str | None:
    """A trace or span id of `length` bytes in lower-case hex; None when it is malformed or all zero."""
    try:
        raw = bytes.fromhex(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return raw.hex() if len(raw) == length and any(raw) else None
