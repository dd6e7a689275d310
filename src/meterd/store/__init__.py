"""Where facts are queried: the `Store` protocol and its engines."""

from meterd.store.base import Lines, QueryMemory, QueryTimeout, Store, StoreDamaged, StoreError, Unreadable
from meterd.store.duckdb import DuckDBStore

__all__ = ["DuckDBStore", "Lines", "QueryMemory", "QueryTimeout", "Store", "StoreDamaged", "StoreError", "Unreadable"]
