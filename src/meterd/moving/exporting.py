"""An export: facts as Parquet by dataset and month, and all else as documents (`docs/decisions/0046-export.md`).

It goes on from where it was interrupted, with what it began with.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterd import __version__
from meterd.backup import CopiedFile, check_room, created, described
from meterd.data_directory import open_metadata, path_of
from meterd.datasets import DATASETS, Dataset
from meterd.durability import sync
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.installation import File
from meterd.metadata.documents import Documents
from meterd.moving.beginning import COPY, begin
from meterd.moving.manifest import DOCUMENTS, MANIFEST, FactFile, Manifest, name_of, write
from meterd.moving.stores import Watch, is_embedded, open_fact_files
from meterd.settings import Settings
from meterd.store import StoreError
from meterd.store.fact_files import FactFiles, Month
from meterd.store.parquet import count_rows

_LOCK = "lock"
_encoder = msgspec.json.Encoder()


def export(data: Path, target: Path, settings: Settings, watch: Watch) -> Manifest:
    """Export a data directory to `target`, a directory that is new or holds an export that was interrupted.

    Raises `ConfigurationError`; called again it goes on with what is there.
    """
    with _held(target), _translated_errors(target):
        beginning, source = begin(data, target, settings)
        with closing(open_metadata(source, settings.directory)) as metadata:
            count, documents = _write_documents(metadata.documents, target / DOCUMENTS)
        if is_embedded(settings):
            check_room(target, path_of(source, File.STORE).stat().st_size)
        with closing(open_fact_files(source, target, settings)) as fact_files:
            facts = _write_facts(fact_files, target, watch)
        manifest = Manifest(
            version=__version__,
            installation=beginning.installation,
            began_at=beginning.started_at,
            finished_at=datetime.now(UTC),
            documents=count,
            documents_file=documents,
            facts=facts,
        )
        write(target, manifest)
        shutil.rmtree(target / COPY)
    return manifest


@contextmanager
def _held(target: Path) -> Iterator[None]:
    """Hold the directory of an export, which is created when missing. Raises `ConfigurationError`."""
    _check_empty(target)
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (target / _LOCK).open("a")
    except OSError as error:
        raise ConfigurationError(f"can't write to {target}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(f"another export to {target} is being made") from None
        _check_empty(target)  # another one may have been made meanwhile
        yield
        (target / _LOCK).unlink()


def _check_empty(target: Path) -> None:
    """Raise `ConfigurationError` when a directory holds anything else than what an interrupted export leaves."""
    there = {each.name for each in target.iterdir()} - {_LOCK} if target.is_dir() else set()
    if MANIFEST in there:
        raise ConfigurationError(f"{target} is a whole export: name a directory that is not there")
    if there and not there & {COPY, f"{COPY}.partial"}:
        raise ConfigurationError(f"{target} is not empty: name a directory that is not there")


def _write_documents(documents: Documents, path: Path) -> tuple[int, CopiedFile]:
    count = 0
    with created(path) as file:
        for document in documents.each():
            file.write(_encoder.encode(document) + b"\n")
            count += 1
    return count, described(path)


def _write_facts(fact_files: FactFiles, target: Path, watch: Watch) -> dict[str, FactFile]:
    """Write each file that is not there yet."""
    held = {dataset.name: fact_files.months(dataset) for dataset in DATASETS.values()}
    total = sum(sum(months.values()) for months in held.values())
    written: dict[str, FactFile] = {}
    done = 0
    for dataset, months in held.items():
        for month, count in months.items():
            name = name_of(dataset, month)
            watch(done, total, name)
            facts, file = _write_file(fact_files, DATASETS[dataset], month, target / name)
            written[name] = FactFile(dataset, str(month), facts, file)
            done += count
            reach("export-file-written")
    watch(done, total, "")
    return written


def _write_file(fact_files: FactFiles, dataset: Dataset, month: Month, path: Path) -> tuple[int, CopiedFile]:
    """Write a file, which has its name when it is whole; return how many facts it has, and what it is."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        partial = path.with_name(f"{path.name}.partial")
        fact_files.write(dataset, month, partial)
        sync(partial)
        partial.rename(path)
        sync(path.parent)
    return count_rows(path), described(path)


@contextmanager
def _translated_errors(target: Path) -> Iterator[None]:
    """Say what keeps an export from being made."""
    try:
        yield
    except (StoreError, sqlite3.Error) as error:
        raise ConfigurationError(f"can't export to {target}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"can't export to {target}: {os.strerror(error.errno or 0)}") from None
