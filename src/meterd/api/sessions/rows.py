"""Rows of the facts of a session, and what of them its document shows (`docs/specifications/sessions.md` sections 3.2,
4, 5 and 6).
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from meterd.api.sessions.bodies import Event, Metric, json_object, parse_stamp, severity
from meterd.api.sessions.clocks import ARRIVAL, UNKNOWN_CLOCK, Moment, SenderClock
from meterd.api.sessions.model import Session
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS, SESSION_STATES, Dataset
from meterd.errors import InvalidInput
from meterd.ingest.admission import admission, json_flaw
from meterd.store import StoredRow

if TYPE_CHECKING:
    from meterd.datasets.rows import RowColumns, SessionEvent, SessionMetric, SessionState

    class CommonColumns(RowColumns, total=False):
        """What facts of sessions have in common."""

        sent_at: str | None
        session_id: str
        product: str | None
        version: str | None

    SessionRow = SessionEvent | SessionMetric | SessionState

_SessionRow = TypeVar("_SessionRow", bound="SessionRow")
_SENT_AS = {"details": "metadata", "event_group": "group", "metric_type": "type", "sent_at": "timestamp"}
"""Members of bodies that columns have another name for."""
STATE_COLUMNS = ("position", "ts", "sent_at", "state", "state_update")
EVENT_COLUMNS = (
    "position",
    "ts",
    "sent_at",
    "name",
    "category",
    "event_group",
    "labels",
    "message",
    "data",
    "stacktrace",
    "exception_type",
    "exception_msg",
    "source_file",
    "source_line",
    "source_function",
)
METRIC_COLUMNS = (
    "position",
    "ts",
    "sent_at",
    "name",
    "value",
    "metric_type",
    "count",
    "unit",
    "tags",
    "details",
)

BRIEF_STATE = ("position", "ts", "sent_at")
BRIEF_EVENT = ("position", "ts", "sent_at", "name", "category", "event_group", "message", "exception_type")
BRIEF_METRIC = ("position", "ts", "sent_at", "name", "value", "metric_type", "unit", "tags")
_BRIEF_LENGTH = 200
"""Characters of a text of an application's own, in a list."""


def event_row(session: Session, event: Event, clock: SenderClock = UNKNOWN_CLOCK) -> "SessionEvent":
    """Make a row of `SESSION_EVENTS`, which has no position yet.

    Raises:
        InvalidInput: a member is not what the dataset allows.
    """
    row = SESSION_EVENTS.row_type(
        **_common(session, clock.moment(event.timestamp)),
        name=event.name or "",
        category=event.severity,
        event_group=event.group or "",
        labels=event.labels or [],
        message=event.message or "",
        data=json_object(event.data, "data"),
        stacktrace=event.stacktrace or [],
        exception_type=event.exception_type or None,
        exception_msg=event.exception_msg or None,
        source_file=event.source_file or None,
        source_line=event.source_line or None,
        source_function=event.source_function or None,
    )
    return _admitted(SESSION_EVENTS, row)


def metric_row(session: Session, metric: Metric, clock: SenderClock = UNKNOWN_CLOCK) -> "SessionMetric":
    """Make a row of `SESSION_METRICS`, which has no position yet.

    Raises:
        InvalidInput: a member is not what the dataset allows.
    """
    row = SESSION_METRICS.row_type(
        **_common(session, clock.moment(metric.timestamp)),
        name=metric.name,
        value=metric.value,
        metric_type=metric.type or "gauge",
        count=metric.count,
        unit=metric.unit or None,
        tags=metric.tags or [],
        details=json_object(metric.metadata, "metadata"),
    )
    _admitted(SESSION_METRICS, row)
    is_growth = metric.type == "counter" and metric.delta is not None
    if row.value is None and row.bucket_counts is None and not is_growth:
        raise InvalidInput("Invalid request body: value is required: a number")
    return row


def change_row(
    session: Session, change: str, moment: Moment = ARRIVAL, state: str | None = None, update: str | None = None
) -> "SessionState":
    """Make a row of `SESSION_STATES`, which has no position yet.

    Raises:
        InvalidInput: a member is not what the dataset allows.
    """
    is_beginning = change == "create"
    row = SESSION_STATES.row_type(
        **_common(session, moment),
        change=change,
        state=state,
        state_update=update,
        machine_id=session.machine_id if is_beginning else None,
        hostname=session.hostname if is_beginning else None,
    )
    return _admitted(SESSION_STATES, row)


def _admitted(dataset: "Dataset[_SessionRow]", row: _SessionRow) -> _SessionRow:
    if flaw := admission(dataset).flaw(row):
        name = _SENT_AS.get(flaw.column.name, flaw.column.name)
        raise InvalidInput(f"Invalid request body: {name}{flaw.place} {flaw.reason}")
    return row


