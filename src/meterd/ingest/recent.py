"""Identities that came last: in memory and in a log, until they go into their table in the order of their digests.

Digests are random, so each new one changes another page of a large table, and 4 kB are written for 16 bytes. Of many
that go in together, those that are near one another share a page. So they wait by the byte that they begin with, and
those of one byte after the other go into the table. The log holds all that wait, for the next start
(`docs/decisions/0005-remembering.md`).
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from meterd.ingest.facts import DIGEST_SIZE

LOG = "recent_identities"
_CREATE = (
    f"CREATE TABLE IF NOT EXISTS {LOG} (number INTEGER PRIMARY KEY, entry INTEGER NOT NULL, digests BLOB NOT NULL)"
)
_MAX_WAITING = 2**16
"""Identities that wait, some 200 bytes of memory each."""
_ROOM = 2**12
"""How many go into the table together."""
_ENTRY_SIZE = 20
_RECORD_SIZE = DIGEST_SIZE + _ENTRY_SIZE
_INSERT = f"""WITH RECURSIVE positions(at) AS (SELECT 1 WHERE length(?1) > 0
    UNION ALL SELECT at + {_RECORD_SIZE} FROM positions WHERE at + {_RECORD_SIZE} <= length(?1))
    INSERT OR IGNORE INTO {{}}
    SELECT substr(?1, at, {DIGEST_SIZE}),
    CAST(substr(?1, at + {DIGEST_SIZE}, {_ENTRY_SIZE}) AS INTEGER) FROM positions"""


class RecentIdentities:
    """Identities that wait, with the entry of each; every call but `clear` happens inside a transaction.

    After a transaction that failed, memory holds more than the log, and `is_stale` is to be set: it counts no more
    until `empty` and `clear` were called.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.is_stale = False
        self.clear()

    def __len__(self) -> int:
        """Return how many wait; from any thread."""
        return len(self._waiting)

    def create(self) -> None:
        """Make sure that the log exists."""
        self._connection.execute(_CREATE)

    def clear(self) -> None:
        """Let nothing wait in memory."""
        self._waiting: dict[bytes, int] = {}
        self._by_byte: list[list[bytes]] = [[] for _ in range(256)]
        self._byte = 0
        """The one whose digests go into the table next."""
        self._logged = self._needless = 0
        """Last numbers of the log: of all, and of what is in the table as soon as all bytes have had their turn."""
        self.is_stale = False

    def holds_any(self, digests: Collection[bytes]) -> bool:
        """Tell whether any of the digests waits."""
        return not self._waiting.keys().isdisjoint(digests)

    def among(self, digests: Collection[bytes]) -> set[bytes]:
        """Return those of the digests that wait."""
        return self._waiting.keys() & digests

    def add(self, digests: Sequence[bytes], entry: int, table: str) -> None:
        """Let digests wait, which are nowhere yet, and put those into the table that there is no room for."""
        log = f"INSERT INTO {LOG} (entry, digests) VALUES (?, ?)"
        self._logged = self._connection.execute(log, (entry, b"".join(digests))).lastrowid or 0
        self._waiting.update(dict.fromkeys(digests, entry))
        for digest in digests:
            self._by_byte[digest[0]].append(digest)
        if len(self._waiting) > _MAX_WAITING:
            self._make_room(table)

    def _make_room(self, table: str) -> None:
        """Put digests of some bytes into the table, and shorten the log when all bytes have had their turn."""
        leaving: dict[bytes, int] = {}
        needless = None
        while len(self._waiting) > _MAX_WAITING - _ROOM:
            for digest in self._by_byte[self._byte]:
                leaving[digest] = self._waiting.pop(digest)
            self._by_byte[self._byte] = []
            self._byte = (self._byte + 1) % 256
            if self._byte == 0:
                needless, self._needless = self._needless, self._logged
        insert(self._connection, leaving, table)
        if needless is not None:
            self._connection.execute(f"DELETE FROM {LOG} WHERE number <= ?", (needless,))

    def empty(self, table: str) -> None:
        """Put all that the log holds into the table; when that is committed, `clear` is to follow."""
        insert(self._connection, logged(self._connection, LOG), table)
        self._connection.execute(f"DELETE FROM {LOG}")


def logged(connection: sqlite3.Connection, log: str) -> dict[bytes, int]:
    """Return the identities in a log, with the entry of each."""
    return {
        digests[at : at + DIGEST_SIZE]: entry
        for entry, digests in connection.execute(f"SELECT entry, digests FROM {log}")
        for at in range(0, len(digests), DIGEST_SIZE)
    }


def insert(connection: sqlite3.Connection, identities: Mapping[bytes, int], table: str) -> None:
    """Insert identities in their order, by one statement: each gives up Python's lock, and waits for it again."""
    records = b"".join([digest + b"%020d" % identities[digest] for digest in sorted(identities)])
    connection.execute(_INSERT.format(table), (records,))
