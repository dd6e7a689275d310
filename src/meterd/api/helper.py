"""A helper: a process that reads bodies beside this one (`docs/decisions/0050-helper.md`).

Python runs on one processor in each process. A helper reads what bodies hold while this process takes the next ones and
makes facts durable. It is started when two bodies are to be read at once, keeps nothing, and is needed for nothing:
what it can't read is read here.
"""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Generic, NamedTuple, TypeVar

import msgspec

from meterd import processors
from meterd.api.helper_process import ANSWER, BEGIN, QUESTION, READY, Begin, Gone, How, Reads, receive
from meterd.errors import InvalidInput, MeterdError, TooLarge
from meterd.failpoints import reach
from meterd.supervision import HELPER, Supervisor

_CHANNELS = 2
"""Bodies at a helper: while one is read, the next is there already."""
_START_SECONDS = 60.0
"""Longest time for a start."""
_OF_THE_SERVICE = "METERD_"
"""How variables begin that are settings, and may be secrets."""
_ENDED = "its process ended"
_NOT_STARTED = "its process does not start; restart the service if meterd was upgraded"
_REFUSALS = {How.INVALID_INPUT: InvalidInput, How.TOO_LARGE: TooLarge}

_About = TypeVar("_About", contravariant=True)
_Result = TypeVar("_Result")


class _Late(Exception):
    """A body took too long."""


class _Process(NamedTuple):
    """A helper: one channel for each body that may be at it at once, and when it was started."""

    process: "subprocess.Popen[bytes]"
    channels: tuple[socket.socket, ...]
    started: float

    @property
    def runs(self) -> bool:
        return self.process.poll() is None


class Helper:
    """Has bodies read by a process of its own when there is more to read than one thread can.

    Args:
        module: what the process runs. It calls `serve`.
        seconds: longest time for a body.
        supervisor: where failures are told.
    """

    def __init__(self, module: str, seconds: float, supervisor: Supervisor) -> None:
        self._command = [sys.executable, "-P", "-m", module]
        self._seconds = seconds
        self._encode = msgspec.msgpack.Encoder().encode
        self._readers: dict[str, msgspec.Raw] = {}
        self._watch = supervisor.watch(HELPER)
        self._bodies = supervisor.telemetry.helper_bodies
        supervisor.telemetry.helper_processes.set_function(self._count)
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._starting: list[socket.socket] = []
        self._free: list[socket.socket] = []
        self._under_way = 0
        self._rests_until = 0.0
        self._is_useful = processors.available() > 1

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

    def ask(self, name: str, body: bytes, about: object) -> tuple[How, bytes]:
        """Have a body read by the process, if it has room. Blocking, for `seconds` at most."""
        with self._lock:
            self._find_ready()
            process, channel = self._process, self._free.pop() if self._free else None
            if process is None:
                self._start_if_wanted()
        if process is None or channel is None:
            return How.FAILED, b""
        try:
            how, answer = self._exchange(channel, self._encode((name, about)), body)
        except BaseException as error:
            is_late = isinstance(error, BlockingIOError | _Late)
            reason = f"its process took longer than {self._seconds:g} s for a body" if is_late else _ENDED
            with self._lock:
                if self._process is process:  # nobody else has noticed
                    self._failed(MeterdError(reason))
            channel.close()
            if isinstance(error, OSError | Gone | _Late):
                return How.FAILED, b""
            raise
        with self._lock:
            if self._process is process:
                self._free.append(channel)
                self._watch.worked()
            else:
                channel.close()
        if how is not How.FAILED:
            self._bodies.inc()
        return how, answer

    def close(self) -> None:
        """End the process. Bodies that are at it are read here."""
        with self._lock:
            self._is_useful = False
            self._end()

    def _count(self) -> int:
        process = self._process
        return 1 if process and process.runs else 0

    def _exchange(self, channel: socket.socket, about: bytes, body: bytes) -> tuple[How, bytes]:
        """Send a body and receive the answer. Raises `_Late` and `Gone`, and `OSError` for either."""
        until = time.monotonic() + self._seconds

        def limit() -> None:
            left = until - time.monotonic()
            if left <= 0:
                raise _Late
            limited = struct.pack("ll", int(left), int(left % 1 * 1e6) or 1)
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limited)
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limited)

        for part in (QUESTION.pack(len(about), len(body)) + about, body):
            view = memoryview(part)
            while view:
                limit()
                view = view[channel.send(view) :]
        how, size = ANSWER.unpack(receive(channel, ANSWER.size, limit))
        return How(how), receive(channel, size, limit)

    def _find_ready(self) -> None:
        """Look which channels can be used by now. Needs the lock, as all of the following."""
        for channel in tuple(self._starting):
            try:
                is_ready = channel.recv(len(READY), socket.MSG_DONTWAIT) == READY
            except BlockingIOError:
                if self._process and time.monotonic() < self._process.started + _START_SECONDS:
                    continue
                is_ready = False
            except OSError:
                is_ready = False
            if not is_ready:
                has_begun = len(self._starting) < _CHANNELS
                self._failed(MeterdError(_ENDED if has_begun else _NOT_STARTED))
                return
            self._starting.remove(channel)
            self._free.append(channel)

    def _start_if_wanted(self) -> None:
        """Start a helper if it would help, or if one was lost, after a pause for each failure."""
        is_wanted = self._under_way > 1 or self._watch.failure is not None
        if not (self._is_useful and is_wanted) or time.monotonic() < self._rests_until:
            return
        try:
            reach(self._watch.fail_point)
            self._start()
        except OSError as error:
            self._failed(MeterdError(f"its process can't be started: {error.strerror}"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the body can be read without a helper
            self._failed(error)

    def _start(self) -> None:
        """Start a helper, in a group of its own: what a terminal interrupts is not for it. Raises `OSError`."""
        told = self._encode(Begin(self._readers))
        begin = BEGIN.pack(len(told)) + told
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_SERVICE)}
        with ExitStack() as not_started, ExitStack() as theirs:
            pairs = [socket.socketpair() for _ in range(_CHANNELS)]
            for ours, their in pairs:
                not_started.enter_context(ours)
                theirs.enter_context(their)
                if ours.send(begin, socket.MSG_DONTWAIT) < len(begin):
                    raise MeterdError("settings for readers are too long to be passed on")
            numbers = [their.fileno() for _, their in pairs]
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, *map(str, numbers)],
                env=environment,
                pass_fds=numbers,
                process_group=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            not_started.pop_all()
        self._process = _Process(process, tuple(ours for ours, _ in pairs), time.monotonic())
        self._starting = list(self._process.channels)

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
            how, answer = self._helper.ask(self._name, body, about)
            if how is How.FAILED:
                return self._reader.read(body, about)
        if refusal := _REFUSALS.get(how):
            raise refusal(answer.decode())
        return self._results.decode(answer)
