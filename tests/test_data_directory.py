from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meterd.data_directory import lock_directory, prepare_data
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
