"""The entries that are in the journal only: counted by the recorder and the loader, waited for by queries."""

import asyncio
import threading
from collections.abc import Callable
from typing import NamedTuple

from meterd.errors import Unavailable
from meterd.futures import settle_from_thread

BATCH_BYTES = 16 * 2**20
"""As much is loaded at once: when it is there, the loader need not wait for more."""
_SPACE_PER_BYTE = 2
"""How often a byte is written at most while it is loaded and checkpointed: the store's log, the store."""


class _Waiter(NamedTuple):
    """A query waiting for the store to reach `sequence`."""

    sequence: int
    future: asyncio.Future[None]


class Backlog:
    """Counts committed bytes that are not loaded, and loaded bytes that no checkpoint covers, for any thread.

    The journal thread adds (`committed`), the loader thread takes away (`loaded`, `checkpointed`), queries wait
    (`caught_up`). Whoever holds the lock waits for nothing else, so the journal thread never waits for the loader.

    Args:
        measure: bytes in the journal above one sequence number, up to and including another one.
        end: the journal's last sequence number.
        watermark: the sequence number that the store has reached.
        checkpoint_bytes: as many loaded bytes are checkpointed at the latest.
    """

    def __init__(self, measure: Callable[[int, int], int], end: int, watermark: int, checkpoint_bytes: int) -> None:
        self._measure = measure
        self._checkpoint_bytes = checkpoint_bytes
        self._lock = threading.Lock()  # guards all that follows; a single number may be read without it
        self._changed = threading.Condition(self._lock)
        self._end = end
        self._watermark = watermark
        self._committed_bytes = 0
        self._size = self._uncheckpointed_bytes = self._reserved_bytes = 0
        self._waiters: list[_Waiter] = []
        self._is_lingering = False
        self._is_closed = False
        self.restart(watermark)

    @property
    def end(self) -> int:
        """Return the journal's last sequence number."""
        return self._end

    @property
    def watermark(self) -> int:
        """Return the sequence number that the store has reached."""
        return self._watermark

    @property
    def lag(self) -> int:
        """Return how many sequence numbers are in the journal but not yet in the store."""
        with self._lock:
            return self._lag_locked()

    @property
    def size(self) -> int:
        """Return the bytes in the journal but not yet in the store."""
        return self._size

    @property
    def uncheckpointed_bytes(self) -> int:
        """Return the bytes in the store that no checkpoint covers, so that the journal keeps them."""
        return self._uncheckpointed_bytes

    @property
    def reserved_bytes(self) -> int:
        """Return the bytes of disk that loading and checkpointing what is accepted may take beside the journal."""
        return self._reserved_bytes

    def committed(self, end: int, size: int) -> None:
        """Add `size` bytes, with which the journal reached sequence number `end`."""
        with self._lock:
            self._end = max(self._end, end)
            self._committed_bytes += size
            self._size += size
            self._reserve_locked()
            if not self._is_lingering or self._size >= BATCH_BYTES:  # waking a thread for nothing is dear
                self._changed.notify()

    def loaded(self, watermark: int, size: int) -> None:
        """Take away `size` bytes, with which the store reached a sequence number, and resume who waits for that."""
        with self._lock:
            self._watermark = watermark
            self._size = max(0, self._size - size)
            self._uncheckpointed_bytes += size
            self._reserve_locked()
            reached = [waiter.future for waiter in self._waiters if waiter.sequence <= watermark]
            self._waiters = [waiter for waiter in self._waiters if waiter.sequence > watermark]
        settle_from_thread(reached)

    def checkpointed(self) -> None:
        """Take away what is loaded: a checkpoint covers it."""
        with self._lock:
            self._uncheckpointed_bytes = 0
            self._reserve_locked()

    def restart(self, watermark: int) -> None:
        """Count anew for a store that was just opened and has reached a sequence number."""
        with self._lock:
            end, committed = self._end, self._committed_bytes
        left, kept = self._measure(watermark, end), self._measure(0, watermark)
        with self._lock:
            self._watermark = watermark
            self._size = left + self._committed_bytes - committed
            self._uncheckpointed_bytes = kept
            self._reserve_locked()

    async def caught_up(self) -> None:
        """Return when everything committed before this call is in the store; `Unavailable` when it can't get there."""
        if self._watermark >= self._end:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._watermark >= self._end:
                return
            self._waiters.append(_Waiter(self._end, future))
            self._changed.notify()
        try:
            await future
        finally:
            with self._lock:
                self._waiters = [waiter for waiter in self._waiters if waiter.future is not future]

    def refuse(self, failure: Unavailable) -> None:
        """Let everybody fail now who waits, rather than at their time limit."""
        with self._lock:
            waiting, self._waiters = [waiter.future for waiter in self._waiters], []
        settle_from_thread(waiting, failure)

    def wait(self, idle: float | None, interval: float) -> None:
        """Return when there is something to load: waited for, enough for a batch, or `interval` seconds old.

        Also after `idle` seconds without anything, and at once when it is closed.
        """
        with self._lock:
            self._changed.wait_for(lambda: self._is_closed or self._lag_locked(), timeout=idle)
            if self._lag_locked():
                self._is_lingering = True
                self._changed.wait_for(
                    lambda: self._is_closed or self._waiters or self._size >= BATCH_BYTES, timeout=interval
                )
                self._is_lingering = False

    def close(self) -> None:
        """Wake the loader, from now on at once."""
        with self._lock:
            self._is_closed = True
            self._changed.notify()

    def _lag_locked(self) -> int:
        return self._end - self._watermark

    def _reserve_locked(self) -> None:
        accepted = self._size + self._uncheckpointed_bytes
        self._reserved_bytes = _SPACE_PER_BYTE * min(accepted, self._checkpoint_bytes)
