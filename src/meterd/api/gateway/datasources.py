"""The datasources of the metrics query, as declarations (`docs/specifications/gateway-metrics-query.md` sections 3, 5,
7 and 12).

A field says under which names it is known, which column it reads, and what may be done with it. There is no other place
that knows a datasource.
"""

import msgspec

from meterd.access import SubjectType
from meterd.api.gateway.datasource import NO_OPERATORS, Datasource, Field, attribute, dimension, measure
from meterd.api.gateway.operators import CMP, CODE, EQUAL, FULL, IS_NULL, NARROW, SET, TEAM
from meterd.datasets import (
    API_REQUESTS,
    GATEWAY_REQUESTS,
    GUARDRAIL_EVALUATIONS,
    MCP_CALLS,
    METER_EVENTS,
    MODEL_CALLS,
    OTLP_POINTS,
    PROCESS_RUNS,
    QUEUE_SAMPLES,
    ROUTING_DECISIONS,
    SESSION_EVENTS,
    SESSION_METRICS,
)
from meterd.query.model import Field as ColumnValue
from meterd.query.model import IsNull, MapValue


def _slug(name: str, alias: str, subject_type: SubjectType) -> Field:
    return Field(
        name,
        ColumnValue("subject"),
        aliases=(alias,) if alias else (),
        response="createdBySubjectSlug",
        group=True,
        operators=FULL,
        subject_type=subject_type,
    )


COMMON = (
    _slug("userEmail", "", SubjectType.USER),
    _slug("virtualAccount", "virtualaccount", SubjectType.VIRTUAL_ACCOUNT),
    dimension("createdBySubjectType", "subject_type", CMP),
    Field("team", ColumnValue("teams"), group=True, operators=TEAM),
)

CONVERSATION = Field("conversationID", ColumnValue("conversation_id"), aliases=("conversationId",), operators=FULL)

GUARDRAIL = Datasource(
    "guardrailMetrics",
    GUARDRAIL_EVALUATIONS,
    (
        *COMMON,
        CONVERSATION,
        dimension("guardrailName", "guardrail_name", NARROW),
        dimension("appliedOnEntityScope", "applied_on_entity_scope", NARROW),
        dimension("guardrailResult", "guardrail_result", NARROW),
        measure("latencyMs", "latency_ms"),
    ),
)

_MODEL_COMMON = (
    *COMMON,
    CONVERSATION,
    dimension("modelName", "model_name", FULL),
    dimension("virtualModelName", "virtual_model_name", FULL | IS_NULL, "virtualModel"),
    dimension("requestType", "request_type", FULL),
    dimension("errorCode", "error_code", FULL),
    dimension("providerModelName", "provider_model_name", FULL),
    attribute("traceId", "trace_id", EQUAL),
    measure("inputTokens", "input_tokens"),
    measure("outputTokens", "output_tokens"),
    measure("cacheReadInputTokens", "cache_read_input_tokens"),
    measure("cacheCreationInputTokens", "cache_creation_input_tokens"),
    measure("costInUSD", "cost_in_usd"),
    measure("latencyMs", "latency_ms"),
    measure("timeToFirstTokenMs", "time_to_first_token_ms", NO_OPERATORS),
    measure("interTokenLatencyMs", "inter_token_latency_ms", NO_OPERATORS),
    measure("timePerOutputTokenLatencyMs", "time_per_output_token_latency_ms", NO_OPERATORS),
)

MODEL = Datasource(
    "modelMetrics",
    MODEL_CALLS,
    (
        *_MODEL_COMMON,
        dimension("providerAccountType", "provider_account_type", CMP),
        attribute("httpStatusCode", "http_status_code", CODE),
        dimension("isFailure", "is_failure", EQUAL),
    ),
)

CACHE = Datasource(
    "cacheMetrics",
    MODEL_CALLS,
    (
        *_MODEL_COMMON,
        dimension("providerAccountType", "provider_account_type", FULL),
        attribute("httpStatusCode", "http_status_code", CODE | IS_NULL),
        attribute("isFailure", "is_failure", EQUAL | IS_NULL),
        dimension("cacheType", "cache_type", SET),
        dimension("cacheNamespace", "cache_namespace", NARROW),
        dimension("cacheLookupStatus", "cache_lookup_status", FULL),
        measure("potentialCostSavings", "potential_cost_savings", NO_OPERATORS),
        measure("cacheLookupLatencyMs", "cache_lookup_latency_ms", NO_OPERATORS),
    ),
    pinned=IsNull(ColumnValue("cache_lookup_status"), negated=True),
    ingest=False,
    description="One model call that asked the gateway's cache: the facts of `modelMetrics` that have a "
    "`cacheLookupStatus`. They are sent through `modelMetrics`.",
)

MCP = Datasource(
    "mcpMetrics",
    MCP_CALLS,
    (
        *COMMON,
        msgspec.structs.replace(CONVERSATION, group=True),
        dimension("mcpServerName", "mcp_server_name", NARROW),
        dimension("method", "method", NARROW),
        dimension("toolName", "tool_name", NARROW),
        measure("latencyMs", "latency_ms"),
    ),
)

CONFIG = Datasource(
    "configMetrics",
    ROUTING_DECISIONS,
    (
        *COMMON,
        CONVERSATION,
        dimension("configType", "config_type", NO_OPERATORS),
        dimension("status", "status", NO_OPERATORS),
        dimension("loadbalanceRuleId", "loadbalance_rule_id", SET),
        dimension("ratelimitRuleId", "ratelimit_rule_id", SET),
        dimension("budgetRuleId", "budget_rule_id", SET),
        dimension("requestedModel", "requested_model", SET),
        dimension("targetModel", "target_model", SET),
        measure("loadbalanceTargetAttemptCount", "loadbalance_target_attempt_count", NO_OPERATORS),
    ),
    title="gateway config",
)

