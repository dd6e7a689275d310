"""Writers that remember what they sent and what was acknowledged, and the check that the server kept exactly that.

Each fact has an id of its own (`guardrailName`, or `agent_id` of a meter event), so that counts by id tell lost,
invented and repeated facts. Ids begin with the label of their ledger.
"""

import itertools
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx2

from tests.process import METRICS, Meterd, plain_client

BUSY = {"METERD_STORE__CHECKPOINT_INTERVAL": "0.2", "METERD_STORE__LOAD_INTERVAL": "0.05"}
"""Settings under which loads and checkpoints happen all the time."""

_PATIENCE = 60.0
_GUARDRAILS = f"{METRICS}/ingest?datasource=guardrailMetrics"


class Request(NamedTuple):
    """One request with the ids of its facts; `repeatable` when sending it twice must not count twice."""

    path: str
    content: str
    ids: tuple[str, ...]
    headers: dict[str, str]
    repeatable: bool


class Ledger:
    """What writers sent under one label, and how it was answered. Shared by threads."""

    def __init__(self, label: str = "facts") -> None:
        self.label = label
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.refusals: list[httpx2.Response] = []
        self.unexpected: list[str] = []
        self._unanswered: list[Request] = []
        self._changed = threading.Condition()

    def send(self, client: httpx2.Client, request: Request) -> None:
        """Send, and note the answer. Raises `httpx2.TransportError` when there is none."""
        with self._changed:
            self.sent.update(request.ids)
        try:
            response = client.post(request.path, content=request.content, headers=request.headers)
        except httpx2.TransportError:
            with self._changed:
                self._unanswered.append(request)
            raise
        with self._changed:
            self._note(request, response)
            self._changed.notify_all()

    def _note(self, request: Request, response: httpx2.Response) -> None:
        if response.status_code == 200 and (not response.content or response.json()["accepted"] == len(request.ids)):
            self.acknowledged.update(request.ids)
        elif response.status_code == 503:
            self.refusals.append(response)
        else:
            self.unexpected.append(f"{response.status_code} {response.text}")

    def repeat_unanswered(self, server: Meterd) -> None:
        """Do what a careful client does after a lost connection: send again what may be sent again."""
        waiting, self._unanswered = self._unanswered, []
        for request in waiting:
            if request.repeatable:
                self.send(server.client, request)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Return when an answer made the condition true."""
        with self._changed:
            assert self._changed.wait_for(condition, _PATIENCE), f"{what}: not within {_PATIENCE:g} s, {self}"

    def wait_for_acknowledged(self, more: int) -> None:
        """Return when that many more facts are acknowledged than now."""
        target = len(self.acknowledged) + more
        self.wait_until(lambda: len(self.acknowledged) >= target, f"{more} more facts are acknowledged")

    def __repr__(self) -> str:
        return (
            f"<Ledger {self.label}: {len(self.sent)} sent, {len(self.acknowledged)} acknowledged, "
            f"{len(self.refusals)} refused, unexpected: {self.unexpected[:3]}>"
        )


class Load:
    """Writers, each on a connection of its own, and one reader, from entering to leaving.

    A writer ends when its connection breaks, because then the server is gone. With `padding` each guardrail row carries
    about that many bytes that don't compress.
    """

    def __init__(self, server: Meterd, ledger: Ledger, writers: int = 4, padding: int = 0) -> None:
        self._server = server
        self._ledger = ledger
        self._padding = padding
        self._stop = threading.Event()
        first = len(ledger.sent)
        self._threads = [
            threading.Thread(target=self._write, args=(f"{ledger.label}-{first}-{number}",))
            for number in range(writers)
        ]
        self._threads.append(threading.Thread(target=self._read))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self) -> httpx2.Client:
        return plain_client(self._server.token, self._server.url)

    def _write(self, prefix: str) -> None:
        requests = _requests(prefix, self._padding)
        with self._client() as client:
            while not self._stop.is_set():
                request = next(requests)
                try:
                    self._ledger.send(client, request)
                    if request.repeatable and random.random() < 0.2:
                        self._ledger.send(client, request)
                except httpx2.TransportError:
                    return

    def _read(self) -> None:
        """Queries meanwhile: they hold the store's snapshots open while it commits and checkpoints."""
        question = _question("guardrailMetrics", "guardrailName", self._ledger.label)
        with self._client() as client:
            while not self._stop.wait(0.02):
                try:
                    response = client.post(f"{METRICS}/query", json=question)
                except httpx2.TransportError:
                    return
                if response.status_code not in (200, 503):
                    self._ledger.unexpected.append(f"query: {response.status_code} {response.text}")


