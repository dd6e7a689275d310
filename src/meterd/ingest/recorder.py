"""The door to the journal for the event loop and other threads: callers resume when what they sent is on disk."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import structlog

from meterd.errors import Unavailable
from meterd.futures import call_from_thread, settle, settle_from_thread
from meterd.ingest.aside import Totals
from meterd.ingest.backlog import Backlog
from meterd.ingest.capacity import Capacity
from meterd.ingest.entries import Entry
from meterd.ingest.facts import Receipt, Submission
from meterd.ingest.group_commit import CLOSE_SECONDS, FAILING, GroupCommit, Settle, Task, Waiting
from meterd.ingest.journal import Journal
from meterd.settings import Ingest
from meterd.supervision import Supervisor

log = structlog.get_logger()


class Recorder:
    """Hand submissions to the journal thread; `record` returns once they are durable.

    Beyond the bounds of `Capacity`, while the journal thread fails, and when the service stops, it raises
    `Unavailable`.
    """

    def __init__(
        self, journal: Journal, backlog: Backlog, directory: Path, limits: Ingest, supervisor: Supervisor
    ) -> None:
        self._journal = journal
        self._capacity = Capacity(backlog, directory, limits, supervisor.telemetry)
        self._commits = GroupCommit(journal, backlog, supervisor, self._resume)
        self._arrived: list[Waiting] = []  # written by the event loop alone
        self._refusing = ""  # written by who stops the service
        gauge = supervisor.telemetry.gauge
        gauge("meterd_journal_set_aside_bytes", "Bytes set aside", lambda: self.aside.size)
        gauge("meterd_journal_identities_waiting", "Identities before their table", lambda: journal.identities_waiting)
        gauge("meterd_journal_spans_waiting", "Spans before their table", lambda: journal.spans_waiting)

    @property
    def aside(self) -> Totals:
        """Return how much of what was accepted is set aside, because it can't be loaded."""
        return self._journal.aside

    def start(self) -> None:
        self._commits.start()

    async def record(self, submission: Submission) -> Receipt:
        """Make the submission durable.

        Raises:
            Unavailable: it can't be taken, or could not be written.
        """
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.submit(submission, partial(settle, future))
        return await future

    def submit(self, submission: Submission, settle: Settle) -> None:
        """Make the submission durable and then call `settle`.

        Raises:
            Unavailable: it can't be taken.
        """
        size = submission.size
        if not self._arrived:
            self._require_open()
            self._capacity.take(size, is_first=True)
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._hand_over)  # all that arrives in this turn of the loop, together
        else:
            self._capacity.take(size, is_first=False)
        self._arrived.append(Waiting(submission, size, settle))

    def write(self, submission: Submission) -> None:
        """Queue the submission, for threads without an event loop; why it could not be made durable is logged."""
        self._commits.put(Task(lambda: self._commits.account(self._journal.commit([submission]))))

    def require_room(self, size: int) -> None:
        """Raise `Unavailable` when `size` more bytes would touch the disk's reserve. For any thread."""
        self._capacity.require_room(size)

    async def probe(self) -> None:
        """Make a real write and fsync in the journal thread.

        Raises:
            Unavailable: that fails.
        """
        self._require_open()
        self._capacity.require(0)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits.put(Task(self._journal.probe, partial(settle_from_thread, [future])))
        await future

    def trim(self, sequence: int) -> None:
        """Ask the journal thread to forget entries up to `sequence`."""
        self._commits.put(Task(lambda: self._journal.trim(sequence)))

    def set_aside(self, entry: Entry, is_whole: bool) -> bool:
        """Keep an entry that can't be loaded; blocking. False when there is no room. Raises `Unavailable`."""
        kept: Future[bool] = Future()
        self._commits.put(
            Task(
                lambda: kept.set_result(self._journal.set_aside(entry, is_whole)),
                lambda error: kept.set_exception(error) if error else None,
            )
        )
        try:
            return kept.result(CLOSE_SECONDS)
        except TimeoutError:
            raise Unavailable(f"the journal thread took longer than {CLOSE_SECONDS:g} s", retry_after=5) from None

    def refuse(self, why: str) -> None:
        """Take nothing more; what is queued is still written."""
        self._refusing = why

    def flush(self) -> None:
        """Return when everything queued before this call is written, or has failed, or takes too long."""
        written = threading.Event()
        self._commits.put(Task(lambda: None, lambda _error: written.set()))
        if not written.wait(CLOSE_SECONDS):
            log.error("what is queued for the journal is not written yet", seconds=CLOSE_SECONDS)

    def close(self) -> None:
        """Write what is queued, then end the thread; what it can't write in time fails."""
        self.refuse("the service is stopping")
        self._commits.close()

    def _require_open(self) -> None:
        if self._refusing:
            raise self._capacity.refusal("stopping", self._refusing)
        if self._commits.is_failing:
            raise self._capacity.refusal("journal", FAILING, 5)

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._commits.put(arrived)

    def _resume(self, group: list[Waiting], outcomes: Sequence[Receipt | Unavailable]) -> None:
        call_from_thread(self._loop, self._settle, group, outcomes)

    def _settle(self, group: list[Waiting], outcomes: Sequence[Receipt | Unavailable]) -> None:
        self._capacity.give_back(sum([waiting.size for waiting in group]))
        for waiting, outcome in zip(group, outcomes, strict=True):
            try:
                waiting.settle(outcome)
            except Exception:
                log.exception("an answer could not be given")  # the others get theirs
