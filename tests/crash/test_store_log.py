"""Files of the data directory that are damaged or gone after a crash."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.load import BUSY, Ledger, Load, Server, check


def delete(log: Path) -> None:
    log.unlink()


def truncate(log: Path) -> None:
    os.truncate(log, log.stat().st_size * 2 // 3)


def overwrite_the_middle(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(log.stat().st_size // 2)
        file.write(os.urandom(4096))


def overwrite_the_beginning(log: Path) -> None:
    with log.open("r+b") as file:
        file.write(os.urandom(512))


def crash_with_a_loaded_store(server: Server, ledger: Ledger) -> Path:
    """Kill a server whose store has everything, the newest of it only in its log; returns the log."""
    with server:
        with Load(server, ledger):
            ledger.wait_for_acknowledged(1000)
        check(server, ledger)  # a query waits for the store
        server.kill()
    log = server.data / "store.duckdb.wal"
    assert log.stat().st_size > 10_000
    return log


def check_and_go_on(server: Server, *ledgers: Ledger) -> None:
    """All is there, and new facts come to it."""
    after = Ledger("after")
    with server:
        check(server, *ledgers)
        with Load(server, after):
            after.wait_for_acknowledged(200)
        check(server, *ledgers, after)


@pytest.mark.parametrize(
    "damage",
    [delete, truncate, overwrite_the_middle, overwrite_the_beginning],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_log_of_the_store_is_healed_from_the_journal(damage: Callable[[Path], None], tmp_path: Path) -> None:
    checkpointed, ledger = Ledger("checkpointed"), Ledger("logged")
    with Server(tmp_path, environment=BUSY) as server, Load(server, checkpointed):
        checkpointed.wait_for_acknowledged(300)
    server = Server(tmp_path)
    damage(crash_with_a_loaded_store(server, ledger))
    check_and_go_on(server, checkpointed, ledger)


def test_a_lost_store_is_rebuilt_from_a_journal_that_still_has_all(tmp_path: Path) -> None:
    server, ledger = Server(tmp_path), Ledger()
    log = crash_with_a_loaded_store(server, ledger)
    log.unlink()
    (tmp_path / "store.duckdb").unlink()
    check_and_go_on(server, ledger)


def test_a_lost_journal_costs_nothing_that_the_store_had_and_new_facts_are_stored(tmp_path: Path) -> None:
    server, ledger = Server(tmp_path, environment=BUSY), Ledger()
    crash_with_a_loaded_store(server, ledger)
    for file in tmp_path.glob("journal.sqlite*"):
        file.unlink()
    check_and_go_on(server, ledger)
