"""Moves what the journal of a dead node still holds into an installation (`docs/decisions/0042-nodes.md`)."""

import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from meterd.access import Caller
from meterd.core import Core
from meterd.data_directory import PROGRESS, data_directories, lock_directory, open_metadata, path_of
from meterd.doctor import read_store_state
from meterd.errors import ConfigurationError, MeterdError
from meterd.failpoints import reach
from meterd.files import inspect_files
from meterd.ingest.adoption import Adoption, Taken
from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.entries import Entry
from meterd.ingest.journal import Journal, JournalReader
from meterd.ingest.node import Node
from meterd.ingest.recognition import Sender
from meterd.ingest.stamped import JournalState, mark_drained, read_state
from meterd.installation import File, StoreState, losses, refuse
from meterd.settings import Ingest, Settings
from meterd.telemetry import Telemetry

_BATCH_BYTES = 16 * 2**20
"""Bytes of entries that are taken over at once."""
_LOOK_SECONDS = 0.05
_PATIENCE = 60.0
"""Seconds after which a store that fails and takes nothing is given up."""
_SPACE_PER_BYTE = 2
"""How often a byte is written: to SQLite's log, and to the journal."""


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """What was moved from the journal of a node, and what was not.

    Entries up to `stored` are in the store beside that journal, and stay there; those that are `damaged` or were
    `set_aside` stay in the journal. `known` facts had come to the installation before.
    """

    node: str
    entries: int
    facts: int
    known: int
    bytes: int
    stored: int
    end: int
    damaged: tuple[int, ...]
    set_aside: int


class _Dead(NamedTuple):
    """The node whose journal is drained: where, whose and how it is, and how far the store beside it has it."""

    directory: Path
    node: Node
    state: JournalState
    stored: int

    @property
    def journal(self) -> Path:
        return path_of(self.directory, File.JOURNAL)


def drain(source: Path, data: Path, limits: Ingest, batch_bytes: int = _BATCH_BYTES) -> Report:
    """Move what the journal in `source` holds, and its store lacks, into the journal of the installation at `data`.

    No process may have either open. What was moved stays so if this ends early: the next call goes on.
    Raises `ConfigurationError`.
    """
    if source.resolve() == data.resolve():
        raise ConfigurationError(f"{source} is this installation's own directory: its next start loads its journal")
    with lock_directory(data), lock_directory(source), _translated_errors(source, data):
        installation = _installation(data)
        dead = _examined(source, installation, limits)
        if dead.node.journal == _prepared(data, limits).journal:
            raise ConfigurationError(f"the journal in {source} is a copy of this installation's own")
        return _move(dead, data, limits, installation, batch_bytes)


def load_out(source: Path, settings: Settings, is_stopping: Callable[[], bool] = lambda: False) -> list[Report]:
    """Load what the journals of the node at `source` hold into the store that the settings name, as it would have done.

    There is one for each of its worker processes, and no process may have any open. The store is one that several nodes
    share. Returns a report for each. What was loaded stays so if this ends early, as when `is_stopping` says so. Raises
    `ConfigurationError`.
    """
    own, *others = data_directories(source)
    journals = [own, *(each for each in others if path_of(each, File.JOURNAL).exists())]
    return [_load_out(each, settings, is_stopping) for each in journals]


def _load_out(source: Path, settings: Settings, is_stopping: Callable[[], bool]) -> Report:
    telemetry = Telemetry()
    at_once = msgspec.structs.replace(settings.store, load_interval=_LOOK_SECONDS)
    as_it_is_called = msgspec.structs.replace(settings.node, id=None)
    theirs = msgspec.structs.replace(settings, store=at_once, node=as_it_is_called)
    with ExitStack() as stack:
        core = Core.open(stack, theirs, telemetry, source, (File.METADATA,))
        state = read_state(path_of(source, File.JOURNAL))
        stored = core.store.watermark()
        reader = stack.enter_context(closing(JournalReader(path_of(source, File.JOURNAL))))
        size = reader.size(stored, state.end)
        core.start(stack)
        _wait(core, state.end, is_stopping)
        aside = core.recorder.aside.entries
    loaded = telemetry.loaded.collect()
    facts = round(sum(each.value for family in loaded for each in family.samples))
    return Report(core.node.id, state.end - stored, facts, 0, size, stored, state.end, (), aside)


