"""Every writer there is, at once, over every dataset: what was accepted is stored, as it was sent."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from meterd.api.gateway.datasources import datasources
from meterd.datasets import API_REQUESTS, DATASETS, Column, Kind
from tests import engines
from tests.api.aiguard.test_classifications import body as classification
from tests.api.litellm import payloads
from tests.api.otlp import exports
from tests.process import METRICS, Meterd, plain_client

ROUNDS = 12
ROWS = 5
_NOW = datetime.now(UTC).isoformat()
_VALUES: dict[Kind, Any] = {Kind.TEXT: "text", Kind.NUMBER: 1.5, Kind.INTEGER: 1, Kind.UNSIGNED: 1, Kind.TIME: _NOW}
_OPEN = {name: each.dataset for name, each in datasources().items() if each.ingest}


class Writers:
    """Threads that send until each has made its rounds, and the calls that all of them made."""

    def __init__(self, server: Meterd) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._problems: list[str] = []
        self.calls = 0

    def run(self) -> None:
        """Send everything; the first refusal fails the test."""
        writers: list[Callable[[httpx2.Client], None]] = [self._event, self._classify, self._session, self._report]
        writers += [self._export, *(self._rows(name) for name in _OPEN)]
        threads = [threading.Thread(target=self._rounds, args=(writer,)) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [] == self._problems

    def _rounds(self, writer: Callable[[httpx2.Client], None]) -> None:
        with plain_client(self._server.token, self._server.url) as client:
            for _ in range(ROUNDS):
                writer(client)

    def _post(self, client: httpx2.Client, path: str, document: Any) -> dict[str, Any]:
        content = document if isinstance(document, bytes) else msgspec.json.encode(document)
        response = client.post(path, content=content, headers={"Content-Type": "application/json"})
        with self._lock:
            self.calls += 1
            if response.status_code != 200:
                self._problems.append(f"{path}: {response.status_code} {response.text}")
        return dict(response.json()) if response.content and response.status_code == 200 else {}

    def _event(self, client: httpx2.Client) -> None:
        attributes = {"agent_id": "bot", "platform": "DATABRICKS"}
        self._post(client, "/metric", {"attributes": attributes, "meter": {"name": "ai_guard.agent", "value": "7"}})

    def _classify(self, client: httpx2.Client) -> None:
        self._post(client, "/classifications/v1", classification())

    def _session(self, client: httpx2.Client) -> None:
        path = f"/api/sessions/{self._begin(client)}"
        self._post(client, f"{path}/events", {"name": "e"})
        self._post(client, f"{path}/metrics", {"name": "m", "value": 1.5})
        self._post(client, f"{path}/end", {})

    def _begin(self, client: httpx2.Client) -> str:
        return str(self._post(client, "/api/sessions", {"product": "p", "version": "1"})["session_id"])

    def _report(self, client: httpx2.Client) -> None:
        calls = [payloads.success(), payloads.failure(), payloads.blocked(), payloads.tool_call()]
        self._post(client, "/ingest/litellm", payloads.array(*calls))

    def _export(self, client: httpx2.Client) -> None:
        self._post(client, "/v1/traces", exports.traces(exports.chat(), exports.chat()))
        self._post(client, "/v1/metrics", exports.metrics("gauge", exports.point(asDouble=1.5)))

    def _rows(self, datasource: str) -> Callable[[httpx2.Client], None]:
        def write(client: httpx2.Client) -> None:
            columns = _OPEN[datasource].columns
            row = {column.member: _value(column) for column in columns if column.required} | {"createdAt": _NOW}
            if datasource == "aiGuardMetrics":
                row |= {"agent": "bot", "platform": "DATABRICKS"}  # as its meter's rules want
            if "sessionId" in row:
                row |= {"sessionId": self._begin(client), "name": "n"}
            if "meter" in row:
                row |= {"agent": "bot", "platform": "DATABRICKS"}
            answer = self._post(client, f"{METRICS}/ingest?datasource={datasource}", [row] * ROWS)
            with self._lock:
                if answer.get("accepted") != ROWS:
                    self._problems.append(f"{datasource}: {answer}")

        return write


def _value(column: Column) -> Any:
    return column.allowed[0] if column.allowed else _VALUES[column.kind]


def test_what_all_writers_sent_at_once_is_stored_and_counted(tmp_path: Path) -> None:
    with Meterd(tmp_path) as server:
        writers = Writers(server)
        writers.run()
        expected = accepted(server)
    expected[API_REQUESTS.name] = writers.calls + ROUNDS * ROWS  # calls are recorded a little later

    assert DATASETS.keys() == {name for name, count in expected.items() if count}
    for name in DATASETS:
        assert (name, [(expected[name], expected[name])]) == (
            name,
            engines.stored(tmp_path, f"SELECT count(*), count(ts) FROM {name}"),
        )


def accepted(server: Meterd) -> Counter[str]:
    """Facts by dataset that were made durable, as the server counts them."""
    counts: Counter[str] = Counter()
    for line in server.client.get("/metrics").text.splitlines():
        if line.startswith("meterd_ingest_facts_total{"):
            counts[line.partition('dataset="')[2].partition('"')[0]] += int(float(line.split()[-1]))
    return counts
