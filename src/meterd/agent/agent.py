"""What applications ask of the agent. Every write is on disk when it is answered."""

import contextlib
import logging
import time
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import msgspec

from meterd.agent.aggregates import Aggregate, aggregate_for
from meterd.agent.bodies import Event, Metric, Named, Register, State, decode, encode, finite, given, merge
from meterd.agent.delivery import Delivery
from meterd.agent.errors import Refused, Unreachable
from meterd.agent.machine import hostname, machine_id
from meterd.agent.processes import Process, find
from meterd.agent.sessions import Live, Session, now, stamp
from meterd.agent.settings import Settings
from meterd.agent.spool import Spool, Statement, drop_aggregates, enqueue, save_aggregate

log = logging.getLogger(__name__)

_LINE = "Invalid request"
_NOT_FOUND = "Session not found"
_MOST_READ = 64 * 2**20
_DIRECT = 2.0
"""Seconds that a call which the server should know of at once waits for it."""


class Agent:
    """Sessions of this agent, by their own id and by the server's. `owner` is the process that started the agent."""

    def __init__(self, settings: Settings, spools: list[Spool], owner: Process | None) -> None:
        self._settings = settings
        self._spools = spools
        self._owner = owner
        self._machine = (machine_id(), hostname())
        self._sessions: dict[str, Live] = {}
        self.delivery = Delivery(settings, self._sessions)
        for spool in spools:
            self._load(spool)

    def _load(self, spool: Spool) -> None:
        for document in spool.sessions():
            session = msgspec.json.decode(document, type=Session)
            self._sessions[session.id] = live = Live(session, spool)
            if session.server_id:
                self._sessions[session.server_id] = live
        for id_, document in spool.aggregates():
            aggregate = msgspec.json.decode(document, type=Aggregate)
            self._sessions[id_].aggregates[aggregate.key] = aggregate

    @property
    def all(self) -> list[Live]:
        """Every session once."""
        return [live for id_, live in self._sessions.items() if id_ == live.session.id]

    @property
    def living(self) -> list[Live]:
        """Sessions that have not ended."""
        return [live for live in self.all if not live.is_over]

    def resume(self) -> None:
        """Deliver what was left in the queues."""
        for live in self.all:
            self.delivery.wake(live)

    async def register(self, body: bytes, user: int) -> dict[str, Any]:
        """The server's id if it answers soon, else one of our own; both stay valid."""
        request = decode(body, Register, "Invalid request body")
        if not request.product or not request.version:
            raise Refused(400, "Invalid request body: product and version must not be empty")
        machine, host = self._machine
        at = now()
        state = {"product": request.product, "version": request.version}
        session = Session(
            f"local-session-{uuid4()}",
            request.product,
            request.version,
            at,
            at,
            machine,
            host,
            state,
            self._parent(request.parent_pid),
            user=user,
        )
        live = Live(session, self._spools[0])
        beginning = encode(state | {"machine_id": machine, "hostname": host})
        await self._keep(live, [live.saved()], ("create", beginning))
        self._sessions[session.id] = live
        await self.delivery.settle(_DIRECT, live)
        return {"session_id": session.server_id or session.id}

    def _parent(self, pid: int) -> Process | None:
        """A process that can't be seen is not watched; our own parent was seen at the start, if it is gone by now."""
        return self._owner if self._owner and self._owner.pid == pid else find(pid)

    async def state(self, body: bytes, user: int) -> None:
        request = decode(body, State, _LINE)
        live = self._living(request, user)
        try:
            merged = merge(live.session.state, request.state or {})
        except RecursionError:
            raise Refused(400, f"{_LINE}: the state is nested too deeply") from None
        if encode(merged) == encode(live.session.state):
            return
        update = encode({"state": request.state, "timestamp": now()})
        before, live.session.state = live.session.state, merged
        try:
            await self._keep(live, [live.saved()], ("state", update))
        except Refused:
            live.session.state = before
            raise

    async def event(self, body: bytes, user: int) -> None:
        request = decode(body, Event, _LINE)
        live = self._living(request, user)
        event = {"labels": [], "data": {}} | given(request) | {"timestamp": now()}
        await self._keep(live, [], ("events", encode(event)))

    async def metric(self, body: bytes, user: int) -> None:
        request = decode(body, Metric, _LINE)
        live = self._living(request, user)
        if aggregated := aggregate_for(request):
            await self._add(live, *aggregated)
            return
        point = given(request) | {"value": finite(request.value, "value"), "timestamp": now()}
        point.pop("delta", None)
        await self._keep(live, [], ("metrics", encode(point)))

    async def _add(self, live: Live, empty: Aggregate, number: float) -> None:
        aggregate = live.aggregates.setdefault(empty.key, empty)
        before = msgspec.structs.replace(aggregate, counts=list(aggregate.counts))
        aggregate.add(number)
        document = encode(aggregate)
        try:
            await self._keep(live, [save_aggregate(live.session.id, aggregate.key, document)])
        except Refused:
            live.aggregates[empty.key] = before
            raise

    async def heartbeat(self, body: bytes, user: int) -> None:
        live = self._living(decode(body, Named, _LINE), user)
        session = live.session
        items: list[tuple[str, bytes]] = []
        if session.hung:
            silent = time.time() - (session.last_heartbeat or time.time())
            items = [
                _own_event(
                    "application_recovered",
                    "info",
                    "The application beats again",
                    {"seconds_since_heartbeat": round(silent, 3)},
                )
            ]
        session.last_heartbeat, session.paused, session.hung = time.time(), False, False
        live.heard = time.monotonic()
        live.beat_wanted = True
        await self._keep(live, [live.saved()], *items)
        self.delivery.wake(live)

    async def pause(self, body: bytes, user: int) -> None:
        await self._set_paused(body, user, True)

    async def resume_heartbeat(self, body: bytes, user: int) -> None:
        await self._set_paused(body, user, False)

    async def _set_paused(self, body: bytes, user: int, paused: bool) -> None:
        live = self._living(decode(body, Named, _LINE), user)
        live.session.paused = paused
        live.heard = time.monotonic()
        await self._keep(live, [live.saved()])

    async def end(self, body: bytes, user: int) -> None:
        live = self._living(decode(body, Named, _LINE), user)
        await self._finish(live, [("end", encode({"timestamp": now()}))])
        await self.delivery.settle(_DIRECT, live)

    async def crashed(self, live: Live, name: str, data: dict[str, Any], reason: str) -> None:
        """The application is gone: `name` is the event that says how it was noticed."""
        event = _own_event(name, "critical", "The application ended without ending its session", data)
        await self._finish(live, [event, ("crash", encode({"reason": reason, "timestamp": now()}))])

    async def hung(self, live: Live) -> None:
        session = live.session
        session.hung = True
        last = session.last_heartbeat or time.time()
        data = {"last_heartbeat": stamp(last), "seconds_since_heartbeat": round(time.time() - last, 3)}
        event = _own_event("application_appears_hung", "error", "The application has stopped beating", data)
        try:
            await self._keep(live, [live.saved()], event, may_refuse=False)
        except Refused:
            session.hung = False
            raise

    async def flush(self, live: Live) -> None:
        """Queue the aggregates that changed."""
        changed = [aggregate for aggregate in live.aggregates.values() if aggregate.changed]
        if not changed:
            return
        try:
            await self._keep(live, *self._changed(live))
        except Refused:
            for aggregate in changed:
                aggregate.changed = True
            raise

    async def _finish(self, live: Live, items: list[tuple[str, bytes]]) -> None:
        _, *points = self._changed(live)
        live.session.ended_at = now()
        statements = [drop_aggregates(live.session.id), live.saved()]
        try:
            await self._keep(live, statements, *points, *items, may_refuse=False)
        except Refused:
            live.session.ended_at = None
            raise
        live.aggregates = {}

    def _changed(self, live: Live) -> tuple[Any, ...]:
        statements: list[Statement] = []
        points: list[tuple[str, bytes]] = []
        for aggregate in live.aggregates.values():
            if aggregate.changed:
                points.append(("metrics", encode(aggregate.point() | {"timestamp": now()})))
                aggregate.changed = False
                statements.append(save_aggregate(live.session.id, aggregate.key, encode(aggregate)))
        return statements, *points

    async def _keep(
        self, live: Live, statements: list[Statement], *items: tuple[str, bytes], may_refuse: bool = True
    ) -> None:
        """Put items into the queue and run statements with it; then they are on disk. Raises `Refused` (503)."""
        spool = live.spool
        size = sum(len(body) for _, body in items)
        if may_refuse and spool.queued_bytes + size > self._settings.max_queue_bytes:
            raise Refused(503, f"The queue is full: {spool.queued_bytes} bytes wait for {self._settings.server_url}")
        queued = [enqueue(live.session.id, operation, body) for operation, body in items]
        try:
            await spool.write([*queued, *statements])
        except Exception as error:
            log.exception("telemetry can't be kept")
            raise Refused(503, f"Telemetry can't be kept: {error}") from None
        spool.queued_items += len(items)
        spool.queued_bytes += size
        if items:
            self.delivery.wake(live)

    def _living(self, request: Named, user: int) -> Live:
        live = self._of(request.session_id, user)
        if live.is_over:
            raise Refused(404, _NOT_FOUND)
        return live

    def _of(self, id_: str, user: int) -> Live:
        """A session that this user began here; of others the agent knows nothing, whatever its token may read."""
        live = self._sessions.get(id_)
        if live is None or live.session.user != user:
            raise Refused(404, _NOT_FOUND)
        return live

    async def read(self, id_: str, user: int) -> bytes:
        """The server's document, else a stub. Raises `Refused`."""
        if not id_:
            raise Refused(400, "Session ID required")
        return await self._document(self._of(id_, user))

    async def _document(self, live: Live) -> bytes:
        with contextlib.suppress(Unreachable):
            if known := live.session.server_id:
                answer = await self.delivery.read(f"/api/sessions/{quote(known, safe='')}")
                if answer.status == 200:
                    return answer.body
        return encode(live.session.stub())

    async def read_all(self, user: int) -> bytes:
        """The same of every session that the user began here."""
        documents: list[bytes] = []
        for live in self.all:
            if live.session.user == user:
                documents.append(await self._document(live))
            if sum(map(len, documents)) > _MOST_READ:
                raise Refused(413, f"The sessions have more than {_MOST_READ} bytes: ask for each with /session")
        return b"[" + b",".join(documents) + b"]"

    @property
    def users(self) -> frozenset[int]:
        """Who may use the agent beside its own user."""
        return self._settings.users

    @property
    def is_done(self) -> bool:
        """Whether every session has ended and the server has everything."""
        return not self.living and not any(spool.queued_items for spool in self._spools)

    def health(self) -> dict[str, Any]:
        return {
            "status": "ok",
            "sessions": len(self.living),
            "queued": sum(spool.queued_items for spool in self._spools),
            "queued_bytes": sum(spool.queued_bytes for spool in self._spools),
            "refused": self.delivery.refused,
            "server_reachable": not self.delivery.is_failing,
        }

    async def close(self, seconds: float) -> None:
        """Queue what is aggregated, deliver for as long as given, and release the files."""
        for live in self.living:
            with contextlib.suppress(Refused):
                await self.flush(live)
        await self.delivery.settle(seconds)
        await self.delivery.close()
        for spool in self._spools:
            await spool.close()


def _own_event(name: str, category: str, message: str, data: dict[str, Any]) -> tuple[str, bytes]:
    event = {
        "name": name,
        "timestamp": now(),
        "category": category,
        "group": "datacat.daemon",
        "labels": [],
        "message": message,
        "data": data,
    }
    return "events", encode(event)
