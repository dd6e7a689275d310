"""What statements need of a database, whichever it is."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy.orm import Session

from meterd.metadata.base import Election


class Database(Protocol):
    """Transactions on a database. Blocking, for worker threads; safe to use from several processes at once.

    Attributes:
        is_shared: whether other nodes use it, each with facts of its own.
    """

    @property
    def is_shared(self) -> bool: ...

    def transaction(self, changes: str = "") -> AbstractContextManager[Session]:
        """Begin a transaction; one that `changes` something waits for others that change the same.

        So what it reads of that stays true until it is done. Raises `Unavailable` and `Damaged`.
        """

    def insert(self, table: Any) -> Any:  # each dialect has an `Insert` of its own
        """Begin an `INSERT` that can say what happens `on_conflict`."""

    def check(self) -> None:
        """Raise `Unavailable` when it is known, or found out now, that there is no answer."""

    def election(self, name: str) -> Election:
        """Return what tells whether this node is the one that does something."""

    @property
    def connections(self) -> int:
        """How many connections are in use."""

    @property
    def is_reachable(self) -> bool:
        """Whether the last one who asked had an answer."""

    def close(self) -> None:
        """Close the connections."""
