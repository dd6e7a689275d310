"""Translates metrics queries to a `Query` (`docs/specifications/gateway-metrics-query.md` sections 2 and 4 to
7).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from meterd.access import SubjectType
from meterd.api.gateway.datasource import Datasource, Field, metadata_field
from meterd.api.gateway.operators import OPERATORS
from meterd.calendars.zones import zone_of
from meterd.datasets import Kind
from meterd.errors import InvalidInput
from meterd.query.buckets import Interval, Unit
from meterd.query.model import (
    Aggregate,
    And,
    Compare,
    Comparison,
    Condition,
    Function,
    Group,
    GroupElement,
    Operand,
    Per,
    Query,
    Ranking,
    every,
)
from meterd.query.model import Field as ColumnValue
from meterd.validation import explain


class AggregationBody(msgspec.Struct, frozen=True):
    type: str
    column: str
    buckets: Annotated[Any, Meta(description="Bins of a histogram, 1 to 100; ignored elsewhere")] = None


class FilterBody(msgspec.Struct, frozen=True, rename="camel"):
    operator: str
    field_name: str | None = None
    metadata_key: str | None = None
    value: Any = msgspec.UNSET  # its operator says what it must be


class QueryBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body as sent; members beyond these are ignored."""

    start_ts: str
    end_ts: str
    datasource: str
    type: str
    aggregations: list[AggregationBody] | None = None
    group_by: list[str] | None = None
    filters: list[FilterBody] | None = None
    interval: str | None = None
    interval_in_seconds: float | None = None
    timezone: str | None = None
    order_by: Annotated[str, Meta(description="`total`, an aggregation or a group, as answers call it")] | None = None
    order: Literal["asc", "desc"] | None = None
    limit: Annotated[Any, Meta(description="Groups wanted, a whole number; counts beside `orderBy` only")] = None
    other: Annotated[bool, Meta(description="All groups after `limit` as one row more")] = False
    totals: Annotated[bool, Meta(description="All groups as one row more")] = False


class Aggregation(NamedTuple):
    """The meaning of an aggregation type of the wire."""

    function: Function
    fraction: float = 0.0
    per: Per | None = None


AGGREGATIONS: dict[str, Aggregation] = {
    "count": Aggregation(Function.COUNT),
    "countDistinct": Aggregation(Function.COUNT_DISTINCT),
    "sum": Aggregation(Function.SUM),
    "avg": Aggregation(Function.AVERAGE),
    "min": Aggregation(Function.MINIMUM),
    "max": Aggregation(Function.MAXIMUM),
    **{f"p{percent}": Aggregation(Function.PERCENTILE, percent / 100) for percent in (5, 10, 25, 50, 75, 90, 95, 99)},
    "p999": Aggregation(Function.PERCENTILE, 0.999),
    "rateSum": Aggregation(Function.SUM, per=Per.SECOND),
    "rateAvg": Aggregation(Function.AVERAGE, per=Per.SECOND),
    "rateMin": Aggregation(Function.MINIMUM, per=Per.SECOND),
    "rateMax": Aggregation(Function.MAXIMUM, per=Per.SECOND),
    "ratePerMinute": Aggregation(Function.SUM, per=Per.MINUTE),
    "increase": Aggregation(Function.INCREASE),
    "rateIncrease": Aggregation(Function.INCREASE, per=Per.SECOND),
    "histogram": Aggregation(Function.HISTOGRAM),
}
MAXIMUM_BUCKETS = 100
_FOR_DIMENSIONS = frozenset({"count", "countDistinct", "ratePerMinute"})
_INTERVAL = re.compile(r"([0-9]{1,18})[ \t]+(second|minute|hour|day|week|month|year)s?")
_decoder = msgspec.json.Decoder(QueryBody)


def parse_query(body: bytes, datasources: Mapping[str, Datasource]) -> Query:
    """Read a query. Raises `InvalidInput` naming the member, the value and what is allowed."""
    sent = _decode(body)
    datasource = datasources.get(sent.datasource)
    if datasource is None:
        raise InvalidInput(f'Unknown datasource "{sent.datasource}": use one of {", ".join(datasources)}')
    if sent.type not in ("distribution", "timeseries"):
        raise InvalidInput(f'Unknown type "{sent.type}": use distribution or timeseries')
    is_timeseries = sent.type == "timeseries"
    interval, zone = _interval(sent), _zone(sent.timezone)
    if is_timeseries and interval is None:
        raise InvalidInput('interval is required for timeseries queries, for example "1 hour"')
    start, end = _time("startTs", sent.start_ts), _time("endTs", sent.end_ts)
    if end <= start:
        raise InvalidInput("endTs must be later than startTs")
    groups, group_condition = _groups(datasource, sent.group_by or [])
    aggregates = _aggregates(datasource, sent.aggregations or [], is_timeseries)
    return Query(
        dataset=datasource.dataset,
        start=start,
        end=end,
        groups=groups,
        aggregates=aggregates,
        condition=every(
            datasource.pinned,
            group_condition,
            *(_filter(datasource, number, each) for number, each in enumerate(sent.filters or [])),
        ),
        interval=interval if is_timeseries else None,
        zone=zone if is_timeseries else None,
        has_totals=_has_totals(sent, groups),
        ranking=None if sent.order_by is None else _ranking(datasource, sent, sent.order_by, groups, aggregates),
    )


