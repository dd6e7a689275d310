"""Tables of ClickHouse, generated from the declarations of datasets.

A table has the columns of its dataset, which lines of JSON fill by their members: a member whose name is another one
than its column's is a column that is not kept (`EPHEMERAL`). One row is kept of each identity (`fact_identity`): that
of the highest version, or none when that one says that the fact became a part of another.
"""

from collections.abc import Collection, Sequence

import msgspec

from meterd.datasets import Column, Dataset, Kind

IDENTITY, PLACE, VERSION, DELETED = "fact_identity", "fact_place", "fact_version", "fact_deleted"
"""Columns beside those of a dataset. The place is what tells a fact without an identity of its own from all others."""
LOCAL = "_local"
"""What the names of tables that hold a shard's rows end in; those of all shards together have the plain names."""
INSTALLATIONS = "meterd_installations"

_TYPES = {
    Kind.TEXT: "Nullable(String)",
    Kind.JSON: "Nullable(String)",
    Kind.NUMBER: "Nullable(Float64)",
    Kind.INTEGER: "Nullable(Int64)",
    Kind.UNSIGNED: "Nullable(UInt64)",
    Kind.BOOLEAN: "Nullable(Bool)",
    Kind.TIME: "Nullable(DateTime64(6, 'UTC'))",
    Kind.TEXTS: "Array(String)",
    Kind.NUMBERS: "Array(Nullable(Float64))",
    Kind.TEXT_MAP: "Map(LowCardinality(String), String)",
}
_FEW = {Kind.TEXT: "LowCardinality(Nullable(String))", Kind.TEXTS: "Array(LowCardinality(String))"}
"""Types of columns that have few different values (`Column.few`)."""
_CODECS = {
    Kind.INTEGER: "T64, ZSTD(1)",
    Kind.UNSIGNED: "T64, ZSTD(1)",
    Kind.TIME: "Delta, ZSTD(1)",
}
_CODEC = "ZSTD(1)"
_TIME = "DateTime64(6, 'UTC')"
_NO_TIME = "fromUnixTimestamp64Micro(-62135596800000001, 'UTC')"
"""What stands for a missing time: a microsecond before the year 1, in which no fact is."""
_IS_TIME = (
    f"ts > {_NO_TIME} AND (ts >= toDateTime64('1970-01-01 00:00:00', 6, 'UTC') "
    "OR ifNull(toYear(toDateTime64OrNull('0001-01-01 00:00:00', 6, 'UTC')) = 1, 0))"
)
"""Where an engine has no times before 1900, and reads another one instead, those before 1970 are refused."""
_TOKENS = 10_000
"""Insertions that a table remembers, so that one that is repeated costs nothing."""
_TOKEN_SECONDS = 7 * 86_400
_DURABLE = {"fsync_after_insert": 1, "fsync_part_directory": 1}
"""What is acknowledged is on disk, so that the journal may forget it."""
_MERGED = {"min_age_to_force_merge_seconds": 3600, "min_age_to_force_merge_on_partition_only": 1}
"""Months that get no more facts become one part each, of which reading one row of each identity costs nothing."""


class Declared(msgspec.Struct, frozen=True):
    """A column of a table, and how it is declared."""

    name: str
    declaration: str

    def __str__(self) -> str:
        return f"`{self.name}` {self.declaration}"


def database_statement(database: str, cluster: str) -> str:
    return f"CREATE DATABASE IF NOT EXISTS `{database}`{everywhere(cluster)}"


def table_statements(dataset: Dataset, cluster: str) -> list[str]:
    """Return SQL that creates the table of a dataset where it is missing."""
    columns = ", ".join(map(str, declared_columns(dataset)))
    time = f"CONSTRAINT fact_has_time CHECK {_IS_TIME}"
    settings = _DURABLE | _MERGED | {"ttl_only_drop_parts": 1, "non_replicated_deduplication_window": _TOKENS}
    if cluster:
        settings |= {
            "replicated_deduplication_window": _TOKENS,
            "replicated_deduplication_window_seconds": _TOKEN_SECONDS,
        }
    local = (
        f"CREATE TABLE IF NOT EXISTS `{stored_in(dataset, cluster)}`{everywhere(cluster)} ({columns}, {time}) "
        f"ENGINE = {_engine(cluster)} PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts, {IDENTITY}) "
        f"SETTINGS {', '.join(f'{name} = {value}' for name, value in settings.items())}"
    )
    return [local, _distributed(dataset.name, cluster)] if cluster else [local]


