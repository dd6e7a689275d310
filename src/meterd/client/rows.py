"""Rows as lines of JSON, made when they are handed over, so that what happens to a row later changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice

from meterd.client import encoding
from meterd.client.encoding import ENCODING_ERRORS
from meterd.client.errors import InvalidRow

Row = Mapping[str, object]
"""Members of a row by name: what its dataset says, as JSON, times as they are."""


def encode(rows: Row | Iterable[Row], max_rows: int) -> Iterator[list[bytes]]:
    """Yield the rows in groups of up to `max_rows` lines. A row without `createdAt` gets the current time.

    Raises:
        InvalidRow: a row can't be encoded; its whole group is not taken.
    """
    remaining = iter([rows] if isinstance(rows, Mapping) else rows)
    taken = 0
    while group := list(islice(remaining, max_rows)):
        now = datetime.now(UTC)
        yield [_encode(row, now, number, taken) for number, row in enumerate(group, start=taken)]
        taken += len(group)


def _encode(row: Row, now: datetime, number: int, taken: int) -> bytes:
    if not isinstance(row, Mapping):
        raise InvalidRow(f"row {number} must be a mapping, got {type(row).__name__}", taken)
    try:
        whole = dict(row) if row.get("createdAt") is not None else {**row, "createdAt": now}
        return encoding.encode(whole)
    except ENCODING_ERRORS as error:
        raise InvalidRow(f"row {number}: {_name_of_invalid(row)} can't be sent as JSON: {error}", taken) from None


def _name_of_invalid(row: Row) -> str:
    """Find the member that can't be encoded."""
    for name, value in row.items():
        try:
            encoding.encode({name: value})
        except ENCODING_ERRORS:
            return repr(name)
    return "it"
