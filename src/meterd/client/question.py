"""The body of a metrics query, from a question as Python programs ask it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

import msgspec

from meterd.client.encoding import encode

AggregationType = Literal[
    "count",
    "countDistinct",
    "sum",
    "avg",
    "min",
    "max",
    "p5",
    "p10",
    "p25",
    "p50",
    "p75",
    "p90",
    "p95",
    "p99",
    "p999",
    "rateSum",
    "rateAvg",
    "rateMin",
    "rateMax",
    "ratePerMinute",
    "increase",
    "rateIncrease",
]

Operator = Literal[
    "EQUAL",
    "NOT_EQUAL",
    "IN",
    "NOT_IN",
    "STRING_CONTAINS",
    "STRING_NOT_CONTAINS",
    "STRING_STARTS_WITH",
    "STRING_NOT_STARTS_WITH",
    "STRING_ENDS_WITH",
    "STRING_NOT_ENDS_WITH",
    "GREATER_THAN",
    "LESS_THAN",
    "GREATER_THAN_EQUAL",
    "LESS_THAN_EQUAL",
    "BETWEEN",
    "ARRAY_HAS_ANY",
    "ARRAY_HAS_NONE",
    "IS_NULL",
]


Order = Literal["asc", "desc"]


class Histogram(msgspec.Struct, frozen=True):
    """An aggregation that counts the values of a column in so many bins of equal ratios, 1 to 100."""

    buckets: int


Aggregation = AggregationType | Histogram


class Filter(msgspec.Struct, frozen=True):
    """A condition on a field, such as `Filter("latencyMs", "BETWEEN", [50, 200])`; a label is `metadata.<key>`."""

    field: str
    operator: Operator
    value: str | float | bool | Sequence[str | float]


class QueryOptions(TypedDict, total=False):
    """What a question may say besides its datasource and window.

    Members:
        group_by: fields to group by.
        aggregations: what to compute of each column, such as `{"latencyMs": ["avg", "p99"]}`, or `Histogram(20)`
            for the number of values in each of 20 bins.
        filters: all must hold.
        interval: length of a bucket, such as `"1 hour"` or `timedelta(hours=1)`. With it the answer has a row for
            each bucket and group (`timeseries`), without it one for each group (`distribution`).
        timezone: IANA name of the zone in whose local time buckets are cut, such as `Europe/Berlin`; UTC without.
        order_by: `total`, an aggregation such as `p99LatencyMs`, or a field of `group_by`; over the whole window.
        order: `desc` or `asc`; without it `desc`, of fields `asc`.
        limit: how many groups are wanted; the largest without `order_by`.
        other: whether the groups after them are wanted as one row more, which has `other`.
        totals: whether all facts are wanted as one row more, which has `totals`.
    """

    group_by: str | Sequence[str]
    aggregations: Mapping[str, Aggregation | Sequence[Aggregation]] | None
    filters: Sequence[Filter]
    interval: str | timedelta | None
    timezone: str | None
    order_by: str | None
    order: Order | None
    limit: int | None
    other: bool
    totals: bool


def question(datasource: str, start: datetime | str, end: datetime | str, options: QueryOptions) -> bytes:
    """Make the body of the query. A limit without an order is one of the largest groups.

    Raises:
        ValueError: the interval is not made of whole seconds.
        TypeError: an option is unknown, or something has no form in JSON.
    """
    if unknown := options.keys() - QueryOptions.__annotations__.keys():
        raise TypeError(f"a query has no option {min(unknown)}")
    aggregations, interval = options.get("aggregations") or {}, options.get("interval")
    body: dict[str, object] = {
        "startTs": _time(start),
        "endTs": _time(end),
        "datasource": datasource,
        "type": "distribution" if interval is None else "timeseries",
        "groupBy": _several(options.get("group_by") or ()),
        "aggregations": [_aggregation(column, each) for column, all_ in aggregations.items() for each in _each(all_)],
        "filters": [
            {"fieldName": each.field, "operator": each.operator, "value": each.value}
            for each in options.get("filters") or ()
        ],
    }
    further = {
        "interval": _seconds(interval) if isinstance(interval, timedelta) else interval,
        "timezone": options.get("timezone"),
        "orderBy": options.get("order_by"),
        "order": options.get("order"),
        "limit": options.get("limit"),
        "other": options.get("other") or None,
        "totals": options.get("totals") or None,
    }
    body |= {name: value for name, value in further.items() if value is not None}
    if "limit" in body:
        body.setdefault("orderBy", "total")
    return encode(body)


def _each(aggregations: Aggregation | Sequence[Aggregation]) -> Sequence[Aggregation]:
    return (aggregations,) if isinstance(aggregations, str | Histogram) else aggregations


def _aggregation(column: str, aggregation: Aggregation) -> dict[str, object]:
    if isinstance(aggregation, Histogram):
        return {"type": "histogram", "column": column, "buckets": aggregation.buckets}
    return {"type": aggregation, "column": column}


def _time(time: datetime | str) -> str:
    if isinstance(time, str):
        return time
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()


def _seconds(interval: timedelta) -> str:
    seconds, rest = divmod(interval, timedelta(seconds=1))
    if seconds < 1 or rest:
        raise ValueError(f"interval must be a positive number of whole seconds, got {interval}")
    return f"{seconds} seconds"


def _several(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
