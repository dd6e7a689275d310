"""Rows that wait, and the batches they are sent in. No clock, no lock, no connection."""

import secrets
from collections import deque
from typing import Any

import msgspec

MAX_BODY_BYTES = 8 * 2**20
"""Bytes of a body before compression, an eighth of what the server takes by default."""


class Batch(msgspec.Struct, frozen=True):
    """Rows of one datasource that are sent together.

    Attributes:
        number: batches are numbered in the order in which they are sent.
        lines: each row as JSON.
        key: the idempotency key; the same however often the batch is sent.
    """

    number: int
    datasource: str
    lines: tuple[bytes, ...]
    key: str

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(map(len, self.lines))

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as the server sees them."""
        return [msgspec.json.decode(line) for line in self.lines]


class _Open(msgspec.Struct):
    """A batch that is being filled with rows of a datasource."""

    lines: list[bytes] = []
    size: int = 0


class Buffer:
    """Holds up to `max_rows` rows, first in, first out. Not thread-safe.

    Attributes:
        rows: how many there are, those in batches included.
        batches: what is ready to be sent; a batch stays until it is dropped.
        last: number of the batch that was made last.
    """

    def __init__(self, batch_size: int, max_rows: int, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._batch_size = batch_size
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._open: dict[str, _Open] = {}
        self.rows = 0
        self.batches: deque[Batch] = deque()
        self.last = 0

    @property
    def has_open(self) -> bool:
        """Whether there are rows that are not in a batch yet."""
        return bool(self._open)

    def add(self, datasource: str, lines: list[bytes]) -> int:
        """Take as many rows as there is room for, and return how many. Make a batch whenever there are enough."""
        taken = lines[: self._max_rows - self.rows]
        for line in taken:
            self._append(datasource, line)
        self.rows += len(taken)
        return len(taken)

    def _append(self, datasource: str, line: bytes) -> None:
        waiting = self._open.setdefault(datasource, _Open())
        if waiting.lines and waiting.size + len(line) > self._max_bytes:
            self._cut(datasource)
            waiting = self._open.setdefault(datasource, _Open())
        waiting.lines.append(line)
        waiting.size += len(line) + 1
        if len(waiting.lines) == self._batch_size:
            self._cut(datasource)

    def cut(self) -> None:
        """Make batches of all rows that are not in one yet."""
        for datasource in list(self._open):
            self._cut(datasource)

    def _cut(self, datasource: str) -> None:
        lines = self._open.pop(datasource).lines
        self.last += 1
        self.batches.append(Batch(self.last, datasource, tuple(lines), secrets.token_hex(16)))

    def drop(self, batch: Batch) -> None:
        """Forget a batch and its rows; does nothing when it is forgotten already."""
        if self.batches and self.batches[0].number == batch.number:
            self.batches.popleft()
            self.rows -= len(batch.lines)
