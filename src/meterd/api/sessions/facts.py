"""Facts about sessions, which get their positions here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import Arrivals
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.errors import MeterdError
from meterd.ingest.facts import Facts, Receipt, Submission, encode
from meterd.ingest.recorder import Recorder

if TYPE_CHECKING:
    from meterd.api.sessions.rows import SessionRow
    from meterd.datasets.rows import SessionEvent

MANY = 500
"""Rows from which on a thread prepares them."""


class SessionFact(NamedTuple):
    """A row to record, and the session that it is about."""

    active: ActiveSession
    dataset: Dataset
    row: "SessionRow"


class FactWriter:
    """Gives facts their positions, and makes them durable."""

    def __init__(self, arrivals: Arrivals, recorder: Recorder) -> None:
        self._arrivals = arrivals
        self._recorder = recorder

    @asynccontextmanager
    async def recorded(
        self, facts: Sequence[SessionFact], key: bytes | None, response: bytes = b"{}"
    ) -> AsyncIterator[Receipt]:
        """Record facts of one tenant; inside, their sessions follow them.

        Until then the documents don't count as doing so. When nobody knows whether they were recorded, they count as
        missed for as long as this process lives.

        Raises:
            MeterdError: they were not recorded.
        """
        first, now = self._arrivals.next(len(facts), max((fact.active.session.position for fact in facts), default=0))
        try:
            if len(facts) < MANY:
                encoded = _encoded(facts, first, now)
            else:
                encoded = await asyncio.to_thread(_encoded, facts, first, now)
            receipt = await self._recorder.record(Submission(encoded, key, response))
        except MeterdError:
            self._arrivals.mark_followed(first)
            raise
        except BaseException:
            self._arrivals.mark_missed(first)
            raise
        try:
            yield receipt
        except BaseException:
            self._arrivals.mark_missed(first)
            raise
        self._arrivals.mark_followed(first)


def place_of(row: "SessionRow") -> tuple[int, datetime, datetime]:
    """Return the position of a row that was recorded, when it arrived, and its time."""
    assert row.position is not None
    assert row.arrived_at is not None
    assert row.ts is not None  # `_encoded` has set them
    return row.position, row.arrived_at, row.ts


def _encoded(facts: Sequence[SessionFact], position: int, now: datetime) -> tuple[Facts, ...]:
    """Encode facts of one tenant, by dataset, with positions from one on."""
    for number, (_, _, row) in enumerate(facts, position):
        row.position, row.arrived_at, row.ts = number, now, row.ts or now
    return tuple(
        encode(dataset, rows[0].active.session.tenant, [fact.row for fact in rows])
        for dataset in (SESSION_STATES, SESSION_EVENTS, SESSION_METRICS)
        if (rows := [fact for fact in facts if fact.dataset is dataset])
    )


def hear(session: Session, fact: SessionFact) -> None:
    """Let a session follow a fact that is an event or a point of it."""
    name = cast("SessionEvent", fact.row).name if fact.dataset is SESSION_EVENTS else None
    position, arrived_at, _ = place_of(fact.row)
    session.apply_event(name or "", position, arrived_at)
