"""Accepted facts on disk: an SQLite database that is safe after every commit (`docs/decisions/0001-journal.md`).

One row holds the facts of one dataset, tenant and encoding that were committed together. Sequence numbers only grow,
past trimming and past a lost store.
"""

import contextlib
import sqlite3
from collections.abc import Collection, Sequence
from itertools import compress
from pathlib import Path

import msgspec

from meterd.errors import ConfigurationError
from meterd.failpoints import reach
from meterd.ingest.aside import Aside, Totals, kept_totals
from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.entries import ENTRY_COLUMNS, INSERT, LATER_COLUMNS, PLACES, Entry, damaged, entry_of, row_of
from meterd.ingest.facts import Encoding, Facts, Receipt, Submission
from meterd.ingest.nesting import SpanIndex
from meterd.ingest.node import keep_node
from meterd.ingest.transactions import transaction
from meterd.stamps import read_only

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
_encoder = msgspec.json.Encoder()
_Merged = dict[tuple[str, str, Encoding], list[Facts]]
"""What one commit writes, by dataset, tenant and encoding."""


class Committed(msgspec.Struct, frozen=True):
    """The outcome of a group commit: a receipt for each submission, by dataset how many facts were new, known, or
    became a part of another one, and by its name how often a limit may have kept facts of one call apart.
    """

    receipts: list[Receipt]
    end: int
    size: int
    added: dict[str, int]
    known: dict[str, int]
    merged: dict[str, int]
    reached: dict[str, int]


class Journal:
    """Writes the journal. Used by one thread at a time; the loader reads through `JournalReader`.

    Args:
        path: the database file; created when missing.
        window: seconds for which identities and keyed responses are kept.
        after: sequence numbers start above this (the store's watermark, in case the journal was lost).
        most_aside: bytes of entries that are set aside.
        name: of the node; None keeps the one that it has.
    """

    def __init__(
        self, path: Path, window: float, after: int = 0, most_aside: int = 2**30, name: str | None = None
    ) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._index = DeduplicationIndex(self._connection, window)
        self._spans = SpanIndex(self._connection, self._index)
        self._aside = Aside(self._connection, most_aside)
        try:
            self._connection.executescript(_PRAGMAS + _SCHEMA)
            self._upgrade()
            self._aside.create()
            self.node = keep_node(self._connection, name)
            self.end = self._start_above(after)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ConfigurationError(f"can't open the journal {path}: {error}") from None

    def _upgrade(self) -> None:
        """Add columns of this version to entries of an earlier one."""
        there = {name for _, name, *_ in self._connection.execute("PRAGMA table_info(entries)")}
        for name, declaration in LATER_COLUMNS.items():
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
        if any(submission.needs_deduplication for submission in group):
            self._index.rotate()
            try:
                with transaction(self._connection):
                    committed = self._write(group)
            except BaseException:  # whatever it is, what the index has in memory is not on disk
                self._index.doubt()
                raise
        else:  # one statement is a transaction of its own, and gives up Python's lock only once
            committed = self._write(group)
        self.end = committed.end
        reach("after-journal-commit")
        return committed

    def _write(self, group: Sequence[Submission]) -> Committed:
        merged: _Merged = {}
        known: dict[str, int] = {}
        self._spans.reached.clear()
        receipts = []
        for submission in group:
            key = submission.request_key
            if key is not None and (found := self._index.response(key)):
                receipts.append(Receipt(*found, is_repetition=True))
                continue
            repeated = 0
            for facts in submission.facts:
                place = self._place(facts, merged)
                new = self._without_known(facts, place) if facts.identities else facts
                if new.count < facts.count:
                    repeated += facts.count - new.count
                    known[facts.dataset] = known.get(facts.dataset, 0) + facts.count - new.count
                if new.count:
                    merged.setdefault((facts.dataset, facts.tenant, facts.encoding), []).append(new)
                if new.places or new.links:
                    self._merge(new, place, merged)
            if key is not None:
                self._index.add_response(key, submission.response, repeated, self.end + len(merged))
            receipts.append(Receipt(submission.response, repeated))
        return self._insert(merged, receipts, known)

    def _insert(self, merged: _Merged, receipts: list[Receipt], known: dict[str, int]) -> Committed:
        """Insert one entry for each dataset, tenant and encoding, all in one statement."""
        added: dict[str, int] = {}
        parts_of: dict[str, int] = {}
        values: list[str | int | bytes] = []
        end, size = self.end, 0
        for (dataset, tenant, encoding), parts in merged.items():
            end += 1
            count = sum([part.count for part in parts])
            lines = b"".join([part.lines for part in parts])
            values += row_of(end, dataset, tenant, count, encoding, lines)
            added[dataset] = added.get(dataset, 0) + count
            size += len(lines)
            if encoding == "merged":
                parts_of[dataset] = parts_of.get(dataset, 0) + len(lines.splitlines())
        if merged:
            self._connection.execute(INSERT + ", ".join([PLACES] * len(merged)), values)
        return Committed(receipts, end, size, added, known, parts_of, dict(self._spans.reached))

    def _merge(self, facts: Facts, place: int, merged: _Merged) -> None:
        """Note which facts are one call, now that these have come."""
        places = [each for each in facts.places if each is not None]
        for dataset, pair in self._spans.add(places, facts.links, place):
            line = Facts(dataset, facts.tenant, _encoder.encode(pair) + b"\n", 0, encoding="merged")
            merged.setdefault((dataset, facts.tenant, "merged"), []).append(line)

    def _place(self, facts: Facts, merged: _Merged) -> int:
        """Return the sequence number of the entry that the facts come into: `_insert` gives them in this order."""
        key = (facts.dataset, facts.tenant, facts.encoding)
        return self.end + 1 + (list(merged).index(key) if key in merged else len(merged))

    def _without_known(self, facts: Facts, place: int) -> Facts:
        identities = [known for known in facts.identities if known is not None]
        is_new = self._index.add_identities(identities, place)
        if len(is_new) == facts.count and all(is_new):
            return msgspec.structs.replace(facts, identities=())
        answers = iter(is_new)
        keeps = [identity is None or next(answers) for identity in facts.identities]
        lines = facts.lines.splitlines(keepends=True)
        kept = [line for line, is_kept in zip(lines, keeps, strict=True) if is_kept]
        places = tuple(compress(facts.places, keeps))
        return msgspec.structs.replace(facts, lines=b"".join(kept), count=len(kept), identities=(), places=places)

    def forget(self, after: int, until: int) -> None:
        """Let senders repeat what was in entries above a number, up to another one."""
        self._index.forget(after, until)

    def trim(self, sequence: int) -> None:
        """Forget entries up to and including `sequence`."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM entries WHERE sequence <= ?", (sequence,))

    def set_aside(self, entry: Entry, is_whole: bool) -> bool:
        """Keep an entry that can't be loaded, past trimming. False when it is too much, and gone.

        Of a whole entry nothing is stored: its identities are forgotten, and senders may repeat its facts.
        """
        if is_whole:
            self._index.forget(entry.sequence - 1, entry.sequence)
        return self._aside.keep(entry)

    @property
    def aside(self) -> Totals:
        """Return how much is set aside."""
        return self._aside.totals

    @property
    def identities_waiting(self) -> int:
        """Return how many identities wait for their place in a table; from any thread."""
        return self._index.waiting

    @property
    def spans_waiting(self) -> int:
        """Return how many spans wait for their place in a table; from any thread."""
        return len(self._index.spans)

    def count_aside(self, text: bytes, tenants: Collection[str]) -> int:
        """Return how many lines of what is set aside hold a text."""
        return self._aside.count_lines(text, tenants)

    def cut_aside(self, text: bytes, tenants: Collection[str]) -> None:
        """Take those lines away."""
        self._aside.cut(text, tenants)

    def shrink_log(self) -> None:
        """Move SQLite's own log into the database, if that works after a failed write, so that it takes no room."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def probe(self) -> None:
        """Make a real, durable write that leaves nothing behind."""
        with transaction(self._connection):
            self._connection.execute("UPDATE probe SET visits = visits + 1")

    def close(self) -> None:
        self._connection.close()


