"""`meterd backup` and `meterd restore`."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meterd.data_directory import path_of
from meterd.installation import File
from meterd.store.checkpoints import held_off
from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import OF_DUCKDB, OF_ONE_PROCESS, Meterd
from tests.test_cli import run

pytestmark = [OF_DUCKDB, OF_ONE_PROCESS]


def backed_up(data: Path, target: Path) -> str:
    ended = run("backup", target, "--data", data)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def restored(source: Path, data: Path) -> Path:
    ended = run("restore", source, "--data", data)
    assert (ended.returncode, ended.stderr) == (0, "")
    return data


def refused(*arguments: str | Path) -> str:
    """The sentence of a command that ends with an error."""
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def held_off_count(server: Meterd) -> float:
    """How many checkpoints could not be made so far."""
    lines = server.client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith("meterd_store_checkpoints_held_off_total ")).split()[1])


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ledger]:
    """The data directory of a server that was killed, with facts in the store, in its log and in the journal."""
    data, ledger = tmp_path_factory.mktemp("stopped") / "data", Ledger()
    with Meterd(data) as server:
        with Load(server, ledger):
            ledger.wait_for_acknowledged(50)
        server.stop()
        server.start()
        with Load(server, ledger):
            ledger.wait_for_acknowledged(50)
        server.kill()
    return data, ledger


@pytest.fixture(scope="module")
def copy(stopped: tuple[Path, Ledger], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy") / "copy"
    backed_up(stopped[0], target)
    return target


def test_what_was_acknowledged_before_a_backup_began_is_in_it(tmp_path: Path) -> None:
    ledger, kept = Ledger(), []
    once = {"guardrailName": "once", "traceId": "a", "spanId": "b"}
    with Meterd(tmp_path / "data", environment=BUSY) as server:
        assert server.ingest([once]).status_code == 200
        token = server.token
        with Load(server, ledger):
            for number in range(3):
                ledger.wait_for_acknowledged(100)
                before = Ledger()
                before.acknowledged |= ledger.acknowledged
                backed_up(server.data, tmp_path / f"copy-{number}")
                before.sent |= ledger.sent
                kept.append(before)
    for number, before in enumerate(kept):
        with Meterd(restored(tmp_path / f"copy-{number}", tmp_path / f"data-{number}")) as server:
            check(server, before)
    with Meterd(tmp_path / "data-0") as server:  # what is remembered against repetition is in it, and tokens are
        server.client.headers["Authorization"] = f"Bearer {token}"
        assert server.ingest([once]).json()["duplicates"] == 1


def test_a_directory_without_a_server_is_backed_up_too(
    stopped: tuple[Path, Ledger], copy: Path, tmp_path: Path
) -> None:
    with Meterd(restored(copy, tmp_path / "data")) as server:
        check(server, stopped[1])


def test_the_manifest_says_what_the_copy_is_of(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_bytes())

    assert {file.file_name for file in File} == set(manifest["files"])
    assert {name: file["bytes"] for name, file in manifest["files"].items()} == {
        name: (copy / name).stat().st_size for name in manifest["files"]
    }
    assert manifest["lastEntry"] > 0
    assert all(each.stat().st_mode & 0o077 == 0 for each in (copy, *copy.iterdir()))


def test_ingest_goes_on_while_checkpoints_are_held_off_and_they_are_made_afterwards(tmp_path: Path) -> None:
    store, ledger = path_of(tmp_path, File.STORE), Ledger()
    with Meterd(tmp_path, environment=BUSY) as server, Load(server, ledger):
        ledger.wait_for_acknowledged(50)
        with held_off(store, 30):
            before = store.read_bytes()[:12_288]
            ledger.wait_for_acknowledged(200)
            assert server.points()[0]["total"] > 0
            assert before == store.read_bytes()[:12_288]
            while not held_off_count(server):
                ledger.wait_for_acknowledged(1)
        while before == store.read_bytes()[:12_288]:
            ledger.wait_for_acknowledged(1)


def test_a_backup_that_is_killed_leaves_nothing_behind_that_stops_anybody(tmp_path: Path) -> None:
    ledger = Ledger()
    with Meterd(tmp_path / "data", environment=BUSY) as server, Load(server, ledger):
        ledger.wait_for_acknowledged(50)
        command = [sys.executable, "-m", "meterd", "backup", str(tmp_path / "copy"), "--data", str(server.data)]
        with subprocess.Popen(command) as process:
            while not (tmp_path / "copy.partial").exists() and process.poll() is None:
                ledger.wait_for_acknowledged(1)
            process.send_signal(signal.SIGKILL)
        said = refused("backup", tmp_path / "copy", "--data", server.data) if process.returncode < 0 else "remove it"
        assert "remove it" in said
        shutil.rmtree(tmp_path / "copy.partial", ignore_errors=True)
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        backed_up(server.data, tmp_path / "copy")


@pytest.mark.parametrize("file", File)
def test_a_copy_that_is_damaged_is_refused_and_leaves_nothing(file: File, copy: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(copy, tmp_path / "broken")
    content = bytearray((broken / file.file_name).read_bytes())
    content[len(content) // 2] ^= 1
    (broken / file.file_name).write_bytes(content)

    said = refused("restore", broken, "--data", tmp_path / "data")

    assert file.file_name in said
    assert "damaged" in said
    restored(copy, tmp_path / "data")


def test_what_is_no_copy_is_refused(copy: Path, tmp_path: Path) -> None:
    assert "is no backup" in refused("restore", tmp_path, "--data", tmp_path / "data")
    other = shutil.copytree(copy, tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_bytes())
    (other / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    assert "another version" in refused("restore", other, "--data", tmp_path / "data")


def test_nothing_that_is_there_is_written_over(copy: Path, stopped: tuple[Path, Ledger], tmp_path: Path) -> None:
    data, _ = stopped
    assert "is there already" in refused("backup", copy, "--data", data)
    assert "is not empty" in refused("restore", copy, "--data", data)


def test_a_directory_of_which_files_are_missing_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()

    assert "nothing whole to back up" in refused("backup", tmp_path / "copy", "--data", tmp_path / "data")
    assert not (tmp_path / "copy").exists()


def test_the_command_says_how_much_it_copied_and_up_to_where(stopped: tuple[Path, Ledger], tmp_path: Path) -> None:
    said = backed_up(stopped[0], tmp_path / "copy")

    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_bytes())
    megabytes = sum(file["bytes"] for file in manifest["files"].values()) / 1e6
    held = f"with all facts up to entry {manifest['lastEntry']} of the journal"
    assert said == f"{megabytes:,.1f} MB in {tmp_path / 'copy'}, {held}\n"
