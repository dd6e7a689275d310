"""The three files of a data directory: opened together, or not at all."""

import sqlite3
import uuid
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from meterd.data_directory import PROGRESS, path_of
from meterd.datasets import DATASETS
from meterd.errors import ConfigurationError, Unavailable
from meterd.failpoints import reach
from meterd.ingest import stamped as journal_stamps
from meterd.ingest.journal import Journal
from meterd.installation import (
    File,
    Found,
    MetadataState,
    StoreState,
    Unusable,
    losses,
    next_stamp,
    refuse,
)
from meterd.metadata import Metadata
from meterd.metadata.sql import open_sql_metadata
from meterd.metadata.sql import stamp as metadata_stamps
from meterd.settings import Settings
from meterd.stamps import Stamp
from meterd.store import Store, StoreDamaged, StoreError
from meterd.store.addresses import parse_url
from meterd.store.opening import open_store

log = structlog.get_logger()

_State = TypeVar("_State")
_COMPANIONS = ("", "-wal", "-shm", ".wal")
"""What the names of a database's logs end in; they go where it goes."""


class Files(NamedTuple):
    """The open files of a data directory."""

    metadata: Metadata
    store: Store
    journal: Journal


def open_files(
    data: Path, settings: Settings, accepted: Collection[File], on_metadata_failure: Callable[[], None]
) -> Files:
    """Open the files of a data directory, those that are missing in a new one are created.

    `on_metadata_failure` is called when the metadata can't be read or written.
    Raises `ConfigurationError` when a file can't be opened, or when they do not belong together and the loss is not
    `accepted`; then none stays open.
    """
    with ExitStack() as stack:
        files = _opened(stack, data, settings, accepted, on_metadata_failure)
        stack.pop_all()
    return files


def _opened(
    stack: ExitStack,
    data: Path,
    settings: Settings,
    accepted: Collection[File],
    on_metadata_failure: Callable[[], None],
) -> Files:
    store: Store | None = None
    store_path = _store_path(data, settings)

    def read_store_state(_path: Path) -> StoreState:
        nonlocal store
        store = stack.enter_context(closing(_open_store(data, settings)))
        return StoreState(store.installation(), store.watermark())

    shared = _opened_shared(stack, data, settings, on_metadata_failure)
    found = inspect_files(data, read_store_state, store_path, _shared_state(shared, data) if shared else None)
    lost = losses(found)
    if shared and any(loss.file is File.METADATA and loss.is_alien for loss in lost):
        raise ConfigurationError(
            f"the PostgreSQL that directory.url names is of another installation than the files in {data}: name the"
            " right one, or begin with a new data directory"
        )
    if refused := [loss for loss in lost if loss.file not in accepted]:
        raise refuse(data, refused)
    for loss in lost:
        log.warning("loss accepted", file=loss.name or loss.file.file_name, found=loss.found, lost=loss.lost)
        if loss.file is File.STORE and loss.is_alien and store:
            store.close()
            store = None
        if loss.is_alien:
            set_aside(store_path if loss.file is File.STORE else path_of(data, loss.file))
    if store is None:
        set_aside(store_path)  # a log without its database, which the engine would delete
        store = stack.enter_context(closing(_open_store(data, settings)))
    store.create(DATASETS.values())
    reach("start-store-opened")
    metadata = shared or stack.enter_context(closing(_open_metadata(data, settings, on_metadata_failure)))
    reach("start-directory-opened")
    path, limits = path_of(data, File.JOURNAL), settings.ingest
    journal = stack.enter_context(
        closing(Journal(path, limits.deduplication_window, store.watermark(), limits.set_aside_bytes, settings.node.id))
    )
    store.follow(journal.node.journal)
    reach("start-journal-opened")
    if any(loss.file is File.STORE for loss in lost):
        _forget(path, journal, store)
    files = Files(metadata, store, journal)
    _mark(files, path, next_stamp(found, uuid.uuid4().hex))
    return files


def _open_metadata(data: Path, settings: Settings, on_failure: Callable[[], None]) -> Metadata:
    return open_sql_metadata(path_of(data, File.METADATA), settings.directory, on_failure)


