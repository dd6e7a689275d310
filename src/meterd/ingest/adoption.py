"""Takes over what another node's journal still holds, each entry once (`docs/decisions/0042-nodes.md`).

How far the other journal has been taken over is written in the transaction that takes it over, so whatever ends it in
between, the next attempt goes on from there. What the other journal remembers goes along: repetitions are recognised
here as they would have been there, and facts that came to both nodes count once.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import quote

import msgspec

from meterd.datasets import DATASETS
from meterd.ingest.deduplication import DeduplicationIndex
from meterd.ingest.entries import INSERT, PLACES, Entry, row_of, split
from meterd.ingest.node import Node
from meterd.ingest.recognition import Recognition, Sender
from meterd.ingest.transactions import transaction

_ADOPTED = """CREATE TABLE IF NOT EXISTS adopted (
    journal TEXT PRIMARY KEY, node TEXT NOT NULL, until INTEGER NOT NULL, at TEXT NOT NULL
)"""
_REMEMBERED = {
    "identities": "digest",
    "answers": "request, answer, known",
    "spans": "span, place, outer",
    "awaited": "outer, inner",
}
"""What tables of the deduplication index remember besides the entry."""


class Taken(msgspec.Struct, frozen=True):
    """What was taken over: entries, the new facts in them, those that were known here already, and bytes."""

    entries: int = 0
    facts: int = 0
    known: int = 0
    bytes: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.entries + other.entries,
            self.facts + other.facts,
            self.known + other.known,
            self.bytes + other.bytes,
        )


class Adoption:
    """Takes entries of another journal over into the journal at `path`, which no process has open.

    Both must be of this version's form. `window` is as for a `Journal`, `node` is whose the other journal is, and
    `senders` are those who may have sent to both, by tenant.
    """

    def __init__(
        self, path: Path, window: float, other: Path, node: Node, senders: Mapping[str, Collection[Sender]]
    ) -> None:
        self._node = node
        self._senders = senders
        self._connection = sqlite3.connect(path, isolation_level=None, uri=True)
        try:
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(_ADOPTED)
            self._index = DeduplicationIndex(self._connection, window)
            self._index.rotate()
            self._connection.execute("ATTACH ? AS theirs", (f"file:{quote(str(other))}?mode=ro",))
            self._gather()
            self._connection.execute("DETACH theirs")
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def until(self) -> int:
        """Return the number of the last entry that was taken over; 0 when none was."""
        found = self._connection.execute(
            "SELECT until FROM adopted WHERE journal = ?", (self._node.journal,)
        ).fetchone()
        return found[0] if found else 0

    def take(self, entries: Sequence[Entry]) -> Taken:
        """Take over entries that follow one another, durably: all of them or, on any error, none."""
        first, last = entries[0].sequence, entries[-1].sequence
        self._index.rotate()
        with transaction(self._connection):
            (end,) = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
            shift = end + 1 - first
            known = self._known(first, last)
            remembered = self._remembered(first, last) if known else set()
            taken = Taken()
            for entry in entries:
                new = self._without(entry, known, remembered) if known else entry
                if new.lines:
                    self._insert(msgspec.structs.replace(new, sequence=entry.sequence + shift))
                taken += Taken(int(bool(new.lines)), new.count, entry.count - new.count, len(new.lines))
            self._remember(first, last, shift)
            self._note(last)
        return taken

    def skip(self, entry: Entry) -> None:
        """Leave an entry where it is."""
        with transaction(self._connection):
            self._note(entry.sequence)

    def _gather(self) -> None:
        """Collect what the other journal remembers of entries that are to come, so that it is looked through once."""
        numbers = self._connection.execute("SELECT number FROM theirs.generations").fetchall()
        newest = self._index.numbers[-1]
        for name, columns in _REMEMBERED.items():
            self._connection.execute(
                f"CREATE TEMP TABLE moving_{name} AS SELECT {columns}, entry FROM {name}_{newest} LIMIT 0"
            )
            for (number,) in numbers:
                self._connection.execute(
                    f"INSERT INTO moving_{name} SELECT {columns}, entry FROM theirs.{name}_{number} WHERE entry > ?",
                    (self.until,),
                )
            self._connection.execute(f"CREATE INDEX temp.of_{name} ON moving_{name} (entry)")

    def _known(self, first: int, last: int) -> set[bytes]:
        """Return the identities among those of the entries that are known here."""
        return {
            digest
            for number in self._index.numbers
            for (digest,) in self._connection.execute(
                f"SELECT digest FROM moving_identities JOIN identities_{number} USING (digest) "
                "WHERE moving_identities.entry BETWEEN ? AND ?",
                (first, last),
            )
        }

    def _remembered(self, first: int, last: int) -> set[bytes]:
        """Return the identities of the entries."""
        wanted = "SELECT digest FROM moving_identities WHERE entry BETWEEN ? AND ?"
        return {digest for (digest,) in self._connection.execute(wanted, (first, last))}

    def _without(self, entry: Entry, known: set[bytes], remembered: Collection[bytes]) -> Entry:
        """Return the entry without facts that are known, which are `known` no more: none is there twice.

        Only those of a line each have an identity.
        """
        dataset = DATASETS.get(entry.dataset)
        if dataset is None or not dataset.identity:
            return entry
        recognition = Recognition(dataset, entry.tenant, self._senders.get(entry.tenant, ()), remembered)
        kept: list[bytes] = []
        count = 0
        for piece in entry.pieces():
            if piece.encoding != "lines":
                kept.append(piece.lines)
                count += piece.count
                continue
            new = _unknown(split(piece.lines), recognition, known)
            kept += new
            count += len(new)
        return msgspec.structs.replace(entry, lines=b"".join(kept), count=count)

    def _insert(self, entry: Entry) -> None:
        row = row_of(entry.sequence, entry.dataset, entry.tenant, entry.count, entry.encoding, entry.lines)
        self._connection.execute(INSERT + PLACES, row)

    def _remember(self, first: int, last: int, shift: int) -> None:
        newest = self._index.use_newest()
        for name, columns in _REMEMBERED.items():
            self._connection.execute(
                f"INSERT OR IGNORE INTO {name}_{newest} SELECT {columns}, entry + ? FROM moving_{name} "
                "WHERE entry BETWEEN ? AND ?",
                (shift, first, last),
            )

    def _note(self, until: int) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO adopted VALUES (?, ?, ?, ?)",
            (self._node.journal, self._node.id, until, datetime.now(UTC).isoformat()),
        )


def _unknown(lines: Sequence[bytes], recognition: Recognition, known: set[bytes]) -> list[bytes]:
    """Return the lines but for those of known facts; when each of these was met, the rest need not be looked at."""
    kept: list[bytes] = []
    for number, line in enumerate(lines):
        if not known:
            return [*kept, *lines[number:]]
        identity = recognition.identity(line)
        if identity in known:
            known.discard(identity)
        else:
            kept.append(line)
    return kept
