"""Worker processes behind one address: their metrics are those of one service, and none of them is missed.

Each has a store of its own here, which `--workers` would refuse: how processes are kept at work is the same.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import duckdb
import httpx2
from prometheus_client.parser import text_string_to_metric_families

from meterd.access import Scope
from meterd.data_directory import path_of
from meterd.installation import File
from meterd.prefork.parent import Parent
from meterd.prefork.starting import data_of
from meterd.serving import listening
from tests.process import METRICS, make_token

FACTS = ("meterd_ingest_facts_total", "guardrail_evaluations")
COUNTED = (FACTS, ("meterd_journal_commit_seconds_count",))
PATIENCE = 120.0
"""Seconds that a busy machine may take for what is expected."""


class Workers:
    """Two processes that serve one address."""

    def __init__(self, url: str, token: str, parent: Parent) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}"}
        self.parent = parent
        self.acknowledged = 0

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers=self.headers, timeout=PATIENCE, verify=False)

    async def metrics(self) -> dict[tuple[str, ...], float]:
        async with self.client() as client:
            page = await client.get("/metrics")
        assert page.status_code == 200, page.text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page.text)
            for sample in family.samples
        }

    async def ingest(self, client: httpx2.AsyncClient, span: str) -> None:
        """Send a row, which must be taken."""
        row = {"traceId": "t", "spanId": span}
        answer = await client.post(f"{METRICS}/ingest", params={"datasource": "guardrailMetrics"}, json=row)
        assert answer.status_code == 200, answer.text
        self.acknowledged += 1

    async def load(self, name: str, until: asyncio.Event, *, keeps: bool) -> None:
        """Send rows one after the other, over one connection or over one each."""
        number = 0
        while not until.is_set():
            async with self.client() as client:
                while not until.is_set():
                    await self.ingest(client, f"{name}-{number}")
                    number += 1
                    await asyncio.sleep(0.01)
                    if not keeps:
                        break


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await check():
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Workers]:
    """Two workers; at the end they must end well."""
    token = make_token(data, tenant_admin=True, scopes=tuple(Scope)).token or ""
    data_of(data, 2).mkdir(parents=True)
    shutil.copy(path_of(data, File.METADATA), path_of(data_of(data, 2), File.METADATA))
    command = [sys.executable, "-P", "-m", "meterd", "serve", "--data", str(data), "--listen", "127.0.0.1:0"]
    with listening("127.0.0.1", 0) as listener:
        parent = Parent(command, 2, [listener])
        ready = asyncio.Event()
        running = asyncio.create_task(parent.run(ready.set))
        async with asyncio.timeout(PATIENCE):
            await ready.wait()
        try:
            yield Workers(f"http://127.0.0.1:{listener.getsockname()[1]}", token, parent)
        finally:
            parent.stop()
            status = await running
        assert 0 == status


def stored(data: Path) -> int:
    """How many facts are in the stores of both, of spans that are different ones."""
    found = 0
    spans: set[str] = set()
    for number in (1, 2):
        with closing(duckdb.connect(str(path_of(data_of(data, number), File.STORE)), read_only=True)) as connection:
            rows = connection.execute("SELECT span_id FROM guardrail_evaluations").fetchall()
        found += len(rows)
        spans |= {span for (span,) in rows}
    assert len(spans) == found
    return found


async def test_two_processes_are_one_service_while_they_are_restarted_and_when_one_is_killed(tmp_path: Path) -> None:
    async with serving(tmp_path) as workers:
        done = asyncio.Event()
        senders = [
            asyncio.create_task(workers.load(f"sender-{number}", done, keeps=number % 2 == 0)) for number in range(8)
        ]

        async def taken() -> bool:
            metrics = await workers.metrics()
            return metrics.get(FACTS, 0) > 200 and metrics["meterd_processes",] == 2

        await eventually(taken)
        before, processes = await workers.metrics(), set(workers.parent.processes.values())
        workers.parent.restart()

        async def restarted() -> bool:
            now = set(workers.parent.processes.values())
            return not now & processes and (await workers.metrics())["meterd_processes",] == 2

        await eventually(restarted)
        done.set()
        await asyncio.gather(*senders)
        after = await workers.metrics()

        assert after[FACTS] == workers.acknowledged > before[FACTS] > 200
        assert 0 == after["meterd_process_restarts_total",]
        assert {name: before[name] for name in COUNTED if before[name] > after[name]} == {}

        os.kill(workers.parent.processes[2], signal.SIGKILL)

        async def is_back() -> bool:
            metrics = await workers.metrics()
            return (metrics["meterd_processes",], metrics["meterd_process_restarts_total",]) == (2, 1)

        await eventually(is_back)
        assert workers.acknowledged == (await workers.metrics())[FACTS]
    assert workers.acknowledged == stored(tmp_path)


async def test_a_first_start_that_fails_ends_the_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    parent = Parent(command, 2, [])

    async with asyncio.timeout(PATIENCE):
        assert 1 == await parent.run(lambda: None)
