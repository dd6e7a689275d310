"""Entries that wait for the server, in memory. The same in a file is `meterd.client.sessions.spool`."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

import msgspec

CREATE = "create"
"""The operation that begins a session; the others are named as in the path."""

Item = tuple[str, bytes]
"""An operation and the body of its request."""


class Entry(msgspec.Struct, frozen=True):
    """A request to be made.

    Attributes:
        number: entries of a store are numbered in the order in which they are delivered.
        session: the client's own name of the session; what the server calls it is learned later.
    """

    number: int
    session: str
    operation: str
    body: bytes

    @property
    def key(self) -> str:
        """The idempotency key; the same however often the entry is sent."""
        return f"{self.session}-{self.number}"


class Store(Protocol):
    """Keeps entries until they are delivered, first in, first out. Not thread-safe.

    Attributes:
        last: number of the entry that was added last.
        in_memory: how many entries take memory.
        waiting: how many entries wait.
    """

    last: int

    @property
    def in_memory(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    def append(self, session: str, items: Iterable[Item]) -> None:
        """Add entries of a session; all or, when that raises, none."""

    def first(self) -> Entry | None:
        """Return the entry that is next. It stays until it is dropped."""

    def replace(self, number: int, body: bytes) -> None:
        """Give an entry that waits another body."""

    def drop(self, entry: Entry) -> None:
        """Forget the entry that is next."""

    def learn(self, entry: Entry, server_id: str) -> None:
        """Forget the entry that began a session, and remember what the server calls it."""

    def server_id(self, session: str) -> str | None:
        """Return what the server calls a session, if it has begun."""

    def close(self) -> None:
        """Give back what the store occupies."""

    def abandon(self) -> None:
        """Leave everything to the parent process, without giving anything back."""


class MemoryStore:
    """Keeps entries in memory: what waits is lost when the process is killed."""

    def __init__(self, server_ids: dict[str, str] | None = None) -> None:
        self._entries: deque[Entry] = deque()
        self._server_ids = server_ids or {}
        self.last = 0

    @property
    def in_memory(self) -> int:
        return len(self._entries)

    @property
    def waiting(self) -> int:
        return len(self._entries)

    def append(self, session: str, items: Iterable[Item]) -> None:
        for operation, body in items:
            self.last += 1
            self._entries.append(Entry(self.last, session, operation, body))

    def first(self) -> Entry | None:
        return self._entries[0] if self._entries else None

    def replace(self, number: int, body: bytes) -> None:
        place = number - self._entries[0].number
        self._entries[place] = msgspec.structs.replace(self._entries[place], body=body)

    def drop(self, entry: Entry) -> None:
        if self._entries and self._entries[0] is entry:
            self._entries.popleft()

    def learn(self, entry: Entry, server_id: str) -> None:
        self._server_ids[entry.session] = server_id
        self.drop(entry)

    def server_id(self, session: str) -> str | None:
        return self._server_ids.get(session)

    def close(self) -> None:
        """Do nothing: nothing is occupied."""

    def abandon(self) -> None:
        """Do nothing: the parent has its own copy."""
