"""Keeps the service's threads and tasks at work (`docs/decisions/0019-supervision.md`).

A worker does rounds for as long as the service runs. Whatever a round raises is logged once, fails those who wait for
it, shows in `/readyz` and `/metrics`, and is followed by another try after a pause that doubles. No worker stops the
service: what the others do goes on.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import NamedTuple, TypeVar

import structlog

from meterd.errors import MeterdError
from meterd.failpoints import reach
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_MIN_PAUSE = 0.1
_Result = TypeVar("_Result")


class Worker(NamedTuple):
    """A thread or task, as messages about its failure name it.

    `consequence` says what is not done meanwhile. The service is not ready without an essential worker. Seconds between
    two tries double up to `max_pause`.
    """

    name: str
    consequence: str
    is_essential: bool = False
    max_pause: float = 5.0


JOURNAL = Worker("journal", "nothing is recorded", is_essential=True)
LOADER = Worker("loader", "what is recorded does not come into the store", is_essential=True)
EXPORTER = Worker("exporter", "no meters are exported", max_pause=60.0)
REQUESTS = Worker("requests", "calls to this service are not recorded")
SESSIONS = Worker("sessions", "documents of sessions are not saved")
PROFILES = Worker("profiles", "changed profiles are not read")
PROMPTNESS = Worker("promptness", "delays of the event loop are not measured")
PARENT = Worker("parent", "this process tells the others no metrics, and is not restarted with them")
ADOPTION = Worker(
    "adoption", "what workers that are no more have left in their journals does not come into the store", max_pause=60.0
)
HELPER = Worker(
    "helper",
    "large bodies of OpenTelemetry and LiteLLM are read by the service itself, which is slower",
    max_pause=60.0,
)
WORKERS = (JOURNAL, LOADER, EXPORTER, REQUESTS, SESSIONS, PROFILES, PROMPTNESS, PARENT, ADOPTION, HELPER)


def round_of(worker: Worker) -> str:
    """Name the fail point that a worker passes at the beginning of each round."""
    return f"{worker.name}-round"


class _Failure(NamedTuple):
    """A failure: how many rounds failed in a row, what the last one raised, and the pause after it in seconds."""

    rounds: int
    reason: str
    pause: float


class Watch:
    """Keeps whether a worker fails. Only the worker writes; one reference, so that any thread may read it."""

    def __init__(self, worker: Worker, telemetry: Telemetry) -> None:
        self.worker = worker
        self.fail_point = round_of(worker)
        self.failure: _Failure | None = None
        self._failures = telemetry.worker_failures.labels(worker.name)
        telemetry.worker_up.labels(worker.name).set_function(lambda: self.failure is None)

    def failed(self, error: BaseException) -> _Failure:
        """Count a failed round, and log the first of several."""
        before = self.failure or _Failure(0, "", 0.0)
        pause = min(max(2 * before.pause, _MIN_PAUSE), self.worker.max_pause)
        reason = error.message if isinstance(error, MeterdError) else type(error).__name__
        self.failure = failure = _Failure(before.rounds + 1, reason, pause)
        self._failures.inc()
        if reason != before.reason:
            log.error(
                "a worker failed, and tries again",
                worker=self.worker.name,
                error=str(error) or reason,
                consequence=self.worker.consequence,
                exc_info=None if isinstance(error, MeterdError) else error,
            )
        return failure

    def worked(self) -> None:
        """Note that a round succeeded."""
        if self.failure:
            log.info("a worker works again", worker=self.worker.name, failed_rounds=self.failure.rounds)
            self.failure = None

    @property
    def problem(self) -> str:
        """A sentence for the operator; empty while the worker works."""
        failure, worker = self.failure, self.worker
        if failure is None:
            return ""
        return (
            f"the worker {worker.name} fails ({failure.reason}), so {worker.consequence}; "
            f"it tries again every {failure.pause:g} s, the log says more; restart the service if that does not pass"
        )


class Supervisor:
    """Makes workers, and reports their health. `telemetry` is where they count what they do."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self._watches: list[Watch] = []

    def thread(
        self, worker: Worker, round_: Callable[[], bool], failed: Callable[[BaseException], None]
    ) -> "WorkerThread":
        """Make a thread that calls `round_` until that returns False, and `failed` with what it raises."""
        return WorkerThread(self.watch(worker), round_, failed)

    def task(
        self,
        worker: Worker,
        round_: Callable[[], Awaitable[float]],
        failed: Callable[[BaseException], None] = lambda _error: None,
    ) -> "WorkerTask":
        """Make a task of the event loop that does rounds until it is stopped, and calls `failed` with what one raises.

        A round returns how many seconds to rest until the next one.
        """
        return WorkerTask(self.watch(worker), round_, failed)

    def job(
        self,
        worker: Worker,
        work: Callable[[], Awaitable[None]],
        failed: Callable[[BaseException], None] = lambda _error: None,
    ) -> "WorkerJob":
        """Work of the event loop that is done once, some time after it is asked for."""
        return WorkerJob(self.watch(worker), work, failed)

    @property
    def problem(self) -> str:
        """Which essential worker fails, and what to do; empty when none does."""
        return "; ".join(watch.problem for watch in self._watches if watch.problem and watch.worker.is_essential)

    @property
    def notice(self) -> str:
        """The same of workers without which the service is ready."""
        return "; ".join(watch.problem for watch in self._watches if watch.problem and not watch.worker.is_essential)

    def watch(self, worker: Worker) -> Watch:
        """Return what tells the health of a worker, for what is none of the above."""
        watch = Watch(worker, self.telemetry)
        self._watches.append(watch)
        return watch


