"""uvicorn on several ports, each with TLS or without."""

import asyncio
import signal
import socket
import ssl
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from meterd.phrases import PHRASES
from meterd.server import Server

STATUS_LINE.update({status: f"HTTP/1.1 {status} {phrase}\r\n".encode() for status, phrase in PHRASES.items()})

_GRACE = 10
_KEEP_ALIVE = 75


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

    def __init__(self, application: Server, ports: Sequence[Port], on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
        super().__init__(config)
        self._ports = ports
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen: uvicorn knows one kind of TLS for all sockets, so it is given none."""
        await super().startup(sockets or [])
        make_protocol = partial(  # type: ignore[call-arg]  # uvicorn declares any asyncio protocol
            self.config.http_protocol_class,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        loop = asyncio.get_running_loop()
        for port in self._ports:
            server = await loop.create_server(
                make_protocol, sock=port.socket, ssl=port.tls, backlog=self.config.backlog
            )
            self.servers.append(server)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(_signal: int, _frame: types.FrameType | None) -> None:
            self.should_exit = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        yield
