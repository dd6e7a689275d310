"""The queries behind a usage dashboard (`docs/specifications/gateway-metrics-query.md` section 13a) over ten million
model calls.
"""

from typing import Any

from bench.compare import Workload, compare


def _of(column: str, *types: str) -> list[dict[str, str]]:
    return [{"type": each, "column": column} for each in types]


_MODELS = {"fieldName": "virtualModelName", "operator": "IS_NULL", "value": True}
_COST = _of("costInUSD", "sum")
_TOKENS = _of("inputTokens", "sum") + _of("outputTokens", "sum")
_BY_HOUR = {"type": "timeseries", "interval": "1 hour", "filters": [_MODELS]}
_RANKING = {"type": "distribution", "aggregations": _COST + _TOKENS, "filters": [_MODELS]}
_QUERIES: dict[str, dict[str, Any]] = {
    "cost, calls, tokens of half a month": {
        "type": "distribution",
        "aggregations": _COST + _TOKENS,
        "filters": [_MODELS],
        "startTs": "2026-01-16T12:00:00Z",
    },
    "… of the half before": {
        "type": "distribution",
        "aggregations": _COST + _TOKENS,
        "filters": [_MODELS],
        "endTs": "2026-01-16T12:00:00Z",
    },
    "top models": {**_RANKING, "groupBy": ["modelName"]},
    "top providers": {**_RANKING, "groupBy": ["providerAccountType"]},
    "top users": {**_RANKING, "groupBy": ["userEmail"]},
    "top virtual accounts": {**_RANKING, "groupBy": ["virtualAccount"]},
    "errors by model and code": {
        "type": "distribution",
        "groupBy": ["modelName", "errorCode"],
        "filters": [_MODELS, {"fieldName": "isFailure", "operator": "EQUAL", "value": True}],
    },
    "latency p50, p90, p99 by hour": {**_BY_HOUR, "aggregations": _of("latencyMs", "p50", "p90", "p99")},
    "time to first token p50, p90, p99 by model by hour": {
        **_BY_HOUR,
        "groupBy": ["modelName"],
        "aggregations": _of("timeToFirstTokenMs", "p50", "p90", "p99"),
    },
    "requests a minute, cost and tokens by team by hour": {
        **_BY_HOUR,
        "groupBy": ["team"],
        "aggregations": _of("modelName", "ratePerMinute") + _COST + _TOKENS,
    },
}
FACTS = """
INSERT INTO model_calls
    (tenant, ts, subject, subject_type, teams, metadata, model_name, virtual_model_name, provider_account_type,
     request_type, input_tokens, output_tokens, cost_in_usd, latency_ms, time_to_first_token_ms, streaming,
     http_status_code, is_failure, error_code)
SELECT 'default', TIMESTAMP '2026-01-01' + to_microseconds((i * {step})::BIGINT),
    CASE WHEN h % 5 = 0 THEN 'service-' || (h // 5 % 40) ELSE 'user' || (h // 5 % 2000) || '@example.com' END,
    CASE WHEN h % 5 = 0 THEN 'virtualaccount' ELSE 'user' END,
    ['team-' || (h // 7 % 20)], MAP {{'env': CASE WHEN h % 5 = 0 THEN 'test' ELSE 'prod' END}},
    'model-' || (h // 11 % 12), CASE WHEN h % 10 = 0 THEN 'smart' END, 'provider-' || (h // 11 % 4),
    CASE WHEN h // 13 % 8 = 0 THEN 'embedding' ELSE 'chat' END,
    (h // 17 % 4000)::BIGINT, (h // 19 % 900)::BIGINT, (h // 23 % 1000) / 100000.0,
    exp(6 + (random() + random() + random() - 1.5)),
    CASE WHEN h // 29 % 2 = 0 THEN exp(4 + (random() + random() - 1)) END, h // 29 % 2 = 0,
    CASE WHEN h // 31 % 50 = 0 THEN 500 ELSE 200 END, h // 31 % 50 = 0,
    CASE WHEN h // 31 % 50 = 0 THEN (500 + h // 37 % 4)::VARCHAR END
FROM (SELECT i, hash(i) AS h FROM range({facts}) AS t(i))
"""

WORKLOAD = Workload("modelMetrics", FACTS, _QUERIES)


def measure() -> str:
    """Each figure is a median of rounds."""
    return compare(
        "Usage dashboard: model calls, over HTTP and as the same SQL on a bare connection", WORKLOAD, (10_000_000,)
    )
