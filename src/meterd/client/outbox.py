"""The outbox: rows that have been handed over and not been delivered, when to send them, and with what outcome.

Shared by everything that sends: a background thread or task, callers, and the end of the program. Methods never wait.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from meterd.client.attempts import Attempts, Refusals
from meterd.client.buffer import Batch, Buffer
from meterd.client.errors import BufferFull, ClientClosed, MeterdClientError, RowsRefused, StatusError, raise_copy
from meterd.client.options import Options
from meterd.client.supervision import pause_after_failure

logger = logging.getLogger("meterd.client")

_REFUSALS = frozenset({400, 403, 413})
"""Statuses about the rows: the server will never take them. After any other error they are kept."""


class Outbox:
    """Keeps the rows of a client until the server has them. Thread-safe; one batch is sent at a time."""

    def __init__(self, options: Options) -> None:
        self._interval = options.flush_interval
        self._attempts = Attempts()
        self._refusals: Refusals[RowsRefused] = Refusals()
        self._lock = threading.Lock()  # guards all that follows
        self._buffer = Buffer(options.batch_size, options.max_buffered_rows)
        self._closed = False
        self._due = 0.0
        self._not_before = 0.0
        self._unreported: MeterdClientError | None = None

    @property
    def attempts(self) -> int:
        """How many attempts were begun; who waits while another tries can tell by it."""
        return self._attempts.begun

    def take(self, datasource: str, lines: list[bytes]) -> int:
        """Take as many rows as there is room for, and return how many.

        Raises:
            ClientClosed: the client takes no more.
        """
        with self._lock:
            if self._closed:
                raise ClientClosed("the client is closed")
            if not self._buffer.has_open:
                self._due = time.monotonic() + self._interval
            return self._buffer.add(datasource, lines)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Take no rows from now on, unless delivering the last of them fails."""
        self._set_closed(True)
        try:
            yield
        except BaseException:
            self._set_closed(False)
            raise

    def _set_closed(self, closed: bool) -> None:
        with self._lock:
            self._closed = closed

    @contextmanager
    def making_room(self, taken: int) -> Iterator[None]:
        """Deliver inside to make room for a caller's rows: what prevents it prevents taking those as well.

        Raises:
            BufferFull: the delivery failed.
        """
        try:
            yield
        except MeterdClientError as error:
            raise BufferFull(f"the buffer is full: {error}", taken) from error

    def delay(self) -> float | None:
        """Return the seconds until something should be sent, 0 if it is time; None when nothing waits."""
        with self._lock:
            if not self._buffer.rows:
                return None
            due = 0.0 if self._buffer.batches else self._due
            return min(max(0.0, max(due, self._not_before) - time.monotonic()), threading.TIMEOUT_MAX)

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return self._buffer.rows

    def oldest(self) -> int:
        """Return the number of the batch that is next; make batches of what waits if there is none."""
        with self._lock:
            if not self._buffer.batches:
                self._buffer.cut()
            return self._buffer.batches[0].number if self._buffer.batches else 0

    def all(self) -> int:
        """Make batches of all rows that wait, and return the number of the last batch."""
        with self._lock:
            self._buffer.cut()
            return self._buffer.last

    def next(self, goal: int) -> Batch | None:
        """Return the batch to send now, if there is one up to number `goal`. It stays until `outcome` drops it."""
        with self._lock:
            batches = self._buffer.batches
            return batches[0] if batches and batches[0].number <= goal else None

    @contextmanager
    def outcome(self, batch: Batch) -> Iterator[None]:
        """Send a batch inside; drop it when it was delivered or refused, and keep it after everything else.

        A refusal is kept for `raise_errors`. A cancellation passes, and is no failure.

        Raises:
            MeterdClientError: the attempt failed; those who wait for its outcome get the same.
        """
        refused: RowsRefused | None = None
        try:
            with self._attempts.attempt():
                try:
                    yield
                except StatusError as error:
                    if error.status not in _REFUSALS:
                        raise
                    refused = RowsRefused(error.status, error.message, batch.datasource, batch.rows())
        except MeterdClientError:
            with self._lock:
                self._unreported = None
                self._not_before = time.monotonic() + pause_after_failure(self._interval)
            raise
        with self._lock:
            self._buffer.drop(batch)
            self._unreported = None
        if refused:
            self._refusals.add(refused)

    def keep(self, error: MeterdClientError) -> None:
        """Log a failure in the background, and keep it for the next caller."""
        with self._lock:
            self._unreported = error
        logger.warning("%d rows wait: %s", self.rows, error)

    def raise_failure(self, since: int) -> None:
        """Raise why the last attempt failed, if it began after `attempts` was `since`."""
        self._attempts.raise_failure(since)

    def raise_errors(self) -> None:
        """Raise what happened in the background and was not raised yet: refusals, else a failure."""
        self.raise_refusals()
        with self._lock:
            error, self._unreported = self._unreported, None
        if error:
            raise_copy(error)

    def raise_refusals(self) -> None:
        """Raise refusals that were not raised yet, as one."""
        self._refusals.raise_all()
