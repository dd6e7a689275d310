import asyncio
import contextlib
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterd.datasets import API_REQUESTS, DATASETS, METER_EVENTS
from meterd.errors import Unavailable
from meterd.failpoints import arm
from meterd.ingest.backlog import Backlog
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Submission, encode, pack
from meterd.ingest.journal import Journal, JournalReader
from meterd.ingest.loader import Loader
from meterd.ingest.recorder import Recorder
from meterd.ingest.retention import Retention
from meterd.settings import Ingest, Store
from meterd.store import DuckDBStore
from meterd.store import Store as AnyStore
from meterd.supervision import LOADER, Supervisor, round_of
from meterd.telemetry import Telemetry
from tests.ingest.test_journal import journal_of_an_earlier_version

LATER = 3600.0
PATIENCE = 60.0
AT = datetime(2026, 1, 2, tzinfo=UTC)


class Pipeline:
    """Recorder, journal, loader and store on a directory, wired as the service does it.

    Loads only when a query waits, and checkpoints only at the end, unless the settings say otherwise.
    """

    def __init__(
        self, directory: Path, most_aside: int = 2**30, store: AnyStore | None = None, **settings: Any
    ) -> None:
        self.directory = directory
        self.telemetry = Telemetry()
        self.supervisor = Supervisor(self.telemetry)
        self.trimmed = threading.Event()
        self.store = store or DuckDBStore(directory / "store.duckdb", threads=1)
        self.store.create(DATASETS.values())
        self.journal_path = directory / "journal.sqlite"
        self.journal = Journal(self.journal_path, 86_400.0, self.store.watermark(), most_aside)
        self.reader = reader = JournalReader(self.journal_path)
        stored = Store(**({"load_interval": LATER, "checkpoint_interval": LATER} | settings))
        self.backlog = Backlog(reader.size, self.journal.end, self.store.watermark(), stored.checkpoint_bytes)
        self.recorder = Recorder(self.journal, self.backlog, directory, Ingest(disk_reserve_bytes=0), self.supervisor)
        self.loader = Loader(reader, self, self.store, self.backlog, Retention(self.store, {}), stored, self.supervisor)
        self.recorder.start()
        self.loader.start()

    def trim(self, sequence: int) -> None:
        if isinstance(self.store, DuckDBStore):
            shutil.copy(self.directory / "store.duckdb", self.directory / "at-trim.duckdb")
        self.recorder.trim(sequence)
        self.trimmed.set()

    def set_aside(self, entry: Entry, is_whole: bool) -> bool:
        return self.recorder.set_aside(entry, is_whole)

    def close(self) -> None:
        self.recorder.refuse("stopping")
        self.recorder.flush()
        self.loader.close()
        self.recorder.close()
        self.reader.close()
        self.journal.close()
        self.store.close()

    async def record(self, *meters: str, tenant: str = "acme") -> None:
        rows = [METER_EVENTS.row_type(ts=AT, meter=meter, value=1) for meter in meters]
        await self.recorder.record(Submission((encode(METER_EVENTS, tenant, rows),)))

    def stored(self) -> list[str]:
        return [meter for (meter,) in self.store.select("SELECT meter FROM meter_events ORDER BY rowid", (), 30)]

    def entries(self) -> list[Entry]:
        with contextlib.closing(JournalReader(self.journal_path)) as reader:
            return reader.read(0, 2**40)

    def copy(self, name: str) -> Path:
        """The files as a crash at this moment would leave them."""
        directory = self.directory.with_name(name)
        shutil.copytree(self.directory, directory)
        return directory


@contextlib.contextmanager
def pipeline(directory: Path, **settings: Any) -> Iterator[Pipeline]:
    directory.mkdir(exist_ok=True)
    opened = Pipeline(directory, **settings)
    try:
        yield opened
    finally:
        opened.close()


