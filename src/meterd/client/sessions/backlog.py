"""The part of a session that the server does not have yet: calls in memory, then entries of a store."""

import logging
import secrets
import threading
import time
from collections import deque

from meterd.client.errors import ClientClosed
from meterd.client.sessions.aggregates import Aggregates
from meterd.client.sessions.bodies import HEARTBEAT, METRIC, Pending, encode_pending
from meterd.client.sessions.entries import CREATE, Entry, Item, MemoryStore, Store

logger = logging.getLogger("meterd.client")


class Backlog:
    """Takes calls, moves them into a store as entries, and forgets these when they are delivered. Thread-safe.

    Attributes:
        aggregates: what is added up until a flush.
        dropped: how many calls were dropped, because there was no room.
        closed: whether the session was ended, so that it takes no more calls.
        server_id: what the server calls the session, None until it has said so.
        begun: set when the server has begun the session.
        finished: set when the session was ended and nothing waits.
    """

    def __init__(self, store: Store, creation: bytes, max_calls: int) -> None:
        self._creation = creation
        self._max_calls = max_calls
        self.aggregates = Aggregates()
        self.dropped = 0
        self.closed = False
        self.server_id: str | None = None
        self._start(store)

    def _start(self, store: Store) -> None:
        self._name = secrets.token_hex(12)
        self._calls: deque[Pending] = deque()  # grows without the lock: appending to it is atomic
        self._lock = threading.Lock()  # guards all that follows, `closed`, and the way from the calls to the store
        self._store = store
        self._waiting_heartbeat = 0
        self._last_attempted = 0
        self.begun = threading.Event()
        self.finished = threading.Event()
        if self.server_id is None:
            self._store.append(self._name, [(CREATE, self._creation)])

    def after_fork(self) -> None:
        """Start empty in a child process, which has to begin the session unless the server has begun it."""
        self._store.abandon()
        self.aggregates.after_fork()
        self._start(MemoryStore())

    @property
    def waiting(self) -> int:
        """How many calls wait, in memory or in the store."""
        return len(self._calls) + self._store.waiting

    @property
    def calls(self) -> int:
        """How many calls are not in the store yet."""
        return len(self._calls)

    @property
    def is_lost_with_process(self) -> bool:
        """Whether something waits in memory only."""
        return bool(self._store.in_memory or self._calls)

    def put(self, pending: Pending) -> bool:
        """Take one call, or drop it when too many wait; return whether it was taken.

        Raises:
            ClientClosed: the session has ended.
        """
        if self.closed:
            raise ClientClosed("the session has ended")
        calls = self._calls
        if len(calls) + self._store.in_memory >= self._max_calls:
            self._drop()
            return False
        calls.append(pending)
        return True

    def close(self, *last: Pending) -> bool:
        """Take these calls and no more; return False when the session has ended already."""
        with self._lock:
            if self.closed:
                return False
            self.closed = True
            self._collect_aggregates_locked()
            self._calls.extend(last)
        return True

    def _drop(self) -> None:
        if not self.dropped:
            logger.warning("a call of a session is dropped: there is no room; the session counts all that follow")
        self.dropped += 1

    def store_calls(self, with_aggregates: bool) -> int:
        """Move what was called into the store, and return the number of its last entry.

        Raises:
            SpoolFailed: the calls wait in memory.
        """
        with self._lock:
            if self.finished.is_set():
                return self._store.last
            if with_aggregates:
                self._collect_aggregates_locked()
            calls = [self._calls.popleft() for _ in range(len(self._calls))]
            try:
                self._append_locked([encode_pending(call) for call in calls])
            except BaseException:
                self._calls.extendleft(reversed(calls))
                raise
            return self._store.last

    def _collect_aggregates_locked(self) -> None:
        now = time.time_ns()
        self._calls.extend((METRIC, (now, *point)) for point in self.aggregates.take())

    def _append_locked(self, items: list[Item]) -> None:
        """Store items; of the heartbeats that wait only one, with the time of the last."""
        heartbeats = [item for item in items if item[0] == HEARTBEAT]
        if heartbeats and self._waiting_heartbeat > self._last_attempted:
            self._store.replace(self._waiting_heartbeat, heartbeats[-1][1])
            heartbeats = []
        latest = heartbeats[-1:]
        kept = [item for item in items if item[0] != HEARTBEAT or item in latest]
        if not kept:
            return
        first = self._store.last + 1
        self._store.append(self._name, kept)
        if latest:
            self._waiting_heartbeat = first + kept.index(latest[0])

    def next(self) -> Entry | None:
        """Return the entry to be delivered next, which stays until it is forgotten; None when there is none."""
        with self._lock:
            entry = None if self.finished.is_set() else self._store.first()
            if entry:
                self._last_attempted = entry.number
            return entry

    def server_id_of(self, entry: Entry) -> str | None:
        """Return what the server calls the session of an entry, if it has begun there."""
        with self._lock:
            own = self.server_id if entry.session == self._name else None
            return own or self._store.server_id(entry.session)

    def forget(self, entry: Entry) -> None:
        """Remove an entry that was delivered, or never will be."""
        with self._lock:
            self._store.drop(entry)

    def begin(self, entry: Entry, server_id: str) -> None:
        """Remove the entry that began a session, and remember what the server calls that."""
        with self._lock:
            self._store.learn(entry, server_id)
        if entry.session == self._name:
            self.server_id = server_id
            self.begun.set()

    def finish(self) -> bool:
        """Release the store if the session was ended and nothing waits; return whether that was done now."""
        with self._lock:
            if self.waiting or not self.closed or self.finished.is_set():
                return False
            self.finished.set()
            self._store.close()
            return True
