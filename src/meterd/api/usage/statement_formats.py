"""A statement as JSON, as CSV, and as a page to print."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import msgspec

from meterd.access import SubjectType
from meterd.api.pages import inline, page_policy
from meterd.api.usage.formats import table
from meterd.calendars.zones import local_time


class Amounts(msgspec.Struct):
    """Calls that succeeded, their durations in milliseconds, the bytes of their answers; and how many calls failed."""

    requests: int = 0
    duration: int = 0
    bytes: int = 0
    failed: int = 0

    def add(self, other: "Amounts") -> None:
        self.failed += other.failed
        self.requests += other.requests
        self.duration += other.duration
        self.bytes += other.bytes


class Line(msgspec.Struct):
    """The amounts of a service in the bucket that begins at `time`."""

    service: str
    time: str
    amounts: Amounts


class Period(msgspec.Struct, frozen=True):
    """The period of a statement; both ends are included, in whole seconds of UTC, and shown in the time of a zone."""

    user: str
    user_type: SubjectType
    start: datetime
    end: datetime
    zone: ZoneInfo
    calendar: str
    environment: str | None = None


def text_of(time: datetime, zone: ZoneInfo) -> str:
    """Write a time as the clocks of a zone show it."""
    return local_time(time, zone).isoformat(timespec="seconds")


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


def _flat(named: Mapping[str, object], amounts: Amounts) -> dict[str, object]:
    return {**named, **msgspec.structs.asdict(amounts)}


def _rows(lines: Iterable[Line]) -> list[dict[str, object]]:
    return [_flat({"service": line.service, "time": line.time}, line.amounts) for line in lines]


def _json(period: Period, lines: Sequence[Line]) -> str:
    statement = {
        "user": period.user,
        "userType": str(period.user_type),
        "from": text_of(period.start, period.zone),
        "to": text_of(period.end, period.zone),
        "timezone": period.zone.key,
        "calendar": period.calendar,
        "environment": period.environment,
        "total": _total(lines),
        "services": [_flat({"service": service}, amounts) for service, amounts in _by_service(lines).items()],
        "lines": _rows(lines),
    }
    return msgspec.json.encode(statement).decode()


def _csv(_period: Period, lines: Sequence[Line]) -> str:
    return table(("service", "time", *msgspec.structs.asdict(Amounts())), _rows(lines))


_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430 }
h1 { font-size: 1.5rem; margin-bottom: 0 } p { color: #55606e; margin-top: .25rem }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0 } caption { text-align: left; font-weight: 600 }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #d8dde4; text-align: left }
td:nth-last-child(-n+4), th:nth-last-child(-n+4) { text-align: right; font-variant-numeric: tabular-nums }
tfoot { font-weight: 600 } thead { display: table-header-group } tr { break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 11px } }
"""


POLICY = page_policy(style_src=inline(_STYLE))
"""Of the page."""


def _html(period: Period, lines: Sequence[Line]) -> str:
    """Return a page that prints well; it needs nothing else."""
    user, total, zone = escape(period.user), _total(lines), period.zone.key
    kind = "virtual account " if period.user_type is SubjectType.VIRTUAL_ACCOUNT else ""
    start, end = (text_of(time, period.zone).replace("T", " ") for time in (period.start, period.end))
    where = f", environment {escape(period.environment)}" if period.environment else ""
    services = ([service, *_numbers(amounts)] for service, amounts in _by_service(lines).items())
    detail = ([line.time.replace("T", " "), line.service, *_numbers(line.amounts)] for line in lines)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Usage statement of {user}</title><style>{_STYLE}</style></head><body>
<h1>Usage statement</h1>
<p>{kind}{user}, {start} to {end} {zone}{where}</p>
{_table("By service", ("Service",), services, total)}
{_table(f"By {escape(period.calendar)}", (f"From ({zone})", "Service"), detail, total)}
</body></html>
"""


def _numbers(amounts: Amounts) -> list[str]:
    return [f"{number:,}" for number in msgspec.structs.astuple(amounts)]


def _table(caption: str, named: Sequence[str], rows: Iterable[Sequence[str]], total: Amounts) -> str:
    head = "".join(f"<th scope=col>{name}</th>" for name in (*named, "Requests", "Duration (ms)", "Bytes", "Failed"))
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    foot = f"<td colspan={len(named)}>Total</td>" + "".join(f"<td>{number}</td>" for number in _numbers(total))
    return (
        f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody>\n<tfoot><tr>{foot}</tr></tfoot></table>"
    )


SHAPES = {"application/json": _json, "text/csv": _csv, "text/html": _html}
