"""The journal thread: what arrives while one commit runs is written by the next."""

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog

from meterd.errors import Unavailable
from meterd.ingest.backlog import Backlog
from meterd.ingest.facts import Receipt, Submission
from meterd.ingest.journal import Committed, Journal
from meterd.supervision import JOURNAL, Supervisor

log = structlog.get_logger()

CLOSE_SECONDS = 15.0
"""How long a caller waits at most for the journal thread to write what is queued, and at the end for the thread."""
FAILING = "nothing can be written to the journal just now, try again"
_STOPPED = "the service has stopped"
_GROUP_BYTES = 16 * 2**20

Settle = Callable[[Receipt | Unavailable], None]
"""Told in the event loop what became of a submission."""


class Waiting(NamedTuple):
    """A submission that waits for its commit."""

    submission: Submission
    size: int
    settle: Settle


class Task(NamedTuple):
    """Other work with the journal, between two groups; `settle` gets None, or the error that it failed with."""

    run: Callable[[], object]
    settle: Callable[[Unavailable | None], object] | None = None


Resume = Callable[[list[Waiting], Sequence[Receipt | Unavailable]], object]
"""Called in the journal thread with a group and the receipt or the error of each submission."""


class GroupCommit:
    """Run the journal thread, which commits groups of submissions and does tasks in the order in which they come.

    Each submission and task is answered once, whatever fails: with `Unavailable` when it could not be done.
    """

    def __init__(self, journal: Journal, backlog: Backlog, supervisor: Supervisor, resume: Resume) -> None:
        self._journal = journal
        self._backlog = backlog
        self._resume = resume
        self._telemetry = supervisor.telemetry
        self._queue: SimpleQueue[list[Waiting] | Task] = SimpleQueue()
        """Takes what others hand to the journal thread. There is no lock: each field below has one thread's writes."""
        # written by the journal thread
        self._group: list[Waiting] = []
        self._task: Task | None = None
        self._is_stopped = False
        self.is_failing = False
        # written by who stops the service
        self._is_closed = False
        self._thread = supervisor.thread(JOURNAL, self._round, self._failed)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: list[Waiting] | Task) -> None:
        """Queue for the journal thread. The last one to look fails what comes after its end, so that nobody waits."""
        self._queue.put(item)
        if self._is_closed:
            self._fail_queued(Unavailable(_STOPPED))

    def close(self) -> None:
        """Write what is queued, then end the thread; what it can't write in time fails."""
        self._thread.stop()  # before the task that ends it, which a failure would take away
        self.put(Task(self._stop))
        self._thread.join(CLOSE_SECONDS)
        self._is_closed = True
        self._fail_queued(Unavailable(_STOPPED))

    def account(self, committed: Committed) -> None:
        """Count what was committed, and let the loader know."""
        self._backlog.committed(committed.end, committed.size)
        for dataset, count in committed.added.items():
            self._telemetry.facts.labels(dataset).inc(count)
        for dataset, count in committed.known.items():
            if count:
                self._telemetry.duplicates.labels(dataset).inc(count)

        for dataset, count in committed.merged.items():
            self._telemetry.merged.labels(dataset).inc(count)
        for limit, count in committed.reached.items():
            self._telemetry.kept_apart.labels(limit).inc(count)

    def _stop(self) -> None:
        self._is_stopped = True

    def _round(self) -> bool:
        """Commit the next group, or do the next task; False after the last one.

        What is taken from the queue stays in `_group` and `_task` until it is answered, so that `_failed` finds it.
        """
        self.is_failing = False
        item = self._queue.get()
        if isinstance(item, list):
            self._group = item
            self._gather()
            self._commit()
        else:
            self._task = item
        if self._task is not None:
            self._perform(self._task)
        return not self._is_stopped

    def _failed(self, _error: BaseException) -> None:
        """Let all fail who wait; what comes is refused until the thread has begun again."""
        failure = Unavailable(FAILING, retry_after=5)
        self.is_failing = True
        if self._group:
            self._fail_group(failure)
        task, self._task = self._task, None
        if task is not None and task.settle is not None:
            task.settle(failure)
        self._fail_queued(failure)

    def _gather(self) -> None:
        """Add to the group what is queued by now, up to a size, or up to a task."""
        group = self._group
        room = _GROUP_BYTES - sum([waiting.size for waiting in group])
        while room > 0:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return
            if not isinstance(item, list):
                self._task = item
                return
            group += item
            room -= sum([waiting.size for waiting in item])

    def _commit(self) -> None:
        group, started = self._group, time.perf_counter()
        try:
            committed = self._journal.commit([waiting.submission for waiting in group])
        except Exception as error:  # noqa: BLE001 - it concerns this group alone, and a full disk does this often
            self._telemetry.commit_failures.inc()
            log.error("journal write failed", error=str(error), requests=len(group))
            self._journal.shrink_log()
            self._fail_group(Unavailable(f"the journal can't be written: {error}", retry_after=5))
            return
        self._telemetry.commit_seconds.observe(time.perf_counter() - started)
        self.account(committed)
        self._group = []
        self._resume(group, committed.receipts)

    def _perform(self, task: Task) -> None:
        outcome: Unavailable | None = None
        try:
            task.run()
        except Exception as error:  # noqa: BLE001 - it concerns this task alone, and a full disk does this often
            log.error("a task of the journal failed", error=str(error))
            outcome = Unavailable(f"the journal can't be written: {error}", retry_after=5)
        self._task = None
        if task.settle is not None:
            task.settle(outcome)

    def _fail_group(self, failure: Unavailable) -> None:
        group, self._group = self._group, []
        self._resume(group, [failure] * len(group))

    def _fail_queued(self, failure: Unavailable) -> None:
        """Let all fail that is queued. For any thread."""
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return
            if isinstance(item, list):
                self._resume(item, [failure] * len(item))
            elif item.settle is not None:
                item.settle(failure)
