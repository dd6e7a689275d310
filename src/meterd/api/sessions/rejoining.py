"""Documents that nodes share, which follow the facts of a node that ended before they did.

What is read again may have been followed already, by this node or another one: positions tell.
"""

import asyncio
from collections.abc import Iterable
from contextvars import Context

import structlog

from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals, last_position
from meterd.api.sessions.replay import Missed, NotTheirs, follow, misplaced, missed
from meterd.api.sessions.saving import decoded, stored
from meterd.metadata import SessionDocuments
from meterd.query.engine import QueryEngine
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Rejoin:
    """Lets documents follow the facts of this node that they have missed: at its start, and whenever there are such."""

    def __init__(
        self, documents: SessionDocuments, engine: QueryEngine, arrivals: Arrivals, telemetry: Telemetry
    ) -> None:
        self._documents = documents
        self._engine = engine
        self._arrivals = arrivals
        self._skipped = telemetry.session_facts_skipped
        self._task: asyncio.Task[None] | None = None
        self._has_begun = False

    async def wait(self) -> None:
        """Return when nothing is missed; try again if that failed.

        Raises:
            Exception: whatever keeps the facts from being read, or the documents from being written.
        """
        if self._has_begun and not self._arrivals.missed:
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow_missed(), context=Context())  # it ends with no request
        await asyncio.shield(self._task)

    def note(self) -> None:
        """Note how far documents follow the facts of this node; blocking. Raises `Unavailable`."""
        if self._has_begun:
            self._documents.save((), self._arrivals.followed_by_now)

    async def _follow_missed(self) -> None:
        known = self._arrivals.missed
        last = await last_position(self._engine)
        progress = min(last, await asyncio.to_thread(self._documents.progress, last))
        async for facts in missed(self._engine, progress, last):
            await asyncio.to_thread(self._follow, facts)
        if progress == 0:
            async for facts in misplaced(self._engine, last):
                await asyncio.to_thread(self._follow, facts)
        self._arrivals.last = max(self._arrivals.last, last)
        self._arrivals.mark_caught_up(known)
        self._has_begun = True
        await asyncio.to_thread(self.note)

    def _follow(self, facts: Iterable[Missed]) -> None:
        of_sessions: dict[str, list[Missed]] = {}
        for fact in facts:
            of_sessions.setdefault(fact.session_id, []).append(fact)
        with self._documents.changing(of_sessions) as change:
            found = {active.session.id: active.session for active in decoded(change.found.values())}
            sessions = (self._followed(found.get(id_), facts) for id_, facts in of_sessions.items())
            change.save(stored(ActiveSession(session, 0)) for session in sessions if session)

    def _followed(self, session: Session | None, facts: Iterable[Missed]) -> Session | None:
        heard_of = session.updated_at if session else None
        for fact in facts:
            try:
                session = follow(session, fact)
            except NotTheirs:
                self._skipped.labels("owner").inc()
                log.warning("a fact about a session of others is skipped", session=fact.session_id)
        if session and heard_of:
            session.updated_at = max(heard_of, session.updated_at)
        return session
