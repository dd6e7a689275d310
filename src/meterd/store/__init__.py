"""Where facts are queried: the `Store` protocol and its engines."""

from meterd.store.base import (
    Cancellation,
    Lines,
    QueryCancelled,
    QueryMemory,
    QueryTimeout,
    Store,
    StoreDamaged,
    StoredRow,
    StoreError,
    Unreadable,
)
from meterd.store.duckdb import DuckDBStore

__all__ = [
    "Cancellation",
    "DuckDBStore",
    "Lines",
    "QueryCancelled",
    "QueryMemory",
    "QueryTimeout",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoredRow",
    "Unreadable",
]
