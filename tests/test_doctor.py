"""What `meterd doctor` says of a data directory."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meterd.data_directory import PROGRESS, path_of
from meterd.ingest.facts import Facts, Submission
from meterd.ingest.journal import Journal
from meterd.installation import File
from meterd.store import DuckDBStore
from meterd.store.clickhouse.progress import Progress
from tests.process import Meterd
from tests.test_cli import run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After `kill -9`, with facts in the store's file, in its log and in the journal."""
    data = tmp_path_factory.mktemp("whole") / "data"
    rows = [{"guardrailName": os.urandom(60).hex(), "metadata": {"note": os.urandom(30).hex()}} for _ in range(9000)]
    with Meterd(data) as server:
        assert server.ingest(rows).status_code == 200
        server.client.post("/api/object/v1", json={"_id": "one"})
    with Meterd(data) as server:
        assert server.ingest(rows[:10]).status_code == 200
        assert server.points()[0]["total"] == 9010
        server.kill()
    return data


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "data")


def contents(data: Path) -> dict[str, bytes]:
    """The files, less those that SQLite makes to coordinate readers."""
    return {path.name: path.read_bytes() for path in data.iterdir() if not path.name.endswith("-shm")}


def doctor(data: Path, *arguments: str) -> tuple[int, str]:
    ended = run("doctor", "--data", data, *arguments)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def test_of_facts_in_clickhouse_it_is_told_how_far_the_journal_is_there(data: Path, tmp_path: Path) -> None:
    with sqlite3.connect(path_of(data, File.JOURNAL)) as journal:
        (installation,) = journal.execute("SELECT installation FROM stamp").fetchone()
        (end,) = journal.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
    for path in data.glob("store.*"):
        path.unlink()
    progress = Progress(data / PROGRESS)
    progress.mark(installation)
    progress.complete(end)
    progress.close()

    status, said = doctor(data)

    assert status == 0, said
    assert f"store.sqlite: facts are in ClickHouse, up to entry {end} of the journal" in said
    refused = run("backup", "--data", data, tmp_path / "copy")
    assert "are in ClickHouse, which has backups of its own" in refused.stderr


def test_a_directory_that_is_whole_is_told_so_and_stays_as_it_is(data: Path) -> None:
    before = contents(data)

    status, said = doctor(data)

    assert status == 0, said
    assert "PROBLEM" not in said
    assert [file.file_name for file in File if file.file_name not in said] == []
    assert before == contents(data)


def fold_log(path: Path) -> None:
    """Move what is in SQLite's log into the file, so that damage to the file matters."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@pytest.mark.parametrize("file", [File.STORE, File.METADATA])
def test_a_damaged_page_is_found(file: File, data: Path) -> None:
    path = path_of(data, file)
    if file is not File.STORE:
        fold_log(path)
    with path.open("r+b") as opened:
        opened.seek(path.stat().st_size // 2 // 4096 * 4096)
        opened.write(os.urandom(3 * 4096))

    status, said = doctor(data)

    assert status == 1, said
    assert f"PROBLEM  {file.file_name}" in said


def test_a_byte_that_flipped_in_an_entry_that_waits_is_found(data: Path) -> None:
    path = path_of(data, File.JOURNAL)
    with closing(Journal(path, 86_400.0)) as journal:
        journal.commit([Submission((Facts("meter_events", "default", b'{"name":"needle"}\n', 1),))])
    fold_log(path)
    path.write_bytes(path.read_bytes().replace(b"needle", b"noodle"))

    status, said = doctor(data)

    assert status == 1, said
    assert "1 entries are damaged and not in the store, so their facts are lost: " in said


def test_half_of_the_store_missing_is_found_and_does_not_start(data: Path) -> None:
    path = path_of(data, File.STORE)
    os.truncate(path, path.stat().st_size // 2)

    status, said = doctor(data)

    assert status == 1, said
    assert "PROBLEM  store.duckdb" in said
    assert "--accept-loss store" in said
    refused = run("serve", "--data", data, "--listen", "127.0.0.1:0")
    assert refused.returncode == 1
    assert "store.duckdb is damaged" in refused.stderr
    assert "ready" not in refused.stderr


def test_a_log_of_the_store_that_can_not_be_read_is_no_loss(data: Path) -> None:
    log = data / "store.duckdb.wal"
    of_before = log.read_bytes()
    with closing(DuckDBStore(path_of(data, File.STORE))) as store:
        store.checkpoint()
    log.write_bytes(of_before)

    status, said = doctor(data)

    assert status == 0, said
    assert "its log can't be read: a start sets it aside" in said


def test_what_is_missing_is_told_with_what_is_lost(data: Path) -> None:
    path_of(data, File.METADATA).unlink()

    status, said = doctor(data)

    assert status == 1
    assert "PROBLEM  directory.sqlite: is missing: tokens" in said
    assert not path_of(data, File.METADATA).exists()


def test_a_directory_that_is_served_is_left_alone(tmp_path: Path) -> None:
    with Meterd(tmp_path / "data") as server:
        refused = run("doctor", "--data", server.data)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "another meterd is running" in refused.stderr


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    refused = run("doctor", "--data", tmp_path / "none")

    assert refused.returncode == 1
    assert not (tmp_path / "none").exists()
