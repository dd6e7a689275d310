"""A node whose PostgreSQL goes away: refusals in the shape of each protocol, and all well when it is back."""

import time
from collections.abc import Iterator

import pytest

from meterd.settings import Directory
from tests import postgresql
from tests.process import METRICS, Meterd, make_token
from tests.waiting import eventually
from tests.wire import Wire

_SECONDS = 60
DOORS = {
    ("POST", "/metric"): "",
    ("POST", f"{METRICS}/query"): '{"statusCode":503,"message":"',
    ("POST", f"{METRICS}/ingest"): '{"code":503,"message":"',
    ("POST", "/ingest/litellm"): "",
    ("POST", "/v1/traces"): "",
    ("GET", "/api/object/v1"): "[5030] ",
    ("GET", "/api/calendar/v1"): "[5030] ",
    ("POST", "/api/sessions"): '{"error":"',
    ("GET", "/api/dashboards"): "",
    ("GET", "/api/me"): "",
}


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Wire(*postgresql.address()) as wire:
        yield wire


@pytest.fixture(scope="module")
def directory(wire: Wire) -> Directory:
    host, port = postgresql.address()
    return Directory(url=postgresql.database().replace(f"{host}:{port}", f"{host}:{wire.port}"))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, directory: Directory) -> Iterator[Meterd]:
    environment = {"METERD_USAGE__RECORD": "off", "METERD_DIRECTORY__TIMEOUT": "3"}
    with Meterd(tmp_path_factory.mktemp("node"), directory=directory, environment=environment) as node:
        yield node


def is_back(node: Meterd) -> None:
    end = time.monotonic() + _SECONDS
    while node.client.get("/readyz").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.1)


def metric(node: Meterd, name: str) -> float:
    lines = node.client.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def test_every_protocol_says_so_in_its_shape_and_recovers(node: Meterd, wire: Wire, directory: Directory) -> None:
    unseen = make_token(node.data, "unseen", directory=directory).token
    headers = {"Authorization": f"Bearer {unseen}"}
    wire.cut()
    try:
        for (method, path), beginning in DOORS.items():
            answer = node.anonymous.request(method, path, headers=headers)
            assert answer.status_code == 503, (path, answer.status_code, answer.text)
            assert int(answer.headers["retry-after"]) > 0, path
            assert "PostgreSQL does not answer" in answer.text, (path, answer.text)
            assert answer.text.startswith(beginning), (path, answer.text)
            assert str(wire.port) not in answer.text, "nobody is told where it is"
        ready = node.client.get("/readyz")
        assert (503, True) == (ready.status_code, "PostgreSQL does not answer" in ready.text), ready.text
        assert 200 == node.client.get("/healthz").status_code
        assert 0 == metric(node, "meterd_directory_up")
        assert 0 < metric(node, "meterd_directory_failures_total")
    finally:
        wire.mend()

    is_back(node)
    assert 200 == node.anonymous.get("/api/object/v1", headers=headers).status_code
    assert 1 == metric(node, "meterd_directory_up")
    assert "Traceback" not in node.log.decode()


def test_a_token_is_not_good_for_longer_because_nobody_can_say_that_it_was_revoked(node: Meterd, wire: Wire) -> None:
    rows = [{"guardrailName": "g"}]
    assert 200 == node.ingest(rows).status_code
    wire.cut()
    try:
        end = time.monotonic() + _SECONDS
        while node.ingest(rows).status_code != 503:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert [503] * 3 == [node.ingest(rows).status_code for _ in range(3)]
    finally:
        wire.mend()

    eventually(lambda: node.ingest(rows).status_code == 200)  # who asks while another one tries is refused


_STALLS = """
CREATE FUNCTION stall() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(100); RETURN NEW; END' LANGUAGE plpgsql;
CREATE TRIGGER stall BEFORE UPDATE ON sessions EXECUTE FUNCTION stall();
"""


def test_an_event_whose_document_can_not_follow_it_is_taken_and_followed_later(
    node: Meterd, directory: Directory
) -> None:
    path = begun(node)
    with postgresql.administrator(directory.url) as administrator:
        administrator.autocommit = False
        administrator.execute("LOCK TABLE sessions IN EXCLUSIVE MODE")
        told = node.client.post(f"{path}/events", json={"name": "application_appears_hung"})
        assert 200 == told.status_code, told.text
        assert 503 == node.client.get(path).status_code, "it is not as what this node was told"

    assert node.client.get(path).json()["hung"]


def test_a_state_whose_document_can_not_follow_it_is_not_acknowledged_and_followed_later(
    node: Meterd, directory: Directory
) -> None:
    path = begun(node)
    with postgresql.administrator(directory.url) as administrator:
        administrator.execute(_STALLS)
        refused = node.client.post(f"{path}/state", json={"state": {"a": 1}})
        assert (503, True) == (refused.status_code, "directory.timeout" in refused.json()["error"]), refused.text
        administrator.execute("DROP FUNCTION stall() CASCADE")

    assert 200 == node.client.post(f"{path}/state", json={"state": {"b": 1}}).status_code
    assert {"a": 1, "b": 1}.items() <= node.client.get(path).json()["state"].items()


def begun(node: Meterd) -> str:
    id_ = node.client.post("/api/sessions", json={"product": "p", "version": "1"}).json()["session_id"]
    return f"/api/sessions/{id_}"
