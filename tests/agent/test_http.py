"""The endpoints, with requests as DataCat's Python client makes them."""

import http.client
import json
import os
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.agent.process import Daemon, Refusal, call, document, names
from tests.process import Meterd

EVENT = {
    "name": "level_loaded",
    "category": "warning",
    "group": "engine",
    "labels": ["a", "b:c"],
    "message": "slow",
    "data": {"level": 3},
    "stacktrace": ["at f", "at g"],
    "exception_type": "Slow",
    "exception_msg": "too",
    "source_file": "main.py",
    "source_line": 7,
    "source_function": "load",
}


def delivered(daemon: Daemon, id_: str) -> dict[str, Any]:
    daemon.drained()
    return daemon.document(id_)


def test_a_session_has_the_servers_id_when_the_server_answers(shared: Meterd, daemon: Daemon) -> None:
    id_ = daemon.register()
    found = document(shared, id_)
    assert ("game", "1.0") == (found["state"]["product"], found["state"]["version"])
    assert re.fullmatch("[0-9a-f]{32}", found["machine_id"])
    assert found["hostname"]


def test_an_event_arrives_whole_with_the_agents_time(daemon: Daemon) -> None:
    id_ = daemon.register()
    before = datetime.now(UTC)
    daemon.post("/event", id_, **EVENT)
    after = datetime.now(UTC)
    (event,) = delivered(daemon, id_)["events"]
    assert before <= datetime.fromisoformat(event.pop("timestamp")) <= after
    assert event == EVENT


