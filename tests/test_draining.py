"""`meterd journal drain`: what a dead node acknowledged is in another installation, once."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from meterd import failpoints
from meterd.access import SubjectType
from meterd.data_directory import lock_directory, path_of
from meterd.datasets import GUARDRAIL_EVALUATIONS
from meterd.draining import drain
from meterd.errors import ConfigurationError
from meterd.files import open_files
from meterd.ingest.entries import INSERT, PLACES, Entry, row_of
from meterd.ingest.facts import Facts, Submission, encode
from meterd.ingest.journal import Journal, JournalReader
from meterd.installation import File
from meterd.settings import Ingest, Settings
from tests.process import OF_ONE_PROCESS, Meterd, make_token

LIMITS = Ingest(disk_reserve_bytes=0)
AT = datetime(2026, 1, 2, tzinfo=UTC)
ALICE = ("user", "alice")
BOB = ("virtualaccount", "bob")


def facts(*spans: str, sender: tuple[str, ...] = (), subject: tuple[str, str] = ALICE) -> Facts:
    """Facts of one trace; the span tells them apart."""
    type_, slug = subject
    rows = [
        GUARDRAIL_EVALUATIONS.row_type(ts=AT, subject=slug, subject_type=type_, trace_id="t", span_id=span)
        for span in spans
    ]
    return encode(GUARDRAIL_EVALUATIONS, "acme", rows, sender)


def keyed(key: bytes, *parts: Facts) -> Submission:
    return Submission(parts, key * 16, b"answered")


def commit(data: Path, *groups: Facts | Submission) -> list[int]:
    """Take these as a service on a data directory does that is killed before it loads any; returns how many were known
    of each.
    """
    data.mkdir(exist_ok=True, mode=0o700)
    known = []
    with closing(Journal(path_of(data, File.JOURNAL), LIMITS.deduplication_window)) as journal:
        for each in groups:
            committed = journal.commit([each if isinstance(each, Submission) else Submission((each,))])
            known.append(committed.receipts[0].known)
    return known


def start(data: Path, *accepted: File, watermark: int = 0) -> None:
    """Open the files of a data directory as a start does, and let the store say that it has entries up to a number."""
    data.mkdir(exist_ok=True, mode=0o700)
    files = open_files(data, Settings(), accepted, lambda: None)
    if watermark:
        files.store.append((), watermark)
    for file in files:
        file.close()


def entries(data: Path) -> list[Entry]:
    found: list[Entry] = []
    with closing(JournalReader(path_of(data, File.JOURNAL))) as reader:
        while batch := reader.read(found[-1].sequence if found else 0, 2**30):
            found += batch
    return found


def spans(data: Path) -> list[str]:
    """What is in a journal, in order; each entry as it says that it is."""
    held = entries(data)
    assert [] == [each.problem for each in held if each.problem or each.count != len(each.lines.splitlines())]
    return [json.loads(line)["spanId"] for each in held for line in each.lines.splitlines()]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory on which a service was started once."""
    data = tmp_path_factory.mktemp("started")
    data.chmod(0o700)
    start(data)
    return data


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    return tmp_path / "dead"


@pytest.fixture
def data(started: Path, tmp_path: Path) -> Path:
    """The data directory of an installation."""
    return shutil.copytree(started, tmp_path / "data")


