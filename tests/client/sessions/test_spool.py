"""What waits in a file, and applications that are killed."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from meterd.client import Client, SpoolFailed, StatusError
from meterd.client.sessions.entries import CREATE, Entry
from meterd.client.sessions.spool import KILLED, Spool
from tests.client.proxy import Hold, Proxy, answer, lose_answer, passes
from tests.client.sessions.conftest import Read, names
from tests.process import Meterd

PREFACE = """
import os, signal, sys
from meterd.client import Client
client = Client(flush_interval=3600)
def kill():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(shared: Meterd, url: str, spool: Path, program: str) -> int:
    """A program that uses the spool; returns its status."""
    environment = os.environ | {"METERD_URL": url, "METERD_TOKEN": shared.token, "SPOOL": str(spool)}
    text = PREFACE + textwrap.dedent(program)
    return subprocess.run([sys.executable, "-c", text], env=environment, timeout=60, check=False).returncode


def ids(proxy: Proxy) -> list[str]:
    """Ids of the sessions that were written to, in order."""
    paths = [seen.path.split("/") for seen in proxy.seen]
    return list(dict.fromkeys(path[3] for path in paths if len(path) > 3))


def test_what_a_killed_application_had_spooled_is_delivered_by_the_next(
    tmp_path: Path, shared: Meterd, proxy: Proxy, client: Client, read: Read
) -> None:
    proxy.always(answer(404, b"down"))
    program = """
    session = client.create_session("p", "1", spool=os.environ["SPOOL"])
    for number in range(50):
        session.log_event(str(number))
        session.log_counter("hits")
    session.update_state({"k": "v"})
    session.save()
    kill()
    """
    assert -signal.SIGKILL == run(shared, proxy.url, tmp_path / "spool", program)
    proxy.always(None)
    proxy.seen.clear()
    session = client.create_session("p", "2", spool=tmp_path / "spool")
    session.log_event("mine")
    session.flush()
    old, new = map(read, ids(proxy))
    assert [*(str(number) for number in range(50)), "session_crashed_detected"] == names(old["events"])
    assert ({"product": "p", "version": "1", "k": "v"}, True) == (old["state"], old["crashed"])
    assert ([50.0], {"reason": KILLED}) == ([old["metrics"][0]["value"]], old["events"][-1]["data"])
    assert (["mine"], session.id) == (names(new["events"]), new["id"])


def test_a_request_whose_answer_was_lost_with_the_application_counts_once(
    tmp_path: Path, shared: Meterd, proxy: Proxy, client: Client, read: Read
) -> None:
    """The server stores the session and an event, and the application is killed before it learns of it."""
    program = """
    session = client.create_session("p", "1", spool=os.environ["SPOOL"], wait=60)
    session.log_event("once")
    session.save()
    sys.stdin.read()
    """
    proxy.script(lose_answer, passes, hold := Hold())
    environment = os.environ | {"METERD_URL": proxy.url, "METERD_TOKEN": shared.token}
    environment["SPOOL"] = str(tmp_path / "spool")
    text = PREFACE + textwrap.dedent(program)
    with subprocess.Popen([sys.executable, "-c", text], env=environment, stdin=subprocess.PIPE) as process:
        assert hold.reached.wait(60)
        process.kill()
    hold.let_go.set()
    client.create_session("p", "2", spool=tmp_path / "spool").flush()
    (old,) = map(read, ids(proxy))
    assert ["once", "session_crashed_detected"] == names(old["events"])
    assert (proxy.keys[0], proxy.keys[2]) == (proxy.keys[1], proxy.keys[3])


def test_the_key_of_an_entry_outlives_the_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("name", [(CREATE, b"{}"), ("events", b"1")])
    first = spool.first()
    assert first
    spool.learn(first, "id")
    second = spool.first()
    spool.close()
    again = Spool(tmp_path / "spool")
    assert (Entry(2, "name", "events", b"1"), "name-2") == (again.first(), second and second.key)
    assert ("id", 3, 2) == (again.server_id("name"), again.last, again.waiting)  # with the crash
    again.close()


def test_numbers_are_never_used_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append("name", [(CREATE, b"{}"), ("end", b"")])
    while entry := spool.first():
        spool.drop(entry)
    spool.close()
    spool = Spool(tmp_path / "spool")
    assert (2, 0) == (spool.last, spool.waiting)
    spool.append("other", [(CREATE, b"{}")])
    assert Entry(3, "other", CREATE, b"{}") == spool.first()
    spool.close()


def test_a_session_that_was_ended_has_not_crashed(tmp_path: Path, client: Client, proxy: Proxy, read: Read) -> None:
    first = client.create_session("p", "1", spool=tmp_path / "spool", wait=60)
    first.end()
    first.flush()
    client.create_session("p", "1", spool=tmp_path / "spool").flush()
    shown = read(first)
    assert (False, False) == (shown["crashed"], shown["active"])


def test_a_spool_belongs_to_one_session_at_a_time(tmp_path: Path, client: Client) -> None:
    client.create_session("p", "1", spool=tmp_path / "spool")
    with pytest.raises(SpoolFailed, match="the spool spool can't be used: database is locked; another session uses it"):
        client.create_session("p", "1", spool=tmp_path / "spool")


def test_a_file_that_is_no_spool_is_left_alone(tmp_path: Path, client: Client) -> None:
    (tmp_path / "notes").write_text("not a database, but something that somebody wrote" * 100)
    with pytest.raises(SpoolFailed, match="not a database"):
        client.create_session("p", "1", spool=tmp_path / "notes")
    with pytest.raises(SpoolFailed, match="unable to open"):
        client.create_session("p", "1", spool=tmp_path / "missing" / "spool")


def test_a_spool_holds_what_memory_has_no_room_for(tmp_path: Path, proxy: Proxy, shared: Meterd, read: Read) -> None:
    proxy.always(answer(404, b"down"))
    with Client(proxy.url, shared.token, batch_size=1, max_buffered_rows=10) as client:
        session = client.create_session("p", "1", spool=tmp_path / "spool")
        for number in range(50):
            session.log_event(str(number))
            if number % 10 == 9:
                session.save()
        assert (0, 51) == (session.dropped, session.waiting)
        proxy.always(None)
        session.flush()
        assert 50 == len(read(session)["events"])


def test_what_can_not_be_delivered_at_the_end_stays(
    tmp_path: Path, shared: Meterd, proxy: Proxy, client: Client, read: Read
) -> None:
    proxy.always(answer(404, b"down"))
    program = """
    session = client.create_session("p", "1", spool=os.environ["SPOOL"])
    session.log_event("e")
    """
    assert 0 == run(shared, proxy.url, tmp_path / "spool", program)
    with pytest.raises(StatusError):
        client.create_session("p", "2", spool=tmp_path / "spool").flush()
    proxy.always(None)
    proxy.seen.clear()
    client.close()
    old, new = map(read, ids(proxy))
    assert (["e"], False, False) == (names(old["events"]), old["crashed"], old["active"])
    assert "2" == new["state"]["version"]
