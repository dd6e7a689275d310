"""Who of several nodes does what only one may do: who holds an advisory lock of PostgreSQL."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from meterd.metadata.sql.postgresql_connections import Connector

if TYPE_CHECKING:
    import psycopg

log = structlog.get_logger()


class PostgresElection:
    """An `Election` among nodes. The lock is of a connection of its own, which no pool takes back, and goes with it.

    A node that is cut off finds that out before its next round, and the other may have begun by then: what they write
    must say what it follows.
    """

    def __init__(self, connector: Connector, name: str) -> None:
        self._connector = connector
        self._name = name
        self._connection: psycopg.Connection[Any] | None = None
        self._holds = False
        self._turn = threading.Lock()  # guards: _connection, _holds

    def lead(self) -> bool:
        """Tell whether this node leads, which it does from now on when nobody does."""
        with self._turn:
            try:
                held, self._holds = self._holds, self._is_held()
            except self._connector.driver.Error as error:
                self._let_go()
                log.warning("nobody knows who leads", work=self._name, error=str(error).partition("\n")[0])
                return False
            if self._holds and not held:
                log.info("leads", work=self._name)
            return self._holds

    def resign(self) -> None:
        """Let another node lead, at once: PostgreSQL takes a moment to notice that a connection has ended."""
        with self._turn:
            if self._connection is not None and self._holds:
                with suppress(self._connector.driver.Error):
                    self._connection.execute("SELECT pg_advisory_unlock_all()")
            self._let_go()

    def _is_held(self) -> bool:
        if self._connection is None:
            self._connection = self._connector.connect()
            self._connection.autocommit = True
        if self._holds:
            self._connection.execute("SELECT 1")  # a server that has ended told nobody
            return True
        name = f"meterd election {self._name}"
        row = self._connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)).fetchone()
        return bool(row and row[0])

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._holds = None, False


class OnlyNode:
    """An `Election` where there is one node."""

    def lead(self) -> bool:
        """Tell that this node leads."""
        return True

    def resign(self) -> None:
        """Do nothing: nobody else is there."""
