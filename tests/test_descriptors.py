"""A service that may open few files keeps enough of them for what it keeps."""

import contextlib
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.process import Meterd, make_token

EVENT = {"attributes": {"agent_id": "a", "platform": "DATABRICKS"}, "meter": {"name": "ai_guard.agent", "value": "1"}}
QUICK = {"METERD_STORE__CHECKPOINT_INTERVAL": "0.2", "METERD_STORE__LOAD_INTERVAL": "0.1"}
REOPEN = """
import os, resource, sys
from pathlib import Path
from meterd.datasets import DATASETS
from meterd.errors import ConfigurationError
from meterd.store import DuckDBStore

class Crowded(DuckDBStore):
    def close(self):
        super().close()
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            for _ in range(int(sys.argv[2])):
                os.close(taken.pop())

taken = []
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
store = Crowded(Path(sys.argv[1]), threads=1)
store.create(DATASETS.values())
try:
    store.reopen()
except ConfigurationError as error:
    print(error.message)
for each in taken:
    os.close(each)
"""


def test_idle_connections_leave_enough_for_ingest_and_store(tmp_path: Path) -> None:
    address_limit = {"METERD_SERVICE__LIMITS__CONNECTIONS_PER_ADDRESS": "1000"}
    few = {resource.RLIMIT_NOFILE: 200}
    with (
        Meterd(tmp_path / "data", environment=QUICK | address_limit, limits=few) as meterd,
        contextlib.ExitStack() as stack,
    ):
        address = urlsplit(meterd.url)
        for number in range(400):
            with contextlib.suppress(ConnectionError):
                stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=30))
            if number % 20 == 0:
                assert meterd.client.post("/metric", json=EVENT).status_code == 200
        for _ in range(3):
            assert meterd.client.get("/readyz").text == "ok"
        points = meterd.points(datasource="aiGuardMetrics", aggregations=[{"type": "count", "column": "value"}])

        assert [20] == [point["countValue"] for point in points]
        log = meterd.log.decode()
    assert meterd.process.returncode == 0
    assert '"fewer connections than service.limits.connections says' in log
    assert not re.search(r'"level": "error"|Traceback', log)


def test_the_soft_limit_is_raised(tmp_path: Path) -> None:
    with Meterd(tmp_path / "data") as meterd:
        limits = Path(f"/proc/{meterd.process.pid}/limits").read_text()

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert f" {min(hard, 65536)} " in next(line for line in limits.splitlines() if line.startswith("Max open files"))


def test_with_hardly_any_the_start_says_what_is_missing(tmp_path: Path) -> None:
    make_token(tmp_path / "data")
    command = "ulimit -n 90; exec " + " ".join((sys.executable, "-m", "meterd", "serve", "--listen", "127.0.0.1:0"))
    done = subprocess.run(
        ["sh", "-c", f"{command} --data {tmp_path / 'data'}"], capture_output=True, text=True, timeout=60
    )

    assert done.returncode == 1
    assert re.fullmatch(
        r"meterd: the process may open too few files: \d+ more are needed \(ulimit -n, LimitNOFILE of systemd\)\n",
        done.stderr,
    )


def test_a_store_that_is_opened_again_without_any_left_says_so_and_the_process_lives(tmp_path: Path) -> None:
    for left in range(3):
        path = tmp_path / f"{left}.duckdb"
        done = subprocess.run(
            [sys.executable, "-c", REOPEN, path, str(left)], capture_output=True, text=True, timeout=60
        )

        assert (0, f"can't open the store {path}: too many files are open\n") == (done.returncode, done.stdout)
