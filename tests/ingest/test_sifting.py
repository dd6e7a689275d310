"""What the store can't read is set aside with its bytes, is counted, and holds up nothing else."""

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from meterd.datasets import API_REQUESTS, GUARDRAIL_EVALUATIONS, METER_EVENTS, MODEL_CALLS
from meterd.ingest.aside import Totals, kept
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Facts, Submission, encode, pack
from meterd.ingest.journal import Journal, JournalReader
from meterd.ingest.sifting import Sifter
from meterd.store import DuckDBStore
from meterd.telemetry import Telemetry
from tests.ingest.test_journal import DAY, facts, full_disk, one
from tests.ingest.test_loader import AT, Pipeline, pipeline
from tests.process import OF_ONE_PROCESS, Meterd

METERS = [f"{number:03}" + "x" * (number % 7) * 900 for number in range(60)]
UNREADABLE = [
    b"nonsense\n",
    b'{"meter":\n',
    b"\n",
    b"null\n",
    b"{}\n",
    b'{"meter":"m","value":1}\n',
    b'{"createdAt":7}\n',
]


def events(*meters: str, also: bytes = b"") -> Facts:
    """Meter events, and a line that is none."""
    encoded = encode(METER_EVENTS, "acme", [METER_EVENTS.row_type(ts=AT, meter=meter, value=1) for meter in meters])
    return Facts(METER_EVENTS.name, "acme", encoded.lines + also, len(meters) + bool(also))


def calls(*ids: str) -> Facts:
    values = ([1] * len(ids), list(ids), [1] * len(ids), [1] * len(ids))
    return pack(API_REQUESTS, "acme", [(API_REQUESTS.row_type(service="s"), values)])


def aside(service: Pipeline) -> list[Entry]:
    with contextlib.closing(sqlite3.connect(service.journal_path)) as connection:
        return list(kept(connection))


def metric(service: Pipeline, line: str) -> bool:
    return line in service.telemetry.render().decode().splitlines()


@pytest.mark.parametrize("line", UNREADABLE)
async def test_a_line_that_can_not_be_read_is_set_aside_alone(tmp_path: Path, line: bytes) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((events("a"), events("b", also=line), calls("x", "y"))))
        await service.recorder.record(Submission((events("c"),)))
        await service.backlog.caught_up()

        assert ["a", "b", "c"] == sorted(service.stored())
        assert [(2,)] == service.store.select("SELECT count(*) FROM api_requests", (), 30)
        (entry,) = aside(service)
        assert (entry.dataset, entry.tenant, entry.count, entry.lines) == ("meter_events", "acme", 1, line)
        assert entry.problem
        assert metric(service, 'meterd_loader_set_aside_facts_total{dataset="meter_events"} 1.0')
        assert metric(service, 'meterd_loader_set_aside_entries_total{outcome="kept"} 1.0')
        assert metric(service, 'meterd_loader_facts_total{dataset="meter_events"} 3.0')
        assert service.recorder.aside.facts == 1


async def test_a_packed_line_that_can_not_be_read_is_set_aside_alone(tmp_path: Path) -> None:
    broken = Facts("api_requests", "acme", b'{"each":{"ts":[null]},"shared":{}}\n', 1, encoding="packed")
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((calls("x", "y"), broken, calls("z"))))
        await service.backlog.caught_up()

        assert [("x",), ("y",), ("z",)] == service.store.select("SELECT record_id FROM api_requests ORDER BY 1", (), 30)
        assert [(1, broken.lines)] == [(entry.count, entry.lines) for entry in aside(service)]


@pytest.mark.parametrize(
    "facts_",
    [
        Facts("api_requests", "acme", calls("x").lines, 1),
        Facts("meter_events", "acme", events("a", "b").lines, 3),
        Facts("meter_events", "acme", events("a", "b").lines, 1),
        Facts("meter_events", "acme", b'{"meter":"\xff"}\n', 1),
        Facts("of_a_later_version", "acme", events("a").lines, 1),
    ],
    ids=["read as what it is not", "too few", "too many", "no UTF-8", "unknown dataset"],
)
async def test_an_entry_that_does_not_come_out_as_it_went_in_is_set_aside_whole(tmp_path: Path, facts_: Facts) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((facts_,)))
        await service.record("c")
        await service.backlog.caught_up()

        assert ["c"] == service.stored()
        assert [(0,)] == service.store.select("SELECT count(*) FROM api_requests", (), 30)
        assert [(facts_.count, facts_.lines)] == [(entry.count, entry.lines) for entry in aside(service)]


