"""The stamp of the database: which installation it belongs to, and the number of its start.

One that nodes share has no such number: each of them starts by itself.
"""

from pathlib import Path

from sqlalchemy import delete, select

from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import Installation
from meterd.stamps import Stamp, row_of


def read_stamp(path: Path) -> Stamp | None:
    """Read the stamp of a database, which stays as it is; None when it has none yet. Raises `sqlite3.Error`."""
    row = row_of(path, "SELECT id, generation FROM installation", "installation")
    return Stamp(*row) if row else None


def mark(database: Database, stamp: Stamp) -> None:
    """Write the stamp, durably. Raises `Unavailable`."""
    with database.transaction("installation") as session:
        session.execute(delete(Installation))
        session.add(Installation(id=stamp.installation, generation=stamp.generation))


def claim(database: Database, installation: str) -> Stamp:
    """Make the database one installation's, unless it is one's already; return whose it is. Raises `Unavailable`."""
    with database.transaction("installation") as session:
        if found := session.scalar(select(Installation)):
            return Stamp(found.id, found.generation)
        session.add(Installation(id=installation, generation=0))
        return Stamp(installation, 0)


def stamp_of(database: Database) -> Stamp | None:
    """Return whose the database is; None when it is nobody's yet. Raises `Unavailable`."""
    with database.transaction() as session:
        found = session.scalar(select(Installation))
        return Stamp(found.id, found.generation) if found else None
