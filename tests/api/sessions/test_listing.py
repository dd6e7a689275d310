"""Lists of sessions, what there is of each product, and series of a metric (`docs/specifications/sessions.md` 11)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from meterd.api.sessions import selecting, series
from tests.api.sessions.test_registry import Application
from tests.process import Meterd, make_token

HOSTILE = "\"';<script>alert(1)</script>/~.%_{}"


class Fleet:
    """Sessions of one tenant, written as an administrator; `names` tells which they are by their ids."""

    def __init__(self, meterd: Meterd, tenant: str) -> None:
        self.meterd = meterd
        self.tenant = tenant
        self.names: dict[str, str] = {}
        self.token = make_token(meterd.data, "root", tenant=tenant, tenant_admin=True).token or ""

    def get(self, path: str, token: str = "", **parameters: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.meterd.client.get(path, params=parameters, headers=headers)

    def write(self, path: str, body: Any, token: str = "") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        response = self.meterd.client.post(path, json=body, headers=headers)
        assert 200 == response.status_code, response.text
        return response

    def begin(self, name: str, product: str, version: str = "1", token: str = "") -> str:
        begun = self.write("/api/sessions", {"product": product, "version": version, "hostname": name}, token).json()
        self.names[begun["session_id"]] = name
        return f"/api/sessions/{begun['session_id']}"

    def listed(self, token: str = "", **parameters: Any) -> list[str]:
        response = self.get("/api/data/sessions/list", token, **parameters)
        assert 200 == response.status_code, response.text
        return [self.names[each["id"]] for each in response.json()["sessions"]]


@pytest.fixture(scope="module")
def fleet(shared: Meterd) -> Fleet:
    """Four sessions: `new` is active, `hung` hangs, `crashed` hung and crashed, `ended` recovered and ended."""
    fleet = Fleet(shared, "fleet of lists")
    ended, crashed = fleet.begin("ended", "desk"), fleet.begin("crashed", "desk", "2")
    hung, new = fleet.begin("hung", HOSTILE, HOSTILE), fleet.begin("new", "desk", "2")
    fleet.write(f"{ended}/state", {"screen": {"name": "start"}, "open": ["a", 7], "done": False})
    fleet.write(f"{ended}/state", {"screen": {"name": "end"}})
    fleet.write(f"{new}/state", {HOSTILE: HOSTILE, "screen": {"name": "start", "size": 1.5}})
    for path in (ended, crashed, hung):
        fleet.write(f"{path}/events", {"name": "application_appears_hung"})
    fleet.write(f"{ended}/events", {"name": "application_recovered"})
    fleet.write(f"{new}/events", {"name": HOSTILE})
    for path, values in ((new, (-3, -1.5)), (hung, (-2,))):
        for value in values:
            fleet.write(
                f"{path}/metrics", {"name": "m", "value": value, "timestamp": f"2026-01-0{-int(value)}T00:00:00Z"}
            )
    fleet.write(f"{crashed}/crash", {})
    fleet.write(f"{ended}/end", {})
    return fleet


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["new", "hung", "crashed", "ended"]),
        ({"order": "asc"}, ["ended", "crashed", "hung", "new"]),
        ({"sort": "updated"}, ["ended", "crashed", "hung", "new"]),
        ({"sort": "status"}, ["new", "hung", "crashed", "ended"]),
        ({"sort": "events"}, ["crashed", "ended", "new", "hung"]),
        ({"sort": "metrics", "limit": 2}, ["new", "hung"]),
        ({"limit": 2, "offset": 1}, ["hung", "crashed"]),
        ({"offset": 4}, []),
        ({"product": "desk"}, ["new", "crashed", "ended"]),
        ({"product": "desk", "version": "2"}, ["new", "crashed"]),
        ({"product": HOSTILE, "version": HOSTILE}, ["hung"]),
        ({"product": "none"}, []),
        ({"status": "active"}, ["new", "hung"]),
        ({"status": "ended"}, ["ended"]),
        ({"status": "crashed"}, ["crashed"]),
        ({"status": "suspended"}, []),
        ({"status": "hung"}, ["hung"]),
        ({"status": "ever_hung"}, ["hung", "crashed", "ended"]),
        ({"status": "hung_recovered"}, ["ended"]),
        ({"status": "hung_ended"}, []),
        ({"status": "hung_crashed"}, ["crashed"]),
        ({"event": HOSTILE}, ["new"]),
        ({"event": "application_recovered", "product": "desk"}, ["ended"]),
        ({"event": "' OR '1'='1"}, []),
        ({"from": "2020-01-01T00:00:00Z"}, ["new", "hung", "crashed", "ended"]),
        ({"from": "2120-01-01T00:00:00Z"}, []),
        ({"to": "2020-01-01T00:00:00+01:00"}, []),
    ],
)
def test_a_list_has_the_sessions_that_are_asked_for(
    fleet: Fleet, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert expected == fleet.listed(**parameters)


@pytest.mark.parametrize(
    ("mode", "path", "value", "expected"),
    [
        ("current_state", "screen.name", "start", ["new"]),
        ("state_history", "screen.name", "start", ["new", "ended"]),
        ("state_history", "screen.name", "end", ["ended"]),
        ("current_state", "screen.size", "1.5", ["new"]),
        ("state_history", "screen.size", "1.5", ["new"]),
        ("current_state", "done", "false", ["ended"]),
        ("state_history", "done", "false", ["ended"]),
        ("current_state", HOSTILE, HOSTILE, ["new"]),
        ("state_history", HOSTILE, HOSTILE, ["new"]),
        ("state_array_contains", "open", "7", ["ended"]),
        ("state_array_contains", "open", "b", []),
        ("state_array_contains", "screen", "name", []),
        ("state_history", "product", "desk", ["new", "crashed", "ended"]),
        ("none", "screen", "none of it", ["new", "hung", "crashed", "ended"]),
    ],
)
def test_sessions_are_found_by_their_state_now_and_ever(
    fleet: Fleet, mode: str, path: str, value: str, expected: list[str]
) -> None:
    assert expected == fleet.listed(filter_mode=mode, filter_path=path, filter_value=value)


def test_a_listed_session_says_what_it_is_without_its_state(fleet: Fleet) -> None:
    document = fleet.get("/api/data/sessions/list", product="desk", status="ended").json()
    (session,) = document["sessions"]

    assert (1, True) == (document["total"], document["complete"])
    assert ("desk", "1", "ended", "ended", False, "root") == tuple(
        session[name] for name in ("product", "version", "hostname", "status", "hung", "subject")
    )
    assert (2, 0) == (session["event_count"], session["metric_count"])
    assert {"created_at", "updated_at", "ended_at"} < set(session)
    assert "state" not in session


def test_products_are_counted_by_what_their_sessions_are(fleet: Fleet) -> None:
    counted = fleet.get("/api/data/sessions/products").json()

    assert counted["complete"]
    names = ("sessions", "active", "ended", "suspended", "crashed", "hung")
    assert [("desk", "2", 2, 1, 0, 0, 1, 0), (HOSTILE, HOSTILE, 1, 1, 0, 0, 0, 1), ("desk", "1", 1, 0, 1, 0, 0, 0)] == [
        (each["product"], each["version"], *(each[name] for name in names)) for each in counted["products"]
    ]
    assert [] == fleet.get("/api/data/sessions/products", product="none").json()["products"]


def test_a_series_has_the_points_of_a_metric_over_sessions(fleet: Fleet) -> None:
    answer = fleet.get("/api/timeseries", metric="m").json()

    assert [("new", -1.5), ("hung", -2), ("new", -3)] == [
        (fleet.names[each["session_id"]], each["value"]) for each in answer["points"]
    ]
    assert ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"] == [
        each["timestamp"] for each in answer["points"]
    ]
    del answer["points"]
    expected = {"metric_name": "m", "peak": -1.5, "min": -3.0, "sessions_matched": 4, "aggregation_type": "all"}
    assert pytest.approx(-6.5 / 3) == answer.pop("average")
    assert expected == answer


@pytest.mark.parametrize(("aggregation", "value"), [("peak", -1.5), ("average", -2.25), ("min", -3.0)])
def test_a_series_may_have_one_point_of_each_session(fleet: Fleet, aggregation: str, value: float) -> None:
    answer = fleet.get("/api/timeseries", metric="m", aggregation=aggregation).json()

    assert [-2.0, value] == [each["value"] for each in answer["points"]]
    assert (max(-2.0, value), min(-2.0, value)) == (answer["peak"], answer["min"])
    assert aggregation == answer["aggregation_type"]


def test_a_series_without_points_has_null(fleet: Fleet) -> None:
    started = {"filter_mode": "current_state", "filter_path": "screen.name", "filter_value": "end"}
    nothing = {"points": None, "peak": 0.0, "average": 0.0, "min": 0.0, "aggregation_type": "all"}

    answer = fleet.get("/api/timeseries", metric="m", **started).json()
    assert {"metric_name": "m", "sessions_matched": 1} | nothing == answer
    answer = fleet.get("/api/timeseries", metric=HOSTILE, product="none").json()
    assert {"metric_name": HOSTILE, "sessions_matched": 0} | nothing == answer


def test_lists_and_series_have_what_the_caller_may_see(fleet: Fleet) -> None:
    data, tenant = fleet.meterd.data, "fleet of teams"
    ann = make_token(data, "ann", tenant=tenant, teams=("red",)).token or ""
    bob = make_token(data, "bob", tenant=tenant, teams=("red", "blue")).token or ""
    eve = make_token(data, "eve", tenant=tenant).token or ""
    path = fleet.begin("of ann", "desk", token=ann)
    fleet.write(f"{path}/metrics", {"name": "m", "value": 1}, ann)

    for token, expected in ((ann, ["of ann"]), (bob, ["of ann"]), (eve, [])):
        assert expected == fleet.listed(token)
        assert len(expected) == len(fleet.get("/api/data/sessions/products", token).json()["products"])
        assert len(expected) == fleet.get("/api/timeseries", token, metric="m").json()["sessions_matched"]
        assert len(expected) == len(fleet.get("/api/timeseries", token, metric="m").json()["points"] or ())


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        ("/api/timeseries", {}, "metric parameter required"),
        ("/api/timeseries", {"metric": "m", "aggregation": "most"}, "aggregation must be one of"),
        ("/api/timeseries", {"metric": "m", "filter_mode": "some"}, "filter_mode must be one of"),
        ("/api/timeseries", {"metric": "m", "filter_mode": "current_state"}, "needs filter_path and filter_value"),
        ("/api/data/sessions/list", {"sort": "size"}, "sort must be one of"),
        ("/api/data/sessions/list", {"limit": "0"}, "limit must be a whole number from 1 to 1000"),
        ("/api/data/sessions/list", {"offset": "-1"}, "offset must be a whole number from 0"),
        ("/api/data/sessions/list", {"from": "yesterday"}, "from must be a time"),
        ("/api/data/sessions/products", {"sort": "created"}, "unknown parameter sort"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(fleet: Fleet, path: str, parameters: dict[str, str], says: str) -> None:
    response = fleet.get(path, **parameters)

    assert 400 == response.status_code
    assert says in response.json()["error"]


@pytest.mark.parametrize("path", ["/api/timeseries", "/api/data/sessions/list", "/api/data/sessions/products"])
def test_lists_and_series_need_the_scope_to_read(fleet: Fleet, path: str) -> None:
    token = make_token(fleet.meterd.data, "writer", scopes=(Scope.INGEST,)).token or ""

    assert 403 == fleet.get(path, token, metric="m").status_code
    assert 401 == fleet.get(path, "mtd_wrong", metric="m").status_code
    assert 405 == fleet.meterd.client.post(path).status_code


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    application = Application(tmp_path)
    yield application
    application.service.close()


async def test_lists_and_series_are_bounded(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [await application.begin(hostname=f"{number}") for number in range(3)]
    for path in paths:
        await application.write(f"{path}/metrics", {"name": "m", "value": 1})
    monkeypatch.setattr(selecting, "MAX_SESSIONS", 2)
    monkeypatch.setattr("meterd.api.sessions.registry._PAGE", 1)
    monkeypatch.setattr(series, "MAX_LIMIT", 1)

    listed, counted = await asyncio.gather(
        application.document("/api/data/sessions/list"), application.document("/api/data/sessions/products")
    )
    assert (["2", "1"], 2, False) == (
        [each["hostname"] for each in listed["sessions"]],
        listed["total"],
        listed["complete"],
    )
    assert (2, False) == (counted["products"][0]["sessions"], counted["complete"])
    assert listed["sessions"][-1]["created_at"] == listed["older"] == counted["older"]
    rest = await application.document(f"/api/data/sessions/list?to={listed['older']}")
    assert (["0"], True, None) == (
        [each["hostname"] for each in rest["sessions"]],
        rest["complete"],
        rest.get("older"),
    )
    response = await application.send("GET", "/api/timeseries?metric=m")
    assert 413 == response.status_code
    assert "more than 1 points" in response.json()["error"]


async def test_a_brief_document_says_where_each_of_its_parts_is_read(application: Application) -> None:
    path = await application.begin()
    for number in range(3):
        await application.write(f"{path}/state", {"number": number})
        await application.write(f"{path}/events", {"name": f"{number}", "message": "long" * 100, "data": {"a": number}})
        await application.write(f"{path}/metrics", {"name": "m", "value": number, "metadata": {"a": 1}})
    whole, brief = await application.document(path), await application.document(f"{path}?brief=true")

    assert ["long" * 50 + "…"] * 3 == [each["message"] for each in brief["events"]]
    assert not any({"data", "metadata", "state"} & set(each) for each in brief["events"] + brief["metrics"])
    for name in ("state_history", "events", "metrics"):
        for expected, each in zip(whole[name], brief[name], strict=True):
            assert expected["timestamp"] == each["timestamp"]
            page = await application.document(f"{path}?collection={name}&limit=1&cursor={each['cursor']}")
            assert [expected] == page[name]


@pytest.mark.parametrize(
    ("looked_at", "following", "older"),
    [
        ((9, 7), 5, 7),
        ((9, 7, 7), 7, 7.000001),
        ((7, 7), 7, 7),
    ],
)
def test_sessions_that_began_at_one_time_are_on_one_side_of_where_a_list_ends(
    looked_at: tuple[int, ...], following: int, older: float
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    times = [at + timedelta(seconds=each) for each in looked_at]

    cut = selecting.cut_before(times, at + timedelta(seconds=following))

    assert at + timedelta(seconds=older) == cut
