"""The stamp of the directory database."""

from pathlib import Path

from sqlalchemy import delete

from meterd.metadata.directory import Directory
from meterd.metadata.tables import Installation
from meterd.stamps import Stamp, row_of


def look_at(path: Path) -> Stamp | None:
    """The stamp of a directory, which stays as it is; None when it has none yet. Raises `sqlite3.Error`."""
    row = row_of(path, "SELECT id, generation FROM installation", "installation")
    return Stamp(*row) if row else None


def mark(directory: Directory, stamp: Stamp) -> None:
    """Write the stamp, durably. Raises `Unavailable`."""
    with directory.session(writes=True) as session:
        session.execute(delete(Installation))
        session.add(Installation(id=stamp.installation, generation=stamp.generation))
