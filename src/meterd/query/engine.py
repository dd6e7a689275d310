"""Runs queries: adds visibility, waits for the caller's own writes, enforces the limits, shapes the rows."""

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from meterd.access import Caller
from meterd.errors import InvalidInput, Unavailable
from meterd.query.compile import Compiled, compile_query
from meterd.query.dialects import DIALECTS
from meterd.query.model import Aggregate, Query, Row, Scalar
from meterd.query.visibility import visible_facts, visible_groups
from meterd.settings import Query as Limits
from meterd.store import QueryMemory, QueryTimeout, Store, StoreError
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Freshness(Protocol):
    """Something that knows when everything accepted so far can be read."""

    async def caught_up(self) -> None: ...


class QueryEngine:
    """Answers queries, a few at a time (`query.concurrency`), each within `query.timeout` seconds."""

    def __init__(self, store: Store, freshness: Freshness, limits: Limits, telemetry: Telemetry) -> None:
        self._store = store
        self._freshness = freshness
        self._limits = limits
        self._telemetry = telemetry
        self._dialect = DIALECTS[store.dialect]
        self._threads = ThreadPoolExecutor(limits.concurrency, thread_name_prefix="meterd-query")

    async def run(self, query: Query, caller: Caller) -> list[Row]:
        """The rows that the caller may see.

        Raises `InvalidInput` when the query needs more buckets, rows, time or memory than the settings allow, and
        `Unavailable` when the store is too far behind to show the caller's own writes in time.
        """
        self._check_buckets(query)
        query = visible_groups(query, caller)
        compiled = compile_query(query, visible_facts(caller), self._dialect, self._limits.max_rows + 1)
        await self._own_writes()
        rows = await asyncio.get_running_loop().run_in_executor(self._threads, self._select, query, compiled)
        if len(rows) > self._limits.max_rows:
            raise self._too_much("rows", f"the result has more than {self._limits.max_rows} rows (query.max-rows)")
        return [_shape(query, compiled, row) for row in rows]

    def _check_buckets(self, query: Query) -> None:
        if query.interval is None:
            return
        if query.interval.most_buckets(query.start, query.end) > self._limits.max_buckets:
            raise self._too_much(
                "buckets", f"the window has more than {self._limits.max_buckets} buckets (query.max-buckets)"
            )

    async def _own_writes(self) -> None:
        try:
            async with asyncio.timeout(self._limits.timeout):
                await self._freshness.caught_up()
        except TimeoutError:
            raise Unavailable("the store is behind what was recorded, try again", retry_after=5) from None

    def _select(self, query: Query, compiled: Compiled) -> list[tuple[Any, ...]]:
        started = time.perf_counter()
        try:
            return self._store.select(compiled.sql, compiled.parameters, self._limits.timeout)
        except QueryTimeout:
            limit = f"the query took longer than {self._limits.timeout:g} s (query.timeout)"
            raise self._too_much("time", limit) from None
        except QueryMemory:
            raise self._too_much("memory", "the query needs more memory than allowed (store.memory)") from None
        except StoreError as error:
            log.error("query failed in the store", error=str(error), dataset=query.dataset.name)
            raise Unavailable("the store can't answer now, try again", retry_after=5) from error
        finally:
            self._telemetry.query_seconds.labels(query.dataset.name).observe(time.perf_counter() - started)

    def _too_much(self, reason: str, limit: str) -> InvalidInput:
        self._telemetry.query_failures.labels(reason).inc()
        return InvalidInput(f"{limit}: ask for a shorter window, a longer interval or fewer groups")

    def close(self) -> None:
        self._threads.shutdown()


def _shape(query: Query, compiled: Compiled, row: tuple[Any, ...]) -> Row:
    start = end = None
    seconds = 0.0
    first = 0
    if query.interval is not None:
        first = 1
        start = _utc(row[0])
        end = query.interval.bucket_end(start)
        seconds = (end - start).total_seconds()
    values = {group.key: row[first + number] for number, group in enumerate(query.groups)}
    for aggregate, position in zip(query.aggregates, compiled.positions, strict=True):
        values[aggregate.key] = _value(aggregate, row, position, seconds)
    return Row(values, row[first + len(query.groups)], start, end)


def _value(
    aggregate: Aggregate, row: tuple[Any, ...], position: tuple[int, int | None], seconds: float
) -> Scalar | None:
    column, place = position
    value: Scalar | None = row[column]
    if place is not None and row[column] is not None:
        value = row[column][place]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if aggregate.per is not None and isinstance(value, int | float):
        return value * aggregate.per.value / seconds
    return value


def _utc(value: datetime | Any) -> datetime:
    """The start of a bucket; engines give dates for buckets of whole days."""
    return datetime(value.year, value.month, value.day, getattr(value, "hour", 0), getattr(value, "minute", 0),
                    getattr(value, "second", 0), tzinfo=UTC)  # fmt: skip
