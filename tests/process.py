"""A real meterd in a process of its own, for tests that talk to it over HTTP, stop it, or kill it."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx2
import pytest

from meterd.access import DEFAULT_TENANT, Scope, SubjectType
from meterd.access.tokens import TokenDetails
from meterd.data_directory import open_metadata, path_of, prepare_data
from meterd.installation import File
from meterd.settings import Directory
from tests import engines
from tests.forking import ENVIRONMENT, PARENT, Forked

if TYPE_CHECKING:
    from tests.nodes.beside import Beside

DIRECTORY = "METERD_TESTS_DIRECTORY"
"""Names where the directories of this run are."""
NODES = "METERD_TESTS_NODES"
"""Names how many nodes each server of this run is."""
OF_ONE_PROCESS = pytest.mark.skipif("config.getoption('--directory') == 'postgresql'", reason="nodes have it otherwise")
"""Of tests that look into the file of the directory, or at sessions in memory and what a stop leaves of them."""
OF_DUCKDB = pytest.mark.skipif("config.getoption('--engine') == 'chdb'", reason="is about DuckDB's files")
"""Of tests that look into them or damage them, or rely on a write that fails to be told, as ClickHouse's may not be."""
_COMMAND_SECONDS = 60.0
OF_ONE_NODE = pytest.mark.skipif("config.getoption('--nodes') > 1", reason="each node has it for itself")
"""Of tests of keys against repetition, ends of pages, what is known at once, ports, files, logs, counts and limits."""
METRICS = "/api/svc/v1/llm-gateway/metrics"

_LIMITED = """
import json, os, resource, sys
for number, most in json.loads(sys.argv[1]).items():
    resource.setrlimit(int(number), (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""


def make_token(
    data: Path,
    subject: str = "root",
    *,
    type_: SubjectType = SubjectType.USER,
    teams: tuple[str, ...] = (),
    tenant: str = DEFAULT_TENANT,
    tenant_admin: bool = False,
    scopes: tuple[Scope, ...] = (Scope.INGEST, Scope.QUERY),
    directory: Directory | None = None,
) -> TokenDetails:
    """A token in the metadata of `data`, whether a server runs on it or not."""
    directory = directory or directory_of(data)
    file = path_of(prepare_data(data), File.METADATA)
    if not directory.is_postgresql and not file.exists():
        file.write_bytes(_new_metadata())
    metadata = open_metadata(data, directory)
    try:
        return metadata.tokens.create(subject, type_, teams, tenant, tenant_admin, scopes)
    finally:
        metadata.close()


@cache
def _new_metadata() -> bytes:
    """What meterd makes where there is nothing, once for all: to make it takes a fifth of a start."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        open_metadata(data).close()
        return path_of(data, File.METADATA).read_bytes()


@cache
def _database(_data: Path) -> str:
    from tests import postgresql  # most runs have no need of it

    return postgresql.database()


def directory_of(data: Path, nodes: int = 1) -> Directory:
    """Where the metadata of a data directory are: in it, or in a PostgreSQL when the whole run is to be with one."""
    if os.environ.get(DIRECTORY) != "postgresql" and nodes == 1:
        return Directory()
    return Directory(url=_database(data.absolute()))


def directory_environment(data: Path) -> dict[str, str]:
    """What makes a server on a data directory keep its directory where this run has it."""
    directory = directory_of(data)
    return {"METERD_DIRECTORY__URL": directory.url} if directory.is_postgresql else {}


def limited(command: list[str], limits: dict[int, int]) -> list[str]:
    """Return a command that runs another within resource limits, by their number in the module `resource`.

    A function that sets them between fork and exec would run beside what libraries of the tests begin in each fork.
    """
    return [sys.executable, "-S", "-c", _LIMITED, json.dumps(limits), *command] if limits else command


def plain_client(token: str = "", url: str = "", nodes: int = 0) -> httpx2.Client:
    """Make a client for plain HTTP, quickly: it loads no certificates of authorities.

    Where the server is several nodes each request is a connection, and so another node's.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    limits = httpx2.Limits(max_keepalive_connections=None if (nodes or chosen_nodes()) == 1 else 0)
    return httpx2.Client(base_url=url, headers=headers, timeout=60, verify=False, limits=limits)


def chosen_nodes() -> int:
    """Return how many nodes this run of the tests is for."""
    return int(os.environ.get(NODES, "1"))


def run_command(
    *arguments: str | Path, environment: dict[str, str] | None = None, forked: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run `meterd` with these arguments until it ends, in the environment of the test run unless another is given.

    It is a fork of a process that has imported meterd, unless `forked` is False, or the environment is different where
    that may matter to imports.
    """
    given = [str(each) for each in arguments]
    environment = ENVIRONMENT if environment is None else environment
    if forked and PARENT.fits(environment):
        return PARENT.run(given, environment, _COMMAND_SECONDS)
    command = [sys.executable, "-m", "meterd", *given]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_COMMAND_SECONDS)


