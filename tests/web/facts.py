"""Facts of every datasource that the dashboards that come with meterd ask, and figures that follow from them."""

from typing import Any

from tests.process import Meterd

DAY = ("2021-03-01T00:00:00Z", "2021-03-02T00:00:00Z")
"""The window in which they lie; no other test has facts there."""

_WHO = {"createdBySubjectSlug": "ann@example.org", "createdBySubjectType": "user", "teams": ["search"]}
_PROGRAM = {"createdBySubjectSlug": "indexer", "createdBySubjectType": "virtualaccount", "teams": ["search"]}
_MODEL = {"modelName": "large", "providerAccountType": "openai", "requestType": "chat"}
_CALL = _MODEL | {"inputTokens": 100, "outputTokens": 20, "timeToFirstTokenMs": 80.0}
_GUARDRAIL = {"guardrailName": "pii/mask", "appliedOnEntityScope": "input"}
_CACHE = {"cacheType": "semantic", "cacheNamespace": "faq", "cacheReadInputTokens": 30, "cacheCreationInputTokens": 5}
_ASKED = _PROGRAM | _CALL | _CACHE | {"isFailure": False, "cacheLookupLatencyMs": 4.0}
_TOOL = {"mcpServerName": "tickets", "method": "tools/call", "toolName": "search"}
_AGENT = {"agentName": "planner", "agentFramework": "own", "agentServerType": "a2a"}
_MEANT = {"agent": "billing-bot", "platform": "DATABRICKS"}

FACTS: dict[str, list[dict[str, Any]]] = {
    "modelMetrics": [
        _WHO | _CALL | {"latencyMs": 400.0, "costInUSD": 0.04, "isFailure": False},
        _WHO | _CALL | {"latencyMs": 900.0, "isFailure": True, "errorCode": "overloaded", "httpStatusCode": 503},
        _ASKED | {"latencyMs": 40.0, "costInUSD": 0.0, "cacheLookupStatus": "hit", "potentialCostSavings": 0.03},
        _ASKED | {"latencyMs": 500.0, "costInUSD": 0.02, "cacheLookupStatus": "miss"},
        _WHO | _CALL | {"virtualModelName": "smart", "latencyMs": 1300.0, "costInUSD": 0.04, "isFailure": False},
    ],
    "guardrailMetrics": [
        _WHO | _GUARDRAIL | {"guardrailResult": result, "latencyMs": latency}
        for result, latency in (("pass", 10.0), ("pass", 12.0), ("fail", 30.0), ("error", 900.0))
    ],
    "mcpMetrics": [_WHO | _TOOL | {"latencyMs": 70.0}, _WHO | {"mcpServerName": "tickets", "method": "tools/list"}],
    "agentMetrics": [
        _WHO | _AGENT | {"latencyMs": 950.0, "isFailure": False, "httpStatusCode": 200},
        _WHO | _AGENT | {"latencyMs": 20.0, "isFailure": True, "httpStatusCode": 500},
    ],
    "configMetrics": [
        _WHO | {"configType": "loadbalance", "status": "allowed", "requestedModel": "smart", "targetModel": "large",
                "loadbalanceTargetAttemptCount": 2},
        _WHO | {"configType": "ratelimit", "status": "blocked", "ratelimitRuleId": "per-minute"},
    ],
    "aiGuardMetrics": [
        _WHO | _MEANT | {"meter": "ai_guard.user", "value": 1, "newSession": "true"},
        _WHO | _MEANT | {"meter": "ai_guard.agent", "value": 1200},
        _WHO | _MEANT | {"meter": "ai_guard.redact", "value": 1, "action": "redact", "actor": "user"},
    ],
}  # fmt: skip


def send_facts(meterd: Meterd) -> None:
    """Send all of them; those of classifications, which only the server counts, are left out."""
    for datasource, rows in FACTS.items():
        answer = meterd.ingest([{"createdAt": "2021-03-01T12:00:00Z", **row} for row in rows], datasource)
        assert 200 == answer.status_code, answer.text
