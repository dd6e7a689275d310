"""What the parent and a worker process tell one another, over a pair of sockets that nobody else has."""

import asyncio
import os
import struct
from collections.abc import Mapping, MutableMapping
from typing import Self

import msgspec

VARIABLE = "METERD_WORKER"
"""The variable that tells a process that it is a worker, and which."""
_MAX_BYTES = 64 * 2**20
_SIZE = struct.Struct("!I")

MAX_WORKERS = 64


class Order(msgspec.Struct, frozen=True):
    """What a worker process is told when it is started: its number from 1, and what it inherits.

    `channel` and `sockets` are file descriptors; the latter listen in the order of the settings. `grpc` is where to
    listen for gRPC: host, port and whether there is TLS. `count` is how many workers there are; a parent of an earlier
    version, whose workers are restarted, does not say it.
    """

    number: int
    channel: int
    sockets: tuple[int, ...]
    grpc: tuple[tuple[str, int, bool], ...] = ()
    count: int = MAX_WORKERS

    def to(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the worker."""
        return {**environment, VARIABLE: msgspec.json.encode(self).decode()}

    @classmethod
    def given(cls, environment: MutableMapping[str, str] = os.environ) -> Self | None:
        """Return what this process was told, and let its own children not be told the same; None when it is alone."""
        told = environment.pop(VARIABLE, None)
        return None if told is None else msgspec.json.decode(told, type=cls)


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """A value of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class Family(msgspec.Struct, frozen=True, array_like=True):
    """All values of a metric of one process, and what values of several processes are `together`."""

    name: str
    documentation: str
    type: str
    together: str
    samples: list[Sample]


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From a worker: it answers."""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """From the parent: tell your metrics. From a worker: tell those of all."""

    id: int


class Told(msgspec.Struct, frozen=True, tag=True):
    """The answer to what was asked."""

    id: int
    families: list[Family]


class Leave(msgspec.Struct, frozen=True, tag=True):
    """From the parent: let your connections go to others, then end."""


Message = Ready | Ask | Told | Leave


class ChannelClosed(Exception):
    """The other side is gone."""


def framed(message: Message) -> bytes:
    """Return a message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return _SIZE.pack(len(body)) + body


class Channel:
    """One end of the pair of sockets, in an event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = msgspec.msgpack.Decoder(Message)

    def send(self, message: Message) -> None:
        """Send a message; nobody waits until it is read."""
        self._writer.write(framed(message))

    async def receive(self) -> Message:
        """Return the next message. Raises `ChannelClosed` when there is none, or none that can be understood."""
        try:
            (size,) = _SIZE.unpack(await self._reader.readexactly(_SIZE.size))
            if size > _MAX_BYTES:
                raise ChannelClosed
            message: Message = self._decoder.decode(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, OSError, msgspec.DecodeError):
            raise ChannelClosed from None
        return message

    def close(self) -> None:
        self._writer.close()
