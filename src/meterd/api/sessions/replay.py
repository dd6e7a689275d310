"""What documents of sessions have missed, read from the facts again and followed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import msgspec
import structlog

from meterd.api.sessions.model import Session
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.query.engine import QueryEngine
from meterd.query.model import Compare, Comparison, Field, Listing, Order

log = structlog.get_logger()

_CHANGE = (
    "change", "ts", "state", "tenant", "subject", "subject_type", "teams", "product", "version", "machine_id",
    "hostname",
)  # fmt: skip
_PAGES: tuple[tuple[Dataset, tuple[str, ...], int], ...] = (
    (SESSION_STATES, _CHANGE, 500),
    (SESSION_EVENTS, ("name",), 10_000),
    (SESSION_METRICS, (), 10_000),
)
"""What is read of each dataset, and how many facts at once: states may be large."""


class Missed(msgspec.Struct, frozen=True):
    """A fact of a session: its place in the order of arrival, and the columns that matter."""

    dataset: Dataset
    position: int
    session_id: str
    columns: tuple[Any, ...]


async def missed(engine: QueryEngine, position: int) -> AsyncIterator[list[Missed]]:
    """Facts that arrived after a position, in their order, some at a time."""
    reached: int | None = position
    while reached is not None:
        pages = [await _page(engine, *each, reached) for each in _PAGES]
        complete = [page[-1].position for page, (_, _, size) in zip(pages, _PAGES, strict=True) if len(page) == size]
        reached = min(complete, default=None)
        facts = [fact for page in pages for fact in page if reached is None or fact.position <= reached]
        yield sorted(facts, key=lambda fact: fact.position)


async def _page(
    engine: QueryEngine, dataset: Dataset, columns: tuple[str, ...], size: int, position: int
) -> list[Missed]:
    later = Compare(Field("position"), Comparison.GREATER, position)
    listing = Listing(dataset, ("position", "session_id", *columns), later, (Order("position"),), size)
    rows = await engine.facts(listing, None)
    return [Missed(dataset, row[0], row[1], row[2:]) for row in sorted(rows, key=itemgetter(0))]


def follow(session: Session | None, fact: Missed) -> Session | None:
    """The session after a fact; a change makes one that is not known yet, which a lost document is."""
    at = time_of(fact.position)
    if fact.dataset is SESSION_STATES:
        return _changed(session, fact.session_id, at, fact.columns)
    if session:
        session.heard(fact.columns[0] if fact.columns else "", at)
    return session


def _changed(session: Session | None, id_: str, at: datetime, columns: tuple[Any, ...]) -> Session:
    change, happened, state, tenant, subject, subject_type, teams, product, version, machine_id, hostname = columns
    try:
        document = None if state is None else msgspec.json.decode(state, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        log.error("a state can't be read again", session=id_)
        document = session.state if session else {}
    if session is None:
        session = Session(
            id_, tenant, subject, subject_type, tuple(teams), product, version, at, at, machine_id, hostname
        )
    if change == "create":
        session.state = document or {}
    session.apply(change, at, happened.replace(tzinfo=UTC), document)
    return session


def time_of(position: int) -> datetime:
    """When a fact arrived, which its position says."""
    return datetime.fromtimestamp(position / 1e9, UTC)
