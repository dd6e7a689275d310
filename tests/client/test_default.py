"""The default session: programs that log without carrying anything around. Each is a process of its own."""

import os
import subprocess
import sys
import textwrap
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

import meterd.client
from meterd.client import Session
from tests.client.sessions.conftest import names
from tests.process import Meterd

FUNCTIONS = [name for name in meterd.client.__all__ if name.islower() and name != "session"]


def run(shared: Meterd, program: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program without a token, from the command line or from a file."""
    environment = os.environ | {"METERD_URL": shared.url}
    environment.pop("METERD_TOKEN", None)
    text = textwrap.dedent(program)
    if path:
        path.write_text(text)
    command = [sys.executable, str(path)] if path else [sys.executable, "-c", text]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def sessions(shared: Meterd, product: str) -> list[dict[str, Any]]:
    found = shared.client.get("/api/data/sessions", params={"product": product})
    documents: list[dict[str, Any]] = found.json()
    return documents


def test_a_program_logs_with_functions_alone(shared: Meterd) -> None:
    done = run(
        shared,
        """
        from meterd.client import log_counter, log_event, log_gauge, log_metric, session, timer, update_state
        session("default till", "1.4.0", machine_id="m")
        update_state({"open": True})
        log_event("paid", data={"sum": 12.5})
        log_metric("latency", 100)
        log_gauge("queue", 3, tags=["lane:2"])
        log_counter("receipts")
        with timer("print"):
            pass
        """,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (shown,) = sessions(shared, "default till")
    assert ("1.4.0", True, False, False) == (
        shown["state"]["version"],
        shown["state"]["open"],
        shown["active"],
        shown["crashed"],
    )
    assert (["paid"], ["latency", "queue", "print", "receipts"]) == (names(shown["events"]), names(shown["metrics"]))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_is_a_method_of_sessions(function: str) -> None:
    given = signature(getattr(meterd.client, function))
    _itself, *others = signature(getattr(Session, function)).parameters.values()
    assert list(given.parameters.values()) == others


def test_without_a_session_one_of_the_program_s_name_begins(shared: Meterd, tmp_path: Path) -> None:
    path = tmp_path / "nightly_import.py"
    done = run(shared, 'import meterd.client\nmeterd.client.log_metric("latency", 100)\n1 / 0\n', path)
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    (shown,) = sessions(shared, "nightly_import")
    assert ("unknown", True) == (shown["state"]["version"], shown["crashed"])
    assert ["latency"] == names(shown["metrics"])


def test_another_session_takes_the_place_of_the_one_before(shared: Meterd) -> None:
    run(
        shared,
        """
        from meterd.client import Client, log_event, session
        session("default first", "1")
        log_event("first")
        with Client() as client:
            session("default second", "1", client=client)
            log_event("second")
        """,
    )
    for product, event in (("default first", "first"), ("default second", "second")):
        (shown,) = sessions(shared, product)
        assert ([event], False) == (names(shown["events"]), shown["active"])


def test_a_server_that_wants_a_token_says_so(shared: Meterd) -> None:
    done = run(
        shared,
        """
        from meterd.client import Client, StatusError
        try:
            Client().query("sessionEvents", "2026-01-01", "2026-01-02")
        except StatusError as error:
            print(error)
        """,
    )
    assert done.stdout.endswith("; none was sent: pass token or set METERD_TOKEN (status 401)\n")
