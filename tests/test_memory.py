import resource
import subprocess
import sys
from pathlib import Path

import pytest

from meterd.memory import available, in_bytes
from tests.process import Meterd, limited

MEGABYTE = 2**20


def test_no_more_is_available_than_the_machine_has() -> None:
    assert 64 * MEGABYTE < available() <= int(Path("/proc/meminfo").read_text().split()[1]) * 1024


@pytest.mark.parametrize(
    ("megabytes", "defaults"), [(900, "194MiB 97MiB"), (300, "64MiB 32MiB"), (2048, "768MiB 384MiB")]
)
def test_defaults_leave_room_within_the_process_own_limit(megabytes: int, defaults: str) -> None:
    program = "from meterd.memory import *; print(for_store(), for_query())"
    shown = subprocess.run(
        limited([sys.executable, "-c", program], {resource.RLIMIT_AS: megabytes * MEGABYTE}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stdout.strip() == defaults


def test_a_server_with_little_address_space_takes_and_answers(tmp_path: Path) -> None:
    rows = [{"guardrailName": f"name {number}", "latencyMs": number} for number in range(5000)]
    with Meterd(tmp_path, limits={resource.RLIMIT_AS: 1000 * MEGABYTE}) as server:
        for number in range(20):
            answered = server.ingest(rows)
            assert answered.status_code in (200, 503), answered.text
            asked = server.query(groupBy=["guardrailName"], aggregations=[{"type": "p99", "column": "latencyMs"}])
            assert asked.status_code in (200, 400, 503), asked.text
            assert server.process.poll() is None, number
        assert server.points()[0]["total"] >= 5000


@pytest.mark.parametrize(
    ("size", "count"),
    [("1GB", 10**9), ("512MiB", 512 * 2**20), ("1.5 GiB", 3 * 2**29), ("8KB", 8000), ("2TB", 2 * 10**12)],
)
def test_a_size_is_as_many_bytes_as_duckdb_takes_it_for(size: str, count: int) -> None:
    assert in_bytes(size) == count