class Meterd:
    """`meterd serve` on `data`; `token` belongs to a tenant administrator and has every scope.

    Usable as a context manager: enters when the server answers, stops it gracefully on leaving. `limits` are resource
    limits of the process, by their number in the module `resource`. It is a fork of a process that has imported meterd
    (`tests/forking.py`), unless `forked` is False, `command` is another installation's, or something else matters to
    imports. While it runs, `client` sends the token and `anonymous` none. It takes OTLP over gRPC on a free port,
    `grpc`, if the settings say so. With `nodes` it is several of them on one ClickHouse and one PostgreSQL, behind a
    proxy that takes the next one for each connection (`tests/nodes/beside.py`).
    """

    def __init__(
        self,
        data: Path,
        *arguments: str,
        config: Path | None = None,
        environment: dict[str, str] | None = None,
        limits: dict[int, int] | None = None,
        forked: bool = True,
        command: Sequence[str] = (),
        directory: Directory | None = None,
        nodes: int = 0,
    ) -> None:
        self.data = data
        self._nodes = nodes or chosen_nodes()
        self._beside: Beside | None = None
        directory = directory or directory_of(data, self._nodes)
        self.token = make_token(data, tenant_admin=True, scopes=tuple(Scope), directory=directory).token or ""
        self._arguments = ["serve", "--data", str(data), "--listen", "127.0.0.1:0", *arguments]
        if config:
            self._arguments += ["--config", str(config)]
        usual = {"METERD_OTLP__GRPC__LISTEN": "off"}
        if self._nodes > 1:
            usual |= {"METERD_STORE__LOAD_INTERVAL": "0.1", "METERD_USAGE__FLUSH_INTERVAL": "0.05"}
        if directory.is_postgresql:
            usual["METERD_DIRECTORY__URL"] = directory.url
        self._environment = usual | ENVIRONMENT | self._store() | (environment or {})
        self._limits = engines.limits(limits or {})
        self._forked = forked and not command
        self._command = command or (sys.executable, "-m", "meterd")
        self.url = self.grpc = ""
        self._log = b""

    def become(self, number: int) -> None:
        """Be another node of the same installation, with a data directory of its own."""
        self.data = self.data.with_name(f"{self.data.name}-node-{number}")
        self._arguments = [*self._arguments]
        self._arguments[self._arguments.index("--data") + 1] = str(self.data)
        self._nodes = 1

    @property
    def log(self) -> bytes:
        return self._log + (self._beside.log if self._beside else b"")

    def _store(self) -> dict[str, str]:
        """What makes it keep its facts where this run has them."""
        several = self._nodes > 1
        return engines.shared_environment(self.data) if several else engines.environment(self.data)

    def start(self) -> Self:
        """Start, and return when it is ready. Raises `AssertionError` with its output when it ends instead."""
        self._start()
        if self._nodes > 1:
            from tests.nodes.beside import Beside  # most runs have no need of it

            self._beside = Beside(self, self._nodes)
            self.url, self.grpc = self._beside.url, self._beside.grpc
        self.client = plain_client(self.token, self.url, self._nodes)
        self.anonymous = plain_client(url=self.url, nodes=self._nodes)
        return self

    def _start(self) -> None:
        self._log, self._beside = b"", None
        self.process = self._started()
        assert self.process.stderr is not None
        deadline = time.monotonic() + 180  # several processes start one after the other
        while b"meterd ready on " not in self._log:
            ready, _, _ = select.select([self.process.stderr], [], [], 1)
            data = os.read(self.process.stderr.fileno(), 65536) if ready else b""
            self._log += data
            if self.process.poll() is not None and not data:
                self.process.stderr.close()
                raise AssertionError(f"meterd ended: {self.log.decode()}")
            assert time.monotonic() < deadline, f"meterd is not ready: {self.log.decode()}"
        self.url = self.log.rpartition(b"meterd ready on ")[2].split()[0].decode()
        if (announced := self.log.rpartition(b"meterd takes OTLP over gRPC on ")[2]) != self.log:
            self.grpc = announced.split()[0].decode()
        self._log_reader = threading.Thread(target=self._read_log, daemon=True)
        self._log_reader.start()

    def _started(self) -> "subprocess.Popen[bytes] | Forked":
        """A fork, but for what a process must have from its very start."""
        if self._forked and not self._limits and PARENT.fits(self._environment):
            return PARENT.fork(self._arguments, self._environment)
        command = limited([*self._command, *self._arguments], self._limits)
        return subprocess.Popen(command, stderr=subprocess.PIPE, env=self._environment)

    def _read_log(self) -> None:
        """While it runs: a full pipe would stop a process that logs every refusal."""
        assert self.process.stderr is not None
        while data := os.read(self.process.stderr.fileno(), 65536):
            self._log += data

    def kill(self) -> None:
        """`kill -9`."""
        self.process.send_signal(signal.SIGKILL)
        if self._beside:
            self._beside.kill()
        self.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        self.process.terminate()
        statuses = self._beside.stop() if self._beside else []
        return max(self.wait(), *statuses, key=abs) if statuses else self.wait()

    def wait(self) -> int:
        """Collect the rest of the log and the exit status."""
        assert self.process.stderr is not None
        self._log_reader.join()
        self.process.stderr.close()
        self.client.close()
        self.anonymous.close()
        if self._beside:
            self._beside.close()
        return self.process.wait()

    def ingest(
        self, rows: object, datasource: str = "guardrailMetrics", token: str = "", **headers: str
    ) -> httpx2.Response:
        """Send rows as JSON."""
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post(
            f"{METRICS}/ingest", params={"datasource": datasource}, json=rows, headers=authorization | headers
        )

    def query(self, token: str = "", **body: Any) -> httpx2.Response:
        """Ask; a distribution of guardrail facts of all times unless `body` says otherwise."""
        whole: dict[str, Any] = {
            "startTs": "1970-01-01T00:00:00Z",
            "endTs": "2100-01-01T00:00:00Z",
            "datasource": "guardrailMetrics",
            "type": "distribution",
        }
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post(f"{METRICS}/query", json=whole | body, headers=authorization)

    def points(self, token: str = "", **body: Any) -> list[dict[str, Any]]:
        """The data points of a query that must succeed."""
        response = self.query(token, **body)
        assert response.status_code == 200, f"{response.text}\n{self.log[-5000:].decode()}"
        points: list[dict[str, Any]] = response.json()["data"]["dataPoints"]
        return points

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.stop()
        elif self.process.stderr and not self.process.stderr.closed:
            self.wait()
