"""Writes the history into a new data directory, before the server serves it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

from meterd.access import DEFAULT_TENANT
from meterd.api.sessions.repository import SessionRepository
from meterd.core import Core
from meterd.data_directory import path_of
from meterd.datasets.usage import VOUCHED
from meterd.demo.facts import Fact
from meterd.demo.workload import Workload
from meterd.errors import ConfigurationError
from meterd.ingest.admission import admission
from meterd.ingest.facts import Facts, Submission, encode
from meterd.installation import File
from meterd.settings import Settings
from meterd.telemetry import Telemetry

if TYPE_CHECKING:
    from meterd.datasets.rows import ApiRequest, ProcessRun, QueueSample

_BATCH = 5_000
Progress = Callable[[float, int], None]
"""Told which share of the history is written, and how many facts that is."""


def require_new(data: Path) -> None:
    """Raise `ConfigurationError` when a directory has something of meterd: nothing made up belongs beside it."""
    if any(path_of(data, file).exists() for file in File):
        raise ConfigurationError(
            f"{data} holds data of meterd already, and a demo begins with none: name another directory with --data, or"
            f" go on with meterd serve --data {data}"
        )


def write_history(data: Path, settings: Settings, workload: Workload, progress: Progress) -> None:
    """Record the history as the server does, but for the way by HTTP, and load it. Raises `ConfigurationError`."""
    start, end = workload.story.history
    with ExitStack() as stack:
        core = Core.open(stack, settings, Telemetry(), data, ())
        core.start(stack)
        written = 0
        waiting: list[Fact] = []
        for span, facts in workload.history():
            waiting += facts
            if len(waiting) >= _BATCH or span.end == end:
                submission = Submission(tuple(encoded(waiting)))
                core.recorder.flush()  # so that no more than two batches are in memory
                core.recorder.write(submission)
                written += len(waiting)
                waiting = []
                progress((span.end - start) / (end - start), written)
        core.recorder.flush()  # what follows knows of no facts that are still to come
        asyncio.run(_follow(core))


async def _follow(core: Core) -> None:
    """Let the documents of sessions follow their facts, which takes longer than a first request waits."""
    repository = SessionRepository(core.metadata.sessions, core.engine, core.supervisor)
    await repository.catch_up()
    repository.close()


def encoded(facts: Iterable[Fact]) -> Iterator[Facts]:
    """Check facts as every door does, and encode them by dataset."""
    by_dataset: dict[str, list[Fact]] = {}
    for fact in facts:
        if "origin" in fact.dataset.by_name:
            cast("ApiRequest | ProcessRun | QueueSample", fact.row).origin = VOUCHED
        admission(fact.dataset).require(fact.row)
        by_dataset.setdefault(fact.dataset.name, []).append(fact)
    for same in by_dataset.values():
        yield encode(same[0].dataset, DEFAULT_TENANT, [fact.row for fact in same])
