"""`POST /v1/traces`, `/v1/metrics`, `/v1/logs` (`docs/specifications/ingest-sources.md` section 2.1)."""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import structlog
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.api.bodies import DecodeLimiter
from meterd.api.http import HotRoute, Request, Response, error_headers
from meterd.api.openapi import JSON
from meterd.api.otlp.attributes import known_shapes
from meterd.api.otlp.damage import Damage
from meterd.api.otlp.decoding import decode, decode_whole
from meterd.api.otlp.messages import LOGS, METRICS, TRACES, AnyMessage, Signal
from meterd.api.otlp.openapi import PROTOBUF, export_operation
from meterd.api.otlp.points import add_points
from meterd.api.otlp.traces import add_traces
from meterd.api.otlp.values import known_attributes
from meterd.datasets import camel_case
from meterd.errors import InvalidInput, MeterdError, TimedOut, UnsupportedMediaType
from meterd.ingest.facts import Facts, Submission
from meterd.ingest.recorder import Recorder
from meterd.ingest.reports import Report
from meterd.litellm.duplicate_sources import DuplicateSourceDetector
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()

PREFIX = "/v1/"
_QUICKLY_READ = 2**14
"""Bytes. A body of small points takes some 2 microseconds for each."""
_NO_LOGS = "log records are not kept: they hold prompts and answers"
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 500: 13, 503: 14, 504: 4}
"""Codes of `google.rpc.Code` for HTTP statuses."""
_SEND_AGAIN = ((b"retry-after", b"5"),)

_Add = Callable[[Report, AnyMessage], Counter[str]]
_Read = tuple[tuple[Facts, ...], Damage, Counter[str]]
"""Facts of an export, what is wrong with it, and members left out of facts: values that their columns may not have."""


class Endpoint(msgspec.Struct, frozen=True):
    """One signal: where it comes in, what it becomes, and how its answer names what was rejected."""

    signal: Signal
    response: type[ExportTraceServiceResponse | ExportMetricsServiceResponse | ExportLogsServiceResponse]
    rejected: str
    add: _Add


