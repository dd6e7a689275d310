"""Queries over HTTP beside the same SQL on a bare DuckDB connection."""

import contextlib
import json
import shutil
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import msgspec

from bench import servers
from bench.tables import table
from meterd.access import Caller, SubjectType
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.datasets import DATASETS, Dataset
from meterd.query.compile import Compiled, compile_query
from meterd.query.dialects import DIALECTS
from meterd.query.visibility import visible_to
from meterd.store import DuckDBStore

_PATH = "/api/svc/v1/llm-gateway/metrics/query"
_ROUNDS = 7
MONTH = 31 * 86_400_000_000


class Workload(NamedTuple):
    """What is asked of what.

    `facts` is an SQL statement that makes `{facts}` facts, `{step}` microseconds apart, from 2026-01-01 on. Queries ask
    for January unless they say otherwise.
    """

    datasource: str
    facts: str
    queries: dict[str, dict[str, Any]]

    @property
    def dataset(self) -> Dataset:
        return datasources()[self.datasource].dataset

    def body(self, name: str) -> bytes:
        window = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-02-01T00:00:00Z", "datasource": self.datasource}
        return json.dumps(window | self.queries[name]).encode()


def compare(title: str, workload: Workload, sizes: Iterable[int]) -> str:
    """A table with medians of rounds."""
    rows = [row for size in sizes for row in _measure(workload, size)]
    return table(title, ("facts", "query", "rows", "bare ms", "HTTP ms", "HTTP - 5 ms, to bare"), rows)


def _measure(workload: Workload, facts: int) -> list[tuple[object, ...]]:
    """Rounds alternate between the two, so that other work on the machine meets both."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data, bare = Path(folder) / "data", Path(folder) / "bare.duckdb"
        data.mkdir()
        fill(data / "store.duckdb", workload.facts.format(facts=facts, step=MONTH // facts))
        shutil.copy(data / "store.duckdb", bare)
        connection = duckdb.connect(str(bare), config={"memory_limit": "2GB"})
        with contextlib.closing(connection), servers.meterd(data, servers.NOTHING_KEPT) as server:
            rows: list[tuple[object, ...]] = []
            for name in workload.queries:
                body = workload.body(name)
                by_engine, over_http = medians(
                    partial(run_bare, connection, compiled(body)), partial(ask, server, body)
                )
                count = len(ask(server, body))
                rows.append((facts, name, count, by_engine, over_http, (over_http - 5) / by_engine))
            return rows


def fill(path: Path, statement: str) -> None:
    """Facts of a month, made by the engine itself."""
    store = DuckDBStore(path)
    store.create(DATASETS.values())
    store.close()
    connection = duckdb.connect(str(path))
    connection.execute(statement)
    connection.execute("CHECKPOINT")
    connection.close()


def compiled(body: bytes, dialect: str = "duckdb") -> Compiled:
    """The SQL that the server runs for the benchmark's own caller, a tenant administrator."""
    caller = Caller("default", "bench", SubjectType.USER, tenant_admin=True)
    return compile_query(parse_query(body, datasources()), visible_to(caller), DIALECTS[dialect], 50_001)


def run_bare(connection: duckdb.DuckDBPyConnection, statement: Compiled) -> list[Any]:
    return connection.execute(statement.sql, statement.parameters).fetchall()


def ask(server: servers.Running, body: bytes) -> list[Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{_PATH}", body, {"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request) as answer:
        points: list[Any] = msgspec.json.decode(answer.read())["data"]["dataPoints"]
        return points


def medians(*ways: Callable[[], object]) -> list[float]:
    """Milliseconds of each way, after one run that warms up."""
    times: list[list[float]] = [[] for _ in ways]
    for number in range(_ROUNDS + 1):
        for way, measured in zip(ways, times, strict=True):
            started = time.perf_counter()
            way()
            if number:
                measured.append((time.perf_counter() - started) * 1000)
    return [statistics.median(each) for each in times]
