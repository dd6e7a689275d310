"""What a metrics query must answer: a slow and obvious reference, and the real engine to hold against it.

`answer` is written from `docs/specifications/gateway-metrics-query.md`, and `docs/gateway-metrics.md` for our
extensions, alone. It works on the body as sent and on rows
as ingested (wire
names, a datetime in `createdAt`), and shares nothing with the code under test.
"""

import asyncio
import itertools
import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np

from meterd.access import Caller
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.datasets import DATASETS, Dataset
from meterd.ingest.facts import encode
from meterd.query.engine import QueryEngine
from meterd.query.model import Listing, Query, Row
from meterd.settings import Query as Limits
from meterd.store import Lines
from meterd.telemetry import Telemetry
from tests.datasources import DATASOURCES
from tests.engines import open_store

RowDict = dict[str, Any]

STORED = {
    "userEmail": "createdBySubjectSlug",
    "virtualAccount": "createdBySubjectSlug",
    "virtualaccount": "createdBySubjectSlug",
    "conversationID": "conversationId",
    "team": "teams",
    "new_session": "newSession",
    "virtualModel": "virtualModelName",
    "session": "sessionId",
    "recordType": "type",
    "tag": "tags",
    "label": "labels",
}
"""Wire names that differ from the member of an ingested row."""

INCREASES = ("increase", "rateIncrease")
ARRAYS = ("team", "tag", "label")

SUBJECT_TYPES = {"userEmail": "user", "virtualAccount": "virtualaccount", "virtualaccount": "virtualaccount"}
ALLOWED_ATTRIBUTES = ("region",)
"""Extra AI Guard attributes: they are kept in the metadata and are fields of `aiGuardMetrics`."""

RULE_IDS = {"loadbalanceRuleId": "load", "ratelimitRuleId": "rate", "budgetRuleId": "budget"}
"""Typed ids of a rule, and how its `configType` starts (section 12)."""

NUMERIC = {measure for declaration in DATASOURCES.values() for measure in declaration.measures}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


def answer(body: dict[str, Any], rows: Iterable[RowDict], caller: Caller) -> list[dict[str, Any]]:
    """The data points in the order of section 11; bucket bounds are datetimes."""
    points = _answer(body, rows := list(rows), caller)
    if body.get("totals"):
        points += [_as_totals(body, point) for point in _answer(_without_groups(body), rows, caller)]
    return sorted(points, key=lambda point: point.get("startTimestamp", EPOCH))


def _without_groups(body: dict[str, Any]) -> dict[str, Any]:
    """The query that totals are the answer to: of the same facts, also where grouping leaves some out."""
    types = {SUBJECT_TYPES[group] for group in body["groupBy"] if group in SUBJECT_TYPES}
    whole = {name: value for name, value in body.items() if name not in ("groupBy", "orderBy", "limit", "other")}
    if len(types) == 1:
        only = {"fieldName": "createdBySubjectType", "operator": "EQUAL", "value": types.pop()}
        whole["filters"] = [*(body.get("filters") or []), only]
    return whole


