"""A server of a test that is two nodes (`--nodes=2`): protocols have it as one, whichever node a request comes to."""

from collections.abc import Iterator

import pytest

from tests.process import Meterd

ROWS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    with Meterd(tmp_path_factory.mktemp("server"), nodes=2) as server:
        yield server
        assert 0 == server.stop()


def test_requests_come_to_both_nodes_in_turn(server: Meterd) -> None:
    nodes = [server.client.get("/readyz").headers["x-meterd-node"] for _ in range(4)]

    assert 2 == len(set(nodes))
    assert nodes[:2] == nodes[2:]


def test_what_either_was_sent_is_in_what_either_answers(server: Meterd) -> None:
    for number in range(ROWS):
        row = {"guardrailName": f"g-{number % 2}", "traceId": "t", "spanId": str(number // 2)}
        assert 200 == server.ingest([row | {"createdAt": f"2026-01-02T03:04:0{number // 2}Z"}]).status_code

    for _ in range(2):
        assert [ROWS // 2] == [point["total"] for point in server.points()]


def test_a_session_is_one_of_both(server: Meterd) -> None:
    id_ = server.client.post("/api/sessions", json={"product": "p", "version": "1"}).json()["session_id"]
    for number in range(3):
        changed = server.client.post(f"/api/sessions/{id_}/state", json={"state": {f"field-{number}": number}})
        assert 200 == changed.status_code, changed.text

    for _ in range(2):
        assert {f"field-{number}" for number in range(3)} <= server.client.get(f"/api/sessions/{id_}").json()[
            "state"
        ].keys()


def test_an_object_and_its_versions_are_those_of_both(server: Meterd) -> None:
    for number in range(3):
        stored = server.client.post("/api/object/v1", json={"_id": "ONE", f"field{number}": number})
        assert 200 == stored.status_code, stored.text

    for _ in range(2):
        found = server.client.get("/api/object/v1/private/ONE").json()
        assert (3, {0, 1, 2}) == (found["_version"], {found[f"field{number}"] for number in range(3)})
