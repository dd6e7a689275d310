"""An export: facts as Parquet by dataset and month, and all else as documents (`docs/decisions/0046-export.md`).

It is made of a copy, as a backup is, so the service goes on and all of it is of one moment. The copy stays until the
export is whole; what is interrupted goes on with it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterd import __version__
from meterd.backup import MANIFEST as COPY_MANIFEST
from meterd.backup import CopiedFile, back_up, check_room, created, described
from meterd.backup import Manifest as CopyManifest
from meterd.data_directory import path_of
from meterd.datasets import DATASETS, Dataset
from meterd.durability import sync
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.installation import File
from meterd.metadata.documents import Documents
from meterd.moving.manifest import DOCUMENTS, MANIFEST, FactFile, Manifest, name_of, write
from meterd.moving.stores import Watch, close, open_emptied, open_fact_files, require_embedded
from meterd.settings import Settings
from meterd.store import StoreError
from meterd.store.fact_files import FactFiles, Month

COPY = "copy"
"""The copy of the data directory, within the directory of the export, while that is made."""
_LOCK = "lock"
_encoder = msgspec.json.Encoder()


def export(data: Path, target: Path, settings: Settings, watch: Watch) -> Manifest:
    """Export a data directory to `target`, a directory that is new or holds an export that was interrupted.

    Raises `ConfigurationError`; called again it goes on with what is there.
    """
    require_embedded(settings)
    with _held(target), _translated_errors(target):
        copied = _copied(data, target)
        reach("export-copied")
        files = open_emptied(target / COPY, settings)
        try:
            count, documents = _write_documents(files.metadata.documents, target / DOCUMENTS)
        finally:
            close(files)
        check_room(target, path_of(target / COPY, File.STORE).stat().st_size)
        with closing(open_fact_files(target / COPY, target, settings)) as fact_files:
            facts = _write_facts(fact_files, target, watch)
        manifest = Manifest(
            version=__version__,
            installation=copied.installation,
            began_at=copied.started_at,
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


def _copied(data: Path, target: Path) -> CopyManifest:
    """Copy the data directory, unless an earlier call did; return what the copy is of."""
    copy = target / COPY
    if not copy.exists():
        shutil.rmtree(target / f"{COPY}.partial", ignore_errors=True)
        back_up(data, copy)
    return msgspec.json.decode((copy / COPY_MANIFEST).read_bytes(), type=CopyManifest)


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
            file = _write_file(fact_files, DATASETS[dataset], month, target / name)
            written[name] = FactFile(dataset, str(month), count, file)
            done += count
            reach("export-file-written")
    watch(done, total, "")
    return written


def _write_file(fact_files: FactFiles, dataset: Dataset, month: Month, path: Path) -> CopiedFile:
    """Write a file, which has its name when it is whole."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True, mode=0o700)
        partial = path.with_name(f"{path.name}.partial")
        fact_files.write(dataset, month, partial)
        sync(partial)
        partial.rename(path)
        sync(path.parent)
    return described(path)


@contextmanager
def _translated_errors(target: Path) -> Iterator[None]:
    """Say what keeps an export from being made."""
    try:
        yield
    except StoreError as error:
        raise ConfigurationError(f"can't export to {target}: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"can't export to {target}: {os.strerror(error.errno or 0)}") from None
