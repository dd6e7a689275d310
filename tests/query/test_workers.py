"""Work that does not end in its time: who asked is told soon, and its place is free when it has ended."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import DATASETS, MODEL_CALLS
from meterd.errors import InvalidInput
from meterd.query import workers
from meterd.query.engine import QueryEngine
from meterd.query.model import Query
from meterd.query.workers import Execution, Overdue, Workers
from meterd.settings import Query as Limits
from meterd.store import DuckDBStore, StoredRow
from meterd.telemetry import Telemetry
from tests.query.reference import _Fresh

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
EVERYTHING = Query(MODEL_CALLS, datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_GRACE", 0.0)


@pytest.fixture
def one() -> Iterator[Workers]:
    work = Workers("scan", 1, 1, 0.05, Telemetry(), "service.timeout")
    yield work
    work.close()


async def test_nobody_waits_for_work_that_does_not_look_at_its_time(one: Workers) -> None:
    may_end, seen = threading.Event(), list[Execution]()

    def deaf(execution: Execution) -> None:
        seen.append(execution)
        may_end.wait()

    with pytest.raises(Overdue, match=r"longer than 0\.05 s \(service\.timeout\)"):
        await one.run(ADMIN, deaf)

    assert seen[0].cancellation.is_cancelled
    assert one._queue.taken == 1
    may_end.set()
    while one._queue.taken:  # noqa: ASYNC110 - the queue tells nobody
        await asyncio.sleep(0.001)
    assert await one.run(ADMIN, lambda _: "answered") == "answered"


async def test_a_timeout_of_the_work_itself_is_not_that_of_its_place(one: Workers) -> None:
    def fail(_: Execution) -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        await one.run(ADMIN, fail)


async def test_work_that_ends_an_iteration_fails_at_once(one: Workers) -> None:
    """asyncio can't hold a `StopIteration`: who waits would wait for ever."""
    nothing: Iterator[None] = iter(())

    with pytest.raises(RuntimeError, match="nobody made"):
        await one.run(ADMIN, lambda _: next(nothing))


class Deaf(DuckDBStore):
    """A store that looks at no limit until it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, threads=1)
        self.may_end = threading.Event()

    def select(self, *arguments: Any) -> list[StoredRow]:
        self.may_end.wait()
        return super().select(*arguments)


async def test_a_query_that_is_overdue_has_reached_its_limit_of_time(tmp_path: Path) -> None:
    store, telemetry = Deaf(tmp_path / "store.duckdb"), Telemetry()
    store.create(DATASETS.values())
    engine = QueryEngine(store, _Fresh(), Limits(timeout=0.05), telemetry)
    with pytest.raises(InvalidInput, match=r"longer than 0\.05 s \(query\.timeout\)"):
        await engine.run(EVERYTHING, ADMIN)

    assert telemetry.registry.get_sample_value("meterd_query_failures_total", {"reason": "time"}) == 1
    store.may_end.set()
    engine.close()
    store.close()
