"""What a client may send, and how long it may take, before and while its request is read (`service.limits`)."""

import contextlib
import json
import re
import select
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.process import METRICS, Meterd

LIMITS = {
    "HEADER_TIMEOUT": "1",
    "BODY_TIMEOUT": "1",
    "WRITE_TIMEOUT": "1",
    "CONNECTIONS": "60",
    "CONNECTIONS_PER_ADDRESS": "40",
    "UPLOADS": "20",
    "UPLOADS_PER_CALLER": "10",
    "UPLOAD_BYTES": "12000000",
    "UPLOAD_BYTES_PER_CALLER": "8000000",
}
EVENT = {"attributes": {"agent_id": "a", "platform": "DATABRICKS"}, "meter": {"name": "ai_guard.agent", "value": "1"}}
INGEST = f"{METRICS}/ingest?datasource=guardrailMetrics"
ROUTES = (
    "/metric",
    INGEST,
    f"{METRICS}/query",
    "/v1/traces",
    "/ingest/litellm",
    "/api/sessions",
    "/classifications/v1",
    "/api/object/v1/private",
    "/api/calendar/v1",
    "/nowhere",
)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server whose limits are soon reached."""
    environment = {f"METERD_SERVICE__LIMITS__{name}": value for name, value in LIMITS.items()}
    with Meterd(tmp_path_factory.mktemp("limited"), environment=environment) as meterd:
        yield meterd


def connect(meterd: Meterd, source: str = "127.0.0.1") -> socket.socket:
    address = urlsplit(meterd.url)
    return socket.create_connection((address.hostname, address.port), timeout=30, source_address=(source, 0))


def head(meterd: Meterd, path: str, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {meterd.token}", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode()


def everything(connection: socket.socket) -> bytes:
    """What arrives until the server closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def statuses(answers: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def message_of(answer: bytes, path: str, status: int) -> str:
    """The sentence of an error in the shape of the address's protocol; the answer must be the connection's last."""
    lines, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines.decode().split("\r\n")[1:])
    assert statuses(answer) == [status], answer
    assert headers["connection"] == "close"
    assert len(headers["x-request-id"]) == 24
    assert int(headers["content-length"]) == len(body)
    if path.startswith(("/api/object", "/api/calendar")):
        assert body.decode().startswith(f"[{status}0] ")
        return body.decode()[len(f"[{status}0] ") :]
    content = json.loads(body)
    if path.startswith("/api/sessions"):
        return str(content["error"])
    assert path.startswith("/v1/") or content.get("code", content.get("statusCode")) == status
    return str(content["message"])


def refusals(meterd: Meterd, reason: str) -> float:
    """How often a limit ended something so far."""
    name = f'meterd_http_refusals_total{{reason="{reason}"}} '
    lines = [line for line in meterd.client.get("/metrics").text.splitlines() if line.startswith(name)]
    return float(lines[0].removeprefix(name)) if lines else 0.0


@contextlib.contextmanager
def counted(meterd: Meterd, reason: str) -> Iterator[None]:
    before = refusals(meterd, reason)
    yield
    assert refusals(meterd, reason) > before


