"""A real agent in a process of its own, driven as DataCat's Python client drives it, and servers that come back."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.process import Meterd

PROGRAM = Path(sys.executable).parent / "datacat-daemon"
APPLICATION = Path(__file__).parent / "application.py"


class Refusal(Exception):
    """An answer that is no success: status and line."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(f"{status} {line}")
        self.status = status
        self.line = line


def call(port: int, path: str, body: Any = None) -> Any:
    """One request on a connection of its own, as the client makes it. Raises `Refusal`."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"http://localhost:{port}{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            raise Refusal(error.code, error.read().decode()) from None


def until(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    """The condition's first value that is true. Raises `AssertionError` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still waiting: {what}"
        time.sleep(0.02)
    return value


def free_port() -> int:
    """A port that was free a moment ago, which is how the client picks one."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def write_config(directory: Path, url: str, **keys: Any) -> Path:
    """A configuration in the form that the client writes, and quicker intervals."""
    port = free_port()
    settings = {
        "daemon_port": str(port),
        "server_url": url,
        "data_dir": str(directory / "queue"),
        "batch_interval_seconds": 0.2,
        "linger_seconds": 10,
    } | keys
    path = directory / f"daemon_config_{port}.json"
    path.write_text(json.dumps(settings))
    return path


class Daemon:
    """`datacat-daemon` with pipes that nobody reads. Usable as a context manager."""

    command: tuple[str, ...] = (str(PROGRAM),)

    def __init__(self, directory: Path, url: str, token: str = "", **keys: Any) -> None:
        self.config = write_config(directory, url, **keys)
        self.port = int(json.loads(self.config.read_text())["daemon_port"])
        self.queue = directory / "queue"
        self._environment = os.environ | {"DATACAT_CONFIG": str(self.config), "METERD_TOKEN": token}

    def start(self) -> Self:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment)
        until(self._answers, "the agent answers")
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the agent ended"
        try:
            return bool(self.health())
        except OSError:
            return False

    def health(self) -> dict[str, Any]:
        health: dict[str, Any] = call(self.port, "/health")
        return health

    def register(self, product: str = "game", parent_pid: int | None = None) -> str:
        pid = os.getpid() if parent_pid is None else parent_pid
        answer = call(self.port, "/register", {"parent_pid": pid, "product": product, "version": "1.0"})
        assert list(answer) == ["session_id"]
        id_: str = answer["session_id"]
        return id_

    def post(self, path: str, id_: str, **members: Any) -> None:
        assert call(self.port, path, {"session_id": id_} | members) == {"status": "ok"}

    def document(self, id_: str) -> dict[str, Any]:
        document: dict[str, Any] = call(self.port, f"/session?session_id={id_}")
        return document

    def drained(self) -> None:
        """Wait until the server has everything."""
        until(lambda: self.health()["queued"] == 0, "the queue is empty")

    def kill(self) -> None:
        """`kill -9`."""
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        self.process.terminate()
        return self.close()

    def close(self) -> int:
        """Wait for the end; returns the exit status."""
        status = self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return status

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


class Application:
    """A program that starts an agent as the client does, registers, and runs `script` with `call` and `id_`."""

    def __init__(self, directory: Path, url: str, token: str, script: str = "", **keys: Any) -> None:
        self.config = write_config(directory, url, **keys)
        environment = os.environ | {"DATACAT_CONFIG": str(self.config), "METERD_TOKEN": token}
        self.process = subprocess.Popen(
            [sys.executable, str(APPLICATION), str(PROGRAM), script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self.process.stdout is not None
        self.agent, self.session = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        """`kill -9`, without telling the agent anything."""
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def exit(self) -> int:
        """Let it come to its end, where the client stops the agent; returns the exit status."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(30)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return status


class Returning(Meterd):
    """A server that starts again where it was."""

    def start(self) -> Self:
        super().start()
        self._arguments[self._arguments.index("--listen") + 1] = self.url.removeprefix("http://")
        return self


def document(meterd: Meterd, id_: str) -> dict[str, Any]:
    """A session as the server has it."""
    response = meterd.client.get(f"/api/sessions/{id_}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def names(document: dict[str, Any]) -> list[str]:
    return [event["name"] for event in document["events"]]
