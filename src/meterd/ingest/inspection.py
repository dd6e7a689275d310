"""What in a journal could not be moved into the store, or can't be, for whoever repairs a data directory."""

from contextlib import closing
from pathlib import Path

import msgspec

from meterd.ingest.entries import Entry
from meterd.ingest.journal import JournalReader

_BATCH_BYTES = 16 * 2**20


class Inspected(msgspec.Struct, frozen=True):
    """Entries with their `problem`: `aside` were set aside, `damaged` are not loaded and are not what was written."""

    aside: list[Entry]
    damaged: list[Entry]


def inspect(journal: Path) -> Inspected:
    """Read a whole journal, of this or an earlier version, without changing it. Raises `sqlite3.DatabaseError`."""
    with closing(JournalReader(journal)) as reader:
        damaged: list[Entry] = []
        after, end = 0, reader.end()
        while after < end and (entries := reader.read(after, _BATCH_BYTES)):
            damaged += [entry for entry in entries if entry.problem]
            after = entries[-1].sequence
        return Inspected(reader.aside(), damaged)
