"""What a helper does, and what it and the service say to one another (`meterd.api.helper`).

Over each of its channels comes first a `Begin`, which is answered by `READY`, then body after body with what is said
about it, each of which is answered before the next one comes.
"""

import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from meterd.errors import InvalidInput, TooLarge
from meterd.memory import spare_address_space
from meterd.version import __version__

READY = b"\1"
BEGIN = struct.Struct("!I")
"""Bytes of what a helper is told at first."""
QUESTION = struct.Struct("!II")
"""Bytes of what is said about a body, and of the body."""
ANSWER = struct.Struct("!BI")
"""How a body was read, and bytes of the answer."""
_RATHER_THAN_THE_SERVICE = "500"
"""By how much likelier the system ends a helper than the service when memory runs out."""

_About = TypeVar("_About", contravariant=True)
_Result = TypeVar("_Result", covariant=True)


class Reads(Protocol[_About, _Result]):
    """Reads bodies: a struct, so that a helper can be told what it knows."""

    def read(self, body: bytes, about: _About) -> _Result:
        """Read a body, about which more is known. Raises `InvalidInput` and `TooLarge`."""


Readers = Mapping[str, tuple[type[Reads[Any, Any]], type]]
"""By their names types of readers, and of what is said about bodies."""


_Known = Mapping[str, tuple[Reads[Any, Any], "msgspec.msgpack.Decoder[Any]"]]
"""The readers of one helper, and what decodes what is said about bodies."""


class How(IntEnum):
    """How a body was read; all but the first are exceptions, of which two are told."""

    READ = 0
    INVALID_INPUT = 1
    TOO_LARGE = 2
    FAILED = 3


class Begin(msgspec.Struct, frozen=True):
    """What a helper is told at first: readers by their names. One of another version does not begin."""

    readers: dict[str, msgspec.Raw]
    version: str = __version__


class Gone(Exception):
    """The other side has closed the channel."""


def serve(readers: Readers) -> None:
    """Be a helper: read bodies that come over the sockets whose numbers are the arguments, until these are closed.

    What ends a whole group of processes does not end this one, because the service answers what is under way.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    spare_address_space()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_RATHER_THAN_THE_SERVICE, encoding="ascii")
    channels = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    threads = [threading.Thread(target=_serve, args=(channel, readers), daemon=True) for channel in channels]
    with suppress(RuntimeError):  # one that can't be started: the service notices that this process ends
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _serve(channel: socket.socket, readers: Readers) -> None:
    with channel, suppress(OSError, MemoryError, msgspec.DecodeError, Gone):
        (size,) = BEGIN.unpack(receive(channel, BEGIN.size))
        begin = msgspec.msgpack.decode(receive(channel, size), type=Begin)
        if begin.version == __version__:
            reads: _Known = {
                name: (msgspec.msgpack.decode(begin.readers[name], type=reader), msgspec.msgpack.Decoder(about))
                for name, (reader, about) in readers.items()
            }
            channel.sendall(READY)
            _read(channel, reads)


def _read(channel: socket.socket, reads: _Known) -> None:
    encode = msgspec.msgpack.Encoder().encode
    described = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
    while True:
        about_size, body_size = QUESTION.unpack(receive(channel, QUESTION.size))
        name, about = described.decode(receive(channel, about_size))
        reader, abouts = reads[name]
        how, answer = _answer(reader, receive(channel, body_size), abouts.decode(about), encode)
        channel.sendall(ANSWER.pack(how, len(answer)))
        channel.sendall(answer)


def _answer(
    reader: Reads[Any, Any], body: bytes, about: object, encode: Callable[[object], bytes]
) -> tuple[How, bytes]:
    try:
        return How.READ, encode(reader.read(body, about))
    except TooLarge as error:
        return How.TOO_LARGE, error.message.encode(errors="replace")
    except InvalidInput as error:
        return How.INVALID_INPUT, error.message.encode(errors="replace")
    except Exception:  # noqa: BLE001 - the service meets the same, and tells
        return How.FAILED, b""


def receive(channel: socket.socket, size: int, limit: Callable[[], None] = lambda: None) -> bytes:
    """Receive so many bytes. Calls `limit` before each wait. Raises `Gone` when the other side closes before."""
    received = b""
    while len(received) < size:
        limit()
        more = channel.recv(size - len(received), socket.MSG_WAITALL)  # all of it, unless a signal comes between
        if not more:
            raise Gone
        received += more
    return received
