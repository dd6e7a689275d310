"""The operations of sessions."""

import msgspec

from meterd.api.openapi import IDEMPOTENCY_KEY, JSON, OBJECT, Media, Operation, Parameter
from meterd.api.sessions.bodies import Create, Event, JSONObject, Metric
from meterd.api.sessions.collections import COLLECTIONS
from meterd.api.sessions.reading import MAX_LIMIT, STATUSES

_TAG = "Sessions"
_NO_SESSION = {404: "No such session, or none of yours"}


class SessionProblem(msgspec.Struct, frozen=True):
    error: str


class SessionBegun(msgspec.Struct, frozen=True):
    session_id: str


class SessionDone(msgspec.Struct, frozen=True):
    success: bool
    status: str


class SessionDocument(msgspec.Struct, frozen=True):
    """A session as it is now; times are in RFC 3339, those that it has not had are left out."""

    id: str
    created_at: str
    updated_at: str
    active: bool
    suspended: bool
    crashed: bool
    hung: bool
    state: JSONObject
    state_history: list[JSONObject]
    events: list[JSONObject]
    metrics: list[JSONObject]
    ended_at: str | None = None
    last_heartbeat: str | None = None
    machine_id: str | None = None
    hostname: str | None = None
    next: dict[str, str] | None = None


_ERRORS = (Media(SessionProblem),)
_LIMIT = Parameter("limit", "At most so many", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT})
_CURSOR = Parameter("cursor", "Where the page before ended, as its answer says")


def _write(id_: str, summary: str, body: tuple[Media, ...], required: bool = True) -> Operation:
    return Operation(
        id_,
        _TAG,
        summary,
        _ERRORS,
        parameters=(IDEMPOTENCY_KEY,),
        body=body,
        body_required=required,
        responses=(Media(SessionDone),),
        statuses=_NO_SESSION,
    )


CREATE = Operation(
    "beginSession",
    _TAG,
    "Begin a session",
    _ERRORS,
    parameters=(IDEMPOTENCY_KEY,),
    body=(Media(Create, example={"product": "desk", "version": "1.4.0", "machine_id": "m-1"}),),
    responses=(Media(SessionBegun),),
)
READ = Operation(
    "readSession",
    _TAG,
    "The document of a session",
    _ERRORS,
    "Whole without parameters; with `limit` page by page.",
    (
        Parameter("collection", "Only this part", {"type": "string", "enum": list(COLLECTIONS)}),
        _LIMIT,
        _CURSOR,
        Parameter("name", "Only events or points of this name"),
    ),
    success="The session",
    responses=(Media(SessionDocument),),
    statuses=_NO_SESSION | {413: "Larger than `sessions.max-document-bytes`: read it in pages, with `limit`"},
)
EXPORT = Operation(
    "exportSessions",
    _TAG,
    "Every session that you may see",
    _ERRORS,
    parameters=(
        _LIMIT,
        _CURSOR,
        Parameter("product", "Only of this product"),
        Parameter("version", "Only of this version"),
        Parameter("status", "Only those that are so now", {"type": "string", "enum": list(STATUSES)}),
        Parameter("from", "Begun at this time or later", {"type": "string", "format": "date-time"}),
        Parameter("to", "Begun before this time", {"type": "string", "format": "date-time"}),
    ),
    success="Whole documents",
    responses=(Media(list[SessionDocument], JSON),),
)
STATE = _write(
    "updateSessionState",
    "Merge an update into the state",
    (Media({"anyOf": [OBJECT, {"type": "null"}]}, example={"screen": "settings", "user": {"plan": "pro"}}),),
)
EVENT = _write("recordSessionEvent", "Record an event", (Media(Event, example={"name": "opened", "category": "info"}),))
METRIC = _write(
    "recordSessionMetric",
    "Record a point of a metric",
    (Media(Metric, example={"name": "queue", "value": 3, "type": "gauge"}),),
)
_CHANGES = (Media({}, example={"timestamp": "2026-01-31T12:00:00Z"}),)
"""Anything may be sent; of an object the members of `Change` are read."""
HEARTBEAT = _write("sessionIsAlive", "The application is alive", _CHANGES, required=False)
END = _write("endSession", "The application ended", _CHANGES, required=False)
CRASH = _write("crashSession", "The application crashed", _CHANGES, required=False)
