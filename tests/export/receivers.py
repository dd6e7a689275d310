"""Collectors as real servers: OpenTelemetry's, made of the protobufs of its protocol, and one that takes JSON."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any, NamedTuple, Self

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)

Attributes = tuple[tuple[str, Any], ...]


class Total(NamedTuple):
    """What a collector knows of a series: since when it is counted, and the last point."""

    start: int
    time: int
    value: int


class Collector:
    """Keeps what an OpenTelemetry exporter sends; usable as a context manager."""

    def __init__(self) -> None:
        self.requests: list[ExportMetricsServiceRequest] = []
        self.url = ""

    def take(self, request: ExportMetricsServiceRequest) -> None:
        self.requests.append(request)

    def metrics(self) -> list[Any]:
        """Every metric of every request, in the order of their arrival."""
        return [
            metric
            for request in list(self.requests)
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def points(self) -> list[tuple[str, Attributes, Total]]:
        """Name, attributes and total of every point; of a histogram the total is the number of samples."""
        found = []
        for metric in self.metrics():
            points = metric.histogram.data_points or metric.sum.data_points
            for point in points:
                value = point.count if metric.HasField("histogram") else point.as_int
                of = tuple(sorted((each.key, each.value.string_value) for each in point.attributes))
                found.append((metric.name, of, Total(point.start_time_unix_nano, point.time_unix_nano, value)))
        return found

    def totals(self) -> dict[tuple[str, Attributes], Total]:
        """The last point of each series."""
        return {(name, of): total for name, of, total in self.points()}

    def wait_for(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        """Return when the condition is true; raises `AssertionError` when it does not become so."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"it did not come to that: {self.points()}"
            time.sleep(0.02)


class GrpcCollector(Collector):
    """OTLP over gRPC."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None, max_bytes: int = 4 * 2**20) -> None:
        super().__init__()
        self._credentials = credentials
        self._max_bytes = max_bytes
        self.refuses: Callable[[ExportMetricsServiceRequest], bool] = lambda _: False

    def __enter__(self) -> Self:
        collector = self

        class Servicer(MetricsServiceServicer):
            def Export(self, request: Any, context: Any) -> ExportMetricsServiceResponse:  # noqa: N802
                if collector.refuses(request):
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not so")
                collector.take(request)
                return ExportMetricsServiceResponse()

        self._server = grpc.server(
            futures.ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", self._max_bytes)]
        )
        add_MetricsServiceServicer_to_server(Servicer(), self._server)  # type: ignore[no-untyped-call]  # generated
        address = "127.0.0.1:0"
        if self._credentials:
            port = self._server.add_secure_port(address, self._credentials)
        else:
            port = self._server.add_insecure_port(address)
        self.url = f"http://127.0.0.1:{port}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None).wait()


class HttpReceiver:
    """Answers with the next status of `script`, then with what `judge` says of a body; keeps every body.

    0 hangs up without an answer.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.script: deque[int] = deque()
        self.always = 200
        self.judge: Callable[[bytes], int] = lambda _: self.always
        self.bodies: list[bytes] = []
        self.hosts: list[str | None] = []
        self.paths: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def taken(self, body: bytes) -> None:
        """Called for every body that is answered with 200."""

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.hosts.append(handler.headers["Host"])
        self.paths.append(handler.path)
        status = self.script.popleft() if self.script else self.judge(body)
        self.bodies.append(body)
        if not status:
            handler.close_connection = True
            return
        if status == 200:
            self.taken(body)
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class HttpCollector(HttpReceiver, Collector):
    """OTLP over HTTP."""

    def __init__(self, tls: SSLContext | None = None) -> None:
        Collector.__init__(self)
        HttpReceiver.__init__(self, tls)

    def taken(self, body: bytes) -> None:
        self.take(ExportMetricsServiceRequest.FromString(body))
