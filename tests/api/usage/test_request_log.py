"""Every call to the service becomes one record (`docs/specifications/usage-metrics.md` sections 3.1 and 16)."""

import itertools
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterd.access import Caller, Scope, SubjectType
from meterd.access.context import RequestContext
from meterd.api.usage.request_log import RequestLog
from meterd.settings import Usage
from tests.api.usage.environment import Environment
from tests.ingest.test_recorder import running
from tests.process import METRICS, OF_ONE_NODE, Meterd, make_token

JSON = {"Content-Type": "application/json"}
FLUSH = 0.2
"""`usage.flush-interval`, in seconds."""


@pytest.fixture
def environment(shared: Meterd) -> Environment:
    return Environment(shared)


def records(environment: Environment, *filters: tuple[str, str]) -> list[dict[str, Any]]:
    """The environment's records but those of the metric service, the oldest first."""
    own = [("environment", environment.name), ("service", "ne(metric)"), ("_limit", "-1")]
    found: list[dict[str, Any]] = environment.read("metric/v1", *own, *filters)
    return found[::-1]


EVENT = {"attributes": {"agent_id": "a", "platform": "DATABRICKS"}, "meter": {"name": "ai_guard.agent", "value": "7"}}
QUERY = {
    "startTs": "2024-01-01T00:00:00Z",
    "endTs": "2024-01-02T00:00:00Z",
    "datasource": "modelMetrics",
    "type": "distribution",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data"


CALLS: list[tuple[str, str, dict[str, Any], tuple[Any, ...]]] = [
    ("POST", "/metric", {"json": EVENT}, ("ai-guard", "create", "post", 200, None)),
    ("POST", "/classifications/v1", {"json": {}}, ("ai-guard", "create", "post", 400, None)),
    ("POST", f"{METRICS}/query", {"json": QUERY}, ("gateway", "create", "post", 200, None)),
    ("POST", f"{METRICS}/query", {"json": {}}, ("gateway", "create", "post", 400, None)),
    ("POST", f"{METRICS}/ingest?datasource=modelMetrics", {"json": []}, ("gateway", "create", "post", 200, None)),
    ("POST", f"{METRICS}/ingest?datasource=Nope", {"json": []}, ("gateway", "create", "post", 400, None)),
    ("POST", "/v1/traces", {"content": b"{}", "headers": JSON}, ("otlp", "create", "post", 200, None)),
    ("POST", "/v1/metrics", {"content": b"nonsense", "headers": JSON}, ("otlp", "create", "post", 400, None)),
    ("POST", "/ingest/litellm", {"content": b"[]", "headers": JSON}, ("litellm", "create", "post", 200, None)),
    ("GET", "/api/sessions/nowhere", {}, ("sessions", "get", "get", 404, None)),
    ("GET", "/api/object", {}, ("object", "get", "get", 200, None)),
    ("GET", "/api/object/v1", {}, ("object", "list", "get", 200, None)),
    ("GET", "/api/object/v1/all", {}, ("object", "list", "get", 200, None)),
    ("GET", "/api/object/v1/private/NOPE", {}, ("object", "get", "get", 404, "NOPE")),
    ("GET", "/api/object/v1/private/A%2FB%20%C3%A9%00", {}, ("object", "get", "get", 404, "A/B é\0")),
    ("GET", "/api/object/v1?_limit=x", {}, ("object", "list", "get", 400, None)),
    ("POST", "/api/object/v1", {"json": {"_id": "NEW"}}, ("object", "create", "post", 200, "NEW")),
    ("POST", "/api/object/v1", {"content": b"{"}, ("object", "create", "post", 400, None)),
    ("DELETE", "/api/object/v1/private/NEW", {}, ("object", "delete", "delete", 404, "NEW")),
    ("GET", "/api/calendar/v1/public/%23BUSINESS", {}, ("calendar", "get", "get", 200, "#BUSINESS")),
    ("GET", "/api/calendar/v1", {}, ("calendar", "list", "get", 200, None)),
    ("GET", "/api/data/v1/private/NEW:X", {}, ("data", "get", "get", 404, "NEW:X")),
    ("GET", "/api/data/v1/private", {}, ("data", "list", "get", 200, None)),
    ("GET", "/api/usage/statement?from=2024&to=2024", {}, ("usage", "get", "get", 200, None)),
]


@pytest.mark.parametrize(("method", "path", "options", "expected"), CALLS, ids=lambda each: str(each)[:40])
def test_a_call_is_one_record(
    shared: Meterd, method: str, path: str, options: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    environment = Environment(shared)
    headers = {"x-odsl-environment": environment.name} | options.get("headers", {})
    response = shared.client.request(method, path, **(options | {"headers": headers}))

    (record,) = records(environment)
    assert expected == tuple(record.get(name) for name in ("service", "action", "method", "httpstatus", "key"))
    assert (response.status_code, response.headers["x-request-id"]) == (record["httpstatus"], record["_id"])
    assert (len(response.content), record["_id"]) == (record["responseSize"], record["invocationId"])
    assert ("api", "root", environment.name, "api", 1) == tuple(
        record[name] for name in ("type", "user", "environment", "application", "value")
    )
    assert record == environment.read(f"metric/v1/{record['_id']}")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/metric", ("ai-guard", "get", "get", 405)),
        ("POST", f"{METRICS}/nowhere", ("gateway", "create", "post", 404)),
        ("GET", "/api/sessions", ("sessions", "get", "get", 405)),
        ("GET", "/api/object/v1/elsewhere/X", ("object", "get", "get", 400)),
        ("GET", "/api/object/v2", ("object", "get", "get", 404)),
        ("PUT", "/api/object/v1/private/NEW", ("object", "update", "put", 405)),
    ],
)
def test_a_call_that_is_refused_for_its_address_or_method_is_one_record(
    shared: Meterd, environment: Environment, method: str, path: str, expected: tuple[Any, ...]
) -> None:
    response = shared.client.request(method, path, headers={"x-odsl-environment": environment.name})

    (record,) = records(environment)
    assert expected == tuple(record[name] for name in ("service", "action", "method", "httpstatus"))
    assert (response.status_code, response.headers["x-request-id"]) == (record["httpstatus"], record["_id"])


