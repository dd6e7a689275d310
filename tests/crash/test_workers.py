"""Workers of a running server that fail: health tells, nobody waits for ever, and it stops as always."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from meterd.supervision import ADOPTION, HELPER, JOURNAL, LOADER, PARENT, WORKERS, Worker, round_of
from tests.crash.load import BUSY
from tests.process import Meterd

PATIENCE = 60.0
ROW = {"guardrailName": "g"}
WITH_ALL = {
    "METERD_METRICS__EXPORTER__TYPE": "otlp",
    "METERD_METRICS__EXPORTER__COLLECTOR_ENDPOINT": "http://127.0.0.1:9",
    "METERD_CLASSIFICATION__CLIENT__CLASSIFIER_BASE_URL": "http://127.0.0.1:9",
}
"""Settings under which every worker has something to do: an exporter, and profiles to look for."""


def failing(data: Path, worker: Worker, kind: str) -> Meterd:
    """A server on which the worker's rounds fail: one of them (`raise`) or all (`fail`)."""
    return Meterd(data, environment=BUSY | WITH_ALL | {"METERD_FAIL_POINT": f"{round_of(worker)}:1:{kind}"})


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def metric(server: Meterd, line: str) -> bool:
    return line in server.client.get("/metrics").text.splitlines()


ESSENTIAL = [worker for worker in WORKERS if worker.is_essential]
ALONE = (PARENT, ADOPTION, HELPER)
OTHERS = [worker for worker in WORKERS if not worker.is_essential and worker not in ALONE]
"""All but those of several processes (`tests/prefork`, `test_helper.py`)."""


@pytest.mark.parametrize("worker", ESSENTIAL, ids=lambda worker: worker.name)
class TestEssential:
    def test_failed_once_works_again(self, worker: Worker, tmp_path: Path) -> None:
        with failing(tmp_path, worker, "raise") as server:
            assert eventually(lambda: server.ingest(ROW).status_code == 200)
            assert eventually(lambda: server.query().status_code == 200)
            assert eventually(lambda: metric(server, f'meterd_worker_failures_total{{worker="{worker.name}"}} 1.0'))
            assert eventually(lambda: server.client.get("/readyz").status_code == 200)
            assert metric(server, f'meterd_worker_up{{worker="{worker.name}"}} 1.0')

    def test_fails_for_good_health_says_so_and_the_service_stops(self, worker: Worker, tmp_path: Path) -> None:
        with failing(tmp_path, worker, "fail") as server:
            server.ingest(ROW)
            assert eventually(lambda: f"the worker {worker.name} fails" in server.client.get("/readyz").text)
            refused = server.client.get("/readyz")
            assert refused.status_code == 503
            assert metric(server, f'meterd_worker_up{{worker="{worker.name}"}} 0.0')
            assert server.stop() == 0

        assert worker.consequence in refused.text
        assert "restart the service" in refused.text
        failed = [line for line in server.log.splitlines() if b"a worker failed, and tries again" in line]
        own = f'"worker": "{worker.name}"'.encode()  # one of several nodes has workers that wait for others
        assert sum(own in line for line in failed) == 1


@pytest.mark.parametrize("worker", OTHERS, ids=lambda worker: worker.name)
def test_without_another_worker_the_service_is_ready_and_says_what_is_not_done(worker: Worker, tmp_path: Path) -> None:
    with failing(tmp_path, worker, "fail") as server:
        created = server.client.post("/api/sessions", json={"product": "p", "version": "1"})
        classified = server.client.post("/classifications/v1", json={"text": "a@example.com"})
        assert server.ingest(ROW).status_code == 200
        assert eventually(lambda: metric(server, f'meterd_worker_up{{worker="{worker.name}"}} 0.0'))
        assert eventually(lambda: worker.consequence in server.client.get("/readyz").text)
        ready = server.client.get("/readyz")
        points = server.points()
        assert server.stop() == 0

    assert (ready.status_code, len(points)) == (200, 1)
    assert [answer.is_server_error for answer in (created, classified)] == [False, False]
    assert server.log.count(b"a worker failed, and tries again") == 1


def test_without_the_journal_writes_are_refused_and_what_was_stored_can_be_asked_for(tmp_path: Path) -> None:
    with Meterd(tmp_path) as server:
        assert server.ingest(ROW).status_code == 200
    with failing(tmp_path, JOURNAL, "fail") as server:
        refused = [server.ingest(ROW) for _ in range(3)]
        points = server.points()

    assert [503] * 3 == [answer.status_code for answer in refused]
    assert [answer for answer in refused if int(answer.headers["retry-after"]) < 1] == []
    assert len(points) == 1


def test_without_the_loader_facts_are_taken_and_loaded_by_the_next_start(tmp_path: Path) -> None:
    with failing(tmp_path, LOADER, "fail") as server:
        assert server.ingest(ROW).status_code == 200
        assert server.query().status_code == 503
    with Meterd(tmp_path) as server:
        assert len(server.points()) == 1
