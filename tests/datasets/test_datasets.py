import re
from pathlib import Path

import pytest

from meterd.datasets import COMMON, DATASETS, GUARDRAIL_EVALUATIONS, METER_EVENTS, Dataset, Kind
from meterd.store import DuckDBStore, Lines

EACH = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
GUARDRAIL_MEMBERS = {  # gateway-metrics-query.md section 12
    "createdAt": Kind.TIME,
    "traceId": Kind.TEXT,
    "spanId": Kind.TEXT,
    "createdBySubjectSlug": Kind.TEXT,
    "createdBySubjectType": Kind.TEXT,
    "createdBySubjectId": Kind.TEXT,
    "teams": Kind.TEXTS,
    "metadata": Kind.TEXT_MAP,
    "conversationId": Kind.TEXT,
    "guardrailId": Kind.TEXT,
    "guardrailName": Kind.TEXT,
    "guardrailFqn": Kind.TEXT,
    "latencyMs": Kind.NUMBER,
    "guardrailResult": Kind.TEXT,
    "isFailure": Kind.BOOLEAN,
    "appliedOnEntityScope": Kind.TEXT,
    "appliedOnEntityType": Kind.TEXT,
    "appliedOnEntityId": Kind.TEXT,
    "appliedOnEntityName": Kind.TEXT,
    "appliedOnEntityFqn": Kind.TEXT,
    "providerAccountId": Kind.TEXT,
    "providerIntegrationType": Kind.TEXT,
}


def test_datasets_are_known_by_their_names() -> None:
    assert {"guardrail_evaluations": GUARDRAIL_EVALUATIONS, "meter_events": METER_EVENTS} == DATASETS


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
def test_an_identity_is_made_of_text_columns(dataset: Dataset) -> None:
    assert [name for name in dataset.identity if dataset.by_name[name].kind is not Kind.TEXT] == []


def test_guardrail_evaluations_have_the_members_of_the_wire() -> None:
    assert {column.member: column.kind for column in GUARDRAIL_EVALUATIONS.columns} == GUARDRAIL_MEMBERS


def test_a_guardrail_evaluation_is_told_from_another_by_trace_and_span() -> None:
    assert GUARDRAIL_EVALUATIONS.identity == ("trace_id", "span_id")


def test_meter_events_are_all_distinct() -> None:
    assert METER_EVENTS.identity == ()


@EACH
def test_a_store_can_keep_a_row_of_every_dataset(dataset: Dataset, tmp_path: Path) -> None:
    members = [f'"{column.member}":1' for column in dataset.columns if column.required and column.kind.is_numeric]
    members += [
        f'"{column.member}":"1"' for column in dataset.columns if column.required and not column.kind.is_numeric
    ]
    store = DuckDBStore(tmp_path / "store.duckdb")
    try:
        store.create([dataset])
        store.append([Lines(dataset, "acme", "{" + ",".join(members) + "}")], 1)
        assert store.select(f"SELECT tenant, teams, metadata FROM {dataset.name}", (), 10) == [("acme", [], {})]
    finally:
        store.close()
