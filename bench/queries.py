"""(c) Queries over HTTP at a million and ten million facts, beside the same SQL on a bare DuckDB connection."""

import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from bench import servers
from bench.tables import table
from meterd.access import Caller, SubjectType
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.datasets import DATASETS
from meterd.query.compile import Compiled, compile_query
from meterd.query.dialects import DIALECTS
from meterd.query.visibility import visible_facts
from meterd.store import DuckDBStore

_PATH = "/api/svc/v1/llm-gateway/metrics/query"
_ROUNDS = 7
_WINDOW = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-02-01T00:00:00Z", "datasource": "guardrailMetrics"}
_BY_GUARDRAIL = {"groupBy": ["guardrailName"]}
QUERIES: dict[str, dict[str, Any]] = {
    "outcomes by guardrail": {"type": "distribution", "groupBy": ["guardrailName", "guardrailResult"],
                              "aggregations": [{"type": "count", "column": "guardrailName"}]},
    "p50, p90, p99 by guardrail": {"type": "distribution", **_BY_GUARDRAIL, "aggregations": [
        {"type": each, "column": "latencyMs"} for each in ("p50", "p90", "p99")]},
    "p99 by guardrail by hour": {"type": "timeseries", "interval": "1 hour", **_BY_GUARDRAIL,
                                 "aggregations": [{"type": "p99", "column": "latencyMs"}]},
    "failures by hour": {"type": "timeseries", "interval": "1 hour", "filters": [
        {"fieldName": "guardrailResult", "operator": "IN", "value": ["fail"]}]},
    "slow evaluations": {"type": "distribution", **_BY_GUARDRAIL, "aggregations": [
        {"type": "avg", "column": "latencyMs"}], "filters": [
        {"fieldName": "latencyMs", "operator": "GREATER_THAN", "value": 500}]},
    "volume by team by day": {"type": "timeseries", "interval": "1 day", "groupBy": ["team"]},
}  # fmt: skip


def measure(sizes: tuple[int, ...] = (1_000_000, 10_000_000)) -> str:
    """Each figure is a median of rounds."""
    rows = [row for size in sizes for row in _measure(size)]
    head = ("facts", "query", "rows", "bare ms", "HTTP ms", "HTTP - 5 ms, to bare")
    return table("Queries: over HTTP and as the same SQL on a bare connection", head, rows)


def _measure(facts: int) -> list[tuple[object, ...]]:
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data = Path(folder)
        _fill(data / "store.duckdb", facts)
        bare = _bare_times(data / "store.duckdb")
        with servers.meterd(data) as server:
            rows: list[tuple[object, ...]] = []
            for name, query in QUERIES.items():
                count = len(_ask(server, query))
                over_http = _median(partial(_ask, server, query))
                rows.append((facts, name, count, bare[name], over_http, (over_http - 5) / bare[name]))
            return rows


def _fill(path: Path, facts: int) -> None:
    """Facts of a month, made by the engine itself."""
    store = DuckDBStore(path)
    store.create(DATASETS.values())
    store.close()
    connection = duckdb.connect(str(path))
    connection.execute(
        f"""INSERT INTO guardrail_evaluations
            (tenant, ts, subject, subject_type, teams, metadata, guardrail_name, latency_ms, guardrail_result,
             applied_on_entity_scope, is_failure)
        SELECT 'default', TIMESTAMP '2026-01-01' + to_microseconds((i * {31 * 86_400_000_000 // facts})::BIGINT),
            'user' || (i % 500) || '@example.com', 'user', ['team-' || (i % 20)],
            MAP {{'env': CASE WHEN i % 5 = 0 THEN 'test' ELSE 'prod' END}},
            'group/guardrail-' || (hash(i) % 20), exp(3 + (random() + random() + random() - 1.5)),
            CASE WHEN hash(i) % 10 < 8 THEN 'pass' WHEN hash(i) % 10 = 8 THEN 'fail' ELSE 'mutate' END,
            CASE WHEN i % 2 = 0 THEN 'input' ELSE 'output' END, false
        FROM range({facts}) AS t(i)"""
    )
    connection.execute("CHECKPOINT")
    connection.close()


def _bare_times(path: Path) -> dict[str, float]:
    connection = duckdb.connect(str(path), config={"memory_limit": "2GB"})
    try:
        return {name: _bare_time(connection, _compile(query)) for name, query in QUERIES.items()}
    finally:
        connection.close()


def _bare_time(connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> float:
    return _median(lambda: connection.execute(compiled.sql, compiled.parameters).fetchall())


def _compile(query: dict[str, Any]) -> Compiled:
    """The SQL that the server runs for the benchmark's own caller, a tenant administrator."""
    caller = Caller("default", "bench", SubjectType.USER, tenant_admin=True)
    parsed = parse_query(json.dumps(_WINDOW | query).encode(), datasources())
    return compile_query(parsed, visible_facts(caller), DIALECTS["duckdb"], 50_001)


def _ask(server: servers.Running, query: dict[str, Any]) -> list[Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{_PATH}",
        json.dumps(_WINDOW | query).encode(),
        {"Authorization": f"Bearer {server.token}"},
    )
    with urllib.request.urlopen(request) as answer:
        points: list[Any] = msgspec.json.decode(answer.read())["data"]["dataPoints"]
        return points


def _median(run: Callable[[], object]) -> float:
    """Milliseconds, after one run that warms up."""
    run()
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
