"""Moves journal entries into the store, each exactly once."""

import time
from typing import Protocol

import structlog

from meterd.errors import Unavailable
from meterd.failpoints import reach
from meterd.ingest.backlog import BATCH_BYTES, Backlog
from meterd.ingest.entries import Entry
from meterd.ingest.journal import JournalReader
from meterd.ingest.retention import Retention
from meterd.ingest.sifting import Sifter
from meterd.settings import Store as StoreSettings
from meterd.store import Store
from meterd.supervision import LOADER, Supervisor

log = structlog.get_logger()

_LAST_LOADS = 30.0
"""Seconds after which a service that is stopping loads no more: the next start does."""
_CLOSE_SECONDS = 45.0
"""How long it waits at most for the thread to load, checkpoint and end."""
_NOT_NOW = "the store can't take what was recorded just now; nothing is lost, try again"
_NOT_SOON = (
    "the store has not taken what was recorded for {:.0f} s; nothing is lost, but somebody must look: see /readyz"
)
_POSTPONED = 1.0
"""Seconds after which a checkpoint that was not possible is tried again."""
_SOON = 60.0
"""Seconds of failing after which the error no longer says to try again."""


class JournalWriter(Protocol):
    """The requests of the loader to the thread that writes to the journal."""

    def trim(self, sequence: int) -> None:
        """Ask to forget entries up to `sequence`."""

    def set_aside(self, entry: Entry, is_whole: bool) -> bool:
        """Keep an entry that can't be loaded; blocking. False when there is no room. Raises `Unavailable`."""


