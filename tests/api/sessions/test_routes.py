"""Sessions over HTTP (`docs/specifications/sessions.md` sections 2 to 6 and 13)."""

import contextlib
import gzip
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterd.access import Scope
from tests.process import Meterd, make_token

OK = {"success": True, "status": "ok"}
UNKNOWN = "/api/sessions/3f0e9a43-5c5e-4d61-9f5d-000000000000"
POINT = {"name": "m", "value": 1}
OPERATIONS = ("state", "events", "metrics", "heartbeat", "end", "crash")
COLLECTIONS = ("state_history", "events", "metrics")
STAMP = "2026-01-31T12:00:00.123456789+05:30"
SERVER_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


class Client:
    """Someone who calls a server with a token, or without one when it is empty."""

    def __init__(self, meterd: Meterd, token: str) -> None:
        self._meterd = meterd
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = self._headers | options.pop("headers", {})
        client = self._meterd.client if self._headers else self._meterd.anonymous
        return client.request(method, path, headers=headers, **options)

    def begin(self, product: str = "p", version: str = "1", **details: Any) -> str:
        """A new session; returns its address."""
        response = self.send("POST", "/api/sessions", json={"product": product, "version": version} | details)
        assert 200 == response.status_code, response.text
        return f"/api/sessions/{response.json()['session_id']}"

    def write(self, path: str, body: Any = None, **options: Any) -> None:
        """A write that must succeed: bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.send("POST", path, content=content, **options)
        assert (200, OK) == (response.status_code, response.json()), response.text

    def document(self, path: str) -> dict[str, Any]:
        response = self.send("GET", path)
        assert 200 == response.status_code, response.text
        document: dict[str, Any] = response.json()
        return document

    def event(self, body: Any) -> dict[str, Any]:
        """An event as the document of a new session shows it."""
        path = self.begin()
        self.write(f"{path}/events", body)
        (event,) = self.document(path)["events"]
        assert isinstance(event, dict)
        return event

    def metric(self, body: Any) -> dict[str, Any]:
        """A point of a metric as the document of a new session shows it; its name and value are there anyway."""
        path = self.begin()
        self.write(f"{path}/metrics", {"name": "m", "value": 1} | body)
        (metric,) = self.document(path)["metrics"]
        assert isinstance(metric, dict)
        return metric

    def flags(self, path: str) -> set[str]:
        document = self.document(path)
        return {name for name in ("active", "suspended", "crashed", "hung") if document[name]}


def client_of(meterd: Meterd, subject: str = "ann", tenant: str = "", **details: Any) -> Client:
    token = make_token(meterd.data, subject, tenant=tenant or uuid.uuid4().hex, **details).token
    return Client(meterd, token or "")


@pytest.fixture(scope="module")
def ann(shared: Meterd) -> Client:
    return client_of(shared)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """Nobody is anonymous, and silence of a second is too long."""
    environment = {"METERD_SESSIONS__ANONYMOUS": "never", "METERD_SESSIONS__HEARTBEAT_TIMEOUT": "1"}
    with Meterd(tmp_path_factory.mktemp("strict"), environment=environment) as meterd:
        yield meterd


def error_of(response: httpx2.Response, status: int = 400) -> str:
    assert status == response.status_code, response.text
    assert "application/json" == response.headers["content-type"]
    assert {"error"} == response.json().keys()
    error: str = response.json()["error"]
    return error


def test_a_beginning_is_answered_with_strings_only(ann: Client) -> None:
    response = ann.send("POST", "/api/sessions", json={"product": "p", "version": "1", "machine_id": "m"})
    answer = response.json()

    assert 200 == response.status_code
    assert "application/json" == response.headers["content-type"]
    assert all(isinstance(value, str) for value in answer.values())
    assert 4 == uuid.UUID(answer["session_id"]).version


def test_a_new_session_has_a_whole_document(ann: Client) -> None:
    path = ann.begin("game", "2.0")
    document = ann.document(path)

    assert {
        "id": path.rpartition("/")[2],
        "created_at": document["created_at"],
        "updated_at": document["created_at"],
        "active": True,
        "suspended": False,
        "crashed": False,
        "hung": False,
        "state": {"product": "game", "version": "2.0"},
        "state_history": [],
        "events": [],
        "metrics": [],
    } == document


def test_a_session_shows_its_machine_when_it_has_one(ann: Client) -> None:
    assert ("m", "h") == tuple(
        ann.document(ann.begin(machine_id="m", hostname="h")).get(name) for name in ("machine_id", "hostname")
    )
    assert not {"machine_id", "hostname"} & ann.document(ann.begin(machine_id="", hostname="")).keys()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_write_is_answered_alike_and_moves_the_last_update(ann: Client, operation: str) -> None:
    path = ann.begin()
    before = ann.document(path)["updated_at"]
    ann.write(f"{path}/{operation}", POINT)

    assert before < ann.document(path)["updated_at"]


@pytest.mark.parametrize("operation", ["heartbeat", "end", "crash"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"null", b"[]", b'{"reason": 5}'])
def test_bodies_that_carry_nothing_need_not_be_readable(ann: Client, operation: str, body: bytes) -> None:
    ann.write(f"{ann.begin()}/{operation}", body)


def test_times_of_the_server_carry_an_offset(ann: Client) -> None:
    path = ann.begin()
    for operation in OPERATIONS:
        ann.write(f"{path}/{operation}", POINT)
    document = ann.document(path)
    times = [document[name] for name in ("created_at", "updated_at", "ended_at", "last_heartbeat")]
    times += [each["timestamp"] for name in COLLECTIONS for each in document[name]]

    assert [] == [each for each in times if not SERVER_STAMP.fullmatch(each)]


@pytest.mark.parametrize(("operation", "collection"), [("state", 0), ("events", 1), ("metrics", 2)])
def test_a_client_s_time_is_kept_as_it_was_sent(ann: Client, operation: str, collection: int) -> None:
    path = ann.begin()
    ann.write(f"{path}/{operation}", POINT | {"timestamp": STAMP})
    ann.write(f"{path}/{operation}", POINT | {"timestamp": None})
    first, second = ann.document(path)[COLLECTIONS[collection]]

    assert STAMP == first["timestamp"]
    assert SERVER_STAMP.fullmatch(second["timestamp"])


@pytest.mark.parametrize("operation", ["state", "events", "metrics"])
@pytest.mark.parametrize("time_", [1767225600, "2026-01-31T12:00:00", "", "now", "2026-13-01T00:00:00Z", True, {}])
def test_a_time_without_an_offset_or_that_is_none_is_refused(ann: Client, operation: str, time_: Any) -> None:
    assert "timestamp" in error_of(ann.send("POST", f"{ann.begin()}/{operation}", json=POINT | {"timestamp": time_}))


@pytest.mark.parametrize("operation", ["state", "events", "metrics"])
def test_times_long_ago_and_far_away_are_kept(ann: Client, operation: str) -> None:
    path = ann.begin()
    for time_ in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"):
        ann.write(f"{path}/{operation}", POINT | {"timestamp": time_})
    (found,) = [each for name in COLLECTIONS if (each := ann.document(path)[name])]

    assert ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"] == [each["timestamp"] for each in found]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_bodies_are_json_whatever_they_say(ann: Client, content_type: str) -> None:
    path = ann.begin()
    ann.write(f"{path}/state", {"a": 1, "unknown": []}, headers={"Content-Type": content_type})

    assert 1 == ann.document(path)["state"]["a"]


def test_compressed_bodies_are_taken(ann: Client) -> None:
    path = ann.begin()
    compressed = {"Content-Encoding": "gzip"}
    ann.write(f"{path}/events", gzip.compress(b'{"name": "e"}'), headers=compressed)

    assert ["e"] == [event["name"] for event in ann.document(path)["events"]]
    assert "gzip" in error_of(ann.send("POST", f"{path}/events", content=b"{}", headers=compressed))


@pytest.mark.parametrize("operation", ["", "/state", "/events", "/metrics"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b'"a"', b"NaN", b"\xff\xfe", b'{"a": "\\ud800"}'])
def test_bodies_that_are_no_object_are_refused(ann: Client, operation: str, body: bytes) -> None:
    path = ann.begin() if operation else "/api/sessions"
    error = error_of(ann.send("POST", f"{path}{operation}", content=body))

    assert re.match("Invalid request body" if operation else "Product and version are required fields", error)


@pytest.mark.parametrize(
    ("operation", "member"), [("events", "data"), ("metrics", "metadata")]
)  # the others are read member by member
@pytest.mark.parametrize("inner", [b'{"a": "\xff"}', b'{"\xc3": 1}', b"[]", b"5", b'"a"'])
def test_an_object_that_cannot_be_read_is_refused(ann: Client, operation: str, member: str, inner: bytes) -> None:
    body = b'{"%s": %s}' % (member.encode(), inner)

    assert error_of(ann.send("POST", f"{ann.begin()}/{operation}", content=body))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_unknown_sessions_are_not_found(ann: Client, operation: str) -> None:
    assert "session not found" == error_of(ann.send("POST", f"{UNKNOWN}/{operation}", json={}), 404).lower()
    assert "session not found" == error_of(ann.send("GET", UNKNOWN), 404).lower()


@pytest.mark.parametrize("id_", ["x", "%00", "%ff", "%F0%9F%98%80", "'%20OR%201=1", "x" * 5000, "%2e%2e"])
def test_any_text_may_be_asked_for(ann: Client, id_: str) -> None:
    assert error_of(ann.send("GET", f"/api/sessions/{id_}"), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_beginnings_are_only_posted(ann: Client, method: str) -> None:
    response = ann.send(method, "/api/sessions")

    assert error_of(response, 405)
    assert "POST" == response.headers["allow"]


@pytest.mark.parametrize(
    ("method", "below"),
    [("POST", ""), ("DELETE", ""), ("GET", "/state"), ("PUT", "/events"), ("POST", "/nothing"), ("POST", "/state/")],
)
def test_other_methods_and_operations_of_a_session_are_not_found(ann: Client, method: str, below: str) -> None:
    assert error_of(ann.send(method, f"{ann.begin()}{below}"), 404)


def test_an_address_without_an_id_is_refused(ann: Client) -> None:
    assert "Session ID required" in error_of(ann.send("GET", "/api/sessions/"))


def test_a_slash_after_the_id_is_accepted(ann: Client) -> None:
    path = ann.begin()

    assert ann.document(path) == ann.document(f"{path}/")


def test_both_shapes_of_a_state_are_merged_with_a_snapshot_each(ann: Client) -> None:
    path = ann.begin()
    whole = {"product": "p", "version": "1"}
    ann.write(f"{path}/state", {"a": {"b": 1, "c": [1, 2]}})
    ann.write(f"{path}/state", {"state": {"a": {"b": None, "c": [3]}}, "timestamp": STAMP, "ignored": 1})
    ann.write(f"{path}/state", {"product": None, "a": 5})
    ann.write(f"{path}/state", {})
    ann.write(f"{path}/state", None)
    document = ann.document(path)
    expected = [
        whole | {"a": {"b": 1, "c": [1, 2]}},
        whole | {"a": {"c": [3]}},
        {"version": "1", "a": 5},
        {"version": "1", "a": 5},
        {"version": "1", "a": 5},
    ]

    assert expected == [each["state"] for each in document["state_history"]]
    assert expected[-1] == document["state"]
    assert STAMP == document["state_history"][1]["timestamp"]
    assert [{"timestamp", "state"}] * 5 == [each.keys() for each in document["state_history"]]


@pytest.mark.parametrize("state", [5, "text", [], True])
def test_a_wrapped_state_that_is_no_object_is_refused_and_changes_nothing(ann: Client, state: Any) -> None:
    path = ann.begin()
    before = ann.document(path)

    assert "state must be an object" in error_of(ann.send("POST", f"{path}/state", json={"state": state}))
    assert before == ann.document(path)


def test_an_event_has_defaults(ann: Client) -> None:
    event = ann.event({})

    assert {
        "name": "",
        "timestamp": event["timestamp"],
        "category": "info",
        "group": "",
        "labels": event["labels"],
        "message": "",
        "data": event["data"],
    } == event
    assert not event["labels"]
    assert not event["data"]


def test_an_event_is_returned_as_it_was_sent(ann: Client) -> None:
    whole = {
        "name": "exception",
        "timestamp": STAMP,
        "category": "critical",
        "group": "g",
        "labels": ["a", "b"],
        "message": "m",
        "data": {"a": [1, {"b": None}]},
        "stacktrace": ["one", "two"],
        "exception_type": "E",
        "exception_msg": "text",
        "source_file": "f.py",
        "source_line": 7,
        "source_function": "f",
    }

    assert whole == ann.event(whole)


def test_empty_members_of_an_event_are_left_out(ann: Client) -> None:
    event = ann.event(
        {
            "stacktrace": [],
            "exception_type": "",
            "exception_msg": "",
            "source_file": "",
            "source_line": 0,
            "source_function": "",
            "unknown": 1,
        }
    )

    assert {"name", "timestamp", "category", "group", "labels", "message", "data"} == event.keys()


@pytest.mark.parametrize(
    ("body", "category"),
    [
        ({"level": "debug"}, "debug"),
        ({"level": "debug", "category": "warning"}, "warning"),
        ({"exception_type": "E"}, "error"),
        ({"exception_type": "E", "category": "info"}, "error"),
        ({"exception_type": "E", "category": "warning"}, "warning"),
    ],
)
def test_an_exception_is_an_error_and_level_is_the_category(ann: Client, body: Any, category: str) -> None:
    assert category == ann.event(body)["category"]


def test_a_metric_has_defaults(ann: Client) -> None:
    metric = ann.metric({})

    assert {"name": "m", "value": 1, "type": "gauge", "timestamp": metric["timestamp"]} == metric


def test_a_metric_is_returned_as_it_was_sent(ann: Client) -> None:
    buckets = {"count": 2, "sum": 0.3, "buckets": [{"le": 0.1, "count": 1}, {"le": 60, "count": 1}]}
    whole = {
        "name": "h",
        "value": 0.15,
        "type": "histogram",
        "timestamp": STAMP,
        "count": 2,
        "unit": "seconds",
        "tags": ["a:b"],
        "metadata": buckets,
    }

    assert whole == ann.metric(whole | {"delta": 5})


def test_empty_members_of_a_metric_are_left_out(ann: Client) -> None:
    metric = ann.metric({"unit": "", "tags": [], "metadata": {}, "count": None})

    assert {"name", "value", "type", "timestamp"} == metric.keys()


@pytest.mark.parametrize("value", [0.1, -0.5, 5e-324, 1.7976931348623157e308, 2**53 + 2, 1e22, 123456.789e-12])
def test_values_are_exact(ann: Client, value: float) -> None:
    assert value == ann.metric({"value": value})["value"]


@pytest.mark.parametrize("value", [b'"5"', b"NaN", b"Infinity", b"1e400", b"true", b"{}", b"9" * 400])
def test_a_value_that_is_no_finite_number_is_refused(ann: Client, value: bytes) -> None:
    assert error_of(ann.send("POST", f"{ann.begin()}/metrics", content=b'{"value": ' + value + b"}"))


@pytest.mark.parametrize("body", [{"count": 1.5}, {"tags": ["a", 5]}, {"tags": "a"}, {"metadata": []}, {"name": 5}])
def test_a_metric_names_the_member_that_is_wrong(ann: Client, body: dict[str, Any]) -> None:
    assert next(iter(body)) in error_of(ann.send("POST", f"{ann.begin()}/metrics", json=POINT | body))


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, "name"),
        ({"value": 1}, "name"),
        ({"name": "", "value": 1}, "name"),
        ({"name": None, "value": 1}, "name"),
        ({"name": "latency", "vlaue": 100}, "value"),
        ({"name": "latency", "value": None}, "value"),
        ({"name": "latency", "type": "timer", "count": 3}, "value"),
        ({"name": "latency", "type": "gauge", "delta": 3}, "value"),
        ({"name": "calls", "type": "counter"}, "value"),
        ({"name": "seconds", "type": "histogram"}, "value"),
        ({"name": "seconds", "type": "histogram", "metadata": {"sum": 3}}, "value"),
    ],
)
def test_a_metric_without_its_name_or_value_is_refused(ann: Client, body: dict[str, Any], missing: str) -> None:
    path = ann.begin()
    assert f"Invalid request body: {missing}" in error_of(ann.send("POST", f"{path}/metrics", json=body))
    assert [] == ann.document(path)["metrics"]


def test_a_distribution_or_a_growth_stands_for_a_value(ann: Client) -> None:
    path = ann.begin()
    distribution = {"buckets": [{"le": 1, "count": 1}, {"le": 5, "count": 3}], "sum": 9, "count": 4}
    ann.write(f"{path}/metrics", {"name": "s", "type": "histogram", "metadata": distribution})
    ann.write(f"{path}/metrics", {"name": "s", "type": "histogram", "metadata": {"buckets": distribution["buckets"]}})
    ann.write(f"{path}/metrics", {"name": "c", "type": "counter", "delta": 2})

    assert [2.25, 0, 0] == [each["value"] for each in ann.document(path)["metrics"]]
    question = {
        "startTs": "2020-01-01T00:00:00Z",
        "endTs": "2100-01-01T00:00:00Z",
        "datasource": "sessionMetrics",
        "type": "distribution",
        "aggregations": [{"type": "count", "column": "value"}, {"type": "min", "column": "value"}],
        "filters": [{"fieldName": "sessionId", "operator": "EQUAL", "value": path.rpartition("/")[2]}],
    }
    (point,) = ann.send("POST", "/api/svc/v1/llm-gateway/metrics/query", json=question).json()["data"]["dataPoints"]
    assert (3, 1, 2.25) == (point["total"], point["countValue"], point["minValue"])  # what has no value is no 0


def test_members_are_read_without_regard_to_case(ann: Client) -> None:
    response = ann.send("POST", "/api/sessions", json={"Product": "p", "VERSION": "1", "Machine_ID": "case"})
    path = f"/api/sessions/{response.json()['session_id']}"
    assert "case" == ann.document(path)["machine_id"]
    ann.write(f"{path}/metrics", {"Name": "m", "VALUE": 2, "Type": "timer", "Tags": ["a:b"], "other": 1})
    ann.write(f"{path}/metrics", b'{"name": "first", "Name": "last", "value": 1}')
    ann.write(f"{path}/events", {"NAME": "e", "Labels": ["l"], "Data": {"Name": "own"}, "Exception_Type": "E"})
    ann.write(f"{path}/state", {"State": {"Key": 1}, "TimeStamp": STAMP})
    ann.write(f"{path}/state", {"key": 2, "Name": 3})
    ann.write(f"{path}/crash", {"Reason": "r", "TIMESTAMP": STAMP})
    document = ann.document(path)

    first, last = document["metrics"]
    assert ("m", 2, "timer", ["a:b"]) == tuple(first[name] for name in ("name", "value", "type", "tags"))
    assert "last" == last["name"]
    event, crash = document["events"]
    assert ("e", ["l"], {"Name": "own"}, "E") == tuple(
        event[name] for name in ("name", "labels", "data", "exception_type")
    )
    assert {"product": "p", "version": "1", "Key": 1, "key": 2, "Name": 3} == document["state"]
    assert STAMP == document["state_history"][0]["timestamp"]
    assert ({"reason": "r"}, STAMP) == (crash["data"], crash["timestamp"])


def test_repeated_tags_and_labels_count_once(ann: Client) -> None:
    path = ann.begin()
    ann.write(f"{path}/metrics", POINT | {"tags": ["b", "a:1", "b", "a:1"]})
    ann.write(f"{path}/events", {"name": "e", "labels": ["y", "x", "y"], "stacktrace": ["f", "f"]})
    document = ann.document(path)
    question = {
        "startTs": "2020-01-01T00:00:00Z",
        "endTs": "2100-01-01T00:00:00Z",
        "type": "distribution",
        "aggregations": [],
        "filters": [{"fieldName": "sessionId", "operator": "EQUAL", "value": path.rpartition("/")[2]}],
    }

    assert ["b", "a:1"] == document["metrics"][0]["tags"]
    assert (["y", "x"], ["f", "f"]) == (document["events"][0]["labels"], document["events"][0]["stacktrace"])
    for datasource, group in (("sessionMetrics", "tag"), ("sessionEvents", "label")):
        body = question | {"datasource": datasource, "groupBy": [group]}
        answer = ann.send("POST", "/api/svc/v1/llm-gateway/metrics/query", json=body).json()
        assert [1, 1] == [each["total"] for each in answer["data"]["dataPoints"]]


def test_collections_are_in_the_order_of_arrival(ann: Client) -> None:
    path = ann.begin()
    for hour in (12, 3, 20):
        ann.write(f"{path}/events", {"name": f"{hour}", "timestamp": f"2026-01-01T{hour:02}:00:00Z"})

    assert ["12", "3", "20"] == [event["name"] for event in ann.document(path)["events"]]


def test_ends_and_heartbeats_are_repeatable_and_late_writes_are_kept(ann: Client) -> None:
    path = ann.begin()
    ann.write(f"{path}/end")
    first = ann.document(path)["ended_at"]
    for operation in ("end", "heartbeat", "heartbeat", "events", "metrics", "state"):
        ann.write(f"{path}/{operation}", POINT)
    document = ann.document(path)

    assert first < document["ended_at"]
    assert set() == ann.flags(path)
    assert [1, 1, 1] == [len(document[name]) for name in COLLECTIONS]
    assert document["last_heartbeat"] > document["ended_at"]


def test_a_crash_is_final(ann: Client) -> None:
    path = ann.begin()
    ann.write(f"{path}/events", {"name": "application_appears_hung"})
    assert {"active", "hung"} == ann.flags(path)

    ann.write(f"{path}/crash", {"reason": "fell"})
    ann.write(f"{path}/heartbeat")
    ann.write(f"{path}/events", {"name": "late"})
    document = ann.document(path)

    assert {"crashed"} == ann.flags(path)
    assert document["ended_at"]
    assert ["application_appears_hung", "session_crashed_detected", "late"] == [
        event["name"] for event in document["events"]
    ]
    assert ("critical", {"reason": "fell"}) == (document["events"][1]["category"], document["events"][1]["data"])


@pytest.mark.parametrize(
    ("body", "reason"), [(b"", "abnormal_termination"), (b"{", "abnormal_termination"), (b"{}", ""), (b'{"x":1}', "")]
)
def test_a_crash_without_a_reason_has_one_of_the_server(ann: Client, body: bytes, reason: str) -> None:
    path = ann.begin()
    ann.write(f"{path}/end")
    ann.write(f"{path}/crash", body)

    assert [{"reason": reason}] == [event["data"] for event in ann.document(path)["events"]]
    assert {"crashed"} == ann.flags(path)


def test_two_events_drive_hung_and_a_heartbeat_does_not(ann: Client) -> None:
    path = ann.begin()
    ann.write(f"{path}/events", {"name": "application_appears_hung"})
    ann.write(f"{path}/heartbeat")
    assert {"active", "hung"} == ann.flags(path)

    ann.write(f"{path}/end")
    assert {"hung"} == ann.flags(path)

    ann.write(f"{path}/events", {"name": "application_recovered"})
    assert set() == ann.flags(path)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what silence brings about."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_silence_suspends_and_a_new_session_of_the_machine_crashes_what_is_suspended(strict: Meterd) -> None:
    bob = client_of(strict, "bob")
    silent, hung, ended, mute, elsewhere = [bob.begin(machine_id="m") for _ in range(4)] + [bob.begin(machine_id="n")]
    for path in (silent, hung, ended, elsewhere):
        bob.write(f"{path}/heartbeat")
    bob.write(f"{hung}/events", {"name": "application_appears_hung"})
    bob.write(f"{ended}/end")
    quiet = bob.document(silent)["updated_at"]
    until(lambda: all({"suspended"} <= bob.flags(path) for path in (silent, hung, elsewhere)))
    assert quiet == bob.document(silent)["updated_at"]

    bob.write(f"{elsewhere}/heartbeat")
    until(lambda: {"suspended"} == bob.flags(elsewhere))
    client_of(strict, "stranger").begin(machine_id="m")
    assert {"suspended"} == bob.flags(silent)

    bob.begin("another", machine_id="m")

    assert [{"crashed"}, {"crashed", "hung"}, set(), {"active"}, {"suspended"}] == [
        bob.flags(path) for path in (silent, hung, ended, mute, elsewhere)
    ]
    document = bob.document(silent)
    (event,) = document["events"]
    assert "ended_at" not in document
    assert "session_crashed_detected" == event["name"]
    assert {"reason": "machine_returned_session_not_resumed", "machine_id": "m"} == event["data"]
    bob.write(f"{silent}/heartbeat")
    assert {"crashed"} == bob.flags(silent)


def test_the_crash_of_a_session_whose_machine_came_back_has_no_category(strict: Meterd) -> None:
    bob = client_of(strict, "bob")
    path = bob.begin(machine_id="m")
    bob.write(f"{path}/heartbeat")
    until(lambda: {"suspended"} == bob.flags(path))
    bob.begin(machine_id="m")

    assert [""] == [event["category"] for event in bob.document(path)["events"]]


def test_a_heartbeat_makes_a_suspended_session_active_again(strict: Meterd) -> None:
    bob = client_of(strict, "bob")
    path = bob.begin()
    bob.write(f"{path}/heartbeat")
    until(lambda: {"suspended"} == bob.flags(path))

    def revived() -> bool:
        bob.write(f"{path}/heartbeat")
        return {"active"} == bob.flags(path)

    until(revived)


def test_sessions_are_seen_by_their_owner_the_team_and_administrators_only(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    owner = client_of(shared, "owner", tenant, teams=("red", "everyone"))
    path = owner.begin()
    owner.write(f"{path}/events", {"name": "e"})
    document = owner.document(path)
    mate = client_of(shared, "mate", tenant, teams=("red",))
    administrator = client_of(shared, "boss", tenant, tenant_admin=True)
    others = [
        client_of(shared, "blue", tenant, teams=("blue", "everyone")),
        client_of(shared, "nobody", tenant),
        client_of(shared, "owner", teams=("red",)),
        client_of(shared, "far", tenant_admin=True),
        Client(shared, ""),
    ]

    assert [document, document] == [client.document(path) for client in (mate, administrator)]
    for other in others:
        unknown, hidden = other.send("GET", UNKNOWN), other.send("GET", path)
        assert (404, unknown.json()) == (hidden.status_code, hidden.json())
        for operation in OPERATIONS:
            unknown, hidden = (other.send("POST", f"{each}/{operation}", json={}) for each in (UNKNOWN, path))
            assert (404, unknown.json()) == (hidden.status_code, hidden.json())
    assert document == owner.document(path)

    mate.write(f"{path}/events", {"name": "f"})
    administrator.write(f"{path}/end")
    assert ["e", "f"] == [event["name"] for event in mate.document(path)["events"]]


def test_a_token_that_may_write_for_others_does_not_read_their_sessions(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    path = client_of(shared, "owner", tenant).begin()
    gateway = client_of(shared, "gateway", tenant, scopes=(Scope.INGEST, Scope.INGEST_ANY_SUBJECT, Scope.QUERY))

    assert 404 == gateway.send("GET", path).status_code


def test_writing_and_reading_need_their_scopes(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    writer = client_of(shared, "one", tenant, scopes=(Scope.INGEST,))
    reader = client_of(shared, "one", tenant, scopes=(Scope.QUERY,))
    path = writer.begin()

    assert reader.document(path)
    assert "query" in error_of(writer.send("GET", path), 403)
    assert "ingest" in error_of(reader.send("POST", f"{path}/end"), 403)
    assert "ingest" in error_of(reader.send("POST", "/api/sessions", json={"product": "p", "version": "1"}), 403)


BEGINNING = {"product": "p", "version": "1"}
FORWARDED = {"X-Forwarded-For": "192.0.2.1"}


def test_this_machine_may_be_anonymous(shared: Meterd) -> None:
    nobody = Client(shared, "")
    path = nobody.begin()
    nobody.write(f"{path}/end")

    assert nobody.document(path)["ended_at"]
    assert "Unauthorized" in error_of(nobody.send("GET", path, headers=FORWARDED), 401)
    for token in ("Bearer wrong", "Bearer", "", "Basic eDp5"):
        assert error_of(nobody.send("GET", path, headers={"Authorization": token}), 401)


def test_nobody_is_anonymous_when_that_is_forbidden(strict: Meterd) -> None:
    response = Client(strict, "").send("POST", "/api/sessions", json=BEGINNING)

    assert "Unauthorized" in error_of(response, 401)
    assert 'Bearer realm="meterd"' == response.headers["www-authenticate"]
    assert client_of(strict).begin()


def test_everybody_may_be_anonymous_when_that_is_allowed(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment={"METERD_SESSIONS__ANONYMOUS": "always"}) as meterd:
        response = Client(meterd, "").send("POST", "/api/sessions", json=BEGINNING, headers=FORWARDED)

        assert 200 == response.status_code
        assert error_of(Client(meterd, "wrong").send("POST", "/api/sessions", json=BEGINNING), 401)


HOSTILE = [
    "<script>alert(1)</script>",
    "\x00",
    "a\x00b",
    "\x01\x1f\x7f\x85",
    "line\nfeed\r\n\t",
    "\u2028\u2029",
    "\ufeff\u202e",
    '"\\',
    "😀\U0010ffff\uffff",
    "' OR 1=1; --",
    "__proto__",
    "$.a[0]",
    "",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_returned_unchanged(ann: Client, text: str) -> None:
    path = ann.begin(text or "p", text or "1", machine_id=f"{text}-", hostname=f"{text}-")
    event = {
        "name": text,
        "category": text or "info",
        "group": text,
        "labels": [text],
        "message": text,
        "data": {text: text},
        "stacktrace": [text, text],
    }
    metric = {"name": text or "m", "type": text or "gauge", "tags": [text], "metadata": {text: text}, "value": 1}
    ann.write(f"{path}/events", event)
    ann.write(f"{path}/metrics", metric)
    ann.write(f"{path}/state", {"k": {text: {text: [text]}}})
    document = ann.document(path)

    assert (f"{text}-", f"{text}-") == (document["machine_id"], document["hostname"])
    assert {"product": text or "p", "version": text or "1", "k": {text: {text: [text]}}} == document["state"]
    assert document["state"] == document["state_history"][0]["state"]
    assert event == {key: document["events"][0][key] for key in event}
    assert metric == {key: document["metrics"][0][key] for key in metric}


@pytest.mark.parametrize(("operation", "member"), [("events", "message"), ("metrics", "name"), ("state", "text")])
def test_text_of_almost_a_megabyte_is_returned_unchanged(ann: Client, operation: str, member: str) -> None:
    path, text = ann.begin(), "x" * (2**20 - 100)
    ann.write(f"{path}/{operation}", POINT | {member: text})
    document = ann.document(path)

    assert text in (
        document["state"].get(member),
        *(each.get(member) for each in document["events"]),
        *(each.get(member) for each in document["metrics"]),
    )


@pytest.mark.parametrize("operation", ["", "/state", "/events", "/metrics", "/crash"])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_body_above_a_megabyte_is_too_large(ann: Client, operation: str, compress: Callable[[bytes], bytes]) -> None:
    path = ann.begin() if operation else "/api/sessions"
    headers = {"Content-Encoding": "gzip"} if compress is gzip.compress else {}
    body = compress(json.dumps({"product": "p", "version": "1", "message": "x" * 2**20}).encode())

    assert "larger than" in error_of(ann.send("POST", f"{path}{operation}", content=body, headers=headers), 413)


@pytest.mark.parametrize(("operation", "member"), [("state", "a"), ("events", "data"), ("metrics", "metadata")])
@pytest.mark.parametrize("depth", [10_000, 100_000])
def test_deep_nesting_is_refused(ann: Client, operation: str, member: str, depth: int) -> None:
    body = b'{"%s": %s}' % (member.encode(), b'{"a":' * depth + b"1" + b"}" * depth)

    assert "nested too deeply" in error_of(ann.send("POST", f"{ann.begin()}/{operation}", content=body))


@pytest.mark.parametrize("number", [2**53 + 1, 2**64 - 1, -(2**63) - 1, 2**70, 10**400, 5e-324, 0.1, -0.0])
def test_numbers_of_a_state_and_of_data_are_returned_unchanged(ann: Client, number: float) -> None:
    path = ann.begin()
    ann.write(f"{path}/state", {"n": number})

    assert number == ann.document(path)["state"]["n"]
    assert number == ann.document(path)["state_history"][0]["state"]["n"]
    assert {"n": number} == ann.event({"data": {"n": number}})["data"]


MEMBERS = [
    "product",
    "version",
    "machine_id",
    "state",
    "timestamp",
    "data",
    "name",
    "value",
    "labels",
    "metadata",
    "reason",
    "source_line",
    "tags",
]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    operation=st.sampled_from(("", *OPERATIONS)),
    body=JSON | st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=4),
)
def test_any_json_is_taken_or_refused(ann: Client, operation: str, body: Any) -> None:
    path = f"{ann.begin()}/{operation}" if operation else "/api/sessions"
    response = ann.send("POST", path, content=json.dumps(body).encode())

    assert response.status_code in (200, 400), response.text
    assert response.json() == OK or response.json().keys() in ({"error"}, {"session_id"})
    if operation:
        assert 200 == ann.send("GET", path.removesuffix(f"/{operation}")).status_code


def deepest(client: Client) -> int:
    """How deep the deepest state is that is accepted."""

    def accepted(depth: int) -> bool:
        body = b'{"a":' * depth + b"1" + b"}" * depth
        return 200 == client.send("POST", f"{client.begin()}/state", content=body).status_code

    low, high = 1, 10_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if accepted(middle) else (low, middle)
    return low


def test_the_deepest_state_that_is_accepted_outlives_the_server(tmp_path: Path) -> None:
    with Meterd(tmp_path) as meterd:
        client = Client(meterd, meterd.token)
        depth = deepest(client)
        paths = [client.begin() for _ in range(3)]
        for below, path in enumerate(paths):
            client.write(f"{path}/state", b'{"a":' * (depth - below) + b"1" + b"}" * (depth - below))
        meterd.kill()
        meterd.start()

        assert client.begin()
        assert [200] * 3 == [client.send("GET", path).status_code for path in paths]


def test_killed_in_the_middle_of_writes_every_acknowledged_one_is_there_once(tmp_path: Path) -> None:
    with Meterd(tmp_path) as meterd:
        client = Client(meterd, meterd.token)
        paths = [client.begin(machine_id=f"m{number}") for number in range(4)]
        client.write(f"{paths[0]}/heartbeat")
        client.write(f"{paths[1]}/events", {"name": "application_appears_hung"})
        client.write(f"{paths[2]}/end")
        client.write(f"{paths[3]}/crash", {"reason": "r"})
        before = [client.document(path) for path in paths]
        acknowledged: list[tuple[str, str, str]] = []

        def send(writer: int) -> None:
            with contextlib.suppress(httpx2.TransportError):
                for number in range(10_000):
                    name, path = f"{writer}-{number}", paths[(writer + number) % 4]
                    operation = ("events", "metrics", "state")[number % 3]
                    body = {name: 1} if operation == "state" else {"name": name}
                    if 200 == meterd.anonymous.post(f"{path}/{operation}", json=body, headers=headers).status_code:
                        acknowledged.append((path, operation, name))

        headers = {"Authorization": f"Bearer {meterd.token}"}
        with ThreadPoolExecutor(4) as threads:
            running = [threads.submit(send, writer) for writer in range(4)]
            until(lambda: len(acknowledged) > 60)
            meterd.kill()
            for each in running:
                each.result()
        meterd.start()
        after = {path: client.document(path) for path in paths}

        for earlier, document in zip(before, after.values(), strict=True):
            same = ("id", "created_at", "active", "suspended", "crashed", "hung", "machine_id")
            assert {key: earlier[key] for key in same} == {key: document[key] for key in same}
            assert [earlier.get(key) for key in ("ended_at", "last_heartbeat")] == [
                document.get(key) for key in ("ended_at", "last_heartbeat")
            ]
            assert document["state"] == (document["state_history"] or [{"state": earlier["state"]}])[-1]["state"]
        for path, operation, name in acknowledged:
            document = after[path]
            if operation == "state":
                assert name in document["state"]
                assert 1 == sum(
                    name in new["state"] and name not in old["state"]
                    for old, new in zip(
                        [{"state": {}}, *document["state_history"]], document["state_history"], strict=False
                    )
                )
            else:
                assert 1 == [each["name"] for each in document[operation]].count(name)

        client.write(f"{paths[0]}/state", {"later": True})
        assert (after[paths[0]]["state"] | {"later": True}) == client.document(paths[0])["state"]


@pytest.mark.parametrize("below", ["", "data"])
@pytest.mark.parametrize("limit", ["000000001" + "9" * 30, "000000001" + "9" * 5000])
def test_a_limit_that_is_too_large_is_refused_however_it_is_written(ann: Client, below: str, limit: str) -> None:
    path = "/api/data/sessions" if below else ann.begin()

    assert "limit" in error_of(ann.send("GET", f"{path}?limit={limit}"))


@pytest.mark.parametrize("operation", ["heartbeat", "end", "crash"])
def test_the_time_of_a_change_must_have_an_offset(ann: Client, operation: str) -> None:
    response = ann.send("POST", f"{ann.begin()}/{operation}", json={"timestamp": "2026-01-31T12:00:00"})

    assert 400 == response.status_code
    assert "timestamp must be a time in RFC 3339" in error_of(response)


@pytest.mark.parametrize("operation", ["heartbeat", "end"])
@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b'{"reason": 1}'])
def test_what_else_stands_in_the_body_of_a_change_is_not_read(ann: Client, operation: str, body: bytes) -> None:
    ann.write(f"{ann.begin()}/{operation}", body)


def test_percentiles_of_histograms_come_from_their_buckets(ann: Client) -> None:
    for program in range(2):
        path = ann.begin(product="histograms")
        for counts in ([8, 2, 0], [16, 2, 2], [1, 0, 0]):  # the last one is a reset
            buckets = [{"le": le, "count": count} for le, count in zip([1, 2, "inf"], counts, strict=True)]
            body = {"name": "seconds", "type": "histogram", "value": program, "metadata": {"buckets": buckets}}
            ann.write(f"{path}/metrics", body)
    question = {
        "startTs": "2020-01-01T00:00:00Z",
        "endTs": "2100-01-01T00:00:00Z",
        "datasource": "sessionMetrics",
        "type": "distribution",
        "groupBy": ["product", "name"],
        "aggregations": [{"type": type_, "column": "histogram"} for type_ in ("p50", "p90", "p99")],
        "filters": [{"fieldName": "product", "operator": "EQUAL", "value": "histograms"}],
    }

    response = ann.send("POST", "/api/svc/v1/llm-gateway/metrics/query", json=question)

    (point,) = response.json()["data"]["dataPoints"]
    assert {"product": "histograms", "name": "seconds", "total": 6} == {
        key: point[key] for key in ("product", "name", "total")
    }
    assert [pytest.approx(10.5 / 17), pytest.approx(1.95), 2.0] == [point[f"p{n}Histogram"] for n in (50, 90, 99)]