def _tell(failed: Callable[[BaseException], None], error: BaseException) -> None:
    """Let those fail who wait; what that raises must not end the worker either."""
    try:
        failed(error)
    except Exception:
        log.exception("those who wait for a worker can't be told that it failed")


class WorkerThread:
    """A thread that does rounds."""

    def __init__(self, watch: Watch, round_: Callable[[], bool], failed: Callable[[BaseException], None]) -> None:
        self._watch = watch
        self._round = round_
        self._failed = failed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"meterd-{watch.worker.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_stopping(self) -> bool:
        """Whether the next round that fails is the last one."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Cut the pause after a failure short, and end with the next failure."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread, but no longer; whether it has ended."""
        if self._thread.ident is None:
            return True  # it never began
        self._thread.join(seconds)
        if self._thread.is_alive():
            log.error("a worker does not end, and is left behind", worker=self._watch.worker.name, seconds=seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        watch, round_, fail_point = self._watch, self._round, self._watch.fail_point
        while True:
            try:
                reach(fail_point)
                goes_on = round_()
            except BaseException as error:  # noqa: BLE001 - nothing that a round raises may end the thread
                failure = watch.failed(error)
                _tell(self._failed, error)
                if self._stopping.is_set():
                    return
                self._stopping.wait(failure.pause)
            else:
                if watch.failure:
                    watch.worked()
                if not goes_on:
                    return


class WorkerTask:
    """A task that does rounds, from `start` to `stop` or `close`, which are called in the event loop."""

    def __init__(
        self, watch: Watch, round_: Callable[[], Awaitable[float]], failed: Callable[[BaseException], None]
    ) -> None:
        self._watch = watch
        self._round = round_
        self._failed = failed
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, unless it has begun before."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), context=Context())

    async def stop(self, seconds: float) -> bool:
        """Let the round end that is under way, if it does so in time; whether the task has ended."""
        self._stopping.set()
        if self._task is None:
            return True
        done, _ = await asyncio.wait({self._task}, timeout=seconds)
        return bool(done)

    async def close(self) -> None:
        """End the task at once."""
        self._stopping.set()
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while not self._stopping.is_set():
            outcome = await _attempt(self._watch, self._round, self._failed)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(outcome.pause if isinstance(outcome, _Failure) else outcome):
                    await self._stopping.wait()


class WorkerJob:
    """Work that is done once, some time after it is asked for; whoever asks meanwhile asks for the same."""

    def __init__(
        self, watch: Watch, work: Callable[[], Awaitable[None]], failed: Callable[[BaseException], None]
    ) -> None:
        self._watch = watch
        self._work = work
        self._failed = failed
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def request(self, seconds: float) -> None:
        """Do the work in so many seconds, or when it was asked for before."""
        if self._timer is None and not self._is_closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._begin, context=Context())  # it ends with no request

    def close(self) -> None:
        """Do it no more; what has begun is finished."""
        self._is_closed = True
        if self._timer:
            self._timer.cancel()

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        outcome = await _attempt(self._watch, self._work, self._failed)
        if isinstance(outcome, _Failure):
            self.request(outcome.pause)


async def _attempt(
    watch: Watch, work: Callable[[], Awaitable[_Result]], failed: Callable[[BaseException], None]
) -> _Result | _Failure:
    """Do a round in the event loop; returns what it does, or how it failed."""
    task = asyncio.current_task()
    try:
        reach(watch.fail_point)
        result = await work()
    except GeneratorExit:
        raise  # the event loop is gone
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and task and task.cancelling():
            raise  # by who ends the worker, not by what it calls
        failure = watch.failed(error)
        _tell(failed, error)
        return failure
    watch.worked()
    return result
