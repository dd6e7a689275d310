"""A helper: a process that reads bodies beside this one (`docs/decisions/0050-helper.md`).

Python runs on one processor in each process. A helper reads what bodies hold while this process takes the next ones and
makes facts durable. It is started when two bodies are to be read at once, keeps nothing, and is needed for nothing:
what it can't read is read here.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from enum import IntEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from meterd.errors import InvalidInput, MeterdError, TooLarge
from meterd.failpoints import reach
from meterd.memory import spare_address_space
from meterd.supervision import HELPER, Supervisor
from meterd.version import __version__

_CHANNELS = 2
"""Bodies at a helper: while one is read, the next is there already."""
_SECONDS = 60
"""Longest time for a body, and for a start."""
_READY = b"\1"
_BEGIN = struct.Struct("!I")
"""Bytes of what a helper is told at first."""
_QUESTION = struct.Struct("!II")
"""Bytes of what is said about a body, and of the body."""
_ANSWER = struct.Struct("!BI")
"""How a body was read, and bytes of the answer."""

_About = TypeVar("_About", contravariant=True)
_Result = TypeVar("_Result")
_Read = TypeVar("_Read", covariant=True)


class Reads(Protocol[_About, _Read]):
    """Reads bodies: a struct, so that a helper can be told what it knows."""

    def read(self, body: bytes, about: _About) -> _Read:
        """Read a body, about which more is known. Raises `InvalidInput` and `TooLarge`."""


class How(IntEnum):
    """How a body was read; all but the first are exceptions, of which only two have their message told."""

    READ = 0
    INVALID_INPUT = 1
    TOO_LARGE = 2
    FAILED = 3


_REFUSALS = {How.INVALID_INPUT: InvalidInput, How.TOO_LARGE: TooLarge}


class _Begin(msgspec.Struct, frozen=True):
    """What a helper is told at first: readers by their names. One of another version does not begin."""

    readers: dict[str, msgspec.Raw]
    version: str = __version__


class _Lost(Exception):
    """The other side is gone."""


class _Process(NamedTuple):
    """A helper: one channel for each body that may be at it at once, and when it was started."""

    process: "subprocess.Popen[bytes]"
    channels: tuple[socket.socket, ...]
    started: float


class Helper:
    """Has bodies read by a process of its own when there is more to read than one thread can.

    Args:
        module: what the process runs. It calls `serve`.
        supervisor: where failures are told.
    """

    def __init__(self, module: str, supervisor: Supervisor) -> None:
        self._command = [sys.executable, "-P", "-m", module]
        self._encode = msgspec.msgpack.Encoder().encode
        self._readers: dict[str, msgspec.Raw] = {}
        self._watch = supervisor.watch(HELPER)
        self._bodies = supervisor.telemetry.helper_bodies
        supervisor.telemetry.helper_processes.set_function(lambda: self._process is not None)
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._starting: list[socket.socket] = []
        self._free: list[socket.socket] = []
        self._under_way = 0
        self._rests_until = 0.0
        self._is_useful = len(os.sched_getaffinity(0)) > 1

    def reader(
        self, name: str, reader: Reads[_About, _Result], result: type[_Result]
    ) -> "HelpedReader[_About, _Result]":
        """Return what reads like the reader, here or there; before there is a body to read.

        `name` is that of its type in the module that the process runs, `result` the type of what it returns.
        """
        self._readers[name] = msgspec.Raw(self._encode(reader))
        return HelpedReader(self, name, reader, result)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count a body that is being read; two at once are what a helper is for."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def ask(self, name: str, body: bytes, about: object) -> tuple[How, bytes] | None:
        """Have a body read by the process; None when the caller must read it. Blocking."""
        with self._lock:
            channel, process = self._take(), self._process
        if process is None or channel is None:
            return None
        try:
            described = self._encode((name, about))
            channel.sendall(_QUESTION.pack(len(described), len(body)) + described)
            channel.sendall(body)
            how, size = _ANSWER.unpack(_receive(channel, _ANSWER.size))
            answer = _receive(channel, size)
        except BaseException as error:
            with self._lock:
                if self._process is process:  # nobody else has noticed
                    self._failed(MeterdError(f"its process has ended, or took longer than {_SECONDS} s for a body"))
            channel.close()
            if isinstance(error, OSError | _Lost):
                return None
            raise
        self._bodies.inc()
        with self._lock:
            if self._process is process:
                self._free.append(channel)
            else:
                channel.close()
        return How(how), answer

    def close(self) -> None:
        """End the process. Bodies that are at it are read here."""
        with self._lock:
            self._is_useful = False
            self._end()

    def _take(self) -> socket.socket | None:
        """Return a channel that is free; start a helper when there is none, and one would help. Needs the lock."""
        if self._starting:
            self._welcome()
        if self._free:
            return self._free.pop()
        is_wanted = self._under_way > 1 or self._watch.failure is not None
        if self._is_useful and is_wanted and self._process is None and time.monotonic() >= self._rests_until:
            try:
                reach(self._watch.fail_point)
                self._start()
            except OSError as error:
                self._failed(MeterdError(f"its process can't be started: {error.strerror}"))
            except Exception as error:  # noqa: BLE001 - whatever it is, the body can be read without a helper
                self._failed(error)
        return None

    def _start(self) -> None:
        """Start a helper. Raises `OSError` when the system does not let it."""
        begin = self._encode(_Begin(self._readers))
        limit = struct.pack("ll", _SECONDS, 0)
        with ExitStack() as not_started, ExitStack() as theirs:
            pairs = [socket.socketpair() for _ in range(_CHANNELS)]
            for ours, their in pairs:
                not_started.enter_context(ours)
                theirs.enter_context(their)
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
                ours.sendall(_BEGIN.pack(len(begin)) + begin)
            numbers = [their.fileno() for _, their in pairs]
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, *map(str, numbers)],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            not_started.pop_all()
        self._process = _Process(process, tuple(ours for ours, _ in pairs), time.monotonic())
        self._starting = list(self._process.channels)

    def _welcome(self) -> None:
        """Look which channels are ready by now."""
        for channel in tuple(self._starting):
            try:
                is_ready = channel.recv(len(_READY), socket.MSG_DONTWAIT) == _READY
            except BlockingIOError:
                if self._process and time.monotonic() < self._process.started + _SECONDS:
                    continue
                is_ready = False
            except OSError:
                is_ready = False
            if not is_ready:
                self._failed(MeterdError("its process does not start; restart the service if meterd was upgraded"))
                return
            self._starting.remove(channel)
            self._free.append(channel)
            self._watch.worked()

    def _failed(self, error: BaseException) -> None:
        self._end()
        self._rests_until = time.monotonic() + self._watch.failed(error).pause

    def _end(self) -> None:
        """End the process, if there is one. Who waits for it is told by the end of the channel."""
        process, self._process = self._process, None
        if process is None:
            return
        process.process.kill()
        process.process.wait()
        for channel in (*self._starting, *self._free):
            channel.close()
        self._starting, self._free = [], []


class HelpedReader(Generic[_About, _Result]):
    """Reads bodies, and has the helper read them where that is quicker."""

    def __init__(self, helper: Helper, name: str, reader: Reads[_About, _Result], result: type[_Result]) -> None:
        self._helper = helper
        self._name = name
        self._reader = reader
        self._results = msgspec.msgpack.Decoder(result)

    def read(self, body: bytes, about: _About) -> _Result:
        """Read a body, here or there. Blocking, for any thread. Raises what the reader raises."""
        with self._helper.reading():
            how, answer = self._helper.ask(self._name, body, about) or (How.FAILED, b"")
            if how is How.FAILED:
                return self._reader.read(body, about)
        if refusal := _REFUSALS.get(how):
            raise refusal(answer.decode())
        return self._results.decode(answer)


Readers = Mapping[str, tuple[type[Reads[Any, Any]], type]]
"""By their names types of readers, and of what is said about bodies."""


def serve(readers: Readers) -> None:
    """Be the helper: read bodies that come over the sockets whose numbers are the arguments, until these are closed.

    What ends a whole group of processes does not end this one, because the service answers what is under way.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    spare_address_space()
    channels = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    threads = [threading.Thread(target=_serve, args=(channel, readers)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _serve(channel: socket.socket, readers: Readers) -> None:
    encode = msgspec.msgpack.Encoder().encode
    described = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
    with channel, suppress(OSError, _Lost):
        (size,) = _BEGIN.unpack(_receive(channel, _BEGIN.size))
        begin = msgspec.msgpack.decode(_receive(channel, size), type=_Begin)
        if begin.version != __version__:
            return
        reads: dict[str, tuple[Reads[Any, Any], msgspec.msgpack.Decoder[Any]]] = {
            name: (msgspec.msgpack.decode(begin.readers[name], type=reader), msgspec.msgpack.Decoder(about))
            for name, (reader, about) in readers.items()
        }
        channel.sendall(_READY)
        while True:
            about_size, body_size = _QUESTION.unpack(_receive(channel, _QUESTION.size))
            name, about = described.decode(_receive(channel, about_size))
            reader, abouts = reads[name]
            how, answer = _answer(reader, _receive(channel, body_size), abouts.decode(about), encode)
            channel.sendall(_ANSWER.pack(how, len(answer)))
            channel.sendall(answer)


def _answer(
    reader: Reads[Any, Any], body: bytes, about: object, encode: Callable[[object], bytes]
) -> tuple[How, bytes]:
    try:
        return How.READ, encode(reader.read(body, about))
    except TooLarge as error:
        return How.TOO_LARGE, error.message.encode()
    except InvalidInput as error:
        return How.INVALID_INPUT, error.message.encode()
    except Exception:  # noqa: BLE001 - the service meets the same, and tells
        return How.FAILED, b""


def _receive(channel: socket.socket, size: int) -> bytes:
    """Receive so many bytes. Raises `_Lost` when the other side is gone before."""
    received = b""
    while len(received) < size:
        more = channel.recv(size - len(received), socket.MSG_WAITALL)  # all of it, unless a signal comes between
        if not more:
            raise _Lost
        received += more
    return received
