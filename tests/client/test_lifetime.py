"""Programs that end, fork or forget their clients. Each is a process of its own."""

import os
import subprocess
import sys
import textwrap

import pytest

from tests.client.conftest import Ledger
from tests.client.proxy import Proxy, answer
from tests.client.sessions.conftest import names
from tests.process import Meterd

PREFACE = """
import asyncio, os, sys
from meterd.client import AsyncClient, Client

def rows(first, last):
    return [{{"guardrailName": f"{label}-{{number}}", "latencyMs": 1}} for number in range(first, last)]
"""


def run(ledger: Ledger, program: str, url: str = "", first: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that makes ten rows of the ledger; `first` is what it does before it imports the client."""
    ledger.rows(10)
    text = first + PREFACE.format(label=ledger.label) + textwrap.dedent(program)
    environment = os.environ | {"METERD_URL": url or ledger.meterd.url, "METERD_TOKEN": ledger.meterd.token}
    return subprocess.run(
        [sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


ENDS = {
    "without closing": """
        client = Client()
        client.ingest("guardrailMetrics", rows(0, 10))
    """,
    "after the client was forgotten": """
        def use():
            Client(flush_interval=3600).ingest("guardrailMetrics", rows(0, 10))
        use()
    """,
    "with another status": """
        client = Client(flush_interval=3600, batch_size=3)
        client.ingest("guardrailMetrics", rows(0, 10))
        sys.exit(3)
    """,
    "with an exception": """
        client = Client(flush_interval=3600)
        client.ingest("guardrailMetrics", rows(0, 10))
        raise ValueError("on purpose")
    """,
    "without closing an asynchronous client": """
        async def main():
            client = AsyncClient(flush_interval=3600)
            await client.ingest("guardrailMetrics", rows(0, 10))
        asyncio.run(main())
    """,
    "in a function that ingests at the end": """
        import atexit
        client = Client()
        client.ingest("guardrailMetrics", rows(0, 5))
        atexit.register(lambda: client.ingest("guardrailMetrics", rows(5, 10)))
    """,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_program_that_ends_loses_nothing(ledger: Ledger, end: str) -> None:
    done = run(ledger, ENDS[end])
    status, ours = {"with another status": (3, ""), "with an exception": (1, "ValueError: on purpose")}.get(
        end, (0, "")
    )
    assert (done.returncode, done.stderr.strip().rpartition("\n")[2]) == (status, ours)
    assert ledger.all_stored_once()


LATE = {
    "rows": 'client.ingest("guardrailMetrics", rows(0, 10))',
    "rows of an asynchronous client": """
        async def hand_over():
            await client.ingest("guardrailMetrics", rows(0, 10))
        asyncio.run(hand_over())
    """,
    "one call after another": """
        for number in range(10):
            client.ingest("guardrailMetrics", rows(number, number + 1))
    """,
    "a run of a process": """
        with client.process_run("late"):
            client.ingest("guardrailMetrics", rows(0, 10))
    """,
}


def late(handler: str) -> str:
    """What registers an exit handler that runs after the client's own, because it was registered before."""
    body = textwrap.indent(textwrap.dedent(handler).strip(), "    ")
    return f"import atexit\n@atexit.register\ndef handler():\n{body}\n"


@pytest.mark.parametrize("handler", LATE)
def test_rows_of_an_exit_handler_that_runs_later_are_delivered(ledger: Ledger, handler: str) -> None:
    made = "AsyncClient" if "asynchronous" in handler else "Client"
    done = run(ledger, f"client = {made}(flush_interval=3600)", first=late(LATE[handler]))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert ledger.all_stored_once()


def test_rows_of_a_later_exit_handler_that_are_lost_are_named(ledger: Ledger, proxy: Proxy) -> None:
    proxy.always(answer(401, b'{"code": 401, "message": "no"}'))
    done = run(ledger, "client = Client()", proxy.url, late(LATE["rows"]))
    assert done.stderr.strip() == "the program ends, 10 rows are lost: no (status 401)"


def test_a_session_of_a_later_exit_handler_is_delivered(shared: Meterd) -> None:
    handler = """
    with client.create_session("late", "1") as session:
        session.log_event("said")
        session.log_counter("counted")
    print(session.waiting, session.id)
    """
    done = run(Ledger(shared), "client = Client()", first=late(handler))
    waiting, id_ = done.stdout.split()
    assert (waiting, done.stderr) == ("0", "")
    shown = shared.client.get(f"/api/sessions/{id_}").json()
    assert (False, ["said"], ["counted"]) == (shown["active"], *map(names, (shown["events"], shown["metrics"])))


def test_nothing_is_printed_while_the_server_is_away(ledger: Ledger, proxy: Proxy) -> None:
    """A program whose standard output is a protocol: a library that is installed beside must not write to it either."""
    proxy.always(answer(503, b"not now"))
    program = """
    import structlog
    client = Client(retry_attempts=3)
    client.ingest("guardrailMetrics", rows(0, 10))
    try:
        client.flush()
    except Exception as error:
        print(type(error).__name__)
    os._exit(0)
    """
    done = run(ledger, program, proxy.url)
    assert done.stdout == "StatusError\n"


def test_what_is_lost_at_the_end_is_said(ledger: Ledger, proxy: Proxy) -> None:
    proxy.always(answer(401, b'{"code": 401, "message": "no"}'))
    done = run(ledger, 'Client(flush_interval=3600).ingest("guardrailMetrics", rows(0, 10))', proxy.url)
    assert done.stderr.strip() == "the program ends, 10 rows are lost: no (status 401)"
    assert ledger.meterd.token not in done.stderr


def test_what_is_raised_at_the_end_keeps_nothing_else_from_being_delivered(ledger: Ledger) -> None:
    program = """
    from meterd.client import lifetime

    class Faulty:
        waiting = 3

        def deliver_rest(self):
            raise RuntimeError("injected")

    faulty = [Faulty() for _ in range(20)]
    for sender in faulty[:10]:
        lifetime.hold(sender)
    Client(flush_interval=3600).ingest("guardrailMetrics", rows(0, 10))
    for sender in faulty[10:]:
        lifetime.hold(sender)
    """
    done = run(ledger, program)
    sentence = "the program ends, 3 rows are lost: unexpected failure of the client: RuntimeError('injected')"
    assert done.stderr.splitlines() == [sentence] * 20
    assert ledger.all_stored_once()


def test_who_was_told_by_close_is_not_held_up_at_the_end(ledger: Ledger, proxy: Proxy) -> None:
    proxy.always(answer(404, b"?"))
    program = """
    with Client(flush_interval=3600) as client:
        client.ingest("guardrailMetrics", rows(0, 10))
    """
    done = run(ledger, program, proxy.url)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("meterd.client.errors.StatusError: ? (status 404)")
    assert len(proxy.seen) == 1


def test_a_forked_process_delivers_only_what_it_took(ledger: Ledger) -> None:
    program = """
    client = Client(flush_interval=3600)
    client.query("guardrailMetrics", "2026-01-31", "2026-02-01")
    client.ingest("guardrailMetrics", rows(0, 5))
    child = os.fork()
    if child == 0:
        client.ingest("guardrailMetrics", rows(5, 10))
        client.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    client.close()
    """
    assert run(ledger, program).returncode == 0
    assert ledger.all_stored_once()


def test_a_forked_process_that_only_ends_delivers_nothing_of_its_parent(ledger: Ledger, proxy: Proxy) -> None:
    program = """
    client = Client(flush_interval=3600)
    client.ingest("guardrailMetrics", rows(0, 10))
    if child := os.fork():
        os.waitpid(child, 0)
    """
    run(ledger, program, proxy.url)
    assert len(proxy.seen) == 1
    assert ledger.all_stored_once()


def test_nothing_of_the_server_is_imported(shared: Meterd) -> None:
    program = """
    import sys
    from meterd.client import Client
    with Client() as client:
        client.ingest("guardrailMetrics", ())
        client.query("guardrailMetrics", "2026-01-31", "2026-02-01")
    own = ("meterd.client", "meterd.version")
    ours = {name for name in sys.modules if name.startswith("meterd.") and not name.startswith(own)}
    heavy = {"duckdb", "litestar", "numpy", "pandas", "polars", "prometheus_client", "sqlalchemy", "structlog"}
    print(sorted(ours | heavy & set(sys.modules)))
    """
    done = run(Ledger(shared), program)
    assert (done.stdout, done.stderr) == ("[]\n", "")