AGENT = Datasource(
    "agentMetrics",
    GATEWAY_REQUESTS,
    (
        *COMMON,
        CONVERSATION,
        dimension("agentName", "agent_name", NARROW),
        dimension("agentFramework", "agent_framework", NARROW),
        dimension("agentServerType", "agent_server_type", NARROW),
        dimension("isFailure", "is_failure", EQUAL),
        dimension("httpStatusCode", "http_status_code", CODE | IS_NULL),
        measure("latencyMs", "latency_ms"),
    ),
)


OTLP = Datasource(
    "otlpMetrics",
    OTLP_POINTS,
    (
        *COMMON,
        dimension("metricName", "metric_name", FULL),
        dimension("metricType", "metric_type", FULL),
        dimension("unit", "unit", FULL),
        dimension("temporality", "temporality", FULL),
        dimension("serviceName", "service_name", FULL),
        dimension("scopeName", "scope_name", FULL),
        measure("value", "value"),
        measure("count", "count"),
        measure("sum", "sum"),
        measure("minimum", "minimum"),
        measure("maximum", "maximum"),
    ),
)
"""Our extension over the points of OpenTelemetry metrics."""


_SESSION_COMMON = (
    *COMMON,
    dimension("session", "session_id", FULL, "sessionId", "session_id"),
    dimension("product", "product", FULL),
    dimension("version", "version", FULL),
    dimension("name", "name", FULL),
)

SESSION_POINTS = Datasource(
    "sessionMetrics",
    SESSION_METRICS,
    (
        *_SESSION_COMMON,
        dimension("type", "metric_type", FULL),
        dimension("unit", "unit", FULL),
        Field("tag", ColumnValue("tags"), group=True, operators=TEAM),
        measure("value", "value"),
        measure("count", "count"),
        measure("histogram", "bucket_counts", NO_OPERATORS),
    ),
    has_tags=True,
)
"""Our extension over the points of sessions' metrics."""

SESSION_HAPPENINGS = Datasource(
    "sessionEvents",
    SESSION_EVENTS,
    (
        *_SESSION_COMMON,
        dimension("category", "category", FULL),
        dimension("group", "event_group", FULL),
        dimension("exceptionType", "exception_type", FULL),
        dimension("sourceFile", "source_file", FULL),
        dimension("sourceFunction", "source_function", FULL),
        Field("label", ColumnValue("labels"), group=True, operators=TEAM),
    ),
)
"""Our extension over the events of sessions."""


_RECORD_COMMON = (
    *COMMON,
    dimension("environment", "environment", FULL),
    dimension("recordType", "record_type", FULL),
)

REQUESTS = Datasource(
    "requestMetrics",
    API_REQUESTS,
    (
        *_RECORD_COMMON,
        dimension("service", "service", FULL),
        dimension("action", "action", FULL),
        dimension("method", "method", FULL),
        dimension("key", "key", FULL),
        dimension("application", "application", FULL),
        dimension("httpstatus", "http_status", CODE),
        measure("duration", "duration"),
        measure("responseSize", "response_size"),
        measure("value", "value"),
    ),
)
"""Our extension over calls to this service."""

PROCESSES = Datasource(
    "processMetrics",
    PROCESS_RUNS,
    (
        *_RECORD_COMMON,
        dimension("name", "name", FULL),
        dimension("trigger", "trigger", FULL),
        dimension("status", "status", FULL),
        measure("duration", "duration"),
        measure("value", "value"),
    ),
)
"""Our extension over executions of processes."""

QUEUES = Datasource(
    "queueMetrics",
    QUEUE_SAMPLES,
    (
        *_RECORD_COMMON,
        dimension("metric", "metric", FULL),
        dimension("queue", "queue", FULL),
        dimension("unit", "unit", FULL),
        measure("value", "value"),
    ),
)
"""Our extension over samples of message queues."""


def ai_guard(allowed_attributes: tuple[str, ...]) -> Datasource:
    """Return our extension over AI Guard's meter events; attributes that the settings allow are fields of it."""
    own = (
        *COMMON,
        dimension("meter", "meter", FULL),
        dimension("agent", "agent", FULL, "agent_id", "agentId"),
        dimension("platform", "platform", FULL),
        dimension("new_session", "new_session", FULL, "newSession"),
        dimension("action", "action", FULL),
        dimension("actor", "actor", FULL),
        dimension("classifier", "classifier", FULL),
        measure("value", "value"),
    )
    known = {spelling for field in own for spelling in (field.name, *field.aliases)}
    attributes = tuple(
        Field(key, MapValue("metadata", key), group=True, operators=FULL)
        for key in allowed_attributes
        if key not in known
    )
    return Datasource("aiGuardMetrics", METER_EVENTS, (*own, *attributes))


def datasources(allowed_attributes: tuple[str, ...] = ()) -> dict[str, Datasource]:
    """Return every datasource by its name."""
    known = (
        GUARDRAIL,
        MODEL,
        CACHE,
        MCP,
        CONFIG,
        AGENT,
        ai_guard(allowed_attributes),
        OTLP,
        SESSION_POINTS,
        SESSION_HAPPENINGS,
        REQUESTS,
        PROCESSES,
        QUEUES,
    )
    return {datasource.name: datasource for datasource in known}
