"""The files of an installation, and its store for what no service does while it runs."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from meterd.data_directory import path_of
from meterd.files import Files, open_files
from meterd.ingest.emptying import empty
from meterd.ingest.journal import JournalReader
from meterd.installation import File
from meterd.settings import Settings
from meterd.store import opening
from meterd.store.addresses import parse_url
from meterd.store.erasure import Erasure
from meterd.store.fact_files import FactFiles

Watch = Callable[[int, int, str], None]
"""Told how many facts are done, of how many, and what is next."""


def is_embedded(settings: Settings) -> bool:
    """Tell whether facts are kept in the data directory."""
    return parse_url(settings.store.url) is None


def open_fact_files(data: Path, directory: Path, settings: Settings) -> FactFiles:
    """Open the store for files in `directory`; the embedded one must be that of a data directory no service has."""
    return opening.open_fact_files(path_of(data, File.STORE), directory, settings)


def open_erasure(data: Path, settings: Settings) -> Erasure:
    """Open the store to take a person out of it; the embedded one must be that of a directory no service has."""
    return opening.open_erasure(path_of(data, File.STORE), settings)


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
