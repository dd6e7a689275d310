"""What sessions cost the application that logs to them, and how fast the Python client and the agent deliver."""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import servers
from bench.load import Job, run
from bench.tables import table
from meterd.client import Client, Session

_TAGS = ["scene:lobby", "quality:high"]
_POINT: dict[str, Any] = {"name": "frame_ms", "value": 16.6, "tags": _TAGS}
_BURSTS, _BURST, _PAUSE = 100, 20, 0.002
_ITEMS = 3_200
_SESSIONS = (1, 16)
_CALLS: dict[str, Callable[[Session], None]] = {
    "log_metric": lambda session: session.log_metric("frame_ms", 16.6, tags=_TAGS),
    "log_counter": lambda session: session.log_counter("frames", tags=_TAGS),
    "log_event": lambda session: session.log_event("loaded", "info", "scenes", ["lobby"], data={"name": "lobby"}),
}


def measure() -> str:
    """Microseconds of a call in the application's thread, and items a second that reach a server."""
    with servers.meterd() as server, tempfile.TemporaryDirectory(prefix="meterd-bench-") as temporary:
        folder = Path(temporary)
        costs = [
            (name, *_cost(server, call, None), *_cost(server, call, folder / name)) for name, call in _CALLS.items()
        ]
        ways: dict[str, Callable[[int], float]] = {
            "bare connections": lambda sessions: _bare(server, sessions),
            "client": lambda sessions: _client(server, sessions, None),
            "client with spools": lambda sessions: _client(server, sessions, folder),
            "agent": lambda sessions: _agent(server, sessions, folder),
        }
        rates = [(way, *map(rate, _SESSIONS)) for way, rate in ways.items()]
    calls = table(
        "Sessions: what a call costs the application, in microseconds",
        ("call", "median", "p99", "median with a spool", "p99 with a spool"),
        costs,
    )
    deliveries = table(
        f"Sessions: {_ITEMS:,} items that waited, delivered one request each, in order, items/s",
        ("way", *(f"{count} at a time" for count in _SESSIONS)),
        rates,
    )
    return f"{calls}\n{deliveries}"


def _cost(server: servers.Running, call: Callable[[Session], None], spool: Path | None) -> tuple[float, float]:
    """Median and 99th percentile of calls in bursts, while the background delivers."""
    times = []
    with _open(server) as client, client.create_session("bench", "1", spool=spool, wait=10) as session:
        for _ in range(_BURSTS):
            for _ in range(_BURST):
                started = time.perf_counter_ns()
                call(session)
                times.append((time.perf_counter_ns() - started) / 1000)
            time.sleep(_PAUSE)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def _open(server: servers.Running) -> Client:
    return Client(f"http://127.0.0.1:{server.port}", server.token)


def _bare(server: servers.Running, sessions: int) -> float:
    """A load generator that does nothing else, a connection for each session."""
    with _open(server) as client:
        paths = [f"/api/sessions/{client.create_session('bench', '1', wait=10).id}/metrics" for _ in range(sessions)]
        return run(Job(server.port, paths, [json.dumps(_POINT).encode()], sessions, 3.0, server.token)).rate


def _client(server: servers.Running, count: int, folder: Path | None) -> float:
    with _open(server) as client:
        spools = [folder / f"{count}-{number}" if folder else None for number in range(count)]
        sessions = [client.create_session("bench", "1", spool=spool, wait=10) for spool in spools]
        with _stopped(server):
            for number in range(_ITEMS):
                sessions[number % count].log_metric("frame_ms", 16.6, tags=_TAGS)
            for session in sessions:
                session.save()
        return _rate(client.flush)


def _agent(server: servers.Running, count: int, folder: Path) -> float:
    with ExitStack() as stack:
        call = stack.enter_context(_running_agent(server, folder / f"agent-{count}"))
        register = {"product": "bench", "version": "1"}
        sessions = [call("POST", "/register", register)["session_id"] for _ in range(count)]
        with _stopped(server):
            for number in range(_ITEMS):
                call("POST", "/metric", _POINT | {"session_id": sessions[number % count]})
        return _rate(lambda: _drain(call))


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the agent did not start")


def _drain(call: Callable[..., Any]) -> None:
    while call("GET", "/health")["queued"]:
        time.sleep(0.02)


@contextmanager
def _stopped(server: servers.Running) -> Iterator[None]:
    """What is logged meanwhile waits."""
    os.kill(server.process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process, signal.SIGCONT)


def _rate(deliver: Callable[[], None]) -> float:
    started = time.perf_counter()
    deliver()
    return _ITEMS / (time.perf_counter() - started)


@contextmanager
def _running_agent(server: servers.Running, folder: Path) -> Iterator[Callable[..., Any]]:
    """An agent, as something to call with a method, a path and a body."""
    port = servers.free_port()
    folder.mkdir()
    config = {"daemon_port": port, "server_url": f"http://127.0.0.1:{server.port}", "data_dir": str(folder)}
    path = folder / "agent.json"
    path.write_text(json.dumps(config))
    environment = os.environ | {"DATACAT_CONFIG": str(path), "METERD_TOKEN": server.token}
    process = subprocess.Popen([sys.executable, "-m", "meterd", "agent"], env=environment, stderr=subprocess.DEVNULL)
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def call(method: str, path: str, body: Any = None) -> Any:
        connection.request(method, path, json.dumps(body))
        return json.loads(connection.getresponse().read())

    try:
        _wait(port)
        yield call
    finally:
        process.terminate()
        process.wait()
