"""The files of an installation, and its store for what no service does while it runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

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


@contextmanager
def emptied(data: Path, settings: Settings) -> Iterator[Files]:
    """Open the files of a data directory that no service has, and move its journal into the store.

    Raises `ConfigurationError` and `StoreError`; then nothing stays open.
    """
    as_it_is_called = msgspec.structs.replace(settings.node, id=None)
    files = open_files(data, msgspec.structs.replace(settings, node=as_it_is_called), (), lambda: None)
    try:
        with closing(JournalReader(path_of(data, File.JOURNAL))) as reader:
            empty(files.journal, reader, files.store)
        yield files
    finally:
        for file in reversed(files):
            file.close()


def journals_of(directories: Sequence[Path], settings: Settings) -> list[Path]:
    """Return those of all data directories of an installation whose journals lead into the store of the settings.

    They are its own, and of a store that processes share those of its other workers. What is in these where facts are
    kept in the data directory belongs to another store.
    """
    own, *others = directories
    return [own, *(each for each in others if not is_embedded(settings) and path_of(each, File.JOURNAL).exists())]


def empty_others(directories: Sequence[Path], settings: Settings) -> None:
    """Move the journals of all workers but the first into the store."""
    for each in journals_of(directories, settings)[1:]:
        with emptied(each, settings):
            pass
