"""Where most facts were deleted among others, what is left is moved together, and the space of the rest is free."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterd.datasets import METER_EVENTS
from meterd.store import DuckDBStore, Lines, rewriting

BATCH, BATCHES = 98_000, 4
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 10
ALL = "SELECT count(*), sum(hash(meter, value, ts)) FROM meter_events"


@pytest.fixture(scope="module")
def interleaved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which facts of ten days are in no order, as late reports and repaired outages leave them."""
    path = tmp_path_factory.mktemp("interleaved") / "store.duckdb"
    store = DuckDBStore(path)
    store.create((METER_EVENTS,))
    chance = random.Random(1)
    text = "\n".join(
        f'{{"createdAt":"2026-01-{chance.randint(1, DAYS):02}T12:00:00Z",'
        f'"meter":"{chance.getrandbits(128):032x}","value":{number}}}'
        for number in range(BATCH)
    )
    for number in range(BATCHES):
        store.append([Lines(METER_EVENTS, "acme", text, BATCH)], number)
        store.checkpoint()
    store.close()
    return path


@pytest.fixture
def store(interleaved: Path, tmp_path: Path) -> DuckDBStore:
    path = tmp_path / interleaved.name
    path.write_bytes(interleaved.read_bytes())
    store = DuckDBStore(path)
    store.create((METER_EVENTS,))
    return store


def used(store: DuckDBStore) -> int:
    """Bytes of the file that are not free."""
    ((bytes_,),) = store.select("SELECT used_blocks * block_size FROM pragma_database_size()", (), 10)
    return int(bytes_)


def test_space_is_free_although_old_and_new_facts_are_interleaved(store: DuckDBStore) -> None:
    whole = used(store)
    for day in range(1, DAYS):  # little by little, as time passes
        store.delete_before(METER_EVENTS, FIRST + timedelta(days=day))
        left = store.select(ALL, (), 30)
        while store.make_room(METER_EVENTS):
            pass
        store.checkpoint()

        assert left == store.select(ALL, (), 30)
        assert used(store) <= whole * (2 * (DAYS - day) / DAYS + 0.1)
    store.close()


def test_facts_are_moved_a_bounded_number_at_a_time(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting, "_BATCH_SIZE", 1000)
    store.delete_before(METER_EVENTS, FIRST + timedelta(days=DAYS - 2))
    left = store.select(ALL, (), 30)

    steps = 0
    while store.make_room(METER_EVENTS):
        steps += 1
        assert left == store.select(ALL, (), 30)
    assert steps == BATCH * BATCHES // 122_880  # a slice each, the last one apart
    store.close()


def test_what_is_dense_or_new_stays_where_it_is(store: DuckDBStore) -> None:
    assert not store.make_room(METER_EVENTS)

    store.delete_before(METER_EVENTS, FIRST + timedelta(days=DAYS * 0.4))
    assert not store.make_room(METER_EVENTS)
    store.close()


def test_an_empty_table_has_nothing_to_move(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "store.duckdb", threads=1)
    store.create((METER_EVENTS,))

    assert not store.make_room(METER_EVENTS)
    store.close()
