"""Opens the database that the settings name."""

from collections.abc import Callable
from pathlib import Path

from meterd.errors import ConfigurationError
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.metadata import SQLMetadata
from meterd.metadata.sql.sqlite import SQLiteDatabase
from meterd.settings import Directory
from meterd.stamps import Stamp


def _ignore() -> None:
    pass


def open_sql_metadata(
    path: Path, settings: Directory | None = None, on_failure: Callable[[], None] = _ignore
) -> SQLMetadata:
    """Open the SQLite file at a path, which is created when it is missing, or the PostgreSQL that the settings name.

    `on_failure` is called when the database can't be read or written. Raises `ConfigurationError`.
    """
    return SQLMetadata(open_database(path, settings, on_failure))


def open_database(path: Path, settings: Directory | None = None, on_failure: Callable[[], None] = _ignore) -> Database:
    """Open the database of `open_sql_metadata` alone."""
    settings = settings or Directory()
    check_sql_metadata(settings)
    if settings.is_postgresql:
        from meterd.metadata.sql.postgresql import PostgresDatabase

        return PostgresDatabase(settings, on_failure)
    return SQLiteDatabase(path, on_failure)


def check_sql_metadata(settings: Directory) -> None:
    """Raise `ConfigurationError` for settings that can't be used; nobody is asked."""
    if settings.is_postgresql:
        from meterd.metadata.sql.postgresql_connections import Connector  # what most don't use

        Connector(settings)
    elif settings.url != "sqlite:":
        raise ConfigurationError("directory.url must be sqlite: or postgresql://user@host:5432/database")


def read_shared_stamp(settings: Directory) -> Stamp | None:
    """Read whose the PostgreSQL of the settings is, which stays as it is. Raises `ConfigurationError`."""
    from meterd.metadata.sql.postgresql_connections import Connector

    row = Connector(settings).row("SELECT id, generation FROM installation", "installation")
    return Stamp(*row) if row else None