async def test_a_query_reads_what_was_recorded_before_it(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.record("a", "b")
        await service.backlog.caught_up()
        assert service.stored() == ["a", "b"]

        await service.record("c", tenant="other")
        await service.backlog.caught_up()
        assert service.stored() == ["a", "b", "c"]
        assert service.store.select("SELECT tenant, count(*) FROM meter_events GROUP BY ALL ORDER BY ALL", (), 30) == [
            ("acme", 2),
            ("other", 1),
        ]


async def test_a_query_of_an_idle_service_does_not_wait(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.backlog.caught_up()
        await service.backlog.caught_up()


async def test_facts_are_loaded_without_being_asked_for(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data", load_interval=0.01, checkpoint_bytes=1) as service:
        await service.record("a")

        assert service.trimmed.wait(60)
        assert service.stored() == ["a"]


async def test_tells_how_far_the_store_is_behind(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        assert (service.backlog.lag, service.backlog.size) == (0, 0)

        await service.record("a")
        await service.record("b")
        assert service.backlog.lag == 2
        assert sum(len(entry.lines) for entry in service.entries()) == service.backlog.size

        await service.backlog.caught_up()
        assert (service.backlog.lag, service.backlog.size) == (0, 0)


async def test_tells_how_far_the_store_is_behind_after_a_restart(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.record("abc")
        size = service.backlog.size
        crashed = service.copy("crashed")

    with pipeline(crashed) as service:
        assert (1, size) == (service.backlog.lag, service.backlog.size)


class TestExactlyOnce:
    async def test_a_crash_before_loading_loses_nothing(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a", "b")
            crashed = service.copy("crashed")

        with pipeline(crashed) as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b"]

    async def test_a_crash_after_loading_repeats_nothing(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a", "b")
            await service.backlog.caught_up()
            crashed = service.copy("crashed")

        with pipeline(crashed) as service:
            await service.record("c")
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b", "c"]

    @pytest.mark.parametrize("damage", ["deleted", "overwritten", "cut"])
    async def test_a_store_that_lost_its_log_is_healed_from_the_journal(self, tmp_path: Path, damage: str) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.backlog.caught_up()
            await service.record("b")
            await service.backlog.caught_up()
            crashed = service.copy("crashed")
        log = crashed / "store.duckdb.wal"
        content = log.read_bytes()
        if damage == "deleted":
            log.unlink()
        elif damage == "cut":
            log.write_bytes(content[: len(content) // 2])
        else:
            middle = len(content) // 2
            log.write_bytes(content[: middle - 64] + b"\xff" * 128 + content[middle + 64 :])

        with pipeline(crashed) as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b"]

    async def test_a_clean_restart_repeats_nothing(self, tmp_path: Path) -> None:
        for meter in "abc":
            with pipeline(tmp_path / "data") as service:
                await service.record(meter)

        with pipeline(tmp_path / "data") as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b", "c"]

    async def test_a_lost_journal_loses_nothing_that_is_recorded_afterwards(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.record("b")
        for file in (tmp_path / "data").glob("journal.sqlite*"):
            file.unlink()

        with pipeline(tmp_path / "data") as service:
            await service.record("c")
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b", "c"]


class TestEncodings:
    @pytest.mark.parametrize("first", ["lines", "packed"])
    async def test_entries_of_an_earlier_version_are_read_line_by_line(self, tmp_path: Path, first: str) -> None:
        (tmp_path / "data").mkdir()
        single = encode(API_REQUESTS, "acme", [API_REQUESTS.row_type(ts=AT, record_id=id_) for id_ in "ab"])
        packed = pack(API_REQUESTS, "acme", [(API_REQUESTS.row_type(), ([1, 2, 3], [*"cde"], [1] * 3, [1] * 3))])
        lines = [single.lines, packed.lines, single.lines, packed.lines][first == "packed" :]
        journal_of_an_earlier_version(
            tmp_path / "data" / "journal.sqlite",
            ("api_requests", "acme", 10 if first == "lines" else 8, b"".join(lines)),
            (
                "meter_events",
                "acme",
                1,
                encode(METER_EVENTS, "acme", [METER_EVENTS.row_type(ts=AT, meter="m", value=1)]).lines,
            ),
        )

        with pipeline(tmp_path / "data") as service:
            await service.backlog.caught_up()
            counts = service.store.select("SELECT record_id, count(*) FROM api_requests GROUP BY ALL", (), 30)
            repeated = 2 if first == "lines" else 1
            assert dict(counts) == {"a": repeated, "b": repeated, "c": 2, "d": 2, "e": 2}
            assert service.stored() == ["m"]


class TestTrimming:
    async def test_nothing_is_trimmed_before_a_checkpoint(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.backlog.caught_up()
            service.recorder.flush()

            assert len(service.entries()) == 1
            assert not service.trimmed.is_set()

    async def test_what_is_trimmed_is_in_the_main_file_of_the_store(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data", checkpoint_bytes=1) as service:
            await service.record("a")
            await service.backlog.caught_up()

            assert service.trimmed.wait(60)
            service.recorder.flush()
            assert service.entries() == []
            with contextlib.closing(DuckDBStore(service.directory / "at-trim.duckdb")) as copy:
                assert copy.watermark() == 1
                assert copy.select("SELECT meter FROM meter_events", (), 30) == [("a",)]

    async def test_a_checkpoint_is_made_after_a_time(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data", checkpoint_interval=0.01) as service:
            await service.record("a")
            await service.backlog.caught_up()

            assert service.trimmed.wait(60)

    async def test_closing_loads_checkpoints_and_trims(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
        assert service.trimmed.is_set()

        assert not (tmp_path / "data" / "store.duckdb.wal").exists()
        assert service.entries() == []
        with contextlib.closing(DuckDBStore(tmp_path / "data" / "store.duckdb")) as store:
            assert store.select("SELECT meter FROM meter_events", (), 30) == [("a",)]


class TestFailingStore:
    async def test_a_waiting_query_hears_of_it_and_nothing_is_lost(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.backlog.caught_up()
            service.store.close()
            await service.record("b")

            with pytest.raises(Unavailable, match="nothing is lost") as told:
                await service.backlog.caught_up()
            assert told.value.retry_after > 0

            await service.record("c")
            await service.backlog.caught_up()  # the store was opened again
            assert service.stored() == ["a", "b", "c"]

    async def test_a_store_that_stays_away_is_tried_again_until_it_is_back(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.backlog.caught_up()
            service.store.close()
            unplug(service.directory)
            await service.record("b")
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await service.backlog.caught_up()
            assert service.loader.failing
            assert service.backlog.lag == 1

            plug_in(service.directory)
            with contextlib.suppress(Unavailable):  # an attempt may have begun just before
                await service.backlog.caught_up()
            await service.backlog.caught_up()
            assert service.stored() == ["a", "b"]

        assert not service.loader.failing

    async def test_closing_does_not_wait_for_a_store_that_is_away(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            service.store.close()
            unplug(service.directory)
        assert len(service.entries()) == 1

        plug_in(service.directory)
        with pipeline(tmp_path / "data") as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a"]

    async def test_facts_are_still_taken(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            service.store.close()
            for meter in "abc":
                await service.record(meter)

            assert len(service.entries()) == 3


class TestFailingThread:
    @pytest.fixture(autouse=True)
    def disarmed(self) -> Iterator[None]:
        yield
        arm("")

    async def test_a_waiting_query_hears_of_it_and_the_thread_goes_on(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await service.backlog.caught_up()
            arm(f"{round_of(LOADER)}:1:fail")
            async with asyncio.timeout(PATIENCE):
                refused = await until_refused(service)
            assert "nothing is lost" in refused.message
            assert "loader" in service.supervisor.problem

            arm("")
            with contextlib.suppress(Unavailable):  # a round may have begun just before
                await service.backlog.caught_up()
            await asyncio.wait_for(service.backlog.caught_up(), PATIENCE)
            assert {"a", "b"} == set(service.stored())

    async def test_closing_does_not_wait_for_rounds_that_go_on_failing(self, tmp_path: Path) -> None:
        with pipeline(tmp_path / "data") as service:
            arm(f"{round_of(LOADER)}:1:fail")
            await service.record("a")
            await asyncio.wait_for(asyncio.to_thread(service.loader.close), PATIENCE)

        arm("")
        with pipeline(tmp_path / "data") as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a"]

    async def test_closing_leaves_to_the_next_start_what_takes_too_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("meterd.ingest.loader._LAST_LOADS", 0.0)
        with pipeline(tmp_path / "data") as service:
            await service.record("a")
            await asyncio.wait_for(asyncio.to_thread(service.loader.close), PATIENCE)
            assert service.backlog.lag == 1

        monkeypatch.undo()
        with pipeline(tmp_path / "data") as service:
            await service.backlog.caught_up()
            assert service.stored() == ["a"]


async def until_refused(service: Pipeline) -> Unavailable:
    """Record and ask until a query hears that the loader fails."""
    while True:
        await service.record("b")
        try:
            await service.backlog.caught_up()
        except Unavailable as error:
            return error


def unplug(directory: Path) -> None:
    """Something that is no database is where the store was."""
    (directory / "store.duckdb").rename(directory / "store.away")
    (directory / "store.duckdb").write_bytes(b"no database" * 10_000)


def plug_in(directory: Path) -> None:
    (directory / "store.away").replace(directory / "store.duckdb")
