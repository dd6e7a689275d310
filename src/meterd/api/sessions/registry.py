"""What callers do with sessions: find them, and record what happens to them. Every door of their facts ends here."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec

from meterd.access import Caller
from meterd.access.ownership import may_see, may_write
from meterd.api.sessions.bodies import Create, Event, check_depth, merge
from meterd.api.sessions.keeping import Keeping, Live
from meterd.api.sessions.model import CRASH_DETECTED, Session
from meterd.api.sessions.rows import change_row, event_row, settle
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.errors import InvalidInput, MeterdError, NotFound, TooLarge
from meterd.ingest.facts import Facts, Receipt, Submission, encode
from meterd.ingest.recorder import Recorder
from meterd.settings import Ingest
from meterd.settings import Sessions as Settings

_SLOW_TO_MERGE = 2**17
"""Bytes of a state above which a thread merges updates into it."""
_MANY = 500
"""Rows from which on a thread prepares them."""
_Result = TypeVar("_Result")


class _Fact(NamedTuple):
    """A row on its way, of the session that it is about."""

    live: Live
    dataset: Dataset
    row: Any


class _Merged(NamedTuple):
    """A state after an update, its JSON, and that of the update."""

    state: dict[str, Any]
    text: bytes
    update: bytes


class Registry:
    """Finds sessions for callers, and records what happens to them.

    The facts of sessions have their positions from here and nowhere else, and are about sessions that exist and that
    the caller may write to.
    """

    def __init__(self, keeping: Keeping, recorder: Recorder, limits: Ingest, settings: Settings) -> None:
        self._keeping = keeping
        self._recorder = recorder
        self._most_bytes = limits.max_event_bytes
        self.timeout = timedelta(seconds=settings.heartbeat_timeout)
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def find(self, id_: str, caller: Caller, writes: bool = False) -> Live:
        """A session that the caller may see, or write to. Raises `NotFound`, which does not tell whether others may."""
        live = await self._keeping.find(id_)
        if live is None or not (may_write if writes else may_see)(caller, live.session):
            raise NotFound("Session not found")
        return self._keeping.use(live)

    async def pages(
        self, after: tuple[datetime, str] | None, size: int, caller: Caller
    ) -> AsyncIterator[list[Session]]:
        """Sessions that the caller may see, in the order of their creation, some at a time."""
        await self._keeping.catch_up()
        await self._keeping.save()
        while True:
            found = await self._keeping.page(caller.tenant, after, size)
            yield [session for session in found if may_see(caller, session)]
            if len(found) < size:
                return
            after = (found[-1].created_at, found[-1].id)

    async def create(self, body: Create, caller: Caller, key: bytes | None) -> bytes:
        """Begin a session of the caller; silent ones of the same machine have crashed. Returns the answer.

        With the digest of an `Idempotency-Key`, a repetition gets the first answer and begins none.
        """
        await self._keeping.catch_up()
        return await self._finish(self._create(body, caller, key))

    async def _create(self, body: Create, caller: Caller, key: bytes | None) -> bytes:
        if body.machine_id:
            await self._abandon(body.machine_id, caller)
        now = datetime.now(UTC)
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
        live = self._keeping.keep(session)
        row = change_row(session, "create", state=msgspec.json.encode(session.state).decode())
        answer = msgspec.json.encode({"session_id": session.id})
        async with self._recorded([_Fact(live, SESSION_STATES, row)], key, answer) as receipt:
            if not receipt.is_repetition:
                session.position, session.created_at, session.updated_at = row.position, row.ts, row.ts
                session.kept(row.arrived_at, None)
                self._keeping.note(self._keeping.use(live))
            return receipt.answer

    async def add(self, live: Live, dataset: Dataset, row: Any, key: bytes | None) -> None:
        """Record an event or a point of a session."""
        await self._finish(self._add([_Fact(live, dataset, row)], key))

    async def take(
        self, dataset: Dataset, rows: Sequence[Any], caller: Caller, key: bytes | None, answer: bytes
    ) -> Receipt:
        """Record events or points that name the sessions they are about, all or none.

        They become facts of those sessions as if they had come to them: they belong to whom these belong to. Raises
        `InvalidInput` naming the row, counted from 0, whose session the caller may not write to.
        """
        known: dict[str, Live] = {}
        for number, row in enumerate(rows):
            if row.session_id not in known:
                try:
                    known[row.session_id] = await self.find(row.session_id, caller, writes=True)
                except NotFound:
                    raise InvalidInput(
                        f"row {number}: sessionId must be that of a session that you may write to: begin one"
                    ) from None

        def settled() -> list[_Fact]:
            for number, row in enumerate(rows):
                settle(number, row, known[row.session_id].session)
            return [_Fact(known[row.session_id], dataset, row) for row in rows]

        facts = settled() if len(rows) < _MANY else await asyncio.to_thread(settled)
        return await self._finish(self._add(facts, key, answer))

    async def _add(self, facts: Sequence[_Fact], key: bytes | None, answer: bytes = b"{}") -> Receipt:
        async with self._recorded(facts, key, answer) as receipt:
            if not receipt.is_repetition:
                self._follow(facts)
        return receipt

    def _follow(self, facts: Sequence[_Fact]) -> None:
        for live, dataset, row in facts:
            live.session.heard(row.name if dataset is SESSION_EVENTS else "", row.arrived_at)
        for live in {id(fact.live): fact.live for fact in facts}.values():
            self._keeping.note(live)

    async def update(
        self, live: Live, update: dict[str, Any], size: int, timestamp: str | None, key: bytes | None
    ) -> None:
        """Merge an update of about `size` bytes into the state. Raises `InvalidInput`, `TooLarge`."""
        await self._finish(self._update(live, update, size, timestamp, key))

    async def _update(
        self, live: Live, update: dict[str, Any], size: int, timestamp: str | None, key: bytes | None
    ) -> None:
        async with live.lock:
            if live.size + size < _SLOW_TO_MERGE:
                merged = self._merged(live.session.state, update)
            else:
                merged = await asyncio.to_thread(self._merged, live.session.state, update)
            live.size = len(merged.text)
            await self._change(live, "state", timestamp, merged, key=key)

    def _merged(self, state: dict[str, Any], update: dict[str, Any]) -> _Merged:
        merged = merge(state, update)
        text, sent = msgspec.json.encode(merged), msgspec.json.encode(update)
        check_depth(sent, "the state")  # which gets no deeper than what is merged into it
        if len(text) > self._most_bytes:
            raise TooLarge(f"the state would be larger than {self._most_bytes} bytes (ingest.max-event-bytes)")
        return _Merged(merged, text, sent)

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
        merged: _Merged | None = None,
        event: Event | None = None,
        key: bytes | None = None,
    ) -> None:
        """Record a change and follow it; the caller holds the session's lock."""
        session = live.session
        state, update = None, None
        if merged and session.is_kept_by_update(len(merged.update), len(merged.text), datetime.now(UTC)):
            update = merged.update.decode()
        elif merged:
            state = merged.text.decode()
        if live.size < _SLOW_TO_MERGE:
            changed = change_row(session, change, timestamp, state, update)
        else:
            changed = await asyncio.to_thread(change_row, session, change, timestamp, state, update)
        facts = [_Fact(live, SESSION_STATES, changed)]
        if event:
            row = event_row(session, event)
            row.category = "" if change == "abandoned" else row.category  # as the original has it
            facts.append(_Fact(live, SESSION_EVENTS, row))
        async with self._recorded(facts, key) as receipt:
            if receipt.is_repetition:
                return
            if merged:
                session.kept(changed.arrived_at, None if update is None else len(update))
            session.apply(change, changed.position, changed.arrived_at, changed.ts, merged and merged.state)
            self._follow(facts[1:])
            self._keeping.note(live)

    async def _abandon(self, machine_id: str, caller: Caller) -> None:
        """Sessions of a machine that fell silent have crashed: the machine is back without them."""
        for live in await self._keeping.of_machine(caller.tenant, machine_id):
            async with live.lock:
                is_silent = live.session.is_suspended(datetime.now(UTC), self.timeout)
                if is_silent and may_write(caller, live.session):
                    reason = {"reason": "machine_returned_session_not_resumed", "machine_id": machine_id}
                    data = msgspec.Raw(msgspec.json.encode(reason))
                    await self._change(live, "abandoned", event=Event(name=CRASH_DETECTED, data=data))

    @asynccontextmanager
    async def _recorded(
        self, facts: Sequence[_Fact], key: bytes | None, answer: bytes = b"{}"
    ) -> AsyncIterator[Receipt]:
        """Give facts their positions and make them durable; inside, their sessions follow them.

        Until then the documents don't count as doing so. When nobody knows whether they were recorded, they count as
        missed for as long as this process lives.
        """
        first, now = self._keeping.arrivals.next(len(facts))
        self._keeping.pending.add(first)
        try:
            if len(facts) < _MANY:
                encoded = _encoded(facts, first, now)
            else:
                encoded = await asyncio.to_thread(_encoded, facts, first, now)
            receipt = await self._recorder.record(Submission(encoded, key, answer))
        except MeterdError:
            self._keeping.pending.discard(first)
            raise
        yield receipt
        self._keeping.pending.discard(first)

    async def _finish(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Do something to its end, even when the request that asked for it is given up."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)


def _encoded(facts: Sequence[_Fact], position: int, now: datetime) -> tuple[Facts, ...]:
    """Facts of one tenant, by dataset, with positions from one on."""
    for number, (_, _, row) in enumerate(facts, position):
        row.position, row.arrived_at, row.ts = number, now, row.ts or now
    return tuple(
        encode(dataset, rows[0].live.session.tenant, [fact.row for fact in rows])
        for dataset in (SESSION_STATES, SESSION_EVENTS, SESSION_METRICS)
        if (rows := [fact for fact in facts if fact.dataset is dataset])
    )
