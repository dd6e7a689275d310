"""A real HTTP server between a client and meterd that loses, refuses and delays what it is told to."""

import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

import httpx2

from tests.process import METRICS

Fault = Callable[["_Handler", bytes], None]


class Seen(NamedTuple):
    """A request that reached the proxy; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


def lose_request(handler: "_Handler", _body: bytes) -> None:
    """The connection breaks before the server sees anything."""
    handler.hang_up()


def lose_answer(handler: "_Handler", body: bytes) -> None:
    """The server does its work, and the connection breaks before the client learns of it."""
    handler.forward(body)
    handler.hang_up()


def passes(handler: "_Handler", body: bytes) -> None:
    """Nothing goes wrong."""
    response = handler.forward(body)
    handler.reply(response.status_code, response.content, {})


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """The server never sees the request."""
    return lambda handler, _body: handler.reply(status, body, headers)


def lose_answer_with(status: int) -> Fault:
    """The server does its work, the client is told that something went wrong."""

    def fault(handler: "_Handler", body: bytes) -> None:
        handler.forward(body)
        handler.reply(status, json.dumps({"code": status, "message": "took too long"}).encode(), {})

    return fault


class Hold:
    """The server does its work, and the answer waits until it is let go; `reached` is set then."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, handler: "_Handler", body: bytes) -> None:
        response = handler.forward(body)
        self.reached.set()
        self.let_go.wait(60)
        handler.reply(response.status_code, response.content, {})


class Late:
    """A fault that happens when it is let go; `reached` is set before."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, handler: "_Handler", body: bytes) -> None:
        self.reached.set()
        self.let_go.wait(60)
        self._fault(handler, body)


class _Handler(BaseHTTPRequestHandler):
    server: "Proxy"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(Seen(self.path, headers, body))
        fault = self.server.next_fault(self.path)
        if fault:
            fault(self, body)
            return
        try:
            response = self.forward(body)
        except httpx2.TransportError:
            self.hang_up()
            return
        passed = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
        self.reply(response.status_code, response.content, passed)

    def forward(self, body: bytes) -> httpx2.Response:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        return self.server.http.post(f"{self.server.target}{self.path}", content=body, headers=headers)

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


class Proxy(ThreadingHTTPServer):
    """Forwards to `target`, which may change, and applies `faults` to requests to the ingest and the query in turn."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[Seen] = []
        self.http = httpx2.Client(timeout=60)
        self._faults: deque[Fault] = deque()
        self._standing: Fault | None = None

    def script(self, *faults: Fault) -> None:
        """One fault for each of the next requests."""
        self._faults.extend(faults)

    def always(self, fault: Fault | None) -> None:
        """A fault for every request after those of the script; None lets them pass."""
        self._standing = fault

    def next_fault(self, path: str) -> Fault | None:
        assert path.startswith((METRICS, "/api/sessions"))
        return self._faults.popleft() if self._faults else self._standing

    @property
    def keys(self) -> list[str]:
        """The idempotency keys of the requests, in order."""
        return [seen.headers["idempotency-key"] for seen in self.seen if "idempotency-key" in seen.headers]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        self.http.close()
