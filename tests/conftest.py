"""Fixtures for all tests, and how tests of several processes at once keep out of each other's way."""

import atexit
import os
from collections.abc import Generator, Iterator

import pytest

from tests.process import Meterd
from tests.turns import turn


def pytest_unconfigure() -> None:
    """Let pytest's summary be the last line: DuckDB's binding lists what frames of tests still hold at the very end."""
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run what is marked `alone` while no other worker runs a test."""
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """One server for all tests that leave nothing behind that others would see."""
    with Meterd(tmp_path_factory.mktemp("shared")) as meterd:
        yield meterd
