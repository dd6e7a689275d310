import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.api.usage.scan_executor import ScanExecutor
from meterd.errors import InvalidInput
from meterd.query.workers import Workers
from meterd.telemetry import Telemetry

ANN = Caller("acme", "ann", SubjectType.USER)


def endless() -> Iterator[dict[str, Any]]:
    return ({"_id": number} for number in itertools.count())


def workers(timeout: float) -> Workers:
    return Workers("scan", 2, 10, timeout, Telemetry())


async def test_documents_are_given_to_the_function() -> None:
    scan_executor = ScanExecutor(workers(60.0), 60.0)

    assert [{"_id": 1}, {"_id": 2}] == await scan_executor.run(ANN, list, [{"_id": 1}, {"_id": 2}])


async def test_a_scan_that_takes_too_long_says_how_to_ask_for_less() -> None:
    scan_executor = ScanExecutor(workers(0.05), 0.05)

    with pytest.raises(InvalidInput, match=r"longer than 0\.05 s \(query\.timeout\): name items by _id"):
        await scan_executor.run(ANN, list, endless())


async def test_closing_ends_what_is_running() -> None:
    threads = workers(3600.0)
    running: asyncio.Future[tuple[list[object]]] = asyncio.gather(
        ScanExecutor(threads, 3600.0).run(ANN, list, endless())
    )
    await asyncio.sleep(0.05)

    threads.close()

    with pytest.raises(InvalidInput):
        await running


async def test_other_work_in_threads_goes_on_while_scans_wait() -> None:
    scan_executor = ScanExecutor(workers(3600.0), 3600.0)
    running: list[asyncio.Task[list[object]]] = [
        asyncio.create_task(scan_executor.run(ANN, list, endless())) for _ in range(4)
    ]

    assert 3 == await asyncio.to_thread(lambda: 1 + 2)
    assert not any(task.done() for task in running)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
