"""The stamp of the database: which installation it belongs to, and the number of its start."""

from pathlib import Path

from sqlalchemy import delete

from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import Installation
from meterd.stamps import Stamp, row_of


def read_stamp(path: Path) -> Stamp | None:
    """Read the stamp of a database, which stays as it is; None when it has none yet. Raises `sqlite3.Error`."""
    row = row_of(path, "SELECT id, generation FROM installation", "installation")
    return Stamp(*row) if row else None


def mark(database: Database, stamp: Stamp) -> None:
    """Write the stamp, durably. Raises `Unavailable`."""
    with database.transaction(writes=True) as session:
        session.execute(delete(Installation))
        session.add(Installation(id=stamp.installation, generation=stamp.generation))
