"""The stamp of a journal, and which entries it holds: read before it is opened for work."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from meterd.ingest.transactions import transaction
from meterd.stamps import Stamp, row_of

_TABLE = """CREATE TABLE IF NOT EXISTS stamp (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), installation TEXT NOT NULL, generation INTEGER NOT NULL,
    is_complete INTEGER NOT NULL
)"""


_DRAINED = """CREATE TABLE IF NOT EXISTS drained (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), installation TEXT NOT NULL
)"""


class JournalState(msgspec.Struct, frozen=True):
    """The state of a journal.

    Until the stamp `is_complete`, the other files may still have the one before. Entries `first` to `end` are there;
    none when `first` is beyond `end`. `drained_into` is the installation that has taken over what the store lacks.
    """

    stamp: Stamp | None = None
    is_complete: bool = True
    first: int = 1
    end: int = 0
    drained_into: str | None = None


def read_state(path: Path) -> JournalState:
    """Read the state of a journal, which stays as it is. Raises `sqlite3.Error`."""
    stamp, is_complete = None, True
    if row := row_of(path, "SELECT installation, generation, is_complete FROM stamp", "stamp"):
        stamp, is_complete = Stamp(row[0], row[1]), bool(row[2])
    last = row_of(path, "SELECT seq FROM sqlite_sequence WHERE name = 'entries'", "entries")
    end = last[0] if last else 0
    drained = row_of(path, "SELECT installation FROM drained", "drained")
    return JournalState(stamp, is_complete, _first(path, end), end, drained[0] if drained else None)


def _first(path: Path, end: int) -> int:
    """Find the first entry. Where damage hides it nothing is claimed: loading finds out what can't be read."""
    try:
        held = row_of(path, "SELECT min(sequence) FROM entries", "entries")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return 1
    return (held[0] if held else None) or end + 1


def mark(path: Path, stamp: Stamp, is_complete: bool) -> None:
    """Write the stamp, durably. Raises `sqlite3.Error`."""
    _write(path, _TABLE, "stamp VALUES (1, ?, ?, ?)", (stamp.installation, stamp.generation, is_complete))


def mark_drained(path: Path, installation: str) -> None:
    """Note, durably, which installation takes over what the journal holds. Raises `sqlite3.Error`."""
    _write(path, _DRAINED, "drained VALUES (1, ?)", (installation,))


def _write(path: Path, table: str, row: str, values: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        with transaction(connection):
            connection.execute(table)
            connection.execute(f"INSERT OR REPLACE INTO {row}", values)