def _decode(body: bytes) -> QueryBody:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error).sentence()) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidInput("the body is nested too deeply") from None


def _time(member: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f'{member} must be an ISO 8601 time such as 2026-01-31T12:00:00Z, got "{text[:64]}"'
        ) from None


def _interval(sent: QueryBody) -> Interval | None:
    if sent.interval is not None:
        match = _INTERVAL.fullmatch(sent.interval)
        if match is None or int(match[1]) == 0:
            units = ", ".join(unit.name.lower() for unit in Unit)
            raise InvalidInput(
                f'Invalid interval "{sent.interval[:64]}": write a positive whole number, a blank and one of {units}'
            )
        return Interval(int(match[1]), Unit[match[2].upper()])
    if sent.interval_in_seconds is not None:
        seconds = sent.interval_in_seconds
        if seconds < 1 or not seconds.is_integer():
            raise InvalidInput(f"intervalInSeconds must be a positive whole number, got {seconds:g}")
        return Interval(int(seconds), Unit.SECOND)
    return None


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None or name == "UTC":
        return None
    try:
        return zone_of(name)
    except ValueError:
        raise InvalidInput(
            f'timezone must be a name of the IANA database such as Europe/Berlin, got "{name[:64]}"'
        ) from None


def _groups(datasource: Datasource, names: list[str]) -> tuple[tuple[Group | GroupElement, ...], Condition | None]:
    """Return the groups in the order sent, and the subject type that grouping by one kind of subject implies."""
    groups: dict[str, Group | GroupElement] = {}
    types: set[SubjectType] = set()
    for name in names:
        field = datasource.find(name)
        if field is None or not field.group:
            allowed = ", ".join(each.name for each in datasource.fields if each.group)
            raise InvalidInput(f'Unsupported {datasource.name} groupBy field "{name}": use {allowed} or metadata.<key>')
        if field.subject_type:
            types.add(field.subject_type)
        groups[field.key] = _group(datasource, field)
    condition = _is_subject_type(types.pop()) if len(types) == 1 else None
    return tuple(groups.values()), condition


def _group(datasource: Datasource, field: Field) -> Group | GroupElement:
    if datasource.kind(field) is Kind.TEXTS:
        return GroupElement(field.key, field.operand.column)
    return Group(field.key, field.operand)


def _is_subject_type(subject_type: SubjectType) -> Condition:
    return Compare(ColumnValue("subject_type"), Comparison.EQUAL, str(subject_type))


def _aggregates(datasource: Datasource, sent: list[AggregationBody], is_timeseries: bool) -> tuple[Aggregate, ...]:
    aggregates = {_aggregate(datasource, each, is_timeseries): None for each in sent}
    keys = [aggregate.key for aggregate in aggregates]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise InvalidInput(f"{twice} is asked for with different buckets: ask in several queries")
    return tuple(aggregates)


def _aggregate(datasource: Datasource, sent: AggregationBody, is_timeseries: bool) -> Aggregate:
    aggregation = AGGREGATIONS.get(sent.type)
    if aggregation is None:
        raise InvalidInput(f'Unknown aggregation type "{sent.type}": use one of {", ".join(AGGREGATIONS)}')
    field = datasource.find(sent.column)
    if field is None or field.subject_type or not (field.measure or field.group):
        columns = (each.name for each in datasource.fields if (each.measure or each.group) and not each.subject_type)
        raise InvalidInput(
            f'Unsupported {datasource.name} aggregation column "{sent.column}": use {", ".join(columns)}'
        )
    if aggregation.per and not is_timeseries:
        raise InvalidInput(f'Aggregation type "{sent.type}" is only supported for timeseries queries')
    function = aggregation.function
    if function is Function.INCREASE and not datasource.is_total(field):
        raise InvalidInput(f'Column "{sent.column}" does not support aggregation "{sent.type}"')
    if datasource.is_distribution(field):
        if function is not Function.PERCENTILE:
            raise InvalidInput(f'Column "{sent.column}" does not support aggregation "{sent.type}"')
        function = Function.HISTOGRAM_PERCENTILE
    if not field.measure:
        if sent.type not in _FOR_DIMENSIONS:
            raise InvalidInput(f'Column "{sent.column}" does not support aggregation "{sent.type}"')
        function = Function.COUNT if aggregation.per else function
    key = _answered(sent.type, field.name)
    if function is Function.HISTOGRAM:
        return Aggregate(key, function, field.operand, bin_count=_buckets(sent.buckets))
    return Aggregate(key, function, field.operand, aggregation.fraction, aggregation.per)


