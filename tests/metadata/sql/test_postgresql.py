"""PostgreSQL that ends, hangs, is read-only, or has no connection left: said at once, and over when it is over."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from meterd.errors import ConfigurationError, InvalidInput, Unavailable
from meterd.metadata import Collection
from meterd.metadata.sql import open_sql_metadata
from meterd.metadata.sql.metadata import SQLMetadata
from meterd.metadata.sql.postgresql_connections import Connector
from meterd.settings import Directory
from tests import postgresql
from tests.metadata.sql.conftest import Place
from tests.wire import Wire

OBJECTS = Collection("t", "production", "object")
_SECONDS = 30


def has_room(_size: int) -> None:
    """A disk that is not full."""


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(*postgresql.address()) as wire:
        yield wire


@pytest.fixture
def url(wire: Wire) -> str:
    """The address of an empty directory, by way of the wire."""
    host, port = postgresql.address()
    return postgresql.database().replace(f"{host}:{port}", f"{host}:{wire.port}")


@pytest.fixture
def failures() -> list[int]:
    return []


@pytest.fixture
def metadata(url: str, failures: list[int]) -> Iterator[SQLMetadata]:
    with closing(opened(url, failures)) as metadata:
        yield metadata


def recovers(metadata: SQLMetadata) -> None:
    """Wait until it answers again."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            metadata.check()
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            assert metadata.is_reachable
            return


def test_connections_that_ended_while_nobody_used_them_are_replaced_unnoticed(
    metadata: SQLMetadata, url: str, failures: list[int]
) -> None:
    metadata.check()
    assert 0 < postgresql.end_connections(url)

    assert metadata.tokens.create("alice").token
    assert [] == failures


def test_what_is_under_way_when_connections_end_is_refused_and_undone(
    metadata: SQLMetadata, url: str, failures: list[int]
) -> None:
    items = metadata.items(has_room)

    def change() -> None:
        with items.changing(OBJECTS) as changes:
            changes.put("a", b"1", "alice")
            postgresql.end_connections(url)
            changes.put("b", b"1", "alice")

    with pytest.raises(Unavailable, match="PostgreSQL does not answer"):
        change()

    recovers(metadata)
    assert [] == list(items.each(OBJECTS))
    assert [1] == failures


def test_a_server_that_is_gone_is_told_at_once_and_back_by_itself(
    metadata: SQLMetadata, wire: Wire, failures: list[int]
) -> None:
    metadata.check()
    wire.cut()
    for _ in range(3):
        with pytest.raises(Unavailable, match="PostgreSQL does not answer") as refused:
            metadata.tokens.all()
        assert refused.value.retry_after > 0
    assert not metadata.is_reachable
    assert failures

    wire.mend()
    recovers(metadata)
    assert [] == metadata.tokens.all()


def test_while_a_server_hangs_one_caller_waits_and_the_others_do_not(url: str, wire: Wire) -> None:
    with closing(opened(f"{url}?connect_timeout=600")) as metadata:
        one_caller_waits(metadata, wire)


def one_caller_waits(metadata: SQLMetadata, wire: Wire) -> None:
    wire.cut()
    with pytest.raises(Unavailable):
        metadata.check()
    wire.mend()
    wire.hang()

    with ThreadPoolExecutor(1) as threads:
        begun = Event()

        def try_it() -> None:
            begun.set()
            with pytest.raises(Unavailable):
                metadata.check()

        waiting = threads.submit(try_it)
        begun.wait()
        wire.is_asked()
        for _ in range(20):
            with pytest.raises(Unavailable):
                metadata.check()
        assert not waiting.done()
        wire.cut()
        waiting.result(_SECONDS)

    wire.mend()
    recovers(metadata)


def test_a_server_that_became_read_only_is_left(metadata: SQLMetadata, url: str) -> None:
    metadata.check()
    name = url.rpartition("/")[2]
    with closing(postgresql.administrator()) as administrator:
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgresql.end_connections(url)
        with pytest.raises(Unavailable):
            metadata.tokens.create("alice")
        administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    recovers(metadata)
    assert metadata.tokens.create("alice").token


def test_a_transaction_that_finds_itself_read_only_lets_go_of_all_connections(metadata: SQLMetadata) -> None:
    def change() -> None:
        with metadata._database.transaction("tokens") as session:
            session.connection().exec_driver_sql("SET TRANSACTION READ ONLY")
            session.connection().exec_driver_sql("CREATE TABLE it_is_a_copy (id integer)")

    with pytest.raises(Unavailable, match="takes no changes"):
        change()

    assert not metadata.is_reachable
    recovers(metadata)


def test_without_a_free_connection_a_caller_is_refused_in_a_moment(metadata: SQLMetadata, failures: list[int]) -> None:
    with metadata._database.transaction(), metadata._database.transaction():
        assert 2 == metadata.connections
        with pytest.raises(Unavailable, match=r"directory\.connections"):
            metadata.check()
        assert metadata.is_reachable, "others may have more luck"

    metadata.check()
    assert 0 == metadata.connections
    assert [1] == failures


