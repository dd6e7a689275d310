"""The data directory: where its files are, made for its owner only, and held by one process."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import structlog

from meterd.errors import ConfigurationError
from meterd.installation import File
from meterd.metadata import Metadata
from meterd.metadata.sql import open_sql_metadata
from meterd.settings import Directory, load

log = structlog.get_logger()

LOCK = "lock"
"""The file that the process which has the directory holds locked."""
PROGRESS = "store.sqlite"
"""The file that stands for the store when that is elsewhere: how far the journal is in there."""
_WORKERS = "workers"
"""The folder with the data directories of all worker processes but the first."""
_MEANING = re.compile(r"[?\\]")
"""What DuckDB does not take as a part of a name: options begin with the one, the other one separates directories."""


def path_of(data: Path, file: File) -> Path:
    """Return where a file is, from the root.

    To some beginnings of relative paths, such as `file:`, the databases give a meaning.
    """
    return data.absolute() / file.file_name


def directory_of_worker(data: Path, number: int) -> Path:
    """Return the data directory of a worker: the first one has that of the whole, in which the others' are."""
    return data if number == 1 else data / _WORKERS / str(number)


def worker_directories(data: Path) -> dict[int, Path]:
    """Return the data directories of workers but the first by their numbers, of such as are no more, too."""
    folder = data / _WORKERS
    names = [each.name for each in folder.iterdir() if each.is_dir()] if folder.is_dir() else []
    numbers = sorted(int(name) for name in names if name.isascii() and name.isdecimal() and name == str(int(name)))
    return {number: directory_of_worker(data, number) for number in numbers if number > 1}


def data_directories(data: Path) -> list[Path]:
    """Return all data directories of an installation that are on this machine, its own first."""
    return [data, *worker_directories(data).values()]


def progress_in(data: Path) -> Path | None:
    """Return the file that stands for a store elsewhere; None when the facts are in the directory."""
    progress = data.absolute() / PROGRESS
    return progress if progress.exists() and not path_of(data, File.STORE).exists() else None


def open_metadata(data: Path, settings: Directory | None = None) -> Metadata:
    """Open the metadata of a data directory alone, beside a server that may run; or that which the settings name.

    Raises `ConfigurationError`.
    """
    return open_sql_metadata(path_of(data, File.METADATA), settings)


def open_existing_metadata(data: Path, config: Path | None, otherwise: str = "") -> Metadata:
    """Open the metadata for a command, which begins none: those of the data directory, or where the settings say.

    `otherwise` ends the sentence about a data directory that has none. Raises `ConfigurationError`.
    """
    settings = load(config).directory
    if not settings.is_postgresql and not path_of(data, File.METADATA).exists():
        raise ConfigurationError(
            f"nothing of meterd is in {data}: name the server's data directory with --data or METERD_DATA{otherwise}"
        )
    return open_metadata(data, settings)


def prepare_data(data: Path) -> Path:
    """Create the data directory, readable by its owner only. Raises `ConfigurationError`."""
    if meant := _MEANING.search(str(data.resolve())):
        raise ConfigurationError(
            f"can't use the data directory {data}: DuckDB gives {meant[0]} in a path another meaning"
        )
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(f"can't create the data directory {data}: {error.strerror}") from None
    return data


def lock_directory(data: Path) -> IO[str]:
    """Hold the data directory for this process. Raises `ConfigurationError` when another one has it."""
    try:
        lock = (prepare_data(data) / LOCK).open("a")
    except OSError as error:
        raise ConfigurationError(f"can't write to the data directory {data}: {error.strerror}") from None
    if (mode := data.stat().st_mode) & 0o077:
        log.warning(
            "others can read the data directory, or write to it: chmod 700",
            directory=str(data),
            mode=f"{mode & 0o777:o}",
        )
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationError(f"another meterd is running on the data directory {data}") from None
    return lock


@contextmanager
def lock_directories(data: Path) -> Iterator[list[Path]]:
    """Hold all data directories of an installation on this machine for this process; yields them, its own first.

    Raises `ConfigurationError` when another one has any of them.
    """
    with ExitStack() as held:
        held.enter_context(lock_directory(data))
        for each in worker_directories(data).values():
            held.enter_context(lock_directory(each))
        yield data_directories(data)
