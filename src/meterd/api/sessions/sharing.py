"""Sessions that several nodes change: their documents are what counts, and each change is one of them as well.

Who changes a session holds its document until the fact is in the journal, and then gives it back changed. So the facts
of a session have positions in the order of its changes, whichever node took them. A document that could not be given
back, as the directory was gone by then, follows its facts later; until then this node knows nothing of sessions.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

import structlog

from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.facts import SessionFact, hear
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals
from meterd.api.sessions.rejoining import Rejoin
from meterd.api.sessions.repository import newest_of
from meterd.api.sessions.saving import decoded, load, load_many, stored
from meterd.errors import MeterdError, NotFound
from meterd.metadata import SessionDocuments
from meterd.query.engine import QueryEngine
from meterd.supervision import SESSIONS, Supervisor

log = structlog.get_logger()

_P = ParamSpec("_P")
_Result = TypeVar("_Result")
_NOTED_EVERY = 2.0
"""Seconds between two notes of how far documents follow the facts of this node: a crash lets it read those again."""
_CHANGES = 4
"""Documents that are held at once, each by a connection and a thread: nobody who holds one waits for a thread."""


class SharedRepository:
    """Finds sessions in their documents, and changes them there (`meterd.api.sessions.repository.Repository`).

    Attributes:
        arrivals: the order of the facts of this node.
    """

    def __init__(self, documents: SessionDocuments, engine: QueryEngine, supervisor: Supervisor) -> None:
        self.arrivals = Arrivals()
        self._documents = documents
        self._rejoin = Rejoin(documents, engine, self.arrivals, supervisor.telemetry)
        self._noting = supervisor.task(SESSIONS, self._note)
        self._threads = ThreadPoolExecutor(_CHANGES, "session-change")
        self._turns = asyncio.Semaphore(_CHANGES)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: dict[str, _Held] = {}
        self._heard: list[tuple[Sequence[SessionFact], asyncio.Future[None]]] = []
        self._hearing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow what the documents have missed, and to note how far they have come."""
        self._noting.start()

    async def stop(self) -> None:
        """Note no more."""
        await self._noting.close()

    def close(self) -> None:
        """Note how far documents have come; blocking, for the end of the service."""
        self._threads.shutdown()
        try:
            self._rejoin.note()
        except MeterdError as error:
            log.error("how far documents of sessions have come can't be noted", error=error.message)

    async def catch_up(self) -> None:
        """Return when documents follow all facts of this node that they have missed. Raises `Unavailable`."""
        await self._rejoin.wait()

    async def find(self, id_: str) -> ActiveSession | None:
        """Return a session as it is now; None when there is none."""
        await self.catch_up()
        found = await asyncio.to_thread(load, self._documents, id_)
        return self._active(found) if found else None

    async def find_many(self, ids: Collection[str]) -> list[ActiveSession]:
        """Return those of the sessions that there are, as they are now."""
        await self.catch_up()
        return [self._active(found) for found in await asyncio.to_thread(load_many, self._documents, ids)]

    def add(self, session: Session) -> ActiveSession:
        """Return a session that was not there before."""
        return self._active(ActiveSession(session, 0))

    def use(self, active: ActiveSession) -> ActiveSession:
        """Return a session, which is read again when it is used again."""
        return active

    @asynccontextmanager
    async def changing(self, active: ActiveSession) -> AsyncIterator[None]:
        """Hold the document of a session, which is as it is now. Raises `NotFound`, `Unavailable`."""
        id_ = active.session.id
        async with active.lock, self._turns:
            held = _Held(self._documents, id_)
            try:
                active.session, active.size = await self._run(held.take)
                self._held[id_] = held
                yield
            finally:
                self._held.pop(id_, None)
                await self._run(held.let_go)

    async def follow(self, active: Sequence[ActiveSession]) -> None:
        """Give documents back as sessions are now, or begin them. Raises `Unavailable`."""
        for each in active:
            held = self._held.get(each.session.id)
            if held:
                await self._run(held.give_back, each)
            else:
                await self._run(self._begin, each)

    async def hear(self, facts: Sequence[SessionFact]) -> None:
        """Let documents follow events and points that were recorded, together with those of other requests.

        They are durable, and nothing else depends on them: when that fails the documents follow them later.
        """
        done = asyncio.get_running_loop().create_future()
        self._heard.append((facts, done))
        if self._hearing is None or self._hearing.done():
            self._hearing = asyncio.create_task(self._hear_all())
        await done

    async def save(self) -> None:
        """Do nothing: documents are saved with each change."""

    async def page(self, tenant: str, after: tuple[datetime, str] | None, size: int) -> list[Session]:
        """Return sessions of a tenant in the order of their creation, from after one of them on."""
        await self.catch_up()
        found = await asyncio.to_thread(lambda: decoded(self._documents.page(tenant, after, size)))
        return [each.session for each in found]

    def newest(
        self, tenant: str, since: datetime | None, before: datetime | None, size: int
    ) -> Iterator[list[Session]]:
        """Yield sessions of a tenant, the newest first, some at a time; blocking."""
        return newest_of(self._documents, tenant, since, before, size)

    async def of_machine(self, tenant: str, machine_id: str) -> list[ActiveSession]:
        """Return sessions of a machine that are not over."""
        found = await asyncio.to_thread(lambda: decoded(self._documents.of_machine(tenant, machine_id)))
        return [self._active(each) for each in found]

    def _active(self, found: ActiveSession) -> ActiveSession:
        """Let requests of this node about one session take turns: the others need no connection meanwhile."""
        lock = self._locks.setdefault(found.session.id, found.lock)
        return ActiveSession(found.session, found.size, lock)

    def _begin(self, active: ActiveSession) -> None:
        with self._documents.changing([active.session.id]) as change:
            change.save([stored(active)])

    async def _hear_all(self) -> None:
        while self._heard:
            batch, self._heard = self._heard, []
            facts = sorted((fact for each, _ in batch for fact in each), key=lambda fact: fact.row.position or 0)
            try:
                await self._run(self._hear, facts)
            except Exception:  # noqa: BLE001 - whatever it was, the facts have it all
                self.arrivals.mark_missed(facts[0].row.position or 0)
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def _hear(self, facts: Sequence[SessionFact]) -> None:
        of_sessions: dict[str, list[SessionFact]] = {}
        for fact in facts:
            of_sessions.setdefault(fact.active.session.id, []).append(fact)
        with self._documents.changing(of_sessions) as change:
            heard = decoded(change.found.values())
            for active in heard:
                session, before = active.session, active.session.updated_at
                for fact in of_sessions[session.id]:
                    hear(session, fact)
                session.updated_at = max(before, session.updated_at)
            change.save(map(stored, heard))

    async def _note(self) -> float:
        await self.catch_up()
        await asyncio.to_thread(self._rejoin.note)
        return _NOTED_EVERY

    async def _run(self, work: Callable[_P, _Result], *arguments: _P.args, **options: _P.kwargs) -> _Result:
        def run() -> _Result:
            return work(*arguments, **options)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)


class _Held:
    """A document that this node holds: nobody changes it until it is given back, or let go. Blocking."""

    def __init__(self, documents: SessionDocuments, id_: str) -> None:
        self._documents = documents
        self._id = id_
        self._transaction = ExitStack()

    def take(self) -> tuple[Session, int]:
        """Return the session as it is, and the size of its document. Raises `NotFound`, `Unavailable`."""
        self._change = self._transaction.enter_context(self._documents.changing([self._id]))
        document = self._change.found.get(self._id)
        if document is None:
            raise NotFound("Session not found")
        return decoded([document])[0].session, len(document)

    def give_back(self, active: ActiveSession) -> None:
        """Save the document, and that is durable then. Raises `Unavailable`."""
        with self._transaction:
            self._change.save([stored(active)])

    def let_go(self) -> None:
        """Leave the document as it was, unless it was given back."""
        self._transaction.__exit__(_LetGo, _LetGo(), None)


class _LetGo(Exception):
    """Undoes what the transaction did."""