class OpenTelemetry:
    """Takes exports of traces and metrics; log records are refused one by one."""

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        recorder: Recorder,
        decoding: DecodeLimiter,
        sources: DuplicateSourceDetector,
        telemetry: Telemetry,
    ) -> None:
        self._left_out = telemetry.left_out
        telemetry.gauge("meterd_otlp_known_attributes", "Attributes kept by their bytes", known_attributes)
        telemetry.gauge("meterd_otlp_known_shapes", "Sets of names of attributes that are kept", known_shapes)
        self._authenticator = authenticator
        self._recorder = recorder
        self._limits = settings.ingest
        self._decoding = decoding
        self._max_bytes = settings.otlp.max_body_bytes
        metadata_attributes = settings.otlp.metadata_attributes
        point_attributes = frozenset(settings.otlp.point_attributes)
        self._endpoints = {
            "traces": Endpoint(
                TRACES,
                ExportTraceServiceResponse,
                "rejected_spans",
                partial(_add_traces, metadata_attributes, sources, telemetry),
            ),
            "metrics": Endpoint(
                METRICS,
                ExportMetricsServiceResponse,
                "rejected_data_points",
                lambda report, request: add_points(report, request, point_attributes),
            ),
            "logs": Endpoint(LOGS, ExportLogsServiceResponse, "rejected_log_records", _refuse_logs),
        }

    def routes(self) -> list[HotRoute]:
        return [
            HotRoute("POST", f"{PREFIX}{name}", self._handler(endpoint), error_response, export_operation(name))
            for name, endpoint in self._endpoints.items()
        ]

    def _handler(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def export(request: Request) -> Response:
            return await self._export(request, endpoint)

        return export

    async def _export(self, request: Request, endpoint: Endpoint) -> Response:
        """Answer when what the export became is durable."""
        caller = await self._authenticator.identify(request.context, request.header(b"authorization"))
        caller.require(Scope.INGEST)
        is_json = _is_json(request.content_type)
        body = await request.body(self._max_bytes)
        report = Report(caller, self._limits, request.received)
        facts, damage, members = await self._read(body, endpoint, is_json, report)
        if facts:
            await self._recorder.record(Submission(facts))
        if damage or members:
            left_out = damage.left_out + members
            self._left_out.labels(endpoint.signal.name).inc(damage.rejected.total() + left_out.total())
            log.warning("parts of an export could not be used", rejected=damage.rejected, left_out=left_out)
        return _response(endpoint, damage, is_json)

    async def _read(self, body: bytes, endpoint: Endpoint, is_json: bool, report: Report) -> _Read:
        """Read an export. Only what is small and whole is read in the event loop."""
        if len(body) <= _QUICKLY_READ:
            try:
                request = decode_whole(endpoint.signal, body, is_json)
            except InvalidInput:
                pass
            else:
                return self._facts(request, Damage(), endpoint, report)

        def read(body: bytes) -> _Read:
            return self._facts(*decode(endpoint.signal, body, is_json), endpoint, report)

        return await self._decoding.run_apart(body, read)

    def _facts(self, request: object, damage: Damage, endpoint: Endpoint, report: Report) -> _Read:
        damage.rejected.update(endpoint.add(report, request) + report.rows_left_out)
        return report.facts(), damage, report.members_left_out


def _add_traces(
    metadata_attributes: tuple[str, ...],
    sources: DuplicateSourceDetector,
    telemetry: Telemetry,
    report: Report,
    request: AnyMessage,
) -> Counter[str]:
    left_out: Counter[str] = Counter()
    rejected = add_traces(report, request, metadata_attributes, sources, left_out)
    for reason, count in left_out.items():
        telemetry.spans_left_out.labels(reason).inc(count)
    return rejected


def _refuse_logs(_report: Report, request: AnyMessage) -> Counter[str]:
    scopes = (scope for resource in request.resource_logs or () for scope in resource.scope_logs or ())
    records = sum(len(scope.log_records or ()) for scope in scopes)
    return Counter({_NO_LOGS: records} if records else {})


def _is_json(content_type: str) -> bool:
    name = content_type.partition(";")[0].strip().lower()
    if name not in (PROTOBUF, JSON):
        problem = f'Content-Type "{name}" is not supported' if name else "Content-Type is missing"
        raise UnsupportedMediaType(f"{problem}: use {PROTOBUF} or {JSON}")
    return name == JSON


def _response(endpoint: Endpoint, damage: Damage, is_json: bool) -> Response:
    """Answer with success, or partial success that says what was rejected and left out, and why; clients don't send it
    again.
    """
    if not damage:
        return Response(body=b"{}" if is_json else b"", content_type=_type(is_json))
    rejected = damage.rejected.total()
    if is_json:
        partial = {camel_case(endpoint.rejected): str(rejected), "errorMessage": damage.sentence()}
        return Response(body=msgspec.json.encode({"partialSuccess": partial}), content_type=_type(is_json))
    response = endpoint.response()
    setattr(response.partial_success, endpoint.rejected, rejected)
    response.partial_success.error_message = damage.sentence()
    return Response(body=response.SerializeToString(), content_type=_type(is_json))


def _type(is_json: bool) -> bytes:
    return (JSON if is_json else PROTOBUF).encode()


def error_response(error: MeterdError, content_type: str = "") -> Response:
    """Return a `google.rpc.Status` in the request's encoding.

    A request that took too long may be sent again: its facts have identities. So the response says when.
    """
    status = error.status
    headers = _SEND_AGAIN if isinstance(error, TimedOut) else error_headers(error)
    code = _CODES.get(status, 2)
    is_json = content_type.partition(";")[0].strip().lower() != PROTOBUF
    if is_json:
        body = msgspec.json.encode({"code": code, "message": error.message})
    else:
        body = Status(code=code, message=error.message).SerializeToString()
    return Response(status, body, headers, _type(is_json))