async def test_what_is_set_aside_stays_past_checkpoints_and_restarts(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((events("a", also=b"nonsense\n"),)))
    assert service.entries() == []

    with pipeline(tmp_path / "data") as service:
        assert [b"nonsense\n"] == [entry.lines for entry in aside(service)]
        assert (service.recorder.aside.entries, service.recorder.aside.facts) == (1, 1)


async def test_what_is_set_aside_is_bounded_and_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data", most_aside=1000) as service:
        for length in (100, 500, 50):
            await service.recorder.record(Submission((events("a", also=b"x" * length + b"\n"),)))
            await service.backlog.caught_up()

        assert [101, 51] == [len(entry.lines) for entry in aside(service)]
        assert service.stored() == ["a", "a", "a"]
        assert metric(service, 'meterd_loader_set_aside_entries_total{outcome="dropped"} 1.0')
        assert service.recorder.aside.size <= 1000


async def test_nothing_is_lost_while_nothing_can_be_set_aside(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((events("a", also=b"x" * 200_000 + b"\n"),)))
        service.recorder.flush()
        with full_disk(), contextlib.suppress(Exception):
            await service.backlog.caught_up()
        await service.record("b")
        with contextlib.suppress(Exception):  # an attempt may have begun just before
            await service.backlog.caught_up()
        await service.backlog.caught_up()

        assert service.stored() == ["a", "b"]
        assert [200_001] == [len(entry.lines) for entry in aside(service)]


async def test_a_crash_behind_setting_aside_sets_aside_once(tmp_path: Path) -> None:
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((events("a", also=b"nonsense\n"),)))
        unloaded = service.copy("unloaded")
        await service.backlog.caught_up()
        service.recorder.flush()
        for file in service.directory.glob("journal.sqlite*"):
            shutil.copy(file, unloaded)

    with pipeline(unloaded) as service:
        await service.backlog.caught_up()
        assert service.stored() == ["a"]
        assert [(1, b"nonsense\n")] == [(entry.count, entry.lines) for entry in aside(service)]


@pytest.mark.parametrize("line", [b"nonsense\n", b""], ids=["in part", "whole"])
async def test_senders_can_repeat_what_was_set_aside_whole(tmp_path: Path, line: bytes) -> None:
    rows = [GUARDRAIL_EVALUATIONS.row_type(ts=AT, trace_id="t", span_id=span) for span in "ab"]
    good = encode(GUARDRAIL_EVALUATIONS, "acme", rows)
    bad = msgspec.structs.replace(good, lines=good.lines + line, count=3, identities=(*good.identities, b"c" * 16))
    if not line:
        bad = msgspec.structs.replace(bad, lines=b"{}\n" * 2, count=2, identities=good.identities)
    with pipeline(tmp_path / "data") as service:
        await service.recorder.record(Submission((bad,)))
        await service.backlog.caught_up()
        again = await service.recorder.record(Submission((good,)))
        await service.backlog.caught_up()

        assert again.known == (2 if line else 0)
        assert [(2,)] == service.store.select("SELECT count(*) FROM guardrail_evaluations", (), 30)


@pytest.fixture(scope="module")
def unloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with an entry for each of `METERS`, from a few bytes to more than a page."""
    path = tmp_path_factory.mktemp("unloaded") / "journal.sqlite"
    with contextlib.closing(Journal(path, DAY)) as journal:
        for meter in METERS:
            journal.commit([one(events(meter))])
    return path


def flipped(unloaded: Path, data: Path, number: int, offset: int, bit: int) -> Path:
    """A copy of the journal in which a bit is flipped, `offset` bytes behind the beginning of a meter's name."""
    data.mkdir()
    content = bytearray(unloaded.read_bytes())
    content[content.index(b'"meter":"%03d' % number) + 9 + offset] ^= 1 << bit
    path = data / unloaded.name
    path.write_bytes(content)
    return path


