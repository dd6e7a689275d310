"""A stand-in for Azure Monitor with a certificate, and a namespace that no other test has."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from meterd.collect.servicebus import Namespace
from tests.certificates import self_signed
from tests.collect.monitor import Monitor

_numbers = itertools.count()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself; the file holds the key as well."""
    folder = tmp_path_factory.mktemp("azure")
    key, public, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    self_signed(public, key, "monitor", "IP:127.0.0.1")
    both.write_bytes(key.read_bytes() + public.read_bytes())
    return both


@pytest.fixture
def monitor(certificate: Path) -> Iterator[Monitor]:
    with Monitor(certificate) as monitor:
        yield monitor


@pytest.fixture
def namespace() -> Namespace:
    name = f"etrm-{next(_numbers)}"
    group = "/subscriptions/6a1e4f0c-0000-4000-8000-000000000000/resourceGroups/trading"
    return Namespace.parse(f"{group}/providers/Microsoft.ServiceBus/namespaces/{name}")