def settle(number: int, dataset: Dataset, row: "SessionRow", session: Session) -> None:
    """Make a row that was sent with the id of its session one of that session, as if it had come to its address.

    Raises:
        InvalidInput: its time is none, or it is a point without a name.
    """
    try:
        parse_stamp(row.sent_at)
    except InvalidInput:
        raise InvalidInput(f"row {number}: sentAt must be a time in RFC 3339 with an offset") from None
    row.subject, row.subject_type, row.teams = session.subject, session.subject_type, session.teams
    row.product, row.version = session.product, session.version
    if dataset is SESSION_METRICS:
        point = cast("SessionMetric", row)
        if not point.name:
            raise InvalidInput(f"row {number}: name is required: a text that is not empty")
        point.metric_type = point.metric_type or "gauge"
    elif dataset is SESSION_EVENTS:
        event = cast("SessionEvent", row)
        event.name, event.event_group, event.message = event.name or "", event.event_group or "", event.message or ""
        event.category = severity(event.category, event.exception_type)


def _common(session: Session, moment: Moment) -> "CommonColumns":
    return {
        "ts": moment.time,
        "sent_at": moment.sent,
        "subject": session.subject,
        "subject_type": session.subject_type,
        "teams": session.teams,
        "session_id": session.id,
        "product": session.product,
        "version": session.version,
    }


def document(session: Session, timeout: timedelta) -> dict[str, object]:
    """Make the document of a session, without its collections."""
    now = datetime.now(UTC)
    suspended = session.is_suspended(now, timeout)
    shown: dict[str, object] = {
        "id": session.id,
        "created_at": stamp(session.created_at),
        "updated_at": stamp(session.updated_at),
        "active": not (suspended or session.crashed or session.ended_at),
        "suspended": suspended,
        "crashed": session.crashed,
        "hung": session.hung,
        "state": session.state,
    }
    for name in ("ended_at", "last_heartbeat"):
        if time := getattr(session, name):
            shown[name] = stamp(time)
    for name in ("machine_id", "hostname"):
        if text := getattr(session, name):
            shown[name] = text
    return shown


def stamp(time: datetime) -> str:
    """Write a time as RFC 3339 in UTC, to the microsecond."""
    return time.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _when(row: StoredRow) -> str:
    """Return the time as the client wrote it, else as the server took it."""
    _, time, sent_at, *_ = row
    return sent_at or stamp(time)


def _is_filled(text: str | None) -> bool:
    return text is not None and text[1:-1].strip() != ""


def _raw(text: str | None) -> msgspec.Raw | str | None:
    """Show a document as it is stored; as text if it is none, for older versions did not check what they stored."""
    return text if text is None or json_flaw(text) else msgspec.Raw(text.encode())


def shown_state(row: StoredRow) -> dict[str, object]:
    """Show a state, which is JSON that the server wrote."""
    return {"timestamp": _when(row), "state": None if row[3] is None else msgspec.Raw(row[3].encode())}


def shown_event(row: StoredRow) -> dict[str, object]:
    (_, _, _, name, category, group, labels, message, data, stacktrace, *rest) = row
    shown: dict[str, object] = {
        "name": name,
        "timestamp": _when(row),
        "category": category,
        "group": group,
        "labels": labels,
        "message": message,
        "data": _raw(data),
    }
    optional = ("exception_type", "exception_msg", "source_file", "source_line", "source_function")
    shown |= {name: value for name, value in zip(optional, rest, strict=True) if value is not None}
    return shown | ({"stacktrace": stacktrace} if stacktrace else {})


def shown_metric(row: StoredRow) -> dict[str, object]:
    (_, _, _, name, value, type_, count, unit, tags, details) = row
    shown = {"name": name, "value": value or 0, "type": type_, "timestamp": _when(row)}  # clients read a number
    optional = {
        "count": count,
        "unit": unit,
        "tags": tags or None,
        "metadata": _raw(details if _is_filled(details) else None),
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def brief_state(row: StoredRow) -> dict[str, object]:
    """Show when a state came about; `cursor` is where to read it from."""
    return {"cursor": _before(row), "timestamp": _when(row)}


def brief_event(row: StoredRow) -> dict[str, object]:
    (_, _, _, *texts) = row
    names = ("name", "category", "group", "message", "exception_type")
    return brief_state(row) | {name: _cut(text) for name, text in zip(names, texts, strict=True) if text}


def brief_metric(row: StoredRow) -> dict[str, object]:
    (_, _, _, name, value, type_, unit, tags) = row
    shown = brief_state(row) | {"name": name, "value": value, "type": type_}
    return shown | {name: each for name, each in (("unit", unit), ("tags", tags)) if each}


def _before(row: StoredRow) -> str | None:
    """Return the cursor after which the fact is the next one; None when it has no place in the order."""
    position = row[0]
    return None if position is None else str(position - 1)


def _cut(text: str) -> str:
    return text if len(text) <= _BRIEF_LENGTH else f"{text[:_BRIEF_LENGTH]}…"
