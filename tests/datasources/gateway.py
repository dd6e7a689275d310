"""The datasources of `docs/specifications/gateway-metrics-query.md` sections 3, 5 and 7, written down from it alone."""

from meterd.datasets import GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS, ROUTING_DECISIONS
from tests.datasources.declaration import Declaration
from tests.datasources.members import codes, durations, text_members, texts, tokens
from tests.datasources.values import booleans, none, sampled_from
from tests.datasources.vocabulary import CMP, CODE, COMMON_FILTERS, COMMON_GROUPS, FULL, NARROW, RANGE, SET, Operators

_MODEL_GROUPS = ("modelName", "virtualModel", "requestType", "errorCode", "providerAccountType", "providerModelName")
_MODEL_MEASURES = (
    "inputTokens",
    "outputTokens",
    "cacheReadInputTokens",
    "cacheCreationInputTokens",
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
    "cacheReadInputTokens": RANGE,
    "cacheCreationInputTokens": RANGE,
    "costInUSD": RANGE,
    "latencyMs": RANGE,
}

_MODEL_MEMBERS = {
    **text_members(
        "conversationId",
        "modelName",
        "virtualModelName",
        "requestType",
        "errorCode",
        "traceId",
        "providerAccountType",
        "providerModelName",
        "cacheType",
        "cacheNamespace",
        "cacheLookupStatus",
    ),
    **dict.fromkeys(("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"), tokens),
    **dict.fromkeys(
        (
            "costInUSD",
            "latencyMs",
            "timeToFirstTokenMs",
            "interTokenLatencyMs",
            "timePerOutputTokenLatencyMs",
            "potentialCostSavings",
            "cacheLookupLatencyMs",
        ),
        durations,
    ),
    "httpStatusCode": none() | codes,
    "isFailure": none() | booleans(),
}

GUARDRAIL = Declaration(
    "guardrailMetrics",
    GUARDRAIL_EVALUATIONS,
    groups=(*COMMON_GROUPS, "guardrailName", "appliedOnEntityScope", "guardrailResult"),
    filters={
        **COMMON_FILTERS,
        "conversationID": FULL,
        "guardrailName": NARROW,
        "appliedOnEntityScope": NARROW,
        "guardrailResult": NARROW,
        "latencyMs": RANGE,
    },
    measures=("latencyMs",),
    dimension="guardrailName",
    members=text_members("guardrailName", "appliedOnEntityScope", "guardrailResult", "conversationId")
    | {"latencyMs": durations},
)

MODEL = Declaration(
    "modelMetrics",
    MODEL_CALLS,
    groups=(*COMMON_GROUPS, *_MODEL_GROUPS, "isFailure"),
    filters={
        **COMMON_FILTERS,
        **_MODEL_FILTERS,
        "providerAccountType": CMP,
        "httpStatusCode": CODE,
        "isFailure": ("EQUAL",),
    },
    measures=_MODEL_MEASURES,
    dimension="modelName",
    members=_MODEL_MEMBERS,
)

CACHE = Declaration(
    "cacheMetrics",
    MODEL_CALLS,
    groups=(*COMMON_GROUPS, *_MODEL_GROUPS, "cacheType", "cacheNamespace", "cacheLookupStatus"),
    filters={
        **COMMON_FILTERS,
        **_MODEL_FILTERS,
        "providerAccountType": FULL,
        "httpStatusCode": (*CODE, "IS_NULL"),
        "isFailure": ("EQUAL", "IS_NULL"),
        "cacheType": SET,
        "cacheNamespace": NARROW,
        "cacheLookupStatus": FULL,
    },
    measures=(
        *_MODEL_MEASURES,
        "potentialCostSavings",
        "cacheLookupLatencyMs",
    ),
    dimension="modelName",
    members=_MODEL_MEMBERS,
    pinned="cacheLookupStatus",
)

MCP = Declaration(
    "mcpMetrics",
    MCP_CALLS,
    groups=(*COMMON_GROUPS, "mcpServerName", "method", "toolName", "conversationID"),
    filters={
        **COMMON_FILTERS,
        "conversationID": FULL,
        "mcpServerName": NARROW,
        "method": NARROW,
        "toolName": NARROW,
        "latencyMs": RANGE,
    },
    measures=("latencyMs",),
    dimension="toolName",
    members=text_members("mcpServerName", "toolName", "conversationId") | {"method": texts, "latencyMs": durations},
    required={"method": "tools/call"},
)

CONFIG = Declaration(
    "configMetrics",
    ROUTING_DECISIONS,
    groups=(
        *COMMON_GROUPS,
        "configType",
        "status",
        "loadbalanceRuleId",
        "ratelimitRuleId",
        "budgetRuleId",
        "requestedModel",
        "targetModel",
    ),
    filters={
        **COMMON_FILTERS,
        "conversationID": FULL,
        "loadbalanceRuleId": SET,
        "ratelimitRuleId": SET,
        "budgetRuleId": SET,
        "requestedModel": SET,
        "targetModel": SET,
    },
    measures=("loadbalanceTargetAttemptCount",),
    dimension="targetModel",
    members=text_members(
        "conversationId",
        "status",
        "requestedModel",
        "targetModel",
        "ruleId",
        "loadbalanceRuleId",
        "ratelimitRuleId",
        "budgetRuleId",
    )
    | {
        "configType": sampled_from(["loadbalance", "load_balance", "Rate-Limit", "budget"]) | texts,
        "loadbalanceTargetAttemptCount": tokens,
    },
    required={"configType": "loadbalance"},
)

AGENT = Declaration(
    "agentMetrics",
    GATEWAY_REQUESTS,
    groups=(*COMMON_GROUPS, "agentName", "agentFramework", "agentServerType", "isFailure", "httpStatusCode"),
    filters={
        **COMMON_FILTERS,
        "conversationID": FULL,
        "agentName": NARROW,
        "agentFramework": NARROW,
        "agentServerType": NARROW,
        "isFailure": ("EQUAL",),
        "httpStatusCode": (*CODE, "IS_NULL"),
        "latencyMs": RANGE,
    },
    measures=("latencyMs",),
    dimension="agentName",
    members=text_members("conversationId", "agentName", "agentFramework", "agentServerType")
    | {"isFailure": none() | booleans(), "httpStatusCode": none() | codes, "latencyMs": durations},
)
