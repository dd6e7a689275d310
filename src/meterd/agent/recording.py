"""Writes what happened to a session to the queue on disk."""

import logging
import time
from typing import Any

import msgspec

from meterd.agent.aggregates import Aggregate
from meterd.agent.bodies import JSONObject, encode
from meterd.agent.delivery import Delivery
from meterd.agent.errors import Refused
from meterd.agent.sessions import ActiveSession, now, stamp
from meterd.agent.settings import Settings
from meterd.agent.spool import Statement, drop_aggregates, enqueue, save_aggregate

log = logging.getLogger(__name__)

QueuedItem = tuple[str, bytes]
"""An operation, and the body of its request."""


class Recorder:
    """Writes to the queue of a session. Every method returns when it is on disk, and raises `Refused` (503) if not."""

    def __init__(self, delivery: Delivery, settings: Settings) -> None:
        self._delivery = delivery
        self._max_queue_bytes = settings.max_queue_bytes
        self._server_url = settings.server_url

    async def record(
        self, active: ActiveSession, statements: list[Statement], *items: QueuedItem, may_refuse: bool = True
    ) -> None:
        """Put items into the queue and run statements with it.

        Raises:
            Refused: the disk fails, or `may_refuse` and the queue is full (503).
        """
        spool = active.spool
        size = sum(len(body) for _, body in items)
        if may_refuse and spool.queued_bytes + size > self._max_queue_bytes:
            raise Refused(503, f"The queue is full: {spool.queued_bytes} bytes wait for {self._server_url}")
        queued = [enqueue(active.session.id, operation, body) for operation, body in items]
        try:
            await spool.write([*queued, *statements])
        except Exception as error:
            log.exception("telemetry can't be kept")
            raise Refused(503, f"Telemetry can't be kept: {error}") from None
        spool.queued_items += len(items)
        spool.queued_bytes += size
        if items:
            self._delivery.wake(active)

    async def add(self, active: ActiveSession, empty: Aggregate, number: float) -> None:
        """Add a number to an aggregate of the session, which is `empty` if it is new."""
        aggregate = active.aggregates.setdefault(empty.key, empty)
        before = msgspec.structs.replace(aggregate, counts=list(aggregate.counts))
        aggregate.add(number)
        document = encode(aggregate)
        try:
            await self.record(active, [save_aggregate(active.session.id, aggregate.key, document)])
        except Refused:
            active.aggregates[empty.key] = before
            raise

    async def flush(self, active: ActiveSession) -> None:
        """Queue the aggregates that changed."""
        changed = [aggregate for aggregate in active.aggregates.values() if aggregate.changed]
        if not changed:
            return
        try:
            await self.record(active, *_changed(active))
        except Refused:
            for aggregate in changed:
                aggregate.changed = True
            raise

    async def end(self, active: ActiveSession) -> None:
        """End a session as its application asks."""
        await self._finish(active, ("end", encode({"timestamp": now()})))

    async def crash(self, active: ActiveSession, name: str, data: JSONObject, reason: str) -> None:
        """End a session whose application is gone: `name` is the event that says how it was noticed."""
        event = own_event(name, "critical", "The application ended without ending its session", data)
        await self._finish(active, event, ("crash", encode({"reason": reason, "timestamp": now()})))

    async def hang(self, active: ActiveSession) -> None:
        """Record that an application has stopped beating."""
        session = active.session
        session.hung = True
        last = session.last_heartbeat or time.time()
        data = {"last_heartbeat": stamp(last), "seconds_since_heartbeat": round(time.time() - last, 3)}
        event = own_event("application_appears_hung", "error", "The application has stopped beating", data)
        try:
            await self.record(active, [active.saved()], event, may_refuse=False)
        except Refused:
            session.hung = False
            raise

    async def _finish(self, active: ActiveSession, *items: QueuedItem) -> None:
        _, *points = _changed(active)
        active.session.ended_at = now()
        statements = [drop_aggregates(active.session.id), active.saved()]
        try:
            await self.record(active, statements, *points, *items, may_refuse=False)
        except Refused:
            active.session.ended_at = None
            raise
        active.aggregates = {}


def _changed(active: ActiveSession) -> tuple[Any, ...]:  # of two types, as `record` takes them in one call
    """Return the statements that save the aggregates that changed, and a point of each."""
    statements: list[Statement] = []
    points: list[QueuedItem] = []
    for aggregate in active.aggregates.values():
        if aggregate.changed:
            points.append(("metrics", encode(aggregate.point() | {"timestamp": now()})))
            aggregate.changed = False
            statements.append(save_aggregate(active.session.id, aggregate.key, encode(aggregate)))
    return statements, *points


def own_event(name: str, category: str, message: str, data: JSONObject) -> QueuedItem:
    """Make an event of the agent's own."""
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
