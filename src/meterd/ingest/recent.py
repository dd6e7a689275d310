"""Rows that came last: in memory and in a log, until they go into their table in the order of their keys.

Keys are digests, or begin with one, so each new one changes another page of a large table, and 4 kB are written for 16
bytes. Of many that go in together, those that are near one another share a page. So they wait until there are many,
which then leave in the order of their keys, some with each that comes. The log holds all that wait, for the next start
(`docs/decisions/0005-remembering.md`).
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import NamedTuple

from meterd.ingest.spans import PLACE_SIZE

KEY_SIZE = 16
_MAX_WAITING = 2**16
"""Rows of a table that wait. Some 200 to 300 bytes of memory each, and as many again are kept until all have left."""
_ROOM = 2**12
"""How many go into the table together."""
_ENTRY_SIZE = 20


class Declaration(NamedTuple):
    """What waits: the name of the log, the table of a generation, how many bytes a row has after its key, and in SQL
    what the table has before the number of the entry.
    """

    log: str
    table: str
    rest: int
    row: str

    @property
    def insert(self) -> str:
        """SQL that puts the records in a blob into the table: one statement, as each gives up Python's lock."""
        entry = KEY_SIZE + self.rest
        size = entry + _ENTRY_SIZE
        row = self.row.format(key=f"substr(?1, at, {KEY_SIZE})", rest=f"substr(?1, at + {KEY_SIZE}, {self.rest})")
        return f"""WITH RECURSIVE positions(at) AS (SELECT 1 WHERE length(?1) > 0
            UNION ALL SELECT at + {size} FROM positions WHERE at + {size} <= length(?1))
            INSERT OR IGNORE INTO {self.table}
            SELECT {row}, CAST(substr(?1, at + {entry}, {_ENTRY_SIZE}) AS INTEGER) FROM positions"""


IDENTITIES = Declaration("recent_identities", "identities_{0}", 0, "{key}")
SPANS = Declaration("recent_spans", "spans_{0}", PLACE_SIZE, "{key}, {rest}, NULL")


class RecentRows:
    """Rows that wait for a table: a key and what a row has after it, as bytes. A record is a row and its entry.

    Every call but `clear` happens inside a transaction. After one that failed, memory holds more than the log, and
    `is_stale` is to be set: it counts no more until `empty` and `clear` were called.
    """

    def __init__(self, connection: sqlite3.Connection, declaration: Declaration) -> None:
        self._connection = connection
        self._log = declaration.log
        self._insert = declaration.insert
        self._row_size = KEY_SIZE + declaration.rest
        self.is_stale = False
        self.clear()

    def __len__(self) -> int:
        """Return how many wait; from any thread."""
        return len(self._waiting) + len(self._remaining)

    def create(self) -> None:
        """Make sure that the log exists."""
        columns = "(number INTEGER PRIMARY KEY, entry INTEGER NOT NULL, digests BLOB NOT NULL)"
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {self._log} {columns}")

    def clear(self) -> None:
        """Let nothing wait in memory."""
        self._waiting: dict[bytes, bytes] = {}
        """Records by their keys."""
        self._leaving: dict[bytes, bytes] = {}
        """Those that go into the table, until all of them are there."""
        self._remaining: list[bytes] = []
        """Those that are not there yet, the next one last."""
        self._logged = self._needless = 0
        """Last numbers of the log: of all, and of those that go into the table."""
        self.is_stale = False

    def holds_any(self, keys: Collection[bytes]) -> bool:
        """Tell whether rows with any of the keys wait."""
        return not (self._waiting.keys().isdisjoint(keys) and self._leaving.keys().isdisjoint(keys))

    def among(self, keys: Collection[bytes]) -> set[bytes]:
        """Return those of the keys whose rows wait."""
        return self._waiting.keys() & keys | self._leaving.keys() & keys

    def row(self, key: bytes) -> bytes | None:
        """Return the row with a key, if it waits."""
        record = self._record(key)
        return record and record[:-_ENTRY_SIZE]

    def _record(self, key: bytes) -> bytes | None:
        return self._waiting.get(key) or self._leaving.get(key)

    def add(self, rows: Mapping[bytes, bytes], entry: int, generation: int) -> None:
        """Let rows wait by their keys, which do not yet, and put those into the table that there is no room for."""
        log = f"INSERT INTO {self._log} (entry, digests) VALUES (?, ?)"
        self._logged = self._connection.execute(log, (entry, b"".join(rows.values()))).lastrowid or 0
        self._waiting.update(zip(rows, _records(rows.values(), entry), strict=True))
        if len(self) > _MAX_WAITING:
            self._make_room(generation)

    def _make_room(self, generation: int) -> None:
        """Put the next records into the table, and shorten the log when all that were to leave are there."""
        while len(self) > _MAX_WAITING - _ROOM:
            if not self._remaining:
                self._leaving, self._waiting = self._waiting, {}
                self._remaining = sorted(self._leaving.values(), reverse=True)
                self._needless = self._logged
            self._put(self._remaining[-_ROOM:], generation)
            del self._remaining[-_ROOM:]
            if not self._remaining:
                self._leaving = {}
                self._connection.execute(f"DELETE FROM {self._log} WHERE number <= ?", (self._needless,))

    def put(self, key: bytes, generation: int) -> None:
        """Put the row with a key into the table, if it waits. It goes on waiting: what the table says of it counts."""
        if (record := self._record(key)) is not None:
            self._put([record], generation)

    def empty(self, generation: int) -> None:
        """Put all that the log holds into the table; when that is committed, `clear` is to follow."""
        self._put(self.logged(), generation)
        self._connection.execute(f"DELETE FROM {self._log}")

    def logged(self) -> list[bytes]:
        """Return the records in the log."""
        size = self._row_size
        return [
            record
            for entry, rows in self._connection.execute(f"SELECT entry, digests FROM {self._log} ORDER BY number")
            for record in _records([rows[at : at + size] for at in range(0, len(rows), size)], entry)
        ]

    def _put(self, records: list[bytes], generation: int) -> None:
        """Put records into the table in the order of their keys, but for those whose keys are there."""
        records.sort()
        self._connection.execute(self._insert.format(generation), (b"".join(records),))


def _records(rows: Collection[bytes], entry: int) -> list[bytes]:
    end = b"%0*d" % (_ENTRY_SIZE, entry)
    return [row + end for row in rows]
