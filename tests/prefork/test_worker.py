"""A worker process goes on hearing its parent whatever a message makes it do."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from meterd.prefork.messages import Ask, Channel, Leave, Order, Ready, Told
from meterd.prefork.worker import Worker
from meterd.supervision import PARENT, Supervisor
from meterd.telemetry import Telemetry

PATIENCE = 60.0


class Odd:
    """A gauge and a leave that fail the first time."""

    def __init__(self) -> None:
        self.asked = self.left = 0
        self.stopped = asyncio.Event()

    def value(self) -> float:
        self.asked += 1
        if self.asked == 2:
            raise OSError(5, "the disk is gone")
        return self.asked

    def leave(self) -> None:
        self.left += 1
        if self.left == 1:
            raise OSError(5, "the disk is gone")


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
def telemetry(odd: Odd) -> Telemetry:
    telemetry = Telemetry()
    telemetry.gauge("meterd_odd", "Fails once", odd.value)
    return telemetry


@pytest.fixture
async def parent(odd: Odd, telemetry: Telemetry) -> AsyncIterator[Channel]:
    """The parent's end, to which the worker has said that it is ready."""
    ours, theirs = socket.socketpair()
    worker = Worker(Order(1, theirs.detach(), ()), Supervisor(telemetry), odd.leave, odd.stopped.set)
    worker.begin()
    channel = Channel(*await asyncio.open_unix_connection(sock=ours))
    async with asyncio.timeout(PATIENCE):
        assert Ready() == await channel.receive()
        yield channel
        channel.close()
        await odd.stopped.wait()
    worker.finish()


def odd_in(told: object) -> list[float]:
    assert isinstance(told, Told)
    return [sample.value for family in told.families if family.name == "meterd_odd" for sample in family.samples]


async def test_who_asks_is_told_what_was_last_when_it_can_not_be_told(parent: Channel, telemetry: Telemetry) -> None:
    told = []
    for number in range(3):
        parent.send(Ask(number))
        told.append(odd_in(await parent.receive()))

    assert [[1], [1], [3]] == told
    assert 1 == telemetry.registry.get_sample_value("meterd_worker_failures_total", {"worker": PARENT.name})


async def test_what_one_message_raises_keeps_none_from_being_heard(parent: Channel, odd: Odd) -> None:
    for message in (Leave(), Leave(), Ask(7)):
        parent.send(message)
    told = await parent.receive()

    assert isinstance(told, Told)
    assert (7, 2) == (told.id, odd.left)