def _opened_shared(stack: ExitStack, data: Path, settings: Settings, on_failure: Callable[[], None]) -> Metadata | None:
    """Open the metadata if nodes share it: no other file then says what it must be."""
    if not settings.directory.is_postgresql:
        return None
    return stack.enter_context(closing(_open_metadata(data, settings, on_failure)))


def _shared_state(metadata: Metadata, data: Path) -> MetadataState | Unusable:
    """Return the state of metadata that nodes share; the first node that has nothing makes it its installation's."""
    stamp = metadata.stamp()
    if stamp is None and not path_of(data, File.JOURNAL).exists():
        stamp = metadata.claim(uuid.uuid4().hex)
    return (
        Unusable("is PostgreSQL now (directory.url), which has none of it")
        if stamp is None
        else MetadataState(stamp, is_shared=True)
    )


def _forget(path: Path, journal: Journal, store: Store) -> None:
    """Let the journal and the store agree that what a lost store held is not looked for again."""
    until = max(journal_stamps.read_state(path).first - 1, store.watermark())
    journal.forget(store.watermark(), until)
    store.append((), until)


def _mark(files: Files, journal: Path, stamp: Stamp) -> None:
    """Note this start in the files. The journal's note is complete when the others have theirs."""
    try:
        journal_stamps.mark(journal, stamp, is_complete=False)
        files.metadata.mark(stamp)
        if files.store.installation() != stamp.installation:
            files.store.mark(stamp.installation)
        journal_stamps.mark(journal, stamp, is_complete=True)
    except (sqlite3.Error, Unavailable, StoreError) as error:  # a full disk is no reason not to answer queries
        log.warning("this start can't be noted in the files; the next one will be", error=str(error))


def _open_store(data: Path, settings: Settings) -> Store:
    return open_store(path_of(data, File.STORE), data.absolute() / PROGRESS, settings)


def _store_path(data: Path, settings: Settings) -> Path:
    """Return the file that the store is, or that stands for it."""
    return path_of(data, File.STORE) if parse_url(settings.store.url) is None else data.absolute() / PROGRESS


def inspect_files(
    data: Path,
    read_store_state: Callable[[Path], StoreState],
    store_path: Path | None = None,
    shared: MetadataState | Unusable | None = None,
) -> Found:
    """Read the state of each file of a data directory. They stay as they are unless `read_store_state` changes one.

    The store is the embedded one, unless `store_path` is what stands for another. `shared` is the state of metadata
    that are not there, but where nodes share them.
    """
    store_path = store_path or path_of(data, File.STORE)
    return Found(
        journal=_inspect(path_of(data, File.JOURNAL), journal_stamps.read_state),
        store=_inspect(store_path, read_store_state),
        metadata=shared if shared is not None else _inspect(path_of(data, File.METADATA), _metadata_state),
        store_name=store_path.name,
    )


def _metadata_state(path: Path) -> MetadataState:
    return MetadataState(metadata_stamps.read_stamp(path))


def _inspect(path: Path, read_state: Callable[[Path], _State]) -> _State | Unusable:
    if not path.exists() or path.stat().st_size == 0:
        return Unusable()
    try:
        return read_state(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ConfigurationError(f"can't open {path}: {error}") from None
        return Unusable(f"is damaged ({error})", is_there=True)
    except StoreDamaged as error:
        return Unusable(f"is damaged ({error.message.partition(': ')[2]})", is_there=True)


def set_aside(path: Path) -> None:
    """Give what there is of a database another name, logs included. An empty file is removed."""
    if path.exists() and path.stat().st_size == 0:
        path.unlink()
    there = [path.with_name(path.name + end) for end in _COMPANIONS if path.with_name(path.name + end).exists()]
    number = 1
    while any(each.with_name(f"{each.name}.set-aside-{number}").exists() for each in there):
        number += 1
    for each in there:
        each.rename(each.with_name(f"{each.name}.set-aside-{number}"))
        log.warning("file set aside", file=each.name, number=number)
