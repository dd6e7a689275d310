"""What is true of every address of a running server."""

import http.client
import json
import re
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.process import METRICS, Meterd

USAGE = tuple(f"/api/{service}" for service in ("metric", "object", "data", "calendar", "usage"))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
ADDRESSES = [
    "/metric",
    "/ingest/litellm",
    "/v1/traces",
    "/v1/metrics",
    "/v1/logs",
    "/v1/nowhere",
    "/health",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    f"{METRICS}/query",
    f"{METRICS}/ingest",
    "/nowhere",
]


def message_of(response: httpx2.Response, status: int) -> str:
    """The message of an error, in the shape of the address's protocol."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    path = urlsplit(str(response.url)).path
    if path.startswith(("/api/sessions", "/api/data/sessions", "/api/timeseries")):
        return str(body["error"])
    if not path.startswith("/v1/"):  # OTLP has codes of its own
        assert body.get("code", body.get("statusCode")) == status
    return str(body["message"])


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_a_request_id(shared: Meterd, path: str, method: str) -> None:
    ids = [shared.anonymous.request(method, shared.url + path).headers.get_list("x-request-id") for _ in range(2)]

    assert [len(each) for each in ids] == [1, 1]
    assert re.fullmatch(r"[0-9a-f]{24}", ids[0][0])
    assert ids[0] != ids[1]


def test_the_request_id_of_a_client_is_not_taken_over(shared: Meterd) -> None:
    response = shared.client.get("/healthz", headers={"x-request-id": "mine"})

    assert response.headers.get_list("x-request-id") != ["mine"]


def test_every_described_route_refuses_other_methods_in_json(shared: Meterd) -> None:
    paths: dict[str, dict[str, Any]] = shared.client.get("/openapi.json").json()["paths"]
    refused = 0
    for path, operations in paths.items():
        for method in METHODS:
            if method.lower() not in operations:
                response = shared.anonymous.request(method, shared.url + path)
                refused += 1
                if path.startswith("/api/sessions/"):  # below a session there is nothing for other methods
                    assert response.json()["error"] in ("Not found", "Session ID required")
                    continue
                if path.startswith(USAGE) and not path.startswith(("/api/data/sessions", "/api/datasources")):
                    refusal = f"[4050] method not allowed here, use {response.headers['allow']}"
                    assert [refusal] * 2 == [response.text, response.headers["x-odsl-error"]]
                    continue
                assert message_of(response, 405) == f"method not allowed here, use {response.headers['allow']}"
                assert response.headers["allow"].lower().split(", ") == list(operations)

    assert refused == len(paths) * len(METHODS) - sum(map(len, paths.values()))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/metric/x",
        "/metric/",
        "/%00",
        "/..%2f..%2fetc/passwd",
        "/api",
        "/api/svc/v1",
        "/v1/nothing",
        f"{METRICS}/nothing",
        f"{METRICS}/query/x",
        f"{METRICS}/ingest/",
        "/Healthz",
        "/" + "x" * 2000,
    ],
)
def test_unknown_addresses_get_404_in_json(shared: Meterd, path: str, method: str) -> None:
    assert message_of(shared.anonymous.request(method, shared.url + path), 404)


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_address_redirects(shared: Meterd, path: str) -> None:
    for variant in (path, f"{path}/", f"/{path}"):
        assert not shared.anonymous.get(shared.url + variant).is_redirect


def test_the_server_does_not_name_its_software(shared: Meterd) -> None:
    assert "server" not in shared.client.get("/healthz").headers


def test_errors_below_the_gateway_have_its_shape_and_others_the_plain_one(shared: Meterd) -> None:
    gateway = shared.anonymous.get(f"{METRICS}/nothing").json()
    plain = shared.anonymous.get("/nothing").json()

    assert gateway.keys() == {"statusCode", "message", "error"}
    assert plain.keys() == {"code", "message"}


def raw(server: Meterd, method: str, path: str, *headers: tuple[str, str]) -> httpx2.Response:
    """Headers exactly as they are given, repeated ones too."""
    return server.anonymous.request(method, server.url + path, headers=list(headers))


def sentence(response: httpx2.Response) -> str:
    """What an error says, in whichever shape its address has."""
    if response.headers["content-type"] == "application/json":
        body = response.json()
        return str(body["error"] if body.keys() == {"error"} else body["message"])
    assert response.headers["content-type"].startswith("text/plain")
    return response.headers["x-odsl-error"]


def described(server: Meterd) -> list[tuple[str, str]]:
    """Every method and address, with something in the place of each parameter."""
    paths: dict[str, dict[str, Any]] = server.client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"{[^}]*}", "0", path)) for path, operations in paths.items() for method in operations
    ]


PAGES = [("GET", "/docs"), ("GET", "/openapi.json"), ("GET", "/docs/assets/swagger-ui.css"), ("GET", "/nowhere")]


def test_every_route_refuses_two_different_headers_in_its_own_shape(shared: Meterd) -> None:
    twice = [("Authorization", f"Bearer {shared.token}"), ("Authorization", "Bearer other")]
    for method, path in [*described(shared), *PAGES]:
        for headers in (twice, twice[::-1]):
            response = raw(shared, method, path, *headers)
            assert 400 == response.status_code, path
            expected = "Session ID required" if path == "/api/sessions/" else "two different Authorization headers"
            assert expected in sentence(response)
        assert "two different" not in raw(shared, method, path, twice[0], twice[0]).text


@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Type", "Content-Encoding", "X-Odsl-Key"])
def test_other_headers_of_which_one_can_be_meant_are_refused_too(shared: Meterd, name: str) -> None:
    response = raw(shared, "POST", f"{METRICS}/ingest?datasource=guardrailMetrics", (name, "a"), (name, "b"))

    assert (400, f"there are two different {name} headers: send one") == (response.status_code, sentence(response))


def test_head_is_answered_wherever_get_is_as_get_is_without_the_body(shared: Meterd) -> None:
    changing = {"date", "x-request-id", "content-length", "transfer-encoding", "x-total-count"}
    gets = [path for method, path in [*described(shared), *PAGES] if method == "GET"]
    for path in [*gets, "/api/data/sessions?limit=1"]:
        got, head = shared.client.get(path), shared.client.head(path)
        assert (got.status_code, b"") == (head.status_code, head.content), path
        assert {k: v for k, v in got.headers.items() if k not in changing} == {
            k: v for k, v in head.headers.items() if k not in changing
        }
        assert ("content-length" in got.headers) == ("content-length" in head.headers)
    posts = {path for method, path in described(shared) if method == "POST"} - set(gets)
    assert {405, 404} >= {shared.client.head(path).status_code for path in posts}


def test_options_lists_what_every_address_takes_and_lets_no_page_of_others_in(shared: Meterd) -> None:
    takes: dict[str, set[str]] = {}
    for method, path in [*described(shared), *PAGES[:3]]:
        takes.setdefault(path, {"OPTIONS"}).update({method, "HEAD"} if method == "GET" else {method})
    for path, methods in takes.items():
        response = shared.anonymous.options(shared.url + path, headers={"Origin": "https://example.com"})
        assert (204, b"") == (response.status_code, response.content), path
        assert methods == set(response.headers["allow"].split(", ")), path
        assert not any(name.startswith("access-control") for name in response.headers)
    assert 404 == shared.anonymous.options("/nowhere").status_code


@pytest.mark.parametrize("method", ["BREW", "X-1"])
def test_every_route_refuses_a_method_that_nobody_knows_in_its_own_shape(shared: Meterd, method: str) -> None:
    with httpx2.Client(base_url=shared.url) as client:
        for path in dict.fromkeys(path for _, path in [*described(shared), *PAGES]):
            client.get("/healthz")  # so that the connection was of use before
            response = client.request(method, path)
            expected = "Session ID required" if path == "/api/sessions/" else f"the method {method} is not known"
            assert (400, expected) == (response.status_code, sentence(response).removeprefix("[4000] ")), path


def test_no_answer_may_be_framed_or_guessed_at(shared: Meterd) -> None:
    for method, path in [*described(shared), *PAGES]:
        for response in (raw(shared, method, path), shared.client.request(method, path)):
            if response.content:
                assert "nosniff" == response.headers["x-content-type-options"], path
                assert "default-src 'none'" in response.headers["content-security-policy"], path
                assert "frame-ancestors 'none'" in response.headers["content-security-policy"], path


def test_only_pages_may_run_or_load_anything(shared: Meterd) -> None:
    docs = shared.client.get("/docs").headers["content-security-policy"]
    page = shared.client.get("/api/usage/statement?from=T&to=T", headers={"Accept": "text/html"})

    assert "script-src 'self' 'sha256-" in docs
    assert "unsafe" not in docs.replace("style-src 'self' 'unsafe-inline'", "")
    assert page.headers["content-type"].startswith("text/html")
    assert re.search(r"; style-src 'sha256-[^']+'$", page.headers["content-security-policy"])
    assert "script-src" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["", "/", "/openapi.json", "/openapi.yaml", "/swagger", "/redoc", "/elements"])
def test_the_framework_shows_no_pages_of_its_own(shared: Meterd, path: str) -> None:
    assert {404} == {shared.anonymous.request(method, f"{shared.url}/schema{path}").status_code for method in METHODS}


def test_a_connection_stays_usable_after_refusals(shared: Meterd) -> None:
    with httpx2.Client(base_url=shared.url) as client:
        statuses = [
            client.post("/metric", content=b"x" * 5_000_000).status_code,
            client.post(f"{METRICS}/query", content=b"x" * 5_000_000).status_code,
            client.put("/metric", content=b"x" * 5_000_000).status_code,
            client.post("/nowhere", content=b"x" * 5_000_000).status_code,
            client.get("/healthz").status_code,
        ]

    assert statuses == [401, 401, 405, 404, 200]


def test_reason_phrases_do_not_depend_on_the_version_of_python(shared: Meterd) -> None:
    connection = http.client.HTTPConnection(urlsplit(shared.url).netloc)
    connection.request("POST", f"{METRICS}/query", b" " * 2**21, {"Authorization": f"Bearer {shared.token}"})
    response = connection.getresponse()

    assert (413, "Content Too Large") == (response.status, response.reason)
    assert "Content Too Large" == json.loads(response.read())["error"]
    connection.close()


def test_a_client_that_goes_away_in_the_middle_disturbs_nobody(shared: Meterd) -> None:
    address = urlsplit(shared.url)
    head = (
        f"POST /metric HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.token}\r\nContent-Length: 1000\r\n\r\n{{"
    ).encode()
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(head)

    assert shared.client.get("/healthz").status_code == 200
    assert shared.client.get("/readyz").status_code == 200


TIMED_OUT = "the request took longer than 1 s (service.timeout)"
SPAN = {
    "traceId": "0" * 31 + "1",
    "spanId": "0" * 15 + "1",
    "name": "chat small",
    "startTimeUnixNano": "1790000000000000000",
}
OPERATION = [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]
LATE: dict[str, tuple[Any, int, dict[str, Any], str | None]] = {
    "/metric": (
        {"attributes": {"agent_id": "a", "platform": "DATABRICKS"}, "meter": {"name": "ai_guard.agent", "value": "1"}},
        500,
        {"code": 500, "message": TIMED_OUT},
        None,
    ),
    f"{METRICS}/ingest?datasource=modelMetrics": (
        [{"modelName": "small"}],
        504,
        {"code": 504, "message": TIMED_OUT},
        None,
    ),
    "/ingest/litellm": (
        [{"startTime": 1_760_000_000.25, "call_type": "acompletion", "model": "small"}],
        504,
        {"code": 504, "message": TIMED_OUT},
        None,
    ),
    "/v1/traces": (
        {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN | {"attributes": OPERATION}]}]}]},
        504,
        {"code": 4, "message": TIMED_OUT},
        "5",
    ),
    "/api/sessions": ({"product": "p", "version": "1"}, 504, {"error": TIMED_OUT}, None),
}
"""What is sent, and what is said when it can't be recorded in time: status, body, `Retry-After`."""


def test_what_takes_too_long_is_refused_as_each_protocol_says_it(tmp_path: Path) -> None:
    with (
        Meterd(tmp_path, environment={"METERD_SERVICE__TIMEOUT": "1"}) as meterd,
        closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as other,
        ThreadPoolExecutor(len(LATE)) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        late = list(threads.map(lambda path: meterd.client.post(path, json=LATE[path][0]), LATE))
        other.execute("ROLLBACK")

    assert {path: (status, body, wait) for path, (_, status, body, wait) in LATE.items()} == {
        path: (each.status_code, each.json(), each.headers.get("retry-after"))
        for path, each in zip(LATE, late, strict=True)
    }
