"""PostgreSQL: its transactions, which other nodes make as well, and what happens while it is not there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from meterd.errors import ConfigurationError, MeterdError, Unavailable
from meterd.metadata.base import Election
from meterd.metadata.sql.election import PostgresElection
from meterd.metadata.sql.migrating import REVISION, migrate, revision_of
from meterd.metadata.sql.postgresql_connections import Connector
from meterd.metadata.sql.postgresql_errors import Reason, ends_connections, reason_of, translated
from meterd.settings import Directory

log = structlog.get_logger()

_POOL_SECONDS = 2.0
"""How long a free connection is waited for."""
_MIGRATION_SECONDS = 120.0
"""How long another node that changes the tables is waited for."""
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_MIGRATION = "meterd migration"


class PostgresDatabase:
    """Transactions on PostgreSQL: a `Database` of several nodes.

    Who changes something takes a turn at it, for which others wait wherever they are. While it does not answer, one
    caller at a time tries, and the others are refused at once: their threads have other work.

    `on_failure` is called when it can't be read or written. Raises `ConfigurationError`.
    """

    is_shared = True

    def __init__(self, settings: Directory, on_failure: Callable[[], None]) -> None:
        self._connector = Connector(settings)
        self._on_failure = on_failure
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connector.connect,
            pool_size=settings.connections,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            pool_pre_ping=True,
            use_native_hstore=False,
            hide_parameters=True,
        )
        event.listen(self._engine, "handle_error", _judge)
        self._trial = threading.Lock()  # held by who tries whether it answers again
        self._problem: Reason | None = None
        try:
            _prepare(self._engine, self._connector.place)
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def transaction(self, changes: str = "") -> Iterator[Session]:
        """Begin a transaction; what it reads of what it changes stays true. Raises `Unavailable`."""
        made = Session(self._engine, expire_on_commit=False)
        with self._admitted(), self._translated_errors(), made as session, session.begin():
            session.connection()
            self._problem = None
            if changes:
                session.execute(_TURN, {"name": f"meterd {changes}"})
            yield session

    def insert(self, table: Any) -> Any:  # as the protocol has it
        """Begin an `INSERT` that can say what happens `on_conflict`."""
        return insert(table)

    def check(self) -> None:
        """Raise `Unavailable` when there is no answer."""
        with self.transaction() as session:
            session.execute(text("SELECT 1"))

    def election(self, name: str) -> Election:
        """Return what tells whether this node is the one that does something."""
        return PostgresElection(self._connector, name)

    @property
    def is_reachable(self) -> bool:
        """Whether the last one who asked had an answer."""
        return self._problem is None

    @property
    def connections(self) -> int:
        """How many connections are in use."""
        return int(self._engine.pool.checkedout())  # type: ignore[attr-defined]  # of the pool that it has

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        problem = self._problem
        if problem is None:
            yield
        elif self._trial.acquire(blocking=False):
            try:
                yield
            finally:
                self._trial.release()
        else:
            raise Unavailable(f"the directory can't be read or written: {problem}", 1)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, ProgrammingError, DataError):
            raise
        except (DBAPIError, NoConnection) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: DBAPIError | NoConnection) -> MeterdError:
        refusal = translated(error)
        if isinstance(refusal, Unavailable):
            reason = reason_of(error)
            if reason.is_lasting:
                self._problem = reason
            cause = str(error.orig if isinstance(error, DBAPIError) else error)
            log.error("directory failed", reason=reason.name.lower(), error=cause.partition("\n")[0])
            self._on_failure()
        return refusal


def _judge(context: ExceptionContext) -> None:
    """Let go of all connections where a server ends, or has become another one's copy."""
    if ends_connections(context.original_exception):
        context.is_disconnect = True


def _prepare(engine: Engine, place: str) -> None:
    """Bring the tables to the newest revision, unless a later version of meterd has done more."""
    try:
        with engine.connect() as connection:
            encoding = connection.scalar(text("SHOW server_encoding"))
            if encoding != "UTF8":
                raise ConfigurationError(f"the database {place} must have the encoding UTF8, it has {encoding}")
            revision = revision_of(connection)
        if revision is None or revision < REVISION:
            _migrate_in_turn(engine, place)
        elif revision > REVISION:
            log.info("the directory is of a newer version of meterd", revision=revision)
    except DBAPIError as error:
        raise ConfigurationError(f"can't open the directory {place}: {str(error.orig).strip()}") from None


def _migrate_in_turn(engine: Engine, place: str) -> None:
    """Change the tables while no other node does.

    The lock is asked for again and again: who waits for it within a statement keeps the other from what it does. It is
    of a connection that has no transaction, and goes with it.
    """
    end = time.monotonic() + _MIGRATION_SECONDS
    key = {"name": _MIGRATION}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
        while not holder.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), key):
            if time.monotonic() > end:
                raise ConfigurationError(f"another node has been changing the tables of {place} for too long")
            time.sleep(0.2)
        try:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                revision = revision_of(connection)
                if revision is None or revision < REVISION:
                    migrate(connection)
        finally:
            holder.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), key)
