"""The context of a request: its id, its caller and what it did, for the server, the handlers and the request log."""

import time
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

import msgspec

from meterd.access.model import Caller

_KEY = "meterd.context"


class Operation(NamedTuple):
    """What a request did, as its handler knows it better than its address tells: an action, and upon what."""

    action: str
    key: str | None = None


class RequestContext(msgspec.Struct):
    """One request: the server begins it, authentication and handlers add what they find out, the request log reads it.

    `protocol` is the name under which requests are recorded, empty for an address that has none. `started` is of the
    performance counter, `began` in seconds since 1970. `is_secure`: it came by TLS.
    """

    id: bytes
    protocol: str
    method: str
    path: str
    headers: Iterable[tuple[bytes, bytes]]
    started: float
    began: float
    caller: Caller | None = None
    operation: Operation | None = None
    is_secure: bool = False


Scope = MutableMapping[str, Any]
"""An ASGI scope, whose members are of many types."""


def begin_request(scope: Scope, id_: bytes, protocol: str) -> RequestContext:
    """Make the context of a request that begins now, and leave it in its ASGI scope."""
    context = scope[_KEY] = RequestContext(
        id_, protocol, scope["method"], scope["path"], scope["headers"], time.perf_counter(), time.time()
    )
    return context


def context_of(scope: Mapping[str, Any]) -> RequestContext:
    """Find the context of a request in its ASGI scope."""
    context: RequestContext = scope[_KEY]
    return context
