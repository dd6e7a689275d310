"""A validation endpoint as a real HTTP server, with or without TLS."""

import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from types import TracebackType
from typing import NamedTuple, Self

HANG_UP, HANG = 0, -1


class Seen(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    authorization: str | None
    host: str | None


class Endpoint:
    """Answers with `script`'s next status, else with the status of the token in `tokens`, else with 401.

    `HANG_UP` closes the connection without an answer, `HANG` leaves the client waiting. No answer is given before
    `released` is set.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        self.tokens: dict[str, int] = {}
        self.script: deque[int] = deque()
        self.seen: list[Seen] = []
        self.reached, self.released = threading.Event(), threading.Event()
        self.released.set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/api/search?searchTerm=x"

    @property
    def asked(self) -> list[str]:
        """The tokens that it was asked about, in order."""
        return [(each.authorization or "").removeprefix("Bearer ") for each in self.seen]

    def wait_for(self, count: int) -> None:
        """Return when so many requests have arrived."""
        deadline = time.monotonic() + 30
        while len(self.seen) < count:
            assert time.monotonic() < deadline, f"only {len(self.seen)} requests arrived"
            time.sleep(0.005)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        seen = Seen(handler.command, handler.path, handler.headers["Authorization"], handler.headers["Host"])
        self.seen.append(seen)
        self.reached.set()
        self.released.wait(60)
        token = (seen.authorization or "").removeprefix("Bearer ")
        status = self.script.popleft() if self.script else self.tokens.get(token, 401)
        if status in (HANG, HANG_UP):
            handler.close_connection = True
            if status == HANG:
                time.sleep(1)
            return
        handler.send_response(status)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
