from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meterd.data_directory import (
    data_directories,
    directory_of_worker,
    lock_directories,
    lock_directory,
    prepare_data,
)
from meterd.errors import ConfigurationError


def test_a_directory_is_created_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "a" / "b"

    assert data == prepare_data(data)
    assert data.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_can_not_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match=str(tmp_path / "file")):
        prepare_data(tmp_path / "file" / "data")


def test_a_directory_is_held_by_one_only(tmp_path: Path) -> None:
    with lock_directory(tmp_path), pytest.raises(ConfigurationError, match=f"another meterd .* {tmp_path}"):
        lock_directory(tmp_path)
    lock_directory(tmp_path).close()


def test_a_directory_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    with capture_logs() as logged:
        lock_directory(tmp_path).close()
    assert [(each["log_level"], each["mode"]) for each in logged] == [("warning", "750")]

    tmp_path.chmod(0o700)
    with capture_logs() as logged:
        lock_directory(tmp_path).close()
    assert logged == []


@pytest.mark.parametrize("name", ["a?mode=ro&b", "back\\slash"])
def test_a_name_that_the_store_would_read_otherwise_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="in a path another meaning"):
        prepare_data(tmp_path / name)

    assert list(tmp_path.iterdir()) == []


def test_the_first_worker_has_the_data_directory_and_the_others_are_in_it() -> None:
    data = Path("data")
    numbered = [directory_of_worker(data, number) for number in (1, 2, 3)]

    assert [data, data / "workers" / "2", data / "workers" / "3"] == numbered


def test_all_directories_of_an_installation_are_those_of_its_workers_by_their_numbers(tmp_path: Path) -> None:
    assert [tmp_path] == data_directories(tmp_path)

    for name in ("10", "2", "1", "02", "x", "²"):
        (tmp_path / "workers" / name).mkdir(parents=True)
    (tmp_path / "workers" / "3").touch()

    assert [tmp_path, *(tmp_path / "workers" / name for name in ("2", "10"))] == data_directories(tmp_path)


@pytest.mark.parametrize("held", [".", "workers/3"])
def test_an_installation_is_held_as_a_whole_or_not_at_all(held: str, tmp_path: Path) -> None:
    for number in (2, 3):
        directory_of_worker(tmp_path, number).mkdir(parents=True)

    with (
        lock_directory(tmp_path / held),
        pytest.raises(ConfigurationError, match="another meterd is running"),
        lock_directories(tmp_path),
    ):
        pass
    with lock_directories(tmp_path) as directories:
        for each in directories:
            with pytest.raises(ConfigurationError, match="another meterd is running"):
                lock_directory(each)
    for each in data_directories(tmp_path):
        lock_directory(each).close()
