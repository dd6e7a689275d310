import asyncio
import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from meterd.errors import Unavailable
from meterd.failpoints import Injected, arm
from meterd.supervision import JOURNAL, PROFILES, WORKERS, Supervisor, round_of
from meterd.telemetry import Telemetry

GENEROUS = 60.0
ODD_ERRORS = (RuntimeError("odd"), SystemExit(3), KeyboardInterrupt(), MemoryError())


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor(Telemetry())


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def sample(supervisor: Supervisor, name: str, worker: str) -> float | None:
    return supervisor.telemetry.registry.get_sample_value(name, {"worker": worker})


def ignore(_error: BaseException) -> None: ...


async def hang() -> float:
    await asyncio.Event().wait()
    return 0.0


def test_every_worker_has_a_name_of_its_own() -> None:
    assert len({worker.name for worker in WORKERS}) == len(WORKERS)


class TestThreads:
    @pytest.mark.parametrize("error", ODD_ERRORS, ids=repr)
    def test_go_on_whatever_a_round_raises(self, supervisor: Supervisor, error: BaseException) -> None:
        outcomes: Iterator[bool | BaseException] = iter([error, True, error, error, False])
        told: list[BaseException] = []

        def work() -> bool:
            outcome = next(outcomes)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        thread = supervisor.thread(JOURNAL, work, told.append)
        thread.start()

        assert thread.join(GENEROUS)
        assert [error] * 3 == told
        assert sample(supervisor, "meterd_worker_failures_total", "journal") == 3

    def test_say_that_they_fail_until_a_round_works(self, supervisor: Supervisor) -> None:
        problems: list[str] = []
        told = threading.Event()

        def work() -> bool:
            problems.append(supervisor.problem)
            if len(problems) == 1:
                raise RuntimeError("odd")
            return len(problems) < 3

        thread = supervisor.thread(JOURNAL, work, lambda _error: told.set())
        assert sample(supervisor, "meterd_worker_up", "journal") == 1
        thread.start()
        assert told.wait(GENEROUS)
        assert sample(supervisor, "meterd_worker_up", "journal") == 0

        assert thread.join(GENEROUS)
        assert ["", True, ""] == [problems[0], "journal fails (RuntimeError)" in problems[1], problems[2]]
        assert "nothing is recorded" in problems[1]
        assert sample(supervisor, "meterd_worker_up", "journal") == 1

    def test_are_logged_once_when_they_fail_and_once_when_they_work_again(self, supervisor: Supervisor) -> None:
        outcomes: Iterator[bool | Exception] = iter([RuntimeError("odd"), RuntimeError("odd"), True, False])

        def work() -> bool:
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        with capture_logs() as logged:
            thread = supervisor.thread(JOURNAL, work, ignore)
            thread.start()
            assert thread.join(GENEROUS)

        assert ["error", "info"] == [each["log_level"] for each in logged]
        assert {"journal"} == {each["worker"] for each in logged}

    def test_outlive_a_failure_of_those_who_are_told(self, supervisor: Supervisor) -> None:
        outcomes = iter([RuntimeError("odd"), False])

        def work() -> bool:
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return bool(outcome)

        def told(_error: BaseException) -> None:
            raise ValueError("odd, too")

        thread = supervisor.thread(JOURNAL, work, told)
        thread.start()

        assert thread.join(GENEROUS)

    def test_that_stop_end_with_their_next_failure(self, supervisor: Supervisor) -> None:
        arm(f"{round_of(JOURNAL)}:1:fail")
        thread = supervisor.thread(JOURNAL, lambda: True, ignore)
        thread.start()
        thread.stop()

        assert thread.join(GENEROUS)

    def test_are_not_waited_for_longer_than_asked(self, supervisor: Supervisor) -> None:
        released = threading.Event()
        thread = supervisor.thread(JOURNAL, lambda: not released.wait(GENEROUS), ignore)
        thread.start()
        try:
            assert not thread.join(0.01)
        finally:
            released.set()
        assert thread.join(GENEROUS)

    def test_that_never_began_are_not_waited_for(self, supervisor: Supervisor) -> None:
        assert supervisor.thread(JOURNAL, lambda: True, ignore).join(GENEROUS)


