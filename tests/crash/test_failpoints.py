"""Death at each named point where it could hurt most."""

import signal
from pathlib import Path

import pytest

from meterd.failpoints import NAMES
from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import Meterd


def dying(data: Path, name: str, visit: int, **settings: str) -> Meterd:
    return Meterd(data, environment=BUSY | settings | {"METERD_FAIL_POINT": f"{name}:{visit}"})


def load_until_it_dies(server: Meterd, ledger: Ledger) -> None:
    with server, Load(server, ledger):
        assert server.process.wait(timeout=60) == -signal.SIGKILL


@pytest.mark.parametrize("visit", [1, 7])
@pytest.mark.parametrize("name", NAMES)
def test_what_was_acknowledged_survives_death_at(name: str, visit: int, tmp_path: Path) -> None:
    ledger = Ledger()
    load_until_it_dies(dying(tmp_path, name, visit), ledger)
    with Meterd(tmp_path, environment=BUSY) as server:
        ledger.repeat_unanswered(server)
        check(server, ledger)
        with Load(server, ledger):
            ledger.wait_for_acknowledged(200)
        check(server, ledger)


@pytest.mark.parametrize("name", [name for name in NAMES if "journal" not in name])
def test_a_death_while_recovering_from_a_death_loses_nothing(name: str, tmp_path: Path) -> None:
    ledger = Ledger()
    load_until_it_dies(dying(tmp_path, "before-store-commit", 2), ledger)
    replaying = dying(tmp_path, name, 1, METERD_STORE__LOAD_INTERVAL="30")  # begins when somebody asks
    try:
        load_until_it_dies(replaying, ledger)
    except AssertionError:  # it may die before it is ready, when what reads sessions at the start asks first
        if replaying.process.returncode != -signal.SIGKILL:
            raise
    with Meterd(tmp_path) as server:
        ledger.repeat_unanswered(server)
        check(server, ledger)
