"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from tests.process import Meterd


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """One server for all tests that leave nothing behind that others would see."""
    with Meterd(tmp_path_factory.mktemp("shared")) as meterd:
        yield meterd
