"""Copies of a data directory, made while the service runs or not (`docs/decisions/0040-backup.md`).

The parts of a copy are of different moments, in an order that makes them one: first the metadata, whose sessions follow
what the facts say; then the store as of its last checkpoint, which waits for the next one; then the journal, which has
all that came since. So all that was acknowledged before the copy began is in it.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from meterd import __version__
from meterd.data_directory import LOCK, lock_directory, path_of, progress_in
from meterd.doctor import read_store_state
from meterd.durability import sync
from meterd.errors import ConfigurationError
from meterd.files import inspect_files
from meterd.ingest.stamped import JournalState
from meterd.installation import File, Found, MetadataState, StoreState, losses
from meterd.stamps import read_only
from meterd.store.checkpoints import held_off
from meterd.store.extent import newest_header

MANIFEST = "manifest.json"
_FORMAT = 1
_CHUNK = 8 * 2**20
"""Bytes that are copied at once."""
_SPARE_BYTES = 64 * 2**20
"""Room that is left on the disk to which a copy goes."""
_CHECKPOINT_SECONDS = 120.0
"""How long a checkpoint under way is waited for."""
_ATTEMPTS = 3
"""How often the store is copied when a server that stops changes it meanwhile."""


class CopiedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file of a copy, as it must be."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What a copy is of. Facts are in it up to `last_entry` of the journal."""

    format: int
    version: str
    installation: str
    started_at: datetime
    finished_at: datetime
    last_entry: int
    files: dict[str, CopiedFile]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def back_up(data: Path, target: Path) -> Manifest:
    """Copy a data directory to `target`, which must not be there yet.

    Raises `ConfigurationError`; then nothing is at `target`.
    """
    started_at = datetime.now(UTC)
    if progress_in(data):
        raise ConfigurationError(
            f"the facts of {data} are in ClickHouse, which has backups of its own: see docs/clickhouse.md"
        )
    if missing := [file.file_name for file in File if not path_of(data, file).exists()]:
        raise ConfigurationError(f"{', '.join(missing)} is not in {data}: there is nothing whole to back up")
    check_room(target.absolute().parent, sum(_size(path_of(data, file)) for file in File))
    with _made_whole(target) as partial, _translated_errors(target):
        files = _copied(data, partial)
        found = inspect_files(partial, read_store_state)
        manifest = _manifest(found, started_at, files)
        with created(partial / MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def restore(source: Path, data: Path) -> Manifest:
    """Make a data directory of a copy. It must not be there yet, or be empty.

    Raises `ConfigurationError`; then nothing is in it.
    """
    manifest = _read_manifest(source)
    if data.exists() and any(each.name != LOCK for each in data.iterdir()):
        raise ConfigurationError(f"{data} is not empty: restore into a directory that is new")
    check_room(data.absolute().parent, manifest.bytes)
    with lock_directory(data), _translated_errors(data):
        try:
            for name, file in manifest.files.items():
                if _copy(source / name, data / name) != file:
                    raise ConfigurationError(f"{source / name} is not what was backed up: the copy is damaged")
            sync(data)
        except BaseException:
            for name in manifest.files:
                (data / name).unlink(missing_ok=True)
            raise
    return manifest


def _copied(data: Path, partial: Path) -> dict[str, CopiedFile]:
    """Copy the files in the order that makes them one."""
    store = path_of(data, File.STORE)
    with held_off(store, _CHECKPOINT_SECONDS):
        return {
            File.METADATA.file_name: _copy_database(path_of(data, File.METADATA), partial),
            File.STORE.file_name: _copy_store(store, partial),
            File.JOURNAL.file_name: _copy_database(path_of(data, File.JOURNAL), partial),
        }


def _copy_database(path: Path, partial: Path) -> CopiedFile:
    """Copy an SQLite database as of one moment, in one step: a writer in between would make it begin again."""
    copy = partial / path.name
    with closing(read_only(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode = DELETE")  # so that it is one file; a start changes that again
    return described(copy)


def _copy_store(path: Path, partial: Path) -> CopiedFile:
    """Copy the store as of its last checkpoint, without its log: the journal has what is in that."""
    for _ in range(_ATTEMPTS):
        before = newest_header(path)
        copied = _copy(path, partial / path.name)
        if newest_header(path) == before:
            return copied
    raise ConfigurationError(f"{path.name} was changed again and again while it was copied: try again")


def _copy(source: Path, target: Path) -> CopiedFile:
    """Copy a file, durably, and describe what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, created(target) as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
    return CopiedFile(_size(target), digest.hexdigest())


def described(path: Path) -> CopiedFile:
    """Describe a file, and make what was written to it durable."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        os.fsync(file.fileno())
    return CopiedFile(_size(path), digest.hexdigest())


@contextmanager
def created(path: Path) -> Iterator[BinaryIO]:
    """Open an empty file that only its owner may read; at the end it is on disk."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _made_whole(target: Path) -> Iterator[Path]:
    """Give the directory its name when all of it is written; nothing is left of one that is not."""
    partial = target.with_name(f"{target.name}.partial")
    if target.exists():
        raise ConfigurationError(f"{target} is there already: name a directory that is not")
    try:
        partial.mkdir(mode=0o700)
    except FileExistsError:
        raise ConfigurationError(f"{partial} is there: another backup is being made, or remove it") from None
    except OSError as error:
        raise ConfigurationError(f"can't create {partial}: {error.strerror}") from None
    try:
        yield partial
        sync(partial)
        partial.rename(target)
        sync(target.absolute().parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def _translated_errors(where: Path) -> Iterator[None]:
    """Say what kept files from being copied."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"can't copy to {where}: {error.strerror} ({error.filename})") from None
    except sqlite3.Error as error:
        raise ConfigurationError(f"can't copy to {where}: {error}") from None


def _manifest(found: Found, started_at: datetime, files: dict[str, CopiedFile]) -> Manifest:
    """Describe a copy whose files belong together. Raises `ConfigurationError` for others."""
    if lost := losses(found):
        raise ConfigurationError(f"the files do not belong together: {'; '.join(map(str, lost))}. Try again")
    match found:
        case Found(JournalState(stamp, end=end), StoreState(), MetadataState()) if stamp:
            return Manifest(_FORMAT, __version__, stamp.installation, started_at, datetime.now(UTC), end, files)
    raise ConfigurationError("no start of the service was noted in the files: start it once, and try again")


def _read_manifest(source: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        raise ConfigurationError(f"{source} is no backup: it has no {MANIFEST} that can be read") from None
    if manifest.format != _FORMAT or set(manifest.files) != {file.file_name for file in File}:
        raise ConfigurationError(f"{source} is a backup of another version, meterd {manifest.version}: use that")
    return manifest


def check_room(directory: Path, size: int) -> None:
    """Raise `ConfigurationError` when there is less room on the disk of a directory than is needed."""
    try:
        status = os.statvfs(directory)
    except OSError as error:
        raise ConfigurationError(f"can't write to {directory}: {error.strerror}") from None
    free = status.f_bavail * status.f_frsize
    if free < size + _SPARE_BYTES:
        raise ConfigurationError(
            f"too little room in {directory}: {size + _SPARE_BYTES} bytes are needed, {free} are free"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
