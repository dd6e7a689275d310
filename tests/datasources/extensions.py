"""Our own datasources."""

from meterd.datasets import (
    API_REQUESTS,
    METER_EVENTS,
    OTLP_POINTS,
    PROCESS_RUNS,
    QUEUE_SAMPLES,
    SESSION_EVENTS,
    SESSION_METRICS,
)
from tests.datasources.declaration import Declaration
from tests.datasources.members import codes, durations, latencies, numbers, tags, text_members, texts, tokens
from tests.datasources.values import integers, lists, none, sampled_from
from tests.datasources.vocabulary import CODE, COMMON_FILTERS, COMMON_GROUPS, FULL, RANGE, TEAM

_RECORD = ("environment", "recordType")
_SESSION = ("session", "product", "version", "name")
_RECORD_MEMBERS = {"environment": texts, "type": texts}

AI_GUARD = Declaration(
    "aiGuardMetrics",
    METER_EVENTS,
    groups=(*COMMON_GROUPS, "meter", "agent", "platform", "new_session", "action", "actor", "classifier"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys(("meter", "agent", "platform", "new_session", "action", "actor", "classifier"), FULL),
        "value": RANGE,
    },
    measures=("value",),
    dimension="classifier",
    members=text_members("agent", "platform", "newSession", "action", "actor", "classifier")
    | {"meter": texts, "value": numbers},
    required={"meter": "ai_guard.agent", "agent": "bot", "platform": "DATABRICKS", "value": 1},
    further=("region",),
)

OTLP = Declaration(
    "otlpMetrics",
    OTLP_POINTS,
    groups=(*COMMON_GROUPS, "metricName", "metricType", "unit", "temporality", "serviceName", "scopeName"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys(("metricName", "metricType", "unit", "temporality", "serviceName", "scopeName"), FULL),
        **dict.fromkeys(("value", "count", "sum", "minimum", "maximum"), RANGE),
    },
    measures=("value", "count", "sum", "minimum", "maximum"),
    dimension="scopeName",
    members=text_members("unit", "temporality", "serviceName", "scopeName")
    | {"metricName": texts, "metricType": texts, "count": tokens}
    | dict.fromkeys(("value", "sum", "minimum", "maximum"), durations),
    required={"metricName": "gen_ai.usage.cost", "metricType": "gauge"},
)

SESSION_POINT = Declaration(
    "sessionMetrics",
    SESSION_METRICS,
    groups=(*COMMON_GROUPS, *_SESSION, "type", "unit", "tag"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys((*_SESSION, "type", "unit"), FULL),
        "tag": TEAM,
        "value": RANGE,
        "count": RANGE,
    },
    measures=("value", "count"),
    dimension="name",
    members=text_members("product", "version", "type", "unit")
    | {
        "sessionId": sampled_from(["s-1", "s-2"]),
        "name": sampled_from(["jobs", "bytes"]),
        "value": durations | sampled_from([1.0, 2.0, 3.0]),
        "count": tokens,
        "tags": tags,
        "position": integers(0, 2**62),
        "bucketBounds": sampled_from([[1.0, 2.0, 5.0], [1.0, 5.0, 10.0], [-1.0, 0.0, None]]),
        "bucketCounts": none() | lists(integers(0, 5).map(float), 3, 3),
    },
    required={"name": "jobs"},
    further=("tag.endpoint", "tag.a:b"),
    totals=("value",),
    distributions=("histogram",),
)

SESSION_EVENT = Declaration(
    "sessionEvents",
    SESSION_EVENTS,
    groups=(*COMMON_GROUPS, *_SESSION, "category", "group", "exceptionType", "sourceFile", "sourceFunction", "label"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys((*_SESSION, "category", "group", "exceptionType", "sourceFile", "sourceFunction"), FULL),
        "label": TEAM,
    },
    measures=(),
    dimension="name",
    members=text_members(
        "product", "version", "name", "category", "group", "exceptionType", "sourceFile", "sourceFunction"
    )
    | {"sessionId": sampled_from(["s-1", "s-2"]), "position": integers(0, 2**62), "labels": tags},
)

REQUEST = Declaration(
    "requestMetrics",
    API_REQUESTS,
    groups=(*COMMON_GROUPS, *_RECORD, "service", "action", "method", "key", "application", "httpstatus"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys((*_RECORD, "service", "action", "method", "key", "application"), FULL),
        "httpstatus": CODE,
        **dict.fromkeys(("duration", "responseSize", "value"), RANGE),
    },
    measures=("duration", "responseSize", "value"),
    dimension="service",
    members=text_members("service", "action", "method", "key", "application")
    | _RECORD_MEMBERS
    | {"httpstatus": none() | codes, "duration": tokens, "responseSize": tokens, "value": integers(0, 3)},
)

PROCESS = Declaration(
    "processMetrics",
    PROCESS_RUNS,
    groups=(*COMMON_GROUPS, *_RECORD, "name", "trigger", "status"),
    filters={
        **COMMON_FILTERS,
        **dict.fromkeys((*_RECORD, "name", "trigger", "status"), FULL),
        **dict.fromkeys(("duration", "value"), RANGE),
    },
    measures=("duration", "value"),
    dimension="status",
    members=text_members("trigger", "status")
    | _RECORD_MEMBERS
    | {"name": texts, "duration": tokens, "value": integers(0, 3)},
    required={"name": "nightly"},
)

QUEUE = Declaration(
    "queueMetrics",
    QUEUE_SAMPLES,
    groups=(*COMMON_GROUPS, *_RECORD, "metric", "queue", "unit"),
    filters={**COMMON_FILTERS, **dict.fromkeys((*_RECORD, "metric", "queue", "unit"), FULL), "value": RANGE},
    measures=("value",),
    dimension="queue",
    members=text_members("queue", "unit") | _RECORD_MEMBERS | {"metric": texts, "value": latencies},
    required={"metric": "Size", "value": 1},
)