class JournalReader:
    """Reads the journal, with a connection of its own; used by one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = read_only(path)
        self._connection.text_factory = lambda text: text.decode(errors="replace")  # what is damaged must be readable
        there = {name for _, name, *_ in self._connection.execute("PRAGMA table_info(entries)")}
        columns = ", ".join(name if name in there else default for name, default in ENTRY_COLUMNS.items())
        self._select = f"SELECT {columns} FROM entries WHERE sequence"

    def read(self, after: int, size: int) -> list[Entry]:
        """Return entries above sequence number `after`, in order, at least one if there is one, about `size` bytes.

        An entry that is not what was written (`Entry.problem`) comes alone.
        """
        entries: list[Entry] = []
        try:
            for row in self._connection.execute(f"{self._select} > ? ORDER BY sequence", (after,)):
                entry = entry_of(row)
                if entry.problem or (entries and entry.sequence != entries[-1].sequence + 1):
                    return entries or [self._next(after + 1)]
                entries.append(entry)
                size -= len(entry.lines)
                if size <= 0:
                    break
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            return entries or [self._next(after + 1)]
        return entries

    def _next(self, sequence: int) -> Entry:
        """Read the entry of this number, which must be there; of damaged ones not even the number is reliable."""
        try:
            row = self._connection.execute(f"{self._select} = ?", (sequence,)).fetchone()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            return damaged(sequence, "the row can't be read")
        return entry_of(row) if row else damaged(sequence, "the row is missing")

    def aside(self) -> Totals:
        """Return how much is set aside."""
        return kept_totals(self._connection)

    def size(self, after: int, until: int) -> int:
        """Sum the bytes of entries above sequence number `after`, up to `until`; 0 when that can't be read any more."""
        try:
            (total,) = self._connection.execute(
                "SELECT coalesce(sum(length(lines)), 0) FROM entries WHERE sequence > ? AND sequence <= ?",
                (after, until),
            ).fetchone()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            return 0
        return int(total)

    def close(self) -> None:
        self._connection.close()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell whether an error means that the file's content is wrong, and not that it can't be had just now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
