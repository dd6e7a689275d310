"""Connections: which are taken, and for how long each may wait (`service.limits`).

Sockets are accepted here rather than by the event loop, so that a connection counts from its first moment, before TLS
is agreed on, and so that a lack of file descriptors is a pause instead of a busy loop.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Protocol

import structlog

from meterd import descriptors
from meterd.api.http import plain_error
from meterd.api.responses import serialize
from meterd.errors import ConfigurationError, Unavailable
from meterd.settings import Limits
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_ACCEPT_BATCH_SIZE = 16
_MIN_CONNECTIONS = 16
_PAUSE = 0.5
"""Seconds in which no socket is accepted after one could not be."""
_TLS_SHUTDOWN = 5.0
_DISPLACED_PART = 8
"""One of that many connections that wait is closed when all are taken, so that looking for them is rare."""


def max_connections(wanted: int, others: int = 0) -> int:
    """Return as many as are wanted, or as there are file descriptors for beside those of `others`. Call it when all is
    open that stays open.

    Raises `ConfigurationError` when that is hardly one.
    """
    descriptors.raise_limit()
    room = descriptors.room() - others
    if room < _MIN_CONNECTIONS:
        missing = _MIN_CONNECTIONS - room
        raise ConfigurationError(
            f"the process may open too few files: {missing} more are needed (ulimit -n, LimitNOFILE of systemd)"
        )
    if room < wanted:
        log.warning("fewer connections than service.limits.connections says: too few files may be open", most=room)
    return min(wanted, room)


class SlotHolder(Protocol):
    """A connection that talks HTTP, as this module sees it."""

    def enforce_timeouts(self, now: float) -> None:
        """End the connection when it waited for too long; called about once a second."""

    @property
    def waiting_since(self) -> float | None:
        """When it began to wait for its client, None while the server works on a request."""

    def displace(self) -> None:
        """Close it at once, for the sake of others."""


class Slot:
    """One of the connections that may be open, from `admit` until `release`; `holder` is set once it talks HTTP."""

    __slots__ = ("_connections", "holder", "origin")

    def __init__(self, connections: "Connections", origin: str) -> None:
        self._connections = connections
        self.origin = origin
        self.holder: SlotHolder | None = None

    def occupy(self, holder: SlotHolder) -> None:
        """Say who talks HTTP on the connection from now on."""
        self.holder = holder

    def release(self) -> None:
        self._connections.release(self)


class Connections:
    """All connections of the service. `max_open` is what `service.limits.connections` and file descriptors allow."""

    def __init__(self, limits: Limits, max_open: int, telemetry: Telemetry) -> None:
        self.limits = limits
        self._max = max_open
        self._telemetry = telemetry
        self._slots: set[Slot] = set()
        self._origins: Counter[str] = Counter()
        telemetry.gauge("meterd_http_connections", "Open connections", lambda: len(self._slots))
        telemetry.gauge("meterd_http_connections_limit", "Maximum of open connections", lambda: max_open)

    def admit(self, address: str) -> Slot | None:
        """Take a slot for a connection from an address; None when there is none."""
        origin = origin_of(address)
        if self._origins[origin] >= self.limits.connections_per_address:
            self._telemetry.http_refusals.labels("connections-per-address").inc()
            return None
        if len(self._slots) >= self._max and not self._make_room():
            self._telemetry.http_refusals.labels("connections").inc()
            return None
        slot = Slot(self, origin)
        self._slots.add(slot)
        self._origins[origin] += 1
        return slot

    def release(self, slot: Slot) -> None:
        if slot in self._slots:
            self._slots.remove(slot)
            self._origins[slot.origin] -= 1
            if not self._origins[slot.origin]:
                del self._origins[slot.origin]

    def enforce_timeouts(self) -> None:
        """End what waited for too long, now and again every second."""
        loop = asyncio.get_running_loop()
        loop.call_later(1.0, self.enforce_timeouts)
        now = loop.time()
        for slot in list(self._slots):
            if slot.holder:
                try:
                    slot.holder.enforce_timeouts(now)
                except Exception:
                    log.exception("the time limits of a connection can't be enforced")  # those of the others can

    def _make_room(self) -> bool:
        """Close those that have waited longest for their clients. Their descriptors are free a moment later: until
        then the reserve covers for them.
        """
        waiting = [
            (since, id(slot), slot)
            for slot in self._slots
            if slot.holder and (since := slot.holder.waiting_since) is not None
        ]
        waiting.sort()
        for _, _, slot in waiting[: len(self._slots) // _DISPLACED_PART + 1]:
            self._telemetry.http_refusals.labels("displaced").inc()
            assert slot.holder is not None  # only those were chosen
            slot.holder.displace()
            slot.release()
        return bool(waiting)


class Acceptor:
    """Accepts connections of one listening socket; `make` makes the protocol of a connection that has a slot."""

    def __init__(
        self,
        listener: socket.socket,
        tls: ssl.SSLContext | None,
        connections: Connections,
        make: Callable[[Slot], asyncio.Protocol],
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._connections = connections
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None
        self._is_closed = False
        listener.setblocking(False)
        self._resume()

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPT_BATCH_SIZE):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor or no memory is left: asking again at once would only take time
                log.error("can't accept a connection", error=error.strerror, seconds=_PAUSE)
                self._loop.remove_reader(self._listener)
                self._paused = self._loop.call_later(_PAUSE, self._resume)
                return
            self._admit(connection, str(address[0]))

    def _admit(self, connection: socket.socket, address: str) -> None:
        connection.setblocking(False)
        slot = self._connections.admit(address)
        if slot is None:
            self._refuse(connection)
            return
        task = self._loop.create_task(self._open(connection, slot))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket, slot: Slot) -> None:
        handshake = self._connections.limits.header_timeout if self._tls else None
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                lambda: self._make(slot),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=handshake,
                ssl_shutdown_timeout=_TLS_SHUTDOWN if self._tls else None,
            )
        except (OSError, asyncio.CancelledError):  # it went away, or does not speak our TLS
            slot.release()
            connection.close()
        except Exception:
            log.exception("a connection can't be opened")
            slot.release()
            connection.close()

    def _refuse(self, connection: socket.socket) -> None:
        """Say so where no TLS is in the way. Nobody waits for it to be read."""
        try:
            if not self._tls:
                connection.send(_TOO_MANY)
        except OSError:
            pass
        finally:
            connection.close()

    @property
    def is_opening(self) -> bool:
        """Whether connections that were accepted do not talk HTTP yet."""
        return bool(self._opening)

    def close(self) -> None:
        """Take no more, from the first call on."""
        if self._is_closed:
            return
        self._is_closed = True
        self._loop.remove_reader(self._listener)
        if self._paused:
            self._paused.cancel()
        self._listener.close()

    async def wait_closed(self) -> None:
        """Return when no connection is being opened."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)


def origin_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the network of 64 bits that one household has of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else parsed.packed[:8].hex()
    return address


_TOO_MANY = serialize(
    plain_error(Unavailable("too many connections (service.limits), try again")), b"none", (), keep_alive=False
)
