"""A store with meter events, and an engine over it."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.query.reference import RealEngine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RealEngine]:
    with RealEngine(tmp_path) as engine:
        yield engine


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate of `collector.test`, signed by itself; its key is beside it, ending in `.key`."""
    path = tmp_path_factory.mktemp("tls") / "collector.pem"
    self_signed(path, path.with_suffix(".key"), "collector.test", "DNS:collector.test")
    return path


@pytest.fixture(scope="session")
def tls(authority: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, authority.with_suffix(".key"))
    return context
