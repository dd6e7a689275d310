"""Work ends when its client is gone, and is shared fairly between those who wait."""

import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from tests import engines
from tests.api.aiguard.test_classifications import body
from tests.attacks.conftest import SMALL
from tests.clickhouse import ClickHouse
from tests.process import METRICS, Meterd, make_token

KEYS = [f"metadata.k{number}" for number in range(20)]
LABELS = [{"type": type_, "column": key} for key in KEYS for type_ in ("countDistinct", "count")]
ENDLESS: dict[str, Any] = {
    "startTs": "1970-01-01T00:00:00Z",
    "endTs": "2100-01-01T00:00:00Z",
    "datasource": "guardrailMetrics",
    "type": "distribution",
    "groupBy": ["team", *KEYS],
    "aggregations": LABELS,
}
"""Takes far longer than a test may."""
ROWS = [{"guardrailName": "g", "teams": [f"t{number}" for number in range(200)]}] * 10_000
LONG = {"METERD_QUERY__TIMEOUT": "3600", "METERD_SERVICE__TIMEOUT": "300"}
ABANDONED = 60


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    environment = LONG | {"METERD_QUERY__MAX_WAITING": "50"}
    with Meterd(tmp_path_factory.mktemp("abandoned"), environment=environment, limits=SMALL) as started:
        for _ in range(2):
            assert 200 == started.ingest(ROWS).status_code
        yield started


def work(meterd: Meterd, name: str, kind: str = "query") -> int:
    found = re.search(rf'^meterd_work_{name}{{work="{kind}"}} (\S+)$', meterd.client.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def until(meterd: Meterd, name: str, expected: int, kind: str = "query") -> None:
    """Wait for a metric."""
    _until(expected, partial(work, meterd, name, kind))


def _until(expected: int, told: Callable[[], int]) -> None:
    """Wait; a test that waits for ever fails by its time limit."""
    deadline = time.monotonic() + 60
    while (value := told()) != expected:
        assert time.monotonic() < deadline, f"it is {value}, not {expected}"
        time.sleep(0.05)


@pytest.fixture(params=["in its process", "over HTTP"])
def on_clickhouse(
    request: pytest.FixtureRequest, clickhouse: ClickHouse, tmp_path: Path
) -> Iterator[tuple[Meterd, Callable[[], int]]]:
    """A server on ClickHouse's engine, and what counts the questions that this works on, as far as others can tell."""
    database, data = f"abandoned_{uuid.uuid4().hex}", tmp_path / "data"
    is_remote = request.param == "over HTTP"
    store = clickhouse.environment(database) if is_remote else engines.environment(data, engines.CHDB)
    with Meterd(data, environment=LONG | store) as started:
        assert 200 == started.ingest(ROWS).status_code
        yield started, partial(clickhouse.running, database) if is_remote else partial(work, started, "running")


def ask(meterd: Meterd, path: str = f"{METRICS}/query", question: object = ENDLESS) -> socket.socket:
    """Send what takes long, and do not wait for the answer."""
    content = json.dumps(question).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {meterd.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    url = httpx2.URL(meterd.url)
    connection = socket.create_connection((url.host, url.port or 80))
    connection.sendall(head.encode() + content)
    return connection


def test_queries_end_when_their_clients_go_and_keep_nobody_waiting(meterd: Meterd) -> None:
    stranger = make_token(meterd.data, "eve", tenant="rival", scopes=(Scope.QUERY,)).token or ""
    connections = [ask(meterd) for _ in range(ABANDONED)]
    until(meterd, "waiting", 50)
    assert 3 == work(meterd, "running")

    assert [{"total": 0}] == meterd.points(stranger)  # while all of them are still there

    for connection in connections:
        connection.close()
    until(meterd, "running", 0)
    until(meterd, "waiting", 0)
    refused = ABANDONED - 3 - 50
    assert (refused, ABANDONED - refused) == (work(meterd, "refused_total"), work(meterd, "cancelled_total"))
    assert [{"total": 20_000}] == meterd.points()


def test_clickhouse_ends_a_query_whose_client_goes(on_clickhouse: tuple[Meterd, Callable[[], int]]) -> None:
    meterd, running = on_clickhouse
    with ask(meterd):
        _until(1, running)

    until(meterd, "running", 0)  # which it is when the engine has answered
    assert (1, 0) == (work(meterd, "cancelled_total"), running())
    assert [{"total": len(ROWS)}] == meterd.points()


def test_who_comes_when_too_many_wait_is_told_when_to_try_again(meterd: Meterd) -> None:
    connections = [ask(meterd) for _ in range(53)]
    until(meterd, "waiting", 50)

    response = meterd.query(**ENDLESS)

    assert (503, "2", True) == (
        response.status_code,
        response.headers["retry-after"],
        "query.max-waiting" in response.text,
    )
    for connection in connections:
        connection.close()
    until(meterd, "running", 0)


def test_classifications_whose_clients_go_while_they_wait_are_not_done(meterd: Meterd) -> None:
    text = body("ann@example.org 4111 1111 1111 1111 " * 50_000)
    for connection in [ask(meterd, "/classifications/v1", text) for _ in range(20)]:
        connection.close()

    for name in ("running", "waiting"):
        until(meterd, name, 0, "classification")
    assert 0 < work(meterd, "cancelled_total", "classification")


def test_classifications_whose_clients_go_while_they_run_are_ended(meterd: Meterd) -> None:
    before = work(meterd, "cancelled_total", "classification")
    text = body("ann@example.org 4111 1111 1111 1111 " * 200_000)
    with ask(meterd, "/classifications/v1", text):
        until(meterd, "running", 1, "classification")

    until(meterd, "running", 0, "classification")
    assert before + 1 == work(meterd, "cancelled_total", "classification")
