"""An SQLite file: its transactions, its revisions, and what its errors mean to a caller."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.orm import Session

from meterd.errors import ConfigurationError, Damaged, MeterdError, Unavailable
from meterd.metadata.base import Election
from meterd.metadata.sql.election import OnlyNode
from meterd.metadata.sql.migrating import migrate

log = structlog.get_logger()

_WRITES = "meterd_writes"
"""The execution option of a transaction that will write."""

_LOCK_TIMEOUT = 5.0
"""Seconds to wait for another process's change."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_RETRY_AFTER = 5


class SQLiteDatabase:
    """Transactions on a file: a `Database` of this process and of commands beside it.

    `on_failure` is called when the file can't be read or written. Raises `ConfigurationError`.
    """

    is_shared = False
    is_reachable = True

    def __init__(self, path: Path, on_failure: Callable[[], None]) -> None:
        self._engine = _open(path)
        self._on_failure = on_failure

    @contextmanager
    def transaction(self, changes: str = "") -> Iterator[Session]:
        """Begin a transaction; one that changes anything takes its turn at once. Raises `Unavailable`, `Damaged`."""
        made = Session(self._engine, expire_on_commit=False)
        with _translated_errors(self._on_failure), made as session, session.begin():
            session.connection(execution_options={_WRITES: bool(changes)})
            yield session

    def insert(self, table: Any) -> Any:  # as the protocol has it
        """Begin an `INSERT` that can say what happens `on_conflict`."""
        return insert(table)

    def check(self) -> None:
        """Do nothing: a file answers, or the request that needs it says why not."""

    def election(self, _name: str) -> Election:
        """Return what tells that this process does everything."""
        return OnlyNode()

    @property
    def connections(self) -> int:
        """How many connections are in use."""
        return int(self._engine.pool.checkedout())  # type: ignore[attr-defined]  # of the pool that it has

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _open(path: Path) -> Engine:
    """Open the database at a path, in its newest revision; it is created when missing.

    A commit is on disk when it returns: the log is written ahead and synced. SQLite's other way, a journal that is
    deleted, loses commits when the power fails, because the deletion is not synced.
    """
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _LOCK_TIMEOUT}, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        _log_ahead(path)
        _migrate(engine)
    except (DatabaseError, sqlite3.Error) as error:
        engine.dispose()
        raise ConfigurationError(f"can't open the directory {path}: {_cause(error)}") from None
    return engine


@contextmanager
def _translated_errors(on_failure: Callable[[], None]) -> Iterator[None]:
    """Turn what a disk or a lock does to the database into `Unavailable`, and what won't pass into `Damaged`."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise
    except (DatabaseError, NoConnection, sqlite3.Error) as error:
        cause = _cause(error)
        log.error("directory failed", error=str(cause))
        on_failure()
        raise _translated(cause) from error


def _translated(cause: BaseException) -> MeterdError:
    if _code(cause) in _DAMAGE:
        return Damaged("the directory is damaged: `meterd doctor` tells what is lost")
    what = str(cause) if isinstance(cause, sqlite3.Error) else "all of its connections are in use"
    return Unavailable(f"the directory can't be read or written: {what}", _RETRY_AFTER)


def _cause(error: BaseException) -> BaseException:
    """Return SQLite's own error within SQLAlchemy's."""
    return getattr(error, "orig", None) or error


def _code(error: BaseException) -> int:
    """Return SQLite's primary error code, 0 for what is no error of SQLite."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _prepare(connection: object, _record: object) -> None:
    """Apply the settings of a new SQLite connection; transactions are begun by `_begin` alone."""
    assert isinstance(connection, sqlite3.Connection)  # what the engine was made for
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    """Begin a transaction. One that will write takes its turn at once: what it reads stays true until it is done."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _log_ahead(path: Path) -> None:
    """Set the file's journal mode, which it keeps. SQLite does not wait for others who do the same, so this does."""
    end = time.monotonic() + _LOCK_TIMEOUT
    with closing(sqlite3.connect(path, timeout=_LOCK_TIMEOUT)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(0.01)


def _migrate(engine: Engine) -> None:
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        migrate(connection)
