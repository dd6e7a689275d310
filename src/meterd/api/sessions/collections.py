"""The collections of a document: what is read of the facts, in pieces, and how it is written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.sessions.rows import (
    EVENT_COLUMNS,
    METRIC_COLUMNS,
    STATE_COLUMNS,
    shown_event,
    shown_metric,
    shown_state,
)
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, IsNull, Listing, OneOf, Or, Order

_ROWS = 5_000
_BYTES = 4 * 2**20
"""Of a piece: what is read at once, and written without a pause for others."""
_BYTES_OF_CHARACTER = 4

Row = tuple[Any, ...]


class Collection(NamedTuple):
    dataset: Dataset
    columns: tuple[str, ...]
    shown: Callable[[Row], dict[str, Any]]


COLLECTIONS = {
    "state_history": Collection(SESSION_STATES, STATE_COLUMNS, shown_state),
    "events": Collection(SESSION_EVENTS, EVENT_COLUMNS, shown_event),
    "metrics": Collection(SESSION_METRICS, METRIC_COLUMNS, shown_metric),
}


class Piece(NamedTuple):
    """Rows of one collection in the order of their arrival, the session's id last; whether there may be more."""

    rows: list[Row]
    goes_on: bool

    @property
    def cursor(self) -> str | None:
        """Where to go on; None when nothing follows that has a place in the order."""
        position = self.rows[-1][0] if self.rows else None
        return None if position is None else str(position)


class Collections:
    """Reads pieces of a few megabytes, so that neither memory nor a turn of the event loop goes on one session."""

    def __init__(self, engine: QueryEngine) -> None:
        self._engine = engine

    async def piece(
        self,
        name: str,
        ids: Sequence[str],
        caller: Caller,
        cursor: str | None = None,
        only: str | None = None,
        most: int = _ROWS,
    ) -> Piece:
        """Up to `most` rows of sessions after a cursor; `only` are those of one name."""
        dataset, columns, _ = COLLECTIONS[name]
        conditions: list[Condition] = [OneOf(Field("session_id"), tuple(ids))]
        if dataset is SESSION_STATES:
            conditions.append(Compare(Field("change"), Comparison.EQUAL, "state"))
        elif only is not None:
            conditions.append(Compare(Field("name"), Comparison.EQUAL, only))
        if cursor:  # facts of earlier versions may have no position: they are the last
            later = Compare(Field("position"), Comparison.GREATER, int(cursor))
            conditions.append(Or((later, IsNull(Field("position")))))
        most = min(most, _ROWS)
        order = (Order("position"),)
        listing = Listing(dataset, (*columns, "session_id"), And(tuple(conditions)), order, most, most_bytes=_BYTES)
        rows = await self._engine.facts(listing, caller)
        return Piece(rows, len(rows) == most or await asyncio.to_thread(_may_be_cut, rows))

    async def pieces(
        self, name: str, id_: str, caller: Caller, cursor: str | None = None, only: str | None = None
    ) -> AsyncIterator[Piece]:
        """All rows of a session after a cursor, piece by piece."""
        while True:
            piece = await self.piece(name, [id_], caller, cursor, only)
            yield piece
            cursor = piece.cursor
            if not piece.goes_on or cursor is None:
                return


def written(name: str, rows: Sequence[Row]) -> bytes:
    """Rows as elements of a JSON array, without its brackets. Blocking, for a thread."""
    shown = COLLECTIONS[name].shown
    return msgspec.json.encode([shown(row[:-1]) for row in rows])[1:-1]


def _may_be_cut(rows: Sequence[Row]) -> bool:
    """Whether the list may have ended because of its size; what is counted here are characters."""
    characters = 0
    for row in rows:
        for value in row:
            if isinstance(value, str):
                characters += len(value)
            elif isinstance(value, list):
                characters += sum(2 + len(each) for each in value if isinstance(each, str))
    return characters * _BYTES_OF_CHARACTER >= _BYTES
