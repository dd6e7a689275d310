import asyncio

import pytest

from meterd.deadlines import Deadlines


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


async def test_a_task_within_its_time_is_left_alone() -> None:
    deadlines = Deadlines(60)

    async def work() -> str:
        task = deadlines.start()
        try:
            return "done"
        finally:
            deadlines.finish(task)

    assert ["done"] * 3 == list(await asyncio.gather(work(), work(), work()))


async def test_a_task_past_its_time_is_cancelled_and_goes_on() -> None:
    deadlines = Deadlines(0.001)

    async def work() -> str:
        task = deadlines.start()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert deadlines.expired(task)
        finally:
            deadlines.finish(task)
        await asyncio.sleep(0)  # would raise if the cancellation had not been taken back
        return f"answered, {task.cancelling()} cancellations left"

    assert await work() == "answered, 0 cancellations left"


async def test_a_cancellation_from_elsewhere_is_not_ours() -> None:
    deadlines = Deadlines(60)
    started = asyncio.Event()
    ours: list[bool] = []

    async def work() -> None:
        task = deadlines.start()
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ours.append(deadlines.expired(task))
            raise
        finally:
            deadlines.finish(task)

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ours == [False]


async def test_a_task_that_expires_leaves_the_younger_ones_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("meterd.deadlines.time", clock)
    deadlines = Deadlines(50)
    expired: list[str] = []
    younger_may_end = asyncio.Event()

    async def work(name: str, until: asyncio.Event) -> None:
        task = deadlines.start()
        try:
            await until.wait()
        except asyncio.CancelledError:
            assert deadlines.expired(task)
            expired.append(name)
            younger_may_end.set()
        finally:
            deadlines.finish(task)

    async def start_younger() -> None:
        clock.now = 100.0
        younger = asyncio.create_task(work("younger", younger_may_end))
        await asyncio.sleep(0)
        clock.now = 120.0
        await younger

    await asyncio.gather(work("older", asyncio.Event()), start_younger())
    assert expired == ["older"]


async def test_watching_starts_again_after_a_quiet_time() -> None:
    deadlines = Deadlines(0.001)
    expired = 0

    async def work() -> None:
        nonlocal expired
        task = deadlines.start()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            expired += deadlines.expired(task)
        finally:
            deadlines.finish(task)

    await asyncio.create_task(work())
    await asyncio.create_task(work())
    assert expired == 2
