"""What workers that are no more have left comes into the store, one after the other, each as far as it can be read."""

from pathlib import Path

import pytest

from meterd.data_directory import lock_directory, path_of
from meterd.ingest.stamped import read_state
from meterd.installation import File
from meterd.prefork.adoption import WorkerAdoption
from meterd.settings import Settings, load
from meterd.supervision import ADOPTION, Supervisor
from meterd.telemetry import Telemetry
from tests.clickhouse import ClickHouse
from tests.test_draining import commit, facts
from tests.waiting import eventually


@pytest.fixture
def settings(clickhouse: ClickHouse, tmp_path: Path) -> Settings:
    return load(None, clickhouse.environment(f"adoption_{tmp_path.name}"))


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor(Telemetry())


def failures(supervisor: Supervisor) -> float:
    labels = {"worker": ADOPTION.name}
    return supervisor.telemetry.registry.get_sample_value("meterd_worker_failures_total", labels) or 0.0


def is_empty(directory: Path) -> bool:
    state = read_state(path_of(directory, File.JOURNAL))
    return state.first > state.end


def test_one_that_is_damaged_is_named_and_left_and_keeps_no_other_from_being_loaded(
    tmp_path: Path, settings: Settings, supervisor: Supervisor
) -> None:
    damaged, sound, without = (tmp_path / name for name in ("2", "3", "4"))
    for each in (damaged, sound):
        commit(each, facts("a", "b"))
    path_of(damaged, File.JOURNAL).write_bytes(b"no journal at all" * 1000)
    without.mkdir()
    adoption = WorkerAdoption([damaged, sound, without], settings, supervisor)
    adoption.start()
    eventually(lambda: is_empty(sound) and f"the journal in {damaged} can't be read" in supervisor.notice)
    adoption.close()

    assert path_of(damaged, File.JOURNAL).read_bytes().startswith(b"no journal at all")
    assert "" == supervisor.problem, "the service is ready without"


def test_one_that_is_in_use_is_loaded_when_it_is_free(
    tmp_path: Path, settings: Settings, supervisor: Supervisor
) -> None:
    directory = tmp_path / "2"
    commit(directory, facts("a", "b"))
    adoption = WorkerAdoption([directory], settings, supervisor)
    with lock_directory(directory):
        adoption.start()
        eventually(lambda: failures(supervisor) > 0)
        assert not is_empty(directory)
    eventually(lambda: "" == supervisor.notice)
    adoption.close()

    assert is_empty(directory)


def test_without_any_there_is_no_worker(supervisor: Supervisor) -> None:
    adoption = WorkerAdoption([], Settings(), supervisor)
    adoption.start()
    adoption.close()

    assert failures(supervisor) == 0
    assert b"adoption" not in supervisor.telemetry.render()
