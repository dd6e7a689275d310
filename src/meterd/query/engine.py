"""Runs queries: adds visibility, waits for the caller's own writes, enforces the limits, shapes the rows."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, Protocol, TypeVar

import structlog

from meterd.access import Caller
from meterd.datasets import Dataset
from meterd.errors import InvalidInput, Unavailable
from meterd.query import bins, histograms, totals
from meterd.query.cache import Cache, key_of
from meterd.query.compile import Compiled, compile_query
from meterd.query.complexity import Bounds
from meterd.query.dialects import ready_dialect
from meterd.query.listings import compile_combined, compile_listing
from meterd.query.model import CombinedListing, Listing, Query, Row
from meterd.query.results import shape
from meterd.query.visibility import Visibility, visible_to
from meterd.query.workers import Execution, Overdue, Workers
from meterd.settings import Query as Limits
from meterd.store import QueryCancelled, QueryMemory, QueryTimeout, Store, StoredRow, StoreError
from meterd.telemetry import Telemetry

_SHAPING_THREADS = 2
"""Python does one thing at a time: more threads would only take from those that answer."""
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

log = structlog.get_logger()


class Freshness(Protocol):
    """Something that knows when everything accepted so far can be read."""

    async def caught_up(self, dataset: Dataset) -> None: ...


class QueryEngine:
    """Answers queries, a few at a time (`query.concurrency`), each within `query.timeout` seconds.

    Everything that takes long is done in threads, by turns of tenants and subjects, and ends when the client goes.
    """

    def __init__(self, store: Store, freshness: Freshness, limits: Limits, telemetry: Telemetry) -> None:
        self._store = store
        self._freshness = freshness
        self._limits = limits
        self._telemetry = telemetry
        self._bounds = Bounds(limits, lambda reason: telemetry.query_failures.labels(reason).inc())
        self._dialect = ready_dialect(store.dialect)
        self._cache = Cache(limits.max_cache_bytes, telemetry)
        self._workers = Workers("query", limits.concurrency, limits.max_waiting, limits.timeout, telemetry)
        self.shapers = Workers("shaping", _SHAPING_THREADS, limits.max_waiting, limits.timeout, telemetry)

    async def run(self, query: Query, caller: Caller | None, is_sparse: bool = False) -> list[Row]:
        """Return the rows that the caller may see; all of them for the service itself.

        Of a sparse query only buckets with facts count towards the limits.

        Raises:
            InvalidInput: the query is too complex, or needs more buckets, rows, time or memory than the settings allow.
            Unavailable: too many wait, the store can't answer, or it does not show the caller's own writes in time.
            ClientGone: nobody waits for the response any more.
        """
        if caller:
            query = self._bounds.query(query)
        if not is_sparse:
            self._check_buckets(query)
        return await self._ask(query.dataset, caller, lambda execution: self._execute(query, caller, execution))

    async def facts(self, listing: Listing, caller: Caller | None) -> list[StoredRow]:
        """Return facts of the listing that the caller may see; all of them for the service itself.

        Raises:
            InvalidInput, Unavailable, ClientGone: as of `run`.
        """
        if caller:
            listing = self._bounds.listing(listing)
        visible = visible_to(caller) if caller else None

        def list_(execution: Execution) -> list[StoredRow]:
            return self._select(listing.dataset, *compile_listing(listing, visible, self._dialect), execution)

        return await self._ask(listing.dataset, caller, list_)

    async def combined(self, listing: CombinedListing, caller: Caller) -> list[StoredRow]:
        """Return facts of several datasets that the caller may see, each with its place.

        Raises:
            InvalidInput, Unavailable, ClientGone: as of `run`.
        """
        listing = self._bounds.combined(listing)
        visible = visible_to(caller)
        for part in listing.parts[1:]:
            await self._wait_for_own_writes(part.dataset)

        def list_(execution: Execution) -> list[StoredRow]:
            return self._select(listing.parts[0].dataset, *compile_combined(listing, visible, self._dialect), execution)

        return await self._ask(listing.parts[0].dataset, caller, list_)

    async def shape(
        self,
        caller: Caller | None,
        function: Callable[_Arguments, _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Return what the function makes of rows, which may take long: in a thread, so that other requests go on.

        Raises:
            Unavailable: too many wait, or the time passed meanwhile.
            ClientGone: nobody waits for the response any more.
        """
        return await self.shapers.run(caller, lambda _turn: function(*arguments, **named))

    async def _ask(self, dataset: Dataset, caller: Caller | None, work: Callable[[Execution], _Result]) -> _Result:
        began = time.monotonic()
        await self._wait_for_own_writes(dataset)
        try:
            return await self._workers.run(caller, work, began)
        except Overdue:
            raise self._too_slow() from None

    def _check_buckets(self, query: Query) -> None:
        if query.interval is None:
            return
        if query.interval.max_buckets(query.start, query.end) > self._limits.max_buckets:
            raise self._limit_exceeded(
                "buckets",
                f"the window has more than {self._limits.max_buckets} buckets (query.max-buckets)",
                "ask for a longer interval or a shorter window",
            )

    async def _wait_for_own_writes(self, dataset: Dataset) -> None:
        try:
            async with asyncio.timeout(self._limits.timeout):
                await self._freshness.caught_up(dataset)
        except TimeoutError:
            raise Unavailable("the store is behind what was recorded, try again", retry_after=5) from None

    def _execute(self, query: Query, caller: Caller | None, execution: Execution) -> list[Row]:
        visible = visible_to(caller) if caller else None
        if extents := bins.extents(query):
            query = bins.with_bins(query, self._rows(extents, visible, execution)[0])
        rows = self._grouped(query, visible, execution)
        if whole := totals.of(query):
            rows = totals.with_totals(query, rows, self._grouped(whole, visible, execution))
        return rows

    def _grouped(self, query: Query, visible: Visibility | None, execution: Execution) -> list[Row]:
        plain, distributions = histograms.split(query)
        rows = self._rows(plain, visible, execution)
        if distributions:
            histograms.add_percentiles(query, rows, self._rows(distributions, visible, execution))
        return rows

    def _rows(self, query: Query, visible: Visibility | None, execution: Execution) -> list[Row]:
        bins_of_a_row = sum(len(aggregate.bins) for aggregate in query.aggregates)
        most = self._limits.max_rows // max(bins_of_a_row, 1)
        compiled = compile_query(query, visible, self._dialect, most + 1)
        rows = self._kept_or_selected(query.dataset, compiled, execution)
        if len(rows) > most:
            raise self._limit_exceeded(
                "rows",
                f"the result has more than {self._limits.max_rows} {'bins' if bins_of_a_row else 'rows'} "
                "(query.max-rows)",
                "group by fewer fields, filter, or ask for a longer interval or a shorter window",
            )
        return shape(query, compiled, rows)

    def _kept_or_selected(self, dataset: Dataset, compiled: Compiled, execution: Execution) -> Sequence[StoredRow]:
        """Return rows that were answered before, as long as the facts are the same, else those of the store."""
        key, state = key_of(compiled.sql, compiled.parameters), self._store.state(dataset)
        if (kept := self._cache.find(key, state)) is not None:
            return kept
        rows = self._select(dataset, compiled.sql, compiled.parameters, execution)
        if state is not None and self._store.state(dataset) == state:
            self._cache.keep(key, state, rows)
        return rows

    def _select(
        self, dataset: Dataset, sql: str, parameters: tuple[object, ...], execution: Execution
    ) -> list[StoredRow]:
        started = time.perf_counter()
        try:
            return self._store.select(sql, parameters, execution.left, execution.cancellation)
        except QueryCancelled:
            raise Unavailable("the query was cancelled", retry_after=1) from None
        except QueryTimeout:
            if execution.waited > self._limits.timeout / 2:
                raise Unavailable("there was too little time after others' queries, try again", retry_after=5) from None
            raise self._too_slow() from None
        except QueryMemory:
            raise self._limit_exceeded(
                "memory",
                "the query needs more memory than there is (query.memory, store.memory, store.spill)",
                "ask for a shorter window, fewer percentiles and distinct counts, or group by fields with fewer values",
            ) from None
        except StoreError as error:
            log.error("query failed in the store", error=str(error), dataset=dataset.name)
            raise Unavailable("the store can't answer now, try again", retry_after=5) from error
        finally:
            self._telemetry.query_seconds.labels(dataset.name).observe(time.perf_counter() - started)

    def _too_slow(self) -> InvalidInput:
        return self._limit_exceeded(
            "time",
            f"the query took longer than {self._limits.timeout:g} s (query.timeout)",
            "ask for a shorter window, filter, or group by fields with fewer values",
        )

    def _limit_exceeded(self, reason: str, limit: str, hint: str) -> InvalidInput:
        self._telemetry.query_failures.labels(reason).inc()
        return InvalidInput(f"{limit}: {hint}")

    def close(self) -> None:
        self._workers.close()
        self.shapers.close()