def _buckets(sent: Any) -> int:
    if type(sent) is not int or not 1 <= sent <= MAXIMUM_BUCKETS:
        raise InvalidInput(f"buckets of a histogram must be a whole number from 1 to {MAXIMUM_BUCKETS}")
    return sent


def _has_totals(sent: QueryBody, groups: tuple[Group | GroupElement, ...]) -> bool:
    if sent.totals and not groups:
        raise InvalidInput("totals needs groupBy: without groups the answer is the totals")
    return sent.totals


def _ranking(
    datasource: Datasource,
    sent: QueryBody,
    name: str,
    groups: tuple[Group | GroupElement, ...],
    aggregates: tuple[Aggregate, ...],
) -> Ranking:
    if not groups:
        raise InvalidInput("orderBy needs groupBy: without groups there is nothing to order")
    limit = sent.limit
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InvalidInput("limit must be a whole number of at least 1")
    key = _key(datasource, sent.aggregations or [], name)
    names = ["total", *(each.key for each in groups)]
    names += [each.key for each in aggregates if each.function is not Function.HISTOGRAM]
    if key not in names:
        raise InvalidInput(f'orderBy must be one of {", ".join(names)}, got "{name[:64]}"')
    has_other = sent.other and limit is not None
    arrays = {each.column for each in groups if isinstance(each, GroupElement)}
    for each in aggregates:
        if each.function is Function.HISTOGRAM_PERCENTILE:
            raise InvalidInput(f"{each.key} can't be asked with orderBy: ask for percentiles of histograms without")
        if has_other and each.function is Function.COUNT_DISTINCT and each.operand.column in arrays:
            raise InvalidInput(f"{each.key} can't be asked with other where the same field is in groupBy")
    is_group = any(each.key == key for each in groups)
    return Ranking(key, (sent.order or ("asc" if is_group else "desc")) == "desc", limit, has_other)


def _key(datasource: Datasource, sent: list[AggregationBody], name: str) -> str:
    """Return the key in answers of a group or an aggregation, whichever spelling of the field it is called by."""
    for each in sent:
        field = datasource.find(each.column)
        if field and name in (_answered(each.type, spelling) for spelling in (field.name, *field.aliases)):
            return _answered(each.type, field.name)
    field = datasource.find(name)
    return field.key if field else name


def _answered(aggregation: str, name: str) -> str:
    """Return the key of an aggregation in answers."""
    return aggregation + name[0].upper() + name[1:]


def _filter(datasource: Datasource, number: int, sent: FilterBody) -> Condition:
    name, field = _filtered(datasource, number, sent)
    if sent.operator not in field.operators:
        raise InvalidInput(f'Field "{name}" does not support operator "{sent.operator}"')
    if sent.value is msgspec.UNSET:
        raise InvalidInput(f'filters[{number}].value is required (field "{name}")')
    operand: Operand = field.operand
    try:
        condition = OPERATORS[sent.operator](operand, datasource.kind(field), sent.value)
    except InvalidInput as error:
        raise InvalidInput(
            f'filters[{number}].value of operator "{sent.operator}" on "{name}" {error.message}'
        ) from None
    return And((_is_subject_type(field.subject_type), condition)) if field.subject_type else condition


def _filtered(datasource: Datasource, number: int, sent: FilterBody) -> tuple[str, Field]:
    if (sent.field_name is None) == (sent.metadata_key is None):
        raise InvalidInput(f"filters[{number}] needs either fieldName or metadataKey, not both")
    if sent.metadata_key is not None:
        return f"metadata.{sent.metadata_key}", metadata_field(sent.metadata_key)
    name = sent.field_name or ""
    field = datasource.find(name)
    if field is None or not field.operators:
        raise InvalidInput(f"Unsupported {datasource.title or datasource.name} filter name: {name}")
    return name, field
