"""The queries of the other tables on DuckDB and on ClickHouse side by side: the same facts, over HTTP and bare.

ClickHouse's engine runs in the process that asks it (`chdb:`): it is the engine of a server without the way there.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import clickhouse_connect
import duckdb

from bench import dashboard, queries, servers
from bench.compare import MONTH, Workload, ask, compiled, fill, medians, run_bare
from bench.tables import table
from meterd.datasets import DATASETS, Dataset
from meterd.store.addresses import Embedded
from meterd.store.clickhouse.store import ClickHouseStore

_FACTS = 10_000_000
_MEMORY, _PATIENCE = 1_000_000_000, 60.0
_TIME = 60.0


def measure(facts: int = _FACTS) -> str:
    """Each figure is a median of rounds; a ratio is what ClickHouse takes to what DuckDB takes."""
    rows = [row for workload in (queries.WORKLOAD, dashboard.WORKLOAD) for row in _measure(workload, facts)]
    columns = ("query", "rows", "DuckDB bare", "ClickHouse bare", "ratio", "DuckDB HTTP", "ClickHouse HTTP", "ratio")
    return table(f"Both engines: {facts:,} facts, milliseconds", columns, rows)


def _measure(workload: Workload, facts: int) -> Iterator[tuple[object, ...]]:
    """Rounds alternate between all four, so that other work on the machine meets each."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder, contextlib.ExitStack() as stack:
        one, other = Path(folder) / "duckdb", Path(folder) / "clickhouse"
        file, bare = one / "store.duckdb", Path(folder) / "bare"
        for each in (one, other, bare):
            each.mkdir()
        fill(file, workload.facts.format(facts=facts, step=MONTH // facts))
        shutil.copy(file, bare)
        parquet = Path(folder) / "facts.parquet"
        columns = _write(file, workload.dataset, parquet)
        for directory in (other / "chdb", bare / "chdb"):
            _fill(directory, workload.dataset, columns, parquet)
        connection = stack.enter_context(contextlib.closing(duckdb.connect(str(bare / "store.duckdb"))))
        store = stack.enter_context(contextlib.closing(_store(bare / "chdb")))
        plain = stack.enter_context(servers.meterd(one, servers.NOTHING_KEPT))
        by_chdb = stack.enter_context(
            servers.meterd(other, servers.NOTHING_KEPT | {"METERD_STORE__URL": f"chdb://{other}/chdb"})
        )
        for name in workload.queries:
            body = workload.body(name)
            by_clickhouse = compiled(body, "clickhouse")
            ways = (
                partial(run_bare, connection, compiled(body)),
                partial(store.select, by_clickhouse.sql, by_clickhouse.parameters, _TIME),
                partial(ask, plain, body),
                partial(ask, by_chdb, body),
            )
            one_bare, other_bare, one_served, other_served = medians(*ways)
            bare_ratio, served_ratio = other_bare / one_bare, other_served / one_served
            rows = len(ask(plain, body))
            yield name, rows, one_bare, other_bare, bare_ratio, one_served, other_served, served_ratio


def _store(directory: Path) -> ClickHouseStore:
    store = ClickHouseStore(Embedded(directory), directory.with_name("store.sqlite"), _MEMORY, _PATIENCE)
    store.create(DATASETS.values())
    return store


def _write(file: Path, dataset: Dataset, parquet: Path) -> Sequence[str]:
    """Write the facts of a DuckDB file, and return their columns."""
    names = ["tenant", *(column.name for column in dataset.columns)]
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"COPY (SELECT {', '.join(names)} FROM {dataset.name}) TO '{parquet}' (FORMAT parquet)")
    return names


def _fill(directory: Path, dataset: Dataset, columns: Sequence[str], parquet: Path) -> None:
    """Facts with identities, merged as they are some time after they came."""
    _store(directory).close()
    names = ", ".join(columns)
    client: Any = clickhouse_connect.get_client(dsn=f"chdb://{directory}", database=Embedded(directory).database)
    with contextlib.closing(client):
        client.command(
            f"INSERT INTO {dataset.name} ({names}, fact_identity) "
            f"SELECT {names}, generateUUIDv4() FROM file('{parquet}', Parquet)"
        )
        client.command(f"OPTIMIZE TABLE {dataset.name} FINAL")
