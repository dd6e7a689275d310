"""How far exporters have come."""

import msgspec

from meterd.metadata.base import Progress
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import ExportProgress


class SQLExports:
    """Progress of exporters in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def progress(self, exporter: str) -> Progress | None:
        """Return how far an exporter has come; None when it never ran."""
        with self._database.transaction() as session:
            return _progress(session.get(ExportProgress, exporter))

    def advance(self, exporter: str, before: Progress | None, after: Progress) -> bool:
        """Note how far an exporter has come; False, and nothing is noted, when it was no longer where it was before."""
        with self._database.transaction(f"exports {exporter}") as session:
            found = session.get(ExportProgress, exporter)
            if _progress(found) != before:
                return False
            session.merge(ExportProgress(exporter=exporter, **msgspec.structs.asdict(after)))
            return True


def _progress(found: ExportProgress | None) -> Progress | None:
    return Progress(found.begun, found.reached, found.under_way) if found else None
