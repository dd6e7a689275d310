"""`/api/usage/statement`: the sums of a user's calls, by service and by day or another calendar; ours, for billing."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response as LitestarResponse
from litestar import Router, get

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import Operation
from meterd.api.http import Request, Response
from meterd.api.openapi import Described, described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.formats import format_of
from meterd.api.usage.identity import caller_of, environment_of
from meterd.api.usage.openapi import STATEMENT
from meterd.api.usage.parameters import Parameters, parameters_of
from meterd.api.usage.providers import BILLED
from meterd.api.usage.series import interval_of
from meterd.api.usage.statement_formats import POLICY, SHAPES, Amounts, Line, Period, text_of
from meterd.calendars.dates import parse_date
from meterd.calendars.model import Calendar
from meterd.datasets import API_REQUESTS
from meterd.errors import InvalidInput
from meterd.expressions.errors import ExpressionError
from meterd.ingest.rows import MAX_AHEAD
from meterd.query.engine import QueryEngine
from meterd.query.model import Aggregate, Compare, Comparison, Condition, Field, Function, Group, Query, Row, every

_PARAMETERS = ("user", "from", "to", "calendar", "environment", "format")
_DEFAULT_CALENDAR = "#P1D"
_FORMATS = {"json": "application/json", "csv": "text/csv", "html": "text/html"}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_SUMS = {"duration": "duration", "bytes": "response_size"}


class Statements:
    """Makes statements for callers who may see the records."""

    def __init__(self, authenticator: Authenticator, engine: QueryEngine, calendars: Calendars) -> None:
        self._authenticator = authenticator
        self._engine = engine
        self._calendars = calendars

    def router(self) -> Router:
        @get("/statement", opt=described(Described("GET", "/api/usage/statement", STATEMENT)))
        async def statement(request: AnyRequest) -> LitestarResponse[bytes]:
            asked = Request(request.scope, request.receive)
            asked.context.operation = Operation("get")
            return litestar_response(await self._response(asked))

        return Router("/api/usage", route_handlers=[statement])

    async def _response(self, request: Request) -> Response:
        caller = await caller_of(request, self._authenticator)
        caller.require(Scope.QUERY)
        parameters = await parameters_of(request, has_form=True)
        format_ = _format(request, parameters)
        period = _period(parameters, caller)
        find = self._calendars.finder(caller.tenant, environment_of(request))
        calendar = await find(period.calendar)
        rows = await self._rows(period, calendar, caller)
        headers = (POLICY,) if format_ == "text/html" else ()

        def made() -> Response:
            return Response(200, SHAPES[format_](period, _lines(calendar, rows)).encode(), headers, format_.encode())

        return await self._engine.shape(caller, made)

    async def _rows(self, period: Period, calendar: Calendar, caller: Caller) -> list[Row]:
        start, end = max(period.start, _FIRST), min(period.end, datetime.now(UTC) + MAX_AHEAD)
        if end < start:  # there are no calls before 1970 or in the future
            return []
        query = Query(
            API_REQUESTS,
            start,
            end + timedelta(seconds=1),
            groups=(Group("service", Field("service")),),
            aggregates=tuple(Aggregate(key, Function.SUM, Field(column)) for key, column in _SUMS.items()),
            condition=every(BILLED, _is("subject", period.user), _is("environment", period.environment)),
            interval=interval_of(calendar.resolution(start, end)),
        )
        return await self._engine.run(query, caller, is_sparse=True)


def _lines(calendar: Calendar, rows: Iterable[Row]) -> list[Line]:
    lines: dict[tuple[datetime, str], Line] = {}
    for row in rows:
        assert row.start is not None  # the query has an interval
        index, service = calendar.floor(row.start), str(row.values["service"] or "")
        line = lines.setdefault((index, service), Line(service, text_of(index), Amounts()))
        sums: dict[str, Any] = {  # numbers: each is a sum
            key: row.values[key] or 0 for key in _SUMS
        }
        line.amounts.add(Amounts(row.total, **sums))
    return [lines[position] for position in sorted(lines)]


def _is(column: str, value: str | None) -> Condition | None:
    return None if value is None else Compare(Field(column), Comparison.EQUAL, value)


def _format(request: Request, parameters: Parameters) -> str:
    """Choose a format by the parameter `format`, else by what the caller accepts first; a browser accepts the page."""
    wanted = parameters.text("format")
    if wanted is None:
        return format_of(request, tuple(SHAPES))
    if wanted not in _FORMATS:
        raise InvalidInput(f"format must be one of {', '.join(_FORMATS)}, got {wanted!r}")
    return _FORMATS[wanted]


def _period(parameters: Parameters, caller: Caller) -> Period:
    """Read the period. Raises `InvalidInput` naming the parameter."""
    for name, _ in parameters.simple_filters():
        if name not in _PARAMETERS:
            raise InvalidInput(f"there is no parameter {name}: use {', '.join(_PARAMETERS)}")
    now = datetime.now(UTC)
    try:
        bounds = {}
        for name in ("from", "to"):
            text = parameters.text(name)
            if text is None:
                raise InvalidInput(f"{name} is required: a date such as 2026-01 or 2026-01-31, or a date rule")
            bounds[name] = parse_date(text, now)
    except ExpressionError as error:
        raise InvalidInput(f"{name}: {error}") from None
    start, end = bounds["from"].start, bounds["to"].end
    if end < start:
        raise InvalidInput("to must not be before from")
    return Period(
        parameters.text("user") or caller.subject,
        start,
        end,
        parameters.text("calendar") or _DEFAULT_CALENDAR,
        parameters.text("environment"),
    )
