"""What is true of every address of a running server."""

import re
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.process import METRICS, Meterd

USAGE = tuple(f"/api/{service}" for service in ("metric", "object", "data", "calendar", "usage"))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
ADDRESSES = ["/metric", "/ingest/litellm", "/v1/traces", "/v1/metrics", "/v1/logs", "/v1/nowhere", "/health",
             "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", f"{METRICS}/query", f"{METRICS}/ingest",
             "/nowhere"]  # fmt: skip


def message_of(response: httpx.Response, status: int) -> str:
    """The message of an error, in the shape of the address's protocol."""
    body: dict[str, Any] = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    path = urlsplit(str(response.url)).path
    if path.startswith(("/api/sessions", "/api/data/sessions")):
        return str(body["error"])
    if not path.startswith("/v1/"):  # OTLP has codes of its own
        assert body.get("code", body.get("statusCode")) == status
    return str(body["message"])


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_a_request_id(shared: Meterd, path: str, method: str) -> None:
    ids = [httpx.request(method, shared.url + path).headers.get_list("x-request-id") for _ in range(2)]

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
                response = httpx.request(method, shared.url + path)
                refused += 1
                if path.startswith("/api/sessions/"):  # below a session there is nothing for other methods
                    assert response.json()["error"] in ("Not found", "Session ID required")
                    continue
                if path.startswith(USAGE) and path != "/api/data/sessions":
                    refusal = f"[4050] method not allowed here, use {response.headers['allow']}"
                    assert [refusal] * 2 == [response.text, response.headers["x-odsl-error"]]
                    continue
                assert message_of(response, 405) == f"method not allowed here, use {response.headers['allow']}"
                assert response.headers["allow"].lower().split(", ") == list(operations)

    assert refused == len(paths) * len(METHODS) - sum(map(len, paths.values()))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["/nowhere", "/metric/x", "/metric/", "/%00", "/..%2f..%2fetc/passwd", "/api", "/api/svc/v1", "/v1/nothing",
             f"{METRICS}/nothing", f"{METRICS}/query/x", f"{METRICS}/ingest/", "/Healthz", "/" + "x" * 2000]
)  # fmt: skip
def test_unknown_addresses_get_404_in_json(shared: Meterd, path: str, method: str) -> None:
    assert message_of(httpx.request(method, shared.url + path), 404)


@pytest.mark.parametrize("path", ADDRESSES)
def test_no_address_redirects(shared: Meterd, path: str) -> None:
    for variant in (path, f"{path}/", f"/{path}"):
        assert not httpx.get(shared.url + variant).is_redirect


def test_the_server_does_not_name_its_software(shared: Meterd) -> None:
    assert "server" not in shared.client.get("/healthz").headers


def test_errors_below_the_gateway_have_its_shape_and_others_the_plain_one(shared: Meterd) -> None:
    gateway = httpx.get(f"{shared.url}{METRICS}/nothing").json()
    plain = httpx.get(f"{shared.url}/nothing").json()

    assert gateway.keys() == {"statusCode", "message", "error"}
    assert plain.keys() == {"code", "message"}


def test_a_connection_stays_usable_after_refusals(shared: Meterd) -> None:
    with httpx.Client(base_url=shared.url) as client:
        statuses = [
            client.post("/metric", content=b"x" * 5_000_000).status_code,
            client.post(f"{METRICS}/query", content=b"x" * 5_000_000).status_code,
            client.put("/metric", content=b"x" * 5_000_000).status_code,
            client.post("/nowhere", content=b"x" * 5_000_000).status_code,
            client.get("/healthz").status_code,
        ]

    assert statuses == [401, 401, 405, 404, 200]


def test_a_client_that_goes_away_in_the_middle_disturbs_nobody(shared: Meterd) -> None:
    address = urlsplit(shared.url)
    head = (f"POST /metric HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.token}\r\n"
            "Content-Length: 1000\r\n\r\n{").encode()  # fmt: skip
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(head)

    assert shared.client.get("/healthz").status_code == 200
    assert shared.client.get("/readyz").status_code == 200
