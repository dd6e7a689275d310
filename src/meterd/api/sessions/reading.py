"""Documents of sessions: one of them, page by page if asked, and the export of all (`docs/specifications/sessions.md`
sections 2.1, 3.2).

Without parameters the answers are the original's: whole documents, in a bare array. Paging and filters are opt-in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec

from meterd.access import Caller
from meterd.api.sessions.bodies import parse_stamp
from meterd.api.sessions.collections import COLLECTIONS, Collections, Piece, Row, written
from meterd.api.sessions.model import Session
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.rows import document
from meterd.errors import InvalidInput, TooLarge
from meterd.query.engine import QueryEngine

STATUSES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "active": lambda shown: bool(shown["active"]),
    "suspended": lambda shown: bool(shown["suspended"]),
    "crashed": lambda shown: bool(shown["crashed"]),
    "hung": lambda shown: bool(shown["hung"]),
    "ended": lambda shown: not (shown["active"] or shown["suspended"] or shown["crashed"]),
}
MOST_AT_ONCE = 50_000
_SESSIONS_AT_ONCE = 50
_LARGE_AT_ONCE = 2
"""Documents of more than one piece of a collection that are put together in memory."""


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
        if text is not None and not (
            text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MOST_AT_ONCE
        ):
            raise InvalidInput(f"{name} must be a whole number from 1 to {MOST_AT_ONCE}")
        return None if text is None else int(text)

    def time(self, name: str) -> datetime | None:
        try:
            return parse_stamp(self.text(name))
        except InvalidInput:
            raise InvalidInput(f"{name} must be a time in RFC 3339 with an offset") from None


class _Answer:
    """A document on its way: `room` is how many bytes it may still have."""

    def __init__(self, room: int, turn: AsyncExitStack) -> None:
        self.room = room
        self.turn = turn
        self.is_large = False


class _Wanted(NamedTuple):
    """What an answer shows of collections: rows after a cursor, of one name, and how many of each at most."""

    cursor: str | None
    name: str | None
    limit: int | None


class Reader:
    """Reads documents for callers who may see them.

    Args:
        most_bytes: of a document in one answer.
    """

    def __init__(self, registry: Registry, engine: QueryEngine, most_bytes: int) -> None:
        self._registry = registry
        self._collections = Collections(engine)
        self._most_bytes = most_bytes
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)

    async def read(self, id_: str, query_string: str, caller: Caller) -> bytes:
        """One document. With `limit`, `next` has a cursor for each collection that goes on.

        Raises `TooLarge` for a document that is; with a limit its collections go on earlier instead.
        """
        parameters = Parameters(query_string, frozenset({"collection", "limit", "cursor", "name"}))
        only = parameters.choice("collection", COLLECTIONS)
        wanted = _Wanted(parameters.text("cursor"), parameters.text("name"), parameters.count("limit"))
        cursor = wanted.cursor
        if cursor is not None and (only is None or not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20)):
            raise InvalidInput("cursor must be one of `next` of an answer, with the collection that it is of")
        session = (await self._registry.find(id_, caller)).session
        head = document(session, self._registry.timeout)
        elements: dict[str, list[bytes]] = {name: [] for name in COLLECTIONS}
        onwards: dict[str, str] = {}
        async with AsyncExitStack() as turn:
            answer = _Answer(self._most_bytes, turn)
            for name in (only,) if only else COLLECTIONS:
                elements[name], cursor = await self._collect(name, session.id, caller, wanted, answer)
                if wanted.limit and cursor:
                    onwards[name] = cursor
            return await asyncio.to_thread(_whole, head | ({"next": onwards} if wanted.limit else {}), elements)

    async def _collect(
        self, name: str, id_: str, caller: Caller, wanted: _Wanted, answer: _Answer
    ) -> tuple[list[bytes], str | None]:
        """Elements of a collection, and the cursor that goes on, if it does."""
        cursor, left = wanted.cursor, wanted.limit
        elements: list[bytes] = []
        while True:
            most = {} if left is None else {"most": left + 1}
            piece = await self._collections.piece(name, [id_], caller, cursor, wanted.name, **most)
            rows = piece.rows[:left]
            if rows:
                elements.append(await asyncio.to_thread(written, name, rows))
                answer.room -= len(elements[-1])
                cursor = Piece(rows, goes_on=True).cursor
            if answer.room < 0 and left is None:
                raise TooLarge(
                    f"the document has more than {self._most_bytes} bytes (sessions.max-document-bytes): read it in "
                    "pages, with limit, or name a collection"
                )
            left = None if left is None else left - len(rows)
            if cursor is None or not (piece.goes_on or len(piece.rows) > len(rows)):
                return elements, None
            if left == 0 or answer.room < 0:
                return elements, cursor
            if not answer.is_large:
                answer.is_large = True
                await answer.turn.enter_async_context(self._large)

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
                and (status is None or STATUSES[status](document(session, self._registry.timeout)))
            )

        return self._export(fits, cursor, parameters.count("limit"), caller)

    async def _export(
        self, fits: Callable[[Session], bool], cursor: tuple[datetime, str] | None, limit: int | None, caller: Caller
    ) -> AsyncIterator[bytes]:
        yield b"["
        count = 0
        async for sessions in self._registry.pages(cursor, _SESSIONS_AT_ONCE, caller):
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
        """Documents with commas between: all from one piece of each collection if that suffices, else one by one."""
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
        rows: dict[tuple[str, str], list[Row]] = {}
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
        """A document in pieces. Of the states, which are much more than was sent, as much as one answer may have."""
        yield msgspec.json.encode(document(session, self._registry.timeout)).removesuffix(b"}")
        onwards: dict[str, str] = {}
        for name in COLLECTIONS:
            yield b',"%s":[' % name.encode()
            between, room = b"", self._most_bytes
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


def _whole(head: dict[str, Any], elements: Mapping[str, Sequence[bytes]]) -> bytes:
    """A document of its head and the elements of its collections."""
    parts = [msgspec.json.encode(head).removesuffix(b"}")]
    for name, texts in elements.items():
        parts += (b',"%s":[' % name.encode(), b",".join(texts), b"]")
    return b"".join([*parts, b"}"])


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
