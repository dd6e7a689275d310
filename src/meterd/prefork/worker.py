"""A worker process, as the parent and its own service see it."""

import asyncio
import contextlib
import itertools
import signal
import socket
from collections.abc import Callable

from prometheus_client.core import Metric

from meterd.errors import Unavailable
from meterd.prefork.merging import as_metrics, families_of
from meterd.prefork.messages import Ask, Channel, ChannelClosed, Family, Leave, Order, Ready, Told, framed
from meterd.supervision import PARENT, Supervisor

_ANSWER_SECONDS = 5.0
_LAST = -1
"""The number of an answer that nobody asked for."""
_STOPPING_SECONDS = 1.0
"""Pause between two calls of `stop` when the parent is gone."""


class Worker:
    """Talks to the parent in the event loop, from `begin` on.

    `leave` is called when the parent restarts the process, `stop` when the parent is gone. The metrics of the
    supervisor's telemetry are those of all workers from then on.
    """

    def __init__(
        self, order: Order, supervisor: Supervisor, leave: Callable[[], None], stop: Callable[[], None]
    ) -> None:
        self._socket = socket.socket(fileno=order.channel)
        self._telemetry = supervisor.telemetry
        self._leave = leave
        self._stop = stop
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[list[Family]]] = {}
        self._told: list[Family] = []
        self._channel: Channel | None = None
        self._task = supervisor.task(PARENT, self._listen)

    def begin(self) -> None:
        """Tell the parent that this process answers, and listen to it."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # is for the parent, also where a whole group gets it
        self._task.start()

    def finish(self) -> None:
        """Tell the parent what was counted in all, when nothing is counted any more and there is no event loop."""
        self._socket.settimeout(_ANSWER_SECONDS)
        with contextlib.suppress(OSError), self._socket:
            self._socket.sendall(framed(Told(_LAST, families_of(self._telemetry))))

    async def _listen(self) -> float:
        """Hear what the parent says next."""
        channel = self._channel or await self._connect()
        try:
            message = await channel.receive()
        except ChannelClosed:
            for future in self._asked.values():
                future.cancel()
            channel.close()
            self._stop()
            return _STOPPING_SECONDS
        self._hear(channel, message)
        return 0.0

    async def _connect(self) -> Channel:
        self._channel = channel = Channel(*await asyncio.open_unix_connection(sock=self._socket.dup()))
        self._telemetry.collect_from(self._all)
        channel.send(Ready())
        return channel

    def _hear(self, channel: Channel, message: object) -> None:
        match message:
            case Ask(number):
                try:
                    self._told = families_of(self._telemetry)
                finally:  # who waits for an answer gets one
                    channel.send(Told(number, self._told))
            case Told(number, families) if (future := self._asked.get(number)) and not future.done():
                future.set_result(families)
            case Leave():
                self._leave()

    async def _all(self) -> list[Metric]:
        """Return the metrics of all workers. Raises `Unavailable`: those of some would look as if all began anew."""
        assert self._channel is not None  # it is set before anybody is told to ask here
        number = next(self._numbers)
        self._asked[number] = future = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(Ask(number))
            async with asyncio.timeout(_ANSWER_SECONDS):
                return as_metrics(await future)
        except (TimeoutError, OSError):
            raise Unavailable("the metrics of the other workers can't be had just now, try again") from None
        finally:
            del self._asked[number]
