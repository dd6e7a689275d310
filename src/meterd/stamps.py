"""Stamps, which tell whether files belong together (`docs/decisions/0018-files-that-belong-together.md`)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec


class Stamp(msgspec.Struct, frozen=True):
    """Which installation a file is of, and how many times that was started when the file was last part of it."""

    installation: str
    generation: int


def read_only(path: Path) -> sqlite3.Connection:
    """Connect to an SQLite file that must be there; the path may hold characters that mean something in a URI."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)


def row_of(path: Path, statement: str, table: str) -> tuple[Any, ...] | None:  # SQLite says what it holds
    """Read one row from an SQLite file, which stays as it is; None when it has no such table, or no row."""
    with closing(read_only(path)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is None:
            return None
        row: tuple[object, ...] | None = connection.execute(statement).fetchone()
        return row
