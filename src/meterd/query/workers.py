"""Threads for long work: shared fairly, within a time limit, and no longer than somebody waits for it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from meterd.access import Caller
from meterd.errors import Unavailable
from meterd.futures import call_from_thread
from meterd.presence import ClientGone, while_present
from meterd.query.fair_queue import FairQueue, Share, share_of
from meterd.store import Cancellation
from meterd.telemetry import Telemetry

_Result = TypeVar("_Result")

_GRACE = 3.0
"""Seconds after its time in which work should have noticed: what plans or evaluates a large expression looks seldom."""


class Overdue(Unavailable):
    """Work did not end in its time, nor soon after; nobody waits for it any more. It keeps its slot until it ends."""


class Execution(NamedTuple):
    """An execution of a piece of work: its deadline (monotonic seconds), how long it waited, and its cancellation."""

    deadline: float
    waited: float
    cancellation: Cancellation

    @property
    def left(self) -> float:
        """Seconds that it may still take."""
        return max(self.deadline - time.monotonic(), 0.001)


class Workers:
    """Runs work in `slots` threads. `name` tells one kind of work from another in the metrics.

    Args:
        maximum: how many may wait.
        timeout: seconds that work may take, its waiting included.
        setting: where that is set, for messages.
    """

    def __init__(
        self, name: str, slots: int, maximum: int, timeout: float, telemetry: Telemetry, setting: str = "query.timeout"
    ) -> None:
        self._timeout = timeout
        self._setting = setting
        self._queue = queue = FairQueue(slots, maximum)
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix=f"meterd-{name}")
        self._refused = telemetry.work_refused.labels(name)
        self._cancelled = telemetry.work_cancelled.labels(name)
        self._running: set[Cancellation] = set()
        telemetry.work_running.labels(name).set_function(lambda: queue.taken)
        telemetry.work_waiting.labels(name).set_function(lambda: queue.waiting)

    async def run(
        self, caller: Caller | None, work: Callable[[Execution], _Result], began: float | None = None
    ) -> _Result:
        """Call `work` in a thread when a slot is free.

        Args:
            began: since when the time counts, in monotonic seconds; by default since now.

        Raises:
            Unavailable: too many wait, or the time passed meanwhile.
            Overdue: the work did not end although its time had passed.
            ClientGone: nobody waits for the response any more; the work is then cancelled.
            Exception: whatever the work raises.
        """
        share, arrived = share_of(caller), time.monotonic()
        deadline = (began or arrived) + self._timeout
        try:
            async with while_present():
                await self._wait_for_slot(share, deadline - arrived)
                return await self._work(share, work, Execution(deadline, time.monotonic() - arrived, Cancellation()))
        except (asyncio.CancelledError, ClientGone):
            self._cancelled.inc()
            raise

    async def _wait_for_slot(self, share: Share, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._queue.acquire(share)
        except TimeoutError:
            self._refused.inc()
            raise Unavailable(
                f"it was not this request's turn within {self._timeout:g} s ({self._setting}), try again", 5
            ) from None
        except Unavailable:
            self._refused.inc()
            raise

    async def _work(self, share: Share, work: Callable[[Execution], _Result], execution: Execution) -> _Result:
        loop = asyncio.get_running_loop()

        def done(_: Future[_Result]) -> None:
            """Free the slot when the thread is, which may be after the request has ended."""
            self._running.discard(execution.cancellation)
            call_from_thread(loop, self._queue.release, share)

        self._running.add(execution.cancellation)
        future = self._threads.submit(_answered, work, execution)
        future.add_done_callback(done)
        overdue = asyncio.timeout(execution.left + _GRACE)
        try:
            async with overdue:
                return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            execution.cancellation.cancel()
            raise
        except TimeoutError:
            if not overdue.expired():
                raise  # the work's own
            execution.cancellation.cancel()
            raise Overdue(f"it took longer than {self._timeout:g} s ({self._setting}), try again", 5) from None

    def close(self) -> None:
        """End what is running."""
        for cancellation in tuple(self._running):
            cancellation.cancel()
        self._threads.shutdown(cancel_futures=True)


def _answered(work: Callable[[Execution], _Result], execution: Execution) -> _Result:
    """Call the work. Of an exception that no future of a loop can hold, whoever waits would never hear."""
    try:
        return work(execution)
    except StopIteration as error:
        raise RuntimeError("the work ended an iteration that nobody made") from error
