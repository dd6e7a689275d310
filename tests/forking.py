"""Real `meterd` processes that need not import it first: forks of one that has, which does nothing but that.

A start takes more than a second of processor time for imports, and the tests start hundreds of servers. Each process
that runs tests has one process that has imported all that `meterd serve` does (`python -m tests.forking`). It has one
thread and no state besides, so that a fork of it is where `python -m meterd` is before the first line of its `main`. It
ends without Python's taking everything apart. What matters to that, or to imports, is tested with a process of its own.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.orm import configure_mappers

from meterd import failpoints

OWN = "METERD_"
"""What the names of our own settings begin with, which nothing reads while it is imported."""

IMPORTED_LATE = (
    "alembic.command",
    "alembic.config",
    "alembic.context",
    "anyio._backends._asyncio",
    "litestar._kwargs",
    "litestar.exceptions.responses",
    "litestar.middleware._internal.exceptions",
    "litestar.middleware.allowed_hosts",
    "litestar.middleware.csrf",
    "litestar.middleware.response_cache",
    "litestar.plugins.attrs",
    "litestar.plugins.pydantic",
    "meterd.__main__",
    "sqlglot.dialects.duckdb",
    "typer._adapters",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
)
"""What a start imports besides its command."""

_MESSAGE = 2**17

ENVIRONMENT = dict(os.environ)
"""That of the test run, for all servers: not what a test has set for itself by then, or a library that it uses."""


class Forked:
    """A running fork, with what the tests use of `subprocess.Popen`."""

    def __init__(self, pid: int, ends: int, handle: int, stderr: BinaryIO) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stderr = stderr
        self._ends = ends  # its status comes from here, once it has ended
        self._handle = handle  # the process itself, also where another has its number by now

    def poll(self) -> int | None:
        """Return the exit status, or the negative number of the signal that ended it; None while it runs."""
        if self.returncode is None and select.select([self._ends], [], [], 0)[0]:
            status = os.read(self._ends, 16)
            assert status, "the process whose forks are servers has ended"
            self.returncode = int(status)
            os.close(self._ends)
            os.close(self._handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None and not select.select([self._ends], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("meterd", timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        """Do nothing when it has ended, as `Popen` does."""
        if self.poll() is None:
            try:
                signal.pidfd_send_signal(self._handle, number)
            except ProcessLookupError:
                self.poll()

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class _Parent:
    """The process whose forks are servers, started for the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: socket.socket | None = None

    def fits(self, environment: dict[str, str]) -> bool:
        """Whether only settings of ours are other than where it was imported: another may matter to an import."""
        return _foreign(environment) == _foreign(ENVIRONMENT)

    def run(
        self, arguments: list[str], environment: dict[str, str], timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """Let a fork run a command until it ends, as `subprocess.run` does with what it says."""
        with tempfile.TemporaryFile() as output:
            forked = self.fork(arguments, environment, output.fileno())
            errors = io.BytesIO()
            reader = threading.Thread(target=lambda: errors.write(forked.stderr.read()))
            reader.start()
            try:
                status = forked.wait(timeout)
            except subprocess.TimeoutExpired:
                forked.kill()
                raise
            finally:
                reader.join()
                forked.stderr.close()
            output.seek(0)
            said, complaint = output.read().decode(), errors.getvalue().decode()
        return subprocess.CompletedProcess(["meterd", *arguments], status, said, complaint)

    def fork(self, arguments: list[str], environment: dict[str, str], output: int = 1) -> Forked:
        """Let a fork run `meterd` with these arguments; its output goes to a descriptor of ours."""
        order = {"arguments": arguments, "environment": environment, "folder": str(Path.cwd())}
        (stderr, errors), (ends, end) = os.pipe(), os.pipe()
        try:
            with self._lock:
                requests = self._started()
                socket.send_fds(requests, [json.dumps(order).encode()], [output, errors, end])
                pid, handles, _, _ = socket.recv_fds(requests, 64, 1)
        finally:
            os.close(errors)
            os.close(end)
        return Forked(int(pid), ends, handles[0], os.fdopen(stderr, "rb"))

    def _started(self) -> socket.socket:
        if self._requests is None:
            self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = [sys.executable, "-m", "tests.forking", str(theirs.fileno())]
                process = subprocess.Popen(
                    command, pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[1], env=ENVIRONMENT
                )
            atexit.register(process.wait)
            atexit.register(self._requests.close)  # before that: it ends when nobody can ask any more
        return self._requests


def _foreign(environment: dict[str, str]) -> dict[str, str]:
    """What may matter to an import; variables that begin with a line are what libraries leave for themselves."""
    return {name: value for name, value in environment.items() if not name.startswith((OWN, "PYTEST_", "_"))}


PARENT = _Parent()


def serve_requests(requests: socket.socket) -> bool:
    """Fork for each request until nobody asks any more. True in a fork, which is to run `meterd` then."""
    ends: dict[int, tuple[int, int]] = {}
    while True:
        for ready in select.select([requests.fileno(), *ends], [], [])[0]:
            if ready in ends:
                _tell_end(ready, *ends.pop(ready))
                continue
            order, descriptors, _, _ = socket.recv_fds(requests, _MESSAGE, 3)
            if not order:
                return False
            assert len([*Path("/proc/self/task").iterdir()]) == 1, "a fork would lack the other threads"
            pid = os.fork()
            if pid == 0:
                for descriptor in (requests.fileno(), *ends, *(end for _, end in ends.values())):
                    os.close(descriptor)
                _become(json.loads(order), *descriptors)
                return True
            handle = os.pidfd_open(pid)
            socket.send_fds(requests, [str(pid).encode()], [handle])
            output, errors, end = descriptors
            os.close(output)
            os.close(errors)
            ends[handle] = pid, end


def _tell_end(handle: int, pid: int, end: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(end, str(status).encode())
    os.close(end)
    os.close(handle)


def _become(order: dict[str, Any], output: int, errors: int, end: int) -> None:
    """Take the place of a process that was started for `order`."""
    os.close(end)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.close(output)
    os.close(errors)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[1:] = order["arguments"]
    failpoints.arm(os.environ.get("METERD_FAIL_POINT", ""))  # the only thing that importing looks for in our variables


def _run() -> None:
    """Run `meterd` and end as Python does, but for taking everything apart, which costs more than the start did."""
    from meterd import __main__ as program

    sys.argv[0], sys.modules["__main__"].__package__ = program.__file__, "meterd"  # what its help calls it
    status = 0
    try:
        program.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    for name in ("meterd.cli", "meterd.commands.serve", *IMPORTED_LATE):
        importlib.import_module(name)
    configure_mappers()  # which the first statement would do
    gc.collect()
    gc.freeze()  # forks share what is not looked at
    asking = socket.socket(fileno=int(sys.argv[1]))
    if serve_requests(asking):
        asking.detach()  # is closed
        _run()
    else:
        os._exit(0)
