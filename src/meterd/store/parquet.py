"""Files of Parquet, looked at by an engine that is always there, whichever wrote them."""

from pathlib import Path

import duckdb

from meterd.store.embedded import translated_errors


def count_rows(path: Path) -> int:
    """Return how many rows a file has, as it says itself. Raises `StoreError` for one that can't be read."""
    with translated_errors(), duckdb.connect() as connection:
        row = connection.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [str(path)]).fetchone()
    return int(row[0]) if row else 0


def columns_of(path: Path) -> set[str]:
    """Return the names of a file's columns. Raises `StoreError` for one that can't be read."""
    with translated_errors(), duckdb.connect() as connection:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
    return {name for name, *_ in described}
