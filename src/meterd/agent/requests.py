"""Requests of applications to the agent. Every write is on disk when it is answered."""

import time
from uuid import uuid4

from meterd.agent.aggregates import aggregate_for
from meterd.agent.bodies import Event, Metric, Named, Register, State, decode, encode, finite, given, merge, named
from meterd.agent.delivery import Delivery
from meterd.agent.errors import Refused
from meterd.agent.machine import hostname, machine_id
from meterd.agent.processes import Process, find
from meterd.agent.recording import QueuedItem, Recorder, own_event
from meterd.agent.sessions import ActiveSession, Session, now
from meterd.agent.spool import Spool
from meterd.agent.table import SessionTable

_LINE = "Invalid request"
_MAX_WAIT = 2.0
"""Seconds that a call waits for the server when this should have it at once."""


class Requests:
    """Answers writes. Each method takes the body and the user who asks, and raises `Refused`.

    `owner` is the process that started the agent; new sessions are kept in `spool`.
    """

    def __init__(
        self, table: SessionTable, recorder: Recorder, delivery: Delivery, spool: Spool, owner: Process | None
    ) -> None:
        self._table = table
        self._recorder = recorder
        self._delivery = delivery
        self._spool = spool
        self._owner = owner
        self._machine = (machine_id(), hostname())

    async def register(self, body: bytes, user: int) -> dict[str, object]:
        """Begin a session; answer with the server's id if it answers soon, else one of our own. Both stay valid."""
        request = decode(body, Register, "Invalid request body")
        if not request.product or not request.version:
            raise Refused(400, "Invalid request body: product and version must not be empty")
        machine, host = self._machine
        at = now()
        state = {"product": request.product, "version": request.version}
        session = Session(
            id=f"local-session-{uuid4()}",
            product=request.product,
            version=request.version,
            created_at=at,
            updated_at=at,
            machine_id=machine,
            hostname=host,
            state=state,
            parent=self._parent(request.parent_pid),
            user=user,
        )
        active = ActiveSession(session, self._spool)
        creation = encode(state | {"machine_id": machine, "hostname": host})
        await self._recorder.record(active, [active.saved()], ("create", creation))
        self._table.add(active)
        await self._delivery.settle(_MAX_WAIT, active)
        return {"session_id": session.server_id or session.id}

    def _parent(self, pid: int) -> Process | None:
        """Return the process to watch, if it can be seen; our own parent was seen at the start, and may be gone."""
        return self._owner if self._owner and self._owner.pid == pid else find(pid)

    async def state(self, body: bytes, user: int) -> None:
        """Merge into the state of a session; what changes nothing is not sent."""
        request = decode(body, State, _LINE)
        active = self._table.find_running(request.session_id, user)
        try:
            merged = merge(active.session.state, request.state or {})
        except RecursionError:
            raise Refused(400, f"{_LINE}: the state is nested too deeply") from None
        if encode(merged) == encode(active.session.state):
            return
        update = encode({"state": request.state, "timestamp": now()})
        before, active.session.state = active.session.state, merged
        try:
            await self._recorder.record(active, [active.saved()], ("state", update))
        except Refused:
            active.session.state = before
            raise

    async def event(self, body: bytes, user: int) -> None:
        """Record an event at the agent's time."""
        request = decode(body, Event, _LINE)
        active = self._table.find_running(request.session_id, user)
        named(request.name)
        event = {"labels": [], "data": {}} | given(request) | {"timestamp": now()}
        await self._recorder.record(active, [], ("events", encode(event)))

    async def metric(self, body: bytes, user: int) -> None:
        """Record a point, or add it to a counter or a histogram."""
        request = decode(body, Metric, _LINE)
        active = self._table.find_running(request.session_id, user)
        if aggregated := aggregate_for(request):
            await self._recorder.add(active, *aggregated)
            return
        named(request.name)
        point = given(request) | {"value": finite(request.value, "value"), "timestamp": now()}
        point.pop("delta", None)
        await self._recorder.record(active, [], ("metrics", encode(point)))

    async def heartbeat(self, body: bytes, user: int) -> None:
        """Take a heartbeat, of which the server learns soon; one that appeared hung has recovered."""
        active = self._running(body, user)
        session = active.session
        items: list[QueuedItem] = []
        if session.hung:
            silent = time.time() - (session.last_heartbeat or time.time())
            data = {"seconds_since_heartbeat": round(silent, 3)}
            items = [own_event("application_recovered", "info", "The application beats again", data)]
        session.last_heartbeat, session.paused, session.hung = time.time(), False, False
        active.last_heartbeat = time.monotonic()
        active.heartbeat_wanted = True
        await self._recorder.record(active, [active.saved()], *items)
        self._delivery.wake(active)

    async def pause(self, body: bytes, user: int) -> None:
        """Expect no heartbeats until the application beats or resumes."""
        await self._set_paused(body, user, True)

    async def resume_heartbeat(self, body: bytes, user: int) -> None:
        """Expect heartbeats again."""
        await self._set_paused(body, user, False)

    async def _set_paused(self, body: bytes, user: int, paused: bool) -> None:
        active = self._running(body, user)
        active.session.paused = paused
        active.last_heartbeat = time.monotonic()
        await self._recorder.record(active, [active.saved()])

    async def end(self, body: bytes, user: int) -> None:
        """End a session, of which the server learns at once if it answers."""
        active = self._running(body, user)
        await self._recorder.end(active)
        await self._delivery.settle(_MAX_WAIT, active)

    def _running(self, body: bytes, user: int) -> ActiveSession:
        return self._table.find_running(decode(body, Named, _LINE).session_id, user)
