"""Delivery of an outbox by callers and a background thread, or by callers and a background task.

The thread or the task lives only while rows wait, and goes on whatever is raised in it.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from contextlib import suppress

from meterd.client import lifetime
from meterd.client.connection import AsyncConnection, Connection
from meterd.client.options import Options
from meterd.client.outbox import Outbox
from meterd.client.supervision import pause_after_failure, repeat, repeat_async
from meterd.client.wire import check_accepted, ingest_request

_LARGE = 2**18
"""Batches of this many bytes and more are compressed in a thread, so that the event loop goes on."""


def _send_up_to(goal: int, outbox: Outbox, connection: Connection) -> None:
    while batch := outbox.next(goal):
        with outbox.outcome(batch):
            check_accepted(connection.send(ingest_request(batch)), batch)


async def _send_up_to_async(goal: int, outbox: Outbox, connection: AsyncConnection) -> None:
    while batch := outbox.next(goal):
        with outbox.outcome(batch):
            large = batch.size >= _LARGE
            request = await asyncio.to_thread(ingest_request, batch) if large else ingest_request(batch)
            check_accepted(await connection.send(request), batch)


class _Sender(ABC):
    """The base of both senders, which never waits. Errors are those of `Connection.send`, and `RowsRefused`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._pause = pause_after_failure(options.flush_interval)
        self._start_empty()
        lifetime.register(self)

    def _start_empty(self) -> None:
        self._outbox = Outbox(self._options)

    @abstractmethod
    def _ensure_background(self) -> None:
        """Start the thread or the task if there is none, and wake it if something is due."""

    @abstractmethod
    def deliver_rest(self) -> None:
        """Deliver what waits at the end of the program, blocking."""

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return self._outbox.rows

    def _take(self, datasource: str, lines: list[bytes]) -> int:
        taken = self._outbox.take(datasource, lines)
        if lifetime.has_ended():
            lifetime.deliver(self)
        else:
            self._ensure_background()
        return taken

    def raise_errors(self) -> None:
        """Raise refusals, and failures in the background, that were not raised yet."""
        self._outbox.raise_errors()

    def after_fork(self) -> None:
        """Start empty in a child process: the parent delivers what waits."""
        self._start_empty()


class ThreadSender(_Sender):
    """Sends in the threads of callers, and in one of its own. Thread-safe.

    Whoever sends holds `_sending`, so that batches go out in order.
    """

    def __init__(self, options: Options, connection: Connection) -> None:
        self._connection = connection
        super().__init__(options)

    def _start_empty(self) -> None:
        super()._start_empty()
        self._sending = threading.Lock()
        self._starting = threading.Lock()  # guards _thread, and whether this is held for the end of the program
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()

    def put(self, datasource: str, lines: list[bytes], before: int) -> None:
        """Take rows; send some when there is no room.

        Raises:
            BufferFull: sending failed; `before` rows of the call were taken earlier.
            ClientClosed: the client takes no more.
        """
        taken = self._take(datasource, lines)
        while taken < len(lines):
            with self._outbox.making_room(before + taken):
                self._deliver(self._outbox.oldest())
            taken += self._take(datasource, lines[taken:])

    def flush(self) -> None:
        """Deliver all that waits at the moment.

        Raises:
            RowsRefused: all others were delivered.
            MeterdClientError: the rest still waits.
        """
        self._deliver(self._outbox.all())
        self._outbox.raise_refusals()

    def close(self) -> None:
        """Take nothing more and deliver all that waits; when that fails, rows are taken again.

        Raises:
            MeterdClientError: as `flush`.
        """
        with self._outbox.closing(), lifetime.released_by_failure(self):
            self._deliver(self._outbox.all())
        lifetime.release(self)
        self._ended.set()
        self._wake.set()
        if (thread := self._thread) and thread.is_alive():
            thread.join()

    def _deliver(self, goal: int) -> None:
        """Send batches up to a number, in order. Who waits shares the failure of an attempt begun meanwhile."""
        attempts = self._outbox.attempts
        with self._sending:
            self._outbox.raise_failure(attempts)
            _send_up_to(goal, self._outbox, self._connection)

    def _ensure_background(self) -> None:
        with self._starting:
            lifetime.hold(self)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="meterd-client", daemon=True)
                with suppress(RuntimeError):  # the program ends; what is held is delivered then
                    self._thread.start()
        if self._outbox.delay() == 0:
            self._wake.set()

    def _run(self) -> None:
        repeat(self._step, self._outbox.keep, self._ended, self._pause)

    def _step(self) -> bool:
        """Wait until something is due, or send it; return False when nothing waits, and the thread ends."""
        delay = self._next_delay()
        if delay is None:
            return False
        if delay > 0:
            self._wake.wait(delay)
            self._wake.clear()
        else:
            self._deliver_next()
        return True

    def _next_delay(self) -> float | None:
        """Return what the outbox says. If that is nothing, then the thread is forgotten."""
        with self._starting:
            delay = self._outbox.delay()
            if delay is None:
                self._thread = None
                lifetime.release(self)
            return delay

    def _deliver_next(self) -> None:
        with self._sending:
            if self._outbox.delay() != 0:
                return  # somebody else tried meanwhile
            _send_up_to(self._outbox.oldest(), self._outbox, self._connection)

    def deliver_rest(self) -> None:
        self.flush()

    def after_fork(self) -> None:
        super().after_fork()
        self._connection.reset()


