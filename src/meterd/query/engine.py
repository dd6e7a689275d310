"""Runs queries: adds visibility, waits for the caller's own writes, enforces the limits, shapes the rows."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import structlog

from meterd.access import Caller
from meterd.datasets import Dataset
from meterd.errors import InvalidInput, Unavailable
from meterd.query import histograms
from meterd.query.compile import compile_listing, compile_query
from meterd.query.complexity import Bounds
from meterd.query.dialects import DIALECTS
from meterd.query.model import Listing, Query, Row
from meterd.query.results import shape
from meterd.query.visibility import visible_to
from meterd.settings import Query as Limits
from meterd.store import QueryMemory, QueryTimeout, Store, StoreError
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Freshness(Protocol):
    """Something that knows when everything accepted so far can be read."""

    async def caught_up(self, dataset: Dataset) -> None: ...


class QueryEngine:
    """Answers queries, a few at a time (`query.concurrency`), each within `query.timeout` seconds."""

    def __init__(self, store: Store, freshness: Freshness, limits: Limits, telemetry: Telemetry) -> None:
        self._store = store
        self._freshness = freshness
        self._limits = limits
        self._telemetry = telemetry
        self._bounds = Bounds(limits, lambda reason: telemetry.query_failures.labels(reason).inc())
        self._dialect = DIALECTS[store.dialect]
        self._threads = ThreadPoolExecutor(limits.concurrency, thread_name_prefix="meterd-query")

    async def run(self, query: Query, caller: Caller | None, is_sparse: bool = False) -> list[Row]:
        """The rows that the caller may see; all of them for the service itself.

        Of a sparse query only buckets with facts count towards the limits.

        Raises `InvalidInput` when the query is too complex or needs more buckets, rows, time or memory than the
        settings allow, and `Unavailable` when the store is too far behind to show the caller's own writes in time.
        """
        query = self._bounds.query(query)
        if not is_sparse:
            self._check_buckets(query)
        plain, distributions = histograms.split(query)
        await self._own_writes(query.dataset)
        rows = await self._run(plain, caller)
        if distributions:
            histograms.add_percentiles(query, rows, await self._run(distributions, caller))
        return rows

    async def _run(self, query: Query, caller: Caller | None) -> list[Row]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, query, caller)

    async def facts(self, listing: Listing, caller: Caller | None) -> list[tuple[Any, ...]]:
        """Facts of the listing that the caller may see; all of them for the service itself. Raises as `run` does."""
        listing = self._bounds.listing(listing)
        await self._own_writes(listing.dataset)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._list, listing, caller)

    def _check_buckets(self, query: Query) -> None:
        if query.interval is None:
            return
        if query.interval.most_buckets(query.start, query.end) > self._limits.max_buckets:
            raise self._too_much(
                "buckets",
                f"the window has more than {self._limits.max_buckets} buckets (query.max-buckets)",
                "ask for a longer interval or a shorter window",
            )

    async def _own_writes(self, dataset: Dataset) -> None:
        try:
            async with asyncio.timeout(self._limits.timeout):
                await self._freshness.caught_up(dataset)
        except TimeoutError:
            raise Unavailable("the store is behind what was recorded, try again", retry_after=5) from None

    def _list(self, listing: Listing, caller: Caller | None) -> list[tuple[Any, ...]]:
        visible = visible_to(caller) if caller else None
        return self._select(listing.dataset, *compile_listing(listing, visible, self._dialect))

    def _answer(self, query: Query, caller: Caller | None) -> list[Row]:
        visible = visible_to(caller) if caller else None
        compiled = compile_query(query, visible, self._dialect, self._limits.max_rows + 1)
        rows = self._select(query.dataset, compiled.sql, compiled.parameters)
        if len(rows) > self._limits.max_rows:
            raise self._too_much(
                "rows",
                f"the result has more than {self._limits.max_rows} rows (query.max-rows)",
                "group by fewer fields, filter, or ask for a longer interval or a shorter window",
            )
        return shape(query, compiled, rows)

    def _select(self, dataset: Dataset, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        started = time.perf_counter()
        try:
            return self._store.select(sql, parameters, self._limits.timeout)
        except QueryTimeout:
            raise self._too_much(
                "time",
                f"the query took longer than {self._limits.timeout:g} s (query.timeout)",
                "ask for a shorter window, filter, or group by fields with fewer values",
            ) from None
        except QueryMemory:
            raise self._too_much(
                "memory",
                "the query needs more memory than there is (query.memory, store.memory, store.spill)",
                "ask for a shorter window, fewer percentiles and distinct counts, or group by fields with fewer values",
            ) from None
        except StoreError as error:
            log.error("query failed in the store", error=str(error), dataset=dataset.name)
            raise Unavailable("the store can't answer now, try again", retry_after=5) from error
        finally:
            self._telemetry.query_seconds.labels(dataset.name).observe(time.perf_counter() - started)

    def _too_much(self, reason: str, limit: str, hint: str) -> InvalidInput:
        self._telemetry.query_failures.labels(reason).inc()
        return InvalidInput(f"{limit}: {hint}")

    def close(self) -> None:
        self._threads.shutdown()
