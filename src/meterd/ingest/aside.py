"""Entries that can't be moved into the store, kept with their bytes for whoever repairs them.

They are in a table of the journal and stay there: trimming does not touch it. The table is bounded
(`ingest.set-aside-bytes`); what does not fit is counted and logged, and gone.
"""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import msgspec

from meterd.ingest.entries import Entry, split
from meterd.ingest.transactions import transaction

_SCHEMA = """
CREATE TABLE IF NOT EXISTS set_aside (
    sequence INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    tenant TEXT NOT NULL,
    count INTEGER NOT NULL,
    lines BLOB NOT NULL,
    encoding TEXT NOT NULL,
    problem TEXT NOT NULL,
    at TEXT NOT NULL
)
"""
_ROW = 256
"""Bytes that an entry counts for beside its lines."""


_NEXT = (
    "SELECT sequence, dataset, tenant, count, lines, encoding, problem FROM set_aside WHERE sequence > ? "
    "ORDER BY sequence LIMIT 1"
)
_TOTALS = "SELECT count(*), coalesce(sum(count), 0), coalesce(sum(length(lines)), 0) FROM set_aside"


class Totals(msgspec.Struct, frozen=True):
    """The totals of what is set aside: entries, the facts in them as far as that is known, and bytes."""

    entries: int = 0
    facts: int = 0
    size: int = 0


class Aside:
    """Keeps entries in a table, on the journal's writing connection. `create` comes first."""

    def __init__(self, connection: sqlite3.Connection, max_bytes: int) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self.totals = Totals()

    def create(self) -> None:
        """Make sure that the table exists, and look how much is in it."""
        self._connection.execute(_SCHEMA)
        self.totals = _look(self._connection, _TOTALS)

    def keep(self, entry: Entry) -> bool:
        """Keep an entry, whose `problem` says why, and nothing else of the same number. False when it does not fit."""
        before = _look(self._connection, f"{_TOTALS} WHERE sequence = ?", entry.sequence)
        others = self.totals.size - before.size
        size = len(entry.lines) + _ROW
        fits = others + size <= self._max_bytes
        with transaction(self._connection):
            self._connection.execute("DELETE FROM set_aside WHERE sequence = ?", (entry.sequence,))
            if fits:
                self._insert(entry)
        now = Totals(1, entry.count, size) if fits else Totals()
        self.totals = Totals(
            self.totals.entries - before.entries + now.entries,
            self.totals.facts - before.facts + now.facts,
            others + now.size,
        )
        return fits

    def count_lines(self, text: bytes, tenants: Collection[str]) -> int:
        """Return how many lines hold a text, of entries of some tenants or of nobody knows whom."""
        return sum(text in line for entry in self._of(tenants) for line in split(entry.lines))

    def cut(self, text: bytes, tenants: Collection[str]) -> None:
        """Take those lines away. How many facts are left in their entries is no longer known for sure."""
        with transaction(self._connection):
            for entry in self._of(tenants):
                lines = split(entry.lines)
                left = [line for line in lines if text not in line]
                if len(left) < len(lines):
                    self._connection.execute(
                        "UPDATE set_aside SET lines = ?, count = min(count, ?) WHERE sequence = ?",
                        (b"".join(left), len(left), entry.sequence),
                    )
        self.totals = _look(self._connection, _TOTALS)

    def _of(self, tenants: Collection[str]) -> Iterator[Entry]:
        return (entry for entry in kept(self._connection) if entry.tenant in tenants or not entry.tenant)

    def _insert(self, entry: Entry) -> None:
        at = datetime.now(UTC).isoformat()
        self._connection.execute(
            "INSERT INTO set_aside VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (entry.sequence, entry.dataset, entry.tenant, entry.count, entry.lines, entry.encoding, entry.problem, at),
        )


def kept(connection: sqlite3.Connection) -> Iterator[Entry]:
    """Yield every entry in the table, one in memory at a time; each may be changed before the next one is asked for."""
    last = -1
    while row := connection.execute(_NEXT, (last,)).fetchone():
        entry = Entry(*row)
        yield entry
        last = entry.sequence


def kept_totals(connection: sqlite3.Connection) -> Totals:
    """Return the totals of the table; there is none in the journal of an earlier version."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'set_aside'").fetchone():
        return Totals()
    return _look(connection, _TOTALS)


def _look(connection: sqlite3.Connection, sql: str, *parameters: int) -> Totals:
    entries, facts, size = connection.execute(sql, parameters).fetchone()
    return Totals(entries, facts, size + entries * _ROW)
