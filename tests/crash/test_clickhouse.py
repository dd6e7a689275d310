"""Nodes over ClickHouse that die, and a ClickHouse that can't be reached: what was acknowledged is there once."""

import itertools
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clickhouse import ClickHouse
from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import Meterd

NAMES = (f"crash{number}" for number in itertools.count())
PATIENCE = 120.0


@pytest.fixture
def database(clickhouse: ClickHouse) -> Iterator[str]:
    yield next(NAMES)
    clickhouse.heal()


@pytest.mark.parametrize(
    "point", ["after-journal-commit", "before-store-commit:3", "after-store-commit", "in-checkpoint", "before-trim"]
)
def test_what_was_acknowledged_survives_death_at(
    point: str, clickhouse: ClickHouse, database: str, tmp_path: Path
) -> None:
    ledger = Ledger()
    environment = BUSY | clickhouse.environment(database)
    with Meterd(tmp_path, environment=environment | {"METERD_FAIL_POINT": point}) as server, Load(server, ledger):
        assert server.process.wait(timeout=PATIENCE) == -signal.SIGKILL
    with Meterd(tmp_path, environment=environment) as server:
        ledger.repeat_unanswered(server)
        check(server, ledger)


def test_the_engine_in_the_process_keeps_facts_when_that_dies(tmp_path: Path) -> None:
    rows = [{"guardrailName": "g"} for _ in range(10)]
    with Meterd(tmp_path / "data", environment={"METERD_STORE__URL": f"chdb://{tmp_path}/engine"}) as server:
        server.ingest(rows)
        assert counted(server) == 10
        server.ingest(rows)
        server.kill()
        with server:
            assert counted(server) == 20


def test_a_node_whose_store_can_t_be_reached_takes_facts_and_says_that_they_wait(
    clickhouse: ClickHouse, database: str, tmp_path: Path
) -> None:
    rows = [{"guardrailName": "g", "traceId": "t", "spanId": str(number)} for number in range(10)]
    clickhouse.kill()
    try:
        environment = clickhouse.environment(database) | {"METERD_INGEST__BACKLOG_BYTES": "100000"}
        with Meterd(tmp_path / "data", environment=environment) as server:
            assert server.ingest(rows).json() == {"accepted": 10}
            assert server.query().status_code == 503
            ready = server.anonymous.get("/readyz")
            assert (ready.status_code, "what is taken waits in the journal" in ready.text) == (200, True), ready.text
            assert sample(server, "meterd_loader_lag_entries") >= 1
            assert server.ingest(rows).json() == {"accepted": 10, "duplicates": 10}

            accepted = 10
            while (answer := server.ingest([{"guardrailName": "g" * 1000}] * 10)).status_code == 200:
                accepted += 10
            assert (answer.status_code, "ingest.backlog-bytes" in answer.text) == (503, True), answer.text

            clickhouse.start()
            assert counted(server) == accepted
            assert waited(server) == "ok"
    finally:
        clickhouse.kill()
        clickhouse.start()


def test_facts_that_are_sent_to_two_nodes_at_once_count_once_on_both(
    clickhouse: ClickHouse, database: str, tmp_path: Path
) -> None:
    rows = [
        {"guardrailName": "g", "traceId": "t", "spanId": str(number), "createdAt": "2026-01-02T03:04:05Z"}
        for number in range(100)
    ]
    environment = clickhouse.environment(database)
    with (
        Meterd(tmp_path / "one", environment=environment) as one,
        Meterd(tmp_path / "two", environment=environment) as two,
    ):
        senders = [threading.Thread(target=node.ingest, args=(rows,)) for node in (one, two)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

        counted(one)  # each shows at least its own
        assert counted(two) == counted(one) == 100


def sample(server: Meterd, name: str) -> float:
    lines = server.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def counted(server: Meterd) -> int:
    """Ask until the store can answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := server.query()).status_code == 503:
        assert time.monotonic() < deadline, answer.text
    assert answer.status_code == 200, answer.text
    (point,) = answer.json()["data"]["dataPoints"]
    return int(point["total"])


def waited(server: Meterd) -> str:
    deadline = time.monotonic() + PATIENCE
    while (said := server.anonymous.get("/readyz").text) != "ok":
        assert time.monotonic() < deadline, said
    return said
