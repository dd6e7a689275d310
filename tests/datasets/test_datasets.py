import re
from pathlib import Path
from typing import Any

import pytest

from meterd.datasets import (
    API_REQUESTS,
    COMMON,
    DATASETS,
    METER_EVENTS,
    MODEL_CALLS,
    PROCESS_RUNS,
    QUEUE_SAMPLES,
    ROUTING_DECISIONS,
    SESSION_METRICS,
    Dataset,
    Kind,
)
from meterd.ingest.admission import admission
from meterd.store import DuckDBStore, Lines

EACH = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
OF_PERSONS = {"subject", "user", "person", "email", "mail", "owner", "author", "customer", "employee", "by"}
TEXT, NUMBER, INTEGER, BOOLEAN = Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN
GATEWAY_MEMBERS = {
    "createdAt": Kind.TIME,
    "createdBySubjectSlug": TEXT,
    "createdBySubjectType": TEXT,
    "teams": Kind.TEXTS,
    "metadata": Kind.TEXT_MAP,
    "traceId": TEXT,
    "spanId": TEXT,
    "createdBySubjectId": TEXT,
    "conversationId": TEXT,
}


def members(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


OWN_MEMBERS: dict[str, dict[str, Kind]] = {  # docs/specifications/gateway-metrics-query.md section 12
    "guardrail_evaluations": {
        **members(
            TEXT,
            "guardrailId guardrailName guardrailFqn guardrailResult appliedOnEntityScope "
            "appliedOnEntityType appliedOnEntityId appliedOnEntityName appliedOnEntityFqn providerAccountId "
            "providerIntegrationType guardrailNativeResult",
        ),
        "latencyMs": NUMBER,
        "isFailure": BOOLEAN,
    },
    "model_calls": {
        **members(
            TEXT,
            "modelName modelId requestedModelName providerModelName virtualModelName virtualModelSlug "
            "virtualModelId requestType providerAccountType providerIntegrationType errorType errorCode "
            "cacheType cacheNamespace cacheLookupStatus",
        ),
        **members(
            INTEGER,
            "virtualModelTargetAttempt inputTokens outputTokens cacheReadInputTokens "
            "cacheCreationInputTokens httpStatusCode",
        ),
        **members(
            NUMBER,
            "costInUSD potentialCostSavings latencyMs timeToFirstTokenMs interTokenLatencyMs "
            "timePerOutputTokenLatencyMs cacheLookupLatencyMs semanticCacheSimilarityScore "
            "semanticCacheSimilarityThreshold",
        ),
        **members(BOOLEAN, "streaming isFailure cacheHit"),
        "appliedConfigIds": Kind.TEXT_MAP,
    },
    "mcp_calls": {
        **members(TEXT, "mcpServerId mcpServerName mcpServerUrl method toolName"),
        **members(INTEGER, "httpStatusCode errorCode"),
        **members(BOOLEAN, "isToolCallExecutionError isCached"),
        "latencyMs": NUMBER,
    },
    "routing_decisions": {
        **members(
            TEXT,
            "configType ruleId resolvedRuleId loadbalanceRuleId ratelimitRuleId budgetRuleId "
            "requestedModel targetModel loadbalanceType loadbalanceFirstTarget loadbalanceFinalTarget status",
        ),
        "loadbalanceTargetAttemptCount": INTEGER,
    },
    "gateway_requests": {
        **members(TEXT, "requestType spanType requestMethod requestPath agentName agentFramework agentServerType"),
        "latencyMs": NUMBER,
        "httpStatusCode": INTEGER,
        **members(BOOLEAN, "streaming isFailure"),
    },
}


def test_datasets_are_known_by_their_names() -> None:
    assert [dataset.name for dataset in DATASETS.values()] == list(DATASETS)


@EACH
def test_every_dataset_has_the_common_columns(dataset: Dataset) -> None:
    assert dataset.columns[: len(COMMON)] == COMMON


@EACH
def test_names_are_plain_and_unique(dataset: Dataset) -> None:
    names = [column.name for column in dataset.columns]
    members = [column.member for column in dataset.columns]

    assert [name for name in (dataset.name, *names) if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []
    assert len(set(names)) == len(names)
    assert len(set(members)) == len(members)
    assert "tenant" not in names + members


@EACH
def test_everything_is_described(dataset: Dataset) -> None:
    assert dataset.description
    assert [column.name for column in dataset.columns if not column.description] == []


@EACH
def test_what_is_called_after_a_person_is_declared_to_name_one(dataset: Dataset) -> None:
    """So that whoever is forgotten is forgotten there, too. A type of persons is none."""
    called = [each for each in dataset.columns if OF_PERSONS & {*each.name.split("_")} and not each.allowed]

    assert {"subject"} <= {column.name for column in called}
    assert [column.name for column in called if not column.names_person] == []


@EACH
def test_an_identity_is_made_of_text_columns(dataset: Dataset) -> None:
    assert [name for name in dataset.identity if dataset.by_name[name].kind is not Kind.TEXT] == []


@pytest.mark.parametrize("name", OWN_MEMBERS)
def test_facts_of_a_gateway_have_the_members_of_the_wire(name: str) -> None:
    found = {column.member: column.kind for column in DATASETS[name].columns}

    assert found == GATEWAY_MEMBERS | OWN_MEMBERS[name]


@pytest.mark.parametrize("name", OWN_MEMBERS)
def test_facts_of_a_gateway_are_told_apart_by_trace_and_span(name: str) -> None:
    assert DATASETS[name].identity == ("trace_id", "span_id")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"latency_ms": 1100.0, "time_to_first_token_ms": 100.0, "output_tokens": 11}, 100.0),
        ({"latency_ms": 1100.0, "time_to_first_token_ms": 100.0, "output_tokens": 2}, 1000.0),
        ({"latency_ms": 1100.0, "time_to_first_token_ms": 100.0, "output_tokens": 1}, None),
        ({"latency_ms": 1100.0, "time_to_first_token_ms": 100.0, "output_tokens": 0}, None),
        ({"latency_ms": 1100.0, "output_tokens": 11}, None),
        ({"latency_ms": 1100.0, "time_to_first_token_ms": 100.0}, None),
        ({"time_to_first_token_ms": 100.0, "output_tokens": 11}, None),
        (
            {
                "latency_ms": 1.0,
                "time_to_first_token_ms": 1.0,
                "output_tokens": 1,
                "time_per_output_token_latency_ms": 7.0,
            },
            7.0,
        ),
    ],
)
def test_the_time_for_an_output_token_is_derived_when_it_is_not_sent(
    known: dict[str, Any], expected: float | None
) -> None:
    row = MODEL_CALLS.row_type(**known)

    admission(MODEL_CALLS).require(row)

    assert row.time_per_output_token_latency_ms == expected


