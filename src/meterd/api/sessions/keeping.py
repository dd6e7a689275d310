"""Sessions in memory while they are used, in the directory, and made from facts when that is behind.

A write is a fact in the journal; the document in the directory follows a moment later. After a crash what it missed is
read from the facts again, up to the position that it had reached.
"""

import asyncio
from collections.abc import Iterable
from contextvars import Context
from datetime import datetime
from weakref import WeakValueDictionary

import msgspec
import structlog

from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals, last_position
from meterd.api.sessions.replay import Missed, NotTheirs, follow, forged, misplaced, missed
from meterd.metadata import SessionDocument, SessionDocuments
from meterd.query.engine import QueryEngine
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_MOST_IN_MEMORY = 10_000
_SAVED_AFTER = 1.0


class Live:
    """A session in memory; changes of its state and its life take turns through `lock`.

    `size` is about that of its state, in bytes.
    """

    def __init__(self, session: Session, size: int) -> None:
        self.session = session
        self.size = size
        self.lock = asyncio.Lock()


class Keeping:
    """A session is one object in memory for as long as anybody uses it; the most recent ones are kept longer.

    `pending` are positions of facts that may be recorded already and are not followed yet.
    """

    def __init__(self, documents: SessionDocuments, engine: QueryEngine, telemetry: Telemetry) -> None:
        self.arrivals = Arrivals()
        self.pending: set[int] = set()
        self._documents = documents
        self._engine = engine
        self._skipped = telemetry.session_facts_skipped
        self._live: WeakValueDictionary[str, Live] = WeakValueDictionary()
        self._recent: dict[str, Live] = {}
        self._changed: dict[str, Live] = {}
        self._saving: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._catching_up: asyncio.Task[None] | None = None
        self._caught_up = False
        self._closed = False

    async def start(self) -> None:
        """Begin to follow what the documents have missed, so that the first caller need not wait for all of it."""
        self._catching_up = asyncio.create_task(self._replay())
        self._catching_up.add_done_callback(_report)

    async def catch_up(self) -> None:
        """Once: follow the facts that the documents have missed."""
        if self._caught_up:
            return
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._replay(), context=Context())  # it ends with no request
        await asyncio.shield(self._catching_up)

    async def find(self, id_: str) -> Live | None:
        """A session from memory or the directory; None when there is none, or none any more."""
        await self.catch_up()
        live = self._live.get(id_)
        if live is None:
            found = await asyncio.to_thread(self._find, id_)
            live = self._live.get(id_) or (found and self._keep(found))
        return None if live is None or self._is_forgotten(live.session) else live

    def keep(self, session: Session) -> Live:
        """A session that is new to memory."""
        return self._keep(Live(session, 0))

    def use(self, live: Live) -> Live:
        """Remember that the session was used; those used longest ago are forgotten."""
        id_ = live.session.id
        self._recent.pop(id_, None)
        self._recent[id_] = live
        if len(self._recent) > _MOST_IN_MEMORY:
            del self._recent[next(iter(self._recent))]
        return live

    async def page(self, tenant: str, after: tuple[datetime, str] | None, size: int) -> list[Session]:
        """Sessions of a tenant in the order of their creation, from after one of them on."""
        await self.catch_up()
        stored = await asyncio.to_thread(lambda: _decoded(self._documents.page(tenant, after, size)))
        return [live.session if (live := self._live.get(each.session.id)) else each.session for each in stored]

    async def of_machine(self, tenant: str, machine_id: str) -> list[Live]:
        """Sessions of a machine that are not over."""
        await self.save()
        stored = await asyncio.to_thread(lambda: _decoded(self._documents.of_machine(tenant, machine_id)))
        return [self._live.get(each.session.id) or self._keep(each) for each in stored]

    def note(self, live: Live) -> None:
        """The document of the session has to be saved, in a while."""
        self._changed[live.session.id] = live
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_later())

    async def save(self) -> None:
        """Save what changed. When that fails it is tried again with the next change: the facts have it all."""
        async with self._turn:
            changed, reached = self._take_changed()
            try:
                await asyncio.to_thread(self._write, changed, reached)
            except Exception as error:  # noqa: BLE001 - whatever a disk or a driver raises, the facts are safe
                self._changed = changed | self._changed
                log.error("documents of sessions can't be saved", error=type(error).__name__)

    def close(self) -> None:
        """Write every changed document; blocking, for the end of the service."""
        self._closed = True
        if not self._caught_up:
            return
        try:
            self._write(*self._take_changed())
        except Exception as error:  # noqa: BLE001 - as above; what is missing is read from the facts at the next start
            log.error("documents of sessions can't be saved", error=type(error).__name__)

    async def _save_later(self) -> None:
        await asyncio.sleep(_SAVED_AFTER)
        if not self._closed:
            await self.save()

    def _write(self, changed: dict[str, Live], reached: int) -> None:
        self._documents.save(map(_stored, changed.values()), reached)

    def _take_changed(self) -> tuple[dict[str, Live], int]:
        """Changed sessions, and up to which position they and all others follow the facts."""
        reached = min(self.pending, default=self.arrivals.last + 1) - 1
        changed, self._changed = self._changed, {}
        return changed, reached

    def _keep(self, live: Live) -> Live:
        self._live[live.session.id] = live
        return live

    def _is_forgotten(self, session: Session) -> bool:
        """Whether its document was deleted because it is old, though it may still be in memory."""
        return session.updated_at < self._documents.forgotten

    def _find(self, id_: str) -> Live | None:
        document = self._documents.find(id_)
        return None if document is None else _decoded([document])[0]

    async def _replay(self) -> None:
        last = await last_position(self._engine)
        progress = await asyncio.to_thread(self._documents.progress)
        if progress > last:
            log.warning("documents of sessions are ahead of the facts: they follow all of them again")
            progress = 0
        async for facts in missed(self._engine, progress, last):
            await asyncio.to_thread(self._follow, facts)
            self.arrivals.last = max([progress, *(fact.position or 0 for fact in facts[-1:])])
            await self.save()
        if progress == 0:
            async for facts in misplaced(self._engine, last):
                await asyncio.to_thread(self._follow, facts)
        if count := await forged(self._engine, last):
            self._skip("position", count)
        self.arrivals.last = last
        await self.save()
        self._caught_up = True

    def _follow(self, facts: Iterable[Missed]) -> None:
        """Blocking: nobody else has sessions while they catch up."""
        known: dict[str, Live | None] = {}
        of_others = 0
        for fact in facts:
            id_ = fact.session_id
            if id_ not in known:
                known[id_] = self._changed.get(id_) or self._find(id_)
            live = known[id_]
            try:
                session = follow(live.session if live else None, fact)
            except NotTheirs:
                of_others += 1
                continue
            if session:
                known[id_] = self._changed[id_] = self._keep(live or Live(session, 0))
        if of_others:
            self._skip("owner", of_others)

    def _skip(self, reason: str, count: int) -> None:
        self._skipped.labels(reason).inc(count)
        log.warning("facts about sessions skipped", reason=reason, count=count)


def _report(catching_up: asyncio.Task[None]) -> None:
    """A failure is no end of it: the next caller tries again, and gets the error if it fails again."""
    if not catching_up.cancelled() and (error := catching_up.exception()):
        log.warning("documents of sessions can't follow the facts yet", error=type(error).__name__)


def _decoded(documents: Iterable[bytes]) -> list[Live]:
    return [Live(msgspec.json.decode(each, type=Session), len(each)) for each in documents]


def _stored(live: Live) -> SessionDocument:
    """A document to save. A session that is over is no longer looked up by its machine."""
    session = live.session
    machine_id = None if session.crashed or session.ended_at else session.machine_id
    document = msgspec.json.encode(session)
    return SessionDocument(session.id, session.tenant, machine_id, session.created_at, session.updated_at, document)
