"""Looks at every byte of a data directory while no server runs on it, and says what is lost and what is not.

Nothing is changed. What the start finds on its own, in a moment, is in `meterd.installation`.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb
import msgspec

from meterd.data_directory import data_directories, path_of, progress_in
from meterd.files import inspect_files
from meterd.ingest.entries import Entry
from meterd.ingest.journal import JournalReader
from meterd.ingest.stamped import JournalState
from meterd.installation import File, Found, MetadataState, StoreState, Unusable, losses
from meterd.metadata.sql import read_shared_stamp
from meterd.settings import Directory
from meterd.stamps import read_only
from meterd.store import StoreDamaged
from meterd.store.clickhouse.progress import read_progress
from meterd.store.duckdb import WATERMARK
from meterd.store.extent import is_cut_short, newest_header

_MAX_NAMED = 5
"""Complaints of an engine that are repeated to the reader."""
_READ_BATCH_BYTES = 16 * 2**20
"""Bytes of the journal."""
_LOST_TABLE = "its facts can't all be read: restore a backup of the whole directory, or go on without what is damaged"


class Finding(msgspec.Struct, frozen=True):
    """A finding about one file; something is wrong unless it `is_fine`."""

    file: File
    says: str
    is_fine: bool = True
    name: str = ""

    def __str__(self) -> str:
        return f"{'ok     ' if self.is_fine else 'PROBLEM'}  {self.name or self.file.file_name}: {self.says}"


def examine(data: Path, directory: Directory | None = None) -> Iterator[Finding]:
    """Examine an installation's data directories on this machine, file by file. Raises `ConfigurationError`.

    Of metadata that are elsewhere only whose they are is looked at.
    """
    own, *others = data_directories(data)
    shared = _shared_state(directory) if directory and directory.is_postgresql else None
    yield from _of_directory(own, shared)
    for each in others:
        for finding in _of_directory(each, shared):
            if finding.file is not File.METADATA or shared:  # the first worker's are those of all
                name = str(each.relative_to(data) / (finding.name or finding.file.file_name))
                yield msgspec.structs.replace(finding, name=name)


def _of_directory(data: Path, shared: MetadataState | Unusable | None) -> Iterator[Finding]:
    elsewhere = progress_in(data)
    found = inspect_files(data, _read_progress if elsewhere else read_store_state, elsewhere, shared)
    yield from _examined(found.journal, File.JOURNAL, lambda: _journal(data, found))
    yield from _examined(found.store, File.STORE, lambda: _elsewhere(found) if elsewhere else _store(data, found))
    if shared is None:
        yield from _examined(found.metadata, File.METADATA, lambda: _metadata(data))
    for loss in losses(found):
        says = f"{loss.found}: {loss.lost} (serve --accept-loss {loss.file})"
        yield Finding(loss.file, says, is_fine=False, name=loss.name)


def _shared_state(directory: Directory) -> MetadataState | Unusable:
    stamp = read_shared_stamp(directory)
    return MetadataState(stamp, is_shared=True) if stamp else Unusable("is PostgreSQL now, which has none of it")


def _examined(
    state: JournalState | StoreState | MetadataState | Unusable, file: File, look: Callable[[], Iterator[Finding]]
) -> Iterator[Finding]:
    """Examine one file; what can't be opened at all is among the losses."""
    if isinstance(state, Unusable):
        return
    try:
        yield from look()
    except (sqlite3.DatabaseError, duckdb.Error) as error:
        yield Finding(file, f"can't be read: {_first_line(error)}", is_fine=False)


def _journal(data: Path, found: Found) -> Iterator[Finding]:
    state = found.journal
    assert isinstance(state, JournalState)  # the caller looked
    path = path_of(data, File.JOURNAL)
    with closing(read_only(path)) as connection:
        yield from _integrity(connection, File.JOURNAL)
    reached = found.store.watermark if isinstance(found.store, StoreState) else 0
    with closing(JournalReader(path)) as reader:
        damaged = [entry.sequence for entry in _entries(reader, state) if entry.problem]
        aside = reader.aside()
    lost = [sequence for sequence in damaged if sequence > reached]
    if lost:
        named = ", ".join(map(str, lost[:_MAX_NAMED])) + (", …" if len(lost) > _MAX_NAMED else "")
        says = f"{len(lost)} entries are damaged and not in the store, so their facts are lost: {named}"
        yield Finding(File.JOURNAL, says, is_fine=False)
    held = f"entries {state.first} to {state.end}" if state.first <= state.end else "no entries"
    waiting = max(0, state.end - max(reached, state.first - 1) - len(lost))
    yield Finding(File.JOURNAL, f"{held}, {waiting} of them to be loaded at the next start")
    if aside.entries:
        says = f"{aside.entries} entries are set aside, with {aside.facts} facts"
        yield Finding(File.JOURNAL, f"{says} that could not be read (docs/operations.md, Facts that are set aside)")