class Loader:
    """Appends journal entries to the store in a thread, and checkpoint it.

    The store's watermark is written with the entries it covers, so a crash at any moment neither loses nor repeats
    one. Entries are trimmed from the journal only behind a checkpoint. What the store can't read is set aside, so that
    it holds up nothing.

    There is no lock: but for `_loads_until` the thread alone writes what is here. It waits for the journal thread in
    `set_aside`, and the journal thread for nobody.
    """

    def __init__(
        self,
        reader: JournalReader,
        writer: JournalWriter,
        store: Store,
        backlog: Backlog,
        retention: Retention,
        settings: StoreSettings,
        supervisor: Supervisor,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._store = store
        self._backlog = backlog
        self._retention = retention
        self._settings = settings
        self._telemetry = telemetry = supervisor.telemetry
        self._sifter = Sifter(store, telemetry, writer.set_aside)
        self._checkpointed_at = time.monotonic()
        self._is_checkpoint_wanted = False
        self._loads_until = float("inf")
        self._loaded_at = float("-inf")
        self._failing = ""
        self._failing_since = 0.0
        worker = LOADER._replace(is_essential=not store.is_remote)  # or all nodes would count as dead with its server
        self._thread = supervisor.thread(worker, self._round, self._failed)
        telemetry.gauge(
            "meterd_loader_backlog_bytes", "Bytes in the journal but not in the store", lambda: backlog.size
        )
        telemetry.gauge("meterd_loader_lag_entries", "Journal entries not yet in the store", lambda: backlog.lag)

    def start(self) -> None:
        self._thread.start()

    @property
    def failing(self) -> str:
        """Return why the last attempt to load failed; empty when it worked."""
        return self._failing

    @property
    def lag(self) -> int:
        """Return how many journal entries are not in the store yet."""
        return self._backlog.lag

    def close(self) -> None:
        """Load what is left, as far as there is time, checkpoint, and end the thread."""
        self._loads_until = time.monotonic() + _LAST_LOADS
        self._thread.stop()
        self._backlog.close()
        self._thread.join(_CLOSE_SECONDS)

    def _round(self) -> bool:
        """Load what there is, delete what is old, checkpoint if it is due; False after the last round."""
        if not self._failing:
            self._backlog.wait(self._until_due(), self._settings.load_interval)
            self._pause()
        self._load()
        self._is_checkpoint_wanted |= self._retention.apply()
        if self._is_checkpoint_due():
            self._checkpoint()
        self._failing = ""
        return not (self._thread.is_stopping and (not self._backlog.lag or self._is_too_late()))

    def _pause(self) -> None:
        """Let the last batch and the next one not follow each other too closely."""
        pause = self._loaded_at + self._store.load_pause - time.monotonic()
        if pause > 0 and not self._thread.is_stopping:
            time.sleep(pause)

    def _is_too_late(self) -> bool:
        """Tell whether the service is stopping and what is not loaded by now is left to the next start."""
        return time.monotonic() >= self._loads_until

    def _until_due(self) -> float | None:
        """Return the seconds until a checkpoint or a deletion is due; None when neither will be."""
        delays = [self._retention.delay()]
        if self._is_uncheckpointed():
            delays.append(max(0.0, self._checkpointed_at + self._settings.checkpoint_interval - time.monotonic()))
        return min((delay for delay in delays if delay is not None), default=None)

    def _load(self) -> None:
        target = self._backlog.end  # what arrives meanwhile gathers for the next round
        while self._backlog.watermark < target and not self._is_too_late():
            entries = of_one_batch(self._reader.read(self._backlog.watermark, BATCH_BYTES), self._store.begun())
            if not entries:  # the rest was trimmed by an earlier run whose numbers went further
                self._backlog.loaded(target, 0)
                return
            started = time.perf_counter()
            self._sifter.append(entries)
            self._telemetry.load_seconds.observe(time.perf_counter() - started)
            self._loaded_at = time.monotonic()
            self._backlog.loaded(entries[-1].sequence, sum(len(entry.lines) for entry in entries))
            if self._backlog.uncheckpointed_bytes >= self._settings.checkpoint_bytes:
                return

    def _is_uncheckpointed(self) -> bool:
        return self._is_checkpoint_wanted or self._backlog.uncheckpointed_bytes > 0

    def _is_checkpoint_due(self) -> bool:
        return self._is_uncheckpointed() and (
            self._thread.is_stopping
            or self._backlog.uncheckpointed_bytes >= self._settings.checkpoint_bytes
            or time.monotonic() >= self._checkpointed_at + self._settings.checkpoint_interval
        )

    def _checkpoint(self) -> None:
        covered = self._backlog.watermark
        if not self._store.checkpoint():
            self._telemetry.checkpoints_held_off.inc()
            self._checkpointed_at = time.monotonic() + _POSTPONED - self._settings.checkpoint_interval
            return
        reach("before-trim")
        self._writer.trim(covered)
        self._backlog.checkpointed()
        self._is_checkpoint_wanted = False
        self._checkpointed_at = time.monotonic()
        self._telemetry.checkpoints.inc()

    def _failed(self, error: BaseException) -> None:
        """Open the files again and go on from the watermark: after a failed write the engine's state is in doubt."""
        if not self._failing:
            self._failing_since = time.monotonic()
        self._failing = str(error) or type(error).__name__
        self._telemetry.load_failures.inc()
        self._refuse_queries()
        try:
            self._store.reopen()
            self._backlog.restart(self._store.watermark())
        except Exception as again:  # noqa: BLE001 - whatever an engine or a disk raises, the next round tries again
            log.error("store can't be opened again yet", error=str(again))

    def _refuse_queries(self) -> None:
        """Let waiting queries fail now rather than at their time limit."""
        failing_for = time.monotonic() - self._failing_since
        if failing_for < _SOON:
            self._backlog.refuse(Unavailable(_NOT_NOW, retry_after=5))
        else:
            self._backlog.refuse(Unavailable(_NOT_SOON.format(failing_for), retry_after=60))


def of_one_batch(entries: list[Entry], end: int | None) -> list[Entry]:
    """Return the first entries up to the one where the batch ends that was begun: it must be the same again."""
    if end is None:
        return entries
    return [entry for entry in entries if entry.sequence <= end] or entries