class TestHead:
    @pytest.mark.parametrize("path", ROUTES)
    def test_headers_beyond_64_kib_are_refused_in_the_protocols_shape(self, shared: Meterd, path: str) -> None:
        with connect(shared) as connection:
            connection.sendall(head(shared, path, *(f"x-{number}: {'x' * 3000}" for number in range(25))) + b"\r\n")
            sentence = message_of(everything(connection), path, 431)

        assert sentence == "address and headers are larger than 65536 bytes (service.limits.header-bytes)"

    def test_a_header_without_an_end_is_refused_while_it_comes(self, shared: Meterd) -> None:
        with counted(shared, "header-bytes"), connect(shared) as connection:
            connection.sendall(head(shared, "/metric") + b"x-endless: ")
            with contextlib.suppress(ConnectionError):
                for _ in range(1000):
                    connection.sendall(b"x" * 65536)
                    if select.select([connection], [], [], 0)[0]:
                        break
            assert message_of(everything(connection), "/metric", 431)

    def test_an_address_beyond_64_kib_is_refused(self, shared: Meterd) -> None:
        path = f"{METRICS}/query?" + "x" * 70_000
        with connect(shared) as connection:
            connection.sendall(head(shared, path) + b"\r\n")
            sentence = message_of(everything(connection), path, 414)

        assert sentence == "the address is longer than 65536 bytes (service.limits.header-bytes)"

    def test_header_fields_are_counted(self, shared: Meterd) -> None:
        with connect(shared) as connection:
            connection.sendall(head(shared, "/metric", *["a: b"] * 200) + b"\r\n")
            sentence = message_of(everything(connection), "/metric", 431)

        assert sentence == "the request has more than 128 header fields (service.limits.header-fields)"

    def test_headers_within_the_limit_are_taken(self, shared: Meterd) -> None:
        response = shared.client.get("/healthz", headers={f"x-{number}": "x" * 600 for number in range(100)})

        assert response.status_code == 200

    def test_what_is_no_http_is_refused_in_json(self, shared: Meterd) -> None:
        with counted(shared, "malformed"), connect(shared) as connection:
            connection.sendall(b"\x16\x03\x01 what is this\r\n\r\n")
            assert message_of(everything(connection), "", 400).startswith("this is no valid HTTP/1.1 request")

    def test_headers_that_do_not_end_in_time_are_refused(self, limited: Meterd) -> None:
        with counted(limited, "header-timeout"), contextlib.ExitStack() as stack:
            connections = {path: stack.enter_context(connect(limited)) for path in ROUTES}
            for path, connection in connections.items():
                connection.sendall(head(limited, path))
            sentences = {message_of(everything(each), path, 408) for path, each in connections.items()}

        assert sentences == {"the headers took longer than 1 s (service.limits.header-timeout)"}

    def test_trickling_does_not_extend_the_deadline(self, limited: Meterd) -> None:
        with connect(limited) as connection:
            connection.sendall(head(limited, "/metric"))
            while not select.select([connection], [], [], 0.1)[0]:
                connection.sendall(b"x")
            assert message_of(everything(connection), "/metric", 408)

    def test_a_connection_that_never_sends_is_closed_without_an_answer(self, limited: Meterd) -> None:
        with connect(limited) as connection:
            assert everything(connection) == b""


class TestBody:
    def test_a_body_that_trickles_is_timed_out_on_every_route(self, limited: Meterd) -> None:
        answered = {}
        with counted(limited, "body-timeout"), contextlib.ExitStack() as stack:
            waiting = {stack.enter_context(connect(limited)): path for path in ROUTES[:-1]}
            for connection, path in waiting.items():
                fields = head(limited, path, "Content-Length: 100", "Content-Type: application/json")
                connection.sendall(fields + b"\r\n")
            while waiting:
                for connection in select.select(list(waiting), [], [], 0.2)[0]:
                    path = waiting.pop(connection)
                    answered[path] = message_of(everything(connection), path, 408)
                for connection in waiting:
                    connection.sendall(b"x")

        assert set(answered.values()) == {"the body came slower than 4096 bytes a second (service.limits.body-rate)"}

    def test_a_body_that_trickles_behind_its_answer_is_cut_off(self, limited: Meterd) -> None:
        with counted(limited, "body-timeout"), connect(limited) as connection:
            connection.sendall(head(limited, "/nowhere", "Content-Length: 100") + b"\r\nx")
            assert statuses(everything(connection)) == [404]

    def test_a_body_that_arrives_slowly_but_steadily_is_taken(self, limited: Meterd) -> None:
        body = json.dumps(EVENT).encode().ljust(40_000)
        with connect(limited) as connection:
            connection.sendall(head(limited, "/metric", f"Content-Length: {len(body)}", "Connection: close") + b"\r\n")
            for start in range(0, len(body), 4000):
                connection.sendall(body[start : start + 4000])
                time.sleep(0.25)
            assert statuses(everything(connection)) == [200]

    def test_trailers_without_an_end_are_refused(self, shared: Meterd) -> None:
        with connect(shared) as connection:
            connection.sendall(head(shared, "/metric", "Transfer-Encoding: chunked") + b"\r\n2\r\n{}\r\n0\r\nx: ")
            with contextlib.suppress(ConnectionError):
                for _ in range(1000):
                    connection.sendall(b"x" * 65536)
                    if select.select([connection], [], [], 0)[0]:
                        break
            assert message_of(everything(connection), "/metric", 431)

    def test_a_broken_chunk_is_refused(self, shared: Meterd) -> None:
        with connect(shared) as connection:
            connection.sendall(head(shared, "/metric", "Transfer-Encoding: chunked") + b"\r\n2\r\n{}\r\nnonsense\r\n")
            assert message_of(everything(connection), "/metric", 400).startswith("this is no valid HTTP/1.1 request")

    def test_bodies_at_once_are_limited_by_caller(self, limited: Meterd) -> None:
        with counted(limited, "uploads"), contextlib.ExitStack() as stack:
            connections = [stack.enter_context(connect(limited, f"127.0.0.{number}")) for number in range(1, 13)]
            for connection in connections:
                connection.sendall(head(limited, INGEST, "Content-Length: 4000000") + b"\r\n[" + b" " * 100_000)
            refused = select.select(connections, [], [], 30)[0][0]
            answer = b""
            while not answer.endswith(b"}"):
                answer += refused.recv(65536)

        assert statuses(answer) == [503]
        assert b"retry-after: 1" in answer
        assert b"too many bodies are being received (service.limits.uploads), try again" in answer
        assert limited.client.post("/metric", json=EVENT).status_code == 200

    def test_bytes_of_bodies_in_memory_are_limited_by_caller(self, limited: Meterd) -> None:
        with counted(limited, "upload-bytes"):
            response = limited.client.post(INGEST, content=b"[" + b" " * 10_000_000 + b"]")

        assert response.status_code == 503
        assert response.json()["message"] == (
            "the bodies that are being received are too large together (service.limits.upload-bytes), try again"
        )
        assert limited.ingest([]).status_code == 200


