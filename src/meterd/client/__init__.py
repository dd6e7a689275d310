"""The Python client of a meterd server: `Client`, `AsyncClient` for asyncio, functions for a default session.

Stands alone: nothing of the server is imported. `docs/python-client.md` is its manual.
"""

from meterd.client.asynchronous import AsyncClient
from meterd.client.default import (
    heartbeat,
    log_counter,
    log_event,
    log_exception,
    log_gauge,
    log_histogram,
    log_metric,
    log_timer,
    session,
    timer,
    update_state,
)
from meterd.client.errors import (
    BufferFull,
    ClientClosed,
    ConnectionFailed,
    DeliveryFailed,
    InvalidRow,
    ItemsRefused,
    MeterdClientError,
    MissingPackage,
    RowsRefused,
    SpoolFailed,
    StatusError,
    UnexpectedAnswer,
)
from meterd.client.guard.asynchronous import AsyncGuard
from meterd.client.guard.redaction import Policy, Redaction
from meterd.client.guard.streams import AsyncGuardedStream, GuardedStream
from meterd.client.guard.synchronous import Guard
from meterd.client.guard.wire import Match
from meterd.client.processes import ProcessRun
from meterd.client.question import Aggregation, AggregationType, Filter, Histogram, Operator, Order, QueryOptions
from meterd.client.result import QueryResult
from meterd.client.sessions.handler import SessionHandler
from meterd.client.sessions.session import AsyncSession, Session
from meterd.client.synchronous import Client

__all__ = [
    "Aggregation",
    "AggregationType",
    "AsyncClient",
    "AsyncGuard",
    "AsyncGuardedStream",
    "AsyncSession",
    "BufferFull",
    "Client",
    "ClientClosed",
    "ConnectionFailed",
    "DeliveryFailed",
    "Filter",
    "Guard",
    "GuardedStream",
    "Histogram",
    "InvalidRow",
    "ItemsRefused",
    "Match",
    "MeterdClientError",
    "MissingPackage",
    "Operator",
    "Order",
    "Policy",
    "ProcessRun",
    "QueryOptions",
    "QueryResult",
    "Redaction",
    "RowsRefused",
    "Session",
    "SessionHandler",
    "SpoolFailed",
    "StatusError",
    "UnexpectedAnswer",
    "heartbeat",
    "log_counter",
    "log_event",
    "log_exception",
    "log_gauge",
    "log_histogram",
    "log_metric",
    "log_timer",
    "session",
    "timer",
    "update_state",
]
