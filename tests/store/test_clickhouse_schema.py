from collections.abc import Iterator

import pytest

from meterd.datasets import DATASETS, MODEL_CALLS, Column, Dataset, Kind
from meterd.store.clickhouse import schema

EVERY = pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)


def statements(dataset: Dataset, cluster: str) -> Iterator[str]:
    yield schema.database_statement("meterd", cluster)
    yield from schema.installations_statements(cluster)
    yield from schema.table_statements(dataset, cluster)
    yield from schema.column_statements(dataset, {"tenant", "ts"}, cluster)


@EVERY
def test_no_member_of_a_line_has_the_name_of_another_column(dataset: Dataset) -> None:
    names = [column.name for column in schema.declared_columns(dataset)]

    assert len(names) == len(set(names))
    assert set(schema.members(dataset)) <= set(names)


@EVERY
def test_with_a_cluster_every_statement_is_for_all_of_its_servers(dataset: Dataset) -> None:
    for statement in statements(dataset, "blue"):
        assert " ON CLUSTER 'blue'" in statement


def test_with_a_cluster_rows_are_in_replicated_tables_and_a_fact_that_comes_twice_in_the_same_shard() -> None:
    local, distributed = schema.table_statements(MODEL_CALLS, "blue")

    assert "`model_calls_local`" in local
    assert (
        "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', "
        "fact_version, fact_deleted)" in local
    )
    assert "replicated_deduplication_window_seconds = 604800" in local
    assert distributed == (
        "CREATE TABLE IF NOT EXISTS `model_calls` ON CLUSTER 'blue' AS `model_calls_local` ENGINE = "
        "Distributed('blue', currentDatabase(), 'model_calls_local', cityHash64(fact_identity))"
    )


def test_columns_that_are_missing_are_added_to_every_table_of_a_dataset() -> None:
    there = {column.name for column in schema.declared_columns(MODEL_CALLS)} - {"cost_in_usd", "costInUSD"}

    (added,) = schema.column_statements(MODEL_CALLS, there, "")
    assert added == (
        "ALTER TABLE `model_calls` ADD COLUMN IF NOT EXISTS `costInUSD` Nullable(Float64) EPHEMERAL, "
        "ADD COLUMN IF NOT EXISTS `cost_in_usd` Nullable(Float64) DEFAULT `costInUSD` CODEC(ZSTD(1))"
    )
    assert ["model_calls_local", "model_calls"] == [
        statement.split("`")[1] for statement in schema.column_statements(MODEL_CALLS, there, "blue")
    ]
    assert schema.column_statements(MODEL_CALLS, there | {"cost_in_usd", "costInUSD"}, "") == []


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        (Column("x", Kind.TEXT, ""), "Nullable(String)"),
        (Column("x", Kind.TEXT, "", few=True), "LowCardinality(Nullable(String))"),
        (Column("x", Kind.TEXT, "", allowed=("a", "b")), "LowCardinality(Nullable(String))"),
        (Column("x", Kind.TEXTS, ""), "Array(String)"),
        (Column("x", Kind.TEXTS, "", few=True), "Array(LowCardinality(String))"),
        (Column("x", Kind.UNSIGNED, ""), "Nullable(UInt64)"),
        (Column("x", Kind.TIME, ""), "Nullable(DateTime64(6, 'UTC'))"),
        (Column("ts", Kind.TIME, ""), "DateTime64(6, 'UTC')"),
    ],
)
def test_texts_of_few_different_ones_are_kept_as_numbers_of_them(column: Column, type_: str) -> None:
    assert schema.type_of(column) == type_


def test_ids_are_not_declared_to_be_few() -> None:
    ids = {"trace_id", "span_id", "conversation_id", "record_id", "point_id", "session_id", "message", "exception_msg"}

    for dataset in DATASETS.values():
        assert not [column.name for column in dataset.columns if column.few and column.name in ids]
