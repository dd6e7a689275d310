"""Entries that wait for the server, in a file, so that they outlive the process."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from meterd.client.errors import SpoolFailed
from meterd.client.sessions.entries import CREATE, Entry, Item

KILLED = "the process ended without ending its session"
"""Why a session crashed whose entries were found in a spool."""

_ENDS = ("end", "crash")
_TABLES = """
CREATE TABLE IF NOT EXISTS sessions (session TEXT PRIMARY KEY, server_id TEXT, ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, operation TEXT NOT NULL, body BLOB NOT NULL
);
"""
_left_to_parents: list[sqlite3.Connection] = []
"""Connections of a parent process, which a child must not even close."""


class Spool:
    """An SQLite database that one session uses at a time.

    What is written survives the end of the process, whatever ends it; after a power failure the last moments may be
    missing. Sessions of earlier processes that were not ended have crashed, for the file is locked while one lives.

    Every method raises `SpoolFailed`, from the database's error.
    """

    def __init__(self, path: Path) -> None:
        with _translated_errors(path):
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.executescript(_TABLES)
                self._path = path
                self._crash_earlier_sessions()
                self.last, self._waiting = self._read_numbers()
            except BaseException:
                self._database.close()
                raise

    def _read_numbers(self) -> tuple[int, int]:
        (waiting,) = self._database.execute("SELECT count(*) FROM entries").fetchone()
        row = self._database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        return (int(row[0]) if row else 0), int(waiting)

    def _crash_earlier_sessions(self) -> None:
        """Let sessions of an earlier process crash after all that it left, and forget those with nothing left."""
        body = msgspec.json.encode({"reason": KILLED})
        with self._transaction():
            self._database.execute(
                "INSERT INTO entries (session, operation, body)"
                " SELECT session, 'crash', ? FROM sessions WHERE NOT ended",
                (body,),
            )
            self._database.execute("UPDATE sessions SET ended = 1")
            self._forget_delivered_sessions()

    def _forget_delivered_sessions(self) -> None:
        self._database.execute("DELETE FROM sessions WHERE ended AND session NOT IN (SELECT session FROM entries)")

    @property
    def in_memory(self) -> int:
        return 0

    @property
    def waiting(self) -> int:
        return self._waiting

    def append(self, session: str, items: Iterable[Item]) -> None:
        first = self.last + 1
        rows = [(number, session, *item) for number, item in enumerate(items, start=first)]
        with _translated_errors(self._path), self._transaction():
            self._database.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
            operations = {row[2] for row in rows}
            if CREATE in operations:
                self._database.execute("INSERT INTO sessions (session) VALUES (?)", (session,))
            if operations.intersection(_ENDS):
                self._database.execute("UPDATE sessions SET ended = 1 WHERE session = ?", (session,))
        self.last += len(rows)
        self._waiting += len(rows)

    def first(self) -> Entry | None:
        with _translated_errors(self._path):
            row = self._database.execute(
                "SELECT number, session, operation, body FROM entries ORDER BY number LIMIT 1"
            ).fetchone()
        return Entry(*row) if row else None

    def replace(self, number: int, body: bytes) -> None:
        with _translated_errors(self._path):
            self._database.execute("UPDATE entries SET body = ? WHERE number = ?", (body, number))

    def drop(self, entry: Entry) -> None:
        with _translated_errors(self._path), self._transaction():
            gone = self._database.execute("DELETE FROM entries WHERE number = ?", (entry.number,)).rowcount
            if entry.operation in _ENDS:
                self._forget_delivered_sessions()
        self._waiting -= gone

    def learn(self, entry: Entry, server_id: str) -> None:
        with _translated_errors(self._path), self._transaction():
            self._database.execute("UPDATE sessions SET server_id = ? WHERE session = ?", (server_id, entry.session))
            gone = self._database.execute("DELETE FROM entries WHERE number = ?", (entry.number,)).rowcount
        self._waiting -= gone

    def server_id(self, session: str) -> str | None:
        with _translated_errors(self._path):
            row = self._database.execute("SELECT server_id FROM sessions WHERE session = ?", (session,)).fetchone()
        return str(row[0]) if row and row[0] else None

    def close(self) -> None:
        self._database.close()

    def abandon(self) -> None:
        _left_to_parents.append(self._database)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        hint = "; another session uses it" if "locked" in str(error) else ""
        raise SpoolFailed(f"the spool {path.name} can't be used: {error}{hint}") from error
