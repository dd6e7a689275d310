"""Facts about sessions that come as JSON rows obey the rules of the sessions' own routes."""

from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from tests.api.sessions.test_routes import Client, client_of
from tests.process import METRICS, OF_ONE_NODE, Meterd

HUNG = "application_appears_hung"


def send(client: Client, rows: Any, datasource: str = "sessionEvents", **headers: str) -> httpx2.Response:
    return client.send("POST", f"{METRICS}/ingest?datasource={datasource}", json=rows, headers=headers)


def row_of(path: str, **members: Any) -> dict[str, Any]:
    return {"sessionId": path.rpartition("/")[2]} | members


@pytest.fixture(scope="module")
def tenant() -> str:
    return "sessions as rows"


@pytest.fixture(scope="module")
def ann(shared: Meterd, tenant: str) -> Client:
    return client_of(shared, "ann", tenant, teams=("red",))


def test_rows_are_in_the_document_in_the_order_of_arrival(ann: Client) -> None:
    path = ann.begin("game", "2")
    ann.write(f"{path}/events", {"name": "first"})
    rows = [row_of(path, name=HUNG, createdAt="2026-01-01T00:00:00Z"), row_of(path, name="third", product="other")]
    assert {"accepted": 2} == send(ann, rows).json()
    ann.write(f"{path}/events", {"name": "last"})
    assert {"accepted": 1} == send(ann, row_of(path, name="m", value=2), "sessionMetrics").json()
    document = ann.document(path)

    assert ["first", HUNG, "third", "last"] == [event["name"] for event in document["events"]]
    assert [2] == [point["value"] for point in document["metrics"]]
    assert document["hung"]
    assert document["created_at"] < document["updated_at"]


def test_rows_are_those_of_the_session_s_owner(ann: Client, shared: Meterd, tenant: str) -> None:
    path = ann.begin("game", "2")
    everything = (Scope.INGEST, Scope.QUERY, Scope.INGEST_ANY_SUBJECT)
    reporter = client_of(shared, "reporter", tenant, scopes=everything)
    row = row_of(path, name="e", createdBySubjectSlug="eve", teams=["blue"], product="other", version="9")
    assert {"accepted": 1} == send(reporter, row).json()
    body = {
        "startTs": "1970-01-01",
        "endTs": "2100-01-01",
        "datasource": "sessionEvents",
        "type": "distribution",
        "groupBy": ["userEmail", "team", "product", "version"],
        "filters": [{"fieldName": "session", "operator": "IN", "value": [row["sessionId"]]}],
    }
    points = ann.send("POST", f"{METRICS}/query", json=body).json()["data"]["dataPoints"]

    assert [{"createdBySubjectSlug": "ann", "team": "red", "product": "game", "version": "2", "total": 1}] == points


@pytest.mark.parametrize(
    "sent", [{}, {"name": None}, {"name": "boom", "exception_type": "E"}, {"category": "info", "exception_type": "E"}]
)
def test_events_have_the_same_defaults_whichever_way_they_come(ann: Client, sent: dict[str, Any]) -> None:
    path = ann.begin()
    ann.write(f"{path}/events", sent)
    as_row = {"exceptionType" if name == "exception_type" else name: value for name, value in sent.items()}
    assert {"accepted": 1} == send(ann, row_of(path, **as_row)).json()

    first, second = ({**event, "timestamp": ""} for event in ann.document(path)["events"])
    assert {name: value for name, value in first.items() if value} == {name: v for name, v in second.items() if v}
    assert ("", "error" if "exception_type" in sent else "info") == (first["group"], second["category"])


