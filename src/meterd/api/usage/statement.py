"""`/api/usage/statement`: the sums of a user's calls, by service and by day or another calendar; ours, for billing."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from litestar import Response as LitestarResponse
from litestar import get

from meterd.access import Caller, Scope, SubjectType
from meterd.access.authentication import Authenticator
from meterd.access.context import Operation
from meterd.api.http import Request, Response
from meterd.api.openapi import Described, described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
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
from meterd.errors import Forbidden, InvalidInput
from meterd.expressions.errors import ExpressionError
from meterd.ingest.rows import MAX_AHEAD
from meterd.query.engine import QueryEngine
from meterd.query.model import (
    Aggregate,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    Not,
    Query,
    Row,
    every,
)

_PARAMETERS = ("user", "userType", "from", "to", "timezone", "calendar", "environment", "format")
_DEFAULT_CALENDAR = "#P1D"
_FORMATS = {"json": "application/json", "csv": "text/csv", "html": "text/html"}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_SUMS = {"duration": "duration", "bytes": "response_size"}
_FAILED = Compare(Field("http_status"), Comparison.GREATER_OR_EQUAL, 400)
"""Records of older versions have no status: they count as calls that succeeded."""


class _Rows(NamedTuple):
    """Sums of the calls that succeeded and numbers of those that failed, by service and time."""

    succeeded: list[Row]
    failed: list[Row]


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
        parameters.require_only(_PARAMETERS, "a statement")
        format_ = _format(request, parameters)
        period = _period(parameters, caller)
        _require_whole(period, caller)
        find = self._calendars.finder(caller.tenant, environment_of(request), period.zone)
        calendar = await find(period.calendar)
        rows = await self._rows(period, calendar, caller)
        headers = (POLICY,) if format_ == "text/html" else ()

        def made() -> Response:
            lines = _lines(period, calendar, rows)
            return Response(200, SHAPES[format_](period, lines).encode(), headers, format_.encode())

        return await self._engine.shape(caller, made)

    async def _rows(self, period: Period, calendar: Calendar, caller: Caller) -> _Rows:
        start, end = max(period.start, _FIRST), min(period.end, datetime.now(UTC) + MAX_AHEAD)
        if end < start:  # there are no calls before 1970 or in the future
            return _Rows([], [])

        async def rows(condition: Condition, sums: Mapping[str, str]) -> list[Row]:
            query = Query(
                API_REQUESTS,
                start,
                end + timedelta(seconds=1),
                groups=(Group("service", Field("service")),),
                aggregates=tuple(Aggregate(key, Function.SUM, Field(column)) for key, column in sums.items()),
                condition=every(condition, BILLED, *_of(period)),
                interval=interval_of(calendar.resolution(start, end)),
            )
            return await self._engine.run(query, caller, is_sparse=True)

        return _Rows(await rows(Not(_FAILED), _SUMS), await rows(_FAILED, {}))


def _lines(period: Period, calendar: Calendar, rows: _Rows) -> list[Line]:
    lines: dict[tuple[datetime, str], Line] = {}

    def amounts_of(row: Row) -> Amounts:
        assert row.start is not None  # the query has an interval
        index, service = calendar.floor(row.start), str(row.values["service"] or "")
        return lines.setdefault((index, service), Line(service, text_of(index, period.zone), Amounts())).amounts

    for row in rows.succeeded:
        sums: dict[str, Any] = {  # numbers: each is a sum
            key: row.values[key] or 0 for key in _SUMS
        }
        amounts_of(row).add(Amounts(row.total, **sums))
    for row in rows.failed:
        amounts_of(row).add(Amounts(failed=row.total))
    return [lines[position] for position in sorted(lines)]


def _of(period: Period) -> Iterable[Condition]:
    """Select the calls of a subject, by its name and what it is: a user and an account may have one name."""
    yield _is("subject", period.user)
    yield _is("subject_type", str(period.user_type))
    if period.environment is not None:
        yield _is("environment", period.environment)


def _is(column: str, value: str) -> Condition:
    return Compare(Field(column), Comparison.EQUAL, value)


def _require_whole(period: Period, caller: Caller) -> None:
    """Raise `Forbidden` where the caller may see a part of the calls at most: it would look like all of them."""
    if not caller.tenant_admin and (period.user, period.user_type) != (caller.subject, caller.subject_type):
        raise Forbidden(
            "the statement of another user needs a token of a tenant administrator: yours, of the "
            f"{caller.subject_type} {caller.subject}, is the one without user and userType"
        )


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
    now, zone = datetime.now(UTC), parameters.zone("timezone")
    try:
        bounds = {}
        for name in ("from", "to"):
            text = parameters.text(name)
            if text is None:
                raise InvalidInput(f"{name} is required: a date such as 2026-01 or 2026-01-31, or a date rule")
            bounds[name] = parse_date(text, now, zone)
    except ExpressionError as error:
        raise InvalidInput(f"{name}: {error}") from None
    start, end = bounds["from"].start, bounds["to"].end
    if end < start:
        raise InvalidInput("to must not be before from")
    calendar = parameters.text("calendar") or _DEFAULT_CALENDAR
    return Period(*_user(parameters, caller), start, end, zone, calendar, parameters.text("environment"))


def _user(parameters: Parameters, caller: Caller) -> tuple[str, SubjectType]:
    """Return the name of a user and what it is: the caller, or whom the parameters name."""
    user, type_ = parameters.text("user"), parameters.text("userType")
    if type_ is not None and type_ not in list(SubjectType):
        raise InvalidInput(f"userType must be one of {', '.join(SubjectType)}, got {type_!r}")
    if user is None:
        if type_ is not None:
            raise InvalidInput("userType says what user is: give both, or none for your own statement")
        return caller.subject, caller.subject_type
    return user, SubjectType(type_ or SubjectType.USER)
