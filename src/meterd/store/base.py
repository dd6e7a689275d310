"""The interface of a store; engines implement it beside this module."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import msgspec

from meterd.datasets import Dataset
from meterd.errors import ConfigurationError


class Lines(msgspec.Struct, frozen=True):
    """Lines of `count` facts of a dataset and tenant, as in the journal: one JSON row a line (`Dataset.row_type`).

    A packed line stands for many: `{"each": {column: values}, "shared": row}`, where the columns are `Dataset.packed`.
    Merged lines hold no facts. Each tells that a fact that is there becomes a part of another one:
    `{"trace", "inner", "innerAt", "outer", "outerAt"}`, with ids of spans and microseconds since 1970.
    `origins` are the journal entries that the lines are of, in order, and how many facts are of each; empty for lines
    that are of none.
    """

    dataset: Dataset
    tenant: str
    text: str
    count: int
    packed: bool = False
    merged: bool = False
    origins: tuple[tuple[int, int], ...] = ()


class StoreError(Exception):
    """The engine could not do what was asked."""


class Unreadable(StoreError):
    """Lines hold other facts than they should, or none: trying again changes nothing."""


class StoreDamaged(ConfigurationError):
    """The store's file is no longer whole, or is none."""


class QueryTimeout(StoreError):
    """The engine was interrupted because a query took too long."""


class QueryMemory(StoreError):
    """The engine refused a query because it needs more memory than allowed."""


class QueryCancelled(StoreError):
    """The engine was interrupted because nobody waits for the answer."""


class Cancellation:
    """Ends a query from another thread, whether it has begun or not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards: is_cancelled, _interrupt
        self.is_cancelled = False
        self._interrupt: Callable[[], None] | None = None

    def cancel(self) -> None:
        with self._lock:
            self.is_cancelled = True
            if self._interrupt:
                self._interrupt()

    @contextmanager
    def by(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Let a cancellation call `interrupt` while the block runs. Raises `QueryCancelled` when it came before."""
        with self._lock:
            if self.is_cancelled:
                raise QueryCancelled
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None


StoredRow = tuple[Any, ...]
"""Values of the columns that were selected, as the engine gives them: the statement says of which kinds."""


class Store(Protocol):
    """Where loaded facts are queried. `append` is called from one thread, `select` from any.

    One that `is_remote` may be out of reach while the service does its work: what is taken waits in the journal.
    """

    dialect: str
    is_remote: bool
    load_pause: float
    """Seconds between two batches at least, when there is little to load: the engine has to merge what each leaves."""

    def create(self, datasets: Iterable[Dataset]) -> None:
        """Make sure that a table with all columns exists for each dataset; when it is remote, as soon as it answers."""

    def follow(self, journal: str) -> None:
        """Tell which journal the entries are of: a name that no other journal has."""

    def installation(self) -> str | None:
        """Tell which installation the store is of; None before it was marked."""

    def mark(self, installation: str) -> None:
        """Write down which installation the store is of. Raises `StoreError`."""

    def append(self, batch: Sequence[Lines], watermark: int) -> None:
        """Add facts and set the watermark: in one transaction, or so that facts that are added again count once.

        Raises:
            Unreadable: a line can't be read, a fact has no time, or there are not as many as there should be.
            StoreError: the engine failed otherwise.
        """

    def readable(self, lines: Lines) -> list[int]:
        """Tell how many facts each of the lines holds, 0 for one that can't be read."""

    def select(
        self, sql: str, parameters: Sequence[object], timeout: float, cancellation: Cancellation | None = None
    ) -> list[StoredRow]:
        """Return the rows of a query.

        Raises:
            QueryTimeout: it took longer than `timeout` seconds.
            QueryMemory: it needs more memory than allowed.
            QueryCancelled: it was cancelled.
            StoreError: the engine failed otherwise.
        """

    def state(self, dataset: Dataset) -> int | None:
        """Return a number that is another one after each change of a dataset's facts; None while they are changed.

        Rows that were selected between two looks at the same number are those of all such looks.
        """

    def watermark(self) -> int:
        """Return the sequence number up to which journal entries are in the store."""

    def begun(self) -> int | None:
        """Return the sequence number with which a batch ends that was begun, and may be in the store or not.

        The next batch must end with it, too. None when there is no such batch.
        """

    def checkpoint(self) -> bool:
        """Make what was appended part of the store's main file, so that its own log is no longer needed.

        False when that is not possible just now, because the file is being copied.
        """

    def delete_before(self, dataset: Dataset, time: datetime) -> int:
        """Delete facts of a dataset that happened before a time; returns how many. A checkpoint frees their space."""

    def make_room(self, dataset: Dataset) -> bool:
        """Move facts together where most were deleted, a bounded number; True when there may be more to move."""

    def reopen(self) -> None:
        """Recover from a failed write: drop the engine's state in memory and open the files again."""

    def close(self) -> None:
        """Release files and threads."""
