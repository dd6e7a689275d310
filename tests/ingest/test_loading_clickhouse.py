"""What the journal has comes into ClickHouse, whatever happens on the way, and counts once."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meterd.datasets import METER_EVENTS
from meterd.errors import Unavailable
from meterd.ingest.facts import Facts, Submission, encode
from meterd.store.addresses import Server, parse_url
from meterd.store.clickhouse.store import ClickHouseStore
from tests.clickhouse import ClickHouse
from tests.ingest.test_loader import AT, Pipeline, pipeline

PATIENCE = 120.0
NAMES = (f"loaded{number}" for number in itertools.count())


class Node:
    """Recorder, journal and loader over a database of its own, as the service wires them."""

    def __init__(self, server: ClickHouse, directory: Path, patience: float = PATIENCE) -> None:
        self.database = next(NAMES)
        self._address = parse_url(server.url(self.database))
        self._server = server
        self._directory = directory
        self._patience = patience

    @contextmanager
    def running(self) -> Iterator[Pipeline]:
        assert isinstance(self._address, Server)
        self._directory.mkdir(exist_ok=True)
        store = ClickHouseStore(self._address, self._directory / "store.sqlite", 10**9, self._patience)
        store.follow("a" * 32)
        with pipeline(self._directory, store=store) as service:
            yield service

    def count(self) -> int:
        return self._server.count(METER_EVENTS.name, self.database)


@pytest.fixture
def node(clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Node]:
    yield Node(clickhouse, tmp_path / "data")
    clickhouse.heal()


async def record(service: Pipeline, count: int) -> None:
    rows = [METER_EVENTS.row_type(ts=AT, meter="a", value=1) for _ in range(count)]
    await service.recorder.record(Submission((encode(METER_EVENTS, "acme", rows),)))


async def loaded(service: Pipeline) -> None:
    """Return when all is in the store, however often that fails before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await service.backlog.caught_up()
            except Unavailable:
                pass


async def failing(service: Pipeline) -> None:
    """Ask for what was recorded until it is told that it can't be had now."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await service.backlog.caught_up()
        except Unavailable:
            return


@pytest.mark.parametrize(
    "answer",
    ["241", "242", "243", "252", "999", "cut"],
    ids=["out of memory", "read-only", "out of disk", "too many parts", "no keeper", "done, and no answer"],
)
async def test_facts_are_taken_while_insertions_fail_and_count_once_afterwards(
    node: Node, clickhouse: ClickHouse, answer: str
) -> None:
    with node.running() as service:
        await record(service, 2)
        clickhouse.fail(answer)
        await failing(service)
        await record(service, 3)
        assert service.backlog.lag == 2
        assert service.telemetry.registry.get_sample_value("meterd_loader_failures_total")

        clickhouse.heal()
        await loaded(service)
        assert service.backlog.lag == 0
    assert node.count() == 5


async def test_an_answer_that_comes_too_late_is_asked_for_again(clickhouse: ClickHouse, tmp_path: Path) -> None:
    node = Node(clickhouse, tmp_path / "data", patience=3)
    with node.running() as service:
        clickhouse.fail("late", 1)
        await record(service, 2)
        await failing(service)
        await loaded(service)
    assert node.count() == 2


@pytest.mark.parametrize("moment", ["die-before", "die-after"])
async def test_a_server_may_die_in_the_middle_of_an_insertion(node: Node, clickhouse: ClickHouse, moment: str) -> None:
    with node.running() as service:
        await record(service, 2)
        clickhouse.fail(moment, 1)
        await failing(service)
        assert clickhouse.wait() == 9
        await record(service, 3)

        clickhouse.start()
        await loaded(service)
    assert node.count() == 5


async def test_what_could_not_be_loaded_is_loaded_by_the_next_run_as_the_same_batch(
    node: Node, clickhouse: ClickHouse
) -> None:
    with node.running() as service:
        await record(service, 2)
        clickhouse.fail("cut")
        await failing(service)
        await record(service, 3)
        assert service.store.begun() == 1
    clickhouse.heal()

    with node.running() as service:
        await loaded(service)
        assert service.store.watermark() == 2
    assert node.count() == 5


async def test_a_line_that_can_t_be_read_is_set_aside_and_the_others_count_once(node: Node) -> None:
    good = b'{"createdAt":"2026-01-02T00:00:00Z","meter":"a","value":1}\n'
    with node.running() as service:
        await record(service, 2)
        await service.recorder.record(
            Submission((Facts(METER_EVENTS.name, "acme", good + b'{"value":"secret"}\n' + good, 3),))
        )
        await record(service, 1)
        await loaded(service)
        assert (service.recorder.aside.entries, service.recorder.aside.facts) == (1, 1)
    assert node.count() == 5
