"""Converts an engine's rows to the rows of a response. Responses may have tens of thousands, so each costs little."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from math import isfinite
from zoneinfo import ZoneInfo

from meterd.query.bins import counted
from meterd.query.buckets import Interval
from meterd.query.compile import Compiled
from meterd.query.local_time import bucket_bounds
from meterd.query.model import Function, HistogramBin, Query, Row, Value
from meterd.store import StoredRow


def shape(query: Query, compiled: Compiled, rows: Sequence[StoredRow]) -> list[Row]:
    """Name the values of rows, which stay in the engine's order. What is not a finite number becomes null."""
    first = 0 if query.interval is None else 1
    total = first + len(query.groups)
    keys = [group.key for group in query.groups]
    aggregates = list(zip(query.aggregates, compiled.positions, strict=True))
    buckets: dict[date, tuple[datetime, datetime, float]] = {}
    ranking = query.ranking if query.is_ranked_first else None
    limit = ranking.limit if ranking else None
    shaped = []
    for row in rows:
        start = end = None
        seconds = 0.0
        if query.interval is not None:
            if row[0] not in buckets:
                buckets[row[0]] = _bucket(query.interval, row[0], query.zone)
            start, end, seconds = buckets[row[0]]
        values: dict[str, Value | list[HistogramBin] | None] = dict(zip(keys, row[first:total], strict=False))
        for aggregate, (column, place) in aggregates:
            value = row[column]
            if place is not None and value is not None:
                value = value[place]
            if aggregate.function is Function.HISTOGRAM:
                value = counted(aggregate.bins, value)
            elif isinstance(value, float) and not isfinite(value):
                value = None
            elif aggregate.per is not None and value is not None:
                value = value * aggregate.per.value / seconds
            values[aggregate.key] = value
        others = row[-1] - limit if limit is not None and row[-2] is None else None
        shaped.append(Row(values, row[total], start, end, others))
    return shaped


def _bucket(interval: Interval, start: date, zone: ZoneInfo | None) -> tuple[datetime, datetime, float]:
    """Return start, end and length in seconds; engines give dates for buckets of whole days."""
    if not isinstance(start, datetime):
        start = datetime.combine(start, time.min)
    if zone is None:
        start = start.replace(tzinfo=UTC)
        end = interval.bucket_end(start)
    else:
        start, end = bucket_bounds(interval, start, zone)
    return start, end, (end - start).total_seconds()
