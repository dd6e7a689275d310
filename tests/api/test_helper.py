"""A helper reads what this process would, and whatever becomes of it nothing is lost or different."""

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from meterd import processors
from meterd.api import helper
from meterd.api.helper import Helper
from meterd.api.helper_process import Begin
from meterd.errors import InvalidInput, TooLarge
from meterd.failpoints import arm
from meterd.supervision import HELPER, Supervisor, round_of
from meterd.telemetry import Telemetry
from tests.api import readers
from tests.api.readers import Obedient, Told
from tests.waiting import eventually

HERE = os.getpid()
ROOT = Path(__file__).parents[2]
LARGE = 2**22
_numbers = itertools.count()


class Helped:
    """A helper with what tests want to see of it."""

    def __init__(self, directory: Path, module: str = readers.__name__, seconds: float = 60) -> None:
        self._gates = directory
        self._telemetry = Telemetry()
        self.supervisor = Supervisor(self._telemetry)
        self.helper = Helper(module, seconds, self.supervisor)
        self._reader = self.helper.reader("obedient", Obedient(HERE), Told)

    def sample(self, name: str, **labels: str) -> float | None:
        return self._telemetry.registry.get_sample_value(name, labels)

    @property
    def processes(self) -> float | None:
        return self.sample("meterd_helper_processes")

    @property
    def failures(self) -> float | None:
        return self.sample("meterd_worker_failures_total", worker=HELPER.name)

    @property
    def is_up(self) -> bool:
        return self.sample("meterd_worker_up", worker=HELPER.name) == 1

    def read(self, about: str = "", body: bytes = b"body") -> Told:
        return self._reader.read(body, about)

    @contextmanager
    def reading(self, count: int = 1) -> Iterator[list["Future[Told]"]]:
        """Leave while so many bodies are being read, here or there; they are at their end after the block."""
        gate = self._gates / f"gate-{next(_numbers)}"
        with ThreadPoolExecutor(count) as pool:
            try:
                under_way = [pool.submit(self.read, f"wait {gate}", b"%d" % number) for number in range(count)]
                eventually(lambda: len(list(self._gates.glob(f"{gate.name}-*"))) == count)
                yield under_way
            finally:
                gate.touch()

    def read_two(self) -> bool:
        """Read a body while another one is read; returns whether there is a helper."""
        with self.reading():
            self.read()
        return bool(self.processes)

    def try_until(self, failures: int) -> None:
        """Want a helper until it has failed so often."""

        def has_failed() -> bool:
            self.read_two()
            return (self.failures or 0) >= failures

        eventually(has_failed)

    def begin(self) -> int:
        """Return the number of the process once it reads two bodies at once."""
        eventually(self.read_two)

        def reads_both() -> bool:
            with self.reading(2) as under_way:
                pass
            return HERE not in {each.result().process for each in under_way}

        eventually(reads_both)
        return self.read().process


@pytest.fixture
def helped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Helped]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    helped = Helped(tmp_path)
    yield helped
    helped.helper.close()
    arm("")


