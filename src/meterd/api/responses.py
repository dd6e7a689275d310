"""Responses as they go to a connection, and as the framework's routes give them."""

from collections.abc import Iterable
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse

from meterd.api.http import Answer
from meterd.phrases import STATUS_LINES

GUARDS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""What a browser may do with an answer that says nothing else: show it as what it is, by itself."""


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


def serialize(answer: Answer, request_id: bytes, default: Iterable[tuple[bytes, bytes]], keep_alive: bool) -> bytes:
    """An answer as it goes to the connection, with the server's own headers."""
    headers = [*default, *headers_of(answer, request_id)]
    if not keep_alive:
        headers.append((b"connection", b"close"))
    lines = [b"%s: %s\r\n" % header for header in headers]
    return b"%s%s\r\n%s" % (STATUS_LINES[answer.status], b"".join(lines), answer.body)


class Serializer:
    """Writes answers as `serialize` does; of one that is the last one again only the id is new."""

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
            self._before, name, self._after = serialize(answer, b"", default, keep_alive).partition(b"x-request-id: ")
            self._before += name
        return b"%s%s%s" % (self._before, request_id, self._after)
