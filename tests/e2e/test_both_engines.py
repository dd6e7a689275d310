"""Two servers with the same made-up history, one on DuckDB and one on ClickHouse: every protocol answers alike.

What is asked for is of the time of the history, so that what the questions themselves leave behind is in no answer.
"""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.datasources import DATASOURCES
from tests.demo.running import running
from tests.engines import CHDB, DUCKDB, environment
from tests.forking import ENVIRONMENT
from tests.process import METRICS, plain_client

START, END = "2026-03-17T17:30:00Z", "2026-03-19T17:30:00Z"
DAYS, FACTS = "2", "3000"
"""That many are in a history of this length."""
RELATIVE = 1e-12
WINDOW = {"startTs": START, "endTs": END}
HISTORY = {"_filter": json.dumps({"timestamp": {"$lt": END}}), "_limit": "-1"}
SERIES = {"_metric": "ODSLRequest/ReadRequests", "_range": "between(2026-03-18,2026-03-19)"}

PATHS: dict[str, dict[str, str]] = {
    "/api/data/sessions": {},
    "/api/data/sessions/list": {},
    "/api/data/sessions/products": {},
    "/api/timeseries": {"metric": "api_latency_ms"},
    "/api/metric/v1": HISTORY,
    "/api/usage/statement": {"from": "2026-03-18", "to": "2026-03-19"},
}
PARAMETERS: list[tuple[str, dict[str, str]]] = [
    *PATHS.items(),
    *(("/api/metric/v1", HISTORY | more) for more in ({"_sort": "duration"}, {"_search": "invoices"}, {"_skip": "5"})),
    *(("/api/metric/v1", {"_filter": HISTORY["_filter"], "_distinct": name}) for name in ("service", "user", "queue")),
    *(("/api/object/v1", SERIES | {"_calendar": code, "_observed": observed}) for code, observed in [
        ("#PT1H", "summed"), ("#PT1H", "end"), ("#DAILY", "averaged"), ("#DAILY", "high"), ("#DAILY", "delta"),
    ]),
]  # fmt: skip


class Server:
    """A demo's server. Its end of history is fixed, so nothing follows."""

    def __init__(self, url: str, token: str) -> None:
        self.client = plain_client(token, url)

    def asked(self, path: str, parameters: dict[str, str]) -> Any:
        return self._answer(self.client.get(path, params=parameters))

    def points(self, body: dict[str, Any]) -> Any:
        return self._answer(self.client.post(f"{METRICS}/query", json=body))

    def _answer(self, response: httpx2.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json() if "json" in response.headers["content-type"] else response.text


@contextmanager
def demo(data: Path, engine: str) -> Iterator[Server]:
    arguments = ["--data", str(data), "--end", END, "--days", DAYS, "--facts", FACTS]
    with running(arguments, ENVIRONMENT | environment(data, engine)) as started:
        server = Server(started.url, started.token)
        yield server
        server.client.close()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(demo(tmp_path_factory.mktemp(engine) / "data", engine)) for engine in (DUCKDB, CHDB)
        )
        yield one, other


def questions(name: str) -> Iterator[dict[str, Any]]:
    """Yield questions of a datasource, of all its fields and measures."""
    declaration = DATASOURCES[name]
    window = WINDOW | {"datasource": name}
    kinds = ("sum", "avg", "min", "max", "p50", "p99")
    aggregations = [{"type": kind, "column": column} for column in declaration.measures for kind in kinds][:12]
    yield window | {"type": "distribution", "aggregations": aggregations}
    for group in declaration.groups:
        yield window | {"type": "distribution", "groupBy": [group], "totals": True}
    if declaration.totals:
        increases = [{"type": "increase", "column": column} for column in declaration.totals]
        yield window | {"type": "timeseries", "interval": "3 hours", "aggregations": increases}
    first = {"groupBy": [declaration.dimension], "orderBy": "total", "limit": 2, "other": True}
    local = {"type": "timeseries", "interval": "6 hours", "timezone": "Asia/Kolkata"}
    yield window | local | first | {"aggregations": aggregations}


@pytest.mark.parametrize("name", DATASOURCES)
def test_a_datasource_is_answered_alike(both: tuple[Server, Server], name: str) -> None:
    for body in questions(name):
        one, other = (server.points(body) for server in both)

        assert_alike(one, other, str(body))


@pytest.mark.parametrize(("path", "parameters"), PARAMETERS, ids=lambda value: str(value)[:60])
def test_a_protocol_answers_alike(both: tuple[Server, Server], path: str, parameters: dict[str, str]) -> None:
    one, other = (server.asked(path, parameters) for server in both)

    assert one, "there is nothing to compare"
    assert_alike(one, other, path)


def assert_alike(one: Any, other: Any, where: str) -> None:
    """Assert that answers are equal, numbers with fractions nearly so."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_alike(one[key], other[key], f"{where} {key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for number, pair in enumerate(zip(one, other, strict=True)):
            assert_alike(*pair, f"{where} {number}")
    elif isinstance(one, float):
        assert math.isclose(one, other, rel_tol=RELATIVE), where
    else:
        assert one == other, where
