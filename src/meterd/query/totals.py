"""Totals beside groups: what the same query answers without its groups, as rows among theirs."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from meterd.query.model import Query, Row

_NEVER = datetime.min.replace(tzinfo=UTC)


def of(query: Query) -> Query | None:
    """Return the query for the totals, if they are wanted."""
    if not query.has_totals:
        return None
    return msgspec.structs.replace(query, groups=(), ranking=None, has_totals=False)


def with_totals(query: Query, rows: Iterable[Row], totals: Iterable[Row]) -> list[Row]:
    """Return rows with the totals after those of their bucket; their groups are null."""
    nulls = {group.key: None for group in query.groups}
    marked = [Row(nulls | row.values, row.total, row.start, row.end, is_totals=True) for row in totals]
    return sorted([*rows, *marked], key=lambda row: row.start or _NEVER)
