"""Moves the facts that are left together where most were deleted, so that the next checkpoint frees their blocks.

DuckDB frees a row group when all of it is deleted, and merges neighbours when little is left of several. Where old and
new facts are interleaved most row groups keep some, and with them all their blocks.
"""

import duckdb

_SLICE = 122_880
"""Rows that are considered together: as many as a row group of DuckDB's holds."""
_SPARSE = _SLICE // 2
"""A slice with fewer facts is worth moving. They are dense where they go, so each is moved about once in its life."""
_BATCH_SIZE = 100_000
"""Facts that are moved in one transaction, more or less, so that loading goes on in between."""


def move_together(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Move facts of sparse slices to the end of the table, in one transaction; returns how many, 0 when none are left.

    The last slice is the one that grows, and stays.
    """
    *filled, _ = connection.execute(
        f"SELECT rowid // {_SLICE} AS slice, count(*) FROM {table} GROUP BY slice ORDER BY slice"
    ).fetchall() or [(0, 0)]
    chosen = _chosen(filled)
    if not chosen:
        return 0
    inside = " OR ".join(f"(rowid >= {number * _SLICE} AND rowid < {(number + 1) * _SLICE})" for number in chosen)
    connection.begin()
    moved = connection.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE {inside} ORDER BY ts").fetchone()
    connection.execute(f"DELETE FROM {table} WHERE {inside}")
    connection.commit()
    return int(moved[0]) if moved else 0


def _chosen(filled: list[tuple[int, int]]) -> list[int]:
    """Return the numbers of the first sparse slices, as many as are moved at once and at least one, if there is one."""
    chosen: list[int] = []
    facts = 0
    for number, count in filled:
        if count < _SPARSE and (not chosen or facts + count <= _BATCH_SIZE):
            chosen.append(number)
            facts += count
    return chosen
