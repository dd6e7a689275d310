"""The process: `datacat-daemon`, which an application's client starts, and `meterd agent`, which a person does."""

import asyncio
import logging
import logging.handlers
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from meterd.agent.agent import Agent
from meterd.agent.errors import ConfigurationError
from meterd.agent.http import Application
from meterd.agent.processes import Process, find
from meterd.agent.settings import Settings, load
from meterd.agent.spool import open_spools
from meterd.agent.watch import Watch
from meterd.phrases import STATUS_LINES

log = logging.getLogger(__name__)

STATUS_LINE.update(STATUS_LINES)

_HELP = """Usage: datacat-daemon

Takes session telemetry of applications on this machine, keeps it on disk, and delivers it to a server. DataCat's
clients start it, and it ends with the process that started it; `meterd agent` runs one by itself.

  DATACAT_CONFIG      configuration file (JSON); default: daemon_config.json if there is one
  METERD_URL          the server, where the file names none; default: http://127.0.0.1:8080
  METERD_TOKEN        the token for it
  METERD_AGENT_DATA   directory for what waits
"""
_HOST = "127.0.0.1"
_FINISH = "--finish"
_LAST_DELIVERY = 2.0
"""Seconds that a stopping agent goes on to deliver: a client waits 5 for its end."""

_MAX_EXIT_WAIT = 30.0
"""Seconds that an application may take to exit after it has stopped its agent."""


def main() -> None:
    """Run `datacat-daemon`, which ends with the process that started it."""
    if {"-h", "--help"}.intersection(sys.argv[1:]):
        sys.stdout.write(_HELP)
        return
    if _FINISH in sys.argv[1:]:
        sys.exit(_finish(msgspec.json.decode(sys.stdin.buffer.read(), type=Unfinished)))
    sys.exit(run(find(os.getppid()) if os.getppid() > 1 else None, logs_to_file=True))


def run(owner: Process | None = None, logs_to_file: bool = False) -> int:
    """Run until SIGTERM or SIGINT, or until `owner` is gone and everything is done; return the exit status."""
    try:
        settings = load()
        listener = _listening(settings.port)
        is_done = _run_agent(settings, owner, listener, logs_to_file)
    except (ConfigurationError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"datacat-daemon: {error}\n")
        return 1
    if owner and owner.is_alive and not is_done:
        _finish_later(Unfinished(settings, owner))
    return 0


class Unfinished(msgspec.Struct, frozen=True):
    """The entries that an agent leaves to its successor."""

    settings: Settings
    owner: Process


def _finish_later(unfinished: Unfinished) -> None:
    """Start a successor, which sees whether the application exits: its client stops the agent before it does."""
    successor = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "meterd.agent.main", _FINISH],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert successor.stdin is not None
    successor.stdin.write(msgspec.json.encode(unfinished))
    successor.stdin.close()


def _finish(unfinished: Unfinished) -> int:
    """Wait for the owner's end, without taking the queue, which another agent may want; then do what is left."""
    deadline = time.monotonic() + _MAX_EXIT_WAIT
    while unfinished.owner.is_alive and time.monotonic() < deadline:
        time.sleep(0.1)
    if not unfinished.owner.is_alive:
        _run_agent(unfinished.settings, unfinished.owner, None)
    return 0


def _run_agent(
    settings: Settings, owner: Process | None, listener: socket.socket | None, logs_to_file: bool = True
) -> bool:
    """Run the agent; return whether nothing is left to do."""
    os.umask(0o077)
    spools = open_spools(settings.directory, settings.destination)
    _log_to(settings.directory / f"{spools[0].path.stem}.log" if logs_to_file else None)
    agent = Agent(settings, spools, owner)
    return asyncio.run(_run_until_stopped(agent, Watch(agent, settings, owner), listener))


def _listening(port: int) -> socket.socket:
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, so that asyncio sends answers without delay
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        raise ConfigurationError(f"can't listen on {_HOST}:{port}: {error.strerror}") from None
    return listener


async def _run_until_stopped(agent: Agent, watch: Watch, listener: socket.socket | None) -> bool:
    """Run until a signal, or until the agent isn't needed; return whether nothing is left to do."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    serving = asyncio.create_task(_serve(agent, listener, stopped))
    agent.resume()
    watching = asyncio.create_task(watch.run())
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait([watching, waiting, serving], return_when=asyncio.FIRST_COMPLETED)
    for task, work in ((watching, "watch applications"), (serving, "answer applications")):
        if task.done() and (error := task.exception()):
            log.error("the agent stops: it can't %s any more", work, exc_info=error)
    stopped.set()
    watching.cancel()
    await asyncio.wait([watching, serving])
    await agent.close(_LAST_DELIVERY)
    return agent.is_done


class _Server(uvicorn.Server):
    """Runs uvicorn without its signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(agent: Agent, listener: socket.socket | None, stopped: asyncio.Event) -> None:
    if listener is None:
        await stopped.wait()
        return
    config = uvicorn.Config(
        Application(agent, agent.users),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    answering = asyncio.create_task(server.serve([listener]))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait([answering, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await answering


def _log_to(path: Path | None) -> None:
    """Log to a file if there is one, never to the pipes of a client: nobody reads them, they fill, or break."""
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler()
    else:
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=2**20, backupCount=1, delay=True)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.close(null)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


if __name__ == "__main__":
    main()
