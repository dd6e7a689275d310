"""Files of the data directory that are damaged or gone after a crash."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import OF_DUCKDB, Meterd

pytestmark = OF_DUCKDB


def delete(log: Path) -> None:
    log.unlink()


def empty(log: Path) -> None:
    os.truncate(log, 0)


def truncate(log: Path) -> None:
    os.truncate(log, log.stat().st_size * 2 // 3)


def cut_off_the_last_byte(log: Path) -> None:
    os.truncate(log, log.stat().st_size - 1)


def overwrite_the_middle(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(log.stat().st_size // 2)
        file.write(os.urandom(4096))


def overwrite_the_beginning(log: Path) -> None:
    with log.open("r+b") as file:
        file.write(os.urandom(512))


def crash_with_a_loaded_store(server: Meterd, ledger: Ledger) -> Path:
    """Kill a server whose store has everything, the newest of it only in its log; returns the log."""
    with server:
        with Load(server, ledger):
            ledger.wait_for_acknowledged(1000)
        check(server, ledger)  # a query waits for the store
        server.kill()
    return server.data / "store.duckdb.wal"


def check_and_go_on(server: Meterd, *ledgers: Ledger) -> None:
    """All is there, and new facts come to it."""
    after = Ledger("after")
    with server:
        check(server, *ledgers)
        with Load(server, after):
            after.wait_for_acknowledged(200)
        check(server, *ledgers, after)


class Crashed(NamedTuple):
    """A data directory after a crash, with facts from before and behind the store's last checkpoint."""

    data: Path
    checkpointed: Ledger
    logged: Ledger

    def copy(self, data: Path) -> Meterd:
        shutil.copytree(self.data, data)
        return Meterd(data)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    data = tmp_path_factory.mktemp("crashed")
    checkpointed, logged = Ledger("checkpointed"), Ledger("logged")
    server = Meterd(data)
    with server, Load(server, checkpointed):
        checkpointed.wait_for_acknowledged(500)
    log = crash_with_a_loaded_store(server, logged)
    assert log.stat().st_size > 10_000
    return Crashed(data, checkpointed, logged)


@pytest.mark.parametrize(
    "damage",
    [delete, empty, truncate, cut_off_the_last_byte, overwrite_the_middle, overwrite_the_beginning],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_log_of_the_store_is_healed_from_the_journal(
    damage: Callable[[Path], None], crashed: Crashed, tmp_path: Path
) -> None:
    server = crashed.copy(tmp_path / "data")
    damage(server.data / "store.duckdb.wal")
    check_and_go_on(server, crashed.checkpointed, crashed.logged)


def test_a_lost_store_is_rebuilt_from_a_journal_that_still_has_all(tmp_path: Path) -> None:
    server, ledger = Meterd(tmp_path), Ledger()
    log = crash_with_a_loaded_store(server, ledger)
    log.unlink()
    (tmp_path / "store.duckdb").unlink()
    check_and_go_on(server, ledger)


def test_a_lost_journal_costs_nothing_that_the_store_had_and_new_facts_are_stored(tmp_path: Path) -> None:
    server, ledger = Meterd(tmp_path, environment=BUSY), Ledger()
    crash_with_a_loaded_store(server, ledger)
    for file in tmp_path.glob("journal.sqlite*"):
        file.unlink()
    check_and_go_on(Meterd(tmp_path, "--accept-loss", "journal", environment=BUSY), ledger)
