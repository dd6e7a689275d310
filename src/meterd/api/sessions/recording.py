"""What happens to sessions, as facts and in their documents. Facts about sessions of every protocol pass here."""

import asyncio
import uuid
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import msgspec

from meterd.access import Caller
from meterd.access.ownership import may_write
from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.bodies import Create, Event, JSONObject, check_depth, merge
from meterd.api.sessions.clocks import ARRIVAL, Moment
from meterd.api.sessions.facts import MANY, FactWriter, SessionFact, hear, place_of
from meterd.api.sessions.model import CRASH_DETECTED, Session
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.repository import Repository
from meterd.api.sessions.rows import change_row, event_row, settle
from meterd.datasets import SESSION_EVENTS, SESSION_STATES, Dataset
from meterd.errors import InvalidInput, TooLarge
from meterd.ingest.facts import Receipt
from meterd.ingest.recorder import Recorder
from meterd.settings import Ingest

if TYPE_CHECKING:
    from meterd.api.sessions.rows import SessionRow
    from meterd.datasets.rows import Row

_SLOW_TO_MERGE = 2**17
"""Bytes of a state above which a thread merges updates into it."""
_Result = TypeVar("_Result")


class _Merged(NamedTuple):
    """A state after an update, its JSON, and that of the update."""

    state: JSONObject
    text: bytes
    update: bytes


