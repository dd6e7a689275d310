"""Sessions as they are now: in memory while they are used, in the directory, and made from facts when that is behind.

A write is a fact in the journal; the document in the directory follows a moment later. After a crash what it missed is
read from the facts again, up to the position that it had reached.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec
import structlog

from meterd.access import EVERYONE, Caller, Scope
from meterd.access.documents import Documents, Stored
from meterd.api.sessions.bodies import Create, Event, check_depth, merge
from meterd.api.sessions.model import CRASH_DETECTED, Session
from meterd.api.sessions.replay import follow, missed, time_of
from meterd.api.sessions.rows import change_row, event_row
from meterd.datasets import SESSION_EVENTS, SESSION_STATES, Dataset
from meterd.errors import MeterdError, NotFound, TooLarge
from meterd.ingest.facts import Receipt, Submission, encode
from meterd.ingest.recorder import Recorder
from meterd.query.engine import QueryEngine
from meterd.settings import Ingest
from meterd.settings import Sessions as Settings

log = structlog.get_logger()

_MOST_IN_MEMORY = 10_000
_SAVED_AFTER = 1.0
_Result = TypeVar("_Result")

Rows = Sequence[tuple[Dataset, Any]]


class Live:
    """A session in memory; changes of its state and its life take turns through `lock`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.lock = asyncio.Lock()


