"""What has been handed over and not been delivered, when to send it, and what became of it.

Shared by everything that sends: a background thread or task, callers, and the end of the program. Methods never wait.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from meterd.client.buffer import Batch, Buffer
from meterd.client.errors import BufferFull, ClientClosed, MeterdClientError, RowsRefused, StatusError
from meterd.client.options import Options

logger = logging.getLogger("meterd.client")

_REFUSALS = frozenset({400, 403, 413})
"""Statuses about the rows: the server will never take them. After any other error they are kept."""

_LONGEST_PAUSE = 5.0
"""Seconds after a failure before the background tries again, unless the flush interval is shorter."""


class Outbox:
    """Thread-safe.

    One batch is sent at a time. `attempts` counts those that were begun; who waited while another tried can tell by it.
    """

    def __init__(self, options: Options) -> None:
        self._lock = threading.Lock()
        self._buffer = Buffer(options.batch_size, options.max_buffered_rows)
        self._interval = options.flush_interval
        self._closed = False
        self._due = 0.0
        self._not_before = 0.0
        self._refused: list[RowsRefused] = []
        self._failure: MeterdClientError | None = None
        self._unheard: MeterdClientError | None = None
        self._failed = 0
        self.attempts = 0

    def take(self, datasource: str, lines: list[bytes]) -> int:
        """Take as many rows as there is room for; returns how many. Raises `ClientClosed`."""
        with self._lock:
            if self._closed:
                raise ClientClosed("the client is closed")
            if not self._buffer.has_open:
                self._due = time.monotonic() + self._interval
            return self._buffer.add(datasource, lines)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Take no rows from now on, unless delivering the last of them fails."""
        self._closed = True
        try:
            yield
        except BaseException:
            self._closed = False
            raise

    @contextmanager
    def making_room(self, taken: int) -> Iterator[None]:
        """Around deliveries that a caller waits for: what prevents them prevents taking the caller's rows as well."""
        try:
            yield
        except MeterdClientError as error:
            raise BufferFull(f"the buffer is full: {error}", taken) from error

    def delay(self) -> float | None:
        """Seconds until something should be sent, 0 if it is time; None when nothing waits."""
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
        """Number of the batch that is next; makes batches of what waits if there is none."""
        with self._lock:
            if not self._buffer.batches:
                self._buffer.cut()
            return self._buffer.batches[0].number if self._buffer.batches else 0

    def all(self) -> int:
        """Number of the last batch, after making batches of all rows that wait."""
        with self._lock:
            self._buffer.cut()
            return self._buffer.last

    def next(self, goal: int) -> Batch | None:
        """The batch to send now, if there is one up to number `goal`. It stays until `outcome` knows better."""
        with self._lock:
            batches = self._buffer.batches
            return batches[0] if batches and batches[0].number <= goal else None

    @contextmanager
    def outcome(self, batch: Batch) -> Iterator[None]:
        """Around the sending of a batch: whether it leaves the outbox.

        It leaves when it was delivered or refused, and stays after everything else, be it a cancellation. A refusal is
        kept for `raise_errors`; other errors of the client pass through and are kept as well.
        """
        refused: RowsRefused | None = None
        self.attempts += 1
        try:
            yield
        except MeterdClientError as error:
            if not isinstance(error, StatusError) or error.status not in _REFUSALS:
                self._give_up(error)
                raise
            refused = RowsRefused(error.status, error.message, batch.datasource, batch.rows())
        with self._lock:
            self._buffer.drop(batch)
            self._failure = self._unheard = None
            if refused:
                self._refused.append(refused)

    def _give_up(self, error: MeterdClientError) -> None:
        with self._lock:
            self._failed = self.attempts
            self._failure, self._unheard = error, None
            self._not_before = time.monotonic() + min(self._interval, _LONGEST_PAUSE)

    def keep(self, error: MeterdClientError) -> None:
        """Keep a failure in the background for the next caller."""
        logger.warning("%d rows wait: %s", self.rows, error)
        with self._lock:
            self._unheard = error

    def raise_failure(self, since: int) -> None:
        """Raise what made the last attempt fail if it began after `attempts` was `since`."""
        with self._lock:
            error = self._failure if self._failed > since else None
        if error:
            raise type(error)(*error.args) from error

    def raise_errors(self) -> None:
        """Raise what happened in the background and nobody has heard of: refusals, else a failure."""
        self.raise_refusals()
        with self._lock:
            error, self._unheard = self._unheard, None
        if error:
            raise type(error)(*error.args) from error

    def raise_refusals(self) -> None:
        """Raise refusals that nobody has heard of, as one."""
        with self._lock:
            refused, self._refused = self._refused, []
        if refused:
            first, *further = refused
            raise RowsRefused(first.status, first.message, first.datasource, first.rows, tuple(further))
