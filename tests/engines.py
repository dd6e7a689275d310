"""The engines that tests run on: DuckDB, or ClickHouse's (`--engine=chdb`)."""

import atexit
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from meterd.memory import in_bytes
from meterd.store import DuckDBStore, Store
from meterd.store.addresses import parse_url
from tests.clickhouse import ClickHouse

DUCKDB, CHDB = ENGINES = ("duckdb", "chdb")
_CHOSEN = "METERD_TESTS_ENGINE"
_PATIENCE = 60.0
_SELECT = """
import clickhouse_connect, json, sys
client = clickhouse_connect.get_client(dsn=f"chdb://{sys.argv[1]}", database="meterd")
print(json.dumps(client.query(sys.argv[2], settings={"final": 1}).result_rows))
"""
"""Reads the directory of an engine, in a process of its own: there is one of them in a process."""


def choose(engine: str) -> None:
    os.environ[_CHOSEN] = engine


def chosen() -> str:
    """Return the engine that this run of the tests is for."""
    return os.environ.get(_CHOSEN, DUCKDB)


def environment(data: Path, engine: str = "") -> dict[str, str]:
    """Return what makes a server on a data directory keep its facts in an engine, by default that of this run."""
    return {} if (engine or chosen()) == DUCKDB else {"METERD_STORE__URL": f"chdb://{data.absolute()}/chdb"}


def limits(wanted: dict[int, int], engine: str = "") -> dict[int, int]:
    """Return the resource limits of a server: ClickHouse's engine reserves more address space than others may have."""
    if (engine or chosen()) == DUCKDB:
        return wanted
    return {number: most for number, most in wanted.items() if number != resource.RLIMIT_AS}


def shared_environment(data: Path) -> dict[str, str]:
    """Return what makes several servers keep their facts in one engine, of which each data directory has a database."""
    return clickhouse().environment(_database(data))


def open_store(folder: Path, memory: str, engine: str = "") -> Store:
    """Open the store of a folder: what was in it is in it again."""
    if (engine or chosen()) == DUCKDB:
        return DuckDBStore(folder / "store.duckdb", memory, threads=1)
    from meterd.store.clickhouse.store import ClickHouseStore

    address = parse_url(clickhouse().url(_database(folder)))
    assert address
    return ClickHouseStore(address, folder / "progress", in_bytes(memory), _PATIENCE)


def stored(data: Path, sql: str, engine: str = "") -> list[tuple[Any, ...]]:
    """Return rows of what a server that has ended has stored in a data directory, by SQL that both engines take."""
    if (engine or chosen()) == DUCKDB:
        with duckdb.connect(str(data / "store.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()
    command = [sys.executable, "-c", _SELECT, str(data.absolute() / "chdb"), sql]
    return [tuple(row) for row in json.loads(subprocess.run(command, check=True, capture_output=True).stdout)]


def _database(folder: Path) -> str:
    return f"facts_{hashlib.blake2s(bytes(folder), digest_size=8).hexdigest()}"


@cache
def clickhouse() -> ClickHouse:
    """A server for all tests of this process, with a database for each folder: an engine opens one directory only."""
    directory = Path(tempfile.mkdtemp(prefix="meterd-clickhouse-"))
    server = ClickHouse(directory).start()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(server.kill)
    return server
