"""Entries, the rows of the journal, and whether they are still what was written."""

import zlib
from typing import Any, Literal

import msgspec

from meterd.ingest.facts import PACKED_BEGINS, Encoding

ENTRY_COLUMNS = {
    "sequence": "0",
    "dataset": "''",
    "tenant": "''",
    "count": "0",
    "lines": "x''",
    "encoding": "'mixed'",
    "checksum": "NULL",
}
"""Columns of a row, and what stands for them in the journal of an earlier version that has none."""
LATER_COLUMNS = {"encoding": "TEXT NOT NULL DEFAULT 'mixed'", "checksum": "INTEGER"}
"""Columns that entries gained; those of an earlier version have the default."""
INSERT = "INSERT INTO entries (sequence, dataset, tenant, count, lines, encoding, checksum) VALUES "
PLACES = "(?, ?, ?, ?, ?, ?, ?)"
"""What follows `INSERT`, once for each row."""
Row = tuple[int, str, str, int, bytes, str, int]
"""A row of these columns, as this version writes it."""


class Piece(msgspec.Struct, frozen=True):
    """A piece of the entry `sequence`: lines of one encoding, which stand for `count` facts."""

    encoding: Encoding
    lines: bytes
    count: int
    sequence: int


class Entry(msgspec.Struct, frozen=True):
    """Facts of one dataset, tenant and encoding that were committed together.

    Earlier versions joined lines of both encodings and did not say so: `mixed`. `problem` says why an entry is not what
    was written; then its other members are what is left of them.
    """

    sequence: int
    dataset: str
    tenant: str
    count: int
    lines: bytes
    encoding: Literal[Encoding, "mixed"] = "lines"
    problem: str = ""

    def pieces(self) -> list[Piece]:
        """Return the lines, by encoding."""
        if self.encoding != "mixed":
            return [Piece(self.encoding, self.lines, self.count, self.sequence)]
        lines = split(self.lines)
        packed = [line for line in lines if line.startswith(PACKED_BEGINS)]
        single = [line for line in lines if not line.startswith(PACKED_BEGINS)]
        pieces = [
            Piece("lines", b"".join(single), len(single), self.sequence),
            Piece("packed", b"".join(packed), self.count - len(single), self.sequence),
        ]
        return [piece for piece in pieces if piece.lines]


def split(lines: bytes) -> list[bytes]:
    """Split lines, each of which keeps its line feed."""
    return [line + b"\n" for line in lines.removesuffix(b"\n").split(b"\n")]


def checksum(sequence: int, dataset: str, tenant: str, count: int, encoding: str, lines: bytes) -> int:
    """Compute the CRC-32 of everything that a row of the journal says.

    Of a row that an earlier version wrote it stays what that version computed.
    """
    head = f"{sequence} {count} {encoding} {dataset} {tenant}\n".encode()
    return zlib.crc32(lines, zlib.crc32(head))


def row_of(sequence: int, dataset: str, tenant: str, count: int, encoding: str, lines: bytes) -> Row:
    """Make the row of an entry, which `entry_of` reads."""
    written = checksum(sequence, dataset, tenant, count, encoding, lines)
    return sequence, dataset, tenant, count, lines, encoding, written


def entry_of(row: tuple[Any, ...]) -> Entry:  # a file that is damaged may hold any type
    """Make the entry of a row of the columns `ENTRY_COLUMNS`, of whatever types they are now."""
    sequence, dataset, tenant, count, lines, encoding, written = row
    types = (type(dataset), type(tenant), type(count), type(lines))
    if types != (str, str, int, bytes) or encoding not in ("lines", "packed", "merged", "mixed"):
        return damaged(sequence, "a column is not what it was", lines)
    if written is None and encoding == "mixed":  # of an earlier version
        return Entry(sequence, dataset, tenant, count, lines, encoding)
    is_whole = written == checksum(sequence, dataset, tenant, count, encoding, lines)
    return Entry(sequence, dataset, tenant, count, lines, encoding, "" if is_whole else "the checksum does not match")


def damaged(sequence: int, problem: str, left: object = b"") -> Entry:
    """Make what stands for a row that can't be read, with the bytes that are left of its lines."""
    lines = left if isinstance(left, bytes) else str(left).encode(errors="replace")
    return Entry(sequence, "", "", 0, lines, "mixed", problem)
