"""One request with a valid token that asks for too much: it is refused, and nobody else notices."""

import gzip
import json
from typing import Any

import pytest

from tests.attacks.conftest import Party
from tests.process import METRICS

WHOLE = {
    "startTs": "1970-01-01T00:00:00Z",
    "endTs": "2100-01-01T00:00:00Z",
    "type": "distribution",
    "datasource": "guardrailMetrics",
}
FILTER = {"metadataKey": "k", "operator": "EQUAL", "value": "v"}
DEEP = b"[" * 100_000
BOMB = gzip.compress(bytes(200_000_000), 1)
QUESTIONS: dict[str, Any] = {
    "filters": WHOLE | {"filters": [FILTER | {"metadataKey": f"k{number}"} for number in range(5_000)]},
    "values": WHOLE | {"filters": [FILTER | {"operator": "IN", "value": [str(number) for number in range(50_000)]}]},
    "groups": WHOLE | {"groupBy": [f"metadata.k{number}" for number in range(600)]},
    "aggregations": WHOLE | {"aggregations": [{"type": "count", "column": f"metadata.k{n}"} for n in range(2_000)]},
    "buckets": WHOLE | {"type": "timeseries", "interval": 1, "intervalUnit": "second"},
    "name": WHOLE | {"groupBy": ["metadata." + "x" * 500_000]},
}
CONTEXT = {"actor": "user", "agent_id": "a", "platform": "p"}
ADDRESSES = [
    "/metric",
    "/classifications/v1",
    f"{METRICS}/query",
    f"{METRICS}/ingest?datasource=guardrailMetrics",
    "/ingest/litellm",
    "/v1/traces",
    "/v1/metrics",
    "/api/sessions",
    "/api/object/v1/private",
    "/api/calendar/v1/private",
]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_bounded(shared: object, attacker: Party, name: str) -> None:
    response = attacker.send("POST", f"{METRICS}/query", json=QUESTIONS[name])

    assert response.status_code in (400, 413)
    assert len(response.content) < 5_000


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_body_that_is_nested_without_end_is_refused(shared: object, attacker: Party, path: str) -> None:
    response = attacker.send("POST", path, content=DEEP, headers={"Content-Type": "application/json"})

    assert response.status_code in (400, 413)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_body_that_is_packed_small_is_not_unpacked_large(shared: object, attacker: Party, path: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    assert attacker.send("POST", path, content=BOMB, headers=headers).status_code in (400, 413)


@pytest.mark.parametrize(
    "parameters",
    [
        {"_filter": "(" * 50_000},
        {"_filter": " or ".join(f"key='{n}'" for n in range(20_000))},
        {"_filter": json.dumps({"$or": [{"key": str(n)} for n in range(20_000)]})},
        {"_limit": "9" * 400},
        {"_metric": "ODSLRequest/ReadRequests", "_range": "between(1,9999)", "_calendar": "#PT1S"},
        {"_project": "{" * 50_000},
        {"_sort": "a," * 20_000},
    ],
    ids=lambda parameters: str(parameters)[:40],
)
def test_parameters_are_bounded(shared: object, attacker: Party, parameters: dict[str, str]) -> None:
    body = "&".join(f"{name}={value}" for name, value in parameters.items())
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = attacker.send("GET", "/api/object/v1", content=body, headers=headers)

    assert response.status_code in (400, 413)
    assert len(response.content) < 5_000


@pytest.mark.parametrize(
    "members",
    [
        {"context": CONTEXT | {f"k{number}": "v" for number in range(400_000)}},
        {"classifierDescription": {"type": "codes", "codes": ["phonenumber"] * 200_000}},
        {"text": "a" * (70 * 2**20)},
    ],
    ids=lambda members: next(iter(members)),
)
def test_a_text_to_classify_is_bounded(shared: object, attacker: Party, members: dict[str, Any]) -> None:
    usual = {"context": CONTEXT, "classifierDescription": {"type": "default"}, "structured": False, "text": "x"}

    assert 400 == attacker.send("POST", "/classifications/v1", json=usual | members).status_code
