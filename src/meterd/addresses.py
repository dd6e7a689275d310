"""Which protocol an address belongs to: the shape of its errors, and the name under which calls are recorded."""

from typing import NamedTuple

from meterd.api.gateway.query import PREFIX as GATEWAY_PREFIX
from meterd.api.gateway.query import error_response as gateway_error
from meterd.api.http import ErrorShape, plain_error
from meterd.api.otlp.routes import PREFIX as OTLP_PREFIX
from meterd.api.otlp.routes import error_response as otlp_error
from meterd.api.sessions.routes import EXPORTED, SERIES
from meterd.api.sessions.routes import PREFIX as SESSIONS_PREFIX
from meterd.api.sessions.routes import error_response as sessions_error
from meterd.api.usage.errors import error_response as usage_error


class Protocol(NamedTuple):
    """The addresses that begin with a prefix: their error body, and the name under which requests are recorded."""

    prefix: str
    error: ErrorShape
    name: str = ""


_PROTOCOLS = (
    Protocol(GATEWAY_PREFIX, gateway_error, "gateway"),
    Protocol(OTLP_PREFIX, otlp_error, "otlp"),
    Protocol(SESSIONS_PREFIX, sessions_error, "sessions"),
    *(Protocol(prefix, sessions_error, "sessions") for prefix in (EXPORTED, SERIES)),
    *(
        Protocol(f"/api/{service}", usage_error, service)
        for service in ("metric", "object", "data", "calendar", "usage")
    ),
    Protocol("/ingest/litellm", plain_error, "litellm"),
    Protocol("/metrics", plain_error),
    Protocol("/metric", plain_error, "ai-guard"),
    Protocol("/classifications", plain_error, "ai-guard"),
    Protocol("/api/dashboards", plain_error),
    Protocol("/api/datasources", plain_error),
    Protocol("", plain_error),
)
"""The first one that fits counts. Requests to one without a name are recorded only if all are."""


def protocol_of(path: str) -> Protocol:
    """Find the protocol that an address belongs to."""
    return next((protocol for protocol in _PROTOCOLS if _is_below(path, protocol.prefix)), _PROTOCOLS[-1])


def _is_below(path: str, prefix: str) -> bool:
    """Return whether a path is a prefix, or goes on behind it after a slash."""
    return f"{path}/".startswith(prefix if prefix.endswith("/") else f"{prefix}/")
