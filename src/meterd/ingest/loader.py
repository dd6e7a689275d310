"""Moves journal entries into the store, each exactly once, and lets queries wait for their own writes."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from meterd.errors import Unavailable
from meterd.failpoints import reach
from meterd.ingest.entries import Entry
from meterd.ingest.journal import JournalReader
from meterd.ingest.retention import Retention
from meterd.ingest.sifting import Sifter
from meterd.settings import Store as StoreSettings
from meterd.store import Store
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_BATCH_BYTES = 16 * 2**20
_LONGEST_PAUSE = 5.0
_NOT_NOW = "the store can't take what was recorded just now; nothing is lost, try again"
_NOT_SOON = (
    "the store has not taken what was recorded for {:.0f} s; nothing is lost, but somebody must look: see /readyz"
)
_SOON = 60.0
"""Seconds of failing after which nobody is told to try again."""


class _Reader(NamedTuple):
    """A query waiting for the store to reach `sequence`."""

    sequence: int
    future: asyncio.Future[None]


class Loader:
    """A thread that appends journal entries to the store and checkpoints it.

    The store's watermark is written with the entries it covers, so a crash at any moment neither loses nor repeats
    one. Entries are trimmed from the journal (`trim`) only behind a checkpoint. What the store can't read is set aside
    (`set_aside`), so that it holds up nothing.
    """

    def __init__(
        self,
        reader: JournalReader,
        store: Store,
        settings: StoreSettings,
        telemetry: Telemetry,
        trim: Callable[[int], None],
        set_aside: Callable[[Entry, bool], bool],
        end: int,
        retention: Retention | None = None,
    ) -> None:
        self._journal = reader
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._sifter = Sifter(store, telemetry, set_aside)
        self._trim = trim
        self._retention = retention or Retention(store, {})
        self._end = end
        self._loaded = store.watermark()
        self._backlog = reader.size(self._loaded)
        self._uncovered = reader.size(0) - self._backlog
        self._checkpointed_at = time.monotonic()
        self._stopping = False
        self._lingering = False
        self._failing = ""
        self._failing_since = 0.0
        self._readers: list[_Reader] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="meterd-loader", daemon=True)
        telemetry.gauge("meterd_loader_backlog_bytes", "Bytes in the journal but not in the store", self.backlog)
        telemetry.gauge("meterd_loader_lag_entries", "Journal entries not yet in the store", lambda: self.lag)

    def start(self) -> None:
        self._thread.start()

    def backlog(self) -> int:
        """Bytes in the journal but not yet in the store."""
        return self._backlog

    def room_needed(self) -> int:
        """Bytes of disk that loading and checkpointing what is accepted may take, beside what the journal holds."""
        return 2 * min(self._backlog + self._uncovered, self._settings.checkpoint_bytes)

    @property
    def lag(self) -> int:
        """Sequence numbers in the journal but not yet in the store."""
        return self._end - self._loaded

    @property
    def failing(self) -> str:
        """Why the last attempt to load failed; empty when it worked."""
        return self._failing

    def committed(self, end: int, size: int) -> None:
        """The journal reached sequence number `end` with `size` more bytes. Called from the journal thread."""
        with self._changed:
            self._end = max(self._end, end)
            self._backlog += size
            if not self._lingering or self._backlog >= _BATCH_BYTES:  # waking a thread for nothing is dear
                self._changed.notify()

    async def caught_up(self) -> None:
        """Return when everything committed before this call is in the store; `Unavailable` when it can't get there."""
        if self._loaded >= self._end:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._readers.append(_Reader(self._end, future))
            self._changed.notify()
        try:
            await future
        finally:
            with self._changed:
                self._readers = [reader for reader in self._readers if reader.future is not future]

    def close(self) -> None:
        """Load what is left, checkpoint, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        self._journal.close()

    def _run(self) -> None:
        pause = 0.0
        while True:
            self._wait(pause)
            try:
                self._load()
                if self._retention.apply():
                    self._uncovered += 1  # so that a checkpoint is due
                if self._checkpoint_due():
                    self._checkpoint()
            except Exception as error:  # noqa: BLE001 - the thread outlives whatever an engine or a disk raises
                pause = min(max(pause * 2, 0.1), _LONGEST_PAUSE)
                self._recover(error, pause)
            else:
                pause, self._failing = 0.0, ""
            if self._stopping and (self._failing or self._loaded >= self._end):
                return

    def _wait(self, pause: float) -> None:
        """Sleep until there is work: entries that are old enough or waited for, a checkpoint, or the end."""
        with self._changed:
            if pause:
                self._changed.wait_for(lambda: self._stopping, timeout=pause)
                return
            self._changed.wait_for(lambda: self._stopping or self.lag, timeout=self._until_due())
            if self.lag:
                self._lingering = True
                self._changed.wait_for(
                    lambda: self._stopping or self._readers or self._backlog >= _BATCH_BYTES,
                    timeout=self._settings.load_interval,
                )
                self._lingering = False

    def _until_due(self) -> float | None:
        """Seconds until a checkpoint or a deletion is due; None when neither will be."""
        delays = [self._retention.delay()]
        if self._uncovered:
            delays.append(max(0.0, self._checkpointed_at + self._settings.checkpoint_interval - time.monotonic()))
        return min((delay for delay in delays if delay is not None), default=None)

    def _load(self) -> None:
        target = self._end  # what arrives meanwhile gathers for the next round
        while self._loaded < target:
            entries = self._journal.read(self._loaded, _BATCH_BYTES)
            if not entries:  # the rest was trimmed by an earlier run whose numbers went further
                self._advance(target, [])
                return
            started = time.perf_counter()
            self._sifter.append(entries)
            self._telemetry.load_seconds.observe(time.perf_counter() - started)
            self._advance(entries[-1].sequence, entries)
            if self._uncovered >= self._settings.checkpoint_bytes:
                return

    def _advance(self, sequence: int, entries: list[Entry]) -> None:
        size = sum(len(entry.lines) for entry in entries)
        self._uncovered += size
        with self._changed:
            self._loaded = sequence
            self._backlog = max(0, self._backlog - size)
            ready = [reader.future for reader in self._readers if reader.sequence <= sequence]
            self._readers = [reader for reader in self._readers if reader.sequence > sequence]
        _tell(ready)

    def _checkpoint_due(self) -> bool:
        return bool(self._uncovered) and (
            self._stopping
            or self._uncovered >= self._settings.checkpoint_bytes
            or time.monotonic() >= self._checkpointed_at + self._settings.checkpoint_interval
        )

    def _checkpoint(self) -> None:
        covered = self._loaded
        self._store.checkpoint()
        reach("before-trim")
        self._trim(covered)
        self._uncovered = 0
        self._checkpointed_at = time.monotonic()
        self._telemetry.checkpoints.inc()

    def _recover(self, error: Exception, pause: float) -> None:
        """After a failed write the engine's state is in doubt: open the files again and go on from the watermark."""
        if not self._failing:
            self._failing_since = time.monotonic()
        self._failing = str(error)
        self._telemetry.load_failures.inc()
        log.error("store write failed, will try again", error=self._failing, seconds=pause)
        self._disappoint()
        try:
            self._store.reopen()
            self._loaded = self._store.watermark()
            self._backlog = self._journal.size(self._loaded)
        except Exception as again:  # noqa: BLE001 - as above; the next round tries again
            log.error("store can't be opened again yet", error=str(again))

    def _disappoint(self) -> None:
        """Let waiting queries fail now rather than at their time limit."""
        with self._changed:
            waiting, self._readers = [reader.future for reader in self._readers], []
        failing_for = time.monotonic() - self._failing_since
        if failing_for < _SOON:
            _tell(waiting, Unavailable(_NOT_NOW, retry_after=5))
        else:
            _tell(waiting, Unavailable(_NOT_SOON.format(failing_for), retry_after=60))


def _tell(futures: list[asyncio.Future[None]], failure: Unavailable | None = None) -> None:
    if futures:
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits
            futures[0].get_loop().call_soon_threadsafe(_release, futures, failure)


def _release(futures: list[asyncio.Future[None]], failure: Unavailable | None) -> None:
    for future in futures:
        if future.done():
            continue
        if failure:
            future.set_exception(failure)
        else:
            future.set_result(None)