class SessionRecorder:
    """Records what happens to sessions that exist, for callers who may write to them."""

    def __init__(self, registry: Registry, repository: Repository, recorder: Recorder, settings: Ingest) -> None:
        self._registry = registry
        self._repository = repository
        self._writer = FactWriter(repository.arrivals, recorder)
        self._max_bytes = settings.max_event_bytes
        self._unfinished: set[asyncio.Task[object]] = set()

    async def create(self, body: Create, caller: Caller, key: bytes | None) -> bytes:
        """Begin a session of the caller; silent ones of the same machine have crashed. Return the response.

        With the digest of an `Idempotency-Key`, a repetition gets the first response and begins none.
        """
        await self._repository.catch_up()
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
        active = self._repository.add(session)
        row = change_row(session, "create", state=msgspec.json.encode(session.state).decode())
        response = msgspec.json.encode({"session_id": session.id})
        async with self._writer.recorded([SessionFact(active, SESSION_STATES, row)], key, response) as receipt:
            if not receipt.is_repetition:
                session.position, arrived_at, session.created_at = place_of(row)
                session.updated_at = session.created_at
                session.count_stored(arrived_at, None)
                await self._repository.follow([active])
                self._repository.use(active)
            return receipt.response

    async def _abandon(self, machine_id: str, caller: Caller) -> None:
        """Let sessions of a machine that fell silent crash: the machine is back without them."""
        for active in await self._repository.of_machine(caller.tenant, machine_id):
            async with self._repository.changing(active):
                is_silent = active.session.is_suspended(datetime.now(UTC), self._registry.timeout)
                if is_silent and may_write(caller, active.session):
                    reason = {"reason": "machine_returned_session_not_resumed", "machine_id": machine_id}
                    data = msgspec.Raw(msgspec.json.encode(reason))
                    await self._change_locked(active, "abandoned", event=Event(name=CRASH_DETECTED, data=data))

    async def add(self, active: ActiveSession, dataset: Dataset, row: "SessionRow", key: bytes | None) -> None:
        """Record an event or a point of a session."""
        await self._finish(self._add([SessionFact(active, dataset, row)], key))

    async def take(
        self, dataset: Dataset, sent: "Sequence[Row]", caller: Caller, key: bytes | None, response: bytes
    ) -> Receipt:
        """Record events or points that name the sessions they are about, all or none.

        They become facts of those sessions as if they had come to them: they belong to whom these belong to.

        Raises:
            InvalidInput: the caller may not write to the session of a row, which is counted from 0.
        """
        rows = cast("Sequence[SessionRow]", sent)  # others are not taken here
        first_of: dict[str, int] = {}
        for number, row in enumerate(rows):
            first_of.setdefault(row.session_id, number)
        known = await self._registry.find_many(first_of, caller)
        if missing := [number for id_, number in first_of.items() if id_ not in known]:
            raise InvalidInput(
                f"row {min(missing)}: sessionId must be that of a session that you may write to: begin one"
            )

        def settled() -> list[SessionFact]:
            for number, row in enumerate(rows):
                settle(number, dataset, row, known[row.session_id].session)
            return [SessionFact(known[row.session_id], dataset, row) for row in rows]

        facts = settled() if len(rows) < MANY else await asyncio.to_thread(settled)
        return await self._finish(self._add(facts, key, response))

    async def _add(self, facts: Sequence[SessionFact], key: bytes | None, response: bytes = b"{}") -> Receipt:
        async with self._writer.recorded(facts, key, response) as receipt:
            if not receipt.is_repetition:
                await self._repository.hear(facts)
        return receipt

    async def update(
        self, active: ActiveSession, update: dict[str, object], size: int, moment: Moment, key: bytes | None
    ) -> None:
        """Merge an update of about `size` bytes into the state.

        Raises:
            InvalidInput: it is nested too deeply.
            TooLarge: the state would be.
        """
        await self._finish(self._update(active, update, size, moment, key))

    async def _update(
        self, active: ActiveSession, update: dict[str, object], size: int, moment: Moment, key: bytes | None
    ) -> None:
        async with self._repository.changing(active):
            if active.size + size < _SLOW_TO_MERGE:
                merged = self._merged(active.session.state, update)
            else:
                merged = await asyncio.to_thread(self._merged, active.session.state, update)
            active.size = len(merged.text)
            await self._change_locked(active, "state", moment, merged, key=key)

    def _merged(self, state: dict[str, object], update: dict[str, object]) -> _Merged:
        merged = merge(state, update)
        text, sent = msgspec.json.encode(merged), msgspec.json.encode(update)
        check_depth(sent, "the state")  # which gets no deeper than what is merged into it
        if len(text) > self._max_bytes:
            raise TooLarge(f"the state would be larger than {self._max_bytes} bytes (ingest.max-event-bytes)")
        return _Merged(merged, text, sent)

    async def change(
        self,
        active: ActiveSession,
        change: str,
        moment: Moment,
        event: Event | None = None,
        key: bytes | None = None,
    ) -> None:
        """Record a change of the session's life, with an event if one goes with it."""
        await self._finish(self._change(active, change, moment, event, key))

    async def _change(
        self, active: ActiveSession, change: str, moment: Moment, event: Event | None, key: bytes | None
    ) -> None:
        async with self._repository.changing(active):
            await self._change_locked(active, change, moment, event=event, key=key)

    async def _change_locked(
        self,
        active: ActiveSession,
        change: str,
        moment: Moment = ARRIVAL,
        merged: _Merged | None = None,
        event: Event | None = None,
        key: bytes | None = None,
    ) -> None:
        """Record a change and follow it."""
        session = active.session
        state, update = None, None
        if merged and session.is_stored_as_update(len(merged.update), len(merged.text), datetime.now(UTC)):
            update = merged.update.decode()
        elif merged:
            state = merged.text.decode()
        if active.size < _SLOW_TO_MERGE:
            changed = change_row(session, change, moment, state, update)
        else:
            changed = await asyncio.to_thread(change_row, session, change, moment, state, update)
        facts = [SessionFact(active, SESSION_STATES, changed)]
        if event:
            row = event_row(session, event)
            row.ts, row.sent_at = moment.time, moment.sent
            row.category = "" if change == "abandoned" else row.category  # as the original has it
            facts.append(SessionFact(active, SESSION_EVENTS, row))
        async with self._writer.recorded(facts, key) as receipt:
            if receipt.is_repetition:
                return
            position, arrived_at, time = place_of(changed)
            if merged:
                session.count_stored(arrived_at, None if update is None else len(update))
            session.apply(change, position, arrived_at, time, merged and merged.state)
            for fact in facts[1:]:
                hear(session, fact)
            await self._repository.follow([active])

    async def _finish(self, work: Coroutine[object, None, _Result]) -> _Result:
        """Do something to its end, even when the request that asked for it is given up."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)