def test_a_turn_that_does_not_come_is_refused(metadata: SQLMetadata, url: str) -> None:
    items = metadata.items(has_room)
    with closing(opened(url, timeout=1.0)) as impatient, items.changing(OBJECTS) as changes:
        changes.put("a", b"1", "alice")
        turn = impatient.items(has_room).changing(OBJECTS)
        with pytest.raises(Unavailable, match=r"directory\.timeout"), turn:
            pass

    assert [b"1"] == [each.document for each in items.each(OBJECTS)]


def test_turns_of_other_collections_are_others(metadata: SQLMetadata) -> None:
    items = metadata.items(has_room)
    with items.changing(OBJECTS) as changes, items.changing(OBJECTS._replace(tenant="u")) as others:
        changes.put("a", b"1", "alice")
        others.put("a", b"2", "bob")

    assert [b"1"] == [each.document for each in items.each(OBJECTS)]


def test_names_that_are_too_long_for_an_index_are_bad_input(metadata: SQLMetadata) -> None:
    many = "".join(map(chr, range(0x10000, 0x10000 + 512)))
    where = Collection(many[:128], many[128:256], "object")
    with pytest.raises(InvalidInput, match="shorten"), metadata.items(has_room).changing(where) as changes:
        changes.put(many, b"1", "alice")

    assert metadata.is_reachable


class TestElections:
    def test_one_leads_until_it_resigns(self, url: str) -> None:
        with closing(opened(url)) as first, closing(opened(url)) as second:
            one, other = first.election("work"), second.election("work")
            assert [True, True, False] == [one.lead(), one.lead(), other.lead()]
            another = second.election("other work")
            assert another.lead()
            another.resign()

            one.resign()
            assert [True, False] == [other.lead(), one.lead()]
            one.resign()
            other.resign()

    def test_who_is_cut_off_finds_out_before_its_next_round(self, metadata: SQLMetadata, wire: Wire) -> None:
        one = metadata.election("work")
        assert one.lead()
        wire.cut()
        assert not one.lead()
        wire.mend()
        assert one.lead()
        one.resign()

    def test_another_leads_when_the_connection_of_the_first_has_ended(self, metadata: SQLMetadata, url: str) -> None:
        one, other = metadata.election("work"), metadata.election("work")
        assert one.lead()
        assert not other.lead()
        postgresql.end_connections(url)

        assert [False, True, False] == [other.lead(), other.lead(), one.lead()]
        other.resign()
        one.resign()


def opened(url: str, failures: list[int] | None = None, timeout: float = 20.0) -> SQLMetadata:
    """Open it; the time-out is one that a busy machine keeps, but where it is to pass."""
    settings = Directory(url=url, connections=2, timeout=timeout)
    return open_sql_metadata(Place.NOWHERE, settings, lambda: failures.append(1) if failures is not None else None)


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            (Directory(url="postgresql://u:se%cret@host:port/x"), r"directory\.url must be an address such as"),
            (Directory(url="postgresql://u@h/x?password=secret"), r"set PGPASSWORD or directory\.password-file"),
            (Directory(url="postgresql://u@h/x?passw%6frd=secret"), r"set PGPASSWORD or directory\.password-file"),
            (Directory(url="postgresql://u:a/secret@h:5432/x"), "a password with / must be %2F"),
            (Directory(url="postgresql://u:5/secret@h:5432/x"), "a password with / must be %2F"),
            (Directory(url="mysql://u:secret@h/x"), r"directory\.url must be sqlite: or postgresql:"),
            (Directory(url="postgresql://u@h/x", password_file="/nowhere/password"), "can't read /nowhere/password"),
            (Directory(url="postgresql://u:secret@127.0.0.1:1/x"), "can't open the directory postgresql://127.0.0.1/x"),
        ],
    )
    def test_that_can_not_be_used_are_a_sentence_without_the_password(self, settings: Directory, says: str) -> None:
        with pytest.raises(ConfigurationError, match=says) as refused:
            open_sql_metadata(Place.NOWHERE, settings)
        assert "secret" not in str(refused.value)

    def test_a_password_is_read_from_its_file_at_each_connection(self, tmp_path: Path) -> None:
        url, password = postgresql.database(), tmp_path / "password"
        password.write_text("first\n")
        connector = Connector(Directory(url=url, password_file=str(password)))
        for text in ("first", "second"):
            password.write_text(f"{text}\n")
            with closing(connector.connect()) as connection:
                assert text == connection.info.password

    def test_nothing_is_waited_for_without_an_end(self, metadata: SQLMetadata) -> None:
        with metadata._database.transaction() as session:
            limits = [
                session.connection().exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            ]
        assert ["20s", "20s", "1min"] == limits

    def test_another_encoding_than_utf8_is_refused(self) -> None:
        url = postgresql.blank_database()
        name = f"{url.rpartition('/')[2]}_latin1"
        with closing(postgresql.administrator()) as administrator:
            administrator.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        with pytest.raises(ConfigurationError, match="must have the encoding UTF8, it has LATIN1"):
            opened(url.rpartition("/")[0] + f"/{name}")
