"""What everything that opens files with DuckDB shares: its limits, and errors as the layers above know them."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from meterd.store.base import StoreError

Options = dict[str, str | bool | int | float | list[str]]
"""Settings of DuckDB by name."""


def limits(path: Path, memory: str, threads: int | None, spill: str, *, is_alone: bool = False) -> Options:
    """Return what the engine may take for the file at `path`.

    Args:
        memory: as DuckDB writes sizes.
        threads: None for one each core.
        spill: disk space for what it can't keep in memory.
        is_alone: whether it may touch no other file.
    """
    # First, as the engine refuses the directory when this comes after it.
    options: Options = {"enable_external_access": False} if is_alone else {}
    options |= {
        "memory_limit": memory,
        "temp_directory": f"{path}.tmp",
        "max_temp_directory_size": spill,
    }
    return options | {"threads": threads} if threads else options


def message_of(error: duckdb.Error) -> str:
    """Return what went wrong, without the data and paths that DuckDB likes to quote."""
    first = re.split(r"[\n{]", str(error), maxsplit=1)[0]
    return re.sub(r'"[^"]*"', "…", first).rstrip()


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `StoreError` for what the engine raises within the block."""
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(message_of(error)) from None
