"""`/api/usage/statement`: what a user's calls come to, by service and by day or another calendar; ours, for billing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import msgspec
from litestar import Request as LitestarRequest
from litestar import Response, Router, get

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.http import Answer, Request
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.formats import table
from meterd.api.usage.identity import caller_of, environment_of
from meterd.api.usage.parameters import Parameters, parameters_of
from meterd.api.usage.recording import WHAT, What
from meterd.api.usage.series import interval_of
from meterd.calendars.dates import parse_date
from meterd.calendars.errors import ExpressionError
from meterd.calendars.model import Calendar
from meterd.datasets import API_REQUESTS
from meterd.errors import InvalidInput
from meterd.ingest.rows import MOST_AHEAD
from meterd.query.engine import QueryEngine
from meterd.query.model import Aggregate, Compare, Comparison, Condition, Field, Function, Group, Query, every

_PARAMETERS = ("user", "from", "to", "calendar", "environment", "format")
_DEFAULT_CALENDAR = "#P1D"
_FORMATS = {"json": "application/json", "csv": "text/csv", "html": "text/html"}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_SUMS = {"duration": "duration", "bytes": "response_size"}


class Amounts(msgspec.Struct):
    """Calls, their durations in milliseconds, and the bytes of their answers."""

    requests: int = 0
    duration: int = 0
    bytes: int = 0

    def add(self, other: "Amounts") -> None:
        self.requests += other.requests
        self.duration += other.duration
        self.bytes += other.bytes


class Line(msgspec.Struct):
    """The amounts of a service in the bucket that begins at `time`."""

    service: str
    time: str
    amounts: Amounts


class Period(msgspec.Struct, frozen=True):
    """What a statement is of; both ends are included, in whole seconds of UTC."""

    user: str
    start: datetime
    end: datetime
    calendar: str
    environment: str | None = None


class Statements:
    """Makes statements for callers who may see the records."""

    def __init__(self, authenticator: Authenticator, engine: QueryEngine, calendars: Calendars) -> None:
        self._authenticator = authenticator
        self._engine = engine
        self._calendars = calendars

    def router(self) -> Router:
        @get("/statement", tags=["Usage metrics"], summary="What a user's calls come to, by service and day")
        async def statement(request: LitestarRequest[Any, Any, Any]) -> Response[bytes]:
            request.scope[WHAT] = What("get")  # type: ignore[literal-required]  # ASGI lets applications add keys
            made = await self._answer(Request(request.scope, request.receive))
            return Response(made.body, media_type=made.content_type.decode())

        return Router("/api/usage", route_handlers=[statement])

    async def _answer(self, request: Request) -> Answer:
        caller = await caller_of(request, self._authenticator)
        caller.require(Scope.QUERY)
        parameters = await parameters_of(request, has_form=True)
        format_ = _format(request, parameters)
        period = _period(parameters, caller)
        find = self._calendars.finder(caller.tenant, environment_of(request))
        lines = await self._lines(period, await find(period.calendar), caller)
        return Answer(body=_SHAPES[format_](period, lines).encode(), content_type=format_.encode())

    async def _lines(self, period: Period, calendar: Calendar, caller: Caller) -> list[Line]:
        start, end = max(period.start, _FIRST), min(period.end, datetime.now(UTC) + MOST_AHEAD)
        if end < start:  # there are no calls before 1970 or in the future
            return []
        query = Query(
            API_REQUESTS,
            start,
            end + timedelta(seconds=1),
            groups=(Group("service", Field("service")),),
            aggregates=tuple(Aggregate(key, Function.SUM, Field(column)) for key, column in _SUMS.items()),
            condition=every(_is("subject", period.user), _is("environment", period.environment)),
            interval=interval_of(calendar.resolution(start, end)),
        )
        lines: dict[tuple[datetime, str], Line] = {}
        for row in await self._engine.run(query, caller, is_sparse=True):
            assert row.start is not None  # the query has an interval
            index, service = calendar.floor(row.start), str(row.values["service"] or "")
            line = lines.setdefault((index, service), Line(service, _text(index), Amounts()))
            sums: dict[str, Any] = {key: row.values[key] or 0 for key in _SUMS}
            line.amounts.add(Amounts(row.total, **sums))
        return [lines[place] for place in sorted(lines)]


def _is(column: str, value: str | None) -> Condition | None:
    return None if value is None else Compare(Field(column), Comparison.EQUAL, value)


def _format(request: Request, parameters: Parameters) -> str:
    """By the parameter `format`, else by what the caller accepts first; a browser accepts the page."""
    wanted = parameters.text("format")
    if wanted is not None:
        if wanted not in _FORMATS:
            raise InvalidInput(f"format must be one of {', '.join(_FORMATS)}, got {wanted!r}")
        return _FORMATS[wanted]
    accepted = [part.partition(";")[0].strip() for part in (request.header(b"accept") or "").split(",")]
    return next((each for each in accepted if each in _SHAPES), _FORMATS["json"])


def _period(parameters: Parameters, caller: Caller) -> Period:
    """Raises `InvalidInput` naming the parameter."""
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


def _text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat(timespec="seconds")


def _by_service(lines: Iterable[Line]) -> dict[str, Amounts]:
    services: dict[str, Amounts] = {}
    for line in lines:
        services.setdefault(line.service, Amounts()).add(line.amounts)
    return dict(sorted(services.items()))


def _total(lines: Iterable[Line]) -> Amounts:
    total = Amounts()
    for line in lines:
        total.add(line.amounts)
    return total


def _flat(named: Mapping[str, Any], amounts: Amounts) -> dict[str, Any]:
    return {**named, **msgspec.structs.asdict(amounts)}


def _rows(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [_flat({"service": line.service, "time": line.time}, line.amounts) for line in lines]


def _json(period: Period, lines: Sequence[Line]) -> str:
    statement = {
        "user": period.user,
        "from": _text(period.start),
        "to": _text(period.end),
        "timezone": "UTC",
        "calendar": period.calendar,
        "environment": period.environment,
        "total": _total(lines),
        "services": [_flat({"service": service}, amounts) for service, amounts in _by_service(lines).items()],
        "lines": _rows(lines),
    }
    return msgspec.json.encode(statement).decode()


def _csv(_period: Period, lines: Sequence[Line]) -> str:
    return table(("service", "time", "requests", "duration", "bytes"), _rows(lines))


_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430 }
h1 { font-size: 1.5rem; margin-bottom: 0 } p { color: #55606e; margin-top: .25rem }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 } caption { text-align: left; font-weight: 600 }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #d8dde4; text-align: left }
td:nth-last-child(-n+3), th:nth-last-child(-n+3) { text-align: right; font-variant-numeric: tabular-nums }
tfoot { font-weight: 600 } thead { display: table-header-group } tr { break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 11px } }
"""


