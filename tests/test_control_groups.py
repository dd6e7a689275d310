from pathlib import Path

import pytest

from meterd import control_groups, memory, processors

GIGABYTE = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files of control groups are; the process is in the inner one of two."""
    (tmp_path / "own").write_text("0::/outer/inner\n")
    monkeypatch.setattr(control_groups, "_OWN", tmp_path / "own")
    monkeypatch.setattr(control_groups, "_GROUPS", tmp_path / "groups")
    (tmp_path / "groups/outer/inner").mkdir(parents=True)
    return tmp_path / "groups"


def limit(groups: Path, name: str, outer: str, inner: str) -> None:
    (groups / "outer" / name).write_text(f"{outer}\n")
    (groups / "outer/inner" / name).write_text(f"{inner}\n")


def test_a_group_is_limited_by_those_around_it(groups: Path) -> None:
    limit(groups, "memory.max", str(GIGABYTE), "max")
    assert list(control_groups.values("memory.max")) == ["max", str(GIGABYTE)]
    assert memory.available() == GIGABYTE


def test_a_path_of_the_host_leads_to_no_limit(groups: Path) -> None:
    limit(groups, "memory.max", "1", "1")
    assert list(control_groups.values_above(groups, "/of/the/host", "memory.max")) == []


def test_version_1_has_a_folder_for_each_controller(groups: Path, tmp_path: Path) -> None:
    (tmp_path / "own").write_text("5:cpu,memory:/outer\n1:name=systemd:/outer\n")
    (groups / "memory/outer").mkdir(parents=True)
    (groups / "memory/outer/memory.limit_in_bytes").write_text(f"{GIGABYTE}\n")
    assert memory.available() == GIGABYTE


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("max 100000", "max 100000", 8),
        ("max 100000", "150000 100000", 1.5),
        ("50000 100000", "max 100000", 0.5),
        ("", "odd 0", 8),
    ],
)
def test_processors_are_those_of_the_quota(
    groups: Path, monkeypatch: pytest.MonkeyPatch, outer: str, inner: str, expected: float
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: set(range(8)))
    limit(groups, "cpu.max", outer, inner)
    assert processors.available() == expected


def test_without_control_groups_processors_are_those_it_may_run_on(
    groups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").unlink()
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: {1, 3})
    assert processors.available() == 2
