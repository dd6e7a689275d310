"""`POST /v1/traces`, `/v1/metrics`, `/v1/logs` (`docs/specifications/ingest-sources.md` section 2.1)."""

from collections import Counter
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.bodies import DecodeLimiter
from meterd.api.helper import Helper
from meterd.api.http import HotRoute, Request, Response, error_headers
from meterd.api.openapi import JSON
from meterd.api.otlp.attributes import known_shapes
from meterd.api.otlp.damage import Damage
from meterd.api.otlp.messages import LOGS, METRICS, TRACES, Signal
from meterd.api.otlp.openapi import PROTOBUF, export_operation
from meterd.api.otlp.reading import Export, Reader, Reading
from meterd.api.otlp.values import known_attributes
from meterd.datasets import camel_case
from meterd.errors import MeterdError, TimedOut, UnsupportedMediaType
from meterd.ingest.facts import Submission
from meterd.ingest.recorder import Recorder
from meterd.litellm.duplicate_sources import DuplicateSourceDetector
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()

PREFIX = "/v1/"
_QUICKLY_READ = 2**14
"""Bytes. A body of small points takes some 2 microseconds for each."""
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 500: 13, 503: 14, 504: 4}
"""Codes of `google.rpc.Code` for HTTP statuses."""
_SEND_AGAIN = ((b"retry-after", b"5"),)


class Endpoint(msgspec.Struct, frozen=True):
    """One signal: where it comes in, and how its answer names what was rejected."""

    signal: Signal
    response: type[ExportTraceServiceResponse | ExportMetricsServiceResponse | ExportLogsServiceResponse]
    rejected: str


_ENDPOINTS = {
    endpoint.signal.name: endpoint
    for endpoint in (
        Endpoint(TRACES, ExportTraceServiceResponse, "rejected_spans"),
        Endpoint(METRICS, ExportMetricsServiceResponse, "rejected_data_points"),
        Endpoint(LOGS, ExportLogsServiceResponse, "rejected_log_records"),
    )
}


class OpenTelemetry:
    """Takes exports of traces and metrics; log records are refused one by one."""

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        recorder: Recorder,
        decoding: DecodeLimiter,
        sources: DuplicateSourceDetector,
        helper: Helper,
        telemetry: Telemetry,
    ) -> None:
        self._authenticator = authenticator
        self._recorder = recorder
        self._decoding = decoding
        self._sources = sources
        self._telemetry = telemetry
        self._max_bytes = settings.otlp.max_body_bytes
        self._reader = Reader.of(settings)
        self._helped = helper.reader("otlp", self._reader, Reading)
        telemetry.gauge("meterd_otlp_known_attributes", "Attributes kept by their bytes", known_attributes)
        telemetry.gauge("meterd_otlp_known_shapes", "Sets of names of attributes that are kept", known_shapes)

    def routes(self) -> list[HotRoute]:
        return [
            HotRoute("POST", f"{PREFIX}{name}", self._handler(endpoint), error_response, export_operation(name))
            for name, endpoint in _ENDPOINTS.items()
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
        reading = await self._read(body, Export(caller, endpoint.signal.name, is_json, request.received))
        self._note(reading, caller)
        if reading.facts:
            await self._recorder.record(Submission(reading.facts))
        damage = Damage(Counter(reading.rejected), Counter(reading.left_out))
        if damage or reading.members_left_out:
            left_out = damage.left_out + Counter(reading.members_left_out)
            self._telemetry.left_out.labels(endpoint.signal.name).inc(damage.rejected.total() + left_out.total())
            log.warning("parts of an export could not be used", rejected=damage.rejected, left_out=left_out)
        return _response(endpoint, damage, is_json)

    async def _read(self, body: bytes, export: Export) -> Reading:
        """Read an export. Only what is small and whole is read in the event loop."""
        if len(body) <= _QUICKLY_READ and (reading := self._reader.read_whole(body, export)):
            return reading
        return await self._decoding.run_apart(body, self._helped.read, export)

    def _note(self, reading: Reading, caller: Caller) -> None:
        """Keep what an export tells besides its facts."""
        if reading.has_litellm:
            self._sources.note(caller, "OpenTelemetry")
        for reason, count in reading.spans_left_out.items():
            self._telemetry.spans_left_out.labels(reason).inc(count)


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
