"""The tables of `docs/specifications/gateway-metrics-query.md` sections 4, 5 and 7, written down from the
specification alone.
"""

from typing import NamedTuple

Operators = tuple[str, ...]

FULL = (
    "EQUAL",
    "NOT_EQUAL",
    "IN",
    "NOT_IN",
    "STRING_CONTAINS",
    "STRING_NOT_CONTAINS",
    "STRING_STARTS_WITH",
    "STRING_NOT_STARTS_WITH",
    "STRING_ENDS_WITH",
    "STRING_NOT_ENDS_WITH",
)
NARROW = ("IN", "NOT_IN", "STRING_CONTAINS", "STRING_STARTS_WITH", "STRING_ENDS_WITH")
CMP = ("EQUAL", "NOT_EQUAL", "IN", "NOT_IN")
SET = ("IN", "NOT_IN")
ORDER = ("GREATER_THAN", "LESS_THAN", "GREATER_THAN_EQUAL", "LESS_THAN_EQUAL")
RANGE = (*ORDER, "BETWEEN")
CODE = (*CMP, *ORDER)
TEAM = ("ARRAY_HAS_ANY", "ARRAY_HAS_NONE")

SCALARS = ("count", "countDistinct", "sum", "avg", "min", "max")
PERCENTILES = ("p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p999")
RATES = ("rateSum", "rateAvg", "rateMin", "rateMax", "ratePerMinute")
OF_TOTALS = ("increase", "rateIncrease")
"""Ours, of `sessionMetrics` `value` only."""
ALL_TYPES = (*SCALARS, *PERCENTILES, *RATES)
FOR_DIMENSIONS = ("count", "countDistinct", "ratePerMinute")

COMMON_GROUPS = ("userEmail", "virtualaccount", "team", "createdBySubjectType")
COMMON_FILTERS: dict[str, Operators] = {
    "userEmail": FULL,
    "virtualAccount": FULL,
    "createdBySubjectType": CMP,
    "team": TEAM,
}


class Table(NamedTuple):
    """What one datasource takes: names to group by, operators by filter field, columns to aggregate as numbers.

    Metadata keys, which every datasource takes everywhere, are left out.
    """

    groups: tuple[str, ...]
    filters: dict[str, Operators]
    measures: tuple[str, ...]


_RECORD = ("environment", "recordType")
_SESSION = ("session", "product", "version", "name")
_MODEL_GROUPS = ("modelName", "virtualModel", "requestType", "errorCode", "providerAccountType", "providerModelName")
_MODEL_MEASURES = (
    "inputTokens",
    "outputTokens",
    "costInUSD",
    "latencyMs",
    "timeToFirstTokenMs",
    "interTokenLatencyMs",
    "timePerOutputTokenLatencyMs",
)
_MODEL_FILTERS: dict[str, Operators] = {
    "conversationID": FULL,
    "modelName": FULL,
    "virtualModelName": (*FULL, "IS_NULL"),
    "requestType": FULL,
    "errorCode": FULL,
    "providerModelName": FULL,
    "traceId": ("EQUAL",),
    "inputTokens": RANGE,
    "outputTokens": RANGE,
    "costInUSD": RANGE,
    "latencyMs": RANGE,
}

