import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.facts import digest
from tests.ingest.index import Clock, connected

WINDOW = 100.0
START = 1_000_000.0
A, B = digest("a"), digest("b")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connected(tmp_path / "journal.sqlite")) as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def index(connection: sqlite3.Connection, clock: Clock) -> DeduplicationIndex:
    index = DeduplicationIndex(connection, WINDOW, clock)
    index.rotate()
    return index


def is_known(index: DeduplicationIndex, identity: bytes) -> bool:
    (is_new,) = index.add_identities([identity], 1)
    return not is_new


def identities(names: str) -> list[bytes]:
    return [digest(name) for name in names]


def test_an_identity_is_new_once(index: DeduplicationIndex) -> None:
    assert index.add_identities(identities("ab"), 1) == [True, True]
    assert index.add_identities(identities("acb"), 1) == [False, True, False]


def test_a_repetition_within_one_call_is_known(index: DeduplicationIndex) -> None:
    assert index.add_identities(identities("aaba"), 1) == [True, False, True, False]


@given(batches=st.lists(st.text("abcdefgh", max_size=12), max_size=12), ages=st.lists(st.booleans(), min_size=12))
def test_each_identity_is_new_exactly_once_however_they_are_batched(batches: list[str], ages: list[bool]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        clock = Clock(START)
        index = DeduplicationIndex(connection, WINDOW, clock)
        index.rotate()
        clock.now += WINDOW / 2
        seen: set[str] = set()
        for names, passes in zip(batches, ages, strict=False):
            if passes and clock.now < 1_000_000 + WINDOW:
                clock.now += WINDOW / 2  # into the next window, once
                index.rotate()
            expected = []
            for name in names:
                expected.append(name not in seen)
                seen.add(name)
            assert index.add_identities(identities(names), 1) == expected


def test_no_identities_are_no_work(index: DeduplicationIndex) -> None:
    assert index.add_identities([], 1) == []


@pytest.mark.parametrize("start", [0.0, 50.0, 99.9])
def test_an_identity_is_known_for_at_least_a_window(index: DeduplicationIndex, clock: Clock, start: float) -> None:
    clock.now += start
    index.rotate()
    index.add_identities([A], 1)

    clock.now += WINDOW
    index.rotate()

    assert is_known(index, A)


def test_an_identity_is_forgotten_after_two_windows(index: DeduplicationIndex, clock: Clock) -> None:
    index.add_identities([A], 1)

    clock.now += 2 * WINDOW
    index.rotate()

    assert not is_known(index, A)


def test_a_known_identity_is_not_remembered_longer_for_being_repeated(index: DeduplicationIndex, clock: Clock) -> None:
    index.add_identities([A], 1)
    clock.now += WINDOW
    index.rotate()
    assert is_known(index, A)

    clock.now += WINDOW
    index.rotate()

    assert not is_known(index, A)


def test_an_answer_is_given_back_for_at_least_a_window(index: DeduplicationIndex, clock: Clock) -> None:
    assert index.response(b"key") is None
    index.add_response(b"key", b"answer", 3, 1)
    index.add_response(b"empty", b"", 0, 1)

    assert index.response(b"key") == (b"answer", 3)
    clock.now += WINDOW
    index.rotate()
    assert index.response(b"key") == (b"answer", 3)
    assert index.response(b"empty") == (b"", 0)
    clock.now += WINDOW
    index.rotate()
    assert index.response(b"key") is None


def test_a_long_pause_forgets_everything(index: DeduplicationIndex, clock: Clock) -> None:
    index.add_identities([A], 1)
    index.add_response(b"key", b"answer", 0, 1)

    clock.now += 1000 * WINDOW
    index.rotate()

    assert not is_known(index, A)
    assert index.response(b"key") is None


def test_what_is_forgotten_takes_no_room(
    index: DeduplicationIndex, connection: sqlite3.Connection, clock: Clock
) -> None:
    def tables() -> int:
        return len(connection.execute("SELECT name FROM sqlite_master").fetchall())

    clock.now += WINDOW
    index.rotate()
    at_first = tables()
    for _ in range(5):
        clock.now += WINDOW
        index.rotate()

    assert at_first == tables()


def test_other_tables_of_the_database_are_left_alone(
    index: DeduplicationIndex, connection: sqlite3.Connection, clock: Clock
) -> None:
    connection.execute("CREATE TABLE others (a)")
    connection.execute("CREATE TABLE others_1 (a)")

    clock.now += 1000 * WINDOW
    index.rotate()

    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert {"entries", "others_1"} <= names


def test_a_restart_forgets_nothing(index: DeduplicationIndex, connection: sqlite3.Connection, clock: Clock) -> None:
    index.add_identities([A], 1)
    index.add_response(b"key", b"answer", 0, 1)

    clock.now += WINDOW
    again = DeduplicationIndex(connection, WINDOW, clock)
    again.rotate()

    assert is_known(again, A)
    assert again.response(b"key") == (b"answer", 0)


def test_a_rotation_that_failed_is_done_again(connection: sqlite3.Connection, clock: Clock) -> None:
    index = DeduplicationIndex(connection, WINDOW, clock)
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(sqlite3.OperationalError):
        index.rotate()
    connection.execute("PRAGMA query_only = OFF")

    index.rotate()

    assert not is_known(index, A)
    assert is_known(index, A)


def test_time_in_which_the_service_does_not_run_does_not_count(connection: sqlite3.Connection, clock: Clock) -> None:
    for _ in range(5):
        index = DeduplicationIndex(connection, WINDOW, clock)
        index.rotate()
        assert is_known(index, A) == (clock.now > START)
        clock.now += 10 * WINDOW


def test_time_counts_on_after_a_restart(connection: sqlite3.Connection, clock: Clock) -> None:
    for is_over in (True, False, False, True):  # after 0, 0.5, 1 and 1.5 windows, and a little
        index = DeduplicationIndex(connection, WINDOW, clock)
        index.rotate()
        assert is_known(index, A) != is_over
        clock.now += WINDOW / 2
        index.rotate()
        index.add_identities([digest("b")], 1)
        clock.now += WINDOW / 100
        index.rotate()


@pytest.mark.parametrize("change", [0.5, 0.01, 1.1, 7, 100])
def test_a_window_that_is_changed_forgets_nothing(connection: sqlite3.Connection, clock: Clock, change: float) -> None:
    for window in (WINDOW, WINDOW * change, WINDOW, WINDOW / change):
        index = DeduplicationIndex(connection, window, clock)
        index.rotate()
        is_first = clock.now == START
        assert is_known(index, A) != is_first
        if is_first:
            index.add_response(b"key", b"answer", 0, 1)
        assert index.response(b"key") == (b"answer", 0)
        clock.now += min(window, WINDOW) / 10
        index.rotate()


def test_a_window_that_is_changed_counts_for_what_is_remembered(connection: sqlite3.Connection, clock: Clock) -> None:
    for window in (WINDOW, WINDOW * 3, WINDOW):
        index = DeduplicationIndex(connection, window, clock)
        index.rotate()
        index.add_identities([digest(str(window))], 1)
        clock.now += window
        index.rotate()
        assert is_known(index, digest(str(window)))
        clock.now += window
        index.rotate()
        assert not is_known(index, digest(str(window)))


def test_what_an_earlier_version_remembered_is_kept_for_a_window(connection: sqlite3.Connection, clock: Clock) -> None:
    for period, letter in ((19_000, "a"), (20_423, "b"), (20_424, "c")):  # the first is what a step of a clock left
        connection.execute(f"CREATE TABLE identities_{period} (digest BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute(
            f"CREATE TABLE answers_{period} (request BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID"
        )
        connection.execute(f"INSERT INTO identities_{period} VALUES (?)", (digest(letter),))
        connection.execute(f"INSERT INTO answers_{period} VALUES (?, ?)", (letter.encode(), letter.encode()))
    for _ in range(2):
        index = DeduplicationIndex(connection, WINDOW, clock)
        index.rotate()
        assert index.add_identities(identities("abc"), 1) == [False, False, False]
        assert [index.response(letter) for letter in (b"a", b"b", b"c")] == [(b"a", 0), (b"b", 0), (b"c", 0)]

    for _ in range(2):
        clock.now += WINDOW + 1
        index.rotate()
    assert index.add_identities(identities("abc"), 1) == [True, True, True]
    assert len(connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'identities%'").fetchall()) == 1


def test_what_was_in_lost_entries_is_forgotten_and_nothing_else(index: DeduplicationIndex) -> None:
    for entry, name in enumerate("abcd", start=1):
        index.add_identities(identities(name), entry)
        index.add_response(name.encode(), b"answer", 0, entry)

    index.forget(1, 3)

    assert [index.response(name) is None for name in (b"a", b"b", b"c", b"d")] == [False, True, True, False]
    assert index.add_identities(identities("abcd"), 5) == [False, True, True, False]


def test_what_an_earlier_version_remembered_is_forgotten_with_the_newest_entry_of_then(
    connection: sqlite3.Connection, clock: Clock
) -> None:
    connection.execute("INSERT INTO entries VALUES (7)")
    connection.execute("CREATE TABLE identities_20424 (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.execute("CREATE TABLE answers_20424 (request BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID")
    connection.execute("INSERT INTO identities_20424 VALUES (?)", (digest("a"),))
    index = DeduplicationIndex(connection, WINDOW, clock)
    index.rotate()

    index.forget(7, 9)
    assert index.add_identities(identities("a"), 10) == [False]
    index.forget(6, 9)
    assert index.add_identities(identities("a"), 10) == [True]
