import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from typing import Any

import msgspec
import pytest

from meterd.datasets import DATASETS, GUARDRAIL_EVALUATIONS, METER_EVENTS, Column, Dataset, Kind
from meterd.errors import ConfigurationError
from meterd.store import (
    Cancellation,
    DuckDBStore,
    Lines,
    QueryCancelled,
    QueryMemory,
    QueryTimeout,
    StoreError,
    Unreadable,
)
from tests.ingest.test_journal import full_disk

HOLDER = """
import sys
from pathlib import Path
from meterd.store import DuckDBStore
store = DuckDBStore(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[DuckDBStore]:
    store = opened(path)
    yield store
    store.close()


def opened(path: Path) -> DuckDBStore:
    store = DuckDBStore(path, threads=1)
    store.create(DATASETS.values())
    return store


def lines(*rows: dict[str, Any], dataset: Dataset = METER_EVENTS, tenant: str = "acme") -> Lines:
    """Rows as the journal keeps them; a time, `meter` and `value` are filled in."""
    required = {"createdAt": "2026-01-02T03:04:05Z"} | ({"meter": "m", "value": 1} if dataset is METER_EVENTS else {})
    encoded = msgspec.json.Encoder().encode_lines([required | row for row in rows])
    return Lines(dataset, tenant, encoded.decode().removesuffix("\n"), len(rows))


def meters(store: DuckDBStore) -> list[str]:
    return [meter for (meter,) in store.select("SELECT meter FROM meter_events ORDER BY rowid", (), 30)]


def crashed(path: Path, directory: str) -> Path:
    """The files of an open store as a crash would leave them."""
    target = path.parent / directory
    target.mkdir()
    copy(path, target)
    copy(f"{path}.wal", target)
    return target / path.name


def damage(log: Path) -> bytes:
    content = log.read_bytes()
    middle = len(content) // 2
    log.write_bytes(content[: middle - 64] + b"\xff" * 128 + content[middle + 64 :])
    return log.read_bytes()


def set_aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.damaged-*"))


class TestAppend:
    def test_what_was_appended_can_be_selected(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"}, {"meter": "b"}), lines({"meter": "c"}, tenant="other")], 5)

        assert store.select("SELECT tenant, meter FROM meter_events ORDER BY meter", (), 30) == [
            ("acme", "a"),
            ("acme", "b"),
            ("other", "c"),
        ]
        assert store.watermark() == 5

    def test_starts_with_nothing(self, store: DuckDBStore) -> None:
        assert store.watermark() == 0
        assert meters(store) == []

    @pytest.mark.parametrize("broken", ['{"meter": "secret"', '{"meter": "m"}\n{"meter": "secret" 1}', "secret"])
    def test_is_all_of_it_with_the_watermark_or_nothing(self, store: DuckDBStore, broken: str) -> None:
        store.append([lines({"meter": "a"})], 5)

        with pytest.raises(StoreError) as caught:
            store.append([lines({"meter": "b"}), Lines(METER_EVENTS, "acme", broken, 1)], 6)

        assert (store.watermark(), meters(store)) == (5, ["a"])
        assert "secret" not in str(caught.value)
        store.append([lines({"meter": "c"})], 7)
        assert (store.watermark(), meters(store)) == (7, ["a", "c"])

    @pytest.mark.parametrize("line", ["{}", "null", '{"meter": "m"}', '{"createdAt": "yesterday", "meter": "m"}'])
    def test_a_fact_without_a_time_is_refused(self, store: DuckDBStore, line: str) -> None:
        with pytest.raises(Unreadable, match="a fact has no time"):
            store.append([Lines(METER_EVENTS, "acme", f"{lines({'meter': 'a'}).text}\n{line}", 2)], 6)

        assert (store.watermark(), meters(store)) == (0, [])

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_facts_are_counted(self, store: DuckDBStore, count: int) -> None:
        two = lines({"meter": "a"}, {"meter": "b"})
        with pytest.raises(Unreadable, match=f"2 of {count} facts"):
            store.append([msgspec.structs.replace(two, count=count)], 6)

        assert (store.watermark(), meters(store)) == (0, [])

    def test_tells_which_lines_can_be_read(self, store: DuckDBStore) -> None:
        good = lines({"meter": "a"}).text
        text = "\n".join([good, "nonsense", good, "{}", "", '{"createdAt":', good])

        assert store.readable(Lines(METER_EVENTS, "acme", text, 7)) == [1, 0, 1, 0, 0, 0, 1]

    def test_is_undone_on_a_full_disk(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 5)

        with full_disk(), pytest.raises(StoreError):
            store.append([lines(*({"meter": f"{n:0100}"} for n in range(5000)))], 6)
        store.reopen()

        assert (store.watermark(), meters(store)) == (5, ["a"])
        store.append([lines({"meter": "b"})], 6)
        assert (store.watermark(), meters(store)) == (6, ["a", "b"])

    def test_survives_a_crash(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 5)

        again = opened(crashed(path, "crashed"))
        assert (again.watermark(), meters(again)) == (5, ["a"])
        again.close()

    def test_survives_being_closed(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 5)
        store.close()

        again = opened(path)
        assert (again.watermark(), meters(again)) == (5, ["a"])
        again.close()


class TestValues:
    def test_every_kind_is_kept_exactly(self, store: DuckDBStore) -> None:
        store.append(
            [
                lines(
                    {
                        "createdAt": "2026-01-02T03:04:05.000006Z",
                        "latencyMs": 4.9999999999999996e-05,
                        "isFailure": False,
                        "teams": ["red", "b,l'u\"e"],
                        "metadata": {"env": "prod", "": ""},
                        "guardrailName": "",
                    },
                    dataset=GUARDRAIL_EVALUATIONS,
                )
            ],
            1,
        )

        (row,) = store.select(
            "SELECT strftime(ts, '%Y-%m-%d %H:%M:%S.%f'), latency_ms, is_failure, teams, metadata, guardrail_name, "
            "guardrail_id FROM guardrail_evaluations",
            (),
            30,
        )
        assert row == (
            "2026-01-02 03:04:05.000006",
            4.9999999999999996e-05,
            False,
            ["red", "b,l'u\"e"],
            {"env": "prod", "": ""},
            "",
            None,
        )

    @pytest.mark.parametrize(
        "text",
        [
            "\x00",
            "a\x00b\x00",
            "😀",
            "\U0010ffff",
            "\n\r\t\x0b\x1f",
            '"\\',
            "\u2028\x85",
            "' -- $1 ?",
            "{}",
            "é" * 9999,
        ],
    )
    def test_any_text_is_kept_as_it_is(self, store: DuckDBStore, text: str) -> None:
        store.append([lines({"meter": text, "teams": [text], "metadata": {text: text}}, tenant=text)], 1)

        assert [(text, text, [text], {text: text})] == store.select(
            "SELECT tenant, meter, teams, metadata FROM meter_events", (), 30
        )

    def test_keys_that_differ_after_a_nul_are_two(self, store: DuckDBStore) -> None:
        store.append([lines({"metadata": {"a\x00b": "1", "a\x00c": "2"}})], 1)

        assert store.select("SELECT metadata FROM meter_events", (), 30) == [({"a\x00b": "1", "a\x00c": "2"},)]

    @pytest.mark.parametrize("value", [0, 2**53 + 1, 2**63, 2**64 - 1])
    def test_counts_are_kept_to_the_last_digit(self, store: DuckDBStore, value: int) -> None:
        store.append([lines({"value": value})], 1)

        assert [(value,)] == store.select("SELECT value FROM meter_events", (), 30)

    @pytest.mark.parametrize("row", [{}, {"teams": [], "metadata": {}}, {"teams": None, "metadata": None}])
    def test_no_teams_and_no_metadata_are_empty_and_not_null(self, store: DuckDBStore, row: dict[str, Any]) -> None:
        store.append([lines(row)], 1)

        assert store.select("SELECT teams, metadata FROM meter_events", (), 30) == [([], {})]

    def test_parameters_are_bound(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a' OR 1=1 --"}, {"meter": "b"})], 1)

        assert store.select("SELECT meter FROM meter_events WHERE meter = ?", ["a' OR 1=1 --"], 30) == [
            ("a' OR 1=1 --",)
        ]


class TestTables:
    def test_creating_again_changes_nothing(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)

        store.create(DATASETS.values())

        assert meters(store) == ["a"]

    def test_a_column_that_is_declared_later_is_added(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        grown = msgspec.structs.replace(
            METER_EVENTS,
            columns=(*METER_EVENTS.columns, Column("unit", Kind.TEXT, "unit"), Column("tags", Kind.TEXTS, "tags")),
        )

        store.create([grown])
        store.append([lines({"meter": "b", "value": 2, "unit": "ms", "tags": ["x"]}, dataset=grown)], 2)

        assert store.select("SELECT meter, unit, tags FROM meter_events ORDER BY meter", (), 30) == [
            ("a", None, None),
            ("b", "ms", ["x"]),
        ]

    def test_an_older_declaration_still_appends(self, store: DuckDBStore) -> None:
        grown = msgspec.structs.replace(METER_EVENTS, columns=(*METER_EVENTS.columns, Column("unit", Kind.TEXT, "u")))
        store.create([grown])

        store.append([lines({"meter": "a"})], 1)

        assert store.select("SELECT meter, unit FROM meter_events", (), 30) == [("a", None)]

    def test_nothing_outside_can_be_reached(self, store: DuckDBStore) -> None:
        with pytest.raises(StoreError):
            store.select("SELECT * FROM read_text('/etc/hostname')", (), 30)


LONG = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b, meter_events"


@contextlib.contextmanager
def long_query(store: DuckDBStore) -> Iterator[None]:
    """A query that is under way, and ends with the block."""
    cancellation, begun = Cancellation(), threading.Event()

    def ask() -> None:
        store.select("SELECT 1", (), 30)
        begun.set()
        with contextlib.suppress(QueryCancelled):
            store.select(LONG, (), 3600, cancellation)

    thread = threading.Thread(target=ask)
    thread.start()
    begun.wait()
    time.sleep(0.5)
    try:
        yield
    finally:
        cancellation.cancel()
        thread.join()


class TestCheckpoints:
    def test_queries_under_way_keep_none_of_what_is_loaded_meanwhile_from_happening(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "before"})], 1)
        with long_query(store):
            for watermark in (2, 3, 4):
                store.append([lines({"meter": "meanwhile"})], watermark)
                store.checkpoint()

        assert 4 == store.watermark()

    def test_they_keep_no_deletion_from_happening(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "before"})], 1)
        with long_query(store):
            assert 1 == store.delete_before(METER_EVENTS, datetime(2027, 1, 1, tzinfo=UTC))
            store.checkpoint()

        assert [] == store.select("SELECT meter FROM meter_events", (), 30)

    def test_they_leave_one_watermark_of_many(self, store: DuckDBStore) -> None:
        with long_query(store):
            for watermark in (1, 2, 3):
                store.append([lines({})], watermark)
            store.checkpoint()

        assert [(3,)] == store.select("SELECT watermark FROM meterd_loader", (), 30)


class TestLimits:
    def test_a_query_that_takes_too_long_is_interrupted(self, store: DuckDBStore) -> None:
        with pytest.raises(QueryTimeout):
            store.select("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b", (), 0.05)

        assert store.select("SELECT 1", (), 30) == [(1,)]

    def test_a_limit_that_is_reached_before_the_engine_has_begun_counts(self, store: DuckDBStore) -> None:
        for _ in range(20):
            with pytest.raises(QueryTimeout):
                store.select("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b", (), 0.0)

        assert store.select("SELECT 1", (), 30) == [(1,)]

    def test_a_query_is_interrupted_when_it_is_cancelled_before_it_begins_or_while_it_runs(
        self, store: DuckDBStore
    ) -> None:
        cancelled, running = Cancellation(), Cancellation()
        cancelled.cancel()
        threading.Timer(0.2, running.cancel).start()

        for cancellation in (cancelled, running):
            with pytest.raises(QueryCancelled):
                store.select(
                    "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b", (), 3600, cancellation
                )

        assert store.select("SELECT 1", (), 30) == [(1,)]

    def test_a_query_that_needs_too_much_memory_is_refused(self, tmp_path: Path) -> None:
        store = DuckDBStore(tmp_path / "small.duckdb", memory="32MB", threads=1)
        try:
            with pytest.raises(QueryMemory):
                store.select("SELECT list(range) FROM range(10000000)", (), 60)
            assert store.select("SELECT 1", (), 30) == [(1,)]
        finally:
            store.close()

    def test_a_query_that_is_wrong_is_an_error_of_the_store(self, store: DuckDBStore) -> None:
        with pytest.raises(StoreError):
            store.select("SELECT nothing FROM nowhere", (), 30)

    def test_one_slow_query_stops_no_other(self, store: DuckDBStore) -> None:
        outcome: list[str] = []

        def slow() -> None:
            try:
                store.select("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b", (), 1)
            except QueryTimeout:
                outcome.append("slow")

        thread = threading.Thread(target=slow)
        thread.start()
        store.append([lines({"meter": "a"})], 1)
        assert meters(store) == ["a"]
        outcome.append("quick")
        thread.join()
        assert outcome == ["quick", "slow"]


class TestCheckpoint:
    def test_makes_the_log_unnecessary(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        store.checkpoint()
        store.append([lines({"meter": "b"})], 2)

        again_path = crashed(path, "crashed")
        again_path.with_name(f"{path.name}.wal").unlink()
        again = opened(again_path)
        assert (again.watermark(), meters(again)) == (1, ["a"])
        again.close()

    def test_is_made_only_on_request(self, path: Path, store: DuckDBStore) -> None:
        store.checkpoint()
        size = path.stat().st_size
        store.append([lines(*({"meter": f"{n}"} for n in range(20_000)))], 1)

        assert size == path.stat().st_size
        assert Path(f"{path}.wal").exists()

    def test_that_fails_is_an_error_of_the_store(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        store.close()

        with pytest.raises(StoreError):
            store.checkpoint()


class TestReopening:
    def test_goes_on_where_it_was(self, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        assert meters(store) == ["a"]

        store.reopen()

        assert (store.watermark(), meters(store)) == (1, ["a"])
        store.append([lines({"meter": "b"})], 2)
        assert (store.watermark(), meters(store)) == (2, ["a", "b"])

    def test_readers_of_other_threads_follow(self, store: DuckDBStore) -> None:
        found: list[list[str]] = []
        read, reopened = threading.Event(), threading.Event()

        def reader() -> None:
            found.append(meters(store))
            read.set()
            reopened.wait(60)
            found.append(meters(store))

        thread = threading.Thread(target=reader)
        thread.start()
        read.wait(60)
        store.reopen()
        store.append([lines({"meter": "a"})], 1)
        reopened.set()
        thread.join()
        assert found == [[], ["a"]]

    def test_has_its_tables_even_when_the_log_that_made_them_is_lost(self, path: Path, store: DuckDBStore) -> None:
        store.close()
        for file in path.parent.iterdir():
            file.unlink()

        store.reopen()

        store.append([lines({"meter": "a"})], 1)
        assert (store.watermark(), meters(store)) == (1, ["a"])


class TestDamage:
    @pytest.mark.parametrize("directory", ["data", "blocks"])  # DuckDB's messages quote the path
    def test_a_damaged_log_is_set_aside(self, path: Path, store: DuckDBStore, directory: str) -> None:
        store.append([lines({"meter": "a"})], 1)
        store.checkpoint()
        store.append([lines({"meter": "b"})], 2)
        copied = crashed(path, directory)
        damaged = damage(copied.with_name(f"{path.name}.wal"))

        again = opened(copied)
        try:
            assert (again.watermark(), meters(again)) == (1, ["a"])
            assert [damaged] == [file.read_bytes() for file in set_aside(copied)]
        finally:
            again.close()

    def test_a_second_damaged_log_is_set_aside_too(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        copied = crashed(path, "data")
        log = copied.with_name(f"{path.name}.wal")
        damaged = damage(log)
        opened(copied).close()
        log.write_bytes(damaged)
        opened(copied).close()

        assert [damaged, damaged] == [file.read_bytes() for file in set_aside(copied)]

    def test_a_deleted_log_is_no_obstacle(self, path: Path, store: DuckDBStore) -> None:
        store.append([lines({"meter": "a"})], 1)
        copied = crashed(path, "data")
        copied.with_name(f"{path.name}.wal").unlink()

        again = opened(copied)
        assert (again.watermark(), meters(again)) == (0, [])
        again.close()

    @pytest.mark.parametrize("has_log", [False, True])
    def test_a_damaged_store_is_a_clear_error_and_its_log_stays(
        self, path: Path, store: DuckDBStore, has_log: bool
    ) -> None:
        store.append([lines({"meter": "a"})], 1)
        copied = crashed(path, "data")
        log = copied.with_name(f"{path.name}.wal")
        content = log.read_bytes()
        copied.write_bytes(b"no database" * 10_000)
        if not has_log:
            log.unlink()

        with pytest.raises(ConfigurationError, match=str(copied)):
            DuckDBStore(copied)
        assert set_aside(copied) == []
        assert not has_log or content == log.read_bytes()

    def test_a_locked_store_is_a_clear_error_and_its_log_stays(self, path: Path) -> None:
        store = opened(path)
        store.append([lines({"meter": "a"})], 1)
        locked = crashed(path, "data")
        store.close()
        log = locked.with_name(f"{path.name}.wal")
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, locked], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"open\n"
            content = log.read_bytes()

            with pytest.raises(ConfigurationError, match=str(locked)) as caught:
                DuckDBStore(locked)
            assert "lock" in caught.value.message
            assert content == log.read_bytes()
            assert set_aside(locked) == []
            holder.kill()

        again = opened(locked)
        assert (again.watermark(), meters(again)) == (1, ["a"])
        again.close()


def test_the_state_of_a_dataset_is_another_one_after_each_change_and_none_during_it(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [store.state(METER_EVENTS)]
    during: list[int | None] = []
    monkeypatch.setattr("meterd.store.duckdb.reach", lambda _name: during.append(store.state(METER_EVENTS)))
    store.append([lines({})], 1)
    seen.append(store.state(METER_EVENTS))
    store.delete_before(METER_EVENTS, datetime(2100, 1, 1, tzinfo=UTC))
    seen.append(store.state(METER_EVENTS))
    store.reopen()
    seen.append(store.state(METER_EVENTS))

    assert len({*seen}) == 4
    assert None not in seen
    assert during[0] is None  # before the commit
    assert store.state(GUARDRAIL_EVALUATIONS) != store.state(METER_EVENTS)
