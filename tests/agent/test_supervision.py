"""Exceptions that nobody expects, in each of the agent's tasks: it goes on, says so, and ends when it is asked to."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.process import Daemon, Refusal, document, names, until
from tests.process import Meterd


class Broken(Daemon):
    """An agent of which one function raises something unexpected while there is a file `broken` beside its queue."""

    owner = ""
    function = ""

    def __init__(self, directory: Path, url: str, token: str, **keys: Any) -> None:
        super().__init__(directory, url, token, **keys)
        self.switch = directory / "broken"
        program = f"""
import pathlib
from meterd.agent import {self.owner.partition(".")[0]}, main
owner = {self.owner}
original = owner.{self.function}
def broken(*arguments, **options):
    if pathlib.Path({str(self.switch)!r}).exists():
        raise RuntimeError("injected")
    return original(*arguments, **options)
owner.{self.function} = broken
main.main()
"""
        self.command = (sys.executable, "-c", program)

    def break_down(self) -> None:
        self.switch.touch()

    def heal(self) -> None:
        self.switch.unlink()

    def log(self) -> str:
        (path,) = self.queue.glob("*.log")
        return path.read_text()


class BrokenServer(Broken):
    """An agent whose HTTP server ends with an exception when it is broken."""

    def __init__(self, directory: Path, url: str, token: str) -> None:
        super(Broken, self).__init__(directory, url, token)
        self.switch = directory / "broken"
        program = f"""
import asyncio, pathlib
from meterd.agent import main
original = main._Server.serve
async def serve(server, sockets):
    answering = asyncio.create_task(original(server, sockets))
    while not pathlib.Path({str(self.switch)!r}).exists():
        await asyncio.sleep(0.05)
    raise RuntimeError("injected")
main._Server.serve = serve
main.main()
"""
        self.command = (sys.executable, "-c", program)


class BrokenWatch(Broken):
    owner, function = "watch.Watch", "_check"


class BrokenDelivery(Broken):
    owner, function = "delivery.Delivery", "_deliver"


class BrokenTransport(Broken):
    owner, function = "uplink.Uplink", "_connect"


class BrokenSpool(Broken):
    owner, function = "spool.Spool", "_commit"


@pytest.fixture
def agent(request: pytest.FixtureRequest, shared: Meterd, tmp_path: Path) -> Iterator[Broken]:
    with request.param(tmp_path, shared.url, shared.token) as running:
        yield running


def with_broken(part: type[Broken]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("agent", [part], indirect=True)


@with_broken(BrokenWatch)
def test_a_watch_that_fails_is_shown_and_watches_again(shared: Meterd, agent: Broken) -> None:
    id_ = agent.register()
    agent.break_down()
    until(lambda: agent.health()["failing"] == ["watch"], "the watch fails")
    assert "degraded" == agent.health()["status"]
    agent.post("/event", id_, name="e")
    agent.drained()
    agent.heal()
    until(lambda: agent.health()["status"] == "ok", "the watch works again")
    assert ["e"] == names(document(shared, id_))
    assert 1 == agent.log().count("watch failed; the agent goes on and tries again")
    assert 0 == agent.stop()


@pytest.mark.parametrize("agent", [BrokenDelivery, BrokenTransport], indirect=True)
def test_a_delivery_that_fails_is_shown_and_delivers_later(shared: Meterd, agent: Broken) -> None:
    agent.break_down()
    id_ = agent.register()
    agent.post("/event", id_, name="e")
    until(lambda: agent.health()["failing"] == ["delivery"], "the delivery fails")
    assert not agent.health()["server_reachable"]
    agent.heal()
    agent.drained()
    assert ["e"] == names(document(shared, agent.document(id_)["id"]))
    until(lambda: agent.health()["failing"] == [], "the delivery works again")
    assert "RuntimeError: injected" in agent.log()


@pytest.mark.parametrize("agent", [BrokenWatch, BrokenDelivery, BrokenTransport], indirect=True)
def test_an_agent_whose_parts_fail_ends_when_it_is_asked_to(agent: Broken) -> None:
    agent.break_down()
    id_ = agent.register()
    agent.post("/metric", id_, name="hits", type="counter", delta=1)
    until(lambda: agent.health()["failing"], "a part fails")
    assert 0 == agent.stop()


@with_broken(BrokenSpool)
def test_a_queue_that_fails_refuses_and_takes_again(shared: Meterd, agent: Broken) -> None:
    id_ = agent.register()
    agent.break_down()
    for _ in range(3):
        with pytest.raises(Refusal, match="503 Telemetry can't be kept: injected"):
            agent.post("/event", id_, name="refused")
    agent.heal()
    agent.post("/event", id_, name="kept")
    agent.drained()
    assert ["kept"] == names(document(shared, id_))
    agent.post("/metric", id_, name="hits", type="counter", delta=1)
    agent.break_down()
    assert 0 == agent.stop()


@with_broken(BrokenServer)
def test_an_agent_that_can_not_answer_any_more_ends_with_a_sentence(shared: Meterd, agent: Broken) -> None:
    id_ = agent.register()
    agent.post("/event", id_, name="e")
    agent.drained()
    agent.break_down()
    assert 0 == agent.close()
    assert "the agent stops: it can't answer applications any more" in agent.log()
    assert ["e"] == names(document(shared, id_))
