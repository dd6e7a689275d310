"""HTTP as all protocols share it: bodies read within limits, and responses before they have a protocol's shape.

The hot routes are plain ASGI (`docs/decisions/0004-hot-routes.md`): a handler takes a `Request`, returns an `Response`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from meterd.access.context import RequestContext, context_of
from meterd.api.bodies import SLOW_TO_DECODE, decompress, too_large
from meterd.api.openapi import MAX_KEY_LENGTH, Operation
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, Unauthenticated, Unavailable
from meterd.ingest.facts import digest
from meterd.loopback import is_local
from meterd.presence import ClientGone

if TYPE_CHECKING:
    from litestar.types import HTTPScope, Receive

ENCODING_OF = "meterd.encoding_of"
"""A key of ASGI scopes: what tells the encoding of a body by its bytes, for a protocol without a header for that."""
GONE = 499
"""The status that a call has whose client did not wait."""
_SINGLE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"origin",
        b"x-odsl-application",
        b"x-odsl-email",
        b"x-odsl-environment",
        b"x-odsl-key",
    }
)
"""Headers that decide who calls and what is meant: of two different ones nobody knows which another reader takes."""
_CREDENTIALS = frozenset({b"authorization", b"x-odsl-key"})


class Response(msgspec.Struct, frozen=True):
    """A complete HTTP response: a body is JSON unless `content_type` says otherwise, header names are in lower case."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = b""


class Request:
    """The part of an HTTP request that the hot routes need; `parameter` is what stands for `{id}` in the path.

    `received` is the size of the body as it was sent, once it was read.
    """

    __slots__ = ("_headers", "_receive", "_scope", "parameter", "received")

    def __init__(self, scope: "HTTPScope", receive: "Receive", parameter: str = "") -> None:
        self.parameter = parameter
        self.received = 0
        self._scope = scope
        self._receive = receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])

    def header(self, name: bytes) -> str | None:
        """Return a header's value by its lower-case name."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def check(self) -> None:
        """Raise `InvalidInput` for two different headers where only one can be meant."""
        sent: list[tuple[bytes, bytes]] = self._scope["headers"]  # type: ignore[assignment]  # a list, from the server
        if len(sent) == len(self._headers):
            return
        for name, value in sent:
            if name in _SINGLE and value != self._headers[name]:
                raise InvalidInput(f"there are two different {name.decode().title()} headers: send one")

    def key(self, *scope: str) -> bytes | None:
        """Return the digest of an `Idempotency-Key` within a scope; None without one."""
        key = self.header(b"idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= MAX_KEY_LENGTH:
            raise InvalidInput(f"Idempotency-Key must have 1 to {MAX_KEY_LENGTH} characters")
        return digest(*scope, key)

    @property
    def context(self) -> RequestContext:
        return context_of(self._scope)

    @property
    def has_credentials(self) -> bool:
        """Whether it says in some way who makes it."""
        return not _CREDENTIALS.isdisjoint(self._headers)

    @property
    def content_type(self) -> str:
        return self.header(b"content-type") or ""

    @property
    def path(self) -> str:
        return self._scope["path"]

    @property
    def raw_path(self) -> str:
        """The path as it was sent, without percent-encoding; the framework tidies the slashes of the other one."""
        return unquote(self._scope["raw_path"].decode("latin-1"))

    @property
    def is_local(self) -> bool:
        """Whether it comes from this machine, and neither through a proxy nor from a page of others."""
        return is_local(self._scope)

    @property
    def client(self) -> str:
        """The address that the connection comes from: of the browser, or of a proxy before it."""
        client = self._scope["client"]
        return client[0] if client else ""

    @property
    def query_string(self) -> str:
        return self._scope["query_string"].decode("latin-1")

    async def body(self, limit: int) -> bytes:
        """Read and decompress the body; raises `TooLarge` above `limit` bytes before or after decompression."""
        body = await self._raw_body(limit)
        self.received = len(body)
        encoding_of: Callable[[bytes], str] | None = self._scope.get(ENCODING_OF)  # type: ignore[assignment]  # ours
        encoding = encoding_of(body) if encoding_of else self.header(b"content-encoding")
        if encoding is None or encoding == "identity":
            return body
        if len(body) < SLOW_TO_DECODE:
            return decompress(body, encoding, limit)
        return await asyncio.to_thread(decompress, body, encoding, limit)

    async def _raw_body(self, limit: int) -> bytes:
        declared = self._headers.get(b"content-length", b"0")
        if len(declared) > 18 or int(declared) > limit:
            raise too_large(limit)
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part: bytes = message.get("body", b"")  # type: ignore[assignment]
            more = bool(message.get("more_body", False))
            size += len(part)
            if size > limit:
                raise too_large(limit)
            if not parts and not more:
                return part
            parts.append(part)
        return b"".join(parts)


Handler = Callable[[Request], Awaitable[Response]]
Direct = Callable[[Request, bytes, Callable[[object], None]], Response | None]
"""Begins at once what a request with a complete body asks for, without a task: the answer for when the callback gets no
`MeterdError`. None when there is something to wait for first; then the handler is called.
"""
ErrorShape = Callable[[MeterdError, str], Response]
"""A protocol's answer to an error, given the content type of the request."""


class HotRoute(msgspec.Struct, frozen=True):
    """An address that is served without the framework; without an `operation` it is not described.

    `{id}` in the path stands for one segment.
    """

    method: str
    path: str
    handler: Handler
    error: ErrorShape
    operation: Operation | None = None
    direct: Direct | None = None


def json_response(status: int, content: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Response:
    return Response(status, msgspec.json.encode(content), headers=headers)


def error_headers(error: MeterdError) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that an error needs, whatever its body looks like."""
    match error:
        case Unauthenticated():
            return ((b"www-authenticate", b'Bearer realm="meterd"'),)
        case Unavailable():
            return ((b"retry-after", str(error.retry_after).encode()),)
        case MethodNotAllowed():
            return ((b"allow", error.allow.encode()),)
    return ()


def plain_error(error: MeterdError, _content_type: str = "") -> Response:
    """`{"code", "message"}`: AI Guard's shape, and that of every address that has no protocol's own."""
    return json_response(error.status, {"code": error.status, "message": error.message}, error_headers(error))