def is_there(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


class TestReading:
    def test_one_body_after_the_other_is_read_here(self, helped: Helped) -> None:
        assert [HERE] * 20 == [helped.read().process for _ in range(20)]
        assert helped.processes == 0

    def test_two_at_once_start_a_helper_that_reads_from_then_on(self, helped: Helped) -> None:
        process = helped.begin()
        before = helped.sample("meterd_helper_bodies_total") or 0

        assert HERE != process
        assert [process] * 5 == [helped.read().process for _ in range(5)]
        assert helped.sample("meterd_helper_bodies_total") == before + 5
        assert (helped.processes, helped.failures, helped.is_up) == (1, 0, True)

    def test_a_large_body_and_its_answer_come_whole(self, helped: Helped) -> None:
        process = helped.begin()
        with ThreadPoolExecutor(8) as pool:
            bodies = [bytes([ord("a") + number]) * (LARGE + number) for number in range(16)]
            told = list(pool.map(lambda body: helped.read(body=body), bodies))

        assert [body.decode() for body in bodies] == [each.text for each in told]
        assert process in {each.process for each in told}

    def test_of_more_at_once_than_it_takes_the_rest_is_read_here(self, helped: Helped) -> None:
        process = helped.begin()
        with helped.reading(5) as under_way:
            pass
        by = [each.result().process for each in under_way]

        assert (by.count(process), by.count(HERE)) == (2, 3)

    @pytest.mark.parametrize(("command", "error"), [("refuse", InvalidInput), ("measure", TooLarge)])
    def test_is_refused_there_as_here(self, helped: Helped, command: str, error: type[InvalidInput]) -> None:
        def refused() -> tuple[type[BaseException], str]:
            with pytest.raises(error) as raised:
                helped.read(f"{command} spanId is … missing")
            return raised.type, str(raised.value)

        here = refused()
        helped.begin()
        assert refused() == here == (error, "spanId is … missing")
        assert helped.failures == 0

    def test_what_nobody_expected_is_raised_here_and_the_helper_goes_on(self, helped: Helped) -> None:
        process = helped.begin()
        with pytest.raises(ArithmeticError, match="odd"):
            helped.read("fail odd")

        assert helped.read().process == process
        assert helped.failures == 0

    def test_where_there_is_one_processor_there_is_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(processors, "available", lambda: 1.0)
        alone = Helped(tmp_path)
        alone.read_two()
        assert alone.processes == 0

    def test_is_told_no_settings_of_the_service(self, helped: Helped, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("METERD_DIRECTORY__PASSWORD", "secret")
        process = helped.begin()
        environment = Path(f"/proc/{process}/environ").read_bytes()
        assert b"PYTHONPATH=" in environment
        assert b"METERD_" not in environment

    def test_is_ended_before_the_service_when_memory_runs_out(self, helped: Helped) -> None:
        process = helped.begin()
        assert int(Path(f"/proc/{process}/oom_score_adj").read_text()) > int(
            Path("/proc/self/oom_score_adj").read_text()
        )


class TestFailures:
    def test_what_a_helper_dies_of_is_read_here_and_another_one_follows(self, helped: Helped) -> None:
        first = helped.begin()
        assert helped.read("die").process == HERE
        assert (helped.processes, helped.failures, helped.is_up) == (0, 1, False)
        assert "the worker helper fails" in helped.supervisor.notice
        assert helped.supervisor.problem == ""

        second = helped.begin()
        assert second not in (first, HERE)
        assert helped.is_up
        assert not is_there(first)

    def test_two_bodies_at_a_helper_that_dies_are_both_read_here(self, helped: Helped) -> None:
        process = helped.begin()
        with helped.reading(2) as under_way:
            os.kill(process, signal.SIGKILL)

        assert [Told("0", HERE), Told("1", HERE)] == [each.result() for each in under_way]
        assert helped.failures == 1

    @pytest.mark.parametrize("size", [4, 32 * LARGE], ids=["little", "more than a socket holds"])
    def test_one_that_stands_still_is_ended_in_time_and_its_bodies_are_read_here(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        helped = Helped(tmp_path, seconds=3)
        process = helped.begin()
        before = helped.failures or 0
        os.kill(process, signal.SIGSTOP)
        eventually(lambda: " T " in Path(f"/proc/{process}/stat").read_text())
        assert helped.read(body=bytes(size)).process == HERE
        assert helped.failures == before + 1
        assert "(its process took longer than 3 s for a body)" in helped.supervisor.notice
        assert not is_there(process)

    def test_pauses_grow_while_each_one_starts_and_dies(self, helped: Helped) -> None:
        helped.begin()
        eventually(lambda: helped.read("die").process == HERE and helped.failures == 4)
        assert "tries again every 0.8 s" in helped.supervisor.notice

    def test_one_that_died_when_there_was_nothing_to_read_is_not_counted(self, helped: Helped) -> None:
        process = helped.begin()
        os.kill(process, signal.SIGKILL)
        eventually(lambda: helped.processes == 0)
        assert helped.read().process == HERE
        assert "(its process ended)" in helped.supervisor.notice

    def test_one_that_does_not_start_is_left_alone_for_longer_each_time(self, tmp_path: Path) -> None:
        helped = Helped(tmp_path, "meterd.nothing_of_the_kind")
        helped.try_until(failures=2)
        assert "its process does not start" in helped.supervisor.notice
        assert helped.read().process == HERE

    def test_one_that_the_system_does_not_start_is_told_in_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        helped = Helped(tmp_path)
        helped.read_two()
        assert "(its process can't be started: No such file or directory)" in helped.supervisor.notice
        assert (helped.processes, helped.failures) == (0, 1)

    def test_one_that_says_nothing_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "silent.py").write_text("import time; time.sleep(3600)")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(helper, "_START_SECONDS", 0)
        helped = Helped(tmp_path, "silent")
        helped.read_two()
        assert (helped.processes, helped.failures) == (1, 0)
        helped.read()
        assert (helped.processes, helped.failures) == (0, 1)

    def test_one_of_another_version_does_not_begin(self, helped: Helped, monkeypatch: pytest.MonkeyPatch) -> None:
        class OfYesterday(Begin, frozen=True):
            version: str = "0.0.1"

        monkeypatch.setattr(helper, "Begin", OfYesterday)
        helped.try_until(failures=1)
        assert "if meterd was upgraded" in helped.supervisor.notice

    def test_its_start_may_fail_like_a_round_of_every_worker(self, helped: Helped) -> None:
        arm(f"{round_of(HELPER)}:1:raise")
        helped.read_two()
        assert (helped.processes, helped.failures) == (0, 1)
        helped.begin()
        assert helped.is_up

    def test_a_body_that_it_could_not_read_is_not_counted(self, helped: Helped) -> None:
        helped.begin()
        before = helped.sample("meterd_helper_bodies_total")
        with pytest.raises(ArithmeticError):
            helped.read("fail odd")
        assert helped.sample("meterd_helper_bodies_total") == before

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_signals_for_the_group_do_not_end_it(self, helped: Helped, number: signal.Signals) -> None:
        process = helped.begin()
        os.kill(process, number)
        assert [process] * 3 == [helped.read().process for _ in range(3)]


class TestEnd:
    def test_closed_the_process_is_gone_and_none_follows(self, helped: Helped) -> None:
        process = helped.begin()
        helped.helper.close()
        assert not is_there(process)

        helped.read_two()
        assert (helped.processes, helped.failures, helped.is_up) == (0, 0, True)

    def test_what_it_was_reading_is_read_here(self, helped: Helped) -> None:
        helped.begin()
        with helped.reading() as under_way:
            helped.helper.close()

        assert [HERE] == [each.result().process for each in under_way]
        assert helped.failures == 0
