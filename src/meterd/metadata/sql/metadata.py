"""One database with all of the metadata."""

from collections.abc import Callable
from pathlib import Path

from meterd.metadata.sql import stamp as stamps
from meterd.metadata.sql.dashboards import SQLDashboards
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.documents import SQLDocuments
from meterd.metadata.sql.exports import SQLExports
from meterd.metadata.sql.items import SQLItems
from meterd.metadata.sql.sessions import SQLSessionDocuments
from meterd.metadata.sql.tokens import SQLTokens
from meterd.metadata.sql.web_sessions import SQLWebSessions
from meterd.stamps import Stamp


def _ignore() -> None:
    pass


class SQLMetadata:
    """Metadata in an SQLite file, which is created when it is missing. Raises `ConfigurationError`.

    `on_failure` is called when the database can't be read or written.
    """

    def __init__(self, path: Path, on_failure: Callable[[], None] = _ignore) -> None:
        self._database = database = Database(path, on_failure)
        self.tokens = SQLTokens(database)
        self.web_sessions = SQLWebSessions(database)
        self.sessions = SQLSessionDocuments(database)
        self.exports = SQLExports(database)
        self.dashboards = SQLDashboards(database)
        self.documents = SQLDocuments(database)

    def items(self, require_room: Callable[[int], None]) -> SQLItems:
        """Return the items; `require_room` is asked before bytes are added, and raises what refuses them."""
        return SQLItems(self._database, require_room)

    def mark(self, stamp: Stamp) -> None:
        """Write which installation this belongs to, and the number of its start. Raises `Unavailable`."""
        stamps.mark(self._database, stamp)

    def close(self) -> None:
        """Release the connections."""
        self._database.close()
