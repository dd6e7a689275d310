"""Sessions in memory while they are used, in the metadata, and made from facts when that is behind.

A write is a fact in the journal; the document in the metadata follows a moment later. After a crash what it missed is
read from the facts again, up to the position that it had reached.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol

from meterd.api.sessions.active import ActiveSession, SessionCache
from meterd.api.sessions.catching_up import CatchUp
from meterd.api.sessions.facts import SessionFact, hear
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals
from meterd.api.sessions.saving import DocumentSaver, decoded, load, load_many
from meterd.metadata import SessionDocuments
from meterd.query.engine import QueryEngine
from meterd.supervision import Supervisor


class Repository(Protocol):
    """Finds sessions wherever they are, and keeps what changes.

    Attributes:
        arrivals: the order of facts, which their positions follow.
    """

    arrivals: Arrivals

    async def start(self) -> None:
        """Begin to follow what the documents have missed, so that the first caller need not wait for all of it."""

    async def stop(self) -> None:
        """End what `start` has begun."""

    def close(self) -> None:
        """Write what is not written yet; blocking, for the end of the service."""

    async def catch_up(self) -> None:
        """Return when sessions follow all facts of earlier runs."""

    async def find(self, id_: str) -> ActiveSession | None:
        """Return a session; None when there is none, or none any more."""

    async def find_many(self, ids: Collection[str]) -> list[ActiveSession]:
        """Return those of the sessions that there are."""

    def add(self, session: Session) -> ActiveSession:
        """Return a session that was not there before."""

    def use(self, active: ActiveSession) -> ActiveSession:
        """Remember that a session was used, and return it."""

    def changing(self, active: ActiveSession) -> AbstractAsyncContextManager[None]:
        """Let nobody else change a session meanwhile. What is recorded inside is followed by `follow`, inside."""

    async def follow(self, active: Sequence[ActiveSession]) -> None:
        """Let the documents of sessions, which have changed or are new, follow them."""

    async def hear(self, facts: Sequence[SessionFact]) -> None:
        """Let sessions follow events and points of them that were recorded."""

    async def save(self) -> None:
        """Save the documents of all sessions that changed."""

    async def page(self, tenant: str, after: tuple[datetime, str] | None, size: int) -> list[Session]:
        """Return sessions of a tenant in the order of their creation, from after one of them on."""

    def newest(
        self, tenant: str, since: datetime | None, before: datetime | None, size: int
    ) -> Iterator[list[Session]]:
        """Yield sessions of a tenant as they were saved, the newest first, some at a time; blocking.

        They began since a time, and before a time.
        """

    async def of_machine(self, tenant: str, machine_id: str) -> list[ActiveSession]:
        """Return sessions of a machine that are not over."""


class SessionRepository:
    """Keeps sessions in memory, where one process has them: their documents follow."""

    def __init__(self, documents: SessionDocuments, engine: QueryEngine, supervisor: Supervisor) -> None:
        self.arrivals = Arrivals()
        self._documents = documents
        self._cache = SessionCache()
        self._saver = DocumentSaver(documents, self.arrivals, supervisor)
        self._catch_up = CatchUp(documents, engine, self._cache, self._saver, self.arrivals, supervisor.telemetry)

    async def start(self) -> None:
        """Begin to follow what the documents have missed, so that the first caller need not wait for all of it."""
        self._catch_up.start()

    async def stop(self) -> None:
        """Do nothing: it ends by itself."""

    def close(self) -> None:
        """Write every changed document; blocking, for the end of the service."""
        self._saver.stop()
        if self._catch_up.is_done:
            self._saver.save_rest()

    async def catch_up(self) -> None:
        """Return when sessions follow all facts of earlier runs."""
        await self._catch_up.wait()

    async def find(self, id_: str) -> ActiveSession | None:
        """Return a session; None when there is none, or none any more."""
        await self.catch_up()
        active = self._cache.get(id_)
        if active is None:
            found = await asyncio.to_thread(load, self._documents, id_)
            active = self._cache.get_or_add(found) if found else self._cache.get(id_)
        return None if active is None or self._is_forgotten(active.session) else active

    async def find_many(self, ids: Collection[str]) -> list[ActiveSession]:
        """Return those of the sessions that there are."""
        await self.catch_up()
        there = [active for id_ in ids if (active := self._cache.get(id_))]
        if len(there) < len(ids):
            missing = set(ids).difference(active.session.id for active in there)
            found = await asyncio.to_thread(load_many, self._documents, missing)
            there += map(self._cache.get_or_add, found)
        return [active for active in there if not self._is_forgotten(active.session)]

    def add(self, session: Session) -> ActiveSession:
        """Hold a session that was not there before."""
        return self._cache.add(ActiveSession(session, 0))

    def use(self, active: ActiveSession) -> ActiveSession:
        """Remember that a session was used, and return it."""
        return self._cache.use(active)

    @asynccontextmanager
    async def changing(self, active: ActiveSession) -> AsyncIterator[None]:
        """Let nobody else change a session meanwhile. What is recorded inside is followed by `follow`, inside."""
        async with active.lock:
            yield

    async def follow(self, active: Sequence[ActiveSession]) -> None:
        """Let the documents of sessions, which have changed, follow them, in a while."""
        for each in active:
            self._saver.schedule(each)

    async def hear(self, facts: Sequence[SessionFact]) -> None:
        """Let sessions follow events and points of them that were recorded."""
        for fact in facts:
            hear(fact.active.session, fact)
        await self.follow([*{id(fact.active): fact.active for fact in facts}.values()])

    async def save(self) -> None:
        """Save the documents of all sessions that changed."""
        await self._saver.save()

    async def page(self, tenant: str, after: tuple[datetime, str] | None, size: int) -> list[Session]:
        """Return sessions of a tenant in the order of their creation, from after one of them on."""
        await self.catch_up()
        stored = await asyncio.to_thread(lambda: decoded(self._documents.page(tenant, after, size)))
        return [active.session if (active := self._cache.get(each.session.id)) else each.session for each in stored]

    def newest(
        self, tenant: str, since: datetime | None, before: datetime | None, size: int
    ) -> Iterator[list[Session]]:
        """Yield sessions of a tenant as they were saved, the newest first, some at a time; blocking.

        They began since a time, and before a time.
        """
        return newest_of(self._documents, tenant, since, before, size)

    async def of_machine(self, tenant: str, machine_id: str) -> list[ActiveSession]:
        """Return sessions of a machine that are not over."""
        await self.save()
        stored = await asyncio.to_thread(lambda: decoded(self._documents.of_machine(tenant, machine_id)))
        return [self._cache.get_or_add(each) for each in stored]

    def _is_forgotten(self, session: Session) -> bool:
        """Tell whether its document was deleted because it is old, though it may still be in memory."""
        return session.updated_at < self._documents.deleted_before


def newest_of(
    documents: SessionDocuments, tenant: str, since: datetime | None, before: datetime | None, size: int
) -> Iterator[list[Session]]:
    """Yield sessions as they were saved, the newest first, some at a time; blocking."""
    end = (before, "") if before else None
    while True:
        found = [each.session for each in decoded(documents.newest(tenant, since, end, size))]
        yield found
        if len(found) < size:
            return
        end = (found[-1].created_at, found[-1].id)
