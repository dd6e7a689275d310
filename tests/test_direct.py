"""Requests that are answered without a task are answered as others are."""

import contextlib
import http.client
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.process import Meterd

EVENT = {"attributes": {"agent_id": "a", "platform": "DATABRICKS"}, "meter": {"name": "ai_guard.agent", "value": "1"}}
BODY = json.dumps(EVENT).encode()


def exchange(meterd: Meterd, *pieces: bytes) -> bytes:
    """What the server sends until it closes, when the pieces arrive one by one."""
    address = urlsplit(meterd.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def conversation(meterd: Meterd, requests: list[bytes]) -> list[tuple[int, str]]:
    """Status and message of the answers to requests that wait for each other on one connection."""
    address = urlsplit(meterd.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = []
        for each in requests:
            connection.sendall(each)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            body = answer.read()
            answers.append((answer.status, json.loads(body)["message"] if body else ""))
    return answers


def event(agent: str, value: int) -> bytes:
    return json.dumps(
        {
            "attributes": {"agent_id": agent, "platform": "DATABRICKS"},
            "meter": {"name": "ai_guard.agent", "value": str(value)},
        }
    ).encode()


def request(meterd: Meterd, body: bytes = BODY, *headers: str, version: str = "1.1") -> bytes:
    lines = [
        f"POST /metric HTTP/{version}",
        "Host: x",
        f"Authorization: Bearer {meterd.token}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


def head_of(answer: bytes) -> tuple[str, set[str]]:
    """The status line, and the names of the headers."""
    status, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return status, {line.partition(":")[0] for line in lines}


@pytest.mark.parametrize("body", [BODY, b"nonsense", b"{}"], ids=["recorded", "refused", "incomplete"])
def test_the_answer_does_not_depend_on_how_the_request_arrives(shared: Meterd, body: bytes) -> None:
    assert shared.client.post("/metric", json=EVENT).status_code == 200  # the caller is known for a moment
    whole = request(shared, body, "Connection: close")
    middle = len(whole) - len(body) // 2 - 1
    at_once, in_pieces = exchange(shared, whole), exchange(shared, whole[:middle], whole[middle:])

    assert head_of(at_once) == head_of(in_pieces)
    assert at_once.partition(b"\r\n\r\n")[2] == in_pieces.partition(b"\r\n\r\n")[2]


def test_old_clients_get_their_answer_and_the_end(shared: Meterd) -> None:
    shared.client.post("/metric", json=EVENT)
    status, names = head_of(exchange(shared, request(shared, version="1.0")))

    assert status == "HTTP/1.1 200 OK"
    assert "connection" in names


def test_an_encoded_body_is_decoded(shared: Meterd) -> None:
    shared.client.post("/metric", json=EVENT)
    response = shared.client.post("/metric", content=BODY, headers={"content-encoding": "gzip"})

    assert response.status_code == 400
    assert "gzip" in response.json()["message"]


class TestHeadsThatComeAgain:
    def test_each_request_is_recorded_with_a_body_of_its_own(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        sent = [event("repeated", value) for value in (1, 2, 30, 400, 3, 50)]
        statuses = [answer[0] for answer in conversation(shared, [request(shared, body) for body in sent])]

        assert statuses == [200] * 6
        assert shared.points(
            datasource="aiGuardMetrics",
            aggregations=[{"type": "sum", "column": "value"}],
            filters=[{"fieldName": "agent", "operator": "EQUAL", "value": "repeated"}],
        ) == [{"total": 6, "sumValue": 486}]

    def test_what_is_refused_is_refused_each_time_and_the_connection_goes_on(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        bodies = [BODY, b"x" * len(BODY), BODY, BODY.replace(b"ai_guard.agent", b"ai_guard.other")]
        answers = conversation(shared, [request(shared, body) for body in bodies])

        assert [(200, ""), (400, "Invalid JSON"), (200, ""), (400, "Unknown meter: ai_guard.other")] == answers

    def test_a_body_in_pieces_and_requests_that_come_together_are_read_as_ever(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        whole = request(shared)
        end = request(shared, BODY, "Connection: close")
        answers = exchange(shared, whole, whole[:-7], whole[-7:], whole[:9], whole[9:], whole + whole, whole, end)

        assert answers.count(b"HTTP/1.1 200 OK\r\n") == 7
        assert not answers.partition(b"HTTP/1.1 ")[0]

    def test_other_headers_mean_what_they_say(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        stranger = request(shared).replace(shared.token.encode(), b"mtr_" + b"0" * (len(shared.token) - 4))
        packed = request(shared, BODY, "Content-Encoding: gzip")
        answers = conversation(shared, [request(shared), stranger, packed, request(shared), stranger])

        assert [status for status, _ in answers] == [200, 401, 400, 200, 401]

    def test_what_follows_a_request_in_its_piece_is_no_part_of_its_head(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        begun = request(shared, BODY, "Connection: close")
        answers = exchange(shared, request(shared) + begun[:40], begun[40:])

        assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2

    def test_a_request_with_a_known_head_behind_the_rest_of_another_body_is_read_as_ever(self, shared: Meterd) -> None:
        shared.client.post("/metric", json=EVENT)
        whole, end = request(shared), request(shared, BODY, "Connection: close")
        rest = whole[-10:] + whole
        answers = exchange(shared, whole[:-10], rest, rest, end)

        assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
        assert answers.count(b"HTTP/1.1 400 ") == 1


def test_a_commit_that_takes_too_long_is_answered_in_time_and_the_connection_goes_on(tmp_path: Path) -> None:
    with Meterd(tmp_path, environment={"METERD_SERVICE__TIMEOUT": "3"}) as meterd:
        assert meterd.client.post("/metric", json=EVENT).status_code == 200
        with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            late = meterd.client.post("/metric", json=EVENT)
            other.execute("ROLLBACK")
        after = [meterd.client.post("/metric", json=EVENT).status_code for _ in range(3)]

    assert (500, "the request took longer than 3 s (service.timeout)") == (late.status_code, late.json()["message"])
    assert after == [200, 200, 200]


def test_they_are_counted_and_recorded_as_calls(tmp_path: Path) -> None:
    with Meterd(tmp_path) as meterd:
        answers = [meterd.client.post("/metric", content=body) for body in (BODY, BODY, b"nonsense")]
        calls = meterd.points(datasource="requestMetrics", groupBy=["httpstatus", "userEmail"])
        metrics = meterd.client.get("/metrics").text

    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert {(200, "root"): 2, (400, "root"): 1} == {
        (point["httpstatus"], point["createdBySubjectSlug"]): point["total"] for point in calls
    }
    assert 'meterd_http_requests_total{method="POST",route="/metric",status="200"} 2.0' in metrics


def test_a_stop_waits_for_what_was_begun(tmp_path: Path) -> None:
    with Meterd(tmp_path) as meterd:
        assert meterd.client.post("/metric", json=EVENT).status_code == 200
        address = urlsplit(meterd.url)
        with closing(sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)) as other, other:
            other.execute("BEGIN IMMEDIATE")
            with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
                connection.sendall(request(meterd))
                meterd.process.terminate()
                with contextlib.suppress(ConnectionError):
                    while True:  # until it stops listening
                        socket.create_connection((address.hostname, address.port), timeout=30).close()
                other.execute("ROLLBACK")
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert meterd.wait() == 0

    assert head_of(answer)[0] == "HTTP/1.1 200 OK"
