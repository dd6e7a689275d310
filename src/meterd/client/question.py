"""The body of a metrics query, from a question as Python programs ask it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

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


def question(
    datasource: str,
    start: datetime | str,
    end: datetime | str,
    group_by: str | Sequence[str],
    aggregations: Mapping[str, Aggregation | Sequence[Aggregation]],
    filters: Sequence[Filter],
    interval: str | timedelta | None,
    further: Mapping[str, object],
) -> bytes:
    """Make the body of the query; of further members those that are None are left out.

    A limit without an order is one of the largest groups.

    Raises:
        ValueError: the interval is not made of whole seconds.
        TypeError: something has no form in JSON.
    """
    body: dict[str, object] = {
        "startTs": _time(start),
        "endTs": _time(end),
        "datasource": datasource,
        "type": "distribution" if interval is None else "timeseries",
        "groupBy": _several(group_by),
        "aggregations": [_aggregation(column, each) for column, all_ in aggregations.items() for each in _each(all_)],
        "filters": [{"fieldName": each.field, "operator": each.operator, "value": each.value} for each in filters],
    }
    if interval is not None:
        body["interval"] = interval if isinstance(interval, str) else _seconds(interval)
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
