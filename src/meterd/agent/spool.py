"""A queue on disk: one SQLite file, owned by one agent at a time. What `write` has finished survives a power cut."""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from meterd.agent.errors import SpoolTaken

Statement = tuple[str, tuple[object, ...]]

_TABLES = """
create table if not exists session (id text primary key, document blob not null, is_over integer not null,
                                    saved_at integer not null default (unixepoch()));
create table if not exists aggregate (session text not null, key text not null, document blob not null,
                                      primary key (session, key));
create table if not exists item (seq integer primary key autoincrement, session text not null,
                                 operation text not null, body blob not null, key text not null);
create index if not exists item_by_session on item (session, seq);
create table if not exists refused (seq integer primary key, session text not null, operation text not null,
                                    body blob not null, status integer not null, answer text not null);
"""
_FORGOTTEN = (
    "delete from session where is_over and saved_at < unixepoch() - 86400 and id not in (select session from item)"
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Item(msgspec.Struct, frozen=True):
    """A request to the server that is still to be made; `key` makes repeating it harmless."""

    seq: int
    session: str
    operation: str
    body: bytes
    key: str


class Spool:
    """Keeps sessions, their aggregates, and what is queued for the server. Statements run in one thread of its own."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            SpoolTaken: another agent has it.
            sqlite3.Error: it can't be opened.
        """
        self.path = path
        self._lock = _locked(path)
        self._thread = ThreadPoolExecutor(1, "spool")
        self._pending: list[tuple[Iterable[Statement], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._open()
        except sqlite3.Error:
            self._database.close()
            os.close(self._lock)
            raise

    def _open(self) -> None:
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.executescript(_TABLES)
        self._database.execute(_FORGOTTEN)
        self.queued_items, self.queued_bytes = self._database.execute(
            "select count(*), coalesce(sum(length(body)), 0) from item"
        ).fetchone()

    def sessions(self) -> list[bytes]:
        """Return the documents of all sessions."""
        return [row[0] for row in self._database.execute("select document from session")]

    def aggregates(self) -> list[tuple[str, bytes]]:
        """Return the session and the document of all aggregates."""
        return list(self._database.execute("select session, document from aggregate"))

    def write(self, statements: Iterable[Statement]) -> asyncio.Future[None]:
        """Run statements, all or none; the future is done when they are on disk. Several callers share one commit."""
        future = asyncio.get_running_loop().create_future()
        self._pending.append((statements, future))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_pending())
        return future

    async def items(self, session: str, after: int, max_items: int = 100) -> list[Item]:
        """Return the next items of a session in order, up to `max_items`."""
        query = "select seq, session, operation, body, key from item where session = ? and seq > ? order by seq limit ?"
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(
            self._thread, lambda: self._database.execute(query, (session, after, max_items)).fetchall()
        )
        return [Item(*row) for row in rows]

    async def _write_pending(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                await self._write_together(batch)
        finally:
            self._writing = None

    async def _write_together(self, batch: list[tuple[Iterable[Statement], asyncio.Future[None]]]) -> None:
        """Commit statements of several callers, and tell each how that went, whatever was raised."""
        error: Exception | None = None
        try:
            statements = [each for group, _ in batch for each in group]
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, statements)
        except Exception as caught:  # noqa: BLE001 - those who wait are told
            error = caught
        for _, future in batch:
            if future.done():
                continue
            if error:
                future.set_exception(error)
            else:
                future.set_result(None)

    def _commit(self, statements: list[Statement]) -> None:
        self._database.execute("begin immediate")
        try:
            for text, values in statements:
                self._database.execute(text, values)
            self._database.execute("commit")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("rollback")
            raise

    async def close(self) -> None:
        """Finish what was begun and let the next agent have it; a file that holds nothing any more is removed."""
        while self._writing:
            await asyncio.wait([self._writing])
        self._thread.shutdown()
        held = self._database.execute(
            "select exists (select 1 from session where not is_over) or exists (select 1 from item)"
            " or exists (select 1 from refused)"
        ).fetchone()[0]
        self._database.close()
        if not held:
            self.path.unlink(missing_ok=True)
            _lock_path(self.path).unlink(missing_ok=True)
        os.close(self._lock)


def enqueue(session: str, operation: str, body: bytes = b"") -> Statement:
    text = "insert into item (session, operation, body, key) values (?, ?, ?, ?)"
    return text, (session, operation, body, uuid.uuid4().hex)


def delivered(item: Item) -> Statement:
    return "delete from item where seq = ?", (item.seq,)


def set_aside(item: Item, status: int, response: str) -> tuple[Statement, Statement]:
    """Move an item that the server will never take out of the way of others, to where a person can look at it."""
    text = "insert or replace into refused values (?, ?, ?, ?, ?, ?)"
    return (text, (item.seq, item.session, item.operation, item.body, status, response)), delivered(item)


def save_session(id_: str, document: bytes, is_over: bool) -> Statement:
    return "insert or replace into session (id, document, is_over) values (?, ?, ?)", (id_, document, is_over)


def save_aggregate(session: str, key: str, document: bytes) -> Statement:
    return "insert or replace into aggregate values (?, ?, ?)", (session, key, document)


def drop_aggregates(session: str) -> Statement:
    return "delete from aggregate where session = ?", (session,)


def open_spools(directory: Path, destination: str) -> list[Spool]:
    """Open what ended agents left for this server, and nobody works on; a new one if there is none.

    The first is for new sessions.

    Raises:
        OSError, sqlite3.Error: the directory or a file can't be used.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    spools: list[Spool] = []
    for path in sorted(directory.glob(f"{destination}-*.spool")):
        try:
            spools.append(Spool(path))
        except SpoolTaken:
            continue
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _DAMAGED:
                raise
            for end in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(path.name + end).rename(path.with_name(path.stem + ".broken" + end))
    return spools or [Spool(directory / f"{destination}-{uuid.uuid4().hex[:8]}.spool")]


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _locked(path: Path) -> int:
    descriptor = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = _lock_path(path).stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        is_same = False
    if not is_same:  # taken, or removed meanwhile by the one who had it
        os.close(descriptor)
        raise SpoolTaken(str(path))
    return descriptor
