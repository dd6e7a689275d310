"""Brings a database to the newest revision."""

from sqlalchemy import Connection, inspect, text

from meterd.errors import ConfigurationError

REVISION = "0010"


def migrate(connection: Connection) -> None:
    """Bring a database to the newest revision. Alembic is loaded only when there is something to do.

    Raises `ConfigurationError` for one that is newer. Others may not do the same meanwhile.
    """
    if revision_of(connection) == REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "meterd:metadata/sql/migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationError("the directory is of a newer version of meterd than this one") from None


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
