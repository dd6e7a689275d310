"""What running applications report of themselves (`docs/specifications/sessions.md`)."""

import math
from typing import TYPE_CHECKING

import msgspec

from meterd.datasets.model import COMMON, MAX_DOCUMENT_LENGTH, Column, Dataset, Kind, Series

if TYPE_CHECKING:
    from meterd.datasets.rows import SessionEvent, SessionMetric, SessionState

_SESSION_COMMON = (
    *COMMON,
    Column("session_id", Kind.TEXT, "session it belongs to", required=True),
    Column("position", Kind.INTEGER, "order of arrival at the server: grows whatever the clock does", assigned=True),
    Column("arrived_at", Kind.TIME, "when it arrived at the server", assigned=True),
    Column("product", Kind.TEXT, "product of the session", few=True),
    Column("version", Kind.TEXT, "version of the product", few=True),
    Column("sent_at", Kind.TEXT, "the time as the client wrote it, when it sent one"),
)


def _text(name: str, kind: Kind, description: str, json: str = "", distinct: bool = False, few: bool = False) -> Column:
    """Declare a text of an application's own; the limit of its request (`ingest.max-event-bytes`) is reached first."""
    return Column(name, kind, description, json, max_length=MAX_DOCUMENT_LENGTH, distinct=distinct, few=few)


class _Bucket(msgspec.Struct):
    le: float | str
    count: float


class _Distribution(msgspec.Struct):
    buckets: list[_Bucket]
    sum: float | None = None
    count: float | None = None


_distribution = msgspec.json.Decoder(_Distribution)


def _buckets(row: "SessionMetric") -> None:
    """Move the buckets of a histogram to columns (`docs/specifications/sessions.md` section 6), and make its value,
    which is the mean, when it has none. Other metadata stays what it is: text.
    """
    if row.metric_type != "histogram" or row.details is None or row.bucket_counts is not None:
        return
    try:
        known = _distribution.decode(row.details)
        buckets = sorted((float(bucket.le), bucket.count) for bucket in known.buckets)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return
    if not any(math.isnan(bound) for bound, _ in buckets):
        row.bucket_bounds = [bound if math.isfinite(bound) else None for bound, _ in buckets]
        row.bucket_counts = [count for _, count in buckets]
        if row.value is None and known.sum is not None and known.count:
            row.value = known.sum / known.count


SESSION_METRICS: "Dataset[SessionMetric]" = Dataset(
    name="session_metrics",
    description="One point of a metric of a session.",
    columns=(
        *_SESSION_COMMON,
        _text("name", Kind.TEXT, "name of the metric", few=True),
        Column("value", Kind.NUMBER, "value: of a counter its total, of a histogram its mean"),
        _text("metric_type", Kind.TEXT, "gauge, counter, histogram or timer; open set", json="type", few=True),
        _text("unit", Kind.TEXT, "unit of the value", few=True),
        Column("count", Kind.INTEGER, "iterations that a timer measured", minimum=0),
        _text("tags", Kind.TEXTS, "tags, usually key:value", distinct=True),
        Column("details", Kind.JSON, "metadata of the point, such as a histogram's buckets"),
        Column(
            "bucket_bounds",
            Kind.NUMBERS,
            "upper bounds of a histogram's buckets, ascending; null: no bound; default: those in `details`",
            derived=True,
        ),
        Column(
            "bucket_counts",
            Kind.NUMBERS,
            "samples in each bucket so far; the last one takes what is above it; default: those in `details`",
            derived=True,
        ),
    ),
    derive=_buckets,
    series=Series(
        by=("tenant", "session_id", "name", "tags"),
        order=("position", "ts"),
        value="value",
        bounds="bucket_bounds",
        counts="bucket_counts",
    ),
)

SESSION_EVENTS: "Dataset[SessionEvent]" = Dataset(
    name="session_events",
    description="One event of a session.",
    columns=(
        *_SESSION_COMMON,
        _text("name", Kind.TEXT, "name of the event", few=True),
        _text("category", Kind.TEXT, "debug, info, warning, error or critical; open set", few=True),
        _text("event_group", Kind.TEXT, "logger or component", json="group", few=True),
        _text("labels", Kind.TEXTS, "labels", distinct=True),
        _text("message", Kind.TEXT, "message"),
        Column("data", Kind.JSON, "data of the event"),
        _text("stacktrace", Kind.TEXTS, "lines of the stack"),
        _text("exception_type", Kind.TEXT, "class of the exception", few=True),
        _text("exception_msg", Kind.TEXT, "text of the exception"),
        _text("source_file", Kind.TEXT, "file where it happened", few=True),
        Column("source_line", Kind.INTEGER, "line where it happened"),
        _text("source_function", Kind.TEXT, "function where it happened", few=True),
    ),
)

SESSION_STATES: "Dataset[SessionState]" = Dataset(
    name="session_states",
    description="One change of a session: its beginning, its end, a heartbeat, or an update of its state.",
    columns=(
        *_SESSION_COMMON,
        Column("change", Kind.TEXT, "create, state, heartbeat, end, crash or abandoned", required=True, few=True),
        Column("state", Kind.JSON, "the whole state after an update, of a beginning and of some updates"),
        Column("state_update", Kind.JSON, "what was merged into the state, of the other updates"),
        Column("machine_id", Kind.TEXT, "machine that the session runs on, of a beginning"),
        Column("hostname", Kind.TEXT, "its name, of a beginning", few=True),
    ),
)
