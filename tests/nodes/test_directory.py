"""Two nodes on one PostgreSQL: what is changed from both is lost by neither, and what one knows the other knows."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from meterd.settings import Directory
from tests import postgresql
from tests.process import Meterd, make_token
from tests.web.test_declaration import BOARD

_SECONDS = 60
_ROUNDS = 24


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory(url=postgresql.database())


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, directory: Directory) -> Iterator[tuple[Meterd, Meterd]]:
    environment = {"METERD_USAGE__RECORD": "off"}
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    one, other = (Meterd(folder, directory=directory, environment=environment) for folder in folders)
    with one, other:
        yield one, other


def begun(node: Meterd, **members: object) -> str:
    response = node.client.post("/api/sessions", json={"product": "p", "version": "1"} | members)
    assert response.status_code == 200, response.text
    id_: str = response.json()["session_id"]
    return id_


def send(node: Meterd, id_: str, what: str, **body: object) -> None:
    response = node.client.post(f"/api/sessions/{id_}/{what}", json=body)
    assert response.status_code == 200, response.text


def session(node: Meterd, id_: str) -> dict[str, Any]:
    response = node.client.get(f"/api/sessions/{id_}")
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.json()
    return members


def test_a_token_that_is_revoked_is_refused_by_every_node(nodes: tuple[Meterd, Meterd], directory: Directory) -> None:
    made = make_token(nodes[0].data, "leaver", directory=directory)
    headers = {"Authorization": f"Bearer {made.token}"}

    def status(node: Meterd) -> int:
        return node.anonymous.get("/api/object/v1", headers=headers).status_code

    assert [200, 200] == [status(node) for node in nodes]
    with postgresql.opened(directory) as metadata:
        metadata.tokens.revoke(made.id)
    for node in nodes:
        end = time.monotonic() + _SECONDS
        while status(node) != 401:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_states_that_both_nodes_change_at_once_have_all_changes(nodes: tuple[Meterd, Meterd]) -> None:
    id_ = begun(nodes[0])

    def change(number: int) -> None:
        send(nodes[number % 2], id_, "state", state={f"field-{number}": number})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change, range(_ROUNDS)))

    for node in nodes:
        state = session(node, id_)["state"]
        assert {f"field-{number}" for number in range(_ROUNDS)} <= state.keys()


def test_what_one_node_was_told_of_a_session_the_other_knows_at_once(nodes: tuple[Meterd, Meterd]) -> None:
    one, other = nodes
    id_ = begun(one)
    for node, event, hangs in [(other, "application_appears_hung", True), (one, "application_recovered", False)]:
        send(node, id_, "events", name=event)
        assert [hangs, hangs] == [session(each, id_)["hung"] for each in nodes]
    send(other, id_, "heartbeat")
    assert session(one, id_)["last_heartbeat"] == session(other, id_)["last_heartbeat"]
    send(one, id_, "end")
    assert session(other, id_)["ended_at"]
    assert id_ in [each["id"] for each in other.client.get("/api/data/sessions/list").json()["sessions"]]


def test_rows_are_of_sessions_that_began_at_either_node(nodes: tuple[Meterd, Meterd]) -> None:
    ids = [begun(node) for node in nodes * 2]
    rows = [{"sessionId": id_, "name": "application_appears_hung"} for id_ in ids * 2]

    assert 200 == nodes[0].ingest(rows, "sessionEvents").status_code
    assert [True] * 4 == [session(nodes[1], id_)["hung"] for id_ in ids]
    refused = nodes[1].ingest([rows[0], rows[1] | {"sessionId": "nobody's"}, *rows], "sessionEvents")
    assert (400, True) == (refused.status_code, "row 1: sessionId must be" in refused.json()["message"])


def test_many_events_at_both_nodes_leave_the_state_as_it_is(nodes: tuple[Meterd, Meterd]) -> None:
    id_ = begun(nodes[0])

    def tell(number: int) -> None:
        node = nodes[number % 2]
        if number % 3:
            send(node, id_, "events", name="tick")
        else:
            send(node, id_, "state", state={f"field-{number}": number})

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(tell, range(_ROUNDS)))

    expected = {f"field-{number}" for number in range(0, _ROUNDS, 3)}
    assert expected <= session(nodes[1], id_)["state"].keys()


def test_of_calendars_that_would_refer_to_one_another_one_node_refuses_one(nodes: tuple[Meterd, Meterd]) -> None:
    def post(node: Meterd, id_: str, **definition: Any) -> int:
        item = {"_id": id_, "_type": "VarCalendar", "calendar": definition}
        return node.client.post("/api/calendar/v1", json=item).status_code

    with ThreadPoolExecutor(2) as threads:
        for number in range(_ROUNDS // 2):
            pair = [f"CIRCLE-{number}-{each}" for each in range(2)]
            assert [200, 200] == [post(nodes[0], id_, _type="BusinessCalendar") for id_ in pair]
            sent = [
                threads.submit(post, node, id_, _type="HolidayCalendar", base=base)
                for node, id_, base in zip(nodes, pair, reversed(pair), strict=True)
            ]
            assert [200, 400] == sorted(each.result() for each in sent)


@pytest.mark.parametrize(
    ("service", "item"),
    [("object", {"_id": "shared"}), ("calendar", {"_id": "SHARED", "calendar": {"_type": "BusinessCalendar"}})],
)
def test_items_that_both_nodes_change_at_once_have_all_changes(
    nodes: tuple[Meterd, Meterd], service: str, item: dict[str, Any]
) -> None:
    def change(number: int) -> None:
        response = nodes[number % 2].client.post(f"/api/{service}/v1", json=item | {f"field-{number}": number})
        assert response.status_code == 200, response.text

    change(0)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change, range(1, _ROUNDS)))

    found = nodes[1].client.get(f"/api/{service}/v1/private/{item['_id']}").json()
    assert {f"field-{number}" for number in range(_ROUNDS)} <= found.keys()
    assert _ROUNDS == found["_version"]


def test_a_dashboard_that_the_other_node_changed_meanwhile_is_a_conflict(nodes: tuple[Meterd, Meterd]) -> None:
    one, other = nodes
    made = one.client.post("/api/dashboards", json={"dashboard": BOARD})
    assert made.status_code == 200, made.text
    path = f"/api/dashboards/{made.json()['id']}"

    def change(node: Meterd, title: str) -> int:
        body = {"dashboard": BOARD | {"title": title}, "revision": 1}
        return node.client.put(path, json=body).status_code

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(change, nodes, ["by one", "by the other"]))

    assert [200, 409] == sorted(statuses)
    assert ["by one", "by the other"][statuses.index(200)] == other.client.get(path).json()["title"]


def test_sessions_of_a_machine_that_is_back_at_the_other_node_have_crashed(
    tmp_path: Path, directory: Directory, nodes: tuple[Meterd, Meterd]
) -> None:
    environment = {"METERD_SESSIONS__HEARTBEAT_TIMEOUT": "0.2"}
    with Meterd(tmp_path, directory=directory, environment=environment) as impatient:
        id_ = begun(nodes[0], machine_id="m1")
        send(nodes[0], id_, "heartbeat")
        end = time.monotonic() + _SECONDS
        while not session(impatient, id_)["crashed"]:
            assert time.monotonic() < end
            begun(impatient, machine_id="m1")
            time.sleep(0.1)

    assert session(nodes[0], id_)["crashed"]


def test_a_node_that_died_before_a_document_followed_its_fact_lets_it_follow(
    tmp_path: Path, directory: Directory, nodes: tuple[Meterd, Meterd]
) -> None:
    id_ = begun(nodes[0])
    dying = {"METERD_USAGE__RECORD": "off", "METERD_FAIL_POINT": "after-journal-commit:2"}
    with Meterd(tmp_path, directory=directory, environment=dying) as node:
        send(node, id_, "state", state={"of": "the dying"})
        with pytest.raises(Exception, match=r"disconnected|reset|closed|peer"):
            send(node, id_, "state", state={"last words": "heard"})
        node.process.wait(_SECONDS)
    send(nodes[1], id_, "events", name="tick")
    assert "last words" not in session(nodes[1], id_)["state"]

    with Meterd(tmp_path, directory=directory, environment={"METERD_USAGE__RECORD": "off"}) as again:
        assert session(again, id_)["state"]["last words"] == "heard"
        assert session(nodes[0], id_)["state"] == session(again, id_)["state"]