def _as_totals(body: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    return point | {response_key(group): None for group in body["groupBy"]} | {"totals": True}


def _answer(body: dict[str, Any], rows: Iterable[RowDict], caller: Caller) -> list[dict[str, Any]]:
    start, end = _time(body["startTs"]), _time(body["endTs"])
    groups = list(dict.fromkeys(body.get("groupBy") or []))
    is_timeseries = body["type"] == "timeseries"
    earlier = [
        row | {"teams": _shown_teams(row, caller)} for row in rows if _visible(row, caller) and row["createdAt"] < end
    ]
    if pinned := DATASOURCES[body["datasource"]].pinned:
        earlier = [row for row in earlier if value_of(row, pinned) is not None]
    types = {SUBJECT_TYPES[group] for group in groups if group in SUBJECT_TYPES}
    if len(types) == 1:
        earlier = [row for row in earlier if row["createdBySubjectType"] in types]
    earlier = [row for row in earlier if all(_matches(row, each) is True for each in body.get("filters") or [])]
    kept = [row for row in earlier if row["createdAt"] >= start]
    if any(each["type"] in INCREASES for each in body.get("aggregations") or []):
        _add_increases(earlier)
    if any(each["column"] == "histogram" for each in body.get("aggregations") or []):
        _add_samples(earlier)
    body = body | {"aggregations": [each | _bins(each, kept) for each in body.get("aggregations") or []]}
    kept = [row | {"fact": number} for number, row in enumerate(kept)]
    if "team" in groups:
        kept = [row | {"teams": [team]} for row in kept for team in row["teams"]]
    for array, member in (("tag", "tags"), ("label", "labels")):
        if array in groups:
            kept = [row | {f"grouped {array}": element} for row in kept for element in row[member]]
    places = _places(body, groups, kept) if "orderBy" in body else {}
    limit: int = body.get("limit", len(places)) if "orderBy" in body else 0
    is_other_wanted = body.get("other", False)
    cells: dict[tuple[Any, ...], list[RowDict]] = {}
    for row in kept:
        bucket = bucket_of(row["createdAt"], _interval(body), _zone(body)) if is_timeseries else None
        key = tuple(_group_value(row, group) for group in groups)
        if "orderBy" not in body or places[key] < limit:
            cells.setdefault((bucket, *key), []).append(row)
            continue
        if not is_other_wanted:
            continue
        others = cells.setdefault((bucket, *(_OTHER for _ in groups)), [])
        if row["fact"] not in [other["fact"] for other in others]:
            others.append(row)
    if not groups and not is_timeseries and not cells:
        cells[(None,)] = []
    points = [_point(body, groups, key, members) for key, members in cells.items()]
    if "orderBy" not in body:
        return sorted(points, key=lambda point: _order(point, groups))
    last = len(places)
    points.sort(key=lambda point: places.get(tuple(point[response_key(group)] for group in groups), last))
    for point in points:
        if groups and all(point[response_key(group)] is _OTHER for group in groups):
            point |= {response_key(group): None for group in groups} | {"other": len(places) - limit}
    return sorted(points, key=lambda point: point.get("startTimestamp", EPOCH))


_OTHER = object()
"""The value of all groups beyond the limit."""


def _places(body: dict[str, Any], groups: list[str], rows: list[RowDict]) -> dict[tuple[Any, ...], int]:
    """The place of each group over the whole window: largest or smallest first, then as without an order."""
    cells: dict[tuple[Any, ...], list[RowDict]] = {}
    for row in rows:
        cells.setdefault((None, *(_group_value(row, group) for group in groups)), []).append(row)
    distribution = body | {"type": "distribution"}
    points = [_point(distribution, groups, key, members) for key, members in cells.items()]
    points.sort(key=lambda point: _order(point, groups))
    name = _answered_name(body)
    order = body.get("order", "asc" if name in map(response_key, groups) else "desc")
    points.sort(key=lambda point: _sortable(point[name]), reverse=order == "desc")
    points.sort(key=lambda point: point[name] is None)
    return {tuple(point[response_key(group)] for group in groups): place for place, point in enumerate(points)}


def _answered_name(body: dict[str, Any]) -> str:
    """What answers call that by which groups are ordered."""
    name: str = body["orderBy"]
    for each in body.get("aggregations") or []:
        if name == each["type"] + each["column"][0].upper() + each["column"][1:]:
            column = column_name(each["column"])
            return str(each["type"] + column[0].upper() + column[1:])
    return response_key(name)


def _sortable(value: Any) -> Any:
    return (0, 0) if value is None else (1, value)


def _add_increases(rows: list[RowDict]) -> None:
    """By how much the total of each row is more than the one before it of its series; after a reset all of it."""
    last: dict[Any, float] = {}
    for row in sorted(rows, key=lambda row: (row["position"], row["createdAt"])):
        series = (row["tenant"], row["sessionId"], row["name"], tuple(sorted(row["tags"])))
        value = row["value"]
        if value is not None:
            row["increase"] = value if series not in last or value < last[series] else value - last[series]
            last[series] = value


def _add_samples(rows: list[RowDict]) -> None:
    """The samples that each row adds to a distribution, by upper bound; after a reset all that it has."""
    last: dict[Any, list[float]] = {}
    for row in sorted(rows, key=lambda row: (row["position"], row["createdAt"])):
        bounds, counts = row["bucketBounds"], row["bucketCounts"]
        series = (row["tenant"], row["sessionId"], row["name"], tuple(sorted(row["tags"])), tuple(bounds))
        if counts is not None:
            grown = [count - before for count, before in zip(counts, last.get(series, [0] * len(counts)), strict=True)]
            row["samples"] = dict(zip(bounds, counts if min(grown) < 0 else grown, strict=True))
            last[series] = counts


def _histogram_percentile(rows: list[RowDict], fraction: float) -> float | None:
    """Every bucket's samples lie evenly between the bound below and its own."""
    samples: dict[float, float] = {}
    for row in rows:
        for bound, count in row.get("samples", {}).items():
            place = math.inf if bound is None else bound
            samples[place] = samples.get(place, 0) + count
        for bound in row["bucketBounds"]:
            samples.setdefault(math.inf if bound is None else bound, 0)
    wanted = fraction * sum(samples.values())
    if not sum(samples.values()):
        return None
    bounds = sorted(samples)
    edges = [min(0.0, bounds[0]), *bounds]
    edges = [edge if math.isfinite(edge) else edges[-2] for edge in edges]
    seen = 0.0
    for lower, upper, bound in zip(edges, edges[1:], bounds, strict=False):
        if samples[bound] and seen + samples[bound] >= wanted:
            return lower + (upper - lower) * (wanted - seen) / samples[bound]
        seen += samples[bound]
    raise AssertionError("a percentile is in one of the buckets")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _visible(row: RowDict, caller: Caller) -> bool:
    """Section 8."""
    if row["tenant"] != caller.tenant:
        return False
    own = (row["createdBySubjectSlug"], row["createdBySubjectType"]) == (caller.subject, str(caller.subject_type))
    return caller.tenant_admin or own or bool(set(row["teams"]) & _teams(caller))


def _teams(caller: Caller) -> set[str]:
    return set(caller.teams) - {"everyone"}


def _shown_teams(row: RowDict, caller: Caller) -> list[str]:
    return [team for team in row["teams"] if caller.tenant_admin or team in _teams(caller)]


def value_of(row: RowDict, name: str) -> Any:
    """The value of a wire name in a row, None when there is none. Of `team`: a list."""
    if name.startswith("metadata."):
        return row["metadata"].get(name.removeprefix("metadata."))
    if name in ALLOWED_ATTRIBUTES:
        return row["metadata"].get(name)
    if name.startswith("tag."):
        prefix = name.removeprefix("tag.") + ":"
        return next((tag.removeprefix(prefix) for tag in row["tags"] if tag.startswith(prefix)), None)
    value = row.get(STORED.get(name, name))
    if value is None and name == "timePerOutputTokenLatencyMs":
        return _time_per_output_token(row)
    if value is None and name in RULE_IDS and row["configType"].lower().startswith(RULE_IDS[name]):
        return row.get("ruleId")
    return value


def _time_per_output_token(row: RowDict) -> float | None:
    latency, first, tokens = (row[name] for name in ("latencyMs", "timeToFirstTokenMs", "outputTokens"))
    if None in (latency, first, tokens) or not 0 <= first <= latency or tokens < 2:
        return None
    return float((latency - first) / (tokens - 1))


def _group_value(row: RowDict, name: str) -> Any:
    if name in ("tag", "label"):
        return row[f"grouped {name}"]
    return row["teams"][0] if name == "team" else value_of(row, name)


def response_key(name: str) -> str:
    return "createdBySubjectSlug" if name in SUBJECT_TYPES else column_name(name)


def column_name(name: str) -> str:
    """The name that answers use for a column: aliases are for requests only."""
    return "virtualModelName" if name == "virtualModel" else name


def _negation(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: not test(value, wanted)


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda value, wanted: value == wanted,
    "IN": lambda value, wanted: value in wanted,
    "STRING_CONTAINS": lambda value, wanted: wanted in value,
    "STRING_STARTS_WITH": lambda value, wanted: value.startswith(wanted),
    "STRING_ENDS_WITH": lambda value, wanted: value.endswith(wanted),
    "GREATER_THAN": lambda value, wanted: value > wanted,
    "LESS_THAN": lambda value, wanted: value < wanted,
    "GREATER_THAN_EQUAL": lambda value, wanted: value >= wanted,
    "LESS_THAN_EQUAL": lambda value, wanted: value <= wanted,
    "BETWEEN": lambda value, wanted: wanted[0] <= value <= wanted[1],
    "ARRAY_HAS_ANY": lambda value, wanted: bool(set(value) & set(wanted)),
}
_TESTS |= {
    "NOT_EQUAL": _negation(_TESTS["EQUAL"]),
    "NOT_IN": _negation(_TESTS["IN"]),
    "STRING_NOT_CONTAINS": _negation(_TESTS["STRING_CONTAINS"]),
    "STRING_NOT_STARTS_WITH": _negation(_TESTS["STRING_STARTS_WITH"]),
    "STRING_NOT_ENDS_WITH": _negation(_TESTS["STRING_ENDS_WITH"]),
    "ARRAY_HAS_NONE": _negation(_TESTS["ARRAY_HAS_ANY"]),
}


def _matches(row: RowDict, sent: dict[str, Any]) -> bool | None:
    """Section 7; None where SQL has its third value."""
    name = f"metadata.{sent['metadataKey']}" if "metadataKey" in sent else sent["fieldName"]
    if name in SUBJECT_TYPES and row["createdBySubjectType"] != SUBJECT_TYPES[name]:
        return False
    value = value_of(row, name)
    if sent["operator"] == "IS_NULL":
        return bool((value is None) == sent["value"])
    return None if value is None else _TESTS[sent["operator"]](value, sent["value"])


def _interval(body: dict[str, Any]) -> tuple[int, str]:
    if "interval" in body:
        count, unit = body["interval"].split()
        return int(count), unit.removesuffix("s")
    return int(body["intervalInSeconds"]), "second"


def _zone(body: dict[str, Any]) -> ZoneInfo | None:
    return ZoneInfo(body["timezone"]) if "timezone" in body else None


def bucket_of(time: datetime, interval: tuple[int, str], zone: ZoneInfo | None = None) -> tuple[datetime, datetime]:
    """Start and end of the bucket that a time is in: sections 6 and 11."""
    if zone is not None:
        return _local_bucket(time, interval, zone)
    count, unit = interval
    if unit in ("month", "year"):
        months = count * (12 if unit == "year" else 1)
        number = ((time.year - 1970) * 12 + time.month - 1) // months
        return _month(number * months), _month((number + 1) * months)
    origin = FIRST_MONDAY if unit == "week" else EPOCH
    width = timedelta(seconds=count * SECONDS[unit])
    start = origin + (time - origin) // width * width
    return start, start + width


def _local_bucket(time: datetime, interval: tuple[int, str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Buckets of the local calendar, and of the clocks for what is shorter than a day."""
    offset = time.astimezone(zone).utcoffset() or timedelta(0)
    start, end = bucket_of(time + offset, interval)
    if interval[1] in ("second", "minute", "hour"):
        start, end = start - offset, end - offset
        start = max([start, *(change for change in _changes(zone, time.year) if change <= time)])
        return start, min([end, *(change for change in _changes(zone, time.year) if change > time)])
    while time >= _first_shown(end, zone):
        start, end = bucket_of(end, interval)
    return _first_shown(start, zone), _first_shown(end, zone)


@cache
def _changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """When clocks change in a year and the two around it, found by looking at them every day, hour and second."""
    changes = []
    for number in range(3 * 366):
        time = change = datetime(year - 1, 1, 1, tzinfo=UTC) + timedelta(days=number)
        offset = _shown(time, zone) - time
        for step in (timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)):
            while change < time + timedelta(days=1) and _shown(change + step, zone) - change - step == offset:
                change += step
        if change < time + timedelta(days=1):
            changes.append(change + timedelta(seconds=1))
    return changes


@cache
def _first_shown(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which clocks show a time or a later one."""
    time = local - timedelta(hours=16)
    while _shown(time, zone) < local:
        time += timedelta(seconds=30)
    return time


def _shown(time: datetime, zone: ZoneInfo) -> datetime:
    """What clocks show, as if it were in UTC."""
    return time.astimezone(zone).replace(tzinfo=UTC)


def _month(number: int) -> datetime:
    """The first moment of a month, counted from January 1970."""
    return datetime(1970 + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _point(body: dict[str, Any], groups: list[str], key: tuple[Any, ...], rows: list[RowDict]) -> dict[str, Any]:
    bucket, *values = key
    point: dict[str, Any] = {"total": len(rows)}
    point |= {response_key(group): value for group, value in zip(groups, values, strict=True)}
    seconds = 1.0  # without buckets rates are only asked for to order groups
    if bucket is not None:
        point |= {"startTimestamp": bucket[0], "endTimestamp": bucket[1]}
        seconds = (bucket[1] - bucket[0]).total_seconds()
    for each in body.get("aggregations") or []:
        name = column_name(each["column"])
        value = (
            _histogram(each["bins"], name, rows) if "bins" in each else _aggregate(each["type"], name, rows, seconds)
        )
        point[each["type"] + name[0].upper() + name[1:]] = value
    return point


def _bins(aggregation: dict[str, Any], rows: list[RowDict]) -> dict[str, Any]:
    """The edges of a histogram's bins, found among all powers of ten."""
    if aggregation["type"] != "histogram":
        return {}
    values = [value for row in rows if (value := value_of(row, aggregation["column"])) is not None]
    positive = [value for value in values if value > 0]
    bins: list[Any] = [(None, 0.0)] if len(positive) < len(values) else []
    if positive:
        first = max(exponent for exponent in range(-300, 301) if 10.0**exponent <= max(min(positive), 1e-300))
        last = min(exponent for exponent in range(first + 1, 302) if 10.0**exponent >= min(max(positive), 1e300))
        count = aggregation["buckets"]
        edges = [10 ** (first + (last - first) * number / count) for number in range(count + 1)]
        bins += pairwise(edges)
    return {"bins": bins}


def _histogram(bins: list[Any], name: str, rows: list[RowDict]) -> list[Any]:
    counts = [0] * len(bins)
    for row in rows:
        if (value := value_of(row, name)) is not None:
            counts[next((place for place, (_, upper) in enumerate(bins) if value <= upper), -1)] += 1
    return [(lower, upper, count) for (lower, upper), count in zip(bins, counts, strict=True)]


def _aggregate(kind: str, name: str, rows: list[RowDict], seconds: float) -> Any:
    if kind in INCREASES:
        grown = [row["increase"] for row in rows if row.get("increase") is not None]
        return (_sum(grown) / (1 if kind == "increase" else seconds)) if grown else None
    if name == "histogram":
        return _histogram_percentile(rows, 0.999 if kind == "p999" else float(kind[1:]) / 100)
    values = [value for row in rows if (value := value_of(row, name)) is not None]
    if rows and f"grouped {name}" in rows[0]:
        values = [[row[f"grouped {name}"]] for row in rows]
    if name in ARRAYS:  # a row without elements has no value
        values = [value for value in values if value]
    if kind == "count":
        return len(values)
    if kind == "countDistinct":
        return len({element for value in values for element in value} if name in ARRAYS else set(values))
    if kind == "ratePerMinute" and name not in NUMERIC:
        return len(values) / (seconds / 60)
    if not values:
        return None
    if kind == "ratePerMinute":
        return _sum(values) / (seconds / 60)
    if kind.startswith("rate"):
        return _SCALARS[kind.removeprefix("rate").lower()](values) / seconds
    if kind in _SCALARS:
        return _SCALARS[kind](values)
    return float(np.percentile(values, 99.9 if kind == "p999" else float(kind[1:])))


def _sum(values: list[Any]) -> Any:
    """Whole numbers stay whole; others are added up without rounding."""
    return math.fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


_SCALARS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "avg": lambda values: _sum(values) / len(values),
    "min": min,
    "max": max,
}


def _order(point: dict[str, Any], groups: list[str]) -> tuple[Any, ...]:
    """Buckets in time order, large groups first, then group values ascending, nulls last."""
    values = [point[response_key(group)] for group in groups]
    return (
        point.get("startTimestamp", EPOCH),
        -point["total"],
        [(value is None, "" if value is None else value) for value in values],
    )


_appended = itertools.count()


class _Fresh:
    async def caught_up(self, _dataset: Dataset) -> None:
        """Facts are appended before a query, so there is nothing to wait for."""


class RealEngine:
    """The query engine over a store in `folder`; rows and answers look like the reference's.

    The store is of the engine that is named, or that this run of the tests is for.
    """

    def __init__(self, folder: Path, limits: Limits | None = None, memory: str = "1GB", engine: str = "") -> None:
        self.store = open_store(folder, memory, engine)
        self.store.create(DATASETS.values())
        self.telemetry = Telemetry()
        self.engine = QueryEngine(self.store, _Fresh(), limits or Limits(), self.telemetry)
        self._runner = asyncio.Runner()

    def append(self, dataset: Dataset, rows: Iterable[RowDict]) -> None:
        """Store rows, each with the tenant it names."""
        tenants: dict[str, list[Any]] = {}
        names = {column.member: column.name for column in dataset.columns}
        for row in rows:
            members = {name: value for name, value in row.items() if name != "tenant"}
            made = dataset.row_type(**{names[name]: value for name, value in members.items()})
            if dataset.derive:
                dataset.derive(made)
            tenants.setdefault(row["tenant"], []).append(made)
        batch = [
            Lines(
                dataset,
                tenant,
                encode(dataset, tenant, members).lines.decode().removesuffix("\n"),
                len(members),
                origins=((next(_appended), len(members)),),
            )
            for tenant, members in tenants.items()
        ]
        self.store.append(batch, 0)

    def answer(self, body: dict[str, Any], caller: Caller) -> list[dict[str, Any]]:
        """The data points of a query body; bucket bounds are datetimes."""
        query = parse_query(json.dumps(body).encode(), datasources(ALLOWED_ATTRIBUTES))
        points = []
        for row in self.run(query, caller):
            bounds = {} if row.start is None else {"startTimestamp": row.start, "endTimestamp": row.end}
            others = {} if row.other_groups is None else {"other": row.other_groups}
            totals = {"totals": True} if row.is_totals else {}
            points.append({"total": row.total, **row.values, **bounds, **others, **totals})
        return points

    def run(self, query: Query, caller: Caller) -> list[Row]:
        return self._runner.run(self.engine.run(query, caller))

    def facts(self, listing: Listing, caller: Caller) -> list[tuple[Any, ...]]:
        return self._runner.run(self.engine.facts(listing, caller))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()
        self.store.close()
        self._runner.close()
