"""Identities and spans wait in memory and in a log, and go into their tables many at a time."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meterd.ingest import recent
from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.facts import Facts, Submission, digest
from meterd.ingest.journal import Journal
from meterd.ingest.recent import IDENTITIES, KEY_SIZE, SPANS, RecentRows
from meterd.ingest.spans import PLACE_SIZE
from tests.ingest.index import Clock, connected

WINDOW = 100.0


@pytest.fixture(autouse=True)
def _few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_MAX_WAITING", 40)
    monkeypatch.setattr(recent, "_ROOM", 16)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connected(tmp_path / "journal.sqlite")) as connection:
        yield connection


def opened(connection: sqlite3.Connection, clock: Clock) -> DeduplicationIndex:
    index = DeduplicationIndex(connection, WINDOW, clock)
    index.rotate()
    return index


def names(numbers: range) -> list[bytes]:
    return [digest(str(number)) for number in numbers]


def count(connection: sqlite3.Connection, table: str) -> int:
    found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def test_what_waits_is_bounded_and_the_rest_is_in_the_table(connection: sqlite3.Connection) -> None:
    index = opened(connection, Clock())
    connection.execute("BEGIN")
    for first in range(0, 3000, 10):
        assert index.add_identities(names(range(first, first + 10)), 1) == [True] * 10
        waiting = index.waiting
        assert waiting <= 40
        assert len(index._recent._leaving) <= 40 + 10
        assert count(connection, "identities_1") + waiting == first + 10

    assert index.add_identities(names(range(3000)), 2) == [False] * 3000


def test_the_log_holds_what_waits_and_not_all_that_ever_came(connection: sqlite3.Connection) -> None:
    index = opened(connection, Clock())
    connection.execute("BEGIN")
    for first in range(0, 3000, 10):
        index.add_identities(names(range(first, first + 10)), 1)
        assert index._recent._waiting.keys() <= {record[:KEY_SIZE] for record in index._recent.logged()}

    assert count(connection, IDENTITIES.log) * 10 <= 40 * 3


def test_spans_of_one_trace_wait_no_longer_than_others(connection: sqlite3.Connection) -> None:
    opened(connection, Clock())
    spans = RecentRows(connection, SPANS)
    rest = b"p" * PLACE_SIZE
    for first in range(0, 3000, 10):
        keys = [b"trace..." + number.to_bytes(8, "big") for number in range(first, first + 10)]
        spans.add({key: key + rest for key in keys}, first, 1)

        assert len(spans) <= 40
        assert count(connection, "spans_1") + len(spans) == first + 10
    assert count(connection, SPANS.log) * 10 <= 40 * 3
    assert connection.execute("SELECT DISTINCT place, outer FROM spans_1").fetchall() == [(rest, None)]
    entries = connection.execute("SELECT span, entry FROM spans_1").fetchall()
    assert all(int.from_bytes(span[8:], "big") // 10 * 10 == entry for span, entry in entries)


@pytest.mark.parametrize("seed", range(8))
def test_each_identity_is_new_once_whatever_happens_between(tmp_path: Path, seed: int) -> None:
    """Commits, some of which fail, restarts, entries that are lost, and new generations."""
    chance = random.Random(seed)
    clock = Clock()
    entry_of: dict[bytes, int] = {}
    path = tmp_path / "journal.sqlite"
    connection = connected(path)
    index = opened(connection, clock)
    for entry in range(1, 200):
        what = chance.random()
        if what < 0.05:
            connection.close()
            connection = connected(path)
            clock.now = 0.0
            index = opened(connection, clock)
        elif what < 0.1:
            index.forget(entry - 5, entry - 3)
            entry_of = {name: of for name, of in entry_of.items() if not entry - 5 < of <= entry - 3}
        elif what < 0.12:
            clock.now += WINDOW * 0.9  # never two windows in all: nothing is past
        index.rotate()
        fails = chance.random() < 0.2
        connection.execute("BEGIN")
        expected = dict(entry_of)
        for _ in range(chance.randrange(1, 4)):
            asked = [digest(str(chance.randrange(600))) for _ in range(chance.randrange(60))]
            answers = []
            for name in asked:
                answers.append(name not in expected)
                expected.setdefault(name, entry)
            assert index.add_identities(asked, entry) == answers
        connection.execute("ROLLBACK" if fails else "COMMIT")
        if fails:
            index.doubt()
        else:
            entry_of = expected
        if clock.now > WINDOW:
            break
    connection.close()


def test_what_waits_is_forgotten_with_its_generation(connection: sqlite3.Connection) -> None:
    clock = Clock()
    index = opened(connection, clock)
    index.add_identities(names(range(5)), 1)

    clock.now += 2 * WINDOW
    index.rotate()

    assert index.add_identities(names(range(5)), 2) == [True] * 5


def test_a_commit_that_failed_may_be_sent_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite", WINDOW)
    line = b'{"guardrailName":"a"}\n'
    facts = Facts("guardrail_evaluations", "acme", line * 50, 50, tuple(names(range(50))))
    broken: Any = object()
    with pytest.raises(sqlite3.Error):
        journal.commit([Submission((facts, Facts("guardrail_evaluations", broken, line, 1)))])

    receipts = journal.commit([Submission((facts,))]).receipts + journal.commit([Submission((facts,))]).receipts

    assert [receipt.known for receipt in receipts] == [0, 50]
    journal.close()
