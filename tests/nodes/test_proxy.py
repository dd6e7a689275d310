"""Two nodes on one ClickHouse and one PostgreSQL, behind a proxy that sends each request to another one."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from meterd.settings import Directory
from tests import postgresql
from tests.api.litellm.payloads import success
from tests.clickhouse import ClickHouse
from tests.nodes.proxy import RoundRobin
from tests.process import METRICS, Meterd, make_token, plain_client
from tests.waiting import eventually

DATABASE = "proxied"
AT = "2026-01-02T03:04:05Z"


class Installation:
    """Both nodes as their callers see them: each request is a connection of its own, and comes to the next node."""

    def __init__(self, nodes: tuple[Meterd, Meterd], url: str, directory: Directory) -> None:
        self.nodes = nodes
        self.directory = directory
        self._url = url

    def request(self, method: str, path: str, token: str = "", **members: Any) -> httpx2.Response:
        with plain_client(token or self.nodes[0].token, self._url) as client:
            return client.request(method, path, **members)

    def ask(self, datasource: str, aggregation: dict[str, str]) -> dict[str, Any]:
        """One question, to whichever node: the answer has what both took once both have loaded it."""
        body = {
            "startTs": "2020-01-01T00:00:00Z",
            "endTs": "2100-01-01T00:00:00Z",
            "datasource": datasource,
            "type": "distribution",
            "aggregations": [aggregation],
        }
        answer = self.request("POST", f"{METRICS}/query", json=body)
        assert answer.status_code == 200, answer.text
        (point,) = answer.json()["data"]["dataPoints"] or [{}]
        return dict(point)


@pytest.fixture(scope="module")
def installation(clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = Directory(url=postgresql.database())
    environment = clickhouse.environment(DATABASE) | {
        "METERD_STORE__LOAD_INTERVAL": "0.1",
        "METERD_STORE__RETENTION": "{guardrail_evaluations: 36500}",
    }
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    one, two = (Meterd(folder, environment=environment, directory=directory) for folder in folders)
    with one, two, RoundRobin([int(node.url.rpartition(":")[2]) for node in (one, two)]) as proxy:
        yield Installation((one, two), proxy.url, directory)


def test_requests_come_to_both_in_turn(installation: Installation) -> None:
    names = [installation.request("GET", "/readyz").headers["x-meterd-node"] for _ in range(4)]

    assert names[:2] == names[2:]
    assert len(set(names)) == 2


def test_batches_of_litellm_that_overlap_count_once(installation: Installation, clickhouse: ClickHouse) -> None:
    """An answer that is slow lets LiteLLM send its whole queue again, and more."""
    calls = [success() for _ in range(60)]
    choice = random.Random(1)
    for end in itertools.chain(range(5, 60, 5), [60] * 2):
        batch = calls[choice.randrange(0, end) : end] if end < 60 else calls
        answer = installation.request("POST", "/ingest/litellm", content=json.dumps(batch).encode())
        assert answer.status_code == 200, answer.text

    eventually(lambda: clickhouse.count("model_calls", DATABASE) == 60)
    for _ in range(2):  # of each node
        assert 60 * 12 == installation.ask("modelMetrics", {"type": "sum", "column": "inputTokens"})["sumInputTokens"]


def test_a_session_is_one_whichever_node_is_told_of_it(installation: Installation) -> None:
    begun = installation.request("POST", "/api/sessions", json={"product": "p", "version": "1"})
    path = f"/api/sessions/{begun.json()['session_id']}"
    for number in range(10):
        point = {"name": "steps", "value": number, "timestamp": AT}
        assert 200 == installation.request("POST", f"{path}/metrics", json=point).status_code

    def points() -> list[int]:
        """How many each node knows."""
        answers = [installation.request("GET", path).json() for _ in range(2)]
        return [len(answer["metrics"]) if "metrics" in answer else -1 for answer in answers]

    eventually(lambda: points() == [10, 10])


def test_a_token_is_one_of_both_and_a_revoked_one_of_neither(installation: Installation) -> None:
    made = make_token(installation.nodes[1].data, "leaver", scopes=(Scope.QUERY,), directory=installation.directory)

    def statuses() -> set[int]:
        answers = [installation.request("GET", "/api/datasources", made.token or "") for _ in range(2)]
        return {answer.status_code for answer in answers}

    assert {200} == statuses()
    with postgresql.opened(installation.directory) as metadata:
        metadata.tokens.revoke(made.id)
    eventually(lambda: statuses() == {401})


def test_one_node_deletes_what_is_too_old_for_both(installation: Installation, clickhouse: ClickHouse) -> None:
    for node in installation.nodes * 2:  # whoever has loaded twice has asked once who deletes
        assert 200 == node.ingest([{"createdAt": AT}]).status_code
        assert 200 == node.query().status_code

    eventually(lambda: clickhouse.count("process_runs", DATABASE) >= 1)
    assert 1 == clickhouse.count("process_runs", DATABASE)
    pages = [node.client.get("/metrics").text for node in installation.nodes]
    assert [0, 1] == sorted(page.count('meterd_leads{work="retention"} 1.0') for page in pages)
