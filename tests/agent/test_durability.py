"""Outages, kills and stops: nothing that was answered is lost or comes twice, and order is kept."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.agent.process import Daemon, Refusal, Returning, document, names, until


@pytest.fixture
def agent(returning: Returning, tmp_path: Path) -> Daemon:
    return Daemon(tmp_path, returning.url, returning.token)


def arrived(daemon: Daemon, returning: Returning, id_: str) -> dict[str, Any]:
    """The document at the server, by the id that the agent knows."""
    daemon.drained()
    return document(returning, daemon.document(id_)["id"])


def send(daemon: Daemon, id_: str, count: int, first: int = 0) -> list[str]:
    sent = [f"event-{number}" for number in range(first, first + count)]
    for name in sent:
        daemon.post("/event", id_, name=name)
    return sent


def test_a_session_begun_in_an_outage_keeps_one_identity(returning: Returning, agent: Daemon) -> None:
    returning.stop()
    with agent:
        id_ = agent.register()
        assert id_.startswith("local-session-")
        sent = send(agent, id_, 5)
        agent.post("/state", id_, state={"level": 1})
        stub = agent.document(id_)
        assert (id_, True, [], {"product": "game", "version": "1.0", "level": 1}) == (
            stub["id"],
            stub["active"],
            stub["events"],
            stub["state"],
        )
        returning.start()
        found = arrived(agent, returning, id_)
        assert sent == names(found)
        sent += send(agent, id_, 5, first=5)
        sent += send(agent, found["id"], 5, first=10)
        agent.drained()
        assert sent == names(agent.document(id_))
        assert sent == names(agent.document(found["id"]))
        assert 1 == len(agent.document(id_)["state_history"])


def test_an_outage_between_loses_and_repeats_nothing(returning: Returning, agent: Daemon) -> None:
    with agent:
        id_ = agent.register()
        sent = send(agent, id_, 5)
        returning.stop()
        sent += send(agent, id_, 5, first=5)
        agent.post("/metric", id_, name="n", type="counter", delta=2, tags=[])
        agent.post("/end", id_)
        assert 0 < agent.health()["queued"]
        returning.start()
        found = arrived(agent, returning, id_)
        assert sent == names(found)
        assert [("n", 2.0)] == [(point["name"], point["value"]) for point in found["metrics"]]
        assert found["ended_at"]


def test_a_killed_agent_has_lost_nothing(returning: Returning, agent: Daemon) -> None:
    returning.stop()
    with agent:
        id_ = agent.register()
        sent = send(agent, id_, 20)
        agent.post("/metric", id_, name="n", type="counter", delta=2, tags=[])
        agent.kill()
        agent.start()
        sent += send(agent, id_, 5, first=20)
        returning.start()
        found = arrived(agent, returning, id_)
        assert sent == names(found)
        until(lambda: agent.document(id_)["metrics"], "the counter has arrived")


def killed_at_work(agent: Daemon, id_: str, kill: Any, start: Any) -> tuple[list[str], str]:
    """What was answered while something is killed and started again, and the one call that was not."""
    sent: list[str] = []
    unanswered = ""
    half = threading.Event()

    def work() -> None:
        nonlocal unanswered
        for number in range(300):
            name = f"event-{number}"
            try:
                agent.post("/event", id_, name=name)
            except (OSError, Refusal):
                unanswered = name
                return
            sent.append(name)
            if number == 100:
                half.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert half.wait(120)
    kill()
    thread.join()
    start()
    return sent, unanswered


def test_an_agent_killed_at_work_has_everything_that_it_answered_once(returning: Returning, agent: Daemon) -> None:
    with agent:
        id_ = agent.register()
        sent, unanswered = killed_at_work(agent, id_, agent.kill, agent.start)
        assert names(arrived(agent, returning, id_)) in (sent, [*sent, unanswered])


def test_a_server_killed_at_work_gets_everything_once(returning: Returning, agent: Daemon) -> None:
    with agent:
        id_ = agent.register()
        sent, unanswered = killed_at_work(agent, id_, returning.kill, returning.start)
        assert "" == unanswered
        assert sent == names(arrived(agent, returning, id_))


def test_a_stopped_agent_keeps_even_what_is_aggregated(returning: Returning, tmp_path: Path) -> None:
    returning.stop()
    try:
        with Daemon(tmp_path, returning.url, returning.token, batch_interval_seconds=3600) as agent:
            id_ = agent.register()
            sent = send(agent, id_, 3)
            agent.post("/metric", id_, name="n", type="counter", delta=2, tags=[])
            assert 0 == agent.stop()
    finally:
        returning.start()
    with agent:
        found = arrived(agent, returning, id_)
        assert sent == names(found)
        assert [2.0] == [point["value"] for point in found["metrics"]]


def test_the_next_agent_takes_over_what_another_left(returning: Returning, tmp_path: Path) -> None:
    returning.stop()
    try:
        with Daemon(tmp_path, returning.url, returning.token) as first:
            id_ = first.register()
            sent = send(first, id_, 3)
            first.kill()
    finally:
        returning.start()
    with Daemon(tmp_path, returning.url, returning.token) as second:
        assert sent == names(arrived(second, returning, id_))


def test_agents_that_run_together_have_queues_of_their_own(returning: Returning, tmp_path: Path) -> None:
    with (
        Daemon(tmp_path, returning.url, returning.token) as first,
        Daemon(tmp_path, returning.url, returning.token) as second,
    ):
        assert 2 == len(list(first.queue.glob("*.spool")))
        one, other = first.register(), second.register()
        assert send(first, one, 3) == names(arrived(first, returning, one))
        assert send(second, other, 2) == names(arrived(second, returning, other))


def test_a_token_that_is_refused_keeps_the_queue(returning: Returning, tmp_path: Path) -> None:
    with Daemon(tmp_path, returning.url, "nonsense") as agent:
        id_ = agent.register()
        sent = send(agent, id_, 3)
        assert not agent.health()["server_reachable"]
        agent.stop()
    with Daemon(tmp_path, returning.url, returning.token) as agent:
        assert sent == names(arrived(agent, returning, id_))


def test_a_full_queue_refuses_and_says_so(returning: Returning, tmp_path: Path) -> None:
    returning.stop()
    try:
        with Daemon(tmp_path, returning.url, returning.token, max_queue_bytes=400) as agent:
            id_ = agent.register()
            with pytest.raises(Refusal, match="503 The queue is full"):
                send(agent, id_, 10)
    finally:
        returning.start()


def test_what_the_server_refuses_is_set_aside_and_stops_nothing(returning: Returning, agent: Daemon) -> None:
    with agent:
        id_ = agent.register()
        (spool,) = agent.queue.glob("*.spool")
        agent.post("/event", id_, name="big", message="x" * 2_000_000)
        sent = send(agent, id_, 2)
        assert sent == names(arrived(agent, returning, id_))
        assert 1 == agent.health()["refused"]
    with closing(sqlite3.connect(spool)) as database, database:
        assert [("events", 413)] == list(database.execute("select operation, status from refused"))
    database.close()


def test_a_damaged_queue_is_put_aside(returning: Returning, agent: Daemon) -> None:
    with agent:
        (spool,) = agent.queue.glob("*.spool")
        agent.kill()
        for path in agent.queue.glob("*.spool*"):
            path.write_bytes(b"no database" * 1000)
        agent.start()
        id_ = agent.register()
        assert send(agent, id_, 1) == names(arrived(agent, returning, id_))
        assert spool.with_suffix(".broken").exists()
