"""Worker processes behind one address are one service: to its callers, to whoever scrapes it, and while they change."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterd.prefork.parent import Parent
from meterd.settings import Directory
from tests.clickhouse import ClickHouse
from tests.postgresql import database
from tests.process import METRICS, Meterd, plain_client

AT = "2026-01-02T03:04:05Z"
DATABASE = "workers"
TABLE = "guardrail_evaluations"
FACTS = ("meterd_ingest_facts_total", TABLE)
PATIENCE = 120.0
"""Seconds that a busy machine may take for what is expected."""


@pytest.fixture(scope="module")
def workers(clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """Two processes; at the end all of them must end well."""
    environment = clickhouse.environment(DATABASE) | {"METERD_NODE__ID": "east"}
    directory = Directory(url=database())
    data = tmp_path_factory.mktemp("data")
    with Meterd(data, "--workers", "2", environment=environment, directory=directory) as served:
        yield served
        assert 0 == served.stop()


def processes(served: Meterd) -> set[int]:
    """The worker processes."""
    parent = served.process.pid
    return {int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def metrics(served: Meterd) -> dict[tuple[str, ...], float]:
    with plain_client(served.token, served.url) as client:  # over a new connection, to whichever takes it
        page = client.get("/metrics")
    assert page.status_code == 200, page.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def send(client: httpx2.Client, trace: str, span: int) -> None:
    """Send a row, which must be taken."""
    row = {"createdAt": AT, "traceId": trace, "spanId": str(span)}
    answer = client.post(f"{METRICS}/ingest", params={"datasource": "guardrailMetrics"}, json=row)
    assert answer.status_code == 200, answer.text


class Sender:
    """Sends rows one after the other, each of which must be taken, over one connection or over one each."""

    def __init__(self, served: Meterd, name: str, *, keeps: bool) -> None:
        self._served = served
        self._name = name
        self._keeps = keeps
        self.taken = 0

    def send_until(self, done: threading.Event) -> None:
        while not done.is_set():
            with plain_client(self._served.token, self._served.url) as client:
                while not done.is_set():
                    send(client, self._name, self.taken)
                    self.taken += 1
                    time.sleep(0.01)
                    if not self._keeps:
                        break


def test_what_any_process_takes_is_counted_and_known_to_all(workers: Meterd, clickhouse: ClickHouse) -> None:
    before = metrics(workers)
    for number in range(40):
        with plain_client(workers.token, workers.url) as client:
            send(client, "any", number // 2)  # each comes twice
    after = metrics(workers)

    name = ("meterd_http_requests_total", "POST", f"{METRICS}/ingest", "200")
    assert 40 == after[name] - before.get(name, 0)
    assert (2, 1, 1) == (after["meterd_processes",], *(after["meterd_node_info", f"east-{each}"] for each in (1, 2)))
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == 20)


def test_no_request_is_refused_while_all_are_restarted_one_after_the_other(
    workers: Meterd, clickhouse: ClickHouse
) -> None:
    known, before, old = clickhouse.count(TABLE, DATABASE), metrics(workers), processes(workers)
    senders = [Sender(workers, f"sender-{number}", keeps=number % 2 == 0) for number in range(6)]
    done = threading.Event()
    with ThreadPoolExecutor(len(senders)) as pool:
        sending = [pool.submit(sender.send_until, done) for sender in senders]
        try:
            eventually(lambda: all(sender.taken > 5 for sender in senders))
            workers.process.send_signal(signal.SIGHUP)
            eventually(lambda: workers.log.count(b"all worker processes were restarted") == 1)
        finally:
            done.set()
        for each in sending:
            each.result()

    taken = sum(sender.taken for sender in senders)
    after = metrics(workers)
    assert set() == old & processes(workers)
    assert taken == after[FACTS] - before[FACTS]  # what those counted that have ended counts
    assert 0 == after["meterd_process_restarts_total",]
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == known + taken)


def test_a_process_that_is_killed_is_followed_by_another_one(workers: Meterd, clickhouse: ClickHouse) -> None:
    known, before = clickhouse.count(TABLE, DATABASE), metrics(workers)
    assert 200 == workers.ingest([{"createdAt": AT}]).status_code
    counted = metrics(workers)
    os.kill(max(processes(workers)), signal.SIGKILL)

    eventually(lambda: restarts(workers) == (2, 1))
    assert 1 == counted[FACTS] - before[FACTS] == metrics(workers)[FACTS] - before[FACTS]
    eventually(lambda: clickhouse.count(TABLE, DATABASE) == known + 1)


def restarts(served: Meterd) -> tuple[float, float]:
    """How many processes there are, and how many were started again."""
    found = metrics(served)
    return found["meterd_processes",], found["meterd_process_restarts_total",]


async def test_a_first_start_that_fails_ends_the_whole() -> None:
    parent = Parent([sys.executable, "-c", "raise SystemExit(1)"], 2, [])

    async with asyncio.timeout(PATIENCE):
        assert 1 == await parent.run(lambda: None)
