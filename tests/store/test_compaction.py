from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterd.datasets import METER_EVENTS
from meterd.store import DuckDBStore, Lines, compaction

ROWS = 200_000


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A closed store, most of which was deleted."""
    monkeypatch.setattr(compaction, "_MIN_FREE_BYTES", 2**20)
    store = DuckDBStore(tmp_path / "store.duckdb")
    store.create((METER_EVENTS,))
    for day in range(1, 9):
        lines = (
            f'{{"createdAt":"2026-01-0{day}T00:00:00","meter":"m{number * 7919}","value":{number}}}'
            for number in range(ROWS // 8)
        )
        store.append([Lines(METER_EVENTS, "acme", "\n".join(lines), ROWS // 8)], day)
        store.checkpoint()
    store.delete_before(METER_EVENTS, datetime(2026, 1, 8, tzinfo=UTC))
    store.checkpoint()
    store.close()
    return tmp_path / "store.duckdb"


def test_the_next_start_gives_free_space_back(path: Path) -> None:
    before = path.stat().st_size

    store = DuckDBStore(path)
    store.create((METER_EVENTS,))

    assert path.stat().st_size < before / 2
    assert [(ROWS // 8, 8)] == store.select("SELECT count(*), any_value(day(ts)) FROM meter_events", (), 10)
    assert 8 == store.watermark()
    store.close()


def test_a_copy_that_fails_leaves_the_store_as_it_is(path: Path) -> None:
    before = path.stat().st_size
    path.with_name("store.duckdb.compact").mkdir()

    store = DuckDBStore(path)

    assert before == path.stat().st_size
    assert [(ROWS // 8,)] == store.select("SELECT count(*) FROM meter_events", (), 10)
    store.close()


def test_what_an_interrupted_copy_left_is_overwritten(path: Path) -> None:
    path.with_name("store.duckdb.compact").write_bytes(b"half of a file")

    store = DuckDBStore(path)

    assert 8 == store.watermark()
    assert not path.with_name("store.duckdb.compact").exists()
    store.close()
