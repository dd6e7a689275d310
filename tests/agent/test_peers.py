"""Who may use the agent, and what its token reads for whom."""

import contextlib
import http.client
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meterd.agent.peers import owner
from tests.agent.process import Daemon, Refusal, call
from tests.process import Meterd

NOBODY = pwd.getpwnam("nobody").pw_uid
TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:AA89 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 73234 1 0000000085ddd56e 100
   1: 0100007F:1F8F 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 73235 1 0000000085ddd56f 20
   2: 0100007F:D431 0100007F:1F8F 01 00000000:00000000 00:00000000 00000000  1000        0 73236 1 0000000085ddd570 20
   3: 0100007F:D432 0100007F:1F8F 04 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000085ddd571 20
   4: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:1F8F 01 0:0 00:0 0  1001        0 73237 1
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as somebody else")


@pytest.mark.parametrize(
    ("port", "user"),
    [(0xD431, 1000), (0xD433, 1001), (0xD432, None), (0xAA89, None), (1, None)],
    ids=["connected", "as IPv6", "closed by its program", "another connection", "unknown"],
)
def test_the_user_of_a_connection_is_that_of_its_socket(port: int, user: int | None) -> None:
    assert user == owner(TABLE.splitlines(), ("127.0.0.1", port), ("127.0.0.1", 0x1F8F))


@contextlib.contextmanager
def acting_as(user: int) -> Iterator[None]:
    """What connects now does so as this user."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


def ask(daemon: Daemon, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("localhost", daemon.port, timeout=30)
    with acting_as(NOBODY):
        connection.connect()
    connection.request(method, path, None if body is None else json.dumps(body))
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


@needs_root
def test_programs_of_other_users_are_not_answered(daemon: Daemon) -> None:
    id_ = daemon.register()
    for path in ("/sessions", f"/session?session_id={id_}", "/nothing"):
        assert 403 == ask(daemon, "GET", path)[0]
    for path in ("/register", "/event", "/end"):
        assert 403 == ask(daemon, "POST", path, {"session_id": id_, "product": "p", "version": "1"})[0]
    assert 200 == ask(daemon, "GET", "/health")[0]


@needs_root
def test_users_who_are_allowed_have_their_own_sessions(tmp_path: Path, shared: Meterd) -> None:
    with Daemon(tmp_path, shared.url, shared.token, allow_users=["nobody"]) as daemon:
        own = daemon.register()
        status, body = ask(daemon, "POST", "/register", {"product": "theirs", "version": "1"})
        theirs = json.loads(body)["session_id"]
        assert 200 == status
        assert 200 == ask(daemon, "POST", "/event", {"session_id": theirs, "name": "e"})[0]

        assert 404 == ask(daemon, "POST", "/event", {"session_id": own, "name": "e"})[0]
        assert 404 == ask(daemon, "GET", f"/session?session_id={own}")[0]
        assert ["theirs"] == [each["state"]["product"] for each in json.loads(ask(daemon, "GET", "/sessions")[1])]
        assert ["game"] == [each["state"]["product"] for each in call(daemon.port, "/sessions")]
        with pytest.raises(Refusal, match="404"):
            daemon.document(theirs)


def test_the_agent_s_token_reads_no_sessions_but_its_own(daemon: Daemon, shared: Meterd) -> None:
    other = shared.client.post("/api/sessions", json={"product": "other", "version": "1"}).json()["session_id"]
    own = daemon.register()

    assert "game" == daemon.document(own)["state"]["product"]
    with pytest.raises(Refusal, match="404 Session not found"):
        daemon.document(other)
    daemon.drained()  # then both have the server's ids
    shown = {each["id"] for each in call(daemon.port, "/sessions")}
    assert daemon.document(own)["id"] in shown
    assert other not in shown
