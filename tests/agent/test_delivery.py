"""Answers that are lost, refusals that pass, and what goes over the wire."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.agent.process import Daemon, document, names, until
from tests.client.proxy import Proxy, answer, lose_answer, lose_answer_with, lose_request
from tests.process import Meterd


@pytest.fixture
def proxy(shared: Meterd) -> Iterator[Proxy]:
    with Proxy(shared.url) as running:
        yield running


@pytest.fixture
def agent(shared: Meterd, proxy: Proxy, tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, proxy.url, shared.token) as running:
        yield running


def sessions(meterd: Meterd, product: str) -> list[str]:
    found = meterd.client.get("/api/data/sessions").json()
    return [each["id"] for each in found if each["state"]["product"] == product]


def test_a_lost_answer_makes_nothing_come_twice(shared: Meterd, proxy: Proxy, agent: Daemon) -> None:
    proxy.script(lose_answer)
    id_ = agent.register("twice")
    agent.drained()
    proxy.script(lose_request, lose_answer)
    for name in ("a", "b", "c"):
        agent.post("/event", id_, name=name)
    agent.drained()
    proxy.script(lose_answer_with(502))
    agent.post("/state", id_, state={"level": 1})
    agent.drained()
    (server_id,) = sessions(shared, "twice")
    found = document(shared, server_id)
    assert ["a", "b", "c"] == names(found)
    assert 1 == len(found["state_history"])


def test_every_write_has_a_key_that_its_repetitions_share(proxy: Proxy, agent: Daemon) -> None:
    id_ = agent.register()
    agent.drained()
    del proxy.seen[:]
    proxy.script(answer(503, Retry_After="0"), lose_request)
    agent.post("/event", id_, name="a")
    agent.post("/event", id_, name="b")
    agent.drained()
    writes = [seen.headers["idempotency-key"] for seen in proxy.seen if not seen.path.endswith("/heartbeat")]
    assert 4 == len(writes)
    assert 1 == len(set(writes[:3]))
    assert writes[3] not in writes[:3]


def test_a_state_that_returns_is_sent_again(proxy: Proxy, agent: Daemon) -> None:
    id_ = agent.register()
    for level in (1, 2, 1):
        agent.post("/state", id_, state={"level": level})
    agent.drained()
    sent = [json.loads(seen.body)["state"]["level"] for seen in proxy.seen if seen.path.endswith("/state")]
    assert [1, 2, 1] == sent


def test_a_delivery_after_an_outage_says_when_it_happened(shared: Meterd, proxy: Proxy, agent: Daemon) -> None:
    before = datetime.now(UTC)
    ended, beating = agent.register(), agent.register()
    agent.post("/heartbeat", beating)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    agent.register(parent_pid=child.pid)
    agent.drained()
    proxy.always(answer(503, Retry_After="0"))
    agent.post("/end", ended)
    child.communicate(b"\n")
    until(lambda: 3 == agent.health()["queued"], "an end, an event and a crash wait")
    over = datetime.now(UTC)
    proxy.always(None)
    agent.drained()
    for operation in ("heartbeat", "end", "crash"):
        bodies = [json.loads(seen.body) for seen in proxy.seen if seen.path.endswith(f"/{operation}")]
        moments = [datetime.fromisoformat(body["timestamp"]) for body in bodies]
        assert moments
        assert all(before <= moment <= over for moment in moments)


def test_long_bodies_are_compressed(shared: Meterd, proxy: Proxy, agent: Daemon) -> None:
    id_ = agent.register()
    agent.post("/event", id_, name="long", message="x" * 5000)
    agent.drained()
    seen = next(seen for seen in proxy.seen if seen.path.endswith("/events"))
    assert "gzip" == seen.headers["content-encoding"]
    assert "x" * 5000 == json.loads(gzip.decompress(seen.body))["message"]
    assert "x" * 5000 == document(shared, agent.document(id_)["id"])["events"][0]["message"]


def test_every_request_has_the_token(shared: Meterd, proxy: Proxy, agent: Daemon) -> None:
    id_ = agent.register()
    agent.post("/heartbeat", id_)
    agent.post("/end", id_)
    agent.drained()
    assert {f"Bearer {shared.token}"} == {seen.headers["authorization"] for seen in proxy.seen}
    assert proxy.seen[-1].path.endswith("/end")


def test_nothing_goes_over_the_pipes_that_nobody_reads(agent: Daemon) -> None:
    for descriptor in (0, 1, 2):
        assert Path("/dev/null") == Path(f"/proc/{agent.process.pid}/fd/{descriptor}").readlink()
