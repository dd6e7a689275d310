"""Delivery of what is queued to the server: in order within a session, sessions side by side, until it is taken."""

import asyncio
import logging
import time
from urllib.parse import quote

import msgspec

from meterd.agent.bodies import encode
from meterd.agent.sessions import ActiveSession
from meterd.agent.spool import Item, Statement, delivered, set_aside
from meterd.agent.supervision import Supervisor
from meterd.agent.table import SessionTable
from meterd.agent.uplink import Uplink

log = logging.getLogger(__name__)

_HEARTBEAT_VALIDITY = 5.0
"""Seconds after a heartbeat in which the server needs no other before it gets a new session."""


class _Created(msgspec.Struct, frozen=True):
    session_id: str


class Delivery:
    """Delivers for all sessions, each in a task of its own, which lives while something is queued.

    Attributes:
        refused: how many items the server refused for good.
    """

    def __init__(self, uplink: Uplink, table: SessionTable, supervisor: Supervisor) -> None:
        self._uplink = uplink
        self._table = table
        self._supervisor = supervisor
        self._tasks: set[asyncio.Task[None]] = set()
        self.refused = 0

    def wake(self, active: ActiveSession) -> None:
        """Deliver what there is to send for a session."""
        active.delivery_wanted = True
        if active.delivery is None or active.delivery.done():
            active.delivery = asyncio.create_task(self._run(active))
            self._tasks.add(active.delivery)
            active.delivery.add_done_callback(self._tasks.discard)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being delivered."""
        return not self._tasks

    async def settle(self, seconds: float, active: ActiveSession | None = None) -> None:
        """Wait until everything, or a session's, is delivered; not when the server fails, nor longer than given."""
        deadline = time.monotonic() + seconds
        while not self._uplink.is_failing and time.monotonic() < deadline:
            if self.is_idle or (active and (active.delivery is None or active.delivery.done())):
                return
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """End what is being delivered; what the server has not taken stays queued."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._uplink.close()

    async def _run(self, active: ActiveSession) -> None:
        while active.delivery_wanted:
            active.delivery_wanted = False
            with self._supervisor.attempt("delivery", f"session {active.session.id}"):
                await self._try_to_drain(active)
            if active.delivery_wanted:
                await self._uplink.pause()

    async def _try_to_drain(self, active: ActiveSession) -> None:
        try:
            await self._drain(active)
        except Exception as error:
            active.delivery_wanted = True
            self._uplink.report_failure(str(error))
            raise

    async def _drain(self, active: ActiveSession) -> None:
        await self._send_heartbeat(active)
        while items := await active.spool.items(active.session.id, active.last_delivered):
            for item in items:
                await self._deliver(active, item)
                await self._send_heartbeat(active)

    async def _deliver(self, active: ActiveSession, item: Item) -> None:
        if item.operation == "create":
            await self._report_running_sessions(active)
        elif active.session.server_id is None:
            await self._set_aside(active, item, 0, "the server refused to create the session")
            return
        response = await self._uplink.post(_path(active, item.operation), item.body, item.key)
        if response.status != 200:
            await self._set_aside(active, item, response.status, response.body[:1000].decode(errors="replace"))
            return
        statements = [delivered(item)]
        if item.operation == "create":
            self._table.add_server_id(active, msgspec.json.decode(response.body, type=_Created).session_id)
            statements.append(active.saved())
        await self._remove(active, item, statements)

    async def _report_running_sessions(self, new: ActiveSession) -> None:
        """Say which sessions run, as a new one makes the server take this machine's silent ones for crashed."""
        for other in self._table.running:
            has_news = other.is_reported_by_agent or other.last_heartbeat > other.last_reported
            if other is not new and has_news and time.monotonic() - other.last_reported > _HEARTBEAT_VALIDITY:
                other.heartbeat_wanted = True
                await self._send_heartbeat(other)

    async def _set_aside(self, active: ActiveSession, item: Item, status: int, response: str) -> None:
        log.error("the server refused %s of session %s: %s %s", item.operation, item.session, status, response)
        self.refused += 1
        await self._remove(active, item, list(set_aside(item, status, response)))

    async def _remove(self, active: ActiveSession, item: Item, statements: list[Statement]) -> None:
        """Run the statements that remove an item from the queue."""
        await active.spool.write(statements)
        active.last_delivered = item.seq
        active.spool.queued_items -= 1
        active.spool.queued_bytes -= len(item.body)

    async def _send_heartbeat(self, active: ActiveSession) -> None:
        """Send a heartbeat if one is wanted. One that fails is not repeated: it is worth something only now."""
        is_wanted, active.heartbeat_wanted = active.heartbeat_wanted, False
        if not is_wanted or active.session.server_id is None or active.has_ended or self._uplink.is_paused:
            return
        active.last_reported = time.monotonic()
        await self._uplink.attempt(_path(active, "heartbeat"), encode({"timestamp": active.alive_at}), None)


def _path(active: ActiveSession, operation: str) -> str:
    if operation == "create":
        return "/api/sessions"
    return f"/api/sessions/{quote(active.session.server_id or '', safe='')}/{operation}"
