"""Documents that a crash left behind the facts, which follow these again after a start."""

import asyncio
from collections.abc import Iterable
from contextvars import Context

import structlog

from meterd.api.sessions.active import ActiveSession, SessionCache
from meterd.api.sessions.order import Arrivals, last_position
from meterd.api.sessions.replay import Missed, NotTheirs, follow, forged, misplaced, missed
from meterd.api.sessions.saving import DocumentSaver, load
from meterd.metadata import SessionDocuments
from meterd.query.engine import QueryEngine
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class CatchUp:
    """Lets sessions follow the facts that their documents have missed, once.

    `is_done` says that they have: until then nobody else has sessions.
    """

    def __init__(
        self,
        documents: SessionDocuments,
        engine: QueryEngine,
        cache: SessionCache,
        saver: DocumentSaver,
        arrivals: Arrivals,
        telemetry: Telemetry,
    ) -> None:
        self._documents = documents
        self._engine = engine
        self._cache = cache
        self._saver = saver
        self._arrivals = arrivals
        self._skipped = telemetry.session_facts_skipped
        self._task: asyncio.Task[None] | None = None
        self.is_done = False

    def start(self) -> None:
        """Begin, so that the first caller need not wait for all of it."""
        self._task = asyncio.create_task(self._replay())
        self._task.add_done_callback(_report)

    async def wait(self) -> None:
        """Return when it is done; try again if it failed.

        Raises:
            Exception: whatever keeps the facts from being read.
        """
        if self.is_done:
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._replay(), context=Context())  # it ends with no request
        await asyncio.shield(self._task)

    async def _replay(self) -> None:
        last = await last_position(self._engine)
        progress = await asyncio.to_thread(self._documents.progress)
        if progress > last:
            log.warning("documents of sessions are ahead of the facts: they follow all of them again")
            progress = 0
        async for facts in missed(self._engine, progress, last):
            await asyncio.to_thread(self._follow, facts)
            self._arrivals.last = max([progress, *(fact.position or 0 for fact in facts[-1:])])
            await self._saver.save()
        if progress == 0:
            async for facts in misplaced(self._engine, last):
                await asyncio.to_thread(self._follow, facts)
        if count := await forged(self._engine, last):
            self._count_skipped("position", count)
        self._arrivals.last = last
        await self._saver.save()
        self.is_done = True

    def _follow(self, facts: Iterable[Missed]) -> None:
        """Apply facts to their sessions; blocking: nobody else has these meanwhile."""
        known: dict[str, ActiveSession | None] = {}
        of_others = 0
        for fact in facts:
            id_ = fact.session_id
            if id_ not in known:
                known[id_] = self._saver.changed(id_) or load(self._documents, id_)
            active = known[id_]
            try:
                session = follow(active.session if active else None, fact)
            except NotTheirs:
                of_others += 1
                continue
            if session:
                known[id_] = active = self._cache.add(active or ActiveSession(session, 0))
                self._saver.add(active)
        if of_others:
            self._count_skipped("owner", of_others)

    def _count_skipped(self, reason: str, count: int) -> None:
        self._skipped.labels(reason).inc(count)
        log.warning("facts about sessions skipped", reason=reason, count=count)


def _report(task: asyncio.Task[None]) -> None:
    """Log a failure. It is no end of it: the next caller tries again, and gets the error if it fails again."""
    if not task.cancelled() and (error := task.exception()):
        log.warning("documents of sessions can't follow the facts yet", error=type(error).__name__)
