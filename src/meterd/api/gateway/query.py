"""`POST /api/svc/v1/llm-gateway/metrics/query` (`docs/specifications/gateway-metrics-query.md`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import Response as LitestarResponse
from litestar import post

from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import context_of
from meterd.api.bodies import DecodeLimiter, json_array
from meterd.api.gateway.datasource import Datasource
from meterd.api.gateway.openapi import query_operation
from meterd.api.gateway.request import parse_query
from meterd.api.http import Response, error_headers, json_response
from meterd.api.openapi import Described, described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import MeterdError, TooLarge
from meterd.phrases import PHRASES
from meterd.query.engine import QueryEngine
from meterd.query.model import Row

PREFIX = "/api/svc/v1/llm-gateway/metrics"
_MAX_BYTES = 2**20


def gateway_router(authenticator: Authenticator, engine: QueryEngine, datasources: Mapping[str, Datasource]) -> Router:
    """Return the metrics query over the given datasources."""
    decoding = DecodeLimiter()
    asked = Described("POST", f"{PREFIX}/query", query_operation(datasources))

    @post("/query", status_code=200, request_max_body_size=None, opt=described(asked))
    async def metrics_query(request: AnyRequest) -> LitestarResponse[bytes]:
        caller = await authenticator.identify_person(context_of(request.scope), request.headers.get("authorization"))
        caller.require(Scope.QUERY)
        rows = await engine.run(await decoding.run(await _body(request), parse_query, datasources), caller)
        return litestar_response(await engine.shape(caller, _response, rows))

    return Router(PREFIX, route_handlers=[metrics_query])


async def _body(request: AnyRequest) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MAX_BYTES:
            raise TooLarge(f"the query is larger than {_MAX_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _response(rows: list[Row]) -> Response:
    others = next((row.other_groups for row in rows if row.other_groups), None)
    number = b"" if others is None else b',"otherGroups":%d' % others
    return Response(200, b'{"data":{"dataPoints":%b%b}}' % (json_array(_data_points(rows)), number))


def _data_points(rows: list[Row]) -> list[dict[str, Any]]:  # values of histograms are lists
    """Return rows as the wire has them; bounds of a bucket are written once for all its rows."""
    bounds: dict[datetime, dict[str, str]] = {}
    points: list[dict[str, Any]] = []
    counted = [key for key, value in rows[0].values.items() if isinstance(value, list)] if rows else []
    for row in rows:
        if row.start is None or row.end is None:
            points.append({"total": row.total, **row.values, **_bins(row, counted), **_mark(row)})
            continue
        bucket = bounds.get(row.start)
        if bucket is None:
            bucket = {"startTimestamp": _timestamp(row.start), "endTimestamp": _timestamp(row.end)}
            bounds[row.start] = bucket
        points.append({**bucket, "total": row.total, **row.values, **_bins(row, counted), **_mark(row)})
    return points


def _bins(row: Row, keys: list[str]) -> dict[str, list[dict[str, float | None]]]:
    """Return the histograms of a row as the wire has them."""
    return {
        key: [{"from": each.lower, "to": each.upper, "count": each.count} for each in bins]
        for key in keys
        if isinstance(bins := row.values[key], list)
    }


def _mark(row: Row) -> dict[str, bool]:
    if row.is_totals:
        return {"totals": True}
    return {} if row.other_groups is None else {"other": True}


def _timestamp(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def error_response(error: MeterdError, _content_type: str = "") -> Response:
    """Return the error body of the query endpoint."""
    body = {"statusCode": error.status, "message": error.message, "error": PHRASES[error.status]}
    return json_response(error.status, body, error_headers(error))
