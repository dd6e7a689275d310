"""The collections of a document: what is read of the facts, in pieces, and how it is written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.sessions.replay import after
from meterd.api.sessions.rows import (
    BRIEF_EVENT,
    BRIEF_METRIC,
    BRIEF_STATE,
    EVENT_COLUMNS,
    METRIC_COLUMNS,
    STATE_COLUMNS,
    brief_event,
    brief_metric,
    brief_state,
    shown_event,
    shown_metric,
    shown_state,
)
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.query.engine import QueryEngine
from meterd.query.model import And, Compare, Comparison, Condition, Field, IsNull, Listing, OneOf, Or, Order
from meterd.store import StoredRow

_MAX_ROWS = 5_000
_MAX_BYTES = 4 * 2**20
"""Of a piece: what is read at once, and written without a pause for others."""
_BYTES_OF_CHARACTER = 4

_STATE, _UPDATE = STATE_COLUMNS.index("state"), STATE_COLUMNS.index("state_update")


class Form(NamedTuple):
    """What is read of a fact, and how it is shown."""

    columns: tuple[str, ...]
    shown: Callable[[StoredRow], dict[str, object]]


class Collection(NamedTuple):
    """The facts that a part of a document consists of: each as a whole, or what a list of them needs."""

    dataset: Dataset
    whole: Form
    brief: Form


COLLECTIONS = {
    "state_history": Collection(SESSION_STATES, Form(STATE_COLUMNS, shown_state), Form(BRIEF_STATE, brief_state)),
    "events": Collection(SESSION_EVENTS, Form(EVENT_COLUMNS, shown_event), Form(BRIEF_EVENT, brief_event)),
    "metrics": Collection(SESSION_METRICS, Form(METRIC_COLUMNS, shown_metric), Form(BRIEF_METRIC, brief_metric)),
}


class Piece(NamedTuple):
    """Rows of one collection in the order of their arrival, the session's id last.

    `goes_on` says whether there may be more.
    """

    rows: list[StoredRow]
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
        max_rows: int = _MAX_ROWS,
        is_brief: bool = False,
    ) -> Piece:
        """Read up to `max_rows` rows of sessions after a cursor; `only` are those of one name."""
        dataset, (columns, _), (brief, _) = COLLECTIONS[name]
        columns = brief if is_brief else columns
        conditions: list[Condition] = [OneOf(Field("session_id"), tuple(ids))]
        if dataset is SESSION_STATES:
            conditions.append(Compare(Field("change"), Comparison.EQUAL, "state"))
        elif only is not None:
            conditions.append(Compare(Field("name"), Comparison.EQUAL, only))
        if cursor:  # facts of earlier versions may have no position: they are the last
            later = Compare(Field("position"), Comparison.GREATER, int(cursor))
            conditions.append(Or((later, IsNull(Field("position")))))
        max_rows = min(max_rows, _MAX_ROWS)
        order = (Order("position"),)
        listing = Listing(
            dataset, (*columns, "session_id"), And(tuple(conditions)), order, max_rows, max_bytes=_MAX_BYTES
        )
        rows = await self._engine.facts(listing, caller)
        goes_on = len(rows) == max_rows or await asyncio.to_thread(_may_be_cut, rows)
        if columns is STATE_COLUMNS and any(row[_STATE] is None for row in rows):
            whole = await asyncio.to_thread(completed, rows, await self._states_before(rows, caller), _MAX_BYTES)
            rows, goes_on = whole, goes_on or len(whole) < len(rows)
        return Piece(rows, goes_on)

    async def _states_before(self, rows: Sequence[StoredRow], caller: Caller) -> dict[str, list[StoredRow]]:
        """Read, by session, the facts that make the state which its first row updates."""
        first: dict[str, StoredRow] = {}
        for row in rows:
            first.setdefault(row[-1], row)
        return {
            id_: await self._facts_of_state(id_, row[0], caller)
            for id_, row in first.items()
            if row[_STATE] is None and row[0]
        }

    async def _facts_of_state(self, id_: str, position: int, caller: Caller) -> list[StoredRow]:
        of_session = Compare(Field("session_id"), Comparison.EQUAL, id_)
        earlier = Compare(Field("position"), Comparison.LESS, position)
        is_whole = IsNull(Field("state"), negated=True)
        newest = (Order("position", descending=True),)
        whole = Listing(SESSION_STATES, STATE_COLUMNS, And((of_session, earlier, is_whole)), newest, 1)
        begins = await self._engine.facts(whole, caller)
        if not begins:
            return []
        later = Compare(Field("position"), Comparison.GREATER, begins[0][0])
        is_update = IsNull(Field("state_update"), negated=True)
        condition = And((of_session, earlier, later, is_update))
        updates = Listing(SESSION_STATES, STATE_COLUMNS, condition, (Order("position"),), _MAX_ROWS)
        return [*begins, *await self._engine.facts(updates, caller)]

    async def pieces(
        self, name: str, id_: str, caller: Caller, cursor: str | None = None, only: str | None = None
    ) -> AsyncIterator[Piece]:
        """Yield all rows of a session after a cursor, piece by piece."""
        while True:
            piece = await self.piece(name, [id_], caller, cursor, only)
            yield piece
            cursor = piece.cursor
            if not piece.goes_on or cursor is None:
                return


def completed(rows: Sequence[StoredRow], before: Mapping[str, Sequence[StoredRow]], max_bytes: int) -> list[StoredRow]:
    """Put the whole state into each row of states, up to a size. Blocking, for a thread.

    A state is null when the fact that held the whole of it is no longer kept.
    """
    states: dict[str, dict[str, object]] = {}
    for id_, facts in before.items():
        for fact in facts:
            states[id_] = after(states.get(id_, {}), fact[_STATE], fact[_UPDATE])
    whole: list[StoredRow] = []
    size = 0
    for row in rows:
        id_, text = row[-1], row[_STATE]
        if text is not None or id_ in states:
            states[id_] = after(states.get(id_, {}), text, row[_UPDATE])
            text = text or msgspec.json.encode(states[id_]).decode()
        whole.append((*row[:_STATE], text, *row[_UPDATE:]))
        size += len(text or "")
        if size >= max_bytes:
            break
    return whole


def written(name: str, rows: Sequence[StoredRow], is_brief: bool = False) -> bytes:
    """Write rows as elements of a JSON array, without its brackets. Blocking, for a thread."""
    shown = (COLLECTIONS[name].brief if is_brief else COLLECTIONS[name].whole).shown
    return msgspec.json.encode([shown(row[:-1]) for row in rows])[1:-1]


def _may_be_cut(rows: Sequence[StoredRow]) -> bool:
    """Tell whether the list may have ended because of its size; what is counted here are characters."""
    characters = 0
    for row in rows:
        for value in row:
            if isinstance(value, str):
                characters += len(value)
            elif isinstance(value, list):
                characters += sum(2 + len(each) for each in value if isinstance(each, str))
    return characters * _BYTES_OF_CHARACTER >= _MAX_BYTES
