"""The files of an installation that is stopped, and its store for what no service does while it runs."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from meterd.data_directory import path_of
from meterd.errors import ConfigurationError
from meterd.files import Files, open_files
from meterd.ingest.emptying import empty
from meterd.ingest.journal import JournalReader
from meterd.installation import File
from meterd.settings import Settings
from meterd.store.addresses import parse_url
from meterd.store.duckdb_erasure import DuckDBErasure
from meterd.store.duckdb_files import DuckDBFiles
from meterd.store.erasure import Erasure
from meterd.store.fact_files import FactFiles

Watch = Callable[[int, int, str], None]
"""Told how many facts are done, of how many, and what is next."""


def require_embedded(settings: Settings) -> None:
    """Raise `ConfigurationError` when facts are kept elsewhere than in the data directory."""
    if parse_url(settings.store.url) is not None:
        raise ConfigurationError("store.url names ClickHouse: this is for the embedded store, of a data directory")


def open_fact_files(data: Path, directory: Path, settings: Settings) -> FactFiles:
    """Open the store of a data directory that no service has, for files in `directory`."""
    limits = settings.store
    return DuckDBFiles(path_of(data, File.STORE), directory, limits.memory, limits.threads, limits.spill)


def open_erasure(data: Path, settings: Settings) -> Erasure:
    """Open the store of a data directory that no service has, to take a person out of it."""
    limits = settings.store
    return DuckDBErasure(path_of(data, File.STORE), limits.memory, limits.threads, limits.spill)


def open_emptied(data: Path, settings: Settings) -> Files:
    """Open the files of a data directory that no service has, and move its journal into the store.

    Raises `ConfigurationError` and `StoreError`; then nothing stays open.
    """
    files = open_files(data, settings, (), lambda: None)
    try:
        with closing(JournalReader(path_of(data, File.JOURNAL))) as reader:
            empty(files.journal, reader, files.store)
    except BaseException:
        close(files)
        raise
    return files


def close(files: Files) -> None:
    for file in reversed(files):
        file.close()