class TaskSender(_Sender):
    """The counterpart of `ThreadSender` for one event loop."""

    def __init__(self, options: Options, connection: AsyncConnection) -> None:
        self._connection = connection
        super().__init__(options)

    def _start_empty(self) -> None:
        super()._start_empty()
        self._sending = asyncio.Lock()
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def put(self, datasource: str, lines: list[bytes], before: int) -> None:
        """Do what `ThreadSender.put` does."""
        taken = self._take(datasource, lines)
        while taken < len(lines):
            with self._outbox.making_room(before + taken):
                await self._deliver(self._outbox.oldest())
            taken += self._take(datasource, lines[taken:])

    async def flush(self) -> None:
        """Do what `ThreadSender.flush` does."""
        await self._deliver(self._outbox.all())
        self._outbox.raise_refusals()

    async def close(self) -> None:
        """Do what `ThreadSender.close` does."""
        with self._outbox.closing(), lifetime.released_by_failure(self):
            await self._deliver(self._outbox.all())
        lifetime.release(self)
        self._ended.set()
        self._wake.set()
        if self._task:
            await self._task

    async def _deliver(self, goal: int) -> None:
        attempts = self._outbox.attempts
        async with self._sending:
            self._outbox.raise_failure(attempts)
            await _send_up_to_async(goal, self._outbox, self._connection)

    def _ensure_background(self) -> None:
        lifetime.hold(self)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="meterd-client")
        if self._outbox.delay() == 0:
            self._wake.set()

    async def _run(self) -> None:
        await repeat_async(self._step, self._outbox.keep, self._ended, self._pause)

    async def _step(self) -> bool:
        delay = self._outbox.delay()
        if delay is None:
            self._task = None
            lifetime.release(self)
            return False
        if delay > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            self._wake.clear()
        else:
            await self._deliver_next()
        return True

    async def _deliver_next(self) -> None:
        async with self._sending:
            if self._outbox.delay() != 0:
                return  # somebody else tried meanwhile
            await _send_up_to_async(self._outbox.oldest(), self._outbox, self._connection)

    def deliver_rest(self) -> None:
        """Deliver what waits without the event loop, which has ended."""
        with Connection(self._options) as connection:
            _send_up_to(self._outbox.all(), self._outbox, connection)
        self._outbox.raise_refusals()
