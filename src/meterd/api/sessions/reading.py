"""Documents of sessions: one of them, page by page if asked, and the export of all (`docs/specifications/sessions.md`
sections 2.1, 3.2).

Without parameters the answers are the original's: whole documents, in a bare array. Paging and filters are opt-in.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from meterd.access import Caller
from meterd.api.sessions.bodies import parse_stamp
from meterd.api.sessions.model import Session
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.rows import EVENT_COLUMNS, METRIC_COLUMNS, STATE_COLUMNS, document
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.errors import InvalidInput
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, Listing, OneOf, Order

COLLECTIONS: dict[str, tuple[Dataset, tuple[str, ...]]] = {
    "state_history": (SESSION_STATES, STATE_COLUMNS),
    "events": (SESSION_EVENTS, EVENT_COLUMNS),
    "metrics": (SESSION_METRICS, METRIC_COLUMNS),
}
STATUSES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "active": lambda shown: bool(shown["active"]),
    "suspended": lambda shown: bool(shown["suspended"]),
    "crashed": lambda shown: bool(shown["crashed"]),
    "hung": lambda shown: bool(shown["hung"]),
    "ended": lambda shown: not (shown["active"] or shown["suspended"] or shown["crashed"]),
}
_EVERYTHING = 10_000_000
_NO_ROWS: tuple[tuple[Any, ...], ...] = ((), (), ())
_MOST = 50_000
_SESSIONS_AT_ONCE = 50


class Parameters:
    """The query string of a request. Members raise `InvalidInput` naming the parameter."""

    def __init__(self, query_string: str, known: frozenset[str]) -> None:
        sent = parse_qs(query_string, keep_blank_values=True)
        if unknown := sorted(sent.keys() - known):
            raise InvalidInput(f"unknown parameter {unknown[0]}: use {', '.join(sorted(known))}")
        self._sent = {name: values[-1] for name, values in sent.items()}

    def text(self, name: str) -> str | None:
        return self._sent.get(name)

    def choice(self, name: str, allowed: dict[str, Any]) -> str | None:
        text = self.text(name)
        if text is not None and text not in allowed:
            raise InvalidInput(f"{name} must be one of {', '.join(allowed)}")
        return text

    def count(self, name: str) -> int | None:
        text = self.text(name)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= _MOST):
            raise InvalidInput(f"{name} must be a whole number from 1 to {_MOST}")
        return None if text is None else int(text)

    def time(self, name: str) -> datetime | None:
        try:
            return parse_stamp(self.text(name))
        except InvalidInput:
            raise InvalidInput(f"{name} must be a time in RFC 3339 with an offset") from None


class Reader:
    """Reads documents for callers who may see them."""

    def __init__(self, registry: Registry, engine: QueryEngine) -> None:
        self._registry = registry
        self._engine = engine

    async def read(self, id_: str, query_string: str, caller: Caller) -> dict[str, Any]:
        """One document. With `limit`, `next` has a cursor for each collection that goes on."""
        parameters = Parameters(query_string, frozenset({"collection", "limit", "cursor", "name"}))
        only = parameters.choice("collection", COLLECTIONS)
        cursor, limit = parameters.text("cursor"), parameters.count("limit")
        if cursor is not None and (only is None or not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20)):
            raise InvalidInput("cursor must be one of `next` of an answer, with the collection that it is of")
        session = (await self._registry.find(id_, caller)).session
        found: dict[str, list[Any]] = {}
        onwards: dict[str, str] = {}
        for name in COLLECTIONS:
            rows: list[Any] = []
            if only in (None, name):
                found_rows = await self._rows(name, [session.id], caller, limit, cursor, parameters.text("name"))
                rows = [row[:-1] for row in found_rows]
            if limit and len(rows) > limit:
                onwards[name] = str(rows[limit - 1][0])
            found[name] = rows[:limit] if limit else rows
        shown = document(session, [found[name] for name in COLLECTIONS], self._registry.timeout)
        return shown | ({"next": onwards} if limit else {})

    async def _rows(
        self, collection: str, ids: list[str], caller: Caller, limit: int | None, cursor: str | None, name: str | None
    ) -> list[tuple[Any, ...]]:
        """Rows in the order of their arrival, the session's id last; one more than the limit if there are more."""
        dataset, columns = COLLECTIONS[collection]
        conditions: list[Condition] = [OneOf(Field("session_id"), tuple(ids))]
        if dataset is SESSION_STATES:
            conditions.append(Compare(Field("change"), Comparison.EQUAL, "state"))
        elif name is not None:
            conditions.append(Compare(Field("name"), Comparison.EQUAL, name))
        if cursor:
            conditions.append(Compare(Field("position"), Comparison.GREATER, int(cursor)))
        listing = Listing(
            dataset,
            (*columns, "session_id"),
            And(tuple(conditions)),
            (Order("position"),),
            limit + 1 if limit else _EVERYTHING,
        )
        return await self._engine.facts(listing, caller)

    def export(self, query_string: str, caller: Caller) -> AsyncIterator[bytes]:
        """All documents that the caller may see, as a JSON array in pieces; a few sessions are in memory at a time.

        Raises `InvalidInput` before the first piece.
        """
        known = frozenset({"limit", "cursor", "product", "version", "status", "from", "to"})
        parameters = Parameters(query_string, known)
        status = parameters.choice("status", STATUSES)
        earliest, latest = parameters.time("from"), parameters.time("to")
        wanted = {name: parameters.text(name) for name in ("product", "version")}
        cursor = _position_of(parameters.text("cursor"))

        def fits(session: Session) -> bool:
            return (
                all(value is None or getattr(session, name) == value for name, value in wanted.items())
                and (earliest is None or session.created_at >= earliest)
                and (latest is None or session.created_at < latest)
                and (status is None or STATUSES[status](document(session, _NO_ROWS, self._registry.timeout)))
            )

        return self._export(fits, cursor, parameters.count("limit"), caller)

    async def _export(
        self, fits: Callable[[Session], bool], cursor: tuple[datetime, str] | None, limit: int | None, caller: Caller
    ) -> AsyncIterator[bytes]:
        yield b"["
        written = 0
        async for sessions in self._registry.pages(cursor, _SESSIONS_AT_ONCE, caller):
            chosen = [session for session in sessions if fits(session)]
            if limit:
                chosen = chosen[: limit - written]
            collected = {name: await self._by_session(name, chosen, caller) for name in COLLECTIONS} if chosen else {}
            for session in chosen:
                rows = [collected[name].get(session.id, ()) for name in COLLECTIONS]
                shown = document(session, rows, self._registry.timeout)
                yield (b"," if written else b"") + msgspec.json.encode(shown)
                written += 1
            if limit and written >= limit:
                break
        yield b"]\n"

    async def _by_session(self, collection: str, sessions: list[Session], caller: Caller) -> dict[str, list[Any]]:
        ids = [session.id for session in sessions]
        grouped: dict[str, list[Any]] = {}
        for row in await self._rows(collection, ids, caller, None, None, None):
            grouped.setdefault(row[-1], []).append(row[:-1])
        return grouped


def _position_of(cursor: str | None) -> tuple[datetime, str] | None:
    """A cursor of the export is `created_at` and `id` of the last session, with a comma between."""
    if cursor is None:
        return None
    created_at, _, id_ = cursor.partition(",")
    try:
        time = parse_stamp(created_at)
    except InvalidInput:
        time = None
    if time is None or not id_:
        raise InvalidInput("cursor must be created_at and id of the last session, with a comma between")
    return time.astimezone(UTC), id_
