"""Requests that nobody would write: each follows from a number, so that one that did harm can be sent again.

They begin as the examples of the API's own description, at every address that it has. Most are damaged in one place
or a few: in their JSON, in their bytes, in their address, in their headers, or in HTTP itself.
"""

import gzip
import json
import random
import socket
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

PATIENCE = 60.0
"""Seconds without an answer, after which a request counts as one that hangs."""
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    -0.0,
    2**31,
    2**53,
    2**63,
    2**64,
    10**400,
    "",
    " ",
    "\x00",
    "\ud800",
    "a" * 70_000,
    "2026-01-31T10:00:00Z",
    "9999-12-31T23:59:59.999999999+23:59",
    "0001-01-01",
    "../../etc/passwd",
    "%00",
    "{}",
    "[",
    "'; DROP TABLE facts; --",
    "=1+1",
    "<script>alert(1)</script>",
    "(a+)+$",
    [],
    {},
    [[]],
    {"": None},
    [None] * 1000,
)
_WORDS = (
    "EQUAL",
    "count",
    "p99",
    "timeseries",
    "guardrailMetrics",
    "sessionMetrics",
    "metadata.a",
    "tag.a",
    "position",
    "createdAt",
    "tenant",
    "#P1D",
    "private",
    "everyone",
    "user",
    "json",
    "_id",
    "type",
    "$or",
    "not",
    "(",
)
_TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/x-protobuf",
    "text/plain",
    "",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY")
_RAW = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"\r\n" * 100,
    b"POST /metric HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    b"POST /metric HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /metric HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 5000 + b"\r\n",
)


class Door(NamedTuple):
    """An operation of the description: its address as a template, its parameters, and bodies that are right."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    bodies: list[tuple[str, Any]]


class Outcome(NamedTuple):
    """What came of a request: a status, or none when the connection was closed without an answer."""

    number: int
    status: int | None


def doors(document: dict[str, Any]) -> list[Door]:
    """Everything that a description offers."""
    return [
        Door(
            method.upper(),
            path,
            operation.get("parameters", []),
            [
                (content_type, media.get("example", {}))
                for content_type, media in operation.get("requestBody", {}).get("content", {}).items()
            ],
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


class Fuzzer:
    """Makes requests by number for a server with a token."""

    def __init__(self, known: list[Door], token: str) -> None:
        self._doors = known
        self._token = token

    def request(self, number: int) -> tuple[bytes, bool]:
        """The bytes of a request, and whether they are HTTP, so that an answer is due."""
        chance = random.Random(number)
        if chance.random() < 0.03:
            return _damaged(chance, chance.choice(_RAW)), False
        door = chance.choice(self._doors)
        content_type, body = self._body(chance, door)
        method = door.method if chance.random() < 0.95 else chance.choice(_METHODS)
        headers = {"host": "localhost", "connection": "close", "content-type": content_type}
        if chance.random() < 0.95:
            headers["authorization"] = f"Bearer {self._token}"
        if chance.random() < 0.1:
            headers["idempotency-key"] = str(chance.choice(_WORDS))
        if chance.random() < 0.1:
            headers["accept"] = chance.choice(("text/csv", "application/xml", "text/html", "*/*", "a/b", ""))
        if chance.random() < 0.1:
            body = chance.choice((gzip.compress(body), body, _damaged(chance, gzip.compress(body))))
            headers["content-encoding"] = chance.choice(("gzip", "deflate", "zstd", "br"))
        if chance.random() < 0.02:
            headers["x-" + "y" * chance.randrange(100)] = "z" * chance.randrange(100_000)
        headers["content-length"] = str(len(body))
        first = f"{method} {self._address(chance, door)} HTTP/1.1"
        lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body, True

    def _address(self, chance: random.Random, door: Door) -> str:
        path, query = door.path, []
        for parameter in door.parameters:
            known = [*parameter["schema"].get("enum", []), parameter.get("example", "a")]
            value = str(chance.choice(known) if chance.random() < 0.6 else chance.choice((*_WORDS, *_ODD)))
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(value[:2000].encode("utf-8", "replace")) or "-")
            elif parameter["in"] == "query" and (parameter["required"] or chance.random() < 0.4):
                query.append((parameter["name"], value[:20_000].encode("utf-8", "replace")))
        return path + (f"?{urlencode(query)}" if query else "")

    def _body(self, chance: random.Random, door: Door) -> tuple[str, bytes]:
        content_type, value = chance.choice(door.bodies or [("", None)])
        if value is None:
            return content_type, b""
        if chance.random() < 0.1:
            content_type = chance.choice(_TYPES)
        for _ in range(chance.randrange(4)):
            value = _changed(chance, value)
        body = json.dumps(value).encode()
        if chance.random() < 0.3:
            body = _damaged(chance, body)
        return content_type, body


def _changed(chance: random.Random, value: Any) -> Any:
    """A JSON value with something odd somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        match chance.randrange(6):
            case 0:
                return {name: each for name, each in value.items() if name != key}
            case 1:
                return value | {chance.choice(_WORDS): chance.choice((*_WORDS, *_ODD))}
        return value | {key: _changed(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        if chance.random() < 0.2:
            return value * chance.choice((0, 2, 300))
        return [*value[:at], _changed(chance, value[at]), *value[at + 1 :]]
    match chance.randrange(4):
        case 0:
            return chance.choice(_WORDS)
        case 1:
            return _nested(value, chance.choice((3, 100, 5000)) if chance.random() < 0.2 else 2)
    return chance.choice(_ODD)


def _nested(value: Any, levels: int) -> Any:
    for _ in range(min(levels, 400)):  # what the encoder of this side bears
        value = [value]
    return value


def _damaged(chance: random.Random, body: bytes) -> bytes:
    """Bytes of which some are others, gone, or there many times."""
    if not body:
        return body
    at = chance.randrange(len(body))
    match chance.randrange(5):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        case 2:
            return body[:at] + body[at:] * chance.choice((2, 50))
        case 3:
            return body[:at] + chance.choice((b"[", b'{"a":', b"\xff\xfe", b"\xed\xa0\x80", b"\x00")) * 3000 + body[at:]
    return body[:at] + chance.randbytes(40) + body[at:]


def send(host: str, port: int, number: int, made: tuple[bytes, bool]) -> Outcome:
    """Send a request on a connection of its own. Raises `TimeoutError` when it hangs, though an answer is due."""
    request, is_http = made
    with socket.create_connection((host, port), timeout=PATIENCE if is_http else 2.0) as connection:
        try:
            connection.sendall(request)
            answer = _status_line(connection)
        except TimeoutError:
            if is_http:
                raise
            answer = b""  # it waits for the rest, as it should
        except (ConnectionError, BrokenPipeError):
            answer = b""
    parts = answer.split(b" ", 2)
    return Outcome(number, int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None)


def _status_line(connection: socket.socket) -> bytes:
    answer = b""
    while b"\r\n" not in answer and (piece := connection.recv(65_536)):
        answer += piece
    while connection.recv(65_536):  # so that nobody is thought to have gone
        pass
    return answer.partition(b"\r\n")[0]


def faults(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Server errors, other than those that say that it can't be done now."""
    return [each for each in outcomes if each.status and each.status >= 500 and each.status not in (503, 504)]


def by_status(outcomes: Iterable[Outcome]) -> Counter[int | None]:
    return Counter(each.status for each in outcomes)
