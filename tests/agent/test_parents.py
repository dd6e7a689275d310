"""Applications that end, one way or another, and what becomes of their agent and their sessions."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meterd.agent.processes import Process, find
from tests.agent.process import Application, Daemon, Returning, document, names, until
from tests.process import Meterd

REPORTED = ["parent_process_crashed", "session_crashed_detected"]


def crashed(meterd: Meterd, id_: str) -> dict[str, Any]:
    until(lambda: document(meterd, id_)["crashed"], "the session has crashed")
    return document(meterd, id_)


def test_a_killed_application_has_crashed_and_its_agent_ends(shared: Meterd, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    application = Application(tmp_path, shared.url, shared.token, "call('/event', session_id=id_, name='last')")
    application.kill()
    found = crashed(shared, application.session)
    assert ["last", *REPORTED] == names(found)
    noticed, server = found["events"][1:]
    assert {"parent_pid": application.process.pid} == noticed["data"]
    assert "critical" == noticed["category"]
    assert before <= datetime.fromisoformat(noticed["timestamp"]) <= datetime.now(UTC)
    assert {"reason": "parent_process_terminated"} == server["data"]
    until(lambda: find(application.agent) is None, "the agent has ended")
    assert [] == list((tmp_path / "queue").glob("*.spool"))


def test_a_session_without_a_process_goes_with_the_agents_parent(shared: Meterd, tmp_path: Path) -> None:
    script = "id_ = call('/register', product='game', version='1.0')['session_id']"
    application = Application(tmp_path, shared.url, shared.token, script)
    application.kill()
    found = crashed(shared, application.session)
    assert ["daemon_parent_exited", "session_crashed_detected"] == names(found)
    noticed, server = found["events"]
    assert ("critical", {"daemon_parent_pid": application.process.pid}) == (noticed["category"], noticed["data"])
    assert {"reason": "daemon_parent_process_exited"} == server["data"]


def test_an_application_that_exits_without_an_end_loses_nothing_and_has_crashed(shared: Meterd, tmp_path: Path) -> None:
    script = (
        "call('/event', session_id=id_, name='last')\n"
        "call('/metric', session_id=id_, name='n', type='counter', delta=3)"
    )
    application = Application(tmp_path, shared.url, shared.token, script, batch_interval_seconds=3600)
    assert 0 == application.exit()
    found = crashed(shared, application.session)
    assert ["last", *REPORTED] == names(found)
    assert [3.0] == [point["value"] for point in found["metrics"]]


def test_an_application_that_ends_its_session_has_not_crashed(shared: Meterd, tmp_path: Path) -> None:
    application = Application(tmp_path, shared.url, shared.token, "call('/end', session_id=id_)")
    assert 0 == application.exit()
    found = document(shared, application.session)
    assert (False, False, []) == (found["active"], found["crashed"], names(found))
    assert found["ended_at"]


def test_an_application_killed_in_an_outage_is_reported_after_it(returning: Returning, tmp_path: Path) -> None:
    returning.stop()
    try:
        script = "call('/event', session_id=id_, name='last')"
        application = Application(tmp_path, returning.url, returning.token, script, linger_seconds=0)
        application.kill()
        until(lambda: find(application.agent) is None, "the agent has ended")
    finally:
        returning.start()
    with Daemon(tmp_path, returning.url, returning.token) as agent:
        agent.drained()
        id_ = agent.document(application.session)["id"]
        assert ["last", *REPORTED] == names(document(returning, id_))


def test_an_agent_that_was_killed_too_leaves_the_report_to_the_next(shared: Meterd, tmp_path: Path) -> None:
    application = Application(tmp_path, shared.url, shared.token)
    os.kill(application.agent, 9)
    application.kill()
    assert not document(shared, application.session)["crashed"]
    with Daemon(tmp_path, shared.url, shared.token):
        assert REPORTED == names(crashed(shared, application.session))


def test_a_zombie_is_gone(shared: Meterd, daemon: Daemon) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    id_ = daemon.register(parent_pid=child.pid)
    child.kill()
    try:
        assert crashed(shared, id_)["crashed"]
    finally:
        child.communicate()


def test_a_number_that_is_used_again_is_another_process() -> None:
    own = find(os.getpid())
    assert own
    assert own.is_alive
    assert not Process(own.pid, f"{own.started}1").is_alive


def test_a_session_without_a_process_is_not_watched(shared: Meterd, daemon: Daemon) -> None:
    id_ = daemon.register(parent_pid=0)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watched = daemon.register(parent_pid=other.pid)
    other.communicate(b"\n")
    crashed(shared, watched)
    assert document(shared, id_)["active"]


def test_the_agent_imports_little() -> None:
    program = "import json, sys, meterd.agent.main; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert set() == {"duckdb", "httpx2", "litestar", "sqlalchemy", "structlog", "typer"} & set(json.loads(done.stdout))