def test_an_event_of_a_name_alone_has_empty_labels_and_data(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/event", id_, name="x", category=None, labels=None, data=None)
    (event,) = delivered(daemon, id_)["events"]
    assert ("info", [], {}) == (event["category"], event["labels"], event["data"])


def test_text_that_is_no_unicode_is_escaped_wherever_it_is(daemon: Daemon) -> None:
    id_ = daemon.register()
    path, escaped = os.fsdecode(b"caf\xe9.txt"), r"caf\udce9.txt"
    daemon.post("/event", id_, name=path, labels=[path], data={path: [path]})
    daemon.post("/state", id_, state={"open": path, "emoji": "😀"})
    daemon.post("/metric", id_, name=path, type="counter", delta=1, tags=[path])
    daemon.post("/end", id_)
    found = delivered(daemon, id_)
    (event,), (metric,) = found["events"], found["metrics"]
    assert (escaped, [escaped], {escaped: [escaped]}) == (event["name"], event["labels"], event["data"])
    assert (escaped, "😀") == (found["state"]["open"], found["state"]["emoji"])
    assert (escaped, [escaped]) == (metric["name"], metric["tags"])


def test_names_of_members_are_read_without_regard_to_case(daemon: Daemon) -> None:
    id_ = daemon.register()
    call(daemon.port, "/event", json.dumps({"Session_ID": id_, "Name": "x", "MESSAGE": "m"}).encode())
    (event,) = delivered(daemon, id_)["events"]
    assert ("x", "m") == (event["name"], event["message"])


def test_a_state_is_sent_only_when_it_changes(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/state", id_, state={"window": {"open": True}, "level": 1})
    daemon.post("/state", id_, state={"level": 1})
    daemon.post("/state", id_, state={"window": {"open": True}})
    daemon.post("/state", id_, state={"level": None, "absent": None})
    found = delivered(daemon, id_)
    assert {"product": "game", "version": "1.0", "window": {"open": True}} == found["state"]
    assert 2 == len(found["state_history"])


def test_true_is_not_one_to_a_state(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/state", id_, state={"ready": 1})
    daemon.post("/state", id_, state={"ready": True})
    assert delivered(daemon, id_)["state"]["ready"] is True


def test_plain_metrics_are_points(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/metric", id_, name="fps", value=60, type="gauge", tags=[])
    daemon.post("/metric", id_, name="load", value=1.5, type="timer", count=3, unit="seconds", tags=["a:b"])
    daemon.post("/metric", id_, name="total", value=7, type="counter", tags=[])
    points = [{k: v for k, v in p.items() if k != "timestamp"} for p in delivered(daemon, id_)["metrics"]]
    assert [
        {"name": "fps", "value": 60.0, "type": "gauge"},
        {"name": "load", "value": 1.5, "type": "timer", "count": 3, "unit": "seconds", "tags": ["a:b"]},
        {"name": "total", "value": 7.0, "type": "counter"},
    ] == points


def test_end_ends_once_and_frees_the_session(shared: Meterd, daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/event", id_, name="last")
    daemon.post("/end", id_)
    daemon.drained()
    found = document(shared, id_)
    assert ["last"] == names(found)
    assert found["ended_at"]
    with pytest.raises(Refusal, match="404 Session not found"):
        daemon.post("/end", id_)
    assert id_ == daemon.document(id_)["id"]


def test_the_agent_stays_when_its_last_session_has_ended(daemon: Daemon) -> None:
    daemon.post("/end", daemon.register())
    daemon.post("/end", daemon.register())
    assert "ok" == daemon.health()["status"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/register", {"product": "game"}, "400 Invalid request body: "),
        ("/register", {"product": "", "version": "1"}, "400 Invalid request body: "),
        ("/register", b"{", "400 Invalid request body: the body is no JSON"),
        ("/event", b"[]", "400 Invalid request: "),
        ("/event", {"session_id": "nobody"}, "404 Session not found"),
        ("/heartbeat", {}, "400 Invalid request: "),
        ("/metric", {"session_id": "ID", "name": "x", "value": "1"}, "400 Invalid request: "),
        ("/metric", {"session_id": "ID", "name": "x", "value": float("inf")}, "400 Invalid request: "),
        ("/metric", {"session_id": "ID", "name": "x", "value": 1, "count": 1.5}, "400 Invalid request: "),
        (
            "/metric",
            {"session_id": "ID", "name": "x", "type": "histogram", "value": 1, "metadata": {"buckets": ["x"]}},
            '400 Invalid request: metadata.buckets must be numbers or "inf"',
        ),
        ("/state", {"session_id": "ID", "state": 1}, "400 Invalid request: "),
        ("/event", {"session_id": "ID", "message": "x"}, "400 Invalid request: name is required"),
        ("/metric", {"session_id": "ID", "value": 1}, "400 Invalid request: name is required"),
        (
            "/metric",
            {"session_id": "ID", "name": "x", "vlaue": 1},
            "400 Invalid request: value must be a finite number",
        ),
        ("/metric", {"session_id": "ID", "name": "x", "type": "histogram"}, "400 Invalid request: value must be"),
        ("/metric", {"session_id": "ID", "type": "counter", "delta": 1}, "400 Invalid request: name is required"),
        ("/session", None, "400 Session ID required"),
        ("/session?session_id=nobody", None, "404 Session not found"),
        ("/event", None, "405 Method not allowed"),
        ("/sessions", {}, "405 Method not allowed"),
        ("/nothing", None, "404 404 page not found"),
    ],
)
def test_bad_requests_are_refused_with_a_line(daemon: Daemon, path: str, body: Any, expected: str) -> None:
    id_ = daemon.register()
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    with pytest.raises(Refusal) as refusal:
        call(daemon.port, path, data and data.replace(b'"ID"', json.dumps(id_).encode()))
    assert str(refusal.value).startswith(expected)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.com"},
        {"Origin": "http://localhost"},
        {"Host": "example.com:80"},
        {"Host": ""},
        {"Forwarded": "for=192.0.2.1"},
        {"Via": "1.1 proxy"},
        {"X-Forwarded-For": "192.0.2.1"},
    ],
)
def test_web_pages_and_proxies_are_not_answered(daemon: Daemon, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
    connection.request("GET", "/health", headers=headers)
    assert 403 == connection.getresponse().status
    connection.close()


def test_reason_phrases_do_not_depend_on_the_version_of_python(daemon: Daemon) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
    connection.request("POST", "/event", b" " * (8 * 2**20 + 1))
    response = connection.getresponse()
    assert (413, "Content Too Large") == (response.status, response.reason)
    connection.close()


def test_numbers_that_json_lacks_are_texts_in_data(daemon: Daemon) -> None:
    id_ = daemon.register()
    daemon.post("/event", id_, name="x", data={"ratio": float("nan"), "limit": float("inf")})
    (event,) = delivered(daemon, id_)["events"]
    assert {"ratio": "NaN", "limit": "Infinity"} == event["data"]
