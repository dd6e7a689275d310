"""Documents of sessions: one of them, page by page if asked, and the export of all (`docs/specifications/sessions.md`
sections 2.1, 3.2).

Without parameters the answers are the original's: whole documents, in a bare array. Paging and filters are opt-in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.sessions.bodies import parse_stamp
from meterd.api.sessions.collections import COLLECTIONS, Collections, Piece, written
from meterd.api.sessions.model import Session
from meterd.api.sessions.parameters import Parameters
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.rows import document
from meterd.errors import InvalidInput, TooLarge
from meterd.query.engine import QueryEngine
from meterd.store import StoredRow

STATUSES: dict[str, Callable[[dict[str, object]], bool]] = {
    "active": lambda shown: bool(shown["active"]),
    "suspended": lambda shown: bool(shown["suspended"]),
    "crashed": lambda shown: bool(shown["crashed"]),
    "hung": lambda shown: bool(shown["hung"]),
    "ended": lambda shown: not (shown["active"] or shown["suspended"] or shown["crashed"]),
}
_SESSIONS_PER_PAGE = 50
_CONCURRENT_LARGE_DOCUMENTS = 2
"""Documents of more than one piece of a collection that are put together in memory."""


class _DocumentBudget:
    """How large a document may still get: `room` is in bytes, and one that is large waits for its `turn`."""

    def __init__(self, room: int, turn: AsyncExitStack) -> None:
        self.room = room
        self.turn = turn
        self.is_large = False


class _Selection(NamedTuple):
    """What a response shows of collections: rows after a cursor, of one name, at most `limit` of each, and briefly."""

    cursor: str | None
    name: str | None
    limit: int | None
    is_brief: bool


class Reader:
    """Reads documents for callers who may see them.

    Args:
        max_bytes: of a document in one response.
    """

    def __init__(self, registry: Registry, engine: QueryEngine, max_bytes: int) -> None:
        self._registry = registry
        self._collections = Collections(engine)
        self._max_bytes = max_bytes
        self._large = asyncio.Semaphore(_CONCURRENT_LARGE_DOCUMENTS)

    async def read(self, id_: str, query_string: str, caller: Caller) -> bytes:
        """Return one document. With `limit`, `next` has a cursor for each collection that goes on.

        Raises:
            NotFound: the caller may see no such session.
            InvalidInput: a parameter is wrong.
            TooLarge: the document is; with a limit its collections go on earlier instead.
        """
        parameters = Parameters(query_string, frozenset({"collection", "limit", "cursor", "name", "brief"}))
        only = parameters.choice("collection", COLLECTIONS)
        selection = _Selection(
            parameters.text("cursor"),
            parameters.text("name"),
            parameters.count("limit"),
            parameters.choice("brief", ("true", "false")) == "true",
        )
        cursor = selection.cursor
        if cursor is not None and (only is None or not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20)):
            raise InvalidInput("cursor must be one of `next` of an answer, with the collection that it is of")
        session = (await self._registry.find(id_, caller)).session
        head = document(session, self._registry.timeout)
        elements: dict[str, list[bytes]] = {name: [] for name in COLLECTIONS}
        onwards: dict[str, str] = {}
        async with AsyncExitStack() as turn:
            budget = _DocumentBudget(self._max_bytes, turn)
            for name in (only,) if only else COLLECTIONS:
                elements[name], cursor = await self._collect(name, session.id, caller, selection, budget)
                if selection.limit and cursor:
                    onwards[name] = cursor
            return await asyncio.to_thread(_whole, head | ({"next": onwards} if selection.limit else {}), elements)

    async def _collect(
        self, name: str, id_: str, caller: Caller, selection: _Selection, budget: _DocumentBudget
    ) -> tuple[list[bytes], str | None]:
        """Return elements of a collection, and the cursor that goes on, if it does."""
        cursor, left = selection.cursor, selection.limit
        elements: list[bytes] = []
        while True:
            bound = {} if left is None else {"max_rows": left + 1}
            is_brief = selection.is_brief
            piece = await self._collections.piece(
                name, [id_], caller, cursor, selection.name, **bound, is_brief=is_brief
            )
            rows = piece.rows[:left]
            if rows:
                elements.append(await asyncio.to_thread(written, name, rows, is_brief))
                budget.room -= len(elements[-1])
                cursor = Piece(rows, goes_on=True).cursor
            if budget.room < 0 and left is None:
                raise TooLarge(
                    f"the document has more than {self._max_bytes} bytes (sessions.max-document-bytes): read it in "
                    "pages, with limit, or name a collection"
                )
            left = None if left is None else left - len(rows)
            if cursor is None or not (piece.goes_on or len(piece.rows) > len(rows)):
                return elements, None
            if left == 0 or budget.room < 0:
                return elements, cursor
            if not budget.is_large:
                budget.is_large = True
                await budget.turn.enter_async_context(self._large)

    def export(self, query_string: str, caller: Caller) -> AsyncIterator[bytes]:
        """Return all documents that the caller may see, as a JSON array in pieces, with few sessions in memory.

        Raises:
            InvalidInput: a parameter is wrong; that is known before the first piece.
        """
        known = frozenset({"limit", "cursor", "product", "version", "status", "from", "to"})
        parameters = Parameters(query_string, known)
        status = parameters.choice("status", STATUSES)
        earliest, latest = parameters.time("from"), parameters.time("to")
        equal = {name: parameters.text(name) for name in ("product", "version")}
        cursor = _position_of(parameters.text("cursor"))

        def fits(session: Session) -> bool:
            return (
                all(value is None or getattr(session, name) == value for name, value in equal.items())
                and (earliest is None or session.created_at >= earliest)
                and (latest is None or session.created_at < latest)
                and (status is None or STATUSES[status](document(session, self._registry.timeout)))
            )

        return self._export(fits, cursor, parameters.count("limit"), caller)

    async def _export(
        self, fits: Callable[[Session], bool], cursor: tuple[datetime, str] | None, limit: int | None, caller: Caller
    ) -> AsyncIterator[bytes]:
        yield b"["
        count = 0
        async for sessions in self._registry.pages(cursor, _SESSIONS_PER_PAGE, caller):
            chosen = [session for session in sessions if fits(session)]
            if limit:
                chosen = chosen[: limit - count]
            if chosen:
                yield b"," if count else b""
                async for text in self._documents(chosen, caller):
                    yield text
            count += len(chosen)
            if limit and count >= limit:
                break
        yield b"]\n"

    async def _documents(self, sessions: Sequence[Session], caller: Caller) -> AsyncIterator[bytes]:
        """Yield documents with commas between: all at once if one piece of each collection suffices, or one by one."""
        ids = [session.id for session in sessions]
        pieces = {name: await self._collections.piece(name, ids, caller) for name in COLLECTIONS}
        if not any(piece.goes_on for piece in pieces.values()):
            yield await asyncio.to_thread(self._together, sessions, pieces)
            return
        del pieces
        for number, session in enumerate(sessions):
            yield b"," if number else b""
            async for text in self._alone(session, caller):
                yield text

    def _together(self, sessions: Sequence[Session], pieces: Mapping[str, Piece]) -> bytes:
        rows: dict[tuple[str, str], list[StoredRow]] = {}
        for name, piece in pieces.items():
            for row in piece.rows:
                rows.setdefault((name, row[-1]), []).append(row)
        return b",".join(
            [
                _whole(
                    document(session, self._registry.timeout),
                    {name: [written(name, rows.get((name, session.id), ()))] for name in COLLECTIONS},
                )
                for session in sessions
            ]
        )

    async def _alone(self, session: Session, caller: Caller) -> AsyncIterator[bytes]:
        """Yield a document in pieces, with as many of its states as a document in one piece may have."""
        yield msgspec.json.encode(document(session, self._registry.timeout)).removesuffix(b"}")
        onwards: dict[str, str] = {}
        for name in COLLECTIONS:
            yield b',"%s":[' % name.encode()
            between, room = b"", self._max_bytes
            async for piece in self._collections.pieces(name, session.id, caller):
                if piece.rows:
                    text = await asyncio.to_thread(written, name, piece.rows)
                    yield between + text
                    between, room = b",", room - len(text)
                if name == "state_history" and room < 0 and piece.goes_on and piece.cursor:
                    onwards[name] = piece.cursor
                    break
            yield b"]"
        yield b',"next":%s}' % msgspec.json.encode(onwards) if onwards else b"}"


def _whole(head: dict[str, object], elements: Mapping[str, Sequence[bytes]]) -> bytes:
    """Put a document together from its head and the elements of its collections."""
    parts = [msgspec.json.encode(head).removesuffix(b"}")]
    for name, texts in elements.items():
        parts += (b',"%s":[' % name.encode(), b",".join(texts), b"]")
    return b"".join([*parts, b"}"])


def _position_of(cursor: str | None) -> tuple[datetime, str] | None:
    """Read a cursor of the export: `created_at` and `id` of the last session, with a comma between."""
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
