"""Accepted facts on disk: an SQLite database that is safe after every commit (`docs/decisions/0001-journal.md`).

One row holds the facts of one dataset, tenant and encoding that were committed together. Sequence numbers only grow,
past trimming and past a lost store.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.ingest.facts import PACKED_BEGINS, Encoding, Facts, Receipt, Submission
from meterd.ingest.remembered import Remembered
from meterd.ingest.transactions import transaction

_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA cache_size = -32768;
"""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset TEXT NOT NULL,
    tenant TEXT NOT NULL,
    count INTEGER NOT NULL,
    lines BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS probe (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), visits INTEGER NOT NULL);
INSERT OR IGNORE INTO probe VALUES (1, 0);
"""
_LATER_COLUMNS = {"encoding": "TEXT NOT NULL DEFAULT 'mixed'"}
"""Columns that entries gained; those of an earlier version have the default."""
_READ = "sequence, dataset, tenant, count, lines, encoding"

_Merged = dict[tuple[str, str, Encoding], list[Facts]]
"""What one commit writes, by dataset, tenant and encoding."""


class Entry(msgspec.Struct, frozen=True):
    """One row of the journal. Earlier versions joined lines of both encodings, and did not say so: `mixed`."""

    sequence: int
    dataset: str
    tenant: str
    count: int
    lines: bytes
    encoding: Literal[Encoding, "mixed"] = "lines"

    def pieces(self) -> Iterator[tuple[Encoding, bytes]]:
        """The lines, those of one encoding at a time."""
        if self.encoding != "mixed":
            yield self.encoding, self.lines
            return
        for line in self.lines.splitlines(keepends=True):
            yield "packed" if line.startswith(PACKED_BEGINS) else "lines", line


class Committed(msgspec.Struct, frozen=True):
    """What one group commit did: a receipt for each submission, and per dataset how many facts were new and known."""

    receipts: list[Receipt]
    end: int
    size: int
    added: dict[str, int]
    known: dict[str, int]


class Journal:
    """The writing side. Used by one thread at a time; the loader reads through `JournalReader`.

    Args:
        path: the database file; created when missing.
        window: seconds for which identities and keyed answers are remembered.
        after: sequence numbers start above this (the store's watermark, in case the journal was lost).
    """

    def __init__(self, path: Path, window: float, after: int = 0) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._remembered = Remembered(self._connection, window)
        try:
            self._connection.executescript(_PRAGMAS + _SCHEMA)
            self._upgrade()
            self.end = self._start_above(after)
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"can't open the journal {path}: {error}") from None

    def _upgrade(self) -> None:
        """Columns of this version on entries of an earlier one."""
        there = {name for _, name, *_ in self._connection.execute("PRAGMA table_info(entries)")}
        for name, declaration in _LATER_COLUMNS.items():
            if name not in there:
                self._connection.execute(f"ALTER TABLE entries ADD COLUMN {name} {declaration}")

    def _start_above(self, after: int) -> int:
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
        if row is None:
            self._connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('entries', ?)", (after,))
        elif row[0] < after:
            self._connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'entries'", (after,))
        return max(after, row[0] if row else 0)

    def commit(self, group: Sequence[Submission]) -> Committed:
        """Make the submissions durable, all or, on any error, none of them."""
        if any(submission.must_be_remembered for submission in group):
            self._remembered.rotate()
            with transaction(self._connection):
                committed = self._write(group)
        else:  # one statement is a transaction of its own, and gives up Python's lock only once
            committed = self._write(group)
        self.end = committed.end
        reach("after-journal-commit")
        return committed

    def _write(self, group: Sequence[Submission]) -> Committed:
        merged: _Merged = {}
        known: dict[str, int] = {}
        receipts = []
        for submission in group:
            key = submission.request_key
            if key is not None and (answered := self._remembered.answer(key)):
                receipts.append(Receipt(*answered, is_repetition=True))
                continue
            repeated = 0
            for facts in submission.facts:
                new = self._without_known(facts) if facts.identities else facts
                if new.count < facts.count:
                    repeated += facts.count - new.count
                    known[facts.dataset] = known.get(facts.dataset, 0) + facts.count - new.count
                if new.count:
                    merged.setdefault((facts.dataset, facts.tenant, facts.encoding), []).append(new)
            if key is not None:
                self._remembered.add_answer(key, submission.answer, repeated)
            receipts.append(Receipt(submission.answer, repeated))
        return self._insert(merged, receipts, known)

    def _insert(self, merged: _Merged, receipts: list[Receipt], known: dict[str, int]) -> Committed:
        """One entry for each dataset, tenant and encoding, all in one statement."""
        added: dict[str, int] = {}
        values: list[str | int | bytes] = []
        size = 0
        for (dataset, tenant, encoding), parts in merged.items():
            count = sum([part.count for part in parts])
            lines = b"".join([part.lines for part in parts])
            values += (dataset, tenant, count, lines, encoding)
            added[dataset] = added.get(dataset, 0) + count
            size += len(lines)
        if not merged:
            return Committed(receipts, self.end, 0, added, known)
        rows = ", ".join(["(?, ?, ?, ?, ?)"] * len(merged))
        end = self._connection.execute(
            f"INSERT INTO entries (dataset, tenant, count, lines, encoding) VALUES {rows}", values
        ).lastrowid
        assert end is not None  # it was an INSERT
        return Committed(receipts, end, size, added, known)

    def _without_known(self, facts: Facts) -> Facts:
        is_new = iter(self._remembered.add_identities([known for known in facts.identities if known is not None]))
        kept = [
            line
            for line, identity in zip(facts.lines.splitlines(keepends=True), facts.identities, strict=True)
            if identity is None or next(is_new)
        ]
        return msgspec.structs.replace(facts, lines=b"".join(kept), count=len(kept), identities=())

    def trim(self, sequence: int) -> None:
        """Forget entries up to and including `sequence`."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM entries WHERE sequence <= ?", (sequence,))

    def shrink_log(self) -> None:
        """After a failed write: move SQLite's own log into the database if that works, so that it takes no room."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def probe(self) -> None:
        """A real, durable write that leaves nothing behind."""
        with transaction(self._connection):
            self._connection.execute("UPDATE probe SET visits = visits + 1")

    def close(self) -> None:
        self._connection.close()


class JournalReader:
    """The reading side, with a connection of its own; used by one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    def read(self, after: int, size: int) -> list[Entry]:
        """Entries above sequence number `after`, in order, at least one if there is one, about `size` bytes."""
        entries: list[Entry] = []
        rows = self._connection.execute(f"SELECT {_READ} FROM entries WHERE sequence > ? ORDER BY sequence", (after,))
        for row in rows:
            entries.append(Entry(*row))
            size -= len(row[4])
            if size <= 0:
                break
        rows.close()
        return entries

    def size(self, after: int) -> int:
        """Bytes of the entries above sequence number `after`."""
        (total,) = self._connection.execute(
            "SELECT coalesce(sum(length(lines)), 0) FROM entries WHERE sequence > ?", (after,)
        ).fetchone()
        return int(total)

    def close(self) -> None:
        self._connection.close()
