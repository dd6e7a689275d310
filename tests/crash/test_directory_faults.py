"""A directory that can't be written or read: refusals that say so, never a fault of the server, and work afterwards."""

import contextlib
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import METRICS, OF_ONE_PROCESS, Meterd, limited, make_token

ITEMS: dict[str, dict[str, object]] = {
    "object": {"_id": "one"},
    "calendar": {"_id": "ONE", "calendar": {"_type": "BusinessCalendar"}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    environment = {"METERD_INGEST__DISK_RESERVE_BYTES": "0", "METERD_USAGE__RECORD": "off"}
    with Meterd(tmp_path_factory.mktemp("faults"), environment=environment) as server:
        yield server


@contextlib.contextmanager
def no_growing_file(server: Meterd) -> Iterator[None]:
    """Writes of the running process beyond the first KB of a file fail, as on a full disk."""
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)


@OF_ONE_PROCESS
@pytest.mark.parametrize("service", ITEMS)
def test_a_full_disk_refuses_items_until_there_is_room(service: str, server: Meterd) -> None:
    with no_growing_file(server):
        refused = server.client.post(f"/api/{service}/v1", json=ITEMS[service])

    assert refused.status_code == 503, refused.text
    assert int(refused.headers["retry-after"]) > 0
    assert refused.text.startswith("[5030] the directory can't be read or written: ")
    assert "meterd_directory_failures_total 0.0" not in server.client.get("/metrics").text
    assert "Traceback" not in server.log.decode()
    assert server.client.post(f"/api/{service}/v1", json=ITEMS[service]).status_code == 200


@OF_ONE_PROCESS
def test_a_damaged_directory_is_named_in_the_shape_of_each_protocol(tmp_path: Path) -> None:
    with Meterd(tmp_path) as server:
        unseen = make_token(tmp_path, "unseen").token
        file = tmp_path / "directory.sqlite"
        with contextlib.closing(sqlite3.connect(file)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with file.open("r+b") as pages:
            pages.seek(4096)
            pages.write(os.urandom(file.stat().st_size - 4096))
        server.client.headers["Authorization"] = f"Bearer {unseen}"

        for method, path in [
            ("POST", "/metric"),
            ("POST", f"{METRICS}/query"),
            ("POST", "/v1/traces"),
            ("GET", "/api/object/v1"),
            ("POST", "/api/sessions"),
        ]:
            answer = server.client.request(method, path)
            assert answer.status_code == 500, (path, answer.text)
            assert "meterd doctor" in answer.text, path
        assert "Traceback" not in server.log.decode()


def test_the_disks_reserve_counts_for_items(tmp_path: Path) -> None:
    with Meterd(tmp_path) as server:
        for service, item in ITEMS.items():
            assert server.client.post(f"/api/{service}/v1", json=item).status_code == 200
    with Meterd(tmp_path, environment={"METERD_INGEST__DISK_RESERVE_BYTES": str(2**62)}) as server:
        for service, item in ITEMS.items():
            refused = server.client.post(f"/api/{service}/v1", json=item | {"name": "new"})
            assert refused.status_code == 503, refused.text
            assert refused.headers["retry-after"] == "30"
            assert "ingest.disk-reserve-bytes" in refused.text
        assert server.client.delete("/api/object/v1/private/one").status_code == 200, "what frees space is not refused"


def test_a_token_that_can_not_be_stored_is_a_sentence(tmp_path: Path) -> None:
    make_token(tmp_path)
    ended = subprocess.run(
        limited(
            [sys.executable, "-m", "meterd", "token", "create", "--subject", "a", "--data", str(tmp_path)],
            {resource.RLIMIT_FSIZE: 1024},
        ),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert ended.stderr.startswith("meterd: ")