class TestOnce:
    def test_what_was_held_follows_what_is_there(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a", "b"), facts("c"))
        commit(data, facts("x"))

        report = drain(dead, data, LIMITS)

        assert (2, 3, 0) == (report.entries, report.facts, report.known)
        assert ["x", "a", "b", "c"] == spans(data)

    def test_a_second_time_moves_nothing(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"))
        drain(dead, data, LIMITS)

        assert (0, 0) == (drain(dead, data, LIMITS).facts, drain(dead, data, LIMITS).known)
        assert ["a"] == spans(data)

    def test_what_was_moved_is_not_moved_again_once_it_is_forgotten(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"))
        drain(dead, data, LIMITS)
        with closing(sqlite3.connect(path_of(data, File.JOURNAL))) as connection, connection:
            (table,) = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'identities%'").fetchone()
            connection.execute(f"DELETE FROM {table}")

        assert 0 == drain(dead, data, LIMITS).facts
        assert ["a"] == spans(data)

    def test_one_that_ended_early_goes_on(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"), facts("b"), facts("c"))
        failpoints.arm("drained-batch:2:raise")
        try:
            with pytest.raises(failpoints.Injected):
                drain(dead, data, LIMITS, batch_bytes=1)
        finally:
            failpoints.arm("")
        assert ["a", "b"] == spans(data)

        assert 1 == drain(dead, data, LIMITS, batch_bytes=1).facts
        assert ["a", "b", "c"] == spans(data)

    def test_what_the_store_beside_it_has_stays_there(self, dead: Path, data: Path) -> None:
        start(dead)
        commit(dead, facts("a"), facts("b"))
        start(dead, watermark=1)

        report = drain(dead, data, LIMITS)

        assert (1, 1) == (report.facts, report.stored)
        assert ["b"] == spans(data)

    def test_without_the_store_all_that_is_held_is_moved(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"), facts("b"))
        path_of(dead, File.STORE).write_bytes(b"no database" * 1000)

        assert 2 == drain(dead, data, LIMITS).facts

    @pytest.mark.parametrize("encoding", ["packed", "merged", "mixed"])
    def test_facts_that_come_as_batches_and_parts_of_others_are_moved_as_they_are(
        self, encoding: Literal["packed", "merged", "mixed"], dead: Path, data: Path
    ) -> None:
        commit(dead, facts("a"), facts("b"))
        lines, head = b'{"each":{"ts":[1,2]},"shared":{}}\n', (2, "model_calls", "acme", 2, encoding)
        with closing(sqlite3.connect(path_of(dead, File.JOURNAL))) as connection, connection:
            connection.execute("DELETE FROM entries WHERE sequence = 2")
            connection.execute(INSERT + PLACES, row_of(*head, lines))

        assert 3 == drain(dead, data, LIMITS).facts
        assert [2, 2] == [entries(data)[1].sequence, entries(data)[1].count]
        assert (encoding, lines) == (entries(data)[1].encoding, entries(data)[1].lines)


class TestRepetitions:
    @OF_ONE_PROCESS
    @pytest.mark.parametrize(
        ("sender", "subject"), [((), ALICE), (ALICE, ALICE), (BOB, ALICE)], ids=["gateway", "own", "another's"]
    )
    def test_a_fact_that_came_to_both_counts_once(
        self, sender: tuple[str, ...], subject: tuple[str, str], dead: Path, data: Path
    ) -> None:
        make_token(data, "bob", type_=SubjectType.VIRTUAL_ACCOUNT, tenant="acme")
        commit(dead, facts("a", "b", "c", sender=sender, subject=subject))
        commit(data, facts("b", sender=sender, subject=subject))

        report = drain(dead, data, LIMITS)

        assert (2, 1) == (report.facts, report.known)
        assert ["b", "a", "c"] == spans(data)

    def test_an_entry_of_which_all_is_known_leaves_no_entry(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"), facts("b"))
        commit(data, facts("a"))

        report = drain(dead, data, LIMITS)

        assert (1, 1, 1) == (report.entries, report.facts, report.known)
        assert ["a", "b"] == spans(data)

    def test_the_same_of_another_sender_is_another_fact(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a", sender=ALICE))
        commit(data, facts("a", sender=BOB, subject=BOB))

        report = drain(dead, data, LIMITS)

        assert (1, 0) == (report.facts, report.known)

    def test_what_comes_again_afterwards_is_known(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a", "b", sender=ALICE), keyed(b"k", facts("c")))
        drain(dead, data, LIMITS)

        assert [1, 0] == commit(data, facts("a", "z", sender=ALICE), keyed(b"k", facts("d")))
        assert ["a", "b", "c", "z"] == spans(data)


class TestWhatStays:
    def test_an_entry_that_is_damaged_is_named_and_the_others_are_moved(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"), facts("b"), facts("c"))
        with closing(sqlite3.connect(path_of(dead, File.JOURNAL))) as connection, connection:
            connection.execute("UPDATE entries SET lines = x'00' WHERE sequence = 2")

        report = drain(dead, data, LIMITS)

        assert (2, (2,)) == (report.facts, report.damaged)
        assert ["a", "c"] == spans(data)

    def test_the_node_does_not_start_any_more_but_without_its_journal(self, dead: Path, data: Path) -> None:
        start(dead)
        commit(dead, facts("a"))
        drain(dead, data, LIMITS)

        with pytest.raises(ConfigurationError, match=r"was drained into the installation .* --accept-loss journal"):
            start(dead)
        start(dead, File.JOURNAL)
        assert [] == entries(dead)


class TestRefusals:
    @pytest.mark.parametrize("living", ["dead", "data"])
    def test_while_a_service_runs_on_either(self, living: str, dead: Path, data: Path, tmp_path: Path) -> None:
        commit(dead, facts("a"))

        with lock_directory(tmp_path / living), pytest.raises(ConfigurationError, match=f"running on .*{living}"):
            drain(dead, data, LIMITS)
        assert [] == entries(data)

    def test_of_another_installation_that_has_it_already(self, dead: Path, data: Path, tmp_path: Path) -> None:
        commit(dead, facts("a"))
        start(other := tmp_path / "other")
        drain(dead, data, LIMITS)

        with pytest.raises(ConfigurationError, match="drained into another installation"):
            drain(dead, other, LIMITS)
        assert [] == entries(other)

    @pytest.mark.parametrize(
        ("source", "why"),
        [
            (lambda data: data, "this installation's own directory"),
            (lambda data: copied(data, data.parent / "copy"), "a copy of this installation's own"),
            (lambda data: empty(data.parent / "empty"), "the journal in .* is missing"),
        ],
        ids=["own", "copy", "none"],
    )
    def test_of_what_is_no_other_nodes(self, source: Callable[[Path], Path], why: str, data: Path) -> None:
        with pytest.raises(ConfigurationError, match=why):
            drain(source(data), data, LIMITS)

    def test_of_a_node_whose_facts_are_in_a_store_elsewhere(self, dead: Path, data: Path) -> None:
        commit(dead, facts("a"))
        (dead / "store.sqlite").touch()

        with pytest.raises(ConfigurationError, match="drain it with the settings of its node"):
            drain(dead, data, LIMITS)
        assert [] == entries(data)

    def test_into_what_was_never_started(self, dead: Path, tmp_path: Path) -> None:
        commit(dead, facts("a"))

        with pytest.raises(ConfigurationError, match="start it once"):
            drain(dead, empty(tmp_path / "new"), LIMITS)

    def test_without_room(self, dead: Path, data: Path) -> None:
        start(dead)
        commit(dead, facts("a"))

        with pytest.raises(ConfigurationError, match=r"too little room in .*: [0-9]+ bytes are needed"):
            drain(dead, data, Ingest(disk_reserve_bytes=2**62))
        start(dead)  # it is not marked
        assert 1 == drain(dead, data, LIMITS).facts


def copied(data: Path, target: Path) -> Path:
    target.mkdir()
    (target / "journal.sqlite").write_bytes(path_of(data, File.JOURNAL).read_bytes())
    return target


def empty(data: Path) -> Path:
    data.mkdir()
    return data


@OF_ONE_PROCESS
def test_what_a_killed_node_acknowledged_is_in_the_answers_of_another_one(tmp_path: Path) -> None:
    late = {"METERD_STORE__LOAD_INTERVAL": "3600", "METERD_SESSIONS__ANONYMOUS": "never"}
    rows = [{"traceId": "t", "spanId": str(number)} for number in range(50)]
    with Meterd(tmp_path / "dead", environment=late) as killed:
        assert 200 == killed.ingest(rows).status_code
        killed.kill()
    with Meterd(tmp_path / "data") as meterd:
        assert 200 == meterd.ingest(rows[:10]).status_code  # sent again to the next node, when no answer came

    command = [
        sys.executable,
        "-m",
        "meterd",
        "journal",
        "drain",
        str(killed.data),
        "--data",
        str(meterd.data),
        "--json",
    ]
    drained = subprocess.run([*command, "--data", str(meterd.data)], capture_output=True, timeout=120)

    assert 0 == drained.returncode, drained.stderr
    report = json.loads(drained.stdout)
    assert (40, 10) == (report["facts"], report["known"])
    with meterd:
        (answer,) = meterd.points(aggregations=[{"type": "count", "column": "createdBySubjectType"}])
    assert 50 == answer["countCreatedBySubjectType"]
