"""The parent of worker processes: starts them, keeps them at work, restarts them one after the other, and ends them."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
from collections.abc import Callable, Sequence

import structlog

from meterd.prefork.merging import left_behind, merged
from meterd.prefork.messages import Ask, Channel, ChannelClosed, Family, Leave, Order, Ready, Sample, Told

log = structlog.get_logger()

_MAX_PAUSE = 30.0
_STEADY_SECONDS = 60.0
"""A process that worked for so long is started again at once when it ends; the pause after others doubles."""
_STOP_SECONDS = 110.0
"""How long processes may take to end; then they are killed, and the next start loads what their journals hold."""
_RESTART_SECONDS = 240.0
"""How long a process may take to end, and the next one to be ready, while they are restarted."""
_ASK_SECONDS = 2.0
"""How long a process may take to tell its metrics; then what it told last counts."""
RESTARTS = "meterd_process_restarts"


class Child:
    """A worker process that runs."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.number = number
        self.process = process
        self.is_leaving = False
        self.families: list[Family] = []
        self._is_silent = False
        self._channel = channel
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[None]] = {}

    async def listen(self, ready: Callable[[], None], gather: Callable[["Child", int], None]) -> int:
        """Hear what it says until it ends; returns its status."""
        with contextlib.suppress(ChannelClosed):
            while True:
                match await self._channel.receive():
                    case Ready():
                        ready()
                    case Ask(number):
                        gather(self, number)
                    case Told(number, families):
                        self.families = families
                        self._is_silent = False
                        if (asked := self._asked.pop(number, None)) and not asked.done():
                            asked.set_result(None)
        self._channel.close()  # to a process that goes on without being heard its parent is gone, so that it ends
        return await self.end_within(_STOP_SECONDS)

    def leave(self) -> None:
        """Let it hand its connections over to the others, and end."""
        self.is_leaving = True
        self._channel.send(Leave())

    async def end_within(self, seconds: float) -> int:
        """Wait until it ends, and kill it when that takes too long; returns its status."""
        try:
            async with asyncio.timeout(seconds):
                return await self.process.wait()
        except TimeoutError:
            log.error("a worker process hangs, and is killed", number=self.number, seconds=seconds)
            self.kill()
            return await self.process.wait()

    def tell(self, number: int, families: list[Family]) -> None:
        self._channel.send(Told(number, families))

    async def ask(self) -> list[Family]:
        """Return its metrics, or what it told last, at once while it has answers due."""
        if self._is_silent:
            return self.families
        number = next(self._numbers)
        self._asked[number] = asked = asyncio.get_running_loop().create_future()
        self._channel.send(Ask(number))
        await asyncio.wait({asked}, timeout=_ASK_SECONDS)
        self._is_silent = self._asked.pop(number, None) is not None
        return self.families

    def terminate(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()


class Seat:
    """The place of one worker process after the other."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.child: Child | None = None
        self.ready = asyncio.Event()
        self.was_ready = False


class Parent:
    """Keeps `count` worker processes at work that share sockets which listen.

    Args:
        command: what starts a worker; what it is told besides is in its environment (`Order`).
        sockets: what they accept connections from.
        grpc: where they listen for gRPC: host, port, whether there is TLS.
        patience: seconds that a process may take to end, and the next one to be ready, while they are restarted.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        sockets: Sequence[socket.socket],
        grpc: Sequence[tuple[str, int, bool]] = (),
        patience: float = _RESTART_SECONDS,
    ) -> None:
        self._command = command
        self._sockets = sockets
        self._grpc = tuple(grpc)
        self._patience = patience
        self._seats = [Seat(number) for number in range(1, count + 1)]
        self._stopping = asyncio.Event()
        self._has_failed = False
        self.restarts = 0
        self._left: list[Family] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._rolling: asyncio.Task[None] | None = None

    async def run(self, on_ready: Callable[[], None]) -> int:
        """Work until SIGTERM or SIGINT, or until a first start fails; returns the status of the whole."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.restart)
        first, *others = self._seats
        keepers = [loop.create_task(self._keep(first))]
        try:
            if await self._wait(first.ready):  # it prepares what all need, and only then the others begin
                keepers += [loop.create_task(self._keep(seat)) for seat in others]
                if all([await self._wait(seat.ready) for seat in others]):
                    on_ready()
            await self._stopping.wait()
        finally:
            await self._end(keepers)
        return int(self._has_failed)

    @property
    def processes(self) -> dict[int, int]:
        """Return the ids of the processes that run, by their numbers."""
        return {seat.number: seat.child.process.pid for seat in self._seats if seat.child}

    def stop(self) -> None:
        """End all processes."""
        self._stopping.set()

    def restart(self) -> None:
        """Restart the processes one after the other, while the others answer."""
        if self._rolling is None or self._rolling.done():
            self._rolling = asyncio.get_running_loop().create_task(self._roll())

    async def _wait(self, event: asyncio.Event, seconds: float | None = None) -> bool:
        """Wait for an event; False when all is to end before, or it takes too long."""
        waits = {asyncio.ensure_future(each.wait()) for each in (event, self._stopping)}
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        return event.is_set() and not self._stopping.is_set()

    async def _keep(self, seat: Seat) -> None:
        """Start a process, and another one whenever it ends."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        while not self._stopping.is_set():
            began = loop.time()
            status, was_asked = await self._attempt(seat)
            if self._stopping.is_set() or not seat.was_ready:  # whose first start fails has said why
                self._has_failed |= status != 0 or not self._stopping.is_set()
                self._stopping.set()
            elif not was_asked:
                pause = 0.0 if loop.time() - began > _STEADY_SECONDS else min(max(2 * pause, 1.0), _MAX_PAUSE)
                self.restarts += 1
                log.error("a worker process ended, another one is started", number=seat.number, status=status)
                await self._wait(asyncio.Event(), pause)

    async def _attempt(self, seat: Seat) -> tuple[int, bool]:
        """Run one process; whatever that raises, another one follows."""
        try:
            return await self._run(seat)
        except Exception:
            log.exception("what a worker process told can't be understood", number=seat.number)
            return 1, False

    async def _run(self, seat: Seat) -> tuple[int, bool]:
        """Run one process; returns its status, and whether it was asked to end."""
        try:
            seat.child = child = await self._start(seat.number)
        except OSError as error:
            log.error("a worker process can't be started", number=seat.number, error=error.strerror)
            return 1, False
        if self._stopping.is_set():
            child.terminate()
        status = await child.listen(lambda: self._is_ready(seat), self._gather)
        seat.child = None
        seat.ready.clear()
        self._left = merged([self._left, left_behind(child.families)])
        return status, child.is_leaving

    def _is_ready(self, seat: Seat) -> None:
        seat.was_ready = True
        seat.ready.set()

    async def _start(self, number: int) -> Child:
        ours, theirs = socket.socketpair()
        with theirs:
            sockets = tuple(each.fileno() for each in self._sockets)
            order = Order(number, theirs.fileno(), sockets, self._grpc, len(self._seats))
            process = await asyncio.create_subprocess_exec(
                *self._command, env=order.to(os.environ), pass_fds=(order.channel, *sockets)
            )
        return Child(number, process, Channel(*await asyncio.open_unix_connection(sock=ours)))

    async def _roll(self) -> None:
        for seat in self._seats:
            if child := seat.child:
                seat.ready.clear()
                child.leave()
                if await child.end_within(self._patience) == -signal.SIGKILL:
                    self.restarts += 1
            if not await self._wait(seat.ready, self._patience):
                if not self._stopping.is_set():
                    log.error("a worker process does not start again, so no other one is restarted", number=seat.number)
                return
        log.info("all worker processes were restarted", count=len(self._seats))

    def _gather(self, asker: Child, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._tell(asker, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, asker: Child, number: int) -> None:
        """Tell a worker the metrics of all."""
        told = await asyncio.gather(*(seat.child.ask() for seat in self._seats if seat.child and seat.was_ready))
        restarts = Family(RESTARTS, "", "counter", "sum", [Sample(f"{RESTARTS}_total", {}, self.restarts)])
        asker.tell(number, merged([*told, self._left, [restarts]]))

    async def _end(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        self._stopping.set()
        for seat in self._seats:
            if seat.child:
                seat.child.terminate()
        _, late = await asyncio.wait(keepers, timeout=_STOP_SECONDS)
        if late:
            log.error("worker processes did not end, and are killed", seconds=_STOP_SECONDS, count=len(late))
            self._has_failed = True
            for seat in self._seats:
                if seat.child:
                    seat.child.kill()
        await asyncio.gather(*keepers)
