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
            found = session.get(ExportProgress, exporter)
            return Progress(found.begun, found.reached, found.under_way) if found else None

    def save(self, exporter: str, progress: Progress) -> None:
        """Note how far an exporter has come."""
        values = msgspec.structs.asdict(progress)
        with self._database.transaction(writes=True) as session:
            session.merge(ExportProgress(exporter=exporter, **values))
