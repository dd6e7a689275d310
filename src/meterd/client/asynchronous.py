"""The client for asyncio."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self, Unpack

from meterd.client.base import BaseClient
from meterd.client.connection import AsyncConnection
from meterd.client.guard.asynchronous import AsyncGuard
from meterd.client.guard.wire import Platform
from meterd.client.processes import PROCESSES, ProcessRun, logging_failure
from meterd.client.question import QueryOptions, question
from meterd.client.result import QueryResult, read_result
from meterd.client.rows import Row, encode
from meterd.client.sending import TaskSender
from meterd.client.sessions.opening import Sessions
from meterd.client.sessions.session import AsyncSession
from meterd.client.wire import query_request


class AsyncClient(BaseClient):
    """The counterpart of `Client` for one event loop. Use it as an asynchronous context manager, or await `close`.

    A call that is cancelled loses no rows: what was taken stays taken, what was not delivered is tried again.
    """

    def _open(self) -> None:
        self._connection = AsyncConnection(self._options)
        self._sender = TaskSender(self._options, self._connection)
        self._sessions = Sessions(self._options)

    async def query(
        self, datasource: str, start: datetime | str, end: datetime | str, **options: Unpack[QueryOptions]
    ) -> QueryResult:
        """Do what `Client.query` does."""
        request = query_request(question(datasource, start, end, options))
        return read_result(await self._connection.send(request))

    async def ingest(self, datasource: str, rows: Row | Iterable[Row]) -> None:
        """Do what `Client.ingest` does."""
        await self._put(datasource, rows)
        self._sender.raise_errors()

    async def _put(self, datasource: str, rows: Row | Iterable[Row]) -> None:
        before = 0
        for lines in encode(rows, self._options.batch_size):
            await self._sender.put(datasource, lines, before)
            before += len(lines)

    @asynccontextmanager
    async def process_run(
        self,
        name: str,
        *,
        trigger: str | None = None,
        environment: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AsyncIterator[ProcessRun]:
        """Do what `Client.process_run` does; a run that is cancelled has failed."""
        run = ProcessRun(name, trigger, environment, metadata)
        try:
            with run.watched():
                yield run
        finally:
            with logging_failure(run):
                await self._put(PROCESSES, run.row())

    async def create_session(
        self,
        product: str,
        version: str,
        *,
        machine_id: str | None = None,
        hostname: str | None = None,
        spool: str | os.PathLike[str] | None = None,
        wait: float = 0.0,
    ) -> AsyncSession:
        """Do what `Client.create_session` does."""
        names = {"machine_id": machine_id, "hostname": hostname}
        begin = partial(self._sessions.begin, product, version, **names, spool=spool, wait=wait)
        return AsyncSession(await asyncio.to_thread(begin))

    def guard(self, agent: str, platform: Platform, *, attributes: Mapping[str, str] | None = None) -> AsyncGuard:
        """Do what `Client.guard` does; not to be awaited, because it asks nothing."""
        return AsyncGuard(self._connection, agent, platform, attributes)

    async def flush(self) -> None:
        """Do what `Client.flush` does."""
        await self._sender.flush()
        if self._sessions.are_open:
            await asyncio.to_thread(self._sessions.flush)

    async def close(self) -> None:
        """Do what `Client.close` does."""
        if self._sessions.are_open:
            await asyncio.to_thread(self._sessions.close)
        await self._sender.close()
        await self._connection.close()
        self._sender.raise_errors()
        self._sessions.raise_refusals()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.close()
