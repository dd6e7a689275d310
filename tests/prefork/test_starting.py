from pathlib import Path

import pytest

from meterd.data_directory import directory_of_worker
from meterd.errors import ConfigurationError
from meterd.prefork.messages import Order
from meterd.prefork.starting import adoption_of, of_worker, require_shared
from meterd.settings import Settings, load
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry
from tests.process import Meterd

CLICKHOUSE = {"METERD_STORE__URL": "clickhouse://default@127.0.0.1:1/meterd"}
POSTGRESQL = {"METERD_DIRECTORY__URL": "postgresql://meterd@127.0.0.1/meterd"}


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "store.url .* DuckDB belongs to one process"),
        (POSTGRESQL, "store.url .* DuckDB belongs to one process"),
        (POSTGRESQL | {"METERD_STORE__URL": "chdb:///somewhere"}, "store.url .* chdb:// belongs to one process"),
        (CLICKHOUSE, "directory.url .* SQLite belongs to one data directory"),
    ],
    ids=["embedded", "store", "engine", "directory"],
)
def test_what_belongs_to_one_process_is_not_shared(environment: dict[str, str], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        require_shared(load(None, environment))


def test_workers_that_are_no_more_are_those_with_a_higher_number(tmp_path: Path) -> None:
    for number in (2, 3, 12):
        directory_of_worker(tmp_path, number).mkdir(parents=True)
    shared, supervisor = load(None, CLICKHOUSE | POSTGRESQL), Supervisor(Telemetry())

    def left(order: Order | None, settings: Settings = shared) -> list[str]:
        return [each.name for each in adoption_of(settings, tmp_path, order, supervisor).directories]

    assert ["3", "12"] == left(Order(1, 7, (), count=2))
    assert ["2", "3", "12"] == left(None)
    assert [] == left(Order(2, 7, (), count=2)) + left(Order(1, 7, ())) + left(None, load(None, {}))


def test_servers_are_shared() -> None:
    require_shared(load(None, CLICKHOUSE | POSTGRESQL))


def test_the_start_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    meterd = Meterd(tmp_path, "--workers", "2")
    before = {*tmp_path.iterdir()}

    with pytest.raises(AssertionError, match="--workers needs a store that several processes share"):
        meterd.start()
    assert before == {*tmp_path.iterdir()}


def test_a_worker_of_a_node_with_a_name_has_one_too() -> None:
    assert "east-3" == of_worker(load(None, {"METERD_NODE__ID": "east"}), 3).node.id
    assert of_worker(load(None, {}), 3).node.id is None


def test_an_order_is_given_to_one_process_only() -> None:
    order = Order(2, 7, (8, 9), (("127.0.0.1", 4317, False),))
    environment = order.to({"PATH": "/bin"})

    assert order == Order.given(environment)
    assert (None, {"PATH": "/bin"}) == (Order.given(environment), environment)
