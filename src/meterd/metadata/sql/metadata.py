"""One database with all of the metadata."""

from collections.abc import Callable

from meterd.metadata.base import Election
from meterd.metadata.sql import stamp as stamps
from meterd.metadata.sql.dashboards import SQLDashboards
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.documents import SQLDocuments
from meterd.metadata.sql.exports import SQLExports
from meterd.metadata.sql.forgetting import SQLForgetting
from meterd.metadata.sql.items import SQLItems
from meterd.metadata.sql.sessions import SQLSessionDocuments
from meterd.metadata.sql.tokens import SQLTokens
from meterd.metadata.sql.web_sessions import SQLWebSessions
from meterd.stamps import Stamp


class SQLMetadata:
    """Metadata in a database, which it closes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_shared = database.is_shared
        self.tokens = SQLTokens(database)
        self.web_sessions = SQLWebSessions(database)
        self.sessions = SQLSessionDocuments(database)
        self.exports = SQLExports(database)
        self.dashboards = SQLDashboards(database)
        self.documents = SQLDocuments(database)
        self.forgetting = SQLForgetting(database)

    def items(self, require_room: Callable[[int], None]) -> SQLItems:
        """Return the items; `require_room` is asked before bytes are added, and raises what refuses them."""
        return SQLItems(self._database, require_room)

    def election(self, name: str) -> Election:
        """Return what tells whether this node is the one that does something."""
        return self._database.election(name)

    def check(self) -> None:
        """Raise `Unavailable` when there is no answer."""
        self._database.check()

    def mark(self, stamp: Stamp) -> None:
        """Write which installation this belongs to, and the number of its start. Raises `Unavailable`."""
        if self.is_shared:
            stamps.claim(self._database, stamp.installation)
        else:
            stamps.mark(self._database, stamp)

    def stamp(self) -> Stamp | None:
        """Return which installation this belongs to; None when it belongs to none yet. Raises `Unavailable`."""
        return stamps.stamp_of(self._database)

    def claim(self, installation: str) -> Stamp:
        """Make it belong to an installation, unless it does to one already; return to which. Raises `Unavailable`."""
        return stamps.claim(self._database, installation)

    @property
    def connections(self) -> int:
        """How many connections are in use."""
        return self._database.connections

    @property
    def is_reachable(self) -> bool:
        """Whether the last one who asked had an answer."""
        return self._database.is_reachable

    def close(self) -> None:
        """Release the connections."""
        self._database.close()
