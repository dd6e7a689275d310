"""Programs that end, fork or forget their clients. Each is a process of its own."""

import os
import subprocess
import sys
import textwrap

import pytest

from tests.client.conftest import Ledger
from tests.client.proxy import Proxy, answer
from tests.process import Meterd

PREFACE = """
import asyncio, os, sys
from meterd.client import AsyncClient, Client

def rows(first, last):
    return [{{"guardrailName": f"{label}-{{number}}", "latencyMs": 1}} for number in range(first, last)]
"""


def run(ledger: Ledger, program: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that makes ten rows of the ledger."""
    ledger.rows(10)
    text = PREFACE.format(label=ledger.label) + textwrap.dedent(program)
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
    ours = {name for name in sys.modules if name.startswith("meterd.") and not name.startswith("meterd.client")}
    heavy = {"duckdb", "litestar", "numpy", "pandas", "polars", "prometheus_client", "sqlalchemy", "structlog"}
    print(sorted(ours | heavy & set(sys.modules)))
    """
    done = run(Ledger(shared), program)
    assert (done.stdout, done.stderr) == ("[]\n", "")
