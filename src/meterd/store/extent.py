"""Checks whether a DuckDB file has every block that its tables use: the engine finds out only when it reads one."""

import struct
from pathlib import Path
from typing import NamedTuple

import duckdb

_HEADERS = (4096, 8192)
"""Where the two headers begin; the file's blocks follow behind the second."""
_BLOCKS = 12_288
_HEADER = struct.Struct("<6Q")


class Header(NamedTuple):
    checksum: int
    iteration: int
    metadata: int
    free_list: int
    blocks: int
    block_size: int


def is_cut_short(connection: duckdb.DuckDBPyConnection, path: Path, header: Header | None) -> bool:
    """Tell whether the open database at `path` lacks blocks that it had with its header, None for a new file.

    Costs next to nothing for a file that is whole.

    A file may end before the last block that its header counts, where those are free. So when it does, the blocks that
    tables use are looked at.
    """
    if header is None:
        return False
    size = path.stat().st_size
    if size >= _BLOCKS + header.blocks * header.block_size:
        return False
    return size < _BLOCKS + (_last_used(connection) + 1) * header.block_size


def newest_header(path: Path) -> Header | None:
    """Return the header of a file that is not open yet; None when it has none that can be read: opening it tells why.

    A process that closes any descriptor of a file gives up the locks that the engine has on it.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_BLOCKS)
    except OSError:
        return None
    headers = [Header(*_HEADER.unpack_from(beginning, at)) for at in _HEADERS if len(beginning) >= at + _HEADER.size]
    return max(headers, key=lambda header: header.iteration, default=None)


def _last_used(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the highest number of a block that is in use; -1 for none."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    used = ["SELECT max(block_id) AS block FROM pragma_metadata_info()"]
    used += [f"SELECT max(block_id) FROM pragma_storage_info('{name}') WHERE persistent" for (name,) in tables]
    row = connection.execute(f"SELECT coalesce(max(block), -1) FROM ({' UNION ALL '.join(used)})").fetchone()
    assert row is not None  # an aggregate has a row
    return int(row[0])
