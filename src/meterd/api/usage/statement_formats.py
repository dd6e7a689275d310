"""A statement as JSON, as CSV, and as a page to print."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

import msgspec

from meterd.api.pages import inline, page_policy
from meterd.api.usage.formats import table


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
    """The period of a statement; both ends are included, in whole seconds of UTC."""

    user: str
    start: datetime
    end: datetime
    calendar: str
    environment: str | None = None


def text_of(time: datetime) -> str:
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


def _flat(named: Mapping[str, object], amounts: Amounts) -> dict[str, object]:
    return {**named, **msgspec.structs.asdict(amounts)}


def _rows(lines: Iterable[Line]) -> list[dict[str, object]]:
    return [_flat({"service": line.service, "time": line.time}, line.amounts) for line in lines]


def _json(period: Period, lines: Sequence[Line]) -> str:
    statement = {
        "user": period.user,
        "from": text_of(period.start),
        "to": text_of(period.end),
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


POLICY = page_policy(style_src=inline(_STYLE))
"""Of the page."""


def _html(period: Period, lines: Sequence[Line]) -> str:
    """Return a page that prints well; it needs nothing else."""
    user, total = escape(period.user), _total(lines)
    where = f", environment {escape(period.environment)}" if period.environment else ""
    services = ([service, *_numbers(amounts)] for service, amounts in _by_service(lines).items())
    detail = ([line.time.replace("T", " "), line.service, *_numbers(line.amounts)] for line in lines)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Usage statement of {user}</title><style>{_STYLE}</style></head><body>
<h1>Usage statement</h1>
<p>{user}, {text_of(period.start).replace("T", " ")} to {text_of(period.end).replace("T", " ")} UTC{where}</p>
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


SHAPES = {"application/json": _json, "text/csv": _csv, "text/html": _html}
