"""Queries of ClickHouse, within limits, and ended when nobody waits for them."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import structlog
from clickhouse_connect.driver.client import Client

from meterd.store.base import Cancellation, QueryCancelled, StoredRow, StoreError
from meterd.store.clickhouse.connections import Connections, Setting
from meterd.store.clickhouse.schema import everywhere

_SPILLS_AT = 8
"""Part of a query's memory from which on groups are put on disk."""
_KILLED_EVERY = 0.1
_SETTINGS: dict[str, Setting] = {
    "final": 1,  # one row of each identity
    "do_not_merge_across_partitions_select_final": 1,  # a key is in one month, as its time is a part of it
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    "timeout_overflow_mode": "throw",
    "max_query_size": 2**24,
    "max_ast_elements": 10**7,
    "max_expanded_ast_elements": 10**7,
    "max_ast_depth": 10**4,
    "max_parser_depth": 10**4,
}
"""How answers are meant, and room for the longest questions: how complex they are is limited before."""
_IF_KNOWN: dict[str, Setting] = {"enable_materialized_cte": 1}
"""Settings without which answers are the same, and slower."""

log = structlog.get_logger()


class Reader:
    """Reads through `connections`; a query may take `memory` bytes. With a `cluster` any of its servers may answer."""

    def __init__(self, connections: Connections, memory: int, cluster: str = "") -> None:
        self._connections = connections
        self._kill_everywhere = f"KILL QUERY{everywhere(cluster)}"
        self._settings = _SETTINGS | {
            "max_memory_usage": memory,
            "max_bytes_before_external_group_by": memory // _SPILLS_AT,
            "max_bytes_before_external_sort": memory // _SPILLS_AT,
        }

    def select(
        self, sql: str, parameters: Sequence[object], timeout: float, cancellation: Cancellation
    ) -> list[StoredRow]:
        """Return the rows of a query, in which `{p1:Type}` stands for the first parameter."""
        mark = f"/* {uuid.uuid4().hex} */"
        named = {f"p{number}": value for number, value in enumerate(parameters, 1)}
        try:
            with self._connections.client() as client, self._ended_by(cancellation, mark):
                settings = self._settings | _known(client) | {"max_execution_time": f"{timeout:.3f}"}
                answer = client.query(f"{sql} {mark}", parameters=named or None, settings=settings)
                return cast("list[StoredRow]", answer.result_rows)  # its type says less than it is
        except StoreError:
            if cancellation.is_cancelled:
                raise QueryCancelled from None
            raise

    @contextmanager
    def _ended_by(self, cancellation: Cancellation, mark: str) -> Iterator[None]:
        """Let a cancellation end the query with this mark, while the block runs."""
        has_ended = threading.Event()

        def kill() -> None:
            threading.Thread(target=self._kill, args=(mark, has_ended), name="meterd-query-limit").start()

        try:
            with cancellation.by(kill):
                yield
        finally:
            has_ended.set()

    def _kill(self, mark: str, has_ended: threading.Event) -> None:
        """Ask for the end of a query, again and again: it may not have begun yet."""
        while not has_ended.is_set():
            try:
                with self._connections.client() as client:
                    client.command(
                        f"{self._kill_everywhere} WHERE query LIKE '%{mark}%' AND query NOT LIKE 'KILL%' ASYNC"
                    )
            except StoreError as error:
                log.warning("a query can't be cancelled, its limit of time will end it", error=str(error))
                return
            has_ended.wait(_KILLED_EVERY)


def _known(client: Client) -> dict[str, Setting]:
    return {name: value for name, value in _IF_KNOWN.items() if name in client.server_settings}
