"""Goes on after the history, through the server's public doors."""

import threading
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import msgspec
import structlog

from meterd.api.gateway.datasources import datasources
from meterd.datasets import CLASSIFICATION
from meterd.demo.facts import Fact
from meterd.demo.guard import TEXTS
from meterd.demo.story import Span
from meterd.demo.workload import Workload

if TYPE_CHECKING:
    from meterd.datasets.rows import MeterEvent

log = structlog.get_logger()

_INGEST, _CLASSIFY = "/api/svc/v1/llm-gateway/metrics/ingest", "/classifications/v1"
_PAUSE = 1.0
_TIMEOUT = 30.0
_encoder = msgspec.json.Encoder()


class Refused(Exception):
    """The server does not take what it was sent."""


class Door:
    """Sends to a server over HTTP, on one connection."""

    def __init__(self, url: str, token: str) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
        self._headers = {"Authorization": f"Bearer {token}"}

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> bytes:
        """Send a body and return the answer. Raises `OSError`, `HTTPException`, or `Refused`."""
        try:
            self._connection.request("POST", path, body, self._headers | {"Content-Type": content_type})
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            self._connection.close()  # the next request opens another one
            raise
        if answer.status >= 300:
            raise Refused(f"{path} answers {answer.status}: {text[:200].decode(errors='replace')}")
        return text

    def close(self) -> None:
        self._connection.close()


class LiveTraffic:
    """Sends what happens now, in a thread, until it is stopped; what can't be sent is logged and lost."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._names = {each.dataset.name: name for name, each in datasources().items() if each.ingest}
        self._reached = workload.story.history.end
        self._stopped = threading.Event()

    def start(self, url: str, token: str) -> None:
        """Begin, at a server whose token may name any subject."""
        threading.Thread(target=self._run, args=(Door(url, token),), name="meterd-demo", daemon=True).start()

    def stop(self) -> None:
        """End it; a request under way is not waited for."""
        self._stopped.set()

    def _run(self, door: Door) -> None:
        while not self._stopped.wait(_PAUSE):
            try:
                self.send_until(datetime.now(UTC), door)
            except (OSError, HTTPException, Refused) as error:
                if not self._stopped.is_set():
                    log.warning("live traffic of the demo could not be sent", error=str(error))
        door.close()

    def send_until(self, now: datetime, door: Door) -> None:
        """Send what happened since the last time. Raises `OSError`, `HTTPException`, or `Refused`."""
        span, self._reached = Span(self._reached, now), now
        by_name: dict[str, list[Fact]] = {}
        for fact in self._workload.facts(span):
            if getattr(fact.row, "meter", None) == CLASSIFICATION:  # which only the server counts
                door.post(_CLASSIFY, _text(cast("MeterEvent", fact.row)))
            else:
                by_name.setdefault(self._names[fact.dataset.name], []).append(fact)
        for name, facts in by_name.items():
            body = _encoder.encode_lines([fact.row for fact in facts])
            door.post(f"{_INGEST}?datasource={name}", body, "application/x-ndjson")
        self._workload.sessions.send(span, door)


def _text(row: "MeterEvent") -> bytes:
    """Make the request in whose text the same is found as a fact of the workload says."""
    return _encoder.encode(
        {
            "context": {"agent_id": row.agent, "platform": row.platform, "actor": row.actor},
            "classifierDescription": {"type": "default"},
            "structured": False,
            "text": TEXTS[row.classifier or ""],
        }
    )