@pytest.mark.parametrize("sent", [{}, {"name": None}, {"name": ""}])
def test_a_point_without_a_name_is_refused_whichever_way_it_comes(ann: Client, sent: dict[str, Any]) -> None:
    path = ann.begin()
    rows = [row_of(path, name="latency", value=1), row_of(path, value=1, **sent)]
    assert 400 == ann.send("POST", f"{path}/metrics", json={"value": 1} | sent).status_code
    refused = send(ann, rows, "sessionMetrics")

    assert (400, True) == (refused.status_code, "row 1: name is required" in refused.json()["message"])
    assert [] == ann.document(path)["metrics"]
    assert 200 == send(ann, rows[:1], "sessionMetrics").status_code
    assert ["gauge"] == [point["type"] for point in ann.document(path)["metrics"]]


@pytest.mark.parametrize("datasource", ["sessionEvents", "sessionMetrics"])
@pytest.mark.parametrize(
    ("subject", "details", "is_taken"),
    [
        ("ann", {}, True),
        ("bob", {"teams": ("red",)}, True),
        ("bot", {"scopes": (Scope.INGEST, Scope.INGEST_ANY_SUBJECT)}, True),
        ("root", {"tenant_admin": True}, True),
        ("eve", {"teams": ("blue", "everyone")}, False),
        ("ann", {"tenant": "rival of sessions", "tenant_admin": True}, False),
    ],
)
def test_rows_need_a_session_that_their_sender_may_write_to(
    ann: Client, shared: Meterd, tenant: str, datasource: str, subject: str, details: dict[str, Any], is_taken: bool
) -> None:
    path, own = ann.begin(), ""
    sender = client_of(shared, subject, **{"tenant": tenant} | details)
    own = sender.begin()
    response = send(sender, [row_of(own, name="own"), row_of(path, name=HUNG)], datasource)
    document = ann.document(path)

    assert (200 if is_taken else 400) == response.status_code
    assert is_taken is bool(document["events"] or document["metrics"])
    if not is_taken:
        assert "row 1: sessionId must be" in response.json()["message"]
        assert document["created_at"] == document["updated_at"]


@pytest.mark.parametrize("id_", ["", "x", "x" * 300, "3f0e9a43-5c5e-4d61-9f5d-000000000000"])
def test_rows_of_no_session_are_refused(ann: Client, id_: str) -> None:
    response = send(ann, {"sessionId": id_, "name": "e"})

    assert 400 == response.status_code
    assert "row 0: sessionId must be" in response.json()["message"]


@pytest.mark.parametrize("members", [{"position": 2**63 - 1}, {"arrivedAt": "2039-01-01T00:00:00Z"}])
def test_rows_have_no_place_and_no_time_of_arrival(ann: Client, members: dict[str, Any]) -> None:
    response = send(ann, row_of(ann.begin(), name="e", **members))

    assert 400 == response.status_code
    assert "is set by the server" in response.json()["message"]


def test_a_time_that_documents_could_not_show_is_refused(ann: Client) -> None:
    path = ann.begin()
    assert "row 0: sentAt" in send(ann, row_of(path, name="e", sentAt="yesterday")).json()["message"]
    assert 200 == send(ann, row_of(path, name="e", sentAt="2026-01-31T12:00:00+01:00")).status_code
    assert ["2026-01-31T12:00:00+01:00"] == [event["timestamp"] for event in ann.document(path)["events"]]


@OF_ONE_NODE
def test_a_repeated_key_adds_nothing(ann: Client) -> None:
    path = ann.begin()
    for _ in range(2):
        assert {"accepted": 1} == send(ann, row_of(path, name="e"), **{"Idempotency-Key": "sessions-as-rows"}).json()

    assert 1 == len(ann.document(path)["events"])


def test_many_rows_of_several_sessions_are_all_there(ann: Client) -> None:
    paths = [ann.begin() for _ in range(3)]
    rows = [row_of(paths[number % 3], name=str(number)) for number in range(1500)]
    assert {"accepted": 1500} == send(ann, rows).json()

    for first, path in enumerate(paths):
        assert [str(number) for number in range(first, 1500, 3)] == [e["name"] for e in ann.document(path)["events"]]
    assert {"accepted": 0} == send(ann, []).json()