def check(server: Meterd, *ledgers: Ledger) -> None:
    """Acknowledged facts are stored, stored facts were sent, and each is stored once."""
    for ledger in ledgers:
        stored = stored_counts(server, ledger.label)
        lost = ledger.acknowledged - stored.keys()
        invented = stored.keys() - ledger.sent
        repeated = {fact: count for fact, count in stored.items() if count != 1}
        assert not lost, f"{len(lost)} acknowledged facts are lost, such as {min(lost)}: {ledger}"
        assert not invented, f"{len(invented)} facts were never sent, such as {min(invented)}: {ledger}"
        assert not repeated, f"{len(repeated)} facts are not stored once, such as {min(repeated.items())}: {ledger}"
        assert not ledger.unexpected, f"unexpected answers: {ledger.unexpected[:5]}"


def stored_counts(server: Meterd, label: str) -> Counter[str]:
    """How often the server has each id of a label."""
    counts: Counter[str] = Counter()
    for datasource, field in (("guardrailMetrics", "guardrailName"), ("aiGuardMetrics", "agent")):
        for point in server.points(**_question(datasource, field, label)):
            counts[point[field]] += point["total"]
    return counts


def _question(datasource: str, field: str, label: str) -> dict[str, Any]:
    mine = {"fieldName": field, "operator": "STRING_STARTS_WITH", "value": f"{label}-"}
    return {
        "startTs": "1970-01-01T00:00:00Z",
        "endTs": "2100-01-01T00:00:00Z",
        "datasource": datasource,
        "type": "distribution",
        "groupBy": [field],
        "filters": [mine],
    }


def _requests(prefix: str, padding: int) -> Iterator[Request]:
    """Every way to send facts, in turn, for ever."""
    numbers = itertools.count()

    def rows(count: int, traced: Callable[[int], bool]) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for place in range(count):
            name = f"{prefix}-{next(numbers)}"
            trace = {"traceId": f"trace-{name}", "spanId": "span"} if traced(place) else {}
            made.append({"guardrailName": name, "latencyMs": 1.5, "metadata": _padding(padding)} | trace)
        return made

    while True:
        yield _meter_event(f"{prefix}-{next(numbers)}")
        yield _guardrails(rows(1, lambda _: False))
        yield _guardrails(rows(1, lambda _: True), repeatable=True)
        yield _guardrails(rows(random.randint(1, 20), lambda _: False))
        yield _guardrails(rows(random.randint(1, 20), lambda place: place % 2 == 0))
        yield _guardrails(rows(random.randint(1, 20), lambda _: True), repeatable=True)
        yield _guardrails(rows(random.randint(1, 20), lambda _: False), key=f"key-{prefix}-{next(numbers)}")
        yield _guardrails(rows(1, lambda _: True), key=f"key-{prefix}-{next(numbers)}")


def _padding(size: int) -> dict[str, str]:
    return {f"padding{number}": random.randbytes(64).hex() for number in range(size // 128)}


def _meter_event(agent: str) -> Request:
    event = {
        "attributes": {"agent_id": agent, "platform": "DATABRICKS"},
        "meter": {"name": "ai_guard.agent", "value": "7"},
    }
    return Request("/metric", json.dumps(event), (agent,), {}, repeatable=False)


def _guardrails(rows: list[dict[str, Any]], repeatable: bool = False, key: str = "") -> Request:
    headers = {"Content-Type": "application/x-ndjson"} | ({"Idempotency-Key": key} if key else {})
    ids = tuple(row["guardrailName"] for row in rows)
    return Request(_GUARDRAILS, "\n".join(map(json.dumps, rows)), ids, headers, repeatable or bool(key))
