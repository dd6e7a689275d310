"""Facts in ClickHouse as files of Parquet, which the engine itself writes and reads."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

from clickhouse_connect.driver.client import Client

from meterd.datasets import Dataset
from meterd.failpoints import reach
from meterd.store.base import StoreError, Unreadable
from meterd.store.clickhouse import inserting, schema
from meterd.store.clickhouse.connections import Connections, Setting
from meterd.store.fact_files import Month
from meterd.store.parquet import columns_of, count_rows

_CHUNK = 2**20
"""Bytes that are read at once."""
_COMPARED_AT_ONCE = 1_000_000
"""Facts of a file that are compared with those of the store in one statement."""
_READ: dict[str, Setting] = {
    "final": 1,
    "output_format_parquet_string_as_string": 1,
    "output_format_parquet_compression_method": "zstd",
}
_FILL: dict[str, Setting] = {
    "async_insert": 0,
    "input_format_parquet_allow_missing_columns": 1,
    "input_format_null_as_default": 1,
}
_STAGE = "meterd_import"
"""The table that holds a file while it is compared; one import at a time has it."""


class ClickHouseFiles:
    """Files of the facts in the database of `connections`, on one server or in all shards of a `cluster`.

    Facts that have an identity of their own are there once, in whichever way they come. Of others, what was added keeps
    the identity that its values and its number among equal ones make.
    """

    def __init__(self, connections: Connections, cluster: str) -> None:
        self._connections = connections
        self._inserting: dict[str, Setting] = inserting.IN_CLUSTER if cluster else {}

    def months(self, dataset: Dataset) -> dict[Month, int]:
        with self._connections.client() as client:
            found = client.query(
                f"SELECT toYYYYMM(ts) AS month, count() FROM `{dataset.name}` GROUP BY month ORDER BY month",
                settings={"final": 1},
            ).result_rows
        return {Month(month // 100, month % 100): int(count) for month, count in found}

    def write(self, dataset: Dataset, month: Month, path: Path) -> int:
        selected = f"SELECT {_names(dataset)} FROM `{dataset.name}` WHERE {_within(month.begin, month.last_day)}"
        with self._connections.client() as client, path.open("wb") as file:
            stream = client.raw_stream(selected, fmt="Parquet", settings=_READ)
            shutil.copyfileobj(cast("BinaryIO", stream), file, _CHUNK)
        if missing := {"tenant", *dataset.by_name} - columns_of(path):
            raise StoreError(f"{path} lacks columns: {', '.join(sorted(missing))}")
        return count_rows(path)

    def add(self, dataset: Dataset, month: Month, path: Path) -> int:
        self._check_columns(dataset, path)
        with self._connections.client() as client, _stage(client, dataset):
            with path.open("rb") as file:
                client.raw_insert(_STAGE, insert_block=file, fmt="Parquet", settings=_FILL)
            staged = _count(client, _STAGE, "1")
            if staged != count_rows(path):
                raise StoreError(f"{staged} facts of {path} were read, and it has another number")
            if _count(client, _STAGE, f"{_within(month.begin, month.last_day)} AND tenant != ''") != staged:
                raise Unreadable(f"{path} holds facts without a tenant, or of another month than {month}")
            before = _count(client, dataset.name, _within(month.begin, month.last_day))
            reach("before-file-commit")
            for first, last in _portions(client, month, staged):
                client.command(_addition(dataset, first, last), settings=self._inserting | {"final": 1})
            return _count(client, dataset.name, _within(month.begin, month.last_day)) - before

    def close(self) -> None:
        self._connections.close()

    def _check_columns(self, dataset: Dataset, path: Path) -> None:
        there = columns_of(path)
        if unknown := there - {"tenant", *dataset.by_name}:
            raise Unreadable(f"{path} has columns that this version does not know: {', '.join(sorted(unknown))}")
        if missing := {"tenant", "ts"} - there:
            raise Unreadable(f"{path} has no column {', '.join(sorted(missing))}")


@contextmanager
def _stage(client: Client, dataset: Dataset) -> Iterator[None]:
    """Have an empty table for the facts of a file within the block."""
    columns = ", ".join(f"`{column.name}` {schema.type_of(column)}" for column in dataset.columns)
    client.command(f"DROP TABLE IF EXISTS {_STAGE}")
    client.command(f"CREATE TABLE {_STAGE} (tenant LowCardinality(String), {columns}) ENGINE = MergeTree ORDER BY ts")
    try:
        yield
    finally:
        client.command(f"DROP TABLE IF EXISTS {_STAGE}")


def _addition(dataset: Dataset, first: date, last: date) -> str:
    """Return SQL that adds the staged facts of some days that the store has less often."""
    names, within = _names(dataset), _within(first, last)
    columns = ", ".join(f"`{name}`" for name in dataset.by_name)
    known = f"SELECT told, row_number() OVER (PARTITION BY told) FROM ({_told(dataset, dataset.name, within)})"
    return (
        f"INSERT INTO `{dataset.name}` (tenant, {schema.PLACE}, {columns}) "
        f"SELECT tenant, reinterpretAsUUID(sipHash128(told, number)), {columns} FROM ("
        f"SELECT {names}, told, row_number() OVER (PARTITION BY told) AS number FROM ("
        f"{_told(dataset, _STAGE, within)})) WHERE (told, number) NOT IN ({known})"
    )


def _told(dataset: Dataset, table: str, condition: str) -> str:
    """Return SQL for facts, each with a digest of all that it tells."""
    names = _names(dataset)
    digest = f"sipHash128(toString(tuple('{dataset.name}', {names})))"
    return f"SELECT {names}, {digest} AS told FROM `{table}` WHERE {condition}"


def _portions(client: Client, month: Month, staged: int) -> list[tuple[date, date]]:
    """Return first and last days that have all staged facts between them."""
    if staged <= _COMPARED_AT_ONCE:
        return [(month.begin, month.last_day)]
    day = "substring(toString(ts), 1, 10)"  # its type of a date begins in 1970
    found = client.query(f"SELECT DISTINCT {day} AS day FROM {_STAGE} ORDER BY day").result_rows
    days = [date.fromisoformat(text) for (text,) in found]
    return [(day, day) for day in days]


def _count(client: Client, table: str, condition: str) -> int:
    final = {"final": 1} if table != _STAGE else {}
    return int(client.query(f"SELECT count() FROM `{table}` WHERE {condition}", settings=final).result_rows[0][0])


def _names(dataset: Dataset) -> str:
    return ", ".join(f"`{name}`" for name in ("tenant", *dataset.by_name))


def _within(first: date, last: date) -> str:
    """Return the condition for facts of some days."""
    return (
        f"ts >= toDateTime64('{first} 00:00:00', 6, 'UTC') AND ts <= toDateTime64('{last} 23:59:59.999999', 6, 'UTC')"
    )
