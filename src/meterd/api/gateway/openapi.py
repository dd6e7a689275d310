"""The operations of the gateway's metrics: query and ingest."""

from collections.abc import Mapping

import msgspec

from meterd.api.gateway.datasource import Datasource
from meterd.api.gateway.request import AGGREGATIONS, QueryBody
from meterd.api.openapi import IDEMPOTENCY_KEY, PLAIN_ERRORS, TEXT, Media, Operation, Parameter, reference
from meterd.datasets import Column, Kind

_TAG = "Gateway metrics"


class HistogramBin(msgspec.Struct, frozen=True, rename={"lower": "from", "upper": "to"}):
    """How many values are in a bin; that of zero and below has no lower edge."""

    lower: float | None
    upper: float
    count: int


class DataPoints(msgspec.Struct, frozen=True, rename="camel"):
    """Points with `total`, groups and aggregations, in a time series `startTimestamp` and `endTimestamp` too.

    The one of all groups beyond a limit has `other`, that of all groups `totals`. `otherGroups` is how many groups are
    beyond the limit, where there are any.
    """

    data_points: list[dict[str, str | float | bool | list[HistogramBin] | None]]
    other_groups: int | msgspec.UnsetType = msgspec.UNSET


class QueryAnswer(msgspec.Struct, frozen=True):
    data: DataPoints


class QueryProblem(msgspec.Struct, frozen=True, rename="camel"):
    status_code: int
    message: str
    error: str


class Accepted(msgspec.Struct, frozen=True):
    """The number of rows that were taken; of those, `duplicates` were known already and are not stored again."""

    accepted: int
    duplicates: int = 0


def query_operation(datasources: Mapping[str, Datasource]) -> Operation:
    names = ", ".join(f"`{name}`" for name in datasources)
    return Operation(
        "queryMetrics",
        _TAG,
        "Ask for metrics",
        (Media(QueryProblem),),
        f"Datasources: {names}. Aggregations: {', '.join(f'`{name}`' for name in AGGREGATIONS)}.",
        body=(
            Media(
                QueryBody,
                example={
                    "startTs": "2026-01-31T00:00:00Z",
                    "endTs": "2026-02-01T00:00:00Z",
                    "datasource": "guardrailMetrics",
                    "type": "timeseries",
                    "interval": "1 hour",
                    "groupBy": ["guardrailName"],
                    "aggregations": [{"type": "p99", "column": "latencyMs"}],
                },
            ),
        ),
        success="What the caller may see of it",
        responses=(Media(QueryAnswer),),
    )


def ingest_operation(datasources: Mapping[str, Datasource]) -> Operation:
    schemas = {f"{name[0].upper()}{name[1:]}Row": _row_schema(each) for name, each in datasources.items()}
    row = {"anyOf": [reference(name) for name in schemas]}
    example = [{"createdAt": "2026-01-31T10:05:00Z", "guardrailName": "pii/mask", "guardrailResult": "pass"}]
    return Operation(
        "ingestMetrics",
        _TAG,
        "Record facts",
        PLAIN_ERRORS,
        "One object, an array, or NDJSON; optionally compressed. A bad row refuses the whole request.",
        (
            Parameter(
                "datasource",
                "What the rows are",
                {"type": "string", "enum": list(datasources)},
                required=True,
                example="guardrailMetrics",
            ),
            IDEMPOTENCY_KEY,
        ),
        body=(
            Media({"anyOf": [row, {"type": "array", "items": row}]}, example=example),
            Media(TEXT, "application/x-ndjson"),
        ),
        responses=(Media(Accepted),),
        schemas=schemas,
    )


_SCALARS: dict[Kind, dict[str, object]] = {
    Kind.NUMBER: {"type": "number"},
    Kind.INTEGER: {"type": "integer"},
    Kind.UNSIGNED: {"type": "integer", "minimum": 0},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.NUMBERS: {"type": "array", "items": {"type": ["number", "null"]}},
    Kind.TEXT_MAP: {"type": "object"},
}


def _column_schema(column: Column) -> dict[str, object]:
    """Return what a member may hold; null is the same as leaving it out, if that is allowed."""
    schema = _value_schema(column)
    return {"anyOf": [schema, *([] if column.required else [{"type": "null"}])], "description": column.description}


def _value_schema(column: Column) -> dict[str, object]:
    if column.allowed:
        return {"type": "string", "enum": list(column.sendable)}
    text = {"type": "string", "maxLength": column.max_characters}
    match column.kind:
        case Kind.TEXT:
            return text
        case Kind.TEXTS:
            return {"type": "array", "items": text}
        case Kind.JSON:
            return text | {"contentMediaType": "application/json"}
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return _SCALARS[column.kind] | {name: bound for name, bound in bounds.items() if bound is not None}


def _row_schema(datasource: Datasource) -> dict[str, object]:
    columns = [column for column in datasource.dataset.columns if not column.assigned]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [column.member for column in columns if column.required],
        "properties": {column.member: _column_schema(column) for column in columns},
    }
