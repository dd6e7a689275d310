"""Percentiles of distributions that facts carry as buckets.

The engine is asked for the increase of every bucket in every group, beside the query itself; the percentile is then
interpolated in its bucket, so it is off by no more than that bucket is wide.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from meterd.query.model import Aggregate, Field, Function, GroupBucket, Query, Row

_BOUND, _SAMPLES = "\x00bound", "\x00samples"
"""Keys that no group or aggregate of a request has."""


def split(query: Query) -> tuple[Query, Query | None]:
    """Return the query without percentiles of distributions, and the one for their buckets, if there are any."""
    plain = tuple(each for each in query.aggregates if each.function is not Function.HISTOGRAM_PERCENTILE)
    if len(plain) == len(query.aggregates) or query.dataset.series is None:
        return query, None
    increase = Aggregate(_SAMPLES, Function.INCREASE, Field(query.dataset.series.counts))
    distributions = msgspec.structs.replace(query, groups=(*query.groups, GroupBucket(_BOUND)), aggregates=(increase,))
    return msgspec.structs.replace(query, aggregates=plain), distributions


def add_percentiles(query: Query, rows: Iterable[Row], buckets: Iterable[Row]) -> None:
    """Add the percentiles that `query` asks for to its rows, in the order of its aggregates."""
    keys = [group.key for group in query.groups]
    found: dict[tuple[object, ...], list[tuple[float, float]]] = {}
    for bucket in buckets:
        bound: Any = bucket.values[_BOUND]  # both are numbers, or null
        samples: Any = bucket.values[_SAMPLES]
        group = found.setdefault(_place(bucket, keys), [])
        group.append((float("inf") if bound is None else float(bound), float(samples or 0)))
    for row in rows:
        distribution = sorted(found.get(_place(row, keys), ()))
        values = {key: row.values[key] for key in keys}
        for aggregate in query.aggregates:
            if aggregate.function is Function.HISTOGRAM_PERCENTILE:
                values[aggregate.key] = percentile(distribution, aggregate.fraction)
            else:
                values[aggregate.key] = row.values[aggregate.key]
        row.values.clear()
        row.values.update(values)


def percentile(buckets: Sequence[tuple[float, float]], fraction: float) -> float | None:
    """Return the percentile of samples in buckets of (upper bound, samples), ascending; None when there are no samples.

    The first bucket begins at 0, or has no width when its bound is below that. A bucket without an upper bound is at
    its lower one.
    """
    wanted = fraction * sum(samples for _, samples in buckets)
    below = 0.0
    lower = min(0.0, buckets[0][0]) if buckets else 0.0
    last = None
    for bound, samples in buckets:
        upper = lower if bound == float("inf") else bound
        if samples > 0:
            last = upper
            if below + samples >= wanted:
                return lower + (upper - lower) * (wanted - below) / samples
        below += samples
        lower = upper
    return last


def _place(row: Row, keys: Iterable[str]) -> tuple[object, ...]:
    return row.start, *(row.values[key] for key in keys)
