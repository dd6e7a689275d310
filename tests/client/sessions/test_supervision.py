"""Exceptions that nobody expects, in the threads of a session: these go on, and what was logged arrives."""

import threading
from collections.abc import Iterable, Iterator

import pytest

from meterd.client import DeliveryFailed, Session
from meterd.client.connection import Connection
from meterd.client.options import Options
from meterd.client.sessions.bodies import creation_body
from meterd.client.sessions.delivery import Delivery
from meterd.client.sessions.entries import Entry, Item, MemoryStore
from meterd.client.sessions.transport import SessionTransport
from tests.client.sessions.conftest import Read, names
from tests.process import Meterd
from tests.waiting import eventually


class Fault(Exception):
    """What no code expects."""


class FaultyStore(MemoryStore):
    """Fails unexpectedly in the method that `faulty` names."""

    faulty = ""
    faults = 0

    def _fail(self, name: str) -> None:
        if name == self.faulty:
            self.faults += 1
            raise Fault(name)

    def append(self, session: str, items: Iterable[Item]) -> None:
        self._fail("append")
        super().append(session, items)

    def first(self) -> Entry | None:
        self._fail("first")
        return super().first()

    def drop(self, entry: Entry) -> None:
        self._fail("drop")
        super().drop(entry)


class FaultyTransport(SessionTransport):
    """Fails unexpectedly as long as `is_faulty`."""

    is_faulty = False
    faults = 0

    def send(self, entry: Entry, server_id: str | None) -> str:
        if self.is_faulty:
            self.faults += 1
            raise Fault("send")
        return super().send(entry, server_id)


@pytest.fixture
def options(shared: Meterd) -> Options:
    return Options(
        url=shared.url,
        token=shared.token,
        timeout=40,
        retry_attempts=1,
        retry_timeout=1,
        batch_size=10,
        flush_interval=0.02,
        max_buffered_rows=100,
    )


@pytest.fixture
def transport(options: Options) -> Iterator[FaultyTransport]:
    with Connection(options) as connection:
        yield FaultyTransport(options, connection)


def begin(options: Options, transport: SessionTransport, store: MemoryStore) -> tuple[Session, Delivery]:
    """A session that the server has begun."""
    delivery = Delivery(options, transport, store, creation_body("p", "1", None, None))
    session = Session(delivery)
    session.flush()
    return session, delivery


@pytest.mark.parametrize("method", ["append", "first", "drop"])
def test_a_fault_of_the_store_ends_no_thread_and_loses_nothing(
    options: Options, transport: FaultyTransport, read: Read, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    store = FaultyStore()
    session, delivery = begin(options, transport, store)
    threads = {each for each in set(threading.enumerate()) - before if each.name == "meterd-session"}
    assert threads
    store.faulty = method
    session.log_event("e")
    session.log_counter("hits")
    eventually(lambda: store.faults > 2)
    with pytest.raises(Fault):
        session.flush()
    with pytest.raises(Fault):
        delivery.close()
    store.faulty = ""
    eventually(lambda: session.waiting == 0)
    delivery.close()
    shown = read(session)
    assert (["e"], ["hits"], False) == (names(shown["events"]), names(shown["metrics"]), shown["active"])
    assert not any(thread.is_alive() for thread in threads)
    assert f"unexpected failure of the client: Fault('{method}')" in caplog.text


def test_a_fault_of_the_transport_reaches_who_waits_and_loses_nothing(
    options: Options, transport: FaultyTransport, read: Read
) -> None:
    session, delivery = begin(options, transport, MemoryStore())
    transport.is_faulty = True
    session.log_event("e")
    eventually(lambda: transport.faults > 2)
    with pytest.raises(DeliveryFailed, match=r"Fault\('send'\)"):
        session.flush()
    with pytest.raises(DeliveryFailed):
        delivery.close()
    transport.is_faulty = False
    eventually(lambda: session.waiting == 0)
    delivery.close()
    assert ["e"] == names(read(session)["events"])
