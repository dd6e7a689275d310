"""A database for indexes of the journal, and the time that they see."""

import sqlite3
from pathlib import Path


class Clock:
    """Tells the time that a test sets."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def connected(path: Path) -> sqlite3.Connection:
    """Open a database that has the entries of a journal, of which indexes count the numbers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS entries (sequence INTEGER PRIMARY KEY AUTOINCREMENT)")
    return connection
