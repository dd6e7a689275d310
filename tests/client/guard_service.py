"""A real HTTP server that keeps AI Guard's contract, with regular expressions for classifiers."""

import json
import re
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

Document = dict[str, Any]

TOKEN = "mtr_guard"
CLASSIFIERS = {
    "US_PHONE_NUMBER": r"\b\d{3}-\d{3}-\d{4}\b",
    "US_AREA_CODE": r"\b\d{3}-(?=\d{3}-)",
    "EMAIL_ADDRESS": r"(?<![\w@.])[a-z]{1,6}@[a-z]{1,6}\.com(?![\w@.])",
    "ACCOUNT": r"\b\d{6,12}\b",
    "PIN": r"(?<=pin )\d{4}\b",
    "PRIVATE_KEY": r"<key[^>]*>?",
    "SECRET": r"\b\w{20,}=key\b",
}
LONGEST = 20
"""More characters than any of these matches together with what decides about it, but for PRIVATE_KEY and SECRET."""


class Reply(NamedTuple):
    """An answer in place of the service's own."""

    status: int
    body: Document


def found(text: str) -> list[Document]:
    """The matches of all classifiers, as the service answers them."""
    matches = [
        {"start": match.start(), "end": match.end(), "confidence": 100, "text": match[0], "classifier": name}
        for name, pattern in CLASSIFIERS.items()
        for match in re.finditer(pattern, text, re.ASCII)
    ]
    return sorted(matches, key=lambda match: (match["start"], match["end"]))


class _Handler(BaseHTTPRequestHandler):
    server: "GuardService"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._reply(401, {"code": 401, "message": "Invalid or missing bearer token"})
        elif self.path == "/metric":
            self._metric(body)
        else:
            assert self.path == "/classifications/v1"
            self._classify(body)

    def _classify(self, body: Document) -> None:
        self.server.classifications.append(body)
        if self.server.replies:
            self._reply(*self.server.replies.popleft())
        else:
            self._reply(200, {"context": body["context"], "matches": found(body["text"])})

    def _metric(self, body: Document) -> None:
        if self.server.metrics_are_on:
            self.server.events.append(body)
            self._reply(200, None)
        else:
            self._reply(400, {"code": 400, "message": "Metrics not permitted"})

    def _reply(self, status: int, body: Document | None) -> None:
        content = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


class GuardService(ThreadingHTTPServer):
    """Keeps the bodies of requests in `classifications` and `events`; `replies` are for the next classifications."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.classifications: list[Document] = []
        self.events: list[Document] = []
        self.replies: deque[Reply] = deque()
        self.metrics_are_on = True

    @property
    def redactions(self) -> list[tuple[str, str]]:
        """Action and actor of each `ai_guard.redact`."""
        return [
            (event["attributes"]["action"], event["attributes"]["actor"])
            for event in self.events
            if event["meter"] == {"name": "ai_guard.redact", "value": "1"}
        ]

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
