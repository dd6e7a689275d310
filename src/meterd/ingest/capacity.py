"""How much may be accepted: bytes that wait for a commit, bytes that wait for the store, and room on the disk."""

import os
import time
from pathlib import Path

from meterd.errors import Unavailable
from meterd.ingest.backlog import Backlog
from meterd.settings import Ingest
from meterd.telemetry import Telemetry

_WRITTEN_TIMES = 3
"""How often an accepted byte is written at most, before something is trimmed: journal, its log, the store's log."""


class Capacity:
    """Admit what may be written, and refuse the rest with what to do about it; each refusal is counted.

    Bounds: bytes waiting for a commit (`queue_bytes`), bytes committed but not yet in the store (`backlog_bytes`), and
    free disk space (`disk_reserve_bytes`).
    """

    def __init__(self, backlog: Backlog, directory: Path, limits: Ingest, telemetry: Telemetry) -> None:
        self._backlog = backlog
        self._directory = directory
        self._limits = limits
        self._refusals = telemetry.refusals
        # written by the event loop
        self._queued_bytes = 0
        # written by whoever looks; what gets lost when two do at once is made up for a second later
        self._disk_checked = 0.0
        self._disk_free = 0
        telemetry.gauge("meterd_ingest_queue_bytes", "Bytes waiting for a commit", lambda: self._queued_bytes)
        telemetry.gauge("meterd_disk_free_bytes", "Free space on the data directory's disk", self._free, together="min")

    def take(self, size: int, *, is_first: bool) -> None:
        """Count bytes that are queued. Raises `Unavailable` when they can't be.

        Backlog and disk are looked at for the first bytes in a turn of the event loop.
        """
        if is_first or self._queued_bytes + size > self._limits.queue_bytes:
            self.require(size)
        self._queued_bytes += size
        self._disk_free -= _WRITTEN_TIMES * size

    def give_back(self, size: int) -> None:
        """Count bytes that are written, or refused after all."""
        self._queued_bytes -= size

    def require(self, size: int) -> None:
        """Raise `Unavailable` when `size` more bytes can't be taken."""
        if self._queued_bytes + size > self._limits.queue_bytes:
            raise self.refusal("queue", "too much is waiting to be written (ingest.queue-bytes), try again")
        if self._backlog.size > self._limits.backlog_bytes:
            raise self.refusal("backlog", "the store is behind the journal (ingest.backlog-bytes), try again", 5)
        self.require_room(size)

    def require_room(self, size: int) -> None:
        """Raise `Unavailable` when `size` more bytes would touch the disk's reserve. For any thread."""
        if self._free() - size < self._limits.disk_reserve_bytes + self._backlog.reserved_bytes:
            raise self.refusal("disk", "the disk is almost full (ingest.disk-reserve-bytes)", 30)

    def refusal(self, reason: str, message: str, retry_after: int = 1) -> Unavailable:
        """Return a counted refusal."""
        self._refusals.labels(reason).inc()
        return Unavailable(message, retry_after)

    def _free(self) -> int:
        """Return the free bytes on disk: looked up at most once a second, less what was taken since."""
        now = time.monotonic()
        if now - self._disk_checked > 1.0:
            self._disk_checked = now
            status = os.statvfs(self._directory)
            self._disk_free = status.f_bavail * status.f_frsize
        return self._disk_free