def installations_statements(cluster: str) -> list[str]:
    """Return SQL for the table that says whose facts a database holds."""
    name = f"{INSTALLATIONS}{LOCAL}" if cluster else INSTALLATIONS
    path = "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
    local = (
        f"CREATE TABLE IF NOT EXISTS `{name}`{everywhere(cluster)} (installation String, fact_identity UUID) "
        f"ENGINE = {path if cluster else 'MergeTree'} ORDER BY installation"
    )
    return [local, _distributed(INSTALLATIONS, cluster)] if cluster else [local]


def column_statements(dataset: Dataset, there: Collection[str], cluster: str) -> list[str]:
    """Return SQL that adds the columns that a table lacks: they were declared since it was created."""
    missing = [column for column in declared_columns(dataset) if column.name not in there]
    if not missing:
        return []
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {column}" for column in missing)
    tables = [stored_in(dataset, cluster), dataset.name] if cluster else [dataset.name]
    return [f"ALTER TABLE `{table}`{everywhere(cluster)} {added}" for table in tables]


def stored_in(dataset: Dataset, cluster: str) -> str:
    """Return the table that holds rows itself."""
    return f"{dataset.name}{LOCAL}" if cluster else dataset.name


def declared_columns(dataset: Dataset) -> list[Declared]:
    """Return every column of the table of a dataset: those that lines fill come first, as others follow from them."""
    columns = [Declared("tenant", f"LowCardinality(String) CODEC({_CODEC})")]
    for column in dataset.columns:
        columns += _declared(column)
    return [
        *columns,
        Declared(PLACE, "UUID EPHEMERAL"),
        Declared(IDENTITY, f"UUID DEFAULT {_identity(dataset)} CODEC({'NONE' if dataset.identity else _CODEC})"),
        Declared(VERSION, f"UInt64 DEFAULT 0 CODEC({_CODEC})"),
        Declared(DELETED, f"UInt8 DEFAULT 0 CODEC({_CODEC})"),
    ]


def members(dataset: Dataset) -> Sequence[str]:
    """Return the columns that a line fills: the tenant, its place, and its own members."""
    return ["tenant", PLACE, *(column.member for column in dataset.columns)]


def type_of(column: Column) -> str:
    if column.name == "ts":
        return _TIME
    is_few = column.few or bool(column.allowed)
    return _FEW.get(column.kind, _TYPES[column.kind]) if is_few else _TYPES[column.kind]


def _declared(column: Column) -> list[Declared]:
    type_, codec = type_of(column), f"CODEC({_CODECS.get(column.kind, _CODEC)})"
    if column.member == column.name:
        return [Declared(column.name, f"{type_} {codec}")]
    sent = f"{_TIME} EPHEMERAL {_NO_TIME}" if column.name == "ts" else f"{_TYPES[column.kind]} EPHEMERAL"
    return [
        Declared(column.member, sent),  # JSON is read into plain text several times as fast as into numbers of texts
        Declared(column.name, f"{type_} DEFAULT `{column.member}` {codec}"),
    ]


def _identity(dataset: Dataset) -> str:
    """Return SQL for what tells a fact from all others, the same whichever node sends it and however often.

    A subject is a part of it: nobody can take the place of another one's fact.
    """
    if not dataset.identity:
        return PLACE
    missing = " OR ".join(f"isNull(`{name}`)" for name in dataset.identity)
    subject = [f"ifNull(`{name}`, '')" for name in ("subject", "subject_type")]
    values = ", ".join(
        [f"'{dataset.name}'", "tenant", *subject, *(f"ifNull(`{name}`, '')" for name in dataset.identity)]
    )
    return f"if({missing}, {PLACE}, reinterpretAsUUID(sipHash128({values})))"


def _engine(cluster: str) -> str:
    if not cluster:
        return f"ReplacingMergeTree({VERSION}, {DELETED})"
    place = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
    return f"ReplicatedReplacingMergeTree({place}, {VERSION}, {DELETED})"


def _distributed(name: str, cluster: str) -> str:
    """Return SQL for the table of all shards. A fact that comes twice must come to the same one."""
    return (
        f"CREATE TABLE IF NOT EXISTS `{name}`{everywhere(cluster)} AS `{name}{LOCAL}` "
        f"ENGINE = Distributed('{cluster}', currentDatabase(), '{name}{LOCAL}', cityHash64({IDENTITY}))"
    )


def everywhere(cluster: str) -> str:
    """Return what lets a statement be for all servers of a cluster."""
    return f" ON CLUSTER '{cluster}'" if cluster else ""
