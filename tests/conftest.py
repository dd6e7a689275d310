"""Fixtures for all tests."""

import atexit
import gc
import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import engines
from tests.clickhouse import ClickHouse
from tests.folders import keep_in_memory
from tests.process import DIRECTORY, NODES, Meterd

_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # no test is of how busy we are
settings.register_profile("random", _ANY_SPEED)
settings.register_profile("fixed", _ANY_SPEED, derandomize=True)
settings.register_profile("campaign", _ANY_SPEED)
settings.load_profile("fixed")  # a commit is good or bad alike each time; --hypothesis-profile=random looks for more


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=engines.ENGINES, default=engines.DUCKDB, help="keeps the facts of all servers")
    parser.addoption(
        "--directory", choices=["sqlite", "postgresql"], default="sqlite", help="keeps all else of all servers"
    )
    parser.addoption("--nodes", type=int, default=1, help="how many nodes each server is, on ClickHouse and PostgreSQL")


def pytest_configure(config: pytest.Config) -> None:
    keep_in_memory()
    os.environ[NODES] = str(config.getoption("--nodes"))
    if config.getoption("--nodes") > 1:
        config.option.directory = "postgresql"
    engines.choose(config.getoption("--engine"))
    os.environ[DIRECTORY] = config.getoption("--directory")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no cycles meanwhile, a seventh of the time: what is imported and collected stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes that nobody could read by their size: what is compressed differs with the second in which it is.

    Processes that divide the tests refuse all of them where one has another name in two of them.
    """
    if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()):
        return f"{argname} of {len(val)} bytes"
    return None


def pytest_unconfigure() -> None:
    """Let pytest's summary be the last line: DuckDB's binding lists what frames of tests still hold at the very end."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


@pytest.fixture(scope="session")
def clickhouse() -> ClickHouse:
    """One engine of ClickHouse for all tests, each with a database of its own; they leave it running and sound."""
    return engines.clickhouse()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """One server for all tests that leave nothing behind that others would see; it takes OTLP over gRPC."""
    with Meterd(tmp_path_factory.mktemp("shared"), environment={"METERD_OTLP__GRPC__LISTEN": "127.0.0.1:0"}) as meterd:
        yield meterd
