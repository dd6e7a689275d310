"""Lines that are set aside can be taken away by what is in them."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from meterd.ingest.aside import Aside, kept
from meterd.ingest.entries import Entry
from meterd.ingest.journal import Journal, JournalReader
from tests.ingest.test_journal import DAY

MINE, OTHER = b'{"a":"ann"}\n', b'{"a":"bob"}\n'
ENTRIES = [
    Entry(1, "meter_events", "acme", 3, MINE + OTHER + MINE, "lines", "why"),
    Entry(2, "meter_events", "other", 1, MINE, "lines", "why"),
    Entry(3, "", "", 0, b"x" + MINE, "mixed", "damaged"),
    Entry(4, "meter_events", "acme", 1, OTHER, "lines", "why"),
]


@pytest.mark.parametrize("tenants", [("acme",), ("acme", "third")])
def test_lines_with_a_text_go_and_others_stay(tenants: tuple[str, ...], tmp_path: Path) -> None:
    with contextlib.closing(Journal(tmp_path / "journal", DAY)) as journal:
        for entry in ENTRIES:
            assert journal.set_aside(entry, is_whole=False)
        assert journal.count_aside(b'"ann"', tenants) == 3

        journal.cut_aside(b'"ann"', tenants)

        assert journal.count_aside(b'"ann"', tenants) == 0
        assert (journal.aside.entries, journal.aside.facts) == (4, 3)
        totals = journal.aside
    with contextlib.closing(JournalReader(tmp_path / "journal")) as reader:
        assert reader.aside() == totals
    with contextlib.closing(sqlite3.connect(tmp_path / "journal")) as connection:
        assert [(entry.count, entry.lines) for entry in kept(connection)] == [
            (1, OTHER),
            (1, MINE),
            (0, b""),
            (1, OTHER),
        ]


def test_entries_are_read_one_at_a_time_and_may_change_meanwhile() -> None:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        aside = Aside(connection, 2**20)
        aside.create()
        for entry in ENTRIES[:3]:
            assert aside.keep(entry)
        reading = kept(connection)
        assert next(reading) == ENTRIES[0]

        connection.execute("DELETE FROM set_aside WHERE sequence IN (1, 2)")
        assert aside.keep(ENTRIES[3])

        assert list(reading) == ENTRIES[2:]