async def test_one_flipped_byte_in_an_entry_that_is_not_loaded_costs_that_entry(tmp_path: Path, unloaded: Path) -> None:
    flipped(unloaded, tmp_path / "data", 31, offset=2, bit=1)

    with pipeline(tmp_path / "data") as service:
        await service.record("new")
        await service.backlog.caught_up()

        assert [*METERS[:31], *METERS[32:], "new"] == service.stored()
        (entry,) = aside(service)
        assert (entry.sequence, entry.problem) == (32, "the checksum does not match")
        assert b'"meter":"033' in entry.lines


@pytest.mark.parametrize("seed", range(12))
async def test_wherever_a_byte_is_flipped_each_entry_is_stored_as_it_was_or_set_aside(
    tmp_path: Path, unloaded: Path, seed: int
) -> None:
    chance = random.Random(seed)
    offset = chance.randint(-100, 30)  # the head of the row, its columns, and its lines
    flipped(unloaded, tmp_path / "data", chance.randrange(len(METERS)), offset, chance.randrange(8))

    with pipeline(tmp_path / "data") as service:
        await service.backlog.caught_up()
        stored = service.stored()
        assert set(stored) <= set(METERS)
        assert len(METERS) - 10 <= len(stored) == len(set(stored))
        assert len(METERS) == len(stored) + len(aside(service))


async def test_a_journal_of_an_earlier_version_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE entries (sequence INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, "
            "tenant TEXT NOT NULL, count INTEGER NOT NULL, lines BLOB NOT NULL)"
        )
        connection.execute(
            "INSERT INTO entries (dataset, tenant, count, lines) VALUES ('meter_events', 'acme', 1, x'')"
        )

    with contextlib.closing(JournalReader(path)) as reader:
        assert [""] == [entry.problem for entry in reader.read(0, 1)]
        assert Totals() == reader.aside()


@OF_ONE_PROCESS  # a directory that is not beside the journal misses it
def test_a_server_with_facts_set_aside_is_ready_and_says_so(tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path / "journal.sqlite", DAY)) as journal:
        journal.commit([one(facts("nonsense", "more nonsense"))])

    with Meterd(tmp_path) as meterd:
        assert [] == meterd.points(datasource="aiGuardMetrics", groupBy=["agent"])  # no 503: it passed
        ready = meterd.client.get("/readyz")
        assert 200 == ready.status_code
        assert ready.text.startswith("ok: 2 facts of 1 journal entries could not be moved into the store")
        assert 'meterd_loader_set_aside_facts_total{dataset="meter_events"} 2.0' in meterd.client.get("/metrics").text
    assert b"set aside" in meterd.log
    assert b"nonsense" not in meterd.log


def test_facts_of_a_batch_are_there_before_what_becomes_of_them(tmp_path: Path) -> None:
    def pair(sequence: int, inner: str, outer: str) -> Entry:
        at = int(AT.timestamp()) * 10**6
        line = {"trace": "t", "inner": inner, "innerAt": at, "outer": outer, "outerAt": at}
        return Entry(sequence, MODEL_CALLS.name, "acme", 0, msgspec.json.encode(line) + b"\n", "merged")

    calls = encode(MODEL_CALLS, "acme", [MODEL_CALLS.row_type(ts=AT, trace_id="t", span_id=span) for span in "ab"])
    with contextlib.closing(DuckDBStore(tmp_path / "store.duckdb", threads=1)) as store:
        store.create([MODEL_CALLS])
        sifter = Sifter(store, Telemetry(), lambda _entry, _is_whole: False)
        facts = Entry(2, MODEL_CALLS.name, "acme", calls.count, calls.lines)
        sifter.append([pair(1, "gone", "nowhere"), facts, pair(3, "b", "a")])

        assert store.select("SELECT span_id FROM model_calls", (), 30) == [("a",)]
