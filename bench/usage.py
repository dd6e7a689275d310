"""(h) Usage metrics over ten million calls: series, pages and a statement over HTTP, beside bare DuckDB."""

import contextlib
import shutil
import tempfile
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import NamedTuple

import duckdb

from bench import servers
from bench.compare import fill, medians
from bench.tables import table

_CALLS = 10_000_000
_MONTH = 31 * 86_400_000_000
_FACTS = f"""
INSERT INTO api_requests
    (tenant, ts, subject, subject_type, teams, metadata, record_id, record_type, environment, service, action, method,
     key, application, http_status, duration, response_size, value)
SELECT 'default', TIMESTAMP '2026-01-01' + to_microseconds((i * {_MONTH // _CALLS})::BIGINT),
    'user' || (i % 500) || '@example.com', 'user', ['team-' || (i % 20)], MAP {{}}, format('{{:024x}}', i), 'api',
    'production', CASE WHEN hash(i) % 10 < 6 THEN 'object' WHEN hash(i) % 10 < 9 THEN 'data' ELSE 'calendar' END,
    'get', CASE WHEN hash(i) % 8 = 0 THEN 'post' ELSE 'get' END, 'ITEM.' || (hash(i) % 1000), 'api',
    CASE WHEN hash(i) % 50 = 0 THEN 404 ELSE 200 END, (exp(3 + random()))::BIGINT, hash(i) % 20000, 1
FROM range({_CALLS}) AS t(i)
"""
_READS = "tenant = 'default' AND service = 'object' AND environment = 'production' AND method IN ('get')"
_JANUARY = "ts >= TIMESTAMP '2026-01-01' AND ts < TIMESTAMP '2026-02-01'"
_FAILED = "tenant = 'default' AND http_status >= 400"
_RECORD = """record_id, ts, record_type, subject, environment, detail, service, action, method, key, application,
    http_status, duration, response_size, value"""


class _Case(NamedTuple):
    """What is asked over HTTP, and the statements that the engine needs to answer it."""

    path: str
    parameters: dict[str, str]
    statements: tuple[str, ...]


def _series(metric: str, observed: str, aggregates: str, item: str = "") -> _Case:
    """A series of January by hours, of the object service or of one item of it."""
    where = f"{_JANUARY} AND {_READS}" + (f" AND key = '{item}'" if item else "")
    return _Case(
        f"/api/object/v1/private/{item}" if item else "/api/object/v1",
        {"_metric": f"ODSLRequest/{metric}", "_calendar": "#PT1H", "_observed": observed, "_range": "2026-01"},
        (f"SELECT date_trunc('hour', ts), {aggregates} FROM api_requests WHERE {where} GROUP BY 1",),
    )


_CASES = {
    "31 days hourly, calls summed": _series("ReadRequests", "summed", "count(*)"),
    "31 days hourly, durations averaged": _series(
        "ReadRequestDuration", "averaged", "count(*), sum(duration), count(duration)"
    ),
    "31 days hourly, calls of one item": _series("ReadRequests", "summed", "count(*)", "ITEM.7"),
    "everything, daily": _Case(
        "/api/object/v1",
        {"_metric": "ODSLRequest/ReadRequests", "_calendar": "#P1D", "_observed": "summed"},
        (
            f"SELECT min(ts), max(ts) FROM api_requests WHERE {_READS}",
            f"SELECT date_trunc('day', ts), count(*) FROM api_requests WHERE {_READS} GROUP BY 1",
        ),
    ),
    "list, first page": _Case(
        "/api/metric/v1",
        {},
        (
            "SELECT count(*) FROM api_requests WHERE tenant = 'default'",
            f"SELECT {_RECORD} FROM api_requests WHERE tenant = 'default' ORDER BY ts DESC, record_id DESC LIMIT 100",
        ),
    ),
    "list of failed calls, page 51": _Case(
        "/api/metric/v1",
        {"_filter": "httpstatus >= 400", "_skip": "5000", "_sort": "timestamp"},
        (
            f"SELECT count(*) FROM api_requests WHERE {_FAILED}",
            f"SELECT {_RECORD} FROM api_requests WHERE {_FAILED} ORDER BY ts LIMIT 100 OFFSET 5000",
        ),
    ),
    "statement of a month": _Case(
        "/api/usage/statement",
        {"user": "user7@example.com", "from": "2026-01", "to": "2026-01"},
        (
            f"""SELECT date_trunc('day', ts), service, count(*), sum(duration), sum(response_size) FROM api_requests
            WHERE {_JANUARY} AND subject = 'user7@example.com' AND tenant = 'default' GROUP BY 1, 2""",
        ),
    ),
}


def measure() -> str:
    """Each figure is a median of rounds that alternate between the two."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data, bare = Path(folder) / "data", Path(folder) / "bare.duckdb"
        data.mkdir()
        fill(data / "store.duckdb", _FACTS)
        shutil.copy(data / "store.duckdb", bare)
        connection = duckdb.connect(str(bare), config={"memory_limit": "2GB"})
        with contextlib.closing(connection), servers.meterd(data, servers.NOTHING_KEPT) as server:
            rows = [_case(connection, server, name) for name in _CASES]
            (names,) = medians(
                partial(_get, server, "/api/metric/v1", {"_function": "listMetrics", "provider": "ODSLRequest"})
            )
        rows.append(("listMetrics", "", names, ""))
    head = ("question", "bare ms", "HTTP ms", "HTTP - 5 ms, to bare")
    return table(f"Usage metrics over {_CALLS:,} calls", head, rows)


def _case(connection: duckdb.DuckDBPyConnection, server: servers.Running, name: str) -> tuple[object, ...]:
    path, parameters, statements = _CASES[name]
    engine, over_http = medians(partial(_run, connection, statements), partial(_get, server, path, parameters))
    return name, engine, over_http, (over_http - 5) / engine


def _run(connection: duckdb.DuckDBPyConnection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(statement).fetchall()


def _get(server: servers.Running, path: str, parameters: dict[str, str]) -> None:
    address = f"http://127.0.0.1:{server.port}{path}?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request) as answer:
        answer.read()
