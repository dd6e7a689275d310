"""Heartbeats: what the application's silence means, and what the server is told."""

import functools
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.agent.process import Daemon, document, names, until
from tests.process import Meterd

HUNG, RECOVERED = "application_appears_hung", "application_recovered"


@pytest.fixture(scope="module")
def impatient(shared: Meterd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("impatient")
    with Daemon(directory, shared.url, shared.token, heartbeat_timeout_seconds=0.2) as running:
        yield running


def test_a_silent_application_hangs_and_recovers(shared: Meterd, impatient: Daemon) -> None:
    before = datetime.now(UTC)
    id_ = impatient.register()
    impatient.post("/heartbeat", id_)
    until(lambda: document(shared, id_)["hung"], "the session is hung")
    impatient.post("/heartbeat", id_)
    # It may hang again before anybody looks: what was told stays.
    until(lambda: names(document(shared, id_))[:2] == [HUNG, RECOVERED], "the session has recovered")
    hung, recovered = document(shared, id_)["events"][:2]
    assert (HUNG, RECOVERED) == (hung["name"], recovered["name"])
    assert ("error", "datacat.daemon") == (hung["category"], hung["group"])
    stamps = (hung["data"]["last_heartbeat"], hung["timestamp"], recovered["timestamp"])
    times = [before, *(datetime.fromisoformat(stamp) for stamp in stamps), datetime.now(UTC)]
    assert sorted(times) == times
    assert hung["data"]["seconds_since_heartbeat"] >= 0.2


def test_only_an_application_that_beats_can_hang(shared: Meterd, impatient: Daemon) -> None:
    silent, paused, beating = impatient.register(), impatient.register(), impatient.register()
    impatient.post("/heartbeat", paused)
    impatient.post("/pause_heartbeat", paused)
    impatient.post("/heartbeat", beating)
    until(lambda: document(shared, beating)["hung"], "the beating session is hung")
    impatient.drained()
    assert HUNG not in names(document(shared, silent))
    assert HUNG not in names(document(shared, paused))
    impatient.post("/resume_heartbeat", paused)
    until(lambda: document(shared, paused)["hung"], "the resumed session is hung")


def test_a_hang_is_reported_once(shared: Meterd, impatient: Daemon) -> None:
    id_ = impatient.register()
    impatient.post("/heartbeat", id_)
    until(lambda: document(shared, id_)["hung"], "the session is hung")
    other = impatient.register()
    impatient.post("/heartbeat", other)
    until(lambda: document(shared, other)["hung"], "a session that began later is hung")
    assert [HUNG] == names(document(shared, id_))


def has_beaten(meterd: Meterd, id_: str, since: str) -> bool:
    return str(document(meterd, id_).get("last_heartbeat", "")) > since


class Talkative(Daemon):
    """Speaks for silent applications every 0.3 seconds instead of every 15."""

    command = (sys.executable, "-c", "from meterd.agent import main, watch; watch._LIVENESS = 0.3; main.main()")


def test_the_agent_speaks_again_and_again_for_those_that_are_silent_or_pause(shared: Meterd, tmp_path: Path) -> None:
    with Talkative(tmp_path, shared.url, shared.token, heartbeat_timeout_seconds=3600) as daemon:
        silent, paused, beating = daemon.register(), daemon.register(), daemon.register()
        for id_ in (paused, beating):
            daemon.post("/heartbeat", id_)
        daemon.post("/pause_heartbeat", paused)
        until(lambda: "last_heartbeat" in document(shared, beating), "the server has heard the application")
        own = document(shared, beating)["last_heartbeat"]
        for id_ in (silent, paused):
            for _ in range(3):
                last = document(shared, id_).get("last_heartbeat", "")
                until(functools.partial(has_beaten, shared, id_, last), "the agent speaks")
        assert own == document(shared, beating)["last_heartbeat"]


def test_the_server_hears_the_application_and_not_the_agent(shared: Meterd, impatient: Daemon) -> None:
    id_ = impatient.register()
    impatient.post("/heartbeat", id_)
    until(lambda: document(shared, id_)["hung"], "the session is hung")
    last = document(shared, id_)["last_heartbeat"]
    other = impatient.register()
    until(lambda: "last_heartbeat" in document(shared, other), "the agent speaks for one that never beat")
    assert last == document(shared, id_)["last_heartbeat"]
    impatient.post("/heartbeat", id_)
    until(lambda: document(shared, id_)["last_heartbeat"] > last, "the server has heard the application")
