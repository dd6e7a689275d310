"""uvicorn on several ports, each with TLS or without."""

import asyncio
import signal
import socket
import ssl
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from meterd.connections import Acceptor, Connections, Slot, max_connections
from meterd.errors import ConfigurationError
from meterd.grpc_listener import GrpcListener
from meterd.http_connection import HTTPConnection, SharedState
from meterd.phrases import STATUS_LINES
from meterd.server import Server
from meterd.settings import Limits
from meterd.telemetry import Telemetry

STATUS_LINE.update(STATUS_LINES)

_SHUTDOWN_SECONDS = 10
_LEAVE_SECONDS = 5.0
"""How long connections whose client asks nothing stay open while the service leaves them to others."""
_BACKLOG = 2048
"""Connections that the operating system keeps until they are accepted."""


class Port(NamedTuple):
    """A socket that listens on `host`, and the server's side of TLS on it."""

    socket: socket.socket
    host: str
    tls: ssl.SSLContext | None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.socket.getsockname()[1]}"


class HTTPServer(uvicorn.Server):
    """Serves an application until SIGTERM or SIGINT, which lead to status 0; calls `on_ready` when it answers."""

    def __init__(
        self,
        application: Server,
        ports: Sequence[Port],
        limits: Limits,
        telemetry: Telemetry,
        grpc: GrpcListener,
        on_ready: Callable[[], None],
    ) -> None:
        config = uvicorn.Config(
            application,
            http=HTTPConnection,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            proxy_headers=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._ports = ports
        self._grpc = grpc
        most = max_connections(limits.connections, grpc.connections * grpc.count)
        self._connections = Connections(limits, most, telemetry)
        self._shared = SharedState(application, config, self.server_state, self._connections, telemetry)
        self._on_ready = on_ready
        self._acceptors: list[Acceptor] = []
        self._leaves_by: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections: uvicorn would take any number, with one kind of TLS."""
        await super().startup(sockets or [])
        await self._grpc.start()
        for port in self._ports:
            acceptor = Acceptor(port.socket, port.tls, self._connections, self._protocol)
            self._acceptors.append(acceptor)
            self.servers.append(acceptor)  # type: ignore[arg-type]  # it closes as an event loop's server does
        self._connections.enforce_timeouts()
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End exports over gRPC, then what uvicorn knows of."""
        await self._grpc.stop(_SHUTDOWN_SECONDS)
        await super().shutdown(sockets)

    def leave(self) -> None:
        """Stop without breaking a connection: others accept new ones, and each of these ends with its next answer.

        Called in the event loop, where another process accepts from the same sockets.
        """
        if self._leaves_by is None:
            self._leaves_by = asyncio.get_running_loop().time() + _LEAVE_SECONDS
            self._shared.is_leaving = True
            for acceptor in self._acceptors:
                acceptor.close()
            for connection in self.server_state.connections:
                assert isinstance(connection, HTTPConnection)  # no other kind is made
                connection.leave()

    def stop(self) -> None:
        """End as at SIGTERM."""
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to stop."""
        if self._leaves_by is not None and (self._is_left or asyncio.get_running_loop().time() > self._leaves_by):
            self.should_exit = True
        return await super().on_tick(counter)

    @property
    def _is_left(self) -> bool:
        return not self.server_state.connections and not any(acceptor.is_opening for acceptor in self._acceptors)

    def _protocol(self, slot: Slot) -> asyncio.Protocol:
        return HTTPConnection(self._shared, slot, self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(_signal: int, _frame: types.FrameType | None) -> None:
            self.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Open a listening socket. Raises `ConfigurationError` when the address can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ConfigurationError(f"can't listen on {host}:{port}: {error.strerror}") from None
        yield listener