def _wait(core: Core, end: int, is_stopping: Callable[[], bool]) -> None:
    """Return when the store has all entries, or soon. Raises `ConfigurationError` when it takes none for a while."""
    reached, since = core.store.watermark(), time.monotonic()
    while reached < end and not is_stopping():
        time.sleep(_LOOK_SECONDS)
        if (now := core.store.watermark()) > reached:
            reached, since = now, time.monotonic()
        elif core.loader.failing and time.monotonic() > since + _PATIENCE:
            raise ConfigurationError(
                f"the store takes nothing ({core.loader.failing}); what was loaded by now stays, run it again"
            )


def _examined(source: Path, installation: str, limits: Ingest) -> _Dead:
    """Look what is in the directory of a dead node. Raises `ConfigurationError` when it is not there to be drained."""
    found = inspect_files(source, read_store_state)
    state = found.journal
    if not isinstance(state, JournalState):
        raise ConfigurationError(f"the journal in {source} {state.why}: there is nothing to drain")
    if state.drained_into not in (None, installation):
        raise ConfigurationError(f"the journal in {source} was drained into another installation, {state.drained_into}")
    if (source / PROGRESS).exists() and not path_of(source, File.STORE).exists():
        raise ConfigurationError(
            f"the facts of {source} are in a store elsewhere: drain it with the settings of its node"
        )
    stored = found.store.watermark if isinstance(found.store, StoreState) else 0
    return _Dead(source, _prepared(source, limits), state, stored)


def _installation(data: Path) -> str:
    """Return which installation a data directory is of. Raises `ConfigurationError` for one that can't be started."""
    found = inspect_files(data, read_store_state)
    if lost := losses(found):
        raise refuse(data, lost)
    match found.journal:
        case JournalState(stamp) if stamp:
            return stamp.installation
    raise ConfigurationError(f"no service was started on {data} yet: start it once")


def _prepared(data: Path, limits: Ingest) -> Node:
    """Bring a journal to the form of this version; returns whose it is."""
    path, window = path_of(data, File.JOURNAL), limits.deduplication_window
    with closing(Journal(path, window, most_aside=limits.set_aside_bytes)) as journal:
        node = journal.node
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        DeduplicationIndex(connection, window).rotate()  # all that waits is in its tables, too
    return node


def _move(dead: _Dead, data: Path, limits: Ingest, installation: str, batch_bytes: int) -> Report:
    taken, damaged = Taken(), []
    path, window, senders = path_of(data, File.JOURNAL), limits.deduplication_window, _senders(dead.directory, data)
    with (
        Adoption(path, window, dead.journal, dead.node, senders) as adoption,
        closing(JournalReader(dead.journal)) as reader,
    ):
        end = dead.state.end
        after = max(dead.stored, adoption.until, dead.state.first - 1)
        _check_room(data, _SPACE_PER_BYTE * reader.size(after, end) + limits.disk_reserve_bytes)
        mark_drained(dead.journal, installation)
        for batch in _batches(reader, after, end, batch_bytes):
            if batch[0].problem:
                adoption.skip(batch[0])
                damaged.append(batch[0].sequence)
            else:
                taken += adoption.take(batch)
            reach("drained-batch")
        aside = reader.aside().entries
    moved = (taken.entries, taken.facts, taken.known, taken.bytes)
    return Report(dead.node.id, *moved, dead.stored, end, tuple(damaged), aside)


def _batches(reader: JournalReader, after: int, end: int, size: int) -> Iterator[list[Entry]]:
    """Yield entries above a number that follow one another; one that is damaged comes alone."""
    while after < end and (batch := reader.read(after, size)):
        yield batch
        after = max(after + 1, batch[-1].sequence)


def _senders(*directories: Path) -> dict[str, set[Sender]]:
    """Return those who have tokens in any of the data directories, by tenant, as far as it can be read."""
    found: dict[str, set[Sender]] = defaultdict(set)
    for data in directories:
        if path_of(data, File.METADATA).exists():
            with suppress(MeterdError), closing(open_metadata(data)) as metadata:
                for each in metadata.tokens.all():
                    found[each.tenant].add(Caller(each.tenant, each.subject, each.type).identity)
    return found


def _check_room(data: Path, size: int) -> None:
    status = os.statvfs(data)
    if (free := status.f_bavail * status.f_frsize) < size:
        raise ConfigurationError(f"too little room in {data}: {size} bytes are needed, {free} are free")


@contextmanager
def _translated_errors(source: Path, data: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"can't move entries from {source} to {data}: {error}; what was moved by now stays, run it again"
        ) from None