def _entries(reader: JournalReader, state: JournalState) -> Iterator[Entry]:
    after = state.first - 1
    while after < state.end:
        entries = reader.read(after, _READ_BATCH_BYTES)
        if not entries:
            return
        yield from entries
        after = max(after + 1, entries[-1].sequence) if entries[-1].problem == "" else after + 1


def _elsewhere(found: Found) -> Iterator[Finding]:
    reached = found.store.watermark if isinstance(found.store, StoreState) else 0
    says = f"facts are in ClickHouse, up to entry {reached} of the journal; they are not looked at"
    yield Finding(File.STORE, says, name=found.store_name)


def _read_progress(path: Path) -> StoreState:
    return StoreState(*read_progress(path))


def _store(data: Path, found: Found) -> Iterator[Finding]:
    with _opened(path_of(data, File.STORE)) as (connection, log_is_used):
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables}
        for name in tables:
            try:
                connection.execute(f"SELECT bit_xor(hash(each)) FROM {name} AS each").fetchall()
            except duckdb.Error as error:
                yield Finding(File.STORE, f"{name} is damaged ({_first_line(error)}): {_LOST_TABLE}", is_fine=False)
        facts = sum(row[0] for name, row in counts.items() if row and not name.startswith("meterd_"))
        reached = found.store.watermark if isinstance(found.store, StoreState) else 0
        yield Finding(File.STORE, f"{facts} facts, up to entry {reached} of the journal")
        if not log_is_used:
            can = isinstance(found.journal, JournalState) and found.journal.first <= reached + 1
            says = "its log can't be read: a start sets it aside, and loads from the journal again what was in it"
            yield Finding(File.STORE, says if can else f"{says}, as far as it has it", is_fine=can)


def _metadata(data: Path) -> Iterator[Finding]:
    with closing(read_only(path_of(data, File.METADATA))) as connection:
        yield from _integrity(connection, File.METADATA)
        counted = {
            "tokens": "SELECT count(*) FROM tokens",
            "sessions": "SELECT count(*) FROM sessions",
            "objects and calendars": "SELECT count(*) FROM items",
        }
        says = ", ".join(f"{connection.execute(count).fetchone()[0]} {name}" for name, count in counted.items())
        yield Finding(File.METADATA, says)


def _integrity(connection: sqlite3.Connection, file: File) -> Iterator[Finding]:
    """Run SQLite's own check, of every page."""
    complaints = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_MAX_NAMED})")]
    if complaints != ["ok"]:
        yield Finding(file, f"is damaged ({'; '.join(complaints)})".replace("\n", " "), is_fine=False)


def read_store_state(path: Path) -> StoreState:
    """Read the state of a store that no process has open. Raises `StoreDamaged`."""
    with _opened(path) as (connection, _):
        watermark = connection.execute(WATERMARK).fetchone()
        marked = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'meterd_installation'"
        own = None
        if connection.execute(marked).fetchone():
            own = connection.execute("SELECT id FROM meterd_installation").fetchone()
        return StoreState(own[0] if own else None, watermark[0] if watermark else 0)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
    """Open the store for reading; False without its log: one that can't be read is left out, as a start does."""
    header = newest_header(path)
    with ExitStack() as opened:
        try:
            connection, log_is_used = _connect(path), True
        except duckdb.Error as error:
            if "WAL" not in str(error):
                raise StoreDamaged(f"can't open the store: {_first_line(error)}") from None
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="doctor-", dir=path.parent))
            alone = Path(folder) / path.name  # another name for the same file, beside which there is no log
            alone.hardlink_to(path)
            connection, log_is_used = _connect(alone), False
        opened.enter_context(closing(connection))
        if is_cut_short(connection, path, header):
            raise StoreDamaged("can't open the store: a part of the file is missing")
        yield connection, log_is_used


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True, config={"enable_external_access": False})


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
