"""Answers of the store that may be asked for again, as several people look at the same pages."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from meterd.store import StoredRow
from meterd.telemetry import Telemetry

_MOST_ROWS = 10_000
"""Rows of an answer that is kept: to measure more of them would take about as long as they are asked for."""
_OVERHEAD = 400
"""Bytes that an answer takes beside its rows."""


class _Kept(NamedTuple):
    state: int
    rows: Sequence[StoredRow]
    size: int


class Cache:
    """Keeps what the store answered to a statement, of the state of facts that it was asked in, up to a size in bytes.

    The key is the statement with all values, among which is what the caller may see: who may see something else asks
    another statement. What was not asked for the longest time goes first.
    """

    def __init__(self, maximum: int, telemetry: Telemetry) -> None:
        self._maximum = maximum
        self._lock = threading.Lock()  # guards: _answers, _size
        self._answers: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = 0
        self._hits = telemetry.query_cache_hits
        telemetry.gauge("meterd_query_cache_bytes", "Answers that are kept to be given again", lambda: self._size)

    def find(self, key: bytes, state: int | None) -> Sequence[StoredRow] | None:
        """Return the answer in a state of facts, which nobody may change; None if there is none."""
        with self._lock:
            kept = self._answers.get(key)
            if kept is None or kept.state != state:
                return None
            self._answers.move_to_end(key)
        self._hits.inc()
        return kept.rows

    def keep(self, key: bytes, state: int, rows: Sequence[StoredRow]) -> None:
        """Keep an answer, in the place of one of another state."""
        if len(rows) > _MOST_ROWS or (size := _OVERHEAD + _size_of(rows)) > self._maximum:
            return
        with self._lock:
            self._forget(self._answers.pop(key, None))
            while self._size + size > self._maximum:
                self._forget(self._answers.popitem(last=False)[1])
            self._answers[key] = _Kept(state, rows, size)
            self._size += size

    def _forget(self, kept: _Kept | None) -> None:
        if kept:
            self._size -= kept.size


def key_of(sql: str, parameters: Sequence[object]) -> bytes:
    """Return what tells a statement with its values from all others; 1, 1.0 and true are different ones."""
    return sha256(repr((sql, parameters)).encode("utf-8", "surrogatepass")).digest()


def _size_of(value: object) -> int:
    """Return the bytes of a value and of all in it."""
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = (*value, *value.values())
    elif isinstance(value, list | tuple):
        inner = value
    return sys.getsizeof(value) + sum(map(_size_of, inner))
