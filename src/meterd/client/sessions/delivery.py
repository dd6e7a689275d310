"""From the calls of an application to the server: what waits, and two threads that look after it.

One thread takes what was called to the store, which may be a file, the other from there to the server: a server that
does not answer must not keep anything from the file. Both live until the session has ended and all is delivered.
"""

import logging
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from meterd.client import lifetime
from meterd.client.errors import ClientClosed, ItemsRefused, MeterdClientError
from meterd.client.options import Options
from meterd.client.sessions.aggregates import Aggregates
from meterd.client.sessions.bodies import (
    HEARTBEAT,
    METRIC,
    Pending,
    crash_body,
    encode_pending,
    exception_body,
    moment_body,
)
from meterd.client.sessions.entries import CREATE, Entry, Item, MemoryStore, Store
from meterd.client.sessions.link import Link, copy_of

logger = logging.getLogger("meterd.client")

_LINGER = 0.01
"""Seconds for which calls are gathered before they go to the store together."""

_LONGEST_PAUSE = 5.0
"""Seconds after a failure before the server is tried again, unless the flush interval is shorter."""


class Delivery:
    """Of one session. Thread-safe; only `flush`, `save`, `wait` and `deliver_rest` wait for anything.

    Attributes:
        aggregates: what is added up until a flush.
        id: what the server calls the session, None until it has said so.
        dropped: how many calls were dropped, because there was no room or because they could not be encoded.
        closed: whether the session was ended.
    """

    def __init__(self, options: Options, link: Link, store: Store, creation: bytes) -> None:
        self._interval = options.flush_interval
        self._most = options.max_buffered_rows
        self._link = link
        self._creation = creation
        self._refused: list[ItemsRefused] = []
        self._failure: MeterdClientError | None = None
        self._failed = 0
        self._attempts = 0
        self.aggregates = Aggregates()
        self.id: str | None = None
        self.dropped = 0
        self.closed = False
        self._is_own = True
        self._start(store)
        lifetime.register(self)
        self._signal()

    def _start(self, store: Store) -> None:
        self._store = store
        self._name = secrets.token_hex(12)
        self._queue: deque[Pending] = deque()
        self._signalled = False
        self._due = 0.0
        self._heartbeat = 0
        self._attempted = 0
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._storing = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._work = threading.Event()
        self._begun = threading.Event()
        self._finished = threading.Event()
        if self.id is None:
            self._store.append(self._name, [(CREATE, self._creation)])

    # Calls of the application

    def put(self, pending: Pending) -> None:
        """Take one call, or drop it when too many wait. Raises `ClientClosed`."""
        if self.closed:
            raise ClientClosed("the session has ended")
        queue = self._queue
        if len(queue) + self._store.in_memory >= self._most:
            self._drop("there is no room")
            return
        queue.append(pending)
        if not self._signalled:
            self._signal()

    def aggregated(self, is_first: bool) -> None:
        """Something was added to the aggregates; `is_first` since a flush."""
        if is_first:
            self._due = time.monotonic() + self._interval
            self._signal()

    def finish(self, error: BaseException | None = None) -> None:
        """The session ends; with an error, which is recorded, it crashes. Does nothing when it has ended."""
        now = time.time_ns()
        last: list[Pending] = [("end", moment_body(now))]
        if error:
            last = [("events", exception_body(now, error, None)), ("crash", crash_body(now, repr(error)))]
        self.close_with(*last)

    def finish_own(self, error: BaseException | None = None) -> None:
        """As `finish`, unless the session is a parent process's."""
        if self._is_own:
            self.finish(error)

    def close_with(self, *last: Pending) -> None:
        """Take these and no more. Does nothing when it has ended."""
        with self._storing:
            if self.closed:
                return
            self.closed = True
            self._collect()
            self._queue.extend(last)
        self._signal()

    def _drop(self, reason: str) -> None:
        if not self.dropped:
            logger.warning("a call of a session is dropped: %s; the session counts all that follow", reason)
        self.dropped += 1

    def _signal(self) -> None:
        self._signalled = True
        lifetime.hold(self)
        with self._starting:
            if not self._threads:
                self._threads = [self._thread(self._run_gathering), self._thread(self._run_sending)]
                with suppress(RuntimeError):  # the program ends; what is held is delivered then
                    for thread in self._threads:
                        thread.start()
        self._wake.set()

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        return threading.Thread(target=target, name="meterd-session", daemon=True)

    # From the calls to the store

    def _run_gathering(self) -> None:
        while not self._finished.is_set():
            self._wake.wait(self._until_due())
            self._wake.clear()
            self._finished.wait(_LINGER)
            self._signalled = False
            try:
                self._gather(time.monotonic() >= self._due)
            except MeterdClientError as error:
                logger.warning("%d calls of a session wait in memory: %s", len(self._queue), error)
                self._finished.wait(self._pause)
                self._signal()

    def _until_due(self) -> float | None:
        if not self.aggregates.changed:
            return None
        return min(max(0.0, self._due - time.monotonic()), threading.TIMEOUT_MAX)

    def _gather(self, is_flush: bool) -> int:
        """Take what was called to the store; returns the number of its last entry. Raises `SpoolFailed`."""
        with self._storing:
            if self._finished.is_set():
                return self._store.last
            if is_flush:
                self._collect()
            calls = [self._queue.popleft() for _ in range(len(self._queue))]
            try:
                self._keep(self._encode(calls))
            except BaseException:
                self._queue.extendleft(reversed(calls))
                raise
            last = self._store.last
        self._work.set()
        return last

    def _collect(self) -> None:
        now = time.time_ns()
        self._queue.extend((METRIC, (now, *point)) for point in self.aggregates.take())

    def _encode(self, calls: list[Pending]) -> list[Item]:
        items: list[Item] = []
        for call in calls:
            try:
                items.append(encode_pending(call))
            except TypeError as error:
                self._drop(str(error))
        return items

    def _keep(self, items: list[Item]) -> None:
        """Store items; of the heartbeats that wait only one, with the time of the last."""
        beats = [item for item in items if item[0] == HEARTBEAT]
        if beats and self._heartbeat > self._attempted:
            self._store.replace(self._heartbeat, beats[-1][1])
            beats = []
        beat = beats[-1:]
        kept = [item for item in items if item[0] != HEARTBEAT or item in beat]
        if not kept:
            return
        first = self._store.last + 1
        self._store.append(self._name, kept)
        if beat:
            self._heartbeat = first + kept.index(beat[0])

    # From the store to the server

    def _run_sending(self) -> None:
        while not self._finished.is_set():
            self._work.wait()
            self._work.clear()
            try:
                self._send_up_to(None)
            except MeterdClientError as error:
                logger.warning("%d entries of a session wait: %s", self.waiting, error)
                self._finished.wait(self._pause)
                self._work.set()

    @property
    def _pause(self) -> float:
        return min(self._interval, _LONGEST_PAUSE)

    def _send_up_to(self, goal: int | None) -> None:
        """Deliver entries in order. Who waits shares the failure of an attempt begun meanwhile."""
        attempts = self._attempts
        while True:
            with self._sending:
                if self._failure and self._failed > attempts:
                    raise copy_of(self._failure) from self._failure
                entry = self._next()
                if entry is None or (goal is not None and entry.number > goal):
                    break
                self._send(entry)
        self._finish()

    def _next(self) -> Entry | None:
        with self._storing:
            entry = None if self._finished.is_set() else self._store.first()
            if entry:
                self._attempted = entry.number
            return entry

    def _send(self, entry: Entry) -> None:
        with self._storing:
            server_id = self._server_id(entry)
        if server_id is None and entry.operation != CREATE:
            self._forget(entry)  # the server refused to begin its session
            return
        self._attempts += 1
        try:
            learned = self._link.send(entry, server_id)
        except ItemsRefused as refused:
            logger.warning("%s", refused)
            self._refused.append(refused)
            self._forget(entry)
        except MeterdClientError as error:
            self._failed = self._attempts
            self._failure = error
            raise
        else:
            self._delivered(entry, learned)

    def _server_id(self, entry: Entry) -> str | None:
        is_mine = entry.session == self._name
        return (self.id if is_mine else None) or self._store.server_id(entry.session)

    def _forget(self, entry: Entry) -> None:
        with self._storing:
            self._store.drop(entry)

    def _delivered(self, entry: Entry, server_id: str) -> None:
        self._failure = None
        with self._storing:
            if entry.operation == CREATE:
                self._store.learn(entry, server_id)
            else:
                self._store.drop(entry)
        if entry.session == self._name and entry.operation == CREATE:
            self.id = server_id
            self._begun.set()

    def _finish(self) -> None:
        """Nothing waits; if nothing can come any more, then the threads end."""
        with self._storing:
            if self.waiting or self._finished.is_set():
                return
            if self.closed:
                self._finished.set()
                self._store.close()
        if self.closed or not self._is_own:
            lifetime.release(self)
        if self.closed:
            self._wake.set()
            self._work.set()

    # What waits for that

    @property
    def waiting(self) -> int:
        """How many calls wait, in memory or in the spool."""
        return len(self._queue) + self._store.waiting

    @property
    def is_finished(self) -> bool:
        return self._finished.is_set()

    def wait(self, seconds: float) -> None:
        """Until the server has begun the session, at most so long."""
        self._begun.wait(seconds)

    def save(self) -> None:
        """Return when all that was called before is in the store."""
        self._gather(True)

    def flush(self) -> None:
        """Return when the server has all that was called before. Raises as `Connection.send`, and `ItemsRefused`."""
        self.deliver()
        self.raise_refusals()

    def deliver(self) -> None:
        """As `flush`, but refusals are kept."""
        self._send_up_to(self._gather(True))

    def raise_refusals(self) -> None:
        """Raise refusals that nobody has heard of, as one."""
        refused, self._refused = self._refused, []
        if refused:
            first, *further = refused
            raise ItemsRefused(first.status, first.message, first.operation, first.body, tuple(further))

    def close(self) -> None:
        """End the session, if it is this process's, and deliver. A failure is not repeated at the program's end."""
        self.finish_own()
        with lifetime.released_by_failure(self):
            self.deliver()
        if self.closed:
            for thread in self._threads:
                thread.join()

    # `lifetime.Sender`

    def deliver_rest(self) -> None:
        """The program ends: so does the session, or it has crashed, if the program does so with an exception."""
        self.finish_own(_uncaught())
        try:
            self.flush()
        except MeterdClientError as error:
            fate = "are lost" if self._store.in_memory or self._queue else "stay in the spool"
            logger.error("the program ends, %d entries of a session %s: %s", self.waiting, fate, error)

    def after_fork(self) -> None:
        """The child goes on with the session, if the server has begun it, else begins one of its own."""
        self._store.abandon()
        self._link.reset()
        self._refused = []
        self._failure = None
        self._is_own = self.id is None
        self.aggregates.after_fork()
        self._start(MemoryStore())


def _uncaught() -> Exception | None:
    """What ended the program, unless it is one that talks to somebody."""
    error = getattr(sys, "last_value", None)
    return error if isinstance(error, Exception) and not hasattr(sys, "ps1") else None
