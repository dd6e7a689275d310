"""The embedded store: one DuckDB file.

Rows go in as lines of JSON that DuckDB parses itself, outside Python's lock (`docs/decisions/0003-json-lines.md`).
The log of the database is checkpointed only on request, so that the loader knows what a checkpoint covers.
"""

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import structlog

from meterd import descriptors
from meterd.datasets import Dataset
from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.store import checkpoints
from meterd.store.base import (
    Cancellation,
    Lines,
    QueryCancelled,
    QueryMemory,
    QueryTimeout,
    StoreDamaged,
    StoredRow,
    StoreError,
    Unreadable,
)
from meterd.store.changes import Changes
from meterd.store.compaction import compact, is_due
from meterd.store.embedded import limits, message_of
from meterd.store.extent import is_cut_short, newest_header
from meterd.store.lines import (
    TYPES,
    count_statement,
    insert_statement,
    packed_count_statement,
    packed_insert_statement,
)
from meterd.store.merging import merge_facts
from meterd.store.pairs import is_readable
from meterd.store.rewriting import move_together

_NEVER = "1000TB"
_FETCH_SIZE = 1000
_INTERRUPTED_EVERY = 0.01
_DAMAGE = re.compile("not a valid DuckDB|not read enough bytes|[Cc]orrupt|[Cc]hecksum|replaying WAL|[Ss]erializ")
"""What the engine says of a file that is damaged, rather than taken by another process or unreadable just now."""
WATERMARK = "SELECT coalesce(max(watermark), 0) FROM meterd_loader"
"""Each load adds a watermark: of a changed row the engine keeps both versions for queries under way, and makes no
checkpoint as long as there are any. A checkpoint leaves the last one."""
_COLUMNS = """
SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal
"""
_FILES = 8
"""File descriptors that opening the database takes, and some to spare."""

log = structlog.get_logger()


