"""How far the journal is in ClickHouse: kept on this node's disk, as nothing there is transactional.

Before a batch is sent its end is noted, so that whatever happens the same entries are sent again, as the same bytes.
"""

import sqlite3
from pathlib import Path

from meterd.errors import ConfigurationError
from meterd.stamps import row_of
from meterd.store.base import StoreError

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS progress (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), installation TEXT, loaded INTEGER NOT NULL, begun INTEGER
);
INSERT OR IGNORE INTO progress VALUES (1, NULL, 0, NULL);
"""


def read_progress(path: Path) -> tuple[str | None, int]:
    """Read which installation the file is of, and the last entry that is loaded; it stays as it is.

    Raises `sqlite3.Error`.
    """
    row = row_of(path, "SELECT installation, loaded FROM progress", "progress")
    return (row[0], row[1]) if row else (None, 0)


class Progress:
    """The installation, the last entry that is loaded, and the last one of the batch that was begun, in a file.

    Written by one thread at a time. Raises `ConfigurationError` when the file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.executescript(_SCHEMA)
            row = self._connection.execute("SELECT installation, loaded, begun FROM progress").fetchone()
        except sqlite3.Error as error:
            raise ConfigurationError(f"can't open {path}: {error}") from None
        self.installation: str | None = row[0]
        self.loaded: int = row[1]
        self.begun: int | None = row[2]

    def mark(self, installation: str) -> None:
        self._write("UPDATE progress SET installation = ?", installation)
        self.installation = installation

    def begin(self, sequence: int) -> None:
        """Note that entries up to this one are about to be sent."""
        if sequence != self.begun:
            self._write("UPDATE progress SET begun = ?", sequence)
            self.begun = sequence

    def complete(self, sequence: int) -> None:
        """Note that entries up to this one are in the store."""
        self._write("UPDATE progress SET loaded = ?, begun = NULL", sequence)
        self.loaded, self.begun = sequence, None

    def _write(self, statement: str, value: object) -> None:
        try:
            self._connection.execute(statement, (value,))
        except sqlite3.Error as error:
            raise StoreError(f"can't note how far the journal is loaded: {error}") from None

    def close(self) -> None:
        self._connection.close()
