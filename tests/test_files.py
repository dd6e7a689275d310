"""Files of a data directory that are missing, older than the others, or another installation's."""

import shutil
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from structlog.testing import capture_logs

from meterd.data_directory import path_of
from meterd.errors import ConfigurationError
from meterd.files import open_files
from meterd.installation import File
from meterd.settings import load
from tests.process import Meterd

SETTINGS = load(None, {})
FIRST = [{"guardrailName": "first", "traceId": "t", "spanId": str(number)} for number in range(3)]
SECOND = [{"guardrailName": "second", "traceId": "u", "spanId": str(number)} for number in range(4)]


class History(NamedTuple):
    """Data directories after a graceful stop: one, the same before its last run, and another installation's."""

    now: Path
    before: Path
    other: Path


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    now = tmp_path_factory.mktemp("history") / "now"
    paths = History(now, now.with_name("before"), now.with_name("other"))
    with Meterd(now) as server:
        assert server.ingest(FIRST).status_code == 200
    shutil.copytree(now, paths.before)
    with Meterd(now) as server:
        assert server.ingest(SECOND).status_code == 200
    with Meterd(paths.other) as server:
        assert server.ingest([{"guardrailName": "other"}] * 9).status_code == 200
    return paths


def missing(file: File, data: Path, _history: History) -> None:
    path_of(data, file).unlink()


def older(file: File, data: Path, history: History) -> None:
    shutil.copy(path_of(history.before, file), path_of(data, file))


def exchanged(file: File, data: Path, history: History) -> None:
    shutil.copy(path_of(history.other, file), path_of(data, file))


def empty(file: File, data: Path, _history: History) -> None:
    path_of(data, file).write_bytes(b"")


def damaged(file: File, data: Path, _history: History) -> None:
    path_of(data, file).write_bytes(b"no database" * 1000)


Way = Callable[[File, Path, History], None]
WAYS: dict[Way, str] = {
    missing: "is missing",
    empty: "is missing",
    damaged: "is damaged",
    older: "is an older one",
    exchanged: "is of another installation",
}


def start(data: Path, accepted: Collection[File] = ()) -> None:
    """Open the files, and close them again."""
    files = open_files(data, SETTINGS, accepted, lambda: None)
    files.journal.close()
    files.store.close()
    files.metadata.close()


def refusal(data: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        start(data)
    return caught.value.message


@pytest.mark.parametrize("file", File)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_file_that_does_not_belong_is_refused_until_its_loss_is_accepted(
    way: Way, file: File, history: History, tmp_path: Path
) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    way(file, data, history)

    refused = refusal(data)
    assert f"{file.file_name} {WAYS[way]}" in refused
    assert f"--accept-loss {file}" in refused
    assert [other for other in File if other is not file and f"--accept-loss {other}" in refused] == []
    assert refusal(data) == refused, "a refusal changes nothing"
    with pytest.raises(ConfigurationError):
        start(data, [other for other in File if other is not file])

    start(data, [file])
    start(data)


@pytest.mark.parametrize("way", [missing, exchanged], ids=lambda way: way.__name__)
def test_two_files_are_refused_together(way: Way, history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    gone = [File.JOURNAL, File.STORE] if way is missing else [File.METADATA]
    for file in (File.JOURNAL, File.STORE):
        way(file, data, history)

    refused = refusal(data)
    assert [file for file in gone if f"--accept-loss {file}" not in refused] == []
    start(data, gone)
    start(data)


def test_files_that_belong_together_start_again_and_again(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    for _ in range(3):
        start(data)


def test_a_whole_older_directory_starts(history: History, tmp_path: Path) -> None:
    start(shutil.copytree(history.before, tmp_path / "data"))


def test_a_new_directory_starts_with_tokens_and_without(tmp_path: Path) -> None:
    start(tmp_path)
    assert {file.file_name for file in File} <= {path.name for path in tmp_path.iterdir()}


def test_a_directory_of_an_earlier_version_is_adopted_quietly(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    with closing(sqlite3.connect(path_of(data, File.JOURNAL), isolation_level=None)) as journal:
        journal.execute("DROP TABLE stamp")
    with closing(sqlite3.connect(path_of(data, File.METADATA), isolation_level=None)) as directory:
        for later in ("installation", "web_sessions", "sign_in_codes", "dashboards"):
            directory.execute(f"DROP TABLE {later}")
        directory.execute("ALTER TABLE tokens DROP COLUMN for_session")
        directory.execute("UPDATE alembic_version SET version_num = '0005'")
    with closing(duckdb.connect(str(path_of(data, File.STORE)))) as store:
        store.execute("DROP TABLE meterd_installation")

    with capture_logs() as logged:
        start(data)
        start(data)

    assert logged == []
    exchanged(File.STORE, data, history)
    assert "store.duckdb is of another installation" in refusal(data)


def test_a_file_of_nobody_among_others_is_refused(history: History, tmp_path: Path) -> None:
    """As when a directory is lost, and somebody makes a token in a new one."""
    data = shutil.copytree(history.now, tmp_path / "data")
    fresh = Meterd(tmp_path / "fresh").data  # tokens, and nothing else
    shutil.copy(path_of(fresh, File.METADATA), path_of(data, File.METADATA))

    assert "directory.sqlite is of no installation" in refusal(data)


def test_what_is_set_aside_is_kept(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    exchanged(File.STORE, data, history)

    start(data, [File.STORE])

    aside = data / "store.duckdb.set-aside-1"
    assert aside.read_bytes() == path_of(history.other, File.STORE).read_bytes()


def test_after_an_accepted_loss_senders_can_repeat_what_is_lost_and_no_more(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.now, tmp_path / "data")
    older(File.STORE, data, history)

    with Meterd(data, "--accept-loss", "store") as server:
        assert server.points(groupBy=["guardrailName"]) == [{"guardrailName": "first", "total": 3}]
        assert server.ingest(FIRST).status_code == 200
        assert server.ingest(SECOND).status_code == 200
        counts = {point["guardrailName"]: point["total"] for point in server.points(groupBy=["guardrailName"])}
        assert counts == {"first": 3, "second": 4}
        assert "loss accepted" in server.log.decode()
