"""Group commit: what arrives while one commit runs is written by the next, and callers resume when it is on disk."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

import structlog

from meterd.errors import Unavailable
from meterd.futures import call_from_thread, settle, settle_from_thread
from meterd.ingest.aside import Totals
from meterd.ingest.backlog import Backlog
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Receipt, Submission
from meterd.ingest.journal import Committed, Journal
from meterd.settings import Ingest
from meterd.supervision import JOURNAL, Supervisor

log = structlog.get_logger()

_GROUP_BYTES = 16 * 2**20
_WRITTEN_TIMES = 3
"""How often an accepted byte is written at most, before something is trimmed: journal, its log, the store's log."""
_FAILED = "nothing can be written to the journal just now, try again"
_STOPPED = "the service has stopped"
_CLOSE_SECONDS = 15.0
"""How long a caller waits at most for the journal thread to write what is queued, and at the end for the thread."""

Settle = Callable[[Receipt | Unavailable], None]
"""Told in the event loop what became of a submission."""


class _Waiting(NamedTuple):
    submission: Submission
    size: int
    settle: Settle


class _Task(NamedTuple):
    """Something else to do with the journal, between two groups; `settle` is told how it went."""

    run: Callable[[], object]
    settle: Callable[[Unavailable | None], object] | None = None