class TestTasks:
    @pytest.mark.parametrize("error", [*ODD_ERRORS, asyncio.CancelledError()], ids=repr)
    async def test_go_on_whatever_a_round_raises(self, supervisor: Supervisor, error: BaseException) -> None:
        outcomes = iter([error, None, error])
        told: list[BaseException] = []
        done = asyncio.Event()

        async def work() -> float:
            outcome = next(outcomes, "over")
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome == "over":
                done.set()
                await asyncio.Event().wait()
            return 0.0

        task = supervisor.task(PROFILES, work, told.append)
        task.start()
        async with asyncio.timeout(GENEROUS):
            await done.wait()
            await task.close()

        assert [error] * 2 == told
        assert sample(supervisor, "meterd_worker_failures_total", "profiles") == 2

    async def test_say_that_they_fail_without_making_the_service_unready(self, supervisor: Supervisor) -> None:
        arm(f"{round_of(PROFILES)}:1:fail")
        told = asyncio.Event()
        task = supervisor.task(PROFILES, hang, lambda _error: told.set())
        task.start()
        async with asyncio.timeout(GENEROUS):
            await told.wait()

        assert supervisor.problem == ""
        assert f"profiles fails ({Injected.__name__})" in supervisor.notice
        assert sample(supervisor, "meterd_worker_up", "profiles") == 0
        async with asyncio.timeout(GENEROUS):
            await task.close()

    async def test_tell_what_a_refusal_says(self, supervisor: Supervisor) -> None:
        told = asyncio.Event()

        async def work() -> float:
            raise Unavailable("the disk is full")

        task = supervisor.task(PROFILES, work, lambda _error: told.set())
        task.start()
        async with asyncio.timeout(GENEROUS):
            await told.wait()
            await task.close()

        assert "(the disk is full)" in supervisor.notice

    async def test_end_after_the_round_that_is_under_way_when_they_stop(self, supervisor: Supervisor) -> None:
        rounds = 0

        async def work() -> float:
            nonlocal rounds
            rounds += 1
            return GENEROUS

        task = supervisor.task(PROFILES, work)
        task.start()
        await asyncio.sleep(0)

        assert await task.stop(GENEROUS / 2)
        assert rounds == 1

    async def test_that_hang_are_not_waited_for_longer_than_asked(self, supervisor: Supervisor) -> None:
        task = supervisor.task(PROFILES, hang)
        task.start()
        await asyncio.sleep(0)

        assert not await task.stop(0.01)
        async with asyncio.timeout(GENEROUS):
            await task.close()

    async def test_that_never_began_end_at_once(self, supervisor: Supervisor) -> None:
        task = supervisor.task(PROFILES, hang)

        assert await task.stop(GENEROUS)
        await task.close()


class TestJobs:
    async def test_are_done_once_for_all_who_ask(self, supervisor: Supervisor) -> None:
        runs = 0
        done = asyncio.Event()

        async def work() -> None:
            nonlocal runs
            runs += 1
            done.set()

        job = supervisor.job(PROFILES, work)
        for _ in range(3):
            job.request(0.0)
        async with asyncio.timeout(GENEROUS):
            await done.wait()

        assert runs == 1

    async def test_that_fail_are_done_again_without_being_asked(self, supervisor: Supervisor) -> None:
        arm(f"{round_of(PROFILES)}:1:raise")
        done = asyncio.Event()
        told: list[BaseException] = []

        async def work() -> None:
            done.set()

        supervisor.job(PROFILES, work, told.append).request(0.0)
        async with asyncio.timeout(GENEROUS):
            await done.wait()
        await asyncio.sleep(0)

        assert [Injected] == [type(error) for error in told]
        assert supervisor.notice == ""

    async def test_that_are_closed_are_not_begun(self, supervisor: Supervisor) -> None:
        runs: list[None] = []

        async def work() -> None:
            runs.append(None)

        job = supervisor.job(PROFILES, work)
        job.request(0.0)
        job.close()
        job.request(0.0)
        await asyncio.sleep(0.01)

        assert runs == []
