"""What is done to an installation is done to the journals of all its worker processes, of such as are no more, too."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from meterd.data_directory import data_directories, directory_of_worker, lock_directory, path_of
from meterd.datasets import GUARDRAIL_EVALUATIONS
from meterd.datasets.person import Person
from meterd.doctor import examine
from meterd.draining import load_out
from meterd.errors import ConfigurationError
from meterd.files import open_files
from meterd.forgetting import forget, look
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Submission, encode
from meterd.ingest.journal import Journal
from meterd.ingest.stamped import read_state
from meterd.installation import File
from meterd.moving.exporting import export
from meterd.moving.importing import import_
from meterd.settings import load
from tests import postgresql
from tests.clickhouse import ClickHouse

TABLE = GUARDRAIL_EVALUATIONS.name
ANN = Person("ann@example.com", "user", ("acme",))
BOB = "bob@example.com"
WORKERS = (1, 2, 3)


def ignore(*_: object) -> None:
    """Nobody watches."""


class Installation:
    """One of three workers, none of which runs; what they took is in their journals only."""

    def __init__(self, data: Path, clickhouse: ClickHouse) -> None:
        self.data = data
        self.database = f"journals_{uuid.uuid4().hex}"
        self._clickhouse = clickhouse
        directory = {"METERD_DIRECTORY__URL": postgresql.database(), "METERD_NODE__ID": "east"}
        self.settings = load(None, clickhouse.environment(self.database) | directory)

    def take(self, *subjects: str, workers: tuple[int, ...] = WORKERS) -> None:
        """Let each worker take a fact of each subject, which has no identity."""
        for number in workers:
            folder = directory_of_worker(self.data, number)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._opened(folder) as journal:
                journal.commit([Submission((encode(GUARDRAIL_EVALUATIONS, "acme", rows(*subjects)),))])

    def set_aside(self, number: int, subject: str) -> None:
        """Let a worker have a line that could not be loaded."""
        with self._opened(directory_of_worker(self.data, number)) as journal:
            lines = b"".join(json.dumps({"subject": each, "ts": 1}).encode() + b"\n" for each in (subject, BOB))
            assert journal.set_aside(Entry(99, TABLE, "acme", 2, lines, "lines", "unreadable"), is_whole=False)

    @contextmanager
    def _opened(self, folder: Path) -> Iterator[Journal]:
        files = open_files(folder, self.settings, (), ignore)
        try:
            yield files.journal
        finally:
            for file in files:
                file.close()

    @property
    def stored(self) -> int:
        return self._clickhouse.count(TABLE, self.database)

    @property
    def waiting(self) -> int:
        """How many entries the journals hold."""
        states = [read_state(path_of(each, File.JOURNAL)) for each in data_directories(self.data)]
        return sum(state.end - state.first + 1 for state in states)

    def files_with(self, text: str) -> set[str]:
        there = [each for each in self.data.rglob("*") if each.is_file() and text.encode() in each.read_bytes()]
        return {str(each.relative_to(self.data)) for each in there}


def rows(*subjects: str) -> list[msgspec.Struct]:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return [GUARDRAIL_EVALUATIONS.row_type(ts=at, subject=each, subject_type="user") for each in subjects]


@pytest.fixture
def installation(tmp_path: Path, clickhouse: ClickHouse) -> Installation:
    made = Installation(tmp_path / "data", clickhouse)
    made.take(ANN.subject, BOB)
    return made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, clickhouse: ClickHouse) -> Installation:
    """One that every test leaves as it is."""
    made = Installation(tmp_path_factory.mktemp("untouched") / "data", clickhouse)
    made.take(ANN.subject, BOB)
    return made


def test_an_export_has_and_an_import_compares_what_any_journal_holds(
    installation: Installation, tmp_path: Path
) -> None:
    files, running = tmp_path / "export", directory_of_worker(installation.data, 2)
    load_out(running, installation.settings)
    with lock_directory(running):  # its journal is waited for; what others left is loaded
        manifest = export(installation.data, files, installation.settings, ignore)
        assert (6, 6) == (manifest.count, installation.stored)
        with pytest.raises(ConfigurationError, match=rf"is running on .*{running}$"):
            import_(files, installation.data, installation.settings, ignore)

    installation.take(ANN.subject, workers=(3,))
    imported = import_(files, installation.data, installation.settings, ignore)

    assert (0, 7) == (imported.added[TABLE], installation.stored)


def test_the_journals_of_all_workers_of_a_node_that_is_no_more_are_drained(installation: Installation) -> None:
    here = msgspec.structs.replace(installation.settings, node=load(None, {"METERD_NODE__ID": "west"}).node)

    reports = load_out(installation.data, here)

    assert [("east", 2)] * 3 == [(report.node, report.facts) for report in reports]
    assert 6 == installation.stored


def test_a_person_is_forgotten_in_every_journal(installation: Installation) -> None:
    installation.set_aside(3, ANN.subject)
    assert installation.files_with(ANN.subject)

    looked = look(installation.data, ANN, True, installation.settings)
    report = forget(installation.data, ANN, True, installation.settings)

    assert [(3, 1), (3, 1)] == [(each.facts[TABLE], each.set_aside) for each in (looked, report)]
    assert set() == installation.files_with(ANN.subject)
    assert {"workers/3/journal.sqlite"} == installation.files_with(BOB)
    assert (3, 0) == (installation.stored, installation.waiting)
    assert not look(installation.data, ANN, True, installation.settings).is_known


def test_nobody_is_forgotten_while_any_worker_runs(untouched: Installation) -> None:
    for doing in (look, forget):
        for number in (1, 3):
            held = directory_of_worker(untouched.data, number)
            with lock_directory(held), pytest.raises(ConfigurationError, match=rf"is running on .*{held}$"):
                doing(untouched.data, ANN, True, untouched.settings)
    assert 3 == untouched.waiting


def test_the_doctor_looks_at_every_journal(untouched: Installation, tmp_path: Path) -> None:
    data = shutil.copytree(untouched.data, tmp_path / "data")
    journal = path_of(directory_of_worker(data, 2), File.JOURNAL)
    journal.write_bytes(b"broken" + journal.read_bytes())

    found = {str(each).split(": ")[0] for each in examine(data, untouched.settings.directory)}

    assert {"PROBLEM  workers/2/journal.sqlite", "ok       workers/3/journal.sqlite"} < found
    assert "ok       journal.sqlite" in found


def test_where_facts_are_in_the_data_directory_journals_of_workers_are_named_and_stay(
    untouched: Installation, tmp_path: Path
) -> None:
    shutil.copytree(untouched.data / "workers", tmp_path / "workers")
    journals = [path_of(directory_of_worker(tmp_path, number), File.JOURNAL) for number in (2, 3)]
    before = [each.read_bytes() for each in journals]

    report = forget(tmp_path, ANN, True, load(None, {}))

    assert ("workers/2/journal.sqlite", "workers/3/journal.sqlite") == report.unsearched
    assert before == [each.read_bytes() for each in journals]
    assert not any((each.parent / "store.duckdb").exists() for each in journals)
