"""The Python client of a meterd server: `Client`, and `AsyncClient` for asyncio.

Stands alone: nothing of the server is imported. `docs/python-client.md` is its manual.
"""

from meterd.client.asynchronous import AsyncClient
from meterd.client.errors import (
    BufferFull,
    ClientClosed,
    ConnectionFailed,
    InvalidRow,
    MeterdClientError,
    MissingPackage,
    RowsRefused,
    StatusError,
    UnexpectedAnswer,
)
from meterd.client.question import AggregationType, Filter, Operator
from meterd.client.result import QueryResult
from meterd.client.synchronous import Client

__all__ = [
    "AggregationType",
    "AsyncClient",
    "BufferFull",
    "Client",
    "ClientClosed",
    "ConnectionFailed",
    "Filter",
    "InvalidRow",
    "MeterdClientError",
    "MissingPackage",
    "Operator",
    "QueryResult",
    "RowsRefused",
    "StatusError",
    "UnexpectedAnswer",
]