@pytest.mark.parametrize(
    ("config_type", "name"),
    [
        ("loadbalance", "loadbalance_rule_id"),
        ("load-balance", "loadbalance_rule_id"),
        ("LOAD_BALANCE", "loadbalance_rule_id"),
        ("rate limit", "ratelimit_rule_id"),
        ("ratelimit", "ratelimit_rule_id"),
        ("budget", "budget_rule_id"),
        ("", None),
        ("guardrail", None),
    ],
)
def test_a_rule_id_is_known_under_the_name_for_its_kind(config_type: str, name: str | None) -> None:
    row = ROUTING_DECISIONS.row_type(config_type=config_type, rule_id="r-1")

    admission(ROUTING_DECISIONS).require(row)

    ids = ("loadbalance_rule_id", "ratelimit_rule_id", "budget_rule_id")
    assert {each: getattr(row, each) for each in ids} == dict.fromkeys(ids) | ({name: "r-1"} if name else {})


def test_an_id_that_is_sent_is_kept() -> None:
    row = ROUTING_DECISIONS.row_type(config_type="budget", rule_id="r-1", budget_rule_id="b-1")

    admission(ROUTING_DECISIONS).require(row)

    assert row.budget_rule_id == "b-1"


@pytest.mark.parametrize(
    ("dataset", "values"),
    [
        (MODEL_CALLS, {"latency_ms": 9.0, "time_to_first_token_ms": 1.0, "output_tokens": 5}),
        *((ROUTING_DECISIONS, {"config_type": kind, "rule_id": "r"}) for kind in ("load", "rate", "budget")),
        (SESSION_METRICS, {"metric_type": "histogram", "details": '{"buckets": [{"le": 1, "count": 2}]}'}),
        (API_REQUESTS, {}),
        (PROCESS_RUNS, {}),
        (QUEUE_SAMPLES, {"value": 2.0}),
    ],
)
def test_what_is_derived_is_declared(dataset: Dataset, values: dict[str, Any]) -> None:
    known = {column.name: values.get(column.name) for column in dataset.columns}
    row = dataset.row_type(**known)

    assert dataset.derive is not None
    dataset.derive(row)
    changed = {name for name, value in known.items() if getattr(row, name) != value}

    assert changed
    assert changed <= {column.name for column in dataset.columns if column.derived}


@EACH
def test_nothing_is_derived_where_nothing_derives(dataset: Dataset) -> None:
    assert dataset.derive or not any(column.derived for column in dataset.columns)


def test_meter_events_are_all_distinct() -> None:
    assert METER_EVENTS.identity == ()


@EACH
def test_a_store_can_keep_a_row_of_every_dataset(dataset: Dataset, tmp_path: Path) -> None:
    members = ['"createdAt":"2026-01-02T03:04:05Z"']
    members += [f'"{column.member}":1' for column in dataset.columns if column.required and column.kind.is_numeric]
    members += [
        f'"{column.member}":"1"' for column in dataset.columns if column.required and not column.kind.is_numeric
    ]
    store = DuckDBStore(tmp_path / "store.duckdb")
    try:
        store.create([dataset])
        store.append([Lines(dataset, "acme", "{" + ",".join(members) + "}", 1)], 1)
        assert store.select(f"SELECT tenant, teams, metadata FROM {dataset.name}", (), 10) == [("acme", [], {})]
    finally:
        store.close()
