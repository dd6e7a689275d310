"""A start that fails leaves nothing behind, whatever it had opened by then."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from meterd.access import Scope
from meterd.errors import ConfigurationError
from meterd.failpoints import START, START_IN_LOOP, Injected, arm
from meterd.ingest.journal import Journal
from meterd.service import Service
from meterd.settings import Settings, load
from tests.process import Meterd

SETTINGS = {"METERD_METRICS__EXPORTER__TYPE": "otlp", "METERD_METRICS__EXPORTER__COLLECTOR_ENDPOINT": "http://[::1]:9"}
"""With an exporter, so that its connection is among what a start opens."""


@contextlib.contextmanager
def failing_at(step: str) -> Iterator[None]:
    arm(f"{step}:1:raise")
    try:
        yield
    finally:
        arm("")


def held() -> Counter[str]:
    """What the process has open by name, its threads, and how many threads of libraries there are besides."""
    found: Counter[str] = Counter()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the directory's own, which is closed by now
            found[str(descriptor.readlink())] += 1
    found.update(f"thread {thread.name}" for thread in threading.enumerate())
    found["threads"] = len([*Path("/proc/self/task").iterdir()])
    return found


def left_since(before: Counter[str]) -> Counter[str]:
    """What is held now and was not before. What went is no concern: libraries of other tests end when they like."""
    return held() - before


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with which a service was opened and closed before: what libraries keep once they were used is there."""
    settings = load(None, SETTINGS)
    Service(settings, tmp_path_factory.mktemp("before")).close()
    return settings


@pytest.mark.parametrize("step", START)
async def test_a_start_that_fails_leaves_nothing_open_and_the_next_one_works(
    step: str, settings: Settings, tmp_path: Path
) -> None:
    before = held()
    with failing_at(step), pytest.raises(Injected, match=step):
        Service(settings, tmp_path)
    assert not left_since(before)

    service = Service(settings, tmp_path)
    try:
        token = service.tokens.create("root", scopes=tuple(Scope)).token
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx2.ASGITransport(service.application)  # type: ignore[arg-type]  # ASGI as Litestar types it
        async with httpx2.AsyncClient(transport=transport, base_url="http://meterd", headers=headers) as client:
            assert (await client.get("/readyz")).status_code == 200
    finally:
        service.close()


def test_settings_that_a_protocol_refuses_leave_nothing_open(settings: Settings, tmp_path: Path) -> None:
    refused = load(None, SETTINGS | {"METERD_METRICS__EXPORTER__HISTOGRAM_BOUNDARIES": "[2, 1]"})
    before = held()
    with pytest.raises(ConfigurationError, match="histogram-boundaries"):
        Service(refused, tmp_path)

    assert not left_since(before)
    Service(settings, tmp_path).close()


def test_a_file_that_is_no_journal_is_refused_and_not_kept_open(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no journal" * 1000)
    before = held()
    with pytest.raises(ConfigurationError, match="can't open the journal") as caught:
        Journal(path, window=60)

    assert not left_since(before), caught.value


@pytest.mark.parametrize("step", START_IN_LOOP)
def test_a_service_whose_tasks_do_not_start_ends_and_the_next_one_works(step: str, tmp_path: Path) -> None:
    failing = Meterd(tmp_path, environment={"METERD_FAIL_POINT": f"{step}:1:raise"})
    with pytest.raises(AssertionError, match=r"(?s)meterd ended: .*startup failed"):
        failing.start()
    assert failing.process.wait() == 3

    with Meterd(tmp_path) as meterd:
        assert meterd.client.get("/readyz").status_code == 200
