import gzip
from collections.abc import Iterable
from typing import Any

import pytest

from meterd.api.http import Request, Response, error_headers, json_response, plain_error
from meterd.errors import (
    Forbidden,
    InvalidInput,
    MeterdError,
    MethodNotAllowed,
    NotFound,
    TimedOut,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from meterd.presence import ClientGone
from tests.api.test_bodies import ENCODINGS


def request(parts: Iterable[bytes], *, ends: bool = True, **headers: str) -> Request:
    """A request whose body arrives in parts; with `ends` False the client goes away after them."""
    messages: list[Any] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if ends and messages:
        messages[-1]["more_body"] = False
    messages.append({"type": "http.disconnect"})
    arriving = iter(messages)

    async def receive() -> Any:
        return next(arriving)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"type": "http", "headers": named, "query_string": b"a=1"}
    return Request(scope, receive)


@pytest.mark.parametrize("parts", [[b"whole"], [b"in ", b"two"], [b"", b"x", b""], [b""]])
async def test_a_body_is_all_its_parts(parts: list[bytes]) -> None:
    assert await request(parts).body(100) == b"".join(parts)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_body_is_decompressed_as_its_header_says(encoding: str) -> None:
    whole = ENCODINGS[encoding](b"body")

    assert await request([whole[:5], whole[5:]], content_encoding=encoding).body(100) == b"body"


async def test_large_bodies_are_decompressed_as_well() -> None:
    body = bytes(range(256)) * 4096
    packed = gzip.compress(body, compresslevel=0)

    assert await request([packed], content_encoding="gzip").body(2 * len(body)) == body


@pytest.mark.parametrize("length", ["11", "1000000000000", "9" * 18, "9" * 100])
async def test_a_length_beyond_the_limit_is_refused_before_anything_is_read(length: str) -> None:
    with pytest.raises(TooLarge, match="10 bytes"):
        await request([], content_length=length).body(10)


async def test_a_body_that_grows_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        await request([b"x" * 6, b"x" * 5], ends=False).body(10)


async def test_a_single_part_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        await request([b"x" * 11]).body(10)


async def test_a_client_that_goes_away_is_noticed() -> None:
    with pytest.raises(ClientGone):
        await request([b"half"], ends=False).body(10)


def test_headers_are_found_by_their_lower_case_names() -> None:
    asked = request([], content_type="text/plain")

    assert (asked.header(b"content-type"), asked.header(b"accept"), asked.query_string) == ("text/plain", None, "a=1")


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (InvalidInput("no"), 400, {}),
        (Unauthenticated("no"), 401, {b"www-authenticate": b'Bearer realm="meterd"'}),
        (Forbidden("no"), 403, {}),
        (NotFound("no"), 404, {}),
        (MethodNotAllowed("GET"), 405, {b"allow": b"GET"}),
        (TooLarge("no"), 413, {}),
        (TimedOut("no"), 504, {}),
        (MeterdError("no"), 500, {}),
        (Unavailable("no", retry_after=7), 503, {b"retry-after": b"7"}),
    ],
)
def test_an_error_has_its_status_and_the_headers_it_needs(
    error: MeterdError, status: int, headers: dict[bytes, bytes]
) -> None:
    response = plain_error(error)

    assert response == json_response(status, {"code": status, "message": error.message}, error_headers(error))
    assert dict(response.headers) == headers


def test_an_answer_is_an_empty_200_by_default() -> None:
    assert Response() == Response(200, b"", ())
