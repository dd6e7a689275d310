"""Servers under measurement, each a process on a free port."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from meterd.access import Scope
from meterd.data_directory import open_metadata, prepare_data


class Running(NamedTuple):
    """A server that answers; `token` may do everything."""

    port: int
    process: int
    token: str
    data: Path

    def resident(self) -> float:
        """Resident memory in MB."""
        return _resident(self.process)

    def helper_resident(self) -> float:
        """The same of the process that reads bodies beside it; 0 when there is none."""
        tasks = Path(f"/proc/{self.process}/task")
        children = [each for task in tasks.iterdir() for each in (task / "children").read_text().split()]
        return sum(_resident(int(each)) for each in children)

    def processor_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def starved_seconds(self) -> float:
        """How long its event loop's thread has been ready to run while others had the processors."""
        return starved_seconds(self.process)

    def metric(self, name: str) -> float:
        """The sum of a metric of the server's own over its labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))


def _resident(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def starved_seconds(thread: int) -> float:
    """How long a thread waited for a processor, by its number in the system: that of the process for the first one."""
    return int(Path(f"/proc/{thread}/schedstat").read_text().split()[1]) / 1e9


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


NOTHING_KEPT = {"METERD_QUERY__MAX_CACHE_BYTES": "0"}
"""The environment of a server that works out each answer anew, for questions that are repeated to be measured."""


@contextmanager
def meterd(data: Path | None = None, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A meterd on `data`, or on a directory of its own that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as temporary:
        directory_path = data or Path(temporary)
        metadata = open_metadata(prepare_data(directory_path))
        token = metadata.tokens.create("bench", tenant_admin=True, scopes=tuple(Scope)).token or ""
        metadata.close()
        port = free_port()
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "meterd",
            "serve",
            "--data",
            directory_path,
            "--listen",
            f"127.0.0.1:{port}",
        ]
        with serving(command, port, "/healthz", environment) as process:
            yield Running(port, process, token, directory_path)


@contextmanager
def nothing() -> Iterator[Running]:
    """The do-nothing application."""
    port = free_port()
    with serving([sys.executable, "-m", "bench.nothing", str(port)], port, "/") as process:
        yield Running(port, process, "", Path())


@contextmanager
def serving(
    command: list[str | Path], port: int, path: str, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ | (environment or {}))
    try:
        for _ in range(1200):  # a busy machine takes its time
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait()
