"""Programs that end or fork without ending their sessions. Each is a process of its own."""

import os
import subprocess
import sys
import textwrap

from tests.client.proxy import Hold, Proxy, answer
from tests.client.sessions.conftest import Document, Read, names
from tests.process import Meterd

PREFACE = """
import asyncio, logging, os, sys
from meterd.client import AsyncClient, Client, SessionHandler
"""


def run(shared: Meterd, program: str, url: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"METERD_URL": url or shared.url, "METERD_TOKEN": shared.token}
    return subprocess.run(
        [sys.executable, "-c", PREFACE + textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shown_after(shared: Meterd, read: Read, program: str) -> Document:
    """The session whose id the program prints."""
    done = run(shared, program)
    return read(done.stdout.strip())


def test_a_program_that_ends_has_ended_its_session(shared: Meterd, read: Read) -> None:
    program = """
    session = Client(flush_interval=3600).create_session("p", "1", wait=60)
    print(session.id)
    session.log_event("e")
    session.log_counter("hits")
    """
    shown = shown_after(shared, read, program)
    assert (["e"], ["hits"]) == (names(shown["events"]), names(shown["metrics"]))
    assert (False, False) == (shown["active"], shown["crashed"])


def test_a_program_that_ends_with_an_exception_has_crashed(shared: Meterd, read: Read) -> None:
    program = """
    session = Client(flush_interval=3600).create_session("p", "1", wait=60)
    print(session.id)
    raise LookupError("on purpose")
    """
    shown = shown_after(shared, read, program)
    assert (["exception", "session_crashed_detected"], True) == (names(shown["events"]), shown["crashed"])
    assert "on purpose" == shown["events"][0]["message"]


def test_a_program_that_exits_has_not_crashed(shared: Meterd, read: Read) -> None:
    program = """
    async def main():
        session = await AsyncClient(flush_interval=3600).create_session("p", "1", wait=60)
        print(session.id)
        session.log_event("e")
    asyncio.run(main())
    sys.exit(3)
    """
    shown = shown_after(shared, read, program)
    assert (["e"], False, False) == (names(shown["events"]), shown["crashed"], shown["active"])


def test_what_is_lost_at_the_end_is_said(shared: Meterd, proxy: Proxy) -> None:
    proxy.always(answer(401, b'{"error": "no"}'))
    done = run(shared, 'Client(flush_interval=3600).create_session("p", "1").log_event("e")', proxy.url)
    assert "the program ends, 3 entries of a session are lost: no (status 401)\n" in done.stderr
    assert shared.token not in done.stderr


def test_a_forked_process_goes_on_with_the_session_and_does_not_end_it(shared: Meterd, read: Read) -> None:
    program = """
    client = Client(flush_interval=3600)
    session = client.create_session("p", "1", wait=60)
    print(session.id, flush=True)
    session.log_event("before")
    if child := os.fork():
        os.waitpid(child, 0)
        session.log_event("parent")
    else:
        session.log_event("child")
    """
    shown = shown_after(shared, read, program)
    assert ["before", "child", "parent"] == sorted(names(shown["events"]))
    assert (False, False) == (shown["crashed"], shown["active"])


def test_a_process_forked_before_the_server_knows_the_session_begins_its_own(
    shared: Meterd, proxy: Proxy, read: Read
) -> None:
    proxy.script(hold := Hold())
    program = """
    session = Client(flush_interval=3600).create_session("p", "1")
    sys.stdin.readline()
    if child := os.fork():
        os.waitpid(child, 0)
        session.log_event("parent")
    else:
        session.log_event("child")
    session.flush()
    print(session.id, flush=True)
    """
    environment = os.environ | {"METERD_URL": proxy.url, "METERD_TOKEN": shared.token}
    arguments = [sys.executable, "-c", PREFACE + textwrap.dedent(program)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert hold.reached.wait(60)
        print(file=process.stdin, flush=True)
        child = process.stdout.readline().strip()
        hold.let_go.set()
        parent = process.stdout.readline().strip()
    assert [["child"], ["parent"]] == [names(read(id_)["events"]) for id_ in (child, parent)]
    assert [False, False] == [read(id_)["active"] for id_ in (child, parent)]


def test_logging_everything_of_a_program_ends(shared: Meterd, read: Read) -> None:
    """What the client and httpx2 log while they deliver is not delivered as well."""
    program = """
    client = Client(flush_interval=0.05)
    session = client.create_session("p", "1", wait=60)
    print(session.id)
    logging.basicConfig(level=logging.DEBUG, handlers=[SessionHandler(session)])
    logging.getLogger("app").info("hello")
    session.flush()
    """
    assert ["log.app"] == names(shown_after(shared, read, program)["events"])
