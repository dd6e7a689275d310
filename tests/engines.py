"""The engines that tests run on: DuckDB, or ClickHouse's (`--engine=chdb`)."""

import atexit
import hashlib
import os
import resource
import shutil
import tempfile
from functools import cache
from pathlib import Path

from meterd.memory import in_bytes
from meterd.store import DuckDBStore, Store
from meterd.store.addresses import parse_url
from tests.clickhouse import ClickHouse

DUCKDB, CHDB = ENGINES = ("duckdb", "chdb")
_CHOSEN = "METERD_TESTS_ENGINE"
_PATIENCE = 60.0


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


def open_store(folder: Path, memory: str, engine: str = "") -> Store:
    """Open the store of a folder: what was in it is in it again."""
    if (engine or chosen()) == DUCKDB:
        return DuckDBStore(folder / "store.duckdb", memory, threads=1)
    from meterd.store.clickhouse.store import ClickHouseStore

    address = parse_url(clickhouse().url(f"facts_{hashlib.blake2s(bytes(folder), digest_size=8).hexdigest()}"))
    assert address
    return ClickHouseStore(address, folder / "progress", in_bytes(memory), _PATIENCE)


@cache
def clickhouse() -> ClickHouse:
    """A server for all tests of this process, with a database for each folder: an engine opens one directory only."""
    directory = Path(tempfile.mkdtemp(prefix="meterd-clickhouse-"))
    server = ClickHouse(directory).start()
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(server.kill)
    return server
