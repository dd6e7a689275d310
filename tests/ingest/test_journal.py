import contextlib
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from meterd.ingest.entries import Entry, Piece
from meterd.ingest.facts import Facts, Receipt, Submission
from meterd.ingest.journal import Journal, JournalReader

DAY = 86_400.0
VERSIONS = sorted(Path(__file__).parent.glob("journals/*.sql"))
"""Journals as released versions wrote them; one that changes the format adds what the version before it wrote."""


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 64 KiB: what a full disk does to a database that writes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path, DAY)
    yield journal
    journal.close()


@pytest.fixture
def reader(journal: Journal, path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    yield reader
    reader.close()


def facts(*lines: str, dataset: str = "meter_events", tenant: str = "acme") -> Facts:
    return Facts(dataset, tenant, "".join(f"{line}\n" for line in lines).encode(), len(lines))


def journal_of_an_earlier_version(path: Path, *entries: tuple[str, str, int, bytes]) -> None:
    """Entries that do not say how they are encoded."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE entries (sequence INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, "
            "tenant TEXT NOT NULL, count INTEGER NOT NULL, lines BLOB NOT NULL)"
        )
        connection.executemany("INSERT INTO entries (dataset, tenant, count, lines) VALUES (?, ?, ?, ?)", entries)


def identified(*lines: str) -> Facts:
    """Facts whose identity is their first letter; none for those that start with a dash."""
    identities = tuple(None if line[0] == "-" else line[0].encode() * 16 for line in lines)
    return Facts(
        "guardrail_evaluations", "acme", "".join(f"{line}\n" for line in lines).encode(), len(lines), identities
    )


def one(*parts: Facts, key: bytes | None = None, response: bytes = b"") -> Submission:
    return Submission(parts, key, response)


def everything(reader: JournalReader, after: int = 0) -> list[Entry]:
    return reader.read(after, 2**30)


class TestCommit:
    def test_what_was_committed_can_be_read(self, journal: Journal, reader: JournalReader) -> None:
        committed = journal.commit([one(facts("a", "b"))])

        assert [Entry(1, "meter_events", "acme", 2, b"a\nb\n")] == everything(reader)
        assert (committed.end, committed.size, committed.added) == (1, 4, {"meter_events": 2})
        assert journal.end == 1

    def test_a_group_becomes_one_entry_for_each_dataset_and_tenant(
        self, journal: Journal, reader: JournalReader
    ) -> None:
        committed = journal.commit(
            [
                one(facts("a"), facts("b", dataset="guardrail_evaluations")),
                one(facts("c", tenant="other")),
                one(facts("d")),
            ]
        )

        assert {
            ("meter_events", "acme", 2, b"a\nd\n"),
            ("meter_events", "other", 1, b"c\n"),
            ("guardrail_evaluations", "acme", 1, b"b\n"),
        } == {(each.dataset, each.tenant, each.count, each.lines) for each in everything(reader)}
        assert committed.added == {"meter_events": 3, "guardrail_evaluations": 1}
        assert max(each.sequence for each in everything(reader)) == committed.end == journal.end

    def test_lines_of_two_encodings_are_two_entries(self, journal: Journal, reader: JournalReader) -> None:
        packed = Facts("meter_events", "acme", b'{"each":{}}\n', 7, encoding="packed")
        committed = journal.commit([one(facts("a")), one(packed), one(facts("b")), one(packed)])

        assert {("lines", 2, b"a\nb\n"), ("packed", 14, packed.lines * 2)} == {
            (each.encoding, each.count, each.lines) for each in everything(reader)
        }
        assert committed.added == {"meter_events": 16}

    def test_every_submission_gets_its_receipt_in_order(self, journal: Journal) -> None:
        committed = journal.commit([one(facts("a"), response=b"1"), one(response=b"2"), one(facts("b"), response=b"3")])

        assert [Receipt(b"1"), Receipt(b"2"), Receipt(b"3")] == committed.receipts

    def test_nothing_new_is_no_entry(self, journal: Journal, reader: JournalReader) -> None:
        journal.commit([one(facts("a"))])

        committed = journal.commit([one(), one(facts())])

        assert (committed.end, committed.size) == (1, 0)
        assert len(everything(reader)) == 1

    def test_survives_being_opened_again(self, path: Path) -> None:
        for number in range(3):
            with contextlib.closing(Journal(path, DAY)) as journal:
                assert number == journal.end
                journal.commit([one(facts("a"))])

        with contextlib.closing(JournalReader(path)) as reader:
            assert [entry.sequence for entry in everything(reader)] == [1, 2, 3]

    def test_is_safe_after_power_loss(self, journal: Journal, path: Path) -> None:
        journal.commit([one(facts("a"))])

        with contextlib.closing(sqlite3.connect(path)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert path.with_name("journal.sqlite-wal").stat().st_size > 0


class TestIdentities:
    def test_a_known_fact_is_accepted_and_not_stored_again(self, journal: Journal, reader: JournalReader) -> None:
        journal.commit([one(identified("a1"))])

        committed = journal.commit([one(identified("a2", "b1"), response=b"yes")])

        assert [Receipt(b"yes", known=1)] == committed.receipts
        assert (committed.added, committed.known) == ({"guardrail_evaluations": 1}, {"guardrail_evaluations": 1})
        assert [entry.lines for entry in everything(reader)] == [b"a1\n", b"b1\n"]

    def test_repetitions_within_a_group_and_within_a_submission_count(
        self, journal: Journal, reader: JournalReader
    ) -> None:
        committed = journal.commit([one(identified("a1", "b1", "a2")), one(identified("b2", "c1"))])

        assert committed.known == {"guardrail_evaluations": 2}
        assert [1, 1] == [receipt.known for receipt in committed.receipts]
        assert [Entry(1, "guardrail_evaluations", "acme", 3, b"a1\nb1\nc1\n")] == everything(reader)

    def test_facts_without_identity_are_all_distinct(self, journal: Journal, reader: JournalReader) -> None:
        journal.commit([one(identified("-x", "a1", "-x"))])
        journal.commit([one(identified("-x", "a2"))])

        assert [entry.lines for entry in everything(reader)] == [b"-x\na1\n-x\n", b"-x\n"]

    def test_only_known_facts_are_no_entry(self, journal: Journal) -> None:
        journal.commit([one(identified("a1"))])

        committed = journal.commit([one(identified("a2"))])

        assert (committed.end, committed.size) == (1, 0)
        assert committed.added.get("guardrail_evaluations", 0) == 0

    def test_they_are_remembered_past_a_restart_and_past_trimming(self, path: Path) -> None:
        with contextlib.closing(Journal(path, DAY)) as journal:
            journal.commit([one(identified("a1"))])
            journal.trim(1)

        with contextlib.closing(Journal(path, DAY)) as journal:
            assert journal.commit([one(identified("a2"))]).known == {"guardrail_evaluations": 1}

    @pytest.mark.parametrize("restarts", [False, True])
    def test_they_are_remembered_whatever_the_wall_clock_does(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, restarts: bool
    ) -> None:
        midnight, in_2039 = 1_780_012_800.0, 2_180_000_000.0
        journal = Journal(path, DAY)
        clocks = [midnight + 60, midnight - 60, in_2039, midnight - 60, midnight + 60, 0.0, midnight + 60]
        for number, now in enumerate(clocks):
            monkeypatch.setattr("time.time", lambda now=now: now)
            if restarts:
                journal.close()
                journal = Journal(path, DAY)

            (fact, request) = journal.commit([one(identified("a1")), one(facts("b"), key=b"k")]).receipts

            assert (fact.known, request.is_repetition) == (min(number, 1), number > 0)
        journal.close()

    def test_a_changed_window_forgets_nothing(self, path: Path) -> None:
        for number, window in enumerate([DAY, 2 * DAY, DAY, DAY / 24, 30 * DAY]):
            with contextlib.closing(Journal(path, window)) as journal:
                (fact, request) = journal.commit([one(identified("a1")), one(facts("b"), key=b"k")]).receipts

            assert (fact.known, request.is_repetition) == (min(number, 1), number > 0)


class TestKeyedRequests:
    def test_a_repeated_key_gets_the_first_answer_and_adds_nothing(
        self, journal: Journal, reader: JournalReader
    ) -> None:
        journal.commit([one(facts("a"), key=b"k", response=b"first")])

        committed = journal.commit([one(facts("b", "c"), key=b"k", response=b"second")])

        assert [Receipt(b"first", is_repetition=True)] == committed.receipts
        assert [entry.lines for entry in everything(reader)] == [b"a\n"]

    def test_a_key_may_repeat_within_a_group(self, journal: Journal, reader: JournalReader) -> None:
        committed = journal.commit(
            [
                one(facts("a"), key=b"k", response=b"1"),
                one(facts("b"), key=b"k", response=b"2"),
                one(facts("c"), key=b"l"),
            ]
        )

        assert [Receipt(b"1"), Receipt(b"1", is_repetition=True), Receipt(b"")] == committed.receipts
        assert [entry.lines for entry in everything(reader)] == [b"a\nc\n"]

    def test_a_repeated_key_is_told_how_many_facts_were_known_at_first(self, journal: Journal) -> None:
        journal.commit([one(identified("a1", "b1"))])

        first = journal.commit([one(identified("a2", "b2", "c1"), facts("d"), key=b"k", response=b"first")])
        again = journal.commit([one(identified("a2", "b2", "c1"), facts("d"), key=b"k", response=b"second")])

        assert [Receipt(b"first", known=2)] == first.receipts
        assert [Receipt(b"first", known=2, is_repetition=True)] == again.receipts

    def test_a_submission_without_facts_keeps_its_answer_too(self, journal: Journal) -> None:
        journal.commit([one(key=b"k", response=b"none")])

        again = journal.commit([one(facts("a"), key=b"k", response=b"one")])

        assert [Receipt(b"none", is_repetition=True)] == again.receipts

    def test_a_known_key_does_not_make_its_facts_known(self, journal: Journal) -> None:
        journal.commit([one(identified("a1"), key=b"k")])
        journal.commit([one(identified("b1"), key=b"k")])

        assert journal.commit([one(identified("b1"))]).added == {"guardrail_evaluations": 1}


class TestSequence:
    def test_numbers_only_grow_past_trimming(self, path: Path) -> None:
        with contextlib.closing(Journal(path, DAY)) as journal:
            journal.commit([one(facts("a"))])
            journal.commit([one(facts("b"))])
            journal.trim(2)

        with contextlib.closing(Journal(path, DAY)) as journal:
            assert journal.end == 2
            assert journal.commit([one(facts("c"))]).end == 3

    def test_a_lost_journal_starts_above_the_store(self, path: Path) -> None:
        with contextlib.closing(Journal(path, DAY, after=41)) as journal:
            assert journal.end == 41
            assert journal.commit([one(facts("a"))]).end == 42

    def test_a_journal_behind_the_store_goes_on_above_it(self, path: Path) -> None:
        with contextlib.closing(Journal(path, DAY)) as journal:
            journal.commit([one(facts("a"))])

        with contextlib.closing(Journal(path, DAY, after=41)) as journal:
            assert journal.commit([one(facts("b"))]).end == 42

    def test_a_journal_ahead_of_the_store_keeps_its_numbers(self, path: Path) -> None:
        with contextlib.closing(Journal(path, DAY, after=41)) as journal:
            journal.commit([one(facts("a"))])

        with contextlib.closing(Journal(path, DAY, after=3)) as journal:
            assert journal.end == 42


class TestUpgrade:
    def test_a_journal_of_an_earlier_version_goes_on(self, path: Path) -> None:
        journal_of_an_earlier_version(path, ("meter_events", "acme", 3, b'{}\n{"each":{}}\n'))
        for number in range(2):
            with contextlib.closing(Journal(path, DAY)) as journal:
                assert number + 2 == journal.commit([one(facts("a"))]).end

        with contextlib.closing(JournalReader(path)) as reader:
            assert ["mixed", "lines", "lines"] == [entry.encoding for entry in everything(reader)]
            pieces = [Piece("lines", b"{}\n", 1, 1), Piece("packed", b'{"each":{}}\n', 2, 1)]
            assert pieces == everything(reader)[0].pieces()

    @pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.stem)
    def test_what_a_released_version_wrote_is_whole_and_goes_on(self, version: Path, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(version.read_text())

        with contextlib.closing(Journal(path, DAY)) as journal, contextlib.closing(JournalReader(path)) as reader:
            entries = everything(reader)
            assert [(1, ""), (1, ""), (2, "")] == [(entry.count, entry.problem) for entry in entries]
            assert ["lines", "lines", "packed"] == [entry.encoding for entry in entries]
            known = Facts("model_calls", "acme", b"{}\n", 1, (b"i" * 16,))
            assert [Receipt(b"", 1)] == journal.commit([one(known)]).receipts
            assert [Receipt(b"{}", 0, is_repetition=True)] == journal.commit([one(known, key=b"k" * 16)]).receipts
            assert 4 == journal.commit([one(facts("a"))]).end
            assert journal.set_aside(everything(reader, 3)[0], is_whole=False)
            assert 2 == reader.aside().entries


class TestReader:
    def test_reads_on_after_a_number(self, journal: Journal, reader: JournalReader) -> None:
        for line in "abc":
            journal.commit([one(facts(line))])

        assert [entry.lines for entry in everything(reader, after=1)] == [b"b\n", b"c\n"]
        assert everything(reader, after=3) == []

    def test_reads_about_a_size_but_at_least_one_entry(self, journal: Journal, reader: JournalReader) -> None:
        for _ in range(4):
            journal.commit([one(facts("x" * 99))])

        assert [entry.sequence for entry in reader.read(0, 1)] == [1]
        assert [entry.sequence for entry in reader.read(0, 150)] == [1, 2]

    def test_tells_the_size_of_what_is_left(self, journal: Journal, reader: JournalReader) -> None:
        for _ in range(3):
            journal.commit([one(facts("x" * 9))])

        assert reader.size(0, 3) == 30
        assert reader.size(0, 2) == 20
        assert reader.size(2, 3) == 10
        assert reader.size(3, 3) == 0

    def test_trimming_forgets_up_to_a_number(self, journal: Journal, reader: JournalReader) -> None:
        for line in "abc":
            journal.commit([one(facts(line))])

        journal.trim(2)

        assert [entry.sequence for entry in everything(reader)] == [3]

    def test_creates_no_journal(self, path: Path) -> None:
        with pytest.raises(sqlite3.OperationalError):
            JournalReader(path).read(0, 1)

        assert not path.exists()


class TestFullDisk:
    @pytest.mark.parametrize("fill", [facts("x" * 10**6), identified("x" * 10**6)], ids=["plain", "identified"])
    def test_a_commit_that_fails_keeps_nothing_of_its_group(
        self, journal: Journal, reader: JournalReader, fill: Facts
    ) -> None:
        journal.commit([one(facts("before"), identified("a1"))])

        with full_disk(), pytest.raises(sqlite3.Error):
            journal.commit([one(facts("small"), key=b"k", response=b"lost"), one(identified("b1")), one(fill)])

        assert journal.end == 2
        assert [entry.sequence for entry in everything(reader)] == [1, 2]

        committed = journal.commit([one(facts("after"), key=b"k", response=b"kept"), one(identified("b1", "x1", "a2"))])
        assert Receipt(b"kept") == committed.receipts[0]
        assert committed.known == {"guardrail_evaluations": 1}
        assert {b"after\n", b"b1\nx1\n"} == {entry.lines for entry in everything(reader, after=2)}

    def test_a_first_commit_that_fails_spoils_no_later_one(self, journal: Journal, reader: JournalReader) -> None:
        with full_disk(), pytest.raises(sqlite3.Error):
            journal.commit([one(identified("a" * 10**6))])

        journal.commit([one(identified("a1"), key=b"k")])

        assert [entry.lines for entry in everything(reader)] == [b"a1\n"]

    def test_a_probe_writes_for_real_and_leaves_nothing(self, journal: Journal, reader: JournalReader) -> None:
        journal.probe()
        assert everything(reader) == []

        journal.commit([one(facts("x" * 200_000))])
        with full_disk(), pytest.raises(sqlite3.Error):
            journal.probe()
        journal.probe()
