"""Which protocol an address belongs to: the shape of its errors, and the name under which calls are recorded."""

from typing import NamedTuple

from meterd.api.gateway.query import PREFIX as GATEWAY_PREFIX
from meterd.api.gateway.query import error_answer as gateway_error
from meterd.api.http import ErrorShape, plain_error
from meterd.api.otlp.routes import PREFIX as OTLP_PREFIX
from meterd.api.otlp.routes import error_answer as otlp_error
from meterd.api.sessions.routes import PREFIX as SESSIONS_PREFIX
from meterd.api.sessions.routes import error_answer as sessions_error
from meterd.api.usage.errors import error_answer as usage_error
from meterd.api.usage.recording import is_below


class _Protocol(NamedTuple):
    """The addresses that begin with a prefix: their error body, and the name under which calls are recorded."""

    prefix: str
    error: ErrorShape
    service: str = ""


_PROTOCOLS = (
    _Protocol(GATEWAY_PREFIX, gateway_error, "gateway"),
    _Protocol(OTLP_PREFIX, otlp_error, "otlp"),
    _Protocol(SESSIONS_PREFIX, sessions_error, "sessions"),
    _Protocol("/api/data/sessions", sessions_error, "sessions"),
    *(
        _Protocol(f"/api/{service}", usage_error, service)
        for service in ("metric", "object", "data", "calendar", "usage")
    ),
    _Protocol("/ingest/litellm", plain_error, "litellm"),
    _Protocol("/metrics", plain_error),
    _Protocol("/metric", plain_error, "ai-guard"),
    _Protocol("/classifications", plain_error, "ai-guard"),
    _Protocol("", plain_error),
)
"""The first one that fits counts. Calls to one without a name are recorded only if all are."""
SERVICES = {protocol.prefix: protocol.service for protocol in _PROTOCOLS}


def shape_of(path: str) -> ErrorShape:
    """How errors look at an address."""
    return next((protocol.error for protocol in _PROTOCOLS if is_below(path, protocol.prefix)), plain_error)
