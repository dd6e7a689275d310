"""A disk without room: refusals instead of lies, and work again when there is room."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import OF_DUCKDB, Meterd

MEGABYTE = 2**20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 192 MB, of which `ballast` holds two thirds."""
    mount, disk = shutil.which("mount"), tmp_path / "disk"
    disk.mkdir()
    if mount is None:
        pytest.skip("there is no mount command")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=192m", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted: {mounted.stderr.strip()}")
    try:
        with (disk / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, 128 * MEGABYTE)
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def settings(reserve: int) -> dict[str, str]:
    return BUSY | {"METERD_INGEST__DISK_RESERVE_BYTES": str(reserve)}


def limit_files(server: Meterd, size: int) -> None:
    """Let no file of the running process grow beyond `size` bytes; writes there fail as on a full disk."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def fill(server: Meterd, ledger: Ledger, padding: int = 4096) -> None:
    """Load until the server refuses, and see that it says so and lives."""
    with Load(server, ledger, padding=padding):
        ledger.wait_until(lambda: len(ledger.refusals) >= 20, "20 requests are refused")
        not_ready = wait_for_readiness(server, 503)
    assert not_ready.json()["message"]
    for refusal in ledger.refusals:
        assert int(refusal.headers["Retry-After"]) > 0
        assert refusal.json()["message"]
    assert server.client.get("/healthz").status_code == 200
    assert server.client.get("/health").status_code in (200, 503)
    answer = server.query(aggregations=[{"type": "count", "column": "guardrailName"}])
    assert answer.status_code in (200, 503), answer.text
    assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0
    assert server.process.poll() is None


def wait_for_readiness(server: Meterd, status: int) -> httpx2.Response:
    """Ask `/readyz` until it answers with `status`; it never answers with anything but 200 and 503."""
    deadline = time.monotonic() + 60
    while (response := server.client.get("/readyz")).status_code != status:
        assert response.status_code in (200, 503), response.text
        assert time.monotonic() < deadline, f"readyz still answers {response.status_code} {response.text}"
        time.sleep(0.05)
    return response


def go_on(server: Meterd, ledger: Ledger) -> None:
    """With room again nothing is lost or doubled, and new facts are taken; so it stays after a crash."""
    wait_for_readiness(server, 200)
    check(server, ledger)
    with Load(server, ledger):
        ledger.wait_for_acknowledged(200)
    server.kill()
    with server:
        check(server, ledger)


def test_the_reserve_refuses_before_the_disk_is_full_and_no_longer_when_there_is_room(small_disk: Path) -> None:
    server, ledger = Meterd(small_disk / "data", environment=settings(reserve=40 * MEGABYTE)), Ledger()
    with server:
        fill(server, ledger, padding=1024)  # not much a second, because free space is looked up once a second
        (small_disk / "ballast").unlink()
        go_on(server, ledger)
    assert {refusal.json()["message"] for refusal in ledger.refusals} == {
        "the disk is almost full (ingest.disk-reserve-bytes)"
    }


def test_a_disk_that_is_really_full_loses_nothing_and_works_again_when_there_is_room(small_disk: Path) -> None:
    server, ledger = Meterd(small_disk / "data", environment=settings(reserve=0)), Ledger()
    with server:
        fill(server, ledger)
        (small_disk / "ballast").unlink()
        go_on(server, ledger)


@OF_DUCKDB
def test_files_that_can_not_grow_lose_nothing_and_work_again_when_they_can(tmp_path: Path) -> None:
    server, ledger = Meterd(tmp_path, environment=settings(reserve=0)), Ledger()
    with server:
        limit_files(server, 18 * MEGABYTE)  # beyond what SQLite's log grows to, so that the store meets the limit too
        fill(server, ledger)
        limit_files(server, resource.RLIM_INFINITY)
        go_on(server, ledger)


@OF_DUCKDB
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_an_end_while_the_disk_is_full_loses_nothing(end: signal.Signals, tmp_path: Path) -> None:
    server = Meterd(tmp_path, environment=settings(reserve=0))
    ledger = Ledger()
    with server:
        limit_files(server, 4 * MEGABYTE)
        fill(server, ledger)
        server.process.send_signal(end)
        server.process.wait(timeout=60)
    with server:
        check(server, ledger)
        with Load(server, ledger):
            ledger.wait_for_acknowledged(200)
        check(server, ledger)