class Registry:
    """Finds sessions for callers, and records what happens to them.

    A session is one object in memory for as long as anybody uses it; the most recent ones are kept longer.
    """

    def __init__(
        self, documents: Documents, recorder: Recorder, engine: QueryEngine, limits: Ingest, settings: Settings
    ) -> None:
        self._documents = documents
        self._recorder = recorder
        self._engine = engine
        self._most_bytes = limits.max_event_bytes
        self.timeout = timedelta(seconds=settings.heartbeat_timeout)
        self._live: WeakValueDictionary[str, Live] = WeakValueDictionary()
        self._recent: dict[str, Live] = {}
        self._changed: dict[str, Live] = {}
        self._pending: set[int] = set()
        self._last = 0
        self._saving: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._catching_up: asyncio.Task[None] | None = None
        self._caught_up = False
        self._unfinished: set[asyncio.Task[Any]] = set()

    def arrival(self) -> tuple[int, datetime]:
        """The next place in the order of arrival, and its time."""
        self._last = max(self._last + 1, time.time_ns())
        return self._last, time_of(self._last)

    async def start(self) -> None:
        """Begin to follow what the documents have missed, so that the first caller need not wait for all of it."""
        self._catching_up = asyncio.create_task(self._replay())
        self._catching_up.add_done_callback(_report)

    async def find(self, id_: str, caller: Caller, writes: bool = False) -> Live:
        """A session that the caller may see, or write to. Raises `NotFound`, which does not tell whether others may."""
        await self._catch_up()
        live = self._live.get(id_) or await self._load(id_)
        if live is None or self._is_forgotten(live.session) or not _is_allowed(live.session, caller, writes):
            raise NotFound("Session not found")
        return self._use(live)

    def _is_forgotten(self, session: Session) -> bool:
        """Whether its document was deleted because it is old, though it may still be in memory."""
        return session.updated_at < self._documents.forgotten

    async def pages(
        self, after: tuple[datetime, str] | None, size: int, caller: Caller
    ) -> AsyncIterator[list[Session]]:
        """Sessions that the caller may see, in the order of their creation, some at a time."""
        await self._catch_up()
        await self._save()
        while True:
            found = await asyncio.to_thread(self._documents.page, caller.tenant, after, size)
            stored = [msgspec.json.decode(each, type=Session) for each in found]
            current = [live.session if (live := self._live.get(each.id)) else each for each in stored]
            yield [session for session in current if _is_allowed(session, caller, writes=False)]
            if len(found) < size:
                return
            after = (stored[-1].created_at, stored[-1].id)

    async def create(self, body: Create, caller: Caller, key: bytes | None) -> bytes:
        """Begin a session of the caller; silent ones of the same machine have crashed. Returns the answer.

        With the digest of an `Idempotency-Key`, a repetition gets the first answer and begins none.
        """
        await self._catch_up()
        return await self._finish(self._create(body, caller, key))

    async def _create(self, body: Create, caller: Caller, key: bytes | None) -> bytes:
        if body.machine_id:
            await self._abandon(body.machine_id, caller)
        position, now = self.arrival()
        session = Session(
            id=str(uuid.uuid4()),
            tenant=caller.tenant,
            subject=caller.subject,
            subject_type=str(caller.subject_type),
            teams=caller.teams,
            product=body.product,
            version=body.version,
            created_at=now,
            updated_at=now,
            machine_id=body.machine_id or None,
            hostname=body.hostname or None,
            state={"product": body.product, "version": body.version},
        )
        state = msgspec.json.encode(session.state).decode()
        answer = msgspec.json.encode({"session_id": session.id})
        rows = [(SESSION_STATES, change_row(session, "create", position, now, state=state))]
        async with self._recorded(session, position, rows, key, answer) as receipt:
            if not receipt.is_repetition:
                self._note(self._use(self._keep(session)))
            return receipt.answer

    async def add(self, live: Live, dataset: Dataset, row: Any, key: bytes | None) -> None:
        """Record an event or a point of a session."""
        await self._finish(self._add(live, dataset, row, key))

    async def _add(self, live: Live, dataset: Dataset, row: Any, key: bytes | None) -> None:
        async with self._recorded(live.session, row.position, [(dataset, row)], key) as receipt:
            if not receipt.is_repetition:
                live.session.heard(row.name if dataset is SESSION_EVENTS else "", time_of(row.position))
                self._note(live)

    async def update(self, live: Live, update: dict[str, Any], timestamp: str | None, key: bytes | None) -> None:
        """Merge an update into the state. Raises `InvalidInput`, `TooLarge`."""
        await self._finish(self._update(live, update, timestamp, key))

    async def _update(self, live: Live, update: dict[str, Any], timestamp: str | None, key: bytes | None) -> None:
        async with live.lock:
            state = merge(live.session.state, update)
            text = msgspec.json.encode(state)
            check_depth(text, "the state")
            if len(text) > self._most_bytes:
                raise TooLarge(f"the state would be larger than {self._most_bytes} bytes (ingest.max-event-bytes)")
            await self._change(live, "state", timestamp, state, text.decode(), key=key)

    async def change(
        self, live: Live, change: str, timestamp: str | None, event: Event | None = None, key: bytes | None = None
    ) -> None:
        """Record a change of the session's life, with an event if one goes with it."""
        await self._finish(self._change_in_turn(live, change, timestamp, event, key))

    async def _change_in_turn(
        self, live: Live, change: str, timestamp: str | None, event: Event | None, key: bytes | None
    ) -> None:
        async with live.lock:
            await self._change(live, change, timestamp, event=event, key=key)

    async def _change(
        self,
        live: Live,
        change: str,
        timestamp: str | None = None,
        state: dict[str, Any] | None = None,
        text: str | None = None,
        event: Event | None = None,
        key: bytes | None = None,
    ) -> None:
        """Record a change and follow it; the caller holds the session's lock."""
        session = live.session
        position, now = self.arrival()
        changed = change_row(session, change, position, now, timestamp, text)
        rows: list[tuple[Dataset, Any]] = [(SESSION_STATES, changed)]
        if event:
            row = event_row(session, event, *self.arrival())
            row.category = "" if change == "abandoned" else row.category  # as the original has it
            rows.append((SESSION_EVENTS, row))
        async with self._recorded(session, position, rows, key) as receipt:
            if receipt.is_repetition:
                return
            session.apply(change, now, changed.ts, state)
            for _, row in rows[1:]:
                session.heard(row.name, time_of(row.position))
            self._note(live)

    async def _abandon(self, machine_id: str, caller: Caller) -> None:
        """Sessions of a machine that fell silent have crashed: the machine is back without them."""
        await self._save()
        for document in await asyncio.to_thread(self._documents.of_machine, caller.tenant, machine_id):
            stored = msgspec.json.decode(document, type=Session)
            live = self._live.get(stored.id) or self._keep(stored)
            async with live.lock:
                is_silent = live.session.is_suspended(datetime.now(UTC), self.timeout)
                if is_silent and _is_allowed(live.session, caller, writes=True):
                    reason = {"reason": "machine_returned_session_not_resumed", "machine_id": machine_id}
                    data = msgspec.Raw(msgspec.json.encode(reason))
                    await self._change(live, "abandoned", event=Event(name=CRASH_DETECTED, data=data))

    @asynccontextmanager
    async def _recorded(
        self, session: Session, position: int, rows: Rows, key: bytes | None, answer: bytes = b"{}"
    ) -> AsyncIterator[Receipt]:
        """Make facts durable; inside, the session follows them. Until then the documents don't count as doing so.

        When nobody knows whether they were recorded, they count as missed for as long as this process lives.
        """
        self._pending.add(position)
        try:
            facts = tuple(encode(dataset, session.tenant, [row]) for dataset, row in rows)
            receipt = await self._recorder.record(Submission(facts, key, answer))
        except MeterdError:
            self._pending.discard(position)
            raise
        yield receipt
        self._pending.discard(position)

    async def _finish(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do something to its end, even when the request that asked for it is given up."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    def _note(self, live: Live) -> None:
        """The document of the session has to be saved, in a while."""
        self._changed[live.session.id] = live
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_later())

    async def _save_later(self) -> None:
        await asyncio.sleep(_SAVED_AFTER)
        await self._save()

    async def _save(self) -> None:
        """Save what changed. When that fails it is tried again with the next change: the facts have it all."""
        async with self._turn:
            changed, reached = self._take_changed()
            try:
                await asyncio.to_thread(self._documents.save, _stored(changed), reached)
            except Exception as error:  # noqa: BLE001 - whatever a disk or a driver raises, the facts are safe
                self._changed = changed | self._changed
                log.error("documents of sessions can't be saved", error=type(error).__name__)

    def save(self) -> None:
        """Write every changed document; blocking, for the end of the service."""
        if not self._caught_up:
            return
        changed, reached = self._take_changed()
        try:
            self._documents.save(_stored(changed), reached)
        except Exception as error:  # noqa: BLE001 - as above; what is missing is read from the facts at the next start
            log.error("documents of sessions can't be saved", error=type(error).__name__)

    def _take_changed(self) -> tuple[dict[str, Live], int]:
        """Changed sessions, and up to which position they and all others follow the facts."""
        reached = min(self._pending, default=self._last + 1) - 1
        changed, self._changed = self._changed, {}
        return changed, reached

    def _keep(self, session: Session) -> Live:
        live = self._live[session.id] = Live(session)
        return live

    def _use(self, live: Live) -> Live:
        """Remember that the session was used; those used longest ago are forgotten."""
        id_ = live.session.id
        self._recent.pop(id_, None)
        self._recent[id_] = live
        if len(self._recent) > _MOST_IN_MEMORY:
            del self._recent[next(iter(self._recent))]
        return live

    async def _load(self, id_: str) -> Live | None:
        document = await asyncio.to_thread(self._documents.find, id_)
        if document is None:
            return self._live.get(id_)
        return self._live.get(id_) or self._keep(msgspec.json.decode(document, type=Session))

    async def _catch_up(self) -> None:
        """Once: follow the facts that the documents have missed."""
        if self._caught_up:
            return
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._replay())
        await asyncio.shield(self._catching_up)

    async def _replay(self) -> None:
        self._last = await asyncio.to_thread(self._documents.progress)
        async for facts in missed(self._engine, self._last):
            for fact in facts:
                known = self._changed.get(fact.session_id) or await self._load(fact.session_id)
                session = follow(known.session if known else None, fact)
                if session:
                    self._changed[fact.session_id] = known or self._keep(session)
                self._last = max(self._last, fact.position)
            await self._save()
        self._caught_up = True


def _report(catching_up: asyncio.Task[None]) -> None:
    """A failure is no end of it: the next caller tries again, and gets the error if it fails again."""
    if not catching_up.cancelled() and (error := catching_up.exception()):
        log.warning("documents of sessions can't follow the facts yet", error=type(error).__name__)


def _stored(changed: dict[str, Live]) -> list[Stored]:
    """Documents to save. A session that is over is no longer looked up by its machine."""
    stored = []
    for live in changed.values():
        session = live.session
        machine_id = None if session.crashed or session.ended_at else session.machine_id
        document = msgspec.json.encode(session)
        stored.append(Stored(session.id, session.tenant, machine_id, session.created_at, session.updated_at, document))
    return stored


def _is_allowed(session: Session, caller: Caller, writes: bool) -> bool:
    """As facts are: one's own, one's teams', an administrator's tenant's; who reports for others may write to all."""
    if session.tenant != caller.tenant:
        return False
    if caller.tenant_admin or (writes and Scope.INGEST_ANY_SUBJECT in caller.scopes):
        return True
    own = (session.subject, session.subject_type) == (caller.subject, str(caller.subject_type))
    return own or bool((set(session.teams) & set(caller.teams)) - {EVERYONE})
