"""Documents of sessions."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import SQLAlchemyError

from meterd.metadata import SessionDocument, SessionDocuments
from tests.metadata.sql.conftest import Place

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def documents(place: Place) -> SessionDocuments:
    return place.open().sessions


def stored(
    id_: str, document: bytes = b"{}", tenant: str = "t", machine: str | None = None, minutes: int = 0
) -> SessionDocument:
    created_at = NOON + timedelta(minutes=minutes)
    return SessionDocument(id_, tenant, machine, created_at, created_at, document)


def test_a_document_is_found_by_its_id(documents: SessionDocuments) -> None:
    documents.save([stored("a", b"1"), stored("b", b"\x00\xff")], 1)

    assert b"1" == documents.find("a")
    assert b"\x00\xff" == documents.find("b")
    assert documents.find("c") is None


@pytest.mark.parametrize("count", [0, 1, 1001])
def test_documents_of_many_ids_are_found_at_once(count: int, documents: SessionDocuments) -> None:
    documents.save([stored(f"{number}", b"%d" % number) for number in range(count + 1)], 1)

    found = documents.find_many([f"{number}" for number in range(count)] + ["none"])

    assert sorted(b"%d" % number for number in range(count)) == sorted(found)


def test_a_document_is_replaced_by_a_later_one(documents: SessionDocuments) -> None:
    documents.save([stored("a", b"1", machine=None)], 1)
    documents.save([stored("a", b"2", machine="m")], 2)

    assert b"2" == documents.find("a")
    assert [b"2"] == documents.of_machine("t", "m")
    assert [b"2"] == documents.page("t", None, 10)


def test_progress_is_nothing_before_the_first_document_and_then_the_last_position(documents: SessionDocuments) -> None:
    assert 0 == documents.progress()

    documents.save([], 2**62)
    assert 2**62 == documents.progress()

    documents.save([], 5)
    assert 5 == documents.progress()


def test_what_was_saved_is_there_when_the_directory_is_opened_again(place: Place) -> None:
    first = place.open()
    first.sessions.save([stored("a", b"1")], 7)
    first.close()

    again = place.open()
    assert b"1" == again.sessions.find("a")
    assert 7 == again.sessions.progress()


def test_documents_and_progress_are_saved_together_or_not_at_all(documents: SessionDocuments) -> None:
    documents.save([stored("a", b"1")], 1)
    impossible = SessionDocument("b", "t", None, NOON, NOON, None)  # type: ignore[arg-type]

    with pytest.raises(SQLAlchemyError):
        documents.save([stored("a", b"2"), impossible], 2)

    assert b"1" == documents.find("a")
    assert 1 == documents.progress()


def test_a_directory_that_cannot_be_written_keeps_what_it_has(file: Place) -> None:
    documents = file.open().sessions
    documents.save([stored("a", b"1")], 1)
    other = sqlite3.connect(file.path)
    other.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END")
    other.commit()

    with pytest.raises(SQLAlchemyError):
        documents.save([stored("a", b"2")], 2)

    other.close()
    assert b"1" == documents.find("a")
    assert 1 == documents.progress()


def test_documents_of_a_machine_are_those_of_the_tenant(documents: SessionDocuments) -> None:
    documents.save(
        [
            stored("a", b"1", machine="m"),
            stored("b", b"2", machine="m"),
            stored("c", b"3", machine="n"),
            stored("d", b"4", tenant="other", machine="m"),
            stored("e", b"5"),
        ],
        1,
    )

    assert [b"1", b"2"] == sorted(documents.of_machine("t", "m"))
    assert [b"4"] == documents.of_machine("other", "m")
    assert [] == documents.of_machine("t", "")


def test_pages_go_on_where_the_last_one_ended(documents: SessionDocuments) -> None:
    documents.save(
        [
            stored("c", b"3", minutes=1),
            stored("a", b"1"),
            stored("b", b"2", minutes=1),
            stored("d", b"4", minutes=2),
            stored("x", b"x", tenant="other"),
        ],
        1,
    )

    assert [b"1", b"2"] == documents.page("t", None, 2)
    assert [b"3", b"4"] == documents.page("t", (NOON + timedelta(minutes=1), "b"), 2)
    assert [] == documents.page("t", (NOON + timedelta(minutes=2), "d"), 2)
    assert [b"x"] == documents.page("other", None, 2)


def test_pages_compare_times_not_their_offsets(documents: SessionDocuments) -> None:
    documents.save([stored("a", b"1"), stored("b", b"2", minutes=1)], 1)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))

    assert [b"2"] == documents.page("t", (elsewhere, "a"), 2)


@pytest.mark.parametrize("text", ["'; DROP TABLE sessions; --", "a\0b", "😀" * 100, "x" * 256, "%", "_"])
def test_any_text_names_exactly_one_document(documents: SessionDocuments, text: str) -> None:
    documents.save([stored("plain", b"0", machine="plain"), stored(text, b"1", text, text)], 1)

    assert b"1" == documents.find(text)
    assert [b"1"] == documents.of_machine(text, text)
    assert [b"1"] == documents.page(text, None, 10)


def test_a_file_takes_names_of_any_length(file: Place) -> None:
    documents, text = file.open().sessions, "x" * 2**20
    documents.save([stored(text, b"1", text, text)], 1)

    assert ([b"1"], [b"1"], b"1") == (
        documents.of_machine(text, text),
        documents.page(text, None, 10),
        documents.find(text),
    )


def test_many_documents_are_saved_at_once(documents: SessionDocuments) -> None:
    documents.save([stored(f"{number:05}", b"%d" % number) for number in range(2000)], 1)

    assert [b"%d" % number for number in range(2000)] == documents.page("t", None, 5000)


def test_threads_save_side_by_side(documents: SessionDocuments) -> None:
    def save(number: int) -> None:
        documents.save([stored("same", b"%d" % number), stored(f"own-{number}", b"%d" % number)], number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save, range(1, 41)))

    assert 41 == len(documents.page("t", None, 100))
    assert documents.find("same") == b"%d" % documents.progress()


def test_documents_of_sessions_that_were_silent_for_long_are_deleted(documents: SessionDocuments) -> None:
    documents.save([stored("old"), stored("new", minutes=2)], 1)

    assert 1 == documents.delete_before(NOON + timedelta(minutes=1))

    assert (None, b"{}") == (documents.find("old"), documents.find("new"))
    assert NOON + timedelta(minutes=1) == documents.deleted_before


@pytest.mark.parametrize("old", [1000, 1001])
def test_many_documents_are_deleted_in_portions(old: int, documents: SessionDocuments) -> None:
    documents.save([stored(f"old-{number}") for number in range(old)] + [stored("new", minutes=2)], 1)

    assert old == documents.delete_before(NOON + timedelta(minutes=1))

    assert 0 == documents.delete_before(NOON + timedelta(minutes=1))
    assert [b"{}"] == documents.page("t", None, 9)


def test_the_newest_documents_since_a_time_come_first(documents: SessionDocuments) -> None:
    documents.save([stored(str(each), str(each).encode(), minutes=each // 2) for each in range(6)], 1)
    documents.save([stored("other", tenant="u", minutes=9)], 2)

    assert [b"5", b"4", b"3"] == documents.newest("t", None, None, 3)
    assert [b"3", b"2"] == documents.newest("t", NOON + timedelta(minutes=1), None, 9)[2:]
    assert [b"2", b"1", b"0"] == documents.newest("t", None, (NOON + timedelta(minutes=1), "3"), 9)
    assert [b"1", b"0"] == documents.newest("t", None, (NOON + timedelta(minutes=1), ""), 9)
