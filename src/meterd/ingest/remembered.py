"""What was stored before, remembered for a window of time: identities of facts, and answers to keyed requests.

Both live in tables cut by time: one for the current window, one for the window before. A look-up asks both, an
insertion goes into the current one, and forgetting drops a whole table. So everything is remembered for at least one
window and at most two.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence

from meterd.ingest.facts import DIGEST_SIZE

_CREATE = (
    "CREATE TABLE IF NOT EXISTS identities_{0} (digest BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS answers_{0} (request BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID",
)
_EACH = f"""WITH RECURSIVE
    positions(at) AS (
        SELECT 1 UNION ALL SELECT at + {DIGEST_SIZE} FROM positions WHERE at + {DIGEST_SIZE} <= length(?1)
    ),
    each(digest) AS (SELECT substr(?1, at, {DIGEST_SIZE}) FROM positions)"""
"""The digests in one blob, one after the other, as rows."""


class Remembered:
    """Tables of the journal's own database. `rotate` comes before a transaction, every other call happens inside one.

    Args:
        connection: the journal's writing connection.
        window: seconds to remember for, at least.
        clock: seconds since the epoch.
    """

    def __init__(self, connection: sqlite3.Connection, window: float, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._window = window
        self._clock = clock
        self._period = -1

    def rotate(self) -> None:
        """Open the tables of the current period and drop those that are past remembering. Cheap when nothing is due."""
        period = int(self._clock() // self._window)
        if period == self._period:
            return
        for number in (period - 1, period):
            for statement in _CREATE:
                self._connection.execute(statement.format(number))
        names = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            kind, _, number = name.rpartition("_")
            if kind in ("identities", "answers") and int(number) < period - 1:
                self._connection.execute(f"DROP TABLE {name}")
        self._period = period

    def add_identities(self, digests: Sequence[bytes]) -> list[bool]:
        """Remember the digests; True for each that was not known, False for each that was, or repeats within."""
        if len(digests) > 1 and len(set(digests)) == len(digests) and not self._any_known(digests):
            self._connection.execute(
                f"{_EACH} INSERT INTO identities_{self._period} SELECT digest FROM each", (b"".join(digests),)
            )
            return [True] * len(digests)
        return self._add_one_by_one(digests)

    def _any_known(self, digests: Sequence[bytes]) -> bool:
        """One statement for all, because each gives up Python's lock and has to wait for it again."""
        known = " OR ".join(
            f"EXISTS (SELECT 1 FROM identities_{period} WHERE identities_{period}.digest = each.digest)"
            for period in (self._period, self._period - 1)
        )
        found = self._connection.execute(f"{_EACH} SELECT 1 FROM each WHERE {known} LIMIT 1", (b"".join(digests),))
        return found.fetchone() is not None

    def _add_one_by_one(self, digests: Sequence[bytes]) -> list[bool]:
        execute = self._connection.execute
        before = f"SELECT 1 FROM identities_{self._period - 1} WHERE digest = ?"
        insert = f"INSERT OR IGNORE INTO identities_{self._period} VALUES (?)"
        return [
            execute(before, (digest,)).fetchone() is None and execute(insert, (digest,)).rowcount == 1
            for digest in digests
        ]

    def answer(self, request: bytes) -> bytes | None:
        """The answer that was given to this request, if it is known."""
        for period in (self._period, self._period - 1):
            found = self._connection.execute(
                f"SELECT answer FROM answers_{period} WHERE request = ?", (request,)
            ).fetchone()
            if found:
                answer: bytes = found[0]
                return answer
        return None

    def add_answer(self, request: bytes, answer: bytes) -> None:
        self._connection.execute(f"INSERT INTO answers_{self._period} VALUES (?, ?)", (request, answer))
