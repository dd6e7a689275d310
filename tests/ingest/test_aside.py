"""Lines that are set aside can be taken away by what is in them."""

import contextlib
from pathlib import Path

import pytest

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
    with contextlib.closing(JournalReader(tmp_path / "journal")) as reader:
        assert [entry.lines for entry in reader.aside()] == [OTHER, MINE, b"", OTHER]
        assert [entry.count for entry in reader.aside()] == [1, 1, 0, 1]
