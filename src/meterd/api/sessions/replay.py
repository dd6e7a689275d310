"""Facts that documents of sessions have missed, read again and followed.

Facts say whose they are; one of somebody who may not write to a session changes nothing of it, nor does one at a
position that the server gave to nothing. The server refuses such facts, but earlier versions stored them.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import structlog

from meterd.access.ownership import is_shared
from meterd.api.sessions.bodies import JSONObject, merge
from meterd.api.sessions.model import Session
from meterd.api.sessions.order import time_of
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, IsNull, Listing, Or, Order
from meterd.store import StoredRow

log = structlog.get_logger()

_COMMON = ("position", "session_id", "tenant", "subject", "subject_type", "teams", "arrived_at", "ts")
_CHANGE = ("change", "state", "state_update", "product", "version", "machine_id", "hostname")
_PAGES: tuple[tuple[Dataset, tuple[str, ...], int], ...] = (
    (SESSION_STATES, _CHANGE, 100),
    (SESSION_EVENTS, ("name",), 10_000),
    (SESSION_METRICS, (), 10_000),
)
"""What is read of each dataset, and how many facts at once: states may be large."""


class Missed(msgspec.Struct, frozen=True):
    """A fact of a session: its position, whose it is, and the columns that matter."""

    dataset: Dataset
    position: int | None
    session_id: str
    tenant: str
    subject: str
    subject_type: str
    teams: tuple[str, ...]
    arrived_at: datetime
    happened_at: datetime
    columns: StoredRow


async def missed(engine: QueryEngine, position: int, last: int) -> AsyncIterator[list[Missed]]:
    """Yield facts that arrived after a position, up to the `last` one, in their order, some at a time."""
    reached: int | None = position
    while reached is not None:
        pages = [
            await _page(engine, dataset, columns, size, And((_after(reached), _up_to(last))))
            for dataset, columns, size in _PAGES
        ]
        complete = [
            page[-1].position or 0 for page, (_, _, size) in zip(pages, _PAGES, strict=True) if len(page) == size
        ]
        reached = min(complete, default=None)
        facts = [fact for page in pages for fact in page if reached is None or (fact.position or 0) <= reached]
        yield sorted(facts, key=lambda fact: fact.position or 0)


async def misplaced(engine: QueryEngine, last: int) -> AsyncIterator[list[Missed]]:
    """Yield changes without a position that the server can have given, in the order of their times, some at a time.

    They are true, because nobody could send them: what others had sent left no positions for them, and no times.
    """
    dataset, columns, size = _PAGES[0]
    condition = Or((_after(last), IsNull(Field("position"))))
    offset, now = 0, datetime.now(UTC)
    while page := await _page(engine, dataset, columns, size, condition, offset):
        offset += len(page)
        yield [
            msgspec.structs.replace(
                fact, position=None, arrived_at=min(fact.arrived_at, now), happened_at=min(fact.happened_at, now)
            )
            for fact in page
        ]


async def forged(engine: QueryEngine, last: int) -> int:
    """Count points and events that have positions which the server can't have given."""
    found = 0
    for dataset, _, size in _PAGES[1:]:
        listing = Listing(dataset, ("position",), _after(last), (Order("position"),), size)
        found += len(await engine.facts(listing, None))
    return found


def _after(position: int) -> Condition:
    return Compare(Field("position"), Comparison.GREATER, position)


def _up_to(position: int) -> Condition:
    return Compare(Field("position"), Comparison.LESS_OR_EQUAL, position)


async def _page(
    engine: QueryEngine, dataset: Dataset, columns: tuple[str, ...], size: int, condition: Condition, offset: int = 0
) -> list[Missed]:
    order = tuple(map(Order, ("position", "ts", "session_id", *columns[:1])))
    listing = Listing(dataset, (*_COMMON, *columns), condition, order, size, offset)
    return [_missed(dataset, row) for row in await engine.facts(listing, None)]


def _missed(dataset: Dataset, row: StoredRow) -> Missed:
    position, session_id, tenant, subject, subject_type, teams, arrived_at, happened_at, *columns = row
    happened = happened_at.replace(tzinfo=UTC)
    arrived = arrived_at.replace(tzinfo=UTC) if arrived_at else happened if position is None else time_of(position)
    return Missed(
        dataset, position, session_id, tenant, subject, subject_type, tuple(teams), arrived, happened, tuple(columns)
    )


def follow(session: Session | None, fact: Missed) -> Session | None:
    """Apply a fact to a session, and return it; a change makes one that is not known yet, as its document was lost.

    Raises:
        NotTheirs: the fact is of somebody who may not write to the session.
    """
    if session and not is_shared(session, fact):
        raise NotTheirs
    if fact.dataset is SESSION_STATES:
        return _changed(session, fact)
    if session:
        session.apply_event(fact.columns[0] if fact.columns else "", fact.position, fact.arrived_at)
    return session


class NotTheirs(Exception):
    """A fact about a session of somebody else."""


def _changed(session: Session | None, fact: Missed) -> Session:
    change, state, update, product, version, machine_id, hostname = fact.columns
    if session and fact.position is not None and fact.position <= session.position:  # its state has this one
        session.apply(change, session.position, fact.arrived_at, fact.happened_at, session.state)
        return session
    if session is None:
        session = Session(
            fact.session_id,
            fact.tenant,
            fact.subject,
            fact.subject_type,
            fact.teams,
            product,
            version,
            fact.arrived_at,
            fact.arrived_at,
            machine_id,
            hostname,
        )
    try:
        document = after(session.state, state, update)
    except (msgspec.DecodeError, RecursionError):
        log.error("a state can't be read again", session=fact.session_id)
        document = session.state
    if change in ("create", "state"):
        session.count_stored(fact.arrived_at, None if update is None else len(update))
    if change == "create":
        session.state = document
    session.apply(change, fact.position, fact.arrived_at, fact.happened_at, document)
    return session


def after(before: dict[str, object], state: str | None, update: str | None) -> dict[str, object]:
    """Return the state after a fact that holds all of it, or an update, or nothing of it.

    Raises:
        msgspec.DecodeError: what it holds can't be read.
    """
    if state is not None:
        return msgspec.json.decode(state, type=JSONObject)
    return before if update is None else merge(before, msgspec.json.decode(update, type=JSONObject))
