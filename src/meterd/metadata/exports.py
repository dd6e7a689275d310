"""How far exporters have come, in the directory; so a restart goes on where the last run ended."""

from datetime import datetime

import msgspec

from meterd.metadata.directory import Directory
from meterd.metadata.tables import ExportProgress


class Progress(msgspec.Struct, frozen=True):
    """Everything from `begun` to `reached` is exported, or was given up.

    `under_way` is the end of the window that is being sent; after a crash that very window is sent first.
    """

    begun: datetime
    reached: datetime
    under_way: datetime | None = None


class Exports:
    """Blocking; the server calls it from worker threads."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def progress(self, exporter: str) -> Progress | None:
        """How far an exporter has come; None when it never ran."""
        with self._directory.session() as session:
            found = session.get(ExportProgress, exporter)
            return Progress(found.begun, found.reached, found.under_way) if found else None

    def save(self, exporter: str, progress: Progress) -> None:
        values = msgspec.structs.asdict(progress)
        with self._directory.session(writes=True) as session:
            session.merge(ExportProgress(exporter=exporter, **values))
