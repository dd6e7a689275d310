"""Several nodes on one ClickHouse: what each took is there, and what came to several is there once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meterd.draining import load_out
from meterd.errors import ConfigurationError
from meterd.settings import load
from tests.clickhouse import ClickHouse
from tests.process import Meterd

AT = "2026-01-02T03:04:05Z"
TABLE = "guardrail_evaluations"


@pytest.fixture(scope="module")
def nodes(clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Meterd, Meterd]]:
    """Two nodes that were given one name by mistake."""
    environment = clickhouse.environment("nodes") | {"METERD_NODE__ID": "same"}
    with (
        Meterd(tmp_path_factory.mktemp("one"), environment=environment) as one,
        Meterd(tmp_path_factory.mktemp("two"), environment=environment) as two,
    ):
        yield one, two


def stored(nodes: tuple[Meterd, Meterd], clickhouse: ClickHouse) -> int:
    """Count what is in the store when both have loaded what they took."""
    for node in nodes:
        assert 200 == node.query().status_code
    return clickhouse.count(TABLE, "nodes")


def test_what_is_the_same_and_came_to_two_nodes_without_an_identity_counts_twice(
    nodes: tuple[Meterd, Meterd], clickhouse: ClickHouse
) -> None:
    before = stored(nodes, clickhouse)
    for node in nodes:
        assert 200 == node.ingest([{"createdAt": AT}, {"createdAt": AT}]).status_code

    assert before + 4 == stored(nodes, clickhouse)


def test_a_batch_that_came_to_two_nodes_counts_once(nodes: tuple[Meterd, Meterd], clickhouse: ClickHouse) -> None:
    before = stored(nodes, clickhouse)
    rows = [{"createdAt": AT, "traceId": "t", "spanId": str(number)} for number in range(10)]
    for node, batch in zip(nodes * 2, (rows[:6], rows[3:], rows[:8], rows), strict=True):
        assert 200 == node.ingest(batch).status_code

    assert before + 10 == stored(nodes, clickhouse)


def test_what_a_node_took_before_it_died_is_drained_into_the_store_they_share(
    nodes: tuple[Meterd, Meterd], clickhouse: ClickHouse, tmp_path: Path
) -> None:
    before = stored(nodes, clickhouse)
    environment = clickhouse.environment("nodes") | {"METERD_STORE__LOAD_INTERVAL": "3600"}
    rows = [{"createdAt": AT, "traceId": "dead", "spanId": str(number)} for number in range(10)]
    with Meterd(tmp_path, environment=environment) as dead:
        assert 200 == dead.ingest(rows).status_code
        with pytest.raises(ConfigurationError, match="another meterd is running"):
            load_out(tmp_path, load(None, environment))
        dead.kill()
    assert 200 == nodes[0].ingest(rows[5:]).status_code  # sent again to another one, as no answer came

    ((drained,), (again,)) = (load_out(tmp_path, load(None, environment)) for _ in range(2))

    assert (1, 10, 0) == (drained.entries, drained.facts, again.facts)
    assert before + 10 == stored(nodes, clickhouse)