def _html(period: Period, lines: Sequence[Line]) -> str:
    """A page that prints well; it needs nothing else."""
    user, total = escape(period.user), _total(lines)
    where = f", environment {escape(period.environment)}" if period.environment else ""
    services = ([service, *_numbers(amounts)] for service, amounts in _by_service(lines).items())
    detail = ([line.time.replace("T", " "), line.service, *_numbers(line.amounts)] for line in lines)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Usage statement of {user}</title><style>{_STYLE}</style></head><body>
<h1>Usage statement</h1>
<p>{user}, {_text(period.start).replace("T", " ")} to {_text(period.end).replace("T", " ")} UTC{where}</p>
{_table("By service", ("Service",), services, total)}
{_table(f"By {escape(period.calendar)}", ("From (UTC)", "Service"), detail, total)}
</body></html>
"""


def _numbers(amounts: Amounts) -> list[str]:
    return [f"{amounts.requests:,}", f"{amounts.duration:,}", f"{amounts.bytes:,}"]


def _table(caption: str, named: Sequence[str], rows: Iterable[Sequence[str]], total: Amounts) -> str:
    head = "".join(f"<th scope=col>{name}</th>" for name in (*named, "Requests", "Duration (ms)", "Bytes"))
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    foot = f"<td colspan={len(named)}>Total</td>" + "".join(f"<td>{number}</td>" for number in _numbers(total))
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody>\n<tfoot><tr>{foot}</tr></tfoot></table>"
    )


_SHAPES = {"application/json": _json, "text/csv": _csv, "text/html": _html}