class DuckDBStore:
    """Keeps facts in a DuckDB file at `path`.

    Args:
        memory: of the store and all its queries; sizes are written as DuckDB writes them (`2GB`).
        threads: None for one each core.
        spill: disk space for what queries can't keep in memory.
        query_memory: what one query may keep in memory before it spills.
    """

    dialect = "duckdb"
    is_remote = False
    load_pause = 0.0

    def __init__(
        self,
        path: Path,
        memory: str = "2GB",
        threads: int | None = None,
        spill: str = "4GB",
        query_memory: str = "1GB",
    ) -> None:
        self._path = path
        self._query_memory = query_memory
        self._options = limits(path, memory, threads, spill, is_alone=True) | {"checkpoint_threshold": _NEVER}
        self._lock = threading.Lock()  # guards: _cursors, and against them _connection, which only the loader replaces
        self._readers = threading.local()
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self._datasets: tuple[Dataset, ...] = ()
        self._changes = Changes()
        self._connection = self._open()
        with self._translated_errors():
            due = is_due(self._connection)
        if due and self.checkpoint():
            self.close()
            compact(path, self._options)
            self._connection = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        header = newest_header(self._path)
        try:
            connection = self._connect()
        except duckdb.Error as error:
            log_file = self._path.with_name(f"{self._path.name}.wal")
            if not log_file.exists() or "WAL" not in message_of(error):
                raise self._cannot_open(error) from None
            aside = self._set_aside(log_file)
            log.warning("store log damaged, replaying from the journal", set_aside=aside.name, error=message_of(error))
            try:
                connection = self._connect()
            except duckdb.Error as again:
                raise self._cannot_open(again) from None
        with self._translated_errors():
            if is_cut_short(connection, self._path, header):
                connection.close()
                raise StoreDamaged(f"can't open the store {self._path}: a part of the file is missing")
            connection.execute("CREATE TABLE IF NOT EXISTS meterd_loader (watermark BIGINT NOT NULL)")
        return connection

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Return what keeps an open file from being used, as a sentence for who starts the service."""
        try:
            yield
        except duckdb.OutOfMemoryException:
            limit = self._options["memory_limit"]
            raise ConfigurationError(f"store.memory: {limit} is too little for the store to work with") from None
        except duckdb.Error as error:
            raise self._cannot_open(error) from None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if not descriptors.are_free(_FILES):  # DuckDB ends the process when the last one is missing
            raise ConfigurationError(f"can't open the store {self._path}: too many files are open")
        return duckdb.connect(str(self._path), config=self._options)

    def _cannot_open(self, error: duckdb.Error) -> ConfigurationError:
        kind = StoreDamaged if _DAMAGE.search(str(error)) else ConfigurationError
        return kind(f"can't open the store {self._path}: {message_of(error)}")

    def _set_aside(self, log_file: Path) -> Path:
        number = 1
        while (aside := log_file.with_name(f"{log_file.name}.damaged-{number}")).exists():
            number += 1
        return log_file.rename(aside)

    def create(self, datasets: Iterable[Dataset]) -> None:
        self._datasets = tuple(datasets)
        with self._translated_errors():
            found = self._columns()
            for dataset in self._datasets:
                self._create(dataset, found.get(dataset.name, set()))

    def _columns(self) -> dict[str, set[str]]:
        """Return the names of columns by table."""
        found: dict[str, set[str]] = {}
        for table, column in self._connection.execute(_COLUMNS).fetchall():
            found.setdefault(table, set()).add(column)
        return found

    def _create(self, dataset: Dataset, found: Set[str]) -> None:
        """Create a table, or add the columns that it lacks: a statement for each column would take most of a start."""
        columns = {"tenant": "VARCHAR"} | {column.name: TYPES[column.kind] for column in dataset.columns}
        if not found:
            declared = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
            self._connection.execute(f"CREATE TABLE {dataset.name} ({declared})")
            return
        for name, type_ in columns.items():
            if name not in found:
                self._connection.execute(f"ALTER TABLE {dataset.name} ADD COLUMN {name} {type_}")

    def follow(self, journal: str) -> None:
        """Nothing depends on it: an entry is in the store once, as its watermark is."""

    def append(self, batch: Sequence[Lines], watermark: int) -> None:
        with self._changes.of(lines.dataset for lines in batch):
            self._append(batch, watermark)
        reach("after-store-commit")

    def _append(self, batch: Sequence[Lines], watermark: int) -> None:
        connection = self._connection
        try:
            connection.begin()
            for lines in batch:
                self._insert(lines)
            connection.execute("INSERT INTO meterd_loader VALUES (?)", [watermark])
            reach("before-store-commit")
            connection.commit()
        except (duckdb.Error, Unreadable) as error:
            with contextlib.suppress(duckdb.Error):
                connection.rollback()
            raise _failure(error) from None

    def _insert(self, lines: Lines) -> None:
        """Add facts, and compare how many came out of the lines with how many went in; or merge what is there."""
        if lines.merged:
            merge_facts(self._connection, lines)
            return
        statement = packed_insert_statement if lines.packed else insert_statement
        added = self._connection.execute(statement(lines.dataset), [lines.tenant, lines.text]).fetchone()
        if added != (lines.count,):
            raise Unreadable(f"{added and added[0]} of {lines.count} facts of {lines.dataset.name} can be read")

    def readable(self, lines: Lines) -> list[int]:
        if lines.merged:
            return [is_readable(line) for line in lines.text.splitlines()]
        statement = packed_count_statement if lines.packed else count_statement
        try:
            return [count for (count,) in self._connection.execute(statement(lines.dataset), [lines.text]).fetchall()]
        except duckdb.Error as error:
            raise StoreError(message_of(error)) from None

    def select(
        self, sql: str, parameters: Sequence[object], timeout: float, cancellation: Cancellation | None = None
    ) -> list[StoredRow]:
        cancellation = cancellation or Cancellation()
        try:
            cursor = self._reader()
            with _bounded(cursor, timeout, cancellation):
                cursor.execute(sql, parameters)
                rows: list[StoredRow] = []
                while some := cursor.fetchmany(_FETCH_SIZE):  # Python's lock is held for so many at a time
                    rows += some
                return rows
        except duckdb.InterruptException:
            raise (QueryCancelled if cancellation.is_cancelled else QueryTimeout) from None
        except duckdb.OutOfMemoryException:
            raise QueryMemory from None
        except duckdb.Error as error:
            raise StoreError(message_of(error)) from error

    def _reader(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own connection to the open database."""
        if getattr(self._readers, "parent", None) is not self._connection:
            with self._lock:  # a cursor that `close` does not know would keep the file open
                connection = self._connection
                opened = connection.cursor()
                self._cursors.append(opened)
            opened.execute(f"SET SESSION operator_memory_limit = '{self._query_memory}'")
            self._readers.cursor, self._readers.parent = opened, connection
        cursor: duckdb.DuckDBPyConnection = self._readers.cursor
        return cursor

    def state(self, dataset: Dataset) -> int | None:
        return self._changes.state(dataset)

    def watermark(self) -> int:
        row = self._connection.execute(WATERMARK).fetchone()
        assert row is not None  # an aggregate has a row
        return int(row[0])

    def begun(self) -> int | None:
        return None

    def installation(self) -> str | None:
        found = self._connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'meterd_installation'")
        if found.fetchone() is None:
            return None
        row = self._connection.execute("SELECT id FROM meterd_installation").fetchone()
        return str(row[0]) if row else None

    def mark(self, installation: str) -> None:
        """Write down which installation the file is of, where no damage of the log can take it away."""
        try:
            self._connection.execute("CREATE OR REPLACE TABLE meterd_installation AS SELECT $1 AS id", [installation])
            self._connection.execute("CHECKPOINT")
        except duckdb.Error as error:
            raise StoreError(message_of(error)) from None

    def checkpoint(self) -> bool:
        try:
            with checkpoints.allowed(self._path) as is_allowed:
                if is_allowed:
                    self._connection.execute(f"DELETE FROM meterd_loader WHERE watermark < ({WATERMARK})")
                    self._connection.execute("CHECKPOINT")
        except duckdb.Error as error:
            raise StoreError(message_of(error)) from None
        except OSError as error:
            raise StoreError(f"can't lock {self._path.name} for a checkpoint: {error.strerror}") from None
        reach("in-checkpoint")
        return is_allowed

    def delete_before(self, dataset: Dataset, time: datetime) -> int:
        try:
            with self._changes.of([dataset]):
                deleted = self._connection.execute(
                    f"DELETE FROM {dataset.name} WHERE ts < $1", [time.astimezone(UTC).replace(tzinfo=None)]
                ).fetchone()
        except duckdb.Error as error:
            raise StoreError(message_of(error)) from None
        return int(deleted[0]) if deleted else 0

    def make_room(self, dataset: Dataset) -> bool:
        try:
            return move_together(self._connection, dataset.name) > 0
        except duckdb.Error as error:
            with contextlib.suppress(duckdb.Error):
                self._connection.rollback()
            raise StoreError(message_of(error)) from None

    def reopen(self) -> None:
        with self._changes.of(self._datasets):
            self.close()
            self._connection = self._open()
            self.create(self._datasets)

    def close(self) -> None:
        with self._lock:
            for connection in (*self._cursors, self._connection):
                with contextlib.suppress(duckdb.Error):
                    connection.close()
            self._cursors.clear()


@contextlib.contextmanager
def _bounded(cursor: duckdb.DuckDBPyConnection, timeout: float, cancellation: Cancellation) -> Iterator[None]:
    """Interrupt what a cursor does after `timeout` seconds or when it is cancelled, until it ends.

    Once is not enough: the engine forgets an interrupt that comes before it runs a statement, or while it plans it.
    """
    is_due, has_ended = threading.Event(), threading.Event()

    def watch() -> None:
        is_due.wait(timeout)
        while not has_ended.is_set():
            cursor.interrupt()
            has_ended.wait(_INTERRUPTED_EVERY)

    watcher = threading.Thread(target=watch, name="meterd-query-limit")
    with cancellation.by(is_due.set):
        watcher.start()
        try:
            yield
        finally:
            has_ended.set()
            is_due.set()
            watcher.join()  # so that it interrupts nothing that comes later


def _failure(error: duckdb.Error | Unreadable) -> StoreError:
    """Return what the layers above know an error as."""
    if isinstance(error, Unreadable):
        return error
    is_of_data = isinstance(error, duckdb.InvalidInputException | duckdb.DataError)
    return Unreadable(message_of(error)) if is_of_data else StoreError(message_of(error))