class TestAnswers:
    def test_they_come_in_the_order_of_the_requests(self, shared: Meterd) -> None:
        body = json.dumps(EVENT).encode()
        event = head(shared, "/metric", f"Content-Length: {len(body)}") + b"\r\n" + body
        with connect(shared) as connection:
            query = head(shared, f"{METRICS}/query", "Content-Length: 2") + b"\r\n{}"
            last = head(shared, "/healthz", "Connection: close", method="GET") + b"\r\n"
            connection.sendall(event + query + event + head(shared, "/nowhere", method="GET") + b"\r\n" + event + last)
            assert statuses(everything(connection)) == [200, 400, 200, 404, 200, 200]

    def test_a_refusal_comes_after_those_that_are_due(self, shared: Meterd) -> None:
        body = json.dumps(EVENT).encode()
        event = head(shared, "/metric", f"Content-Length: {len(body)}") + b"\r\n" + body
        with connect(shared) as connection:
            connection.sendall(event * 2 + head(shared, "/metric", *["a: b"] * 200) + b"\r\n" + event)
            assert statuses(everything(connection)) == [200, 200, 431]

    def test_requests_that_wait_for_their_turn_are_limited(self, shared: Meterd) -> None:
        request = head(shared, "/healthz", method="GET") + b"\r\n"
        with connect(shared) as connection:
            connection.sendall(request * 500)
            answers = everything(connection)

        assert statuses(answers)[-1] == 503
        assert set(statuses(answers)[:-1]) == {200}
        assert b"too many requests wait for the answer to the first (service.limits.pipelined-requests)" in answers

    def test_a_client_that_reads_none_is_cut_off(self, limited: Meterd) -> None:
        before = refusals(limited, "write-timeout")
        with connect(limited) as connection:
            for _ in range(60):
                connection.sendall(head(limited, "/openapi.json", method="GET") + b"\r\n")
            deadline = time.monotonic() + 30
            while refusals(limited, "write-timeout") == before:
                assert time.monotonic() < deadline
            assert len(statuses(everything(connection))) < 60


class TestConnections:
    def test_those_of_one_address_are_limited_and_others_are_served(self, limited: Meterd) -> None:
        with counted(limited, "connections-per-address"), contextlib.ExitStack() as stack:
            connections = [stack.enter_context(connect(limited, "127.0.0.77")) for _ in range(45)]
            answers = [each.recv(65536) for each in connections[40:]]
            assert limited.client.get("/healthz").status_code == 200

        assert [statuses(answer) for answer in answers] == [[503]] * 5
        assert b"too many connections (service.limits), try again" in answers[0]

    def test_when_all_are_taken_those_that_waited_longest_give_way(self, limited: Meterd) -> None:
        with counted(limited, "displaced"), contextlib.ExitStack() as stack:
            for number in range(120):
                stack.enter_context(connect(limited, f"127.0.1.{number // 30}"))
                if number % 10 == 0:
                    with connect(limited) as connection:
                        connection.sendall(head(limited, "/healthz", "Connection: close", method="GET") + b"\r\n")
                        assert statuses(everything(connection)) == [200]

    def test_every_one_is_given_back(self, limited: Meterd) -> None:
        for _ in range(100):
            connect(limited).close()
        deadline = time.monotonic() + 30
        while "\nmeterd_http_connections 1.0\n" not in limited.client.get("/metrics").text:
            assert time.monotonic() < deadline
