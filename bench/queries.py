"""(c) Queries over HTTP at a million and ten million facts, beside the same SQL on a bare DuckDB connection."""

from typing import Any

from bench.compare import Workload, compare

_BY_GUARDRAIL = {"groupBy": ["guardrailName"]}
_QUERIES: dict[str, dict[str, Any]] = {
    "outcomes by guardrail": {
        "type": "distribution",
        "groupBy": ["guardrailName", "guardrailResult"],
        "aggregations": [{"type": "count", "column": "guardrailName"}],
    },
    "p50, p90, p99 by guardrail": {
        "type": "distribution",
        **_BY_GUARDRAIL,
        "aggregations": [{"type": each, "column": "latencyMs"} for each in ("p50", "p90", "p99")],
    },
    "p99 by guardrail by hour": {
        "type": "timeseries",
        "interval": "1 hour",
        **_BY_GUARDRAIL,
        "aggregations": [{"type": "p99", "column": "latencyMs"}],
    },
    "failures by hour": {
        "type": "timeseries",
        "interval": "1 hour",
        "filters": [{"fieldName": "guardrailResult", "operator": "IN", "value": ["fail"]}],
    },
    "slow evaluations": {
        "type": "distribution",
        **_BY_GUARDRAIL,
        "aggregations": [{"type": "avg", "column": "latencyMs"}],
        "filters": [{"fieldName": "latencyMs", "operator": "GREATER_THAN", "value": 500}],
    },
    "volume by team by day": {"type": "timeseries", "interval": "1 day", "groupBy": ["team"]},
}
FACTS = """
INSERT INTO guardrail_evaluations
    (tenant, ts, subject, subject_type, teams, metadata, guardrail_name, latency_ms, guardrail_result,
     applied_on_entity_scope, is_failure)
SELECT 'default', TIMESTAMP '2026-01-01' + to_microseconds((i * {step})::BIGINT),
    'user' || (i % 500) || '@example.com', 'user', ['team-' || (i % 20)],
    MAP {{'env': CASE WHEN i % 5 = 0 THEN 'test' ELSE 'prod' END}},
    'group/guardrail-' || (hash(i) % 20), exp(3 + (random() + random() + random() - 1.5)),
    CASE WHEN hash(i) % 10 < 8 THEN 'pass' WHEN hash(i) % 10 = 8 THEN 'fail' ELSE 'mutate' END,
    CASE WHEN i % 2 = 0 THEN 'input' ELSE 'output' END, false
FROM range({facts}) AS t(i)
"""

WORKLOAD = Workload("guardrailMetrics", FACTS, _QUERIES)


def measure() -> str:
    """Each figure is a median of rounds."""
    return compare("Queries: over HTTP and as the same SQL on a bare connection", WORKLOAD, (1_000_000, 10_000_000))
