"""Fixtures: an agent for tests that need nothing special of one, on the server that tests share."""

from collections.abc import Iterator

import pytest

from tests.agent.process import Daemon, Returning
from tests.process import Meterd


@pytest.fixture(scope="package")
def daemon(shared: Meterd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("agent"), shared.url, shared.token) as running:
        yield running


@pytest.fixture(scope="package")
def returning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Returning]:
    """A server that tests stop or kill, and start again before they end."""
    with Returning(tmp_path_factory.mktemp("returning")) as running:
        yield running
