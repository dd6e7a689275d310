"""Responses as they go to a connection and as the framework's routes give them, and requests as these get them."""

from collections.abc import Iterable
from typing import Any

from litestar import Request as LitestarRequest
from litestar import Response as LitestarResponse
from litestar.response.base import ASGIResponse

from meterd.api.http import Response
from meterd.phrases import STATUS_LINES

AnyRequest = LitestarRequest[Any, Any, Any]
"""A request as the framework has it, whose own users, tokens and state we don't use."""
GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What a browser may do with an answer that says nothing else: show it as what it is, by itself."""


class _Framed(LitestarResponse[bytes]):
    """A response as the framework's routes give it; the framework's own can't have a header twice."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.body, status_code=response.status)
        self._response = response

    def to_asgi_response(self, *_arguments: object, **_named: object) -> ASGIResponse:
        response = self._response
        return ASGIResponse(
            body=response.body,
            status_code=response.status,
            headers=[(name.decode(), value.decode("latin-1")) for name, value in response.headers],
            media_type=response.content_type.decode() or "application/json",
        )


def litestar_response(response: Response) -> LitestarResponse[bytes]:
    """Convert a response to what the framework's routes give."""
    return _Framed(response)


def options_of(allow: str) -> str:
    """Return the value of `Allow` for `OPTIONS`: what an address takes, with what every address has."""
    methods = allow.split(", ") if allow else []
    return ", ".join((*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"))


_NO_CONTENT = 204


def headers_of(response: Response, request_id: bytes) -> list[tuple[bytes, bytes]]:
    """Return all headers of a response that are its own."""
    headers = [(b"x-request-id", request_id), *response.headers]
    if response.status != _NO_CONTENT:
        headers.append((b"content-length", b"%d" % len(response.body)))
    if response.body or response.content_type:
        headers += (*GUARDS, (b"content-type", response.content_type or b"application/json"))
    return headers


def serialize(response: Response, request_id: bytes, default: Iterable[tuple[bytes, bytes]], keep_alive: bool) -> bytes:
    """Write a response as it goes to the connection, with the server's own headers."""
    headers = [*default, *headers_of(response, request_id)]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = [b"%s: %s\r\n" % header for header in headers]
    return b"%s%s\r\n%s" % (STATUS_LINES[response.status], b"".join(lines), response.body)


class Serializer:
    """Writes responses as `serialize` does; for the same response again it replaces only the id."""

    __slots__ = ("_after", "_before", "_last")

    def __init__(self) -> None:
        self._last: tuple[Response | None, object, bool] = (None, None, True)
        self._before = self._after = b""

    def __call__(
        self, response: Response, request_id: bytes, default: Iterable[tuple[bytes, bytes]], keep_alive: bool
    ) -> bytes:
        last, its_default, its_keep_alive = self._last
        if response is not last or default is not its_default or keep_alive is not its_keep_alive:
            self._last = response, default, keep_alive
            self._before, name, self._after = serialize(response, b"", default, keep_alive).partition(b"x-request-id: ")
            self._before += name
        return b"%s%s%s" % (self._before, request_id, self._after)
