"""OpenTelemetry over gRPC: where it listens, and within which limits (`docs/decisions/0032-otlp-over-grpc.md`)."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import grpc
import structlog
from grpc import aio

from meterd import descriptors
from meterd.errors import ConfigurationError
from meterd.grpc_exchange import PATHS, Application, GrpcExchange, MessageRoom
from meterd.settings import Listener, Settings
from meterd.telemetry import Telemetry

if TYPE_CHECKING:
    from meterd.tls import ServedCertificate

log = structlog.get_logger()

_DESCRIPTORS_PART = 4
"""One of that many descriptors that are left may be a connection over gRPC."""


class GrpcListener:
    """Takes exports over gRPC in the event loop; it hands them to the application as requests over HTTP.

    Args:
        application: answers them.
        listeners: where to listen; none when it is off.
        certificate: for those with TLS.
        is_shared: other processes of the service listen there as well.
    """

    def __init__(
        self,
        application: Application,
        listeners: Sequence[Listener],
        certificate: "ServedCertificate | None",
        settings: Settings,
        telemetry: Telemetry,
        is_shared: bool = False,
    ) -> None:
        self._is_shared = is_shared
        self._application = application
        self._listeners = listeners
        self._certificate = certificate
        self._limits = settings.service.limits
        self._max_bytes = settings.otlp.max_body_bytes
        self._servers: list[aio.Server] = []
        self._running = 0
        self.addresses: list[str] = []
        self.count = len(listeners)
        self.connections = _connections(settings.otlp.grpc.connections, self.count) if listeners else 0
        self._room = room = MessageRoom(self._limits, self._max_bytes)
        telemetry.gauge("meterd_grpc_exports", "Exports over gRPC under way", lambda: self._running)
        telemetry.gauge("meterd_grpc_exports_waiting", "Of these, those that wait for room", lambda: room.waiting)
        telemetry.gauge("meterd_grpc_exports_limit", "Maximum of exports that are read at once", lambda: room.most)
        telemetry.gauge(
            "meterd_grpc_connections_limit",
            "Maximum of connections of each address for gRPC",
            lambda: self.connections,
        )

    async def start(self) -> None:
        """Listen. Raises `ConfigurationError`."""
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it writes a line for whatever a client does wrong
        for each in self._listeners:
            server = aio.server(handlers=[_Methods(self, is_secure=each.tls)], options=self._options())
            self._servers.append(server)
            port = self._bind(server, each)
            await server.start()
            scheme = "https" if each.tls else "http"
            self.addresses.append(f"{scheme}://{_at(each.host, port)}")

    async def stop(self, seconds: float) -> None:
        """Take no more, and give what is under way so many seconds."""
        await asyncio.gather(*(server.stop(seconds) for server in self._servers))

    async def answer(self, context: aio.ServicerContext, path: str, *, is_secure: bool) -> bytes:
        """Answer one call."""
        self._running += 1
        try:
            exchange = GrpcExchange(context, path, self._room)
            return await exchange.run(self._application, is_secure=is_secure)
        finally:
            self._running -= 1

    def _bind(self, server: aio.Server, listener: Listener) -> int:
        address = _at(listener.host, listener.port)
        try:
            if listener.tls:
                assert self._certificate is not None  # it was loaded for listeners with TLS
                return int(server.add_secure_port(address, _credentials(self._certificate)))
            return int(server.add_insecure_port(address))
        except RuntimeError:
            raise ConfigurationError(f"otlp.grpc.listen: can't listen on {address}") from None

    def _options(self) -> list[tuple[str, int]]:
        limits = self._limits
        return [
            ("grpc.so_reuseport", int(self._is_shared)),  # a second server on the port would get half of what is sent
            ("grpc.max_receive_message_length", self._max_bytes),
            ("grpc.per_message_decompression", 0),  # gRPC's own has no limit
            ("grpc.max_allowed_incoming_connections", self.connections),
            ("grpc.max_concurrent_streams", limits.pipelined_requests),
            ("grpc.max_metadata_size", limits.header_bytes),
            ("grpc.absolute_max_metadata_size", limits.header_bytes),
            ("grpc.server_handshake_timeout_ms", round(limits.header_timeout * 1000)),
            ("grpc.max_connection_idle_ms", round(limits.idle_timeout * 1000)),
        ]


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc comes without types
    """Finds the method of a call. Messages are read by whoever answers, not before, so it takes a stream of one."""

    def __init__(self, listener: GrpcListener, *, is_secure: bool) -> None:
        self._handlers = {method: _handler(listener, path, is_secure) for method, path in PATHS.items()}

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return self._handlers.get(details.method)


def _handler(listener: GrpcListener, path: str, is_secure: bool) -> grpc.RpcMethodHandler:
    async def export(_messages: AsyncIterator[bytes], context: aio.ServicerContext) -> bytes:
        return await listener.answer(context, path, is_secure=is_secure)

    return grpc.stream_unary_rpc_method_handler(export)


def _credentials(certificate: "ServedCertificate") -> grpc.ServerCredentials:
    """Serve what the files hold when a client connects, as `ServedCertificate` does."""
    seen = certificate.changed(None)

    def configuration() -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([certificate.pem()])

    def changed() -> grpc.ServerCertificateConfiguration | None:
        """Return what is used from now on, in a thread of gRPC; None for what was used before."""
        nonlocal seen
        now = certificate.changed(seen)
        if now is None:
            return None
        seen = now
        try:
            return configuration()
        except OSError as error:
            log.error("the changed certificate can't be used for gRPC", reason=error.strerror)
            return None

    return grpc.dynamic_ssl_server_credentials(configuration(), changed, require_client_authentication=False)


def _connections(wanted: int, listeners: int) -> int:
    """Return as many as are wanted of each listener, or its share of those that there are file descriptors for."""
    descriptors.raise_limit()
    return min(wanted, max(1, descriptors.room() // _DESCRIPTORS_PART // listeners))


def _at(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
