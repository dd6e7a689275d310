"""Lists of sessions without their collections, and what there is of each product and version
(`docs/specifications/sessions.md` section 11).
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec

from meterd.access import Caller
from meterd.api.sessions.model import Session
from meterd.api.sessions.parameters import MAX_LIMIT, Parameters
from meterd.api.sessions.rows import stamp
from meterd.api.sessions.selecting import SELECTION, Selected, Selector, status_of, wanted
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS
from meterd.query.engine import QueryEngine

SORTS = ("created", "updated", "status", "events", "metrics")
ORDERS = ("asc", "desc")
MAX_LISTED = 1_000
_DEFAULT_LIMIT = 20
_Key = Callable[[Session], tuple[object, ...]]
_STATUS_ORDER = ("ended", "crashed", "suspended", "active")


class ListedSession(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session without its state and collections; `event_count` and `metric_count` say how much is in these."""

    id: str
    product: str
    version: str
    status: str
    hung: bool
    created_at: str
    updated_at: str
    event_count: int
    metric_count: int
    subject: str
    ended_at: str | None = None
    last_heartbeat: str | None = None
    machine_id: str | None = None
    hostname: str | None = None


class SessionList(msgspec.Struct, frozen=True, omit_defaults=True):
    """A page of sessions; `total` of them fit. Not `complete`: those before `older` were not looked at."""

    sessions: list[ListedSession]
    total: int
    complete: bool
    older: str | None = None


class ProductCounts(msgspec.Struct):
    """How many sessions of a version of a product are what; those that are hung are counted besides."""

    product: str
    version: str
    sessions: int = 0
    active: int = 0
    ended: int = 0
    suspended: int = 0
    crashed: int = 0
    hung: int = 0
    latest: str = ""


class ProductList(msgspec.Struct, frozen=True, omit_defaults=True):
    """Versions of products, the one with the newest session first. Not `complete`: as of lists."""

    products: list[ProductCounts]
    complete: bool
    older: str | None = None


class Lister:
    """Answers requests for lists."""

    def __init__(self, selector: Selector, engine: QueryEngine, timeout: timedelta) -> None:
        self._selector = selector
        self._engine = engine
        self._timeout = timeout

    async def sessions(self, query_string: str, caller: Caller) -> SessionList:
        """Return a page of sessions. Raises `InvalidInput` for parameters that are wrong."""
        parameters = Parameters(query_string, SELECTION | {"sort", "order", "limit", "offset"})
        sort = parameters.choice("sort", SORTS) or "created"
        descending = (parameters.choice("order", ORDERS) or "desc") == "desc"
        limit = parameters.count("limit", maximum=MAX_LISTED) or _DEFAULT_LIMIT
        offset = parameters.count("offset", minimum=0, maximum=MAX_LIMIT) or 0
        selected = await self._selector.select(wanted(parameters), caller)
        by_dataset = {"events": SESSION_EVENTS, "metrics": SESSION_METRICS}
        known = {}
        if sort in by_dataset:
            known[sort] = await self._selector.counts(by_dataset[sort], selected.sessions, caller)
        key = self._key(sort, selected, known)
        ordered = await self._engine.shape(caller, _ordered, selected.sessions, key, descending)
        page = ordered[offset : offset + limit]
        for name, dataset in by_dataset.items():
            if name not in known:
                known[name] = await self._selector.counts(dataset, page, caller)
        shown = [self._shown(session, selected, known) for session in page]
        return SessionList(shown, len(ordered), selected.complete, _older(selected))

    async def products(self, query_string: str, caller: Caller) -> ProductList:
        """Return how many sessions there are of each product and version. Raises `InvalidInput`."""
        selected = await self._selector.select(wanted(Parameters(query_string, SELECTION)), caller)
        counted = await self._engine.shape(caller, self._count, selected)
        return ProductList(counted, selected.complete, _older(selected))

    def _count(self, selected: Selected) -> list[ProductCounts]:
        counts: dict[tuple[str, str], ProductCounts] = {}
        for session in selected.sessions:
            key = session.product, session.version
            count = counts.setdefault(key, ProductCounts(*key, latest=stamp(session.created_at)))
            count.sessions += 1
            count.hung += session.hung
            status = status_of(session, selected.now, self._timeout)
            setattr(count, status, getattr(count, status) + 1)
        return list(counts.values())

    def _key(self, sort: str, selected: Selected, known: dict[str, dict[str, int]]) -> _Key:
        """Return what sessions are sorted by; those that are equal are in the order of their creation."""
        match sort:
            case "created":
                return lambda session: (session.created_at, session.id)
            case "updated":
                return lambda session: (session.updated_at, session.created_at, session.id)
            case "status":
                return lambda session: (
                    _STATUS_ORDER.index(status_of(session, selected.now, self._timeout)),
                    session.created_at,
                    session.id,
                )
        counts = known[sort]
        return lambda session: (counts.get(session.id, 0), session.created_at, session.id)

    def _shown(self, session: Session, selected: Selected, known: dict[str, dict[str, int]]) -> ListedSession:
        return ListedSession(
            session.id,
            session.product,
            session.version,
            status_of(session, selected.now, self._timeout),
            session.hung,
            stamp(session.created_at),
            stamp(session.updated_at),
            known["events"].get(session.id, 0),
            known["metrics"].get(session.id, 0),
            session.subject,
            stamp(session.ended_at) if session.ended_at else None,
            stamp(session.last_heartbeat) if session.last_heartbeat else None,
            session.machine_id,
            session.hostname,
        )


def _older(selected: Selected) -> str | None:
    return stamp(selected.older) if selected.older else None


def _ordered(sessions: Iterable[Session], key: _Key, descending: bool) -> list[Session]:
    return sorted(sessions, key=key, reverse=descending)