class Recorder:
    """Hand submissions to the journal thread; `record` returns once they are durable.

    Bounds: bytes waiting for a commit (`queue_bytes`), bytes committed but not yet in the store (`backlog_bytes`), and
    free disk space (`disk_reserve_bytes`). Beyond them `record` raises `Unavailable`.
    """

    def __init__(
        self, journal: Journal, backlog: Backlog, directory: Path, limits: Ingest, supervisor: Supervisor
    ) -> None:
        self._journal = journal
        self._backlog = backlog
        self._directory = directory
        self._limits = limits
        self._telemetry = telemetry = supervisor.telemetry
        self._queue: SimpleQueue[list[_Waiting] | _Task] = SimpleQueue()
        """Takes what others hand to the journal thread. There is no lock: each field below has one thread's writes."""
        # written by the event loop
        self._arrived: list[_Waiting] = []
        self._queued_bytes = 0
        # written by whoever looks; what gets lost when two do at once is made up for a second later
        self._disk_checked = 0.0
        self._disk_free = 0
        # written by the journal thread
        self._group: list[_Waiting] = []
        self._task: _Task | None = None
        self._is_failing = False
        self._is_stopped = False
        # written by who stops the service
        self._refusing = ""
        self._is_closed = False
        self._thread = supervisor.thread(JOURNAL, self._round, self._failed)
        telemetry.gauge("meterd_ingest_queue_bytes", "Bytes waiting for a commit", lambda: self._queued_bytes)
        telemetry.gauge("meterd_journal_set_aside_bytes", "Bytes set aside", lambda: self.aside.size)
        telemetry.gauge("meterd_disk_free_bytes", "Free space on the data directory's disk", self._free)

    @property
    def aside(self) -> Totals:
        """Return how much of what was accepted is set aside, because it can't be loaded."""
        return self._journal.aside

    def start(self) -> None:
        self._thread.start()

    async def record(self, submission: Submission) -> Receipt:
        """Make the submission durable. Raises `Unavailable` when it can't be taken or could not be written."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.submit(submission, partial(settle, future))
        return await future

    def submit(self, submission: Submission, settle: Settle) -> None:
        """Make the submission durable and then call `settle`. Raises `Unavailable` when it can't be taken."""
        size = submission.size
        if not self._arrived or self._queued_bytes + size > self._limits.queue_bytes:
            self._admit(size)  # once for all that arrives in this turn of the loop
        self._queued_bytes += size
        self._disk_free -= _WRITTEN_TIMES * size
        if not self._arrived:  # handed over together
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._hand_over)
        self._arrived.append(_Waiting(submission, size, settle))

    def write(self, submission: Submission) -> None:
        """Queue the submission, for threads without an event loop; why it could not be made durable is logged."""
        self._put(_Task(lambda: self._account(self._journal.commit([submission]))))

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._put(arrived)

    def _put(self, item: list[_Waiting] | _Task) -> None:
        """Queue for the journal thread. The last one to look fails what comes after its end, so that nobody waits."""
        self._queue.put(item)
        if self._is_closed:
            self._fail_queued(Unavailable(_STOPPED))

    def _admit(self, size: int) -> None:
        limits = self._limits
        if self._refusing:
            raise self._refusal("stopping", self._refusing)
        if self._is_failing:
            raise self._refusal("journal", _FAILED, 5)
        if self._queued_bytes + size > limits.queue_bytes:
            raise self._refusal("queue", "too much is waiting to be written (ingest.queue-bytes), try again")
        if self._backlog.size > limits.backlog_bytes:
            raise self._refusal("backlog", "the store is behind the journal (ingest.backlog-bytes), try again", 5)
        self.require_room(size)

    def require_room(self, size: int) -> None:
        """Raise `Unavailable` when `size` more bytes would touch the disk's reserve. For any thread."""
        if self._free() - size < self._limits.disk_reserve_bytes + self._backlog.reserved_bytes:
            raise self._refusal("disk", "the disk is almost full (ingest.disk-reserve-bytes)", 30)

    def _refusal(self, reason: str, message: str, retry_after: int = 1) -> Unavailable:
        self._telemetry.refusals.labels(reason).inc()
        return Unavailable(message, retry_after)

    def _free(self) -> int:
        """Return the free bytes on disk: looked up at most once a second, less what was taken since."""
        now = time.monotonic()
        if now - self._disk_checked > 1.0:
            self._disk_checked = now
            status = os.statvfs(self._directory)
            self._disk_free = status.f_bavail * status.f_frsize
        return self._disk_free

    async def probe(self) -> None:
        """Make a real write and fsync in the journal thread. Raises `Unavailable` when that fails."""
        self._admit(0)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._put(_Task(self._journal.probe, partial(settle_from_thread, [future])))
        await future

    def trim(self, sequence: int) -> None:
        """Ask the journal thread to forget entries up to `sequence`."""
        self._put(_Task(lambda: self._journal.trim(sequence)))

    def set_aside(self, entry: Entry, is_whole: bool) -> bool:
        """Keep an entry that can't be loaded; blocking. False when there is no room. Raises `Unavailable`."""
        kept: Future[bool] = Future()
        self._put(
            _Task(
                lambda: kept.set_result(self._journal.set_aside(entry, is_whole)),
                lambda error: kept.set_exception(error) if error else None,
            )
        )
        try:
            return kept.result(_CLOSE_SECONDS)
        except TimeoutError:
            raise Unavailable(f"the journal thread took longer than {_CLOSE_SECONDS:g} s", retry_after=5) from None

    def refuse(self, why: str) -> None:
        """Take nothing more; what is queued is still written."""
        self._refusing = why

    def flush(self) -> None:
        """Return when everything queued before this call is written, or has failed, or takes too long."""
        written = threading.Event()
        self._put(_Task(lambda: None, lambda _error: written.set()))
        if not written.wait(_CLOSE_SECONDS):
            log.error("what is queued for the journal is not written yet", seconds=_CLOSE_SECONDS)

    def close(self) -> None:
        """Write what is queued, then end the thread; what it can't write in time fails."""
        self.refuse("the service is stopping")
        self._thread.stop()  # before the task that ends it, which a failure would take away
        self._put(_Task(self._stop))
        self._thread.join(_CLOSE_SECONDS)
        self._is_closed = True
        self._fail_queued(Unavailable(_STOPPED))

    def _stop(self) -> None:
        self._is_stopped = True

    def _round(self) -> bool:
        """Commit the next group, or do the next task; False after the last one.

        What is taken from the queue stays in `_group` and `_task` until it is answered, so that `_failed` finds it.
        """
        self._is_failing = False
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
        failure = Unavailable(_FAILED, retry_after=5)
        self._is_failing = True
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
        self._account(committed)
        self._group = []
        self._resume(group, committed.receipts)

    def _account(self, committed: Committed) -> None:
        """Count what was committed, and let the loader know."""
        self._backlog.committed(committed.end, committed.size)
        for dataset, count in committed.added.items():
            self._telemetry.facts.labels(dataset).inc(count)
        for dataset, count in committed.known.items():
            if count:
                self._telemetry.duplicates.labels(dataset).inc(count)

    def _resume(self, group: list[_Waiting], outcomes: Sequence[Receipt | Unavailable]) -> None:
        call_from_thread(self._loop, self._settle, group, outcomes)

    def _settle(self, group: list[_Waiting], outcomes: Sequence[Receipt | Unavailable]) -> None:
        self._queued_bytes -= sum([waiting.size for waiting in group])
        for waiting, outcome in zip(group, outcomes, strict=True):
            try:
                waiting.settle(outcome)
            except Exception:
                log.exception("an answer could not be given")  # the others get theirs

    def _perform(self, task: _Task) -> None:
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
