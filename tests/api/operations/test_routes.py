"""`/healthz`, `/readyz`, `/metrics`, `/openapi.json`, `/docs` over HTTP."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterd import __version__
from meterd.access import Scope
from meterd.api.gateway.datasources import datasources
from tests.process import METRICS, OF_ONE_NODE, Meterd, make_token

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server whose own metrics always need a token."""
    environment = {"METERD_ACCESS__METRICS_WITHOUT_TOKEN": "never"}
    with Meterd(tmp_path_factory.mktemp("closed"), environment=environment) as meterd:
        yield meterd


@pytest.fixture(scope="module")
def document(shared: Meterd) -> dict[str, Any]:
    """The OpenAPI document."""
    response = shared.anonymous.get("/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    content: dict[str, Any] = response.json()
    return content


def samples(meterd: Meterd) -> dict[tuple[str, ...], float]:
    """The service's own metrics: by name and label values."""
    text = meterd.client.get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_say_ok_without_a_token(shared: Meterd, path: str) -> None:
    response = shared.anonymous.get(shared.url + path)

    assert (response.status_code, response.text) == (200, "ok")
    assert response.headers["content-type"].startswith("text/plain")


def test_a_node_with_a_name_says_it_to_probes_in_metrics_and_in_each_line_of_the_log(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("node")
    limited = {"METERD_NODE__ID": "east-1", "METERD_LOGGING__FORMAT": "json"}
    full = limited | {"METERD_INGEST__DISK_RESERVE_BYTES": str(2**62)}
    with Meterd(folder, environment=limited) as meterd:
        ready = meterd.anonymous.get("/readyz")
        found = samples(meterd)
        system = meterd.client.get("/api/system").json()
    with Meterd(folder, environment=full) as refusing:
        refused = refusing.anonymous.get("/readyz")

    assert ("ok", "east-1") == (ready.text, ready.headers["x-meterd-node"])
    assert (1, "east-1") == (found["meterd_node_info", "east-1"], system["node"])
    assert 503 == refused.status_code
    assert refused.json()["message"].startswith("node east-1: ")
    logged = [json.loads(line) for line in meterd.log.splitlines() if line.startswith(b"{")]
    assert logged
    assert {"east-1"} == {line["node"] for line in logged}


@OF_ONE_NODE
def test_a_node_keeps_the_name_that_its_first_start_made(shared: Meterd) -> None:
    name = shared.anonymous.get("/readyz").headers["x-meterd-node"]

    assert re.fullmatch("node-[0-9a-f]{8}", name)
    assert 1 == samples(shared)["meterd_node_info", name]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_get_405(shared: Meterd, path: str, method: str) -> None:
    response = shared.anonymous.request(method, shared.url + path)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
    assert response.json() == {"code": 405, "message": "method not allowed here, use GET"}


def test_metrics_are_open_to_the_machine_itself(shared: Meterd) -> None:
    response = shared.anonymous.get("/metrics")

    assert response.status_code == 200
    assert "meterd_http_requests_total" in response.text


def test_metrics_have_the_content_type_of_prometheus(shared: Meterd) -> None:
    assert shared.anonymous.get("/metrics").headers["content-type"] == CONTENT_TYPE


def test_metrics_are_not_open_to_what_a_proxy_passes_on(shared: Meterd) -> None:
    response = shared.anonymous.get("/metrics", headers={"x-forwarded-for": "203.0.113.5"})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


def test_metrics_can_always_need_a_token(closed: Meterd) -> None:
    response = closed.anonymous.get("/metrics")

    assert response.status_code == 401
    assert response.json() == {"code": 401, "message": "Invalid or missing bearer token"}
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


@pytest.mark.parametrize("scopes", [(Scope.QUERY,), (Scope.INGEST,)])
def test_any_valid_token_opens_metrics(closed: Meterd, scopes: tuple[Scope, ...]) -> None:
    token = make_token(closed.data, "prometheus", scopes=scopes).token
    response = closed.anonymous.get("/metrics", headers={"authorization": f"Bearer {token}"})

    assert response.status_code == 200
    assert "meterd_http_requests_total" in response.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/health", "/openapi.json", "/docs"])
def test_everything_else_stays_open_when_metrics_are_closed(closed: Meterd, path: str) -> None:
    assert closed.anonymous.get(closed.url + path).status_code == 200


@OF_ONE_NODE
def test_what_is_recorded_is_counted(shared: Meterd) -> None:
    before = samples(shared)
    shared.ingest([{"traceId": "counted", "spanId": "1"}, {"traceId": "counted", "spanId": "1"}, {}])
    shared.query()
    after = samples(shared)

    def growth(*key: str) -> float:
        return after[key] - before.get(key, 0.0)

    assert growth("meterd_ingest_facts_total", "guardrail_evaluations") == 2
    assert growth("meterd_ingest_duplicate_facts_total", "guardrail_evaluations") == 1
    assert growth("meterd_http_requests_total", "POST", f"{METRICS}/ingest", "200") == 1
    assert growth("meterd_http_requests_total", "POST", f"{METRICS}/query", "200") == 1
    assert growth("meterd_query_seconds_count", "guardrail_evaluations") == 1


@OF_ONE_NODE
def test_requests_to_unknown_addresses_are_counted_under_one_name(shared: Meterd) -> None:
    before = samples(shared)
    for path in ("/nowhere/1", "/nowhere/2", "/nowhere/3"):
        shared.client.get(path)
    key = ("meterd_http_requests_total", "GET", "unknown", "404")

    assert samples(shared)[key] - before.get(key, 0.0) == 3
    assert not any("nowhere" in "".join(labels) for labels in samples(shared))


def test_what_fills_up_has_a_gauge(shared: Meterd) -> None:
    gauges = {name for name, *_ in samples(shared)}

    assert gauges >= {
        "meterd_ingest_queue_bytes",
        "meterd_loader_backlog_bytes",
        "meterd_loader_lag_entries",
        "meterd_disk_free_bytes",
    }


def test_the_documentation_page_needs_nothing_from_elsewhere(shared: Meterd) -> None:
    page = shared.anonymous.get("/docs")
    links = re.findall(r"""(?:src|href|url:)\s*=?\s*["']([^"']+)["']""", page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text
    assert {link.rpartition(".")[2] for link in links} == {"png", "css", "js", "json"}
    for link in links:
        assert link.startswith("/")
        assert shared.anonymous.get(shared.url + link).status_code == 200, link


@pytest.mark.parametrize(
    "path",
    ["/docs/assets/nothing.js", "/docs/assets/../../x", "/docs/assets/%2e%2e/x", "/docs/assets//etc/passwd"],
)
def test_there_is_nothing_beside_the_files_of_the_page(shared: Meterd, path: str) -> None:
    response = shared.anonymous.get(shared.url + path)

    assert response.status_code == 404
    assert response.json()["code"] == 404


def test_the_description_says_what_it_describes(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "meterd"
    assert document["info"]["version"] == __version__


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/metric", "post"),
        ("/health", "get"),
        (f"{METRICS}/ingest", "post"),
        (f"{METRICS}/query", "post"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
    ],
)
def test_every_route_is_described(document: dict[str, Any], path: str, method: str) -> None:
    assert document["paths"][path].keys() == {method}
    assert document["paths"][path][method]["summary"]


def test_every_operation_is_complete(document: dict[str, Any]) -> None:
    tokens = document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["tags"]
            assert operation["responses"]
            assert all(
                re.fullmatch(r"[1-5]\d\d", status) and answer["description"]
                for status, answer in operation["responses"].items()
            )
            assert all(name in tokens for each in operation.get("security", document["security"]) for name in each)


def test_every_reference_of_the_description_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        place: Any = document
        for name in reference.split("/"):
            place = place[name.replace("~1", "/").replace("~0", "~")]
        assert place


@pytest.mark.parametrize("path", ["/health", "/healthz", "/readyz"])
def test_what_needs_no_token_is_described_so(document: dict[str, Any], path: str) -> None:
    assert document["paths"][path]["get"]["security"] == []


def test_the_example_of_the_description_is_accepted(shared: Meterd, document: dict[str, Any]) -> None:
    content = document["paths"]["/metric"]["post"]["requestBody"]["content"]["application/json"]

    assert shared.client.post("/metric", json=content["example"]).status_code == 200


def sample(schema: dict[str, Any]) -> Any:
    """A value that a schema allows."""
    if schema["type"] == "array":
        return [sample(schema["items"])]
    if schema.get("contentMediaType") == "application/json":
        return "{}"
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    if "enum" in schema:
        return schema["enum"][0]
    if "minimum" in schema:
        return schema["minimum"]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    return {"string": "a", "number": 1.5, "integer": 1, "boolean": True, "object": {"a": "b"}}[kind]


def test_the_rows_of_the_description_have_the_fields_that_are_accepted(
    shared: Meterd, document: dict[str, Any]
) -> None:
    body = document["paths"][f"{METRICS}/ingest"]["post"]["requestBody"]
    described = {each["$ref"] for each in body["content"]["application/json"]["schema"]["anyOf"][0]["anyOf"]}
    rows = {name: f"{name[0].upper()}{name[1:]}Row" for name, each in datasources().items() if each.ingest}

    begun = shared.client.post("/api/sessions", json={"product": "a", "version": "1"}).json()["session_id"]

    assert described == {f"#/components/schemas/{name}" for name in rows.values()}
    for datasource, name in rows.items():
        schema = document["components"]["schemas"][name]
        row = {member: sample(each["anyOf"][0]) for member, each in schema["properties"].items()}
        if "platform" in row:  # which meters have a list of
            row["platform"] = "DATABRICKS"
        if "sessionId" in row:  # which has to be there; times of sessions are kept as they are sent
            row |= {"sessionId": begun, "sentAt": "2026-01-01T00:00:00Z"}
        assert shared.ingest(row, datasource).json() == {"accepted": 1}