def test_a_function_of_the_metric_service_is_a_record_of_its_own_action(environment: Environment) -> None:
    environment.read("metric/v1?_function=listMetrics&provider=ODSLProcess")
    environment.refused("GET", "metric/v1?_function=nope")

    found = environment.read("metric/v1", environment=environment.name)
    assert [("function", 400), ("function", 200)] == [(each["action"], each["httpstatus"]) for each in found]


@pytest.mark.parametrize(
    ("method", "path", "options", "expected"),
    [
        ("GET", "/metric", {}, 405),
        ("POST", f"{METRICS}/nowhere", {}, 404),
        ("PUT", "/api/object/v1/private/X", {}, 405),
        ("GET", "/api/object/v2", {}, 404),
        ("GET", "/v1/nowhere", {}, 404),
        ("TRACE", "/api/calendar/v1", {}, 405),
        ("POST", f"{METRICS}/query", {"content": b"x" * 2**21}, 413),
        ("POST", "/api/sessions/x/nowhere", {}, 404),
    ],
)
def test_a_refused_call_belongs_to_the_tenant_of_its_token(
    shared: Meterd, method: str, path: str, options: dict[str, Any], expected: int
) -> None:
    tenant = uuid.uuid4().hex
    token = make_token(shared.data, "eve", tenant=tenant, tenant_admin=True).token or ""
    for headers in ({"Authorization": f"Bearer {token}"}, {"x-odsl-email": "eve", "x-odsl-key": token}):
        response = shared.anonymous.request(method, shared.url + path, headers=headers, **options)
        if response.status_code != 401:  # not every protocol knows every way to say who calls
            assert expected == response.status_code

    found = shared.anonymous.get("/api/metric/v1?user=eve&_limit=-1", headers={"Authorization": f"Bearer {token}"})
    assert expected in {each["httpstatus"] for each in found.json()}
    assert {f"{method} {path}"} == {each["detail"] for each in found.json()}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server that nobody but this module calls."""
    with Meterd(tmp_path_factory.mktemp("quiet")) as server:
        yield server


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic cm9vdDp3cm9uZw=="},
        {"x-odsl-email": "root", "x-odsl-key": "x"},
        {},
    ],
    ids=lambda headers: next(iter(headers), "none"),
)
@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("GET", "/api/object/v1/private/SECRET", "object"),
        ("GET", "/api/metric/v1", "metric"),
        ("POST", "/metric", "ai-guard"),
        ("POST", f"{METRICS}/query", "gateway"),
        ("POST", "/v1/traces", "otlp"),
        ("GET", "/api/usage/statement?from=2024&to=2024", "usage"),
    ],
)
def test_of_a_call_of_nobody_known_nothing_is_kept_that_was_sent(
    quiet: Meterd, headers: dict[str, str], method: str, path: str, service: str
) -> None:
    named = headers | {"x-odsl-environment": "SECRET", "x-odsl-application": "SECRET"}
    response = quiet.anonymous.request(method, quiet.url + path, headers=named)
    assert 401 == response.status_code

    record = quiet.client.get(f"/api/metric/v1/{response.headers['x-request-id']}").json()
    assert (service, 401, method.lower()) == (record["service"], record["httpstatus"], record["method"])
    assert {"environment": "production", "application": "api"}.items() <= record.items()
    assert not {"user", "key", "detail"} & {name for name, value in record.items() if value is not None}


def test_a_key_of_someone_else_names_no_one(quiet: Meterd) -> None:
    headers = {"x-odsl-email": "other", "x-odsl-key": quiet.token}
    response = quiet.anonymous.get("/api/object/v1", headers=headers)
    assert 401 == response.status_code

    assert "user" not in quiet.client.get(f"/api/metric/v1/{response.headers['x-request-id']}").json()


def test_calls_of_nobody_known_are_recorded_and_logged_so_many_a_minute(path: Path) -> None:
    few = {"METERD_USAGE__UNKNOWN_CALLERS_PER_MINUTE": "5", "METERD_LOGGING__UNKNOWN_CALLERS_PER_MINUTE": "5"}
    with Meterd(path, environment=few) as server:
        with httpx2.Client(base_url=server.url) as nobody:
            for number in range(60):
                assert nobody.post("/metric").status_code == 401
                assert nobody.get(f"/api/object/v1/private/{number}").status_code == 401
        recorded = len(server.client.get("/api/metric/v1?httpstatus=401&_limit=-1").json())
        counted = {
            (sample.name, sample.labels.get("reason", "")): sample.value
            for family in text_string_to_metric_families(server.client.get("/metrics").text)
            for sample in family.samples
        }

    assert 5 <= recorded <= 10  # the minute may be over in between
    assert 120 == recorded + counted["meterd_usage_calls_forgotten_total", "unknown"]
    logged = server.log.count(b'"status": 401')
    assert 5 <= logged <= 10
    assert 120 == logged + counted["meterd_log_lines_withheld_total", ""]


def test_what_a_caller_says_of_itself_waits_in_memory_with_an_end(environment: Environment) -> None:
    name = "a" * 60_000
    environment.send("GET", "object/v1", headers={"x-odsl-application": name})

    assert ["a" * 512] == [each["application"] for each in records(environment)]


def test_an_address_that_only_begins_like_a_service_is_no_call_of_it(shared: Meterd, environment: Environment) -> None:
    for path in ("objects", "object1/v1", "dataset/v1", "metrical", "calendars/v1/public/%23HENG"):
        assert 404 == environment.send("GET", path).status_code

    assert [] == records(environment)
    assert [] == environment.read("object/v1?_metric=ODSLRequest/ReadRequests")["data"]


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json", "/nowhere"])
def test_addresses_that_are_no_service_are_not_recorded(shared: Meterd, environment: Environment, path: str) -> None:
    shared.client.get(path, headers={"x-odsl-environment": environment.name})

    assert [] == records(environment)


def test_an_application_names_itself(environment: Environment) -> None:
    for name in ("portal", "é" * 600, ""):
        environment.send("GET", "object/v1", headers={"x-odsl-application": name.encode("latin-1")})

    assert ["portal", "é" * 512, "api"] == [each["application"] for each in records(environment)]
    assert 1 == len(records(environment, ("application", "portal")))


def test_a_call_is_visible_to_the_next_one(environment: Environment) -> None:
    for count in range(30):
        environment.read("object/v1")
        response = environment.send("GET", f"metric/v1?environment={environment.name}&service=object&_limit=0")
        assert str(count + 1) == response.headers["x-total-count"]


def test_calls_of_eight_threads_are_counted_exactly(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    token = make_token(shared.data, tenant=tenant, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)

    def work(number: int) -> set[str]:
        headers = {"Authorization": f"Bearer {token}", "x-odsl-environment": environment.name}
        with httpx2.Client(base_url=shared.url, headers=headers, timeout=60) as client:
            paths = itertools.cycle(
                [f"/api/object/v1/private/K{number}", "/api/calendar/v1/public/%23DAILY", "/api/object/v1"]
            )
            return {client.get(next(paths)).headers["x-request-id"] for _ in range(200)}

    with ThreadPoolExecutor(8) as threads:
        answered: set[str] = set().union(*threads.map(work, range(8)))

    assert 1600 == len(answered)
    assert Counter(answered) == Counter(each["_id"] for each in records(environment))
    counts = [
        environment.read(f"{service}/v1?_metric=ODSLRequest/ReadRequests&_calendar=ANNUAL&_observed=summed")["data"]
        for service in ("object", "calendar")
    ]
    assert [1064, 536] == [sum(each["value"] for each in series) for series in counts]
    statement = environment.read(f"usage/statement?from=T-1D&to=T&environment={environment.name}")
    found = {each["service"]: each["requests"] + each["failed"] for each in statement["services"]}
    assert (1065, 537, 1) == (found["object"], found["calendar"], found["metric"])
    assert sum(each["requests"] for each in statement["services"]) == statement["total"]["requests"]


def send(server: Meterd, count: int) -> list[str]:
    """Calls of the object service; the ids of their records."""
    return [
        server.client.get(f"/api/object/v1/private/X{number % 3}").headers["x-request-id"] for number in range(count)
    ]


def stored(server: Meterd) -> list[str]:
    """The ids of the records of the object service."""
    return [each["_id"] for each in server.client.get("/api/metric/v1?service=object&_limit=-1").json()]


@OF_ONE_NODE  # the proxy of two would wait a minute before each call, until the one before is written
def test_a_graceful_stop_loses_no_call(path: Path) -> None:
    server = Meterd(path, environment={"METERD_USAGE__FLUSH_INTERVAL": "60"})
    with server:
        sent = send(server, 100)
    assert 0 == server.process.returncode

    with server:
        assert sorted(sent) == sorted(stored(server))


@pytest.mark.alone
def test_kill_loses_at_most_the_calls_of_the_last_moment_and_repeats_none(path: Path) -> None:
    server = Meterd(path, environment={"METERD_USAGE__FLUSH_INTERVAL": str(FLUSH)})
    server.start()
    answered: list[tuple[float, str]] = []
    end = time.monotonic() + 8 * FLUSH
    while time.monotonic() < end:
        answered += [(time.monotonic(), id_) for id_ in send(server, 10)]
    killed = time.monotonic()
    server.kill()

    safe = {id_ for answered_at, id_ in answered if answered_at < killed - 3 * FLUSH}
    with server:
        found = stored(server)
    assert len(safe) > 0
    assert not safe - set(found)
    assert not set(found) - {id_ for _, id_ in answered}
    assert len(set(found)) == len(found)


@pytest.fixture(params=[pytest.param("all", marks=OF_ONE_NODE), "off"])  # the proxy of two asks for their figures
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Meterd]]:
    with Meterd(tmp_path / "data", environment={"METERD_USAGE__RECORD": request.param}) as server:
        yield request.param, server


def test_settings_say_what_is_recorded(recording: tuple[str, Meterd]) -> None:
    setting, server = recording
    for path in ("/healthz", "/nowhere", "/api/object/v1"):
        server.client.get(path)

    services = server.client.get("/api/metric/v1?_distinct=service").json()
    assert {"all": ["object", "other"], "off": []}[setting] == services
    details = server.client.get("/api/metric/v1?service=other&_distinct=detail").json()
    assert {"all": ["GET /healthz", "GET /nowhere"], "off": []}[setting] == details


def test_calls_that_the_journal_does_not_take_keep_no_one_from_reading_or_stopping(path: Path) -> None:
    """They are recorded when the service stops: room is left for what was answered."""
    full = {"METERD_INGEST__DISK_RESERVE_BYTES": str(10**15)}
    server = Meterd(path, environment=full)
    with server:
        sent = send(server, 10)
        assert [] == stored(server)
    assert 0 == server.process.returncode

    with Meterd(path) as again:
        assert sorted(sent) == sorted(stored(again))


def test_records_that_are_ingested_are_beside_those_of_calls(environment: Environment, shared: Meterd) -> None:
    row = {
        "id": uuid.uuid4().hex,
        "service": "billing",
        "method": "get",
        "environment": environment.name,
        "createdAt": "2024-11-20T10:15:02.123Z",
    }
    for _ in range(2):
        assert 200 == shared.ingest(json.loads(json.dumps(row)), "requestMetrics").status_code
    environment.read("object/v1")

    ingested, called = records(environment)
    assert {
        "_id": row["id"],
        "timestamp": "2024-11-20T10:15:02.123Z",
        "type": "api",
        "user": "root",
        "environment": environment.name,
        "service": "billing",
        "method": "get",
        "value": 1,
        "invocationId": row["id"],
    } == ingested
    assert "object" == called["service"]


async def test_a_call_of_which_no_fact_can_be_made_is_counted_and_holds_up_no_other(tmp_path: Path) -> None:
    caller = Caller("acme", "ann", SubjectType.USER)
    with running(tmp_path) as service:
        request_log = RequestLog(service.recorder, Usage(flush_interval=0.001), service.supervisor)
        request_log.add(RequestContext(b"1", "gateway", "GET", "/no text: \udc80", (), 0.0, 1.0, caller), 200, 1, 0.1)
        with pytest.raises(UnicodeEncodeError):
            await request_log.flush()
        request_log.add(RequestContext(b"2", "gateway", "GET", "/", (), 0.0, 1.0, caller), 200, 1, 0.1)
        await request_log.flush()

        assert [entry.count for entry in service.entries()] == [1]
        assert service.metric('meterd_usage_calls_forgotten_total{reason="failed"} 1.0')
        assert service.metric("meterd_usage_calls_waiting 0.0")
