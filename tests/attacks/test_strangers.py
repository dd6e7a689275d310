"""What somebody can do who has no token."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.access.endpoint import Endpoint
from tests.attacks.conftest import SMALL
from tests.process import METRICS, Meterd

OPEN = ["/healthz", "/readyz", "/health", "/docs", "/openapi.json"]
CLOSED = [
    ("POST", "/metric"),
    ("POST", "/classifications/v1"),
    ("POST", f"{METRICS}/query"),
    ("POST", "/ingest/litellm"),
    ("POST", f"{METRICS}/ingest?datasource=guardrailMetrics"),
    ("POST", "/v1/traces"),
    ("POST", "/v1/metrics"),
    ("POST", "/v1/logs"),
    ("GET", "/api/metric/v1"),
    ("GET", "/api/object/v1"),
    ("POST", "/api/object/v1"),
    ("DELETE", "/api/object/v1/private/X"),
    ("GET", "/api/data/v1"),
    ("GET", "/api/calendar/v1"),
    ("GET", "/api/usage/statement?from=T&to=T"),
]
WRONG = [
    {},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Bearer mtr_" + "0" * 40},
    {"Authorization": "Basic cm9vdDp3cm9uZw=="},
    {"x-odsl-email": "root", "x-odsl-key": "mtr_" + "0" * 40},
    {"Authorization": "Bearer " + "x" * 20_000},
    {"Authorization": "Bearer \u00e9".encode("latin-1")},
]
HEADS = [
    b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/3.0\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"\x00" * 100 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA\x00b: c\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
    b"POST /metric HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /metric HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /metric HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /metric HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffffff\r\n",
    b"POST /metric HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked, identity\r\n\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    b"GET /api/object/v1/%0d%0aSet-Cookie:%20a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]


def exchange(server: Meterd, sent: bytes) -> bytes:
    """What comes back until the connection is closed, or nothing more comes."""
    address = urlsplit(server.url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        try:
            while part := connection.recv(65536):
                received += part
        except ConnectionResetError:
            pass
    return received


@pytest.mark.parametrize("headers", WRONG, ids=lambda headers: str(headers)[:40])
@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_nothing_is_told_or_taken_without_a_valid_token(
    shared: Meterd, method: str, path: str, headers: dict[str, str]
) -> None:
    response = shared.anonymous.request(
        method, shared.url + path, headers=headers, content=b"{}" if method == "POST" else b""
    )

    assert 401 == response.status_code
    assert "meterd" in response.headers["www-authenticate"]
    assert len(response.content) < 200


@pytest.mark.parametrize("head", HEADS, ids=lambda head: ascii(head[:40]))
def test_what_is_no_request_is_refused_and_opens_no_other(shared: Meterd, head: bytes) -> None:
    answer = exchange(shared, head)

    statuses = [line.split()[1][:1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert statuses in ([], [b"4"])
    assert not answer or b"x-content-type-options: nosniff" in answer
    assert not any(line.lower().startswith(b"set-cookie") for line in answer.split(b"\r\n"))


def test_many_made_up_tokens_keep_nobody_out(shared: Meterd) -> None:
    with ThreadPoolExecutor(8) as threads, httpx2.Client(base_url=shared.url, timeout=60) as nobody:
        statuses = threads.map(
            lambda number: (
                nobody.get("/api/metric/v1", headers={"Authorization": f"Bearer mtr_{number:040}"}).status_code
            ),
            range(400),
        )
        assert 200 == shared.client.get("/api/metric/v1?_limit=1").status_code
        assert {401} == set(statuses)


@pytest.mark.parametrize("path", OPEN)
def test_what_is_open_tells_the_same_to_everybody(shared: Meterd, path: str) -> None:
    assert shared.anonymous.get(shared.url + path).content == shared.client.get(path).content


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[Meterd, Endpoint]]:
    """A server that asks another service about tokens, and that service, which does not answer."""
    with Endpoint() as endpoint:
        endpoint.released.clear()
        config = tmp_path / "config.yaml"
        config.write_text(f"""
service:
  authorization: {{type: onetrust, validation-endpoint: '{endpoint.url}', max-retry-duration: 60}}
  timeout: 120
metrics: {{}}
""")
        with Meterd(tmp_path / "data", config=config, limits=SMALL) as server:
            yield server, endpoint
            endpoint.released.set()


def test_a_body_is_not_read_before_its_token_is_known(asking: tuple[Meterd, Endpoint]) -> None:
    server, endpoint = asking
    resident = Path(f"/proc/{server.process.pid}/statm")
    before = int(resident.read_text().split()[1]) * 4096
    address = urlsplit(server.url)
    body = bytes(8 * 2**20)
    connections = []
    for number in range(24):
        connection = socket.create_connection((address.hostname, address.port))
        connection.sendall(
            f"POST /classifications/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t{number}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        connection.setblocking(False)
        connections.append(connection)
    endpoint.wait_for(16)
    offered = dict.fromkeys(connections, 0)
    end = time.monotonic() + 2  # in which a server that reads would take all of it
    while time.monotonic() < end:
        for connection, sent in offered.items():
            try:
                offered[connection] += connection.send(body[sent : sent + 2**18])
            except BlockingIOError:
                time.sleep(0.001)

    assert sum(offered.values()) < len(connections) * len(body)
    assert int(resident.read_text().split()[1]) * 4096 - before < 64 * 2**20
    assert 200 == server.client.get("/healthz").status_code
    for connection in connections:
        connection.close()
