"""Exceptions that nobody expects, in the middle of the background: it goes on, and says so."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from meterd.client import ClientClosed, DeliveryFailed
from meterd.client.connection import AsyncConnection, Connection
from meterd.client.options import Options
from meterd.client.sending import TaskSender, ThreadSender
from meterd.client.wire import Request
from tests.client.conftest import Ledger
from tests.process import Meterd
from tests.waiting import eventually

GUARDRAILS = "guardrailMetrics"


class Fault(Exception):
    """What no code expects. It can't be made again from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


class FaultyConnection(Connection):
    """Fails unexpectedly as long as `is_faulty`."""

    is_faulty = True
    faults = 0

    def send(self, request: Request) -> bytes:
        if self.is_faulty:
            self.faults += 1
            raise Fault("injected ", "fault")
        return super().send(request)


class FaultyAsyncConnection(AsyncConnection):
    is_faulty = True
    faults = 0

    async def send(self, request: Request) -> bytes:
        if self.is_faulty:
            self.faults += 1
            raise Fault("injected ", "fault")
        return await super().send(request)


class FaultyHandler(logging.Handler):
    """A program's handler that fails itself, as the standard library's do not."""

    calls = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.calls += 1
        raise Fault("no ", "log")


@pytest.fixture
def connection(options: Options) -> Iterator[FaultyConnection]:
    with FaultyConnection(options) as connection:
        yield connection


@pytest.fixture
def options(shared: Meterd) -> Options:
    limits: dict[str, Any] = {"timeout": 40, "retry_attempts": 1, "retry_timeout": 1}
    return Options(
        url=shared.url, token=shared.token, **limits, batch_size=10, flush_interval=0.02, max_buffered_rows=100
    )


def lines(ledger: Ledger) -> list[bytes]:
    """A row, encoded."""
    row = ledger.row()
    return [b'{"guardrailName": "%s", "latencyMs": 1.5}' % row["guardrailName"].encode()]


def test_a_fault_in_the_background_thread_is_raised_once_and_nothing_is_lost(
    options: Options, connection: FaultyConnection, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    sender = ThreadSender(options, connection)
    sender.put(GUARDRAILS, lines(ledger), 0)
    eventually(lambda: connection.faults > 2)
    eventually(lambda: "1 rows wait: unexpected failure of the client: Fault('injected fault')" in caplog.text)
    with pytest.raises(DeliveryFailed, match="injected fault") as caught:
        sender.raise_errors()
    assert isinstance(caught.value.__cause__, DeliveryFailed)
    assert isinstance(caught.value.__cause__.__cause__, Fault)
    with pytest.raises(DeliveryFailed):
        sender.flush()
    with pytest.raises(DeliveryFailed):
        sender.close()
    connection.is_faulty = False
    eventually(lambda: sender.waiting == 0)
    sender.close()
    assert ledger.all_stored_once()
    with pytest.raises(ClientClosed):
        sender.put(GUARDRAILS, lines(ledger), 0)


def test_a_log_that_fails_does_not_end_the_background_thread(
    options: Options, connection: FaultyConnection, ledger: Ledger
) -> None:
    logger, handler = logging.getLogger("meterd.client"), FaultyHandler()
    logger.addHandler(handler)
    try:
        sender = ThreadSender(options, connection)
        sender.put(GUARDRAILS, lines(ledger), 0)
        eventually(lambda: handler.calls > 2)
    finally:
        logger.removeHandler(handler)
    connection.is_faulty = False
    eventually(lambda: sender.waiting == 0)
    sender.close()
    assert ledger.all_stored_once()


def test_the_background_thread_ends_with_its_sender(
    options: Options, connection: FaultyConnection, ledger: Ledger
) -> None:
    before = set(threading.enumerate())
    sender = ThreadSender(options, connection)
    sender.put(GUARDRAILS, lines(ledger), 0)
    eventually(lambda: connection.faults > 0)
    (thread,) = set(threading.enumerate()) - before
    connection.is_faulty = False
    sender.close()
    assert not thread.is_alive()
    assert ledger.all_stored_once()


def test_a_fault_in_the_background_task_is_raised_once_and_nothing_is_lost(
    options: Options, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    async def program() -> None:
        connection = FaultyAsyncConnection(options)
        sender = TaskSender(options, connection)
        await sender.put(GUARDRAILS, lines(ledger), 0)
        await asyncio.to_thread(eventually, lambda: connection.faults > 2)
        with pytest.raises(DeliveryFailed, match="injected fault"):
            sender.raise_errors()
        with pytest.raises(DeliveryFailed):
            await sender.flush()
        connection.is_faulty = False
        await asyncio.to_thread(eventually, lambda: sender.waiting == 0)
        await sender.close()
        await connection.close()

    asyncio.run(program())
    assert "1 rows wait: unexpected failure of the client: Fault('injected fault')" in caplog.text
    assert ledger.all_stored_once()
