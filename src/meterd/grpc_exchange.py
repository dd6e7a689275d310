"""One export over gRPC (`docs/specifications/ingest-sources.md` section 2.1), answered by the address of its signal.

What a caller may do, how long it may take, what becomes of the message, what is recorded of the call and what is wrong
with it is decided there, for both ways alike. Only the message and the status have another form here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import unquote

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc.aio import EOF

from meterd.access.context import context_of
from meterd.api.http import ENCODING_OF
from meterd.errors import InvalidInput
from meterd.presence import ClientGone
from meterd.settings import Limits

PATHS = {
    f"/opentelemetry.proto.collector.{signal}.v1.{service}/Export": path
    for signal, service, path in (
        ("trace", "TraceService", "/v1/traces"),
        ("metrics", "MetricsService", "/v1/metrics"),
        ("logs", "LogsService", "/v1/logs"),
    )
}
"""The address over HTTP that each method stands for."""

_CONTENT_TYPE = (b"content-type", b"application/x-protobuf")
_OF_HTTP = frozenset({"connection", "expect", "host", "te", "transfer-encoding", "upgrade"})
"""What would say something of a request over HTTP that it is not; so does all that begins with `content-`."""
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_GZIP, _ZLIB = b"\x1f\x8b", 0x78

_END_SECONDS = 0.5
"""After that time without a message the call has not ended, neither by its client nor because of the message's size."""

Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application, as `meterd.server` is one."""


class MessageRoom:
    """Room for the messages of exports that are received or read, each of which may be as large as a body may be.

    It bounds them as `service.limits.upload-bytes` does bodies, all together and those of one caller; others wait.
    """

    def __init__(self, limits: Limits, max_bytes: int) -> None:
        self.most = max(1, limits.upload_bytes // max_bytes)
        self.waiting = 0
        self._of_each = max(1, limits.upload_bytes_per_caller // max_bytes)
        self._room = asyncio.Semaphore(self.most)
        self._callers: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def place(self, caller: str) -> AsyncIterator[None]:
        """Wait for a place, and hold it."""
        own, users = self._callers.setdefault(caller, (asyncio.Semaphore(self._of_each), []))
        users.append(None)
        self.waiting += 1
        is_waiting = True
        try:
            async with own, self._room:
                self.waiting -= 1
                is_waiting = False
                yield
        finally:
            self.waiting -= is_waiting
            users.pop()
            if not users:
                del self._callers[caller]


class GrpcExchange:
    """One call, as a request to the application and the response to it."""

    def __init__(self, context: "grpc.aio.ServicerContext", path: str, room: MessageRoom) -> None:
        self._context = context
        self._room = room
        self._held = AsyncExitStack()
        self._is_receiving = self._is_received = self._is_gone = False
        self._status, self._body = 0, b""
        self._headers: dict[bytes, bytes] = {}
        self._scope = self._scope_of(path)

    async def run(self, application: Application, *, is_secure: bool) -> bytes:
        """Have the call answered; returns the response's message or ends the call with a status that is no success.

        When its client goes, what was received whole is recorded all the same, as over HTTP.
        """
        self._scope["scheme"] = "https" if is_secure else "http"
        answering = asyncio.ensure_future(application(self._scope, self._receive, self._send))
        async with self._held:
            try:
                await asyncio.shield(answering)
            except asyncio.CancelledError:
                self._is_gone = True
                if self._is_receiving:
                    answering.cancel()
                await answering
                raise
        if self._status >= 400:
            await self._abort()
        return self._body

    def _scope_of(self, path: str) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "2",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [_CONTENT_TYPE, *_headers(self._context.invocation_metadata() or ())],
            "client": _client(self._context.peer()),
            ENCODING_OF: _encoding_of,
        }

    async def _receive(self) -> Mapping[str, Any]:
        """Return the message, once there is room for one: until it is asked for, it has not left its sender."""
        if self._is_received:
            await asyncio.get_running_loop().create_future()  # whoever waits for the client's end is cancelled with it
        self._is_receiving = self._is_received = True
        try:
            message = await self._message()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_gone or task is None:
                raise
            task.uncancel()
            raise ClientGone from None
        self._is_receiving = False
        return {"type": "http.request", "body": message, "more_body": False}

    async def _message(self) -> bytes:
        if self._is_gone:  # while it was found out who calls
            raise ClientGone
        caller = context_of(self._scope).caller
        key = f"{caller.tenant}\n{caller.subject}" if caller else str(self._scope["client"])
        await self._held.enter_async_context(self._room.place(key))
        message: bytes = await self._context.read()
        if message is EOF:
            await asyncio.sleep(_END_SECONDS)
            raise InvalidInput("the call has no message")
        return message

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], dict(message["headers"])
        else:
            self._body += message["body"]

    async def _abort(self) -> None:
        """End the call with the `google.rpc.Status` that is the body over HTTP; it says when to send again."""
        status = Status.FromString(self._body)
        trailing: list[tuple[str, bytes]] = []
        if seconds := self._headers.get(b"retry-after"):
            again = RetryInfo(retry_delay=Duration(seconds=int(seconds)))
            detail = AnyMessage()
            detail.Pack(again)
            status.details.append(detail)
            trailing = [
                ("google.rpc.retryinfo-bin", again.SerializeToString()),  # where Python's exporter looks for it
                ("grpc-status-details-bin", status.SerializeToString()),
            ]
        await self._context.abort(_CODES[status.code], status.message, tuple(trailing))


def _headers(metadata: Iterable[tuple[str, str | bytes]]) -> list[tuple[bytes, bytes]]:
    """Return what was sent as text and says nothing of how."""
    return [
        (name.encode(), value.encode("latin-1", "replace"))
        for name, value in metadata
        if isinstance(value, str) and name not in _OF_HTTP and not name.startswith("content-")
    ]


def _client(peer: str) -> tuple[str, int] | None:
    """Return the address and the port of `ipv4:192.0.2.1:4711` or `ipv6:%5B::1%5D:4711`."""
    _, _, address = unquote(peer).partition(":")
    host, _, port = address.rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdecimal() else None


def _encoding_of(message: bytes) -> str:
    """Tell how a message is compressed, which gRPC keeps to itself. No export begins like one of these: its first field
    is 1.
    """
    if message.startswith(_GZIP):
        return "gzip"
    is_zlib = message[:1] == bytes([_ZLIB]) and int.from_bytes(message[:2], "big") % 31 == 0
    return "deflate" if is_zlib else "identity"
