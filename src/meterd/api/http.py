"""What every protocol shares of HTTP: reading a body within limits, and answers before they have a protocol's shape.

The hot routes are plain ASGI (`docs/decisions/0004-hot-routes.md`): a handler takes a `Request`, returns an `Answer`.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import unquote

import msgspec
from litestar import Response
from litestar.response.base import ASGIResponse

from meterd.access.context import RequestContext, context_of
from meterd.api.openapi import LONGEST_KEY, Operation
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, TooLarge, Unauthenticated, Unavailable
from meterd.ingest.facts import digest
from meterd.loopback import is_local
from meterd.phrases import PHRASES
from meterd.presence import ClientGone

if TYPE_CHECKING:
    from litestar.types import HTTPScope, Receive

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What a browser may do with an answer that says nothing else: show it as what it is, by itself."""
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
_SLOW_TO_DECODE = 2**18
_DECODED_AT_ONCE = 2
_MOST_OBJECTS = 2**21
_PIECE_ITEMS = 1000
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_PIECE = 2**13
"""Compressed bytes that are looked at together: what follows a member is copied once for each."""


class Answer(msgspec.Struct, frozen=True):
    """A complete HTTP answer: a body is JSON unless `content_type` says otherwise, header names are in lower case."""

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
        """A header's value by its lower-case name."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def check(self) -> None:
        """Raises `InvalidInput` for two different headers where only one can be meant."""
        sent: list[tuple[bytes, bytes]] = self._scope["headers"]  # type: ignore[assignment]  # a list, from the server
        if len(sent) == len(self._headers):
            return
        for name, value in sent:
            if name in _SINGLE and value != self._headers[name]:
                raise InvalidInput(f"there are two different {name.decode().title()} headers: send one")

    def key(self, *scope: str) -> bytes | None:
        """What an `Idempotency-Key` stands for, None without one; within another scope the same key is another one."""
        key = self.header(b"idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= LONGEST_KEY:
            raise InvalidInput(f"Idempotency-Key must have 1 to {LONGEST_KEY} characters")
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
    def query_string(self) -> str:
        return self._scope["query_string"].decode("latin-1")

    async def body(self, limit: int) -> bytes:
        """The body, decompressed; raises `TooLarge` above `limit` bytes before or after decompression."""
        body = await self._raw_body(limit)
        self.received = len(body)
        encoding = self.header(b"content-encoding")
        if encoding is None or encoding == "identity":
            return body
        if len(body) < _SLOW_TO_DECODE:
            return decompress(body, encoding, limit)
        return await asyncio.to_thread(decompress, body, encoding, limit)

    async def _raw_body(self, limit: int) -> bytes:
        declared = self._headers.get(b"content-length", b"0")
        if len(declared) > 18 or int(declared) > limit:
            raise _too_large(limit)
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
                raise _too_large(limit)
            if not parts and not more:
                return part
            parts.append(part)
        return b"".join(parts)


class Decoding:
    """Runs what makes facts of a body: of large bodies in a thread, so that other requests go on, and few at a time.

    A body can take many times its size in memory while it is decoded.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_DECODED_AT_ONCE)

    async def run(
        self,
        body: bytes,
        function: Callable[Concatenate[bytes, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Call the function with the body and the arguments. Raises what it raises, and `TooLarge`."""
        if len(body) < _SLOW_TO_DECODE:
            return function(body, *arguments, **named)

        return await self.run_apart(body, function, *arguments, **named)

    async def run_apart(
        self,
        body: bytes,
        function: Callable[Concatenate[bytes, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """As `run`, in a thread whatever the body's size: for what takes long for its bytes."""

        def checked() -> _Result:
            if body.count(b"{") > _MOST_OBJECTS:
                raise TooLarge(f"the body has more than {_MOST_OBJECTS} opening braces: send less at once")
            return function(body, *arguments, **named)

        async with self._room:
            return await asyncio.to_thread(checked)


Handler = Callable[[Request], Awaitable[Answer]]
Direct = Callable[[Request, bytes, Callable[[Any], None]], Answer | None]
"""Begins at once what a request with a complete body asks for, without a task: the answer for when the callback gets no
`MeterdError`. None when there is something to wait for first; then the handler is called.
"""
ErrorShape = Callable[[MeterdError, str], Answer]
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


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo `Content-Encoding` gzip, deflate or zstd; never makes more than `limit` bytes (`TooLarge`)."""
    decompressor = _DECOMPRESSORS.get(encoding.strip().lower())
    if decompressor is None:
        raise InvalidInput(f'Content-Encoding "{encoding}" is not supported, use gzip, deflate, zstd or none')
    parts: list[bytes] = []
    size = position = 0
    member = None
    try:
        while position < len(body):  # several members may follow one another
            member = member or decompressor()
            piece = body[position : position + _PIECE]
            parts.append(member.decompress(piece, limit + 1 - size))
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
            position += len(piece) - len(member.unused_data)
            if member.eof:
                member = None
    except (zlib.error, zstd.ZstdError) as error:
        raise InvalidInput(f"the body is not valid {encoding}: {error}") from None
    if member is not None:
        raise InvalidInput(f"the body is not valid {encoding}: it ends too early")
    return b"".join(parts)


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": partial(zlib.decompressobj, 16 + zlib.MAX_WBITS),
    "x-gzip": partial(zlib.decompressobj, 16 + zlib.MAX_WBITS),
    "deflate": partial(zlib.decompressobj, zlib.MAX_WBITS),
    "zstd": zstd.ZstdDecompressor,
}


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes")


def json_array(items: Sequence[Any]) -> bytes:
    """A JSON array, encoded in pieces: the encoder holds Python's lock while it is at one."""
    pieces = (msgspec.json.encode(items[at : at + _PIECE_ITEMS])[1:-1] for at in range(0, len(items), _PIECE_ITEMS))
    return b"[" + b",".join(pieces) + b"]"


def json_answer(status: int, content: Any, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    return Answer(status, msgspec.json.encode(content), headers=headers)


class _Framed(Response[bytes]):
    """An answer as the framework's routes give it; the framework's own can't have a header twice."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body, status_code=answer.status)
        self._answer = answer

    def to_asgi_response(self, *_arguments: Any, **_named: Any) -> ASGIResponse:
        answer = self._answer
        return ASGIResponse(
            body=answer.body,
            status_code=answer.status,
            headers=[(name.decode(), value.decode("latin-1")) for name, value in answer.headers],
            media_type=answer.content_type.decode() or "application/json",
        )


def response_of(answer: Answer) -> Response[bytes]:
    """An answer as the framework's routes give it."""
    return _Framed(answer)


def options_of(allow: str) -> str:
    """The answer's `Allow` to `OPTIONS`: what an address takes, with what every address has."""
    methods = allow.split(", ") if allow else []
    return ", ".join((*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"))


_NO_CONTENT = 204


def headers_of(answer: Answer, request_id: bytes) -> list[tuple[bytes, bytes]]:
    """All headers of an answer that are its own."""
    headers = [(b"x-request-id", request_id), *answer.headers]
    if answer.status != _NO_CONTENT:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if answer.body or answer.content_type:
        headers += (*GUARDS, (b"content-type", answer.content_type or b"application/json"))
    return headers


def written(answer: Answer, request_id: bytes, default: Iterable[tuple[bytes, bytes]], keep_alive: bool) -> bytes:
    """An answer as it goes to the connection, with the server's own headers."""
    headers = [*default, *headers_of(answer, request_id)]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = [b"%s: %s\r\n" % header for header in headers]
    return b"%s%s\r\n%s" % (_STATUS_LINES[answer.status], b"".join(lines), answer.body)


class Writing:
    """Writes answers as `written` does; of one that is the last one again only the id is new."""

    __slots__ = ("_after", "_before", "_last")

    def __init__(self) -> None:
        self._last: tuple[Answer | None, object, bool] = (None, None, True)
        self._before = self._after = b""

    def __call__(
        self, answer: Answer, request_id: bytes, default: Iterable[tuple[bytes, bytes]], keep_alive: bool
    ) -> bytes:
        last, its_default, its_keep_alive = self._last
        if answer is not last or default is not its_default or keep_alive is not its_keep_alive:
            self._last = answer, default, keep_alive
            self._before, name, self._after = written(answer, b"", default, keep_alive).partition(b"x-request-id: ")
            self._before += name
        return b"%s%s%s" % (self._before, request_id, self._after)


_STATUS_LINES = {status: b"HTTP/1.1 %d %s\r\n" % (status, phrase.encode()) for status, phrase in PHRASES.items()}


def error_headers(error: MeterdError) -> tuple[tuple[bytes, bytes], ...]:
    """Headers that an error needs, whatever its body looks like."""
    match error:
        case Unauthenticated():
            return ((b"www-authenticate", b'Bearer realm="meterd"'),)
        case Unavailable():
            return ((b"retry-after", str(error.retry_after).encode()),)
        case MethodNotAllowed():
            return ((b"allow", error.allow.encode()),)
    return ()


def plain_error(error: MeterdError, _content_type: str = "") -> Answer:
    """`{"code", "message"}`: AI Guard's shape, and that of every address that has no protocol's own."""
    return json_answer(error.status, {"code": error.status, "message": error.message}, error_headers(error))
