"""The operations of sessions."""

import msgspec

from meterd.api.openapi import IDEMPOTENCY_KEY, JSON, OBJECT, TIME, Media, Operation, Parameter
from meterd.api.sessions.bodies import Create, Event, JSONObject, Metric
from meterd.api.sessions.clocks import SENT_AT
from meterd.api.sessions.collections import COLLECTIONS
from meterd.api.sessions.listing import MAX_LISTED, ORDERS, SORTS, ProductList, SessionList
from meterd.api.sessions.parameters import MAX_LIMIT
from meterd.api.sessions.reading import STATUSES
from meterd.api.sessions.selecting import FILTER_MODES, MAX_SESSIONS
from meterd.api.sessions.selecting import STATUSES as SELECTED_STATUSES
from meterd.api.sessions.series import AGGREGATIONS, Series

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
_SENT_AT = Parameter(SENT_AT, "What the sender's clock shows; times of the body are corrected by it", TIME, "header")
_LIMIT = Parameter("limit", "At most so many", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT})
_CURSOR = Parameter("cursor", "Where the page before ended, as its answer says")

_SOME = (
    Parameter("product", "Only of this product"),
    Parameter("version", "Only of this version"),
    Parameter("from", "Begun at this time or later", TIME),
    Parameter("to", "Begun before this time", TIME),
)
_SELECTION = (
    *_SOME,
    Parameter("status", "Only those that are so now, or were", {"type": "string", "enum": list(SELECTED_STATUSES)}),
    Parameter("event", "Only those with an event of this name"),
    Parameter("filter_mode", "Only those with a value in the state", {"type": "string", "enum": list(FILTER_MODES)}),
    Parameter("filter_path", "Where the value is; dots go into objects"),
    Parameter("filter_value", "The value: a text as it is, everything else as JSON"),
)
_LOOKED_AT = (
    f"The newest {MAX_SESSIONS} of the time are looked at. `complete` says whether those were all; "
    "if not, those that are left began before `older`, which a list and its counts have: ask again with it as `to`."
)


def _write(id_: str, summary: str, body: tuple[Media, ...], required: bool = True) -> Operation:
    return Operation(
        id_,
        _TAG,
        summary,
        _ERRORS,
        parameters=(IDEMPOTENCY_KEY, _SENT_AT),
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
        Parameter(
            "brief",
            "What a list of events, points or states needs; `cursor` of each is where it is read from as a whole",
            {"type": "string", "enum": ["true", "false"]},
        ),
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
        *_SOME,
        Parameter("status", "Only those that are so now", {"type": "string", "enum": list(STATUSES)}),
    ),
    success="Whole documents",
    responses=(Media(list[SessionDocument], JSON),),
)
LIST = Operation(
    "listSessions",
    _TAG,
    "A page of sessions, without their states and collections",
    _ERRORS,
    _LOOKED_AT,
    (
        *_SELECTION,
        Parameter("sort", "What they are sorted by", {"type": "string", "enum": list(SORTS)}),
        Parameter("order", "Descending by default", {"type": "string", "enum": list(ORDERS)}),
        Parameter("limit", "At most so many, 20 by default", {"type": "integer", "minimum": 1, "maximum": MAX_LISTED}),
        Parameter("offset", "After so many", {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
    ),
    success="The sessions",
    responses=(Media(SessionList),),
)
PRODUCTS = Operation(
    "countSessions",
    _TAG,
    "How many sessions of each product and version are what",
    _ERRORS,
    _LOOKED_AT,
    _SELECTION,
    success="The products",
    responses=(Media(ProductList),),
)
SERIES = Operation(
    "readTimeseries",
    _TAG,
    "A metric over sessions",
    _ERRORS,
    _LOOKED_AT,
    (
        Parameter("metric", "Name of the metric", required=True, example="api_latency_ms"),
        Parameter("aggregation", "All points, or one of each session", {"type": "string", "enum": list(AGGREGATIONS)}),
        *_SELECTION,
    ),
    success="The points",
    responses=(Media(Series),),
    statuses={413: f"More than {MAX_LIMIT} points: ask for sessions of a shorter time, or one point of each"},
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