TABLES: dict[str, Table] = {
    "guardrailMetrics": Table(
        (*COMMON_GROUPS, "guardrailName", "appliedOnEntityScope", "guardrailResult"),
        {
            **COMMON_FILTERS,
            "conversationID": FULL,
            "guardrailName": NARROW,
            "appliedOnEntityScope": NARROW,
            "guardrailResult": NARROW,
            "latencyMs": RANGE,
        },
        ("latencyMs",),
    ),
    "modelMetrics": Table(
        (*COMMON_GROUPS, *_MODEL_GROUPS),
        {
            **COMMON_FILTERS,
            **_MODEL_FILTERS,
            "providerAccountType": CMP,
            "httpStatusCode": CODE,
            "isFailure": ("EQUAL",),
        },
        _MODEL_MEASURES,
    ),
    "cacheMetrics": Table(
        (*COMMON_GROUPS, *_MODEL_GROUPS, "cacheType", "cacheNamespace", "cacheLookupStatus"),
        {
            **COMMON_FILTERS,
            **_MODEL_FILTERS,
            "providerAccountType": FULL,
            "httpStatusCode": (*CODE, "IS_NULL"),
            "isFailure": ("EQUAL", "IS_NULL"),
            "cacheType": SET,
            "cacheNamespace": NARROW,
            "cacheLookupStatus": FULL,
            "cacheReadInputTokens": RANGE,
            "cacheCreationInputTokens": RANGE,
        },
        (
            *_MODEL_MEASURES,
            "potentialCostSavings",
            "cacheLookupLatencyMs",
            "cacheReadInputTokens",
            "cacheCreationInputTokens",
        ),
    ),
    "mcpMetrics": Table(
        (*COMMON_GROUPS, "mcpServerName", "method", "toolName", "conversationID"),
        {
            **COMMON_FILTERS,
            "conversationID": FULL,
            "mcpServerName": NARROW,
            "method": NARROW,
            "toolName": NARROW,
            "latencyMs": RANGE,
        },
        ("latencyMs",),
    ),
    "configMetrics": Table(
        (
            *COMMON_GROUPS,
            "configType",
            "status",
            "loadbalanceRuleId",
            "ratelimitRuleId",
            "budgetRuleId",
            "requestedModel",
            "targetModel",
        ),
        {
            **COMMON_FILTERS,
            "conversationID": FULL,
            "loadbalanceRuleId": SET,
            "ratelimitRuleId": SET,
            "budgetRuleId": SET,
            "requestedModel": SET,
            "targetModel": SET,
        },
        ("loadbalanceTargetAttemptCount",),
    ),
    "agentMetrics": Table(
        (*COMMON_GROUPS, "agentName", "agentFramework", "agentServerType", "isFailure", "httpStatusCode"),
        {
            **COMMON_FILTERS,
            "conversationID": FULL,
            "agentName": NARROW,
            "agentFramework": NARROW,
            "agentServerType": NARROW,
            "isFailure": ("EQUAL",),
            "httpStatusCode": (*CODE, "IS_NULL"),
            "latencyMs": RANGE,
        },
        ("latencyMs",),
    ),
    "aiGuardMetrics": Table(
        (*COMMON_GROUPS, "meter", "agent", "platform", "new_session", "action", "actor", "classifier"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys(("meter", "agent", "platform", "new_session", "action", "actor", "classifier"), FULL),
            "value": RANGE,
        },
        ("value",),
    ),
    "otlpMetrics": Table(
        (*COMMON_GROUPS, "metricName", "metricType", "unit", "temporality", "serviceName", "scopeName"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys(("metricName", "metricType", "unit", "temporality", "serviceName", "scopeName"), FULL),
            **dict.fromkeys(("value", "count", "sum", "minimum", "maximum"), RANGE),
        },
        ("value", "count", "sum", "minimum", "maximum"),
    ),
    "sessionMetrics": Table(
        (*COMMON_GROUPS, *_SESSION, "type", "unit", "tag"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys((*_SESSION, "type", "unit"), FULL),
            "tag": TEAM,
            "value": RANGE,
            "count": RANGE,
        },
        ("value", "count"),
    ),
    "sessionEvents": Table(
        (*COMMON_GROUPS, *_SESSION, "category", "group", "exceptionType", "sourceFile", "sourceFunction", "label"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys((*_SESSION, "category", "group", "exceptionType", "sourceFile", "sourceFunction"), FULL),
            "label": TEAM,
        },
        (),
    ),
    "requestMetrics": Table(
        (*COMMON_GROUPS, *_RECORD, "service", "action", "method", "key", "application", "httpstatus"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys((*_RECORD, "service", "action", "method", "key", "application"), FULL),
            "httpstatus": CODE,
            **dict.fromkeys(("duration", "responseSize", "value"), RANGE),
        },
        ("duration", "responseSize", "value"),
    ),
    "processMetrics": Table(
        (*COMMON_GROUPS, *_RECORD, "name", "trigger", "status"),
        {
            **COMMON_FILTERS,
            **dict.fromkeys((*_RECORD, "name", "trigger", "status"), FULL),
            **dict.fromkeys(("duration", "value"), RANGE),
        },
        ("duration", "value"),
    ),
    "queueMetrics": Table(
        (*COMMON_GROUPS, *_RECORD, "metric", "queue", "unit"),
        {**COMMON_FILTERS, **dict.fromkeys((*_RECORD, "metric", "queue", "unit"), FULL), "value": RANGE},
        ("value",),
    ),
}

ALIASES = {"virtualModel": "virtualModelName", "virtualaccount": "virtualAccount", "conversationId": "conversationID"}
"""Either spelling is taken in every position (section 5)."""
