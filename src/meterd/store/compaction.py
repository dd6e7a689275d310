"""Gives disk space back that deleted facts left free in a DuckDB file: the engine uses it again, but keeps the file."""

import contextlib
from pathlib import Path

import duckdb
import structlog

from meterd.durability import sync
from meterd.store.embedded import Options

log = structlog.get_logger()

_MIN_FREE_BYTES = 64 * 2**20
"""Free bytes below which a file is left as it is."""


def is_due(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether more than half of the open database is free space, and much."""
    size = connection.execute("SELECT block_size, total_blocks, free_blocks FROM pragma_database_size()").fetchone()
    assert size is not None  # there is one open database
    block, total, free = size
    return bool(free > total / 2 and free * block >= _MIN_FREE_BYTES)


def compact(path: Path, options: Options) -> bool:
    """Copy the database, which must be closed and checkpointed, into a new file that takes its place.

    When that fails, for want of space for instance, the old file stays as it is, and this returns False.
    """
    copy = path.with_name(f"{path.name}.compact")
    before = path.stat().st_size
    try:
        copy.unlink(missing_ok=True)
        with duckdb.connect(config=options | {"enable_external_access": True}) as connection:
            connection.execute(f"ATTACH '{_quoted(path)}' AS before (READ_ONLY)")
            connection.execute(f"ATTACH '{_quoted(copy)}' AS after")
            connection.execute("COPY FROM DATABASE before TO after")
            connection.execute("CHECKPOINT after")
        sync(copy)
        copy.replace(path)
        sync(path.parent)
    except (duckdb.Error, OSError) as error:
        with contextlib.suppress(OSError):
            copy.unlink(missing_ok=True)
        log.warning("the store can't be compacted, it stays as large as it is", error=type(error).__name__)
        return False
    log.info("store compacted", bytes_before=before, bytes_after=path.stat().st_size)
    return True


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
