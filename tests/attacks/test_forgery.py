"""What somebody can do with a token of their own to facts of others, and to what only the server says."""

import json
import uuid
from typing import Any

import pytest

from meterd.access import Scope
from tests.attacks.conftest import Party
from tests.process import METRICS, Meterd

INGEST = f"{METRICS}/ingest"
WHOLE = {"startTs": "1970-01-01T00:00:00Z", "endTs": "2100-01-01T00:00:00Z", "type": "distribution"}


OPERATIONS: dict[str, dict[str, Any]] = {
    "events": {"name": "x"},
    "metrics": {"name": "x", "value": 1},
    "end": {},
    "crash": {},
    "heartbeat": {},
    "state": {"state": {"a": 1}},
}


def ingest(party: Party, datasource: str, *rows: dict[str, Any]) -> tuple[int, str]:
    response = party.send("POST", INGEST, params={"datasource": datasource}, json=list(rows))
    return response.status_code, response.text


def total(party: Party, datasource: str) -> int:
    response = party.send("POST", f"{METRICS}/query", json=WHOLE | {"datasource": datasource})
    assert 200 == response.status_code, response.text
    return sum(point["total"] for point in response.json()["data"]["dataPoints"])


def begin(party: Party) -> str:
    """The id of a new session."""
    return str(party.send("POST", "/api/sessions", json={"product": "p", "version": "1"}).json()["session_id"])


@pytest.mark.parametrize("member", ["position", "received"])
@pytest.mark.parametrize("datasource", ["sessionMetrics", "sessionEvents"])
def test_what_only_the_server_sets_is_refused(attacker: Party, datasource: str, member: str) -> None:
    row: dict[str, Any] = {"sessionId": begin(attacker), "name": "n", member: 2**63 - 1}
    if datasource == "sessionMetrics":
        row["value"] = 1

    status, said = ingest(attacker, datasource, row)
    assert (400, True) == (status, member in said)


def test_a_session_of_another_tenant_is_neither_read_nor_written(
    shared: Meterd, victim: Party, attacker: Party
) -> None:
    id_ = begin(victim)
    before = victim.send("GET", f"/api/sessions/{id_}").json()

    for operation, body in OPERATIONS.items():
        assert 404 == attacker.send("POST", f"/api/sessions/{id_}/{operation}", json=body).status_code
    assert 404 == attacker.send("GET", f"/api/sessions/{id_}").status_code
    for datasource in ("sessionMetrics", "sessionEvents"):
        assert ingest(attacker, datasource, {"sessionId": id_, "name": "x", "value": 1})[0] in (400, 404)
    assert before == victim.send("GET", f"/api/sessions/{id_}").json()
    assert id_ not in attacker.send("GET", "/api/data/sessions").text


@pytest.mark.parametrize(
    "row",
    [
        {"createdBySubjectSlug": "somebody-else"},
        {"teams": ["not-mine"]},
        {"tenant": "other"},
        {"latencyMs": "NaN"},
        {"latencyMs": True},
        {"latencyMs": -1},
        {"latencyMs": 1e308},
        {"details": '{"a": 1}, {"forged": true}'},
        {"details": "]"},
        {"guardrailName": "x" * 2**20},
        {"unknown": 1},
    ],
    ids=lambda row: next(iter(row)),
)
def test_a_row_that_says_what_its_sender_may_not_is_refused_whole(attacker: Party, row: dict[str, Any]) -> None:
    assert ingest(attacker, "guardrailMetrics", {"guardrailName": "good"}, row)[0] in (400, 403)
    assert 0 == total(attacker, "guardrailMetrics")


def test_an_identity_is_its_sender_s_and_suppresses_nobody_else_s_facts(shared: Meterd, victim: Party) -> None:
    rival = Party(shared, tenant=victim.tenant)
    row = {"guardrailName": "g", "traceId": uuid.uuid4().hex, "spanId": "1"}

    for party in (rival, victim, victim):
        assert 200 == ingest(party, "guardrailMetrics", row)[0]
    assert (2, 1) == (total(victim, "guardrailMetrics"), total(rival, "guardrailMetrics"))


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("ai_guard.classification", {"agent_id": "a", "platform": "p", "actor": "user", "classifier": "x"}),
        ("ai_guard.user", {"agent_id": "a" * 2**20, "platform": "p", "new_session": "true"}),
        ("ai_guard.user", {"platform": "p", "new_session": "true"}),
        ("meterd.own", {"agent_id": "a", "platform": "p"}),
        ("ai_guard.user", {"agent_id": "a", "platform": "p", "new_session": "true", "tenant": "other"}),
    ],
)
def test_a_meter_has_its_rules_at_every_door(attacker: Party, name: str, attributes: dict[str, str]) -> None:
    body = {"attributes": attributes, "meter": {"name": name, "value": "1"}}

    assert attacker.send("POST", "/metric", content=json.dumps(body)).status_code in (400, 413)
    assert 0 == total(attacker, "aiGuardMetrics")


def test_nothing_of_another_tenant_is_seen(victim: Party, attacker: Party) -> None:
    mark = uuid.uuid4().hex
    assert 200 == ingest(victim, "guardrailMetrics", {"guardrailName": mark})[0]
    assert 200 == victim.send("POST", "/api/object/v1/private", json={"_id": mark, "secret": mark}).status_code

    assert (1, 0) == (total(victim, "guardrailMetrics"), total(attacker, "guardrailMetrics"))
    for path in (
        "/api/metric/v1",
        "/api/object/v1",
        f"/api/object/v1/private/{mark}",
        "/api/data/sessions",
        "/export/prometheus",
        f"/api/usage/statement?from=T&to=T&user={victim.name}",
    ):
        answer = attacker.send("GET", path, headers={"Accept": "*/*"})
        assert answer.status_code == 404 or mark not in answer.text, path
        assert not answer.headers.get("x-total-count", "").strip("0") or path == "/api/metric/v1"


def test_who_may_only_send_is_not_shown_what_is_stored(shared: Meterd, victim: Party) -> None:
    sender = Party(shared, scopes=(Scope.INGEST,), tenant=victim.tenant)
    mark = uuid.uuid4().hex
    assert 200 == victim.send("POST", "/api/object/v1/private", json={"_id": "O", "secret": mark}).status_code

    asked: tuple[tuple[str, dict[str, object] | None], ...]
    asked = (("POST", {"_id": "O", "other": 1}), ("DELETE", None), ("GET", None))
    for method, item in asked:
        path = "/api/object/v1/private" if method == "POST" else "/api/object/v1/private/O"
        assert mark not in sender.send(method, path, json=item).text
    assert 403 == sender.send("POST", f"{METRICS}/query", json=WHOLE | {"datasource": "guardrailMetrics"}).status_code
