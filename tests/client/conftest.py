"""A server of these tests' own, something between it and the client, and rows that can be told apart."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from meterd.client import retry
from meterd.client.base import BaseClient
from tests.client.proxy import Proxy
from tests.process import Meterd

_numbers = itertools.count()


class Ledger:
    """Rows of one test: made here, counted at the server."""

    def __init__(self, meterd: Meterd) -> None:
        self.meterd = meterd
        self.label = f"client-{next(_numbers)}"
        self.made: set[str] = set()

    def row(self, **members: Any) -> dict[str, Any]:
        """A guardrail evaluation that is like no other."""
        name = f"{self.label}-{len(self.made)}"
        self.made.add(name)
        return {"guardrailName": name, "latencyMs": 1.5} | members

    def rows(self, count: int) -> list[dict[str, Any]]:
        return [self.row() for _ in range(count)]

    def stored(self) -> Counter[str]:
        """How often the server has each."""
        mine = {"fieldName": "guardrailName", "operator": "STRING_STARTS_WITH", "value": f"{self.label}-"}
        points = self.meterd.points(groupBy=["guardrailName"], filters=[mine])
        return Counter({point["guardrailName"]: point["total"] for point in points})

    def all_stored_once(self) -> bool:
        return self.stored() == Counter(self.made)


@pytest.fixture
def ledger(shared: Meterd) -> Ledger:
    return Ledger(shared)


@pytest.fixture
def proxy(shared: Meterd) -> Iterator[Proxy]:
    with Proxy(shared.url) as proxy:
        yield proxy


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without waits, three attempts in all unless a test says otherwise."""
    monkeypatch.setattr(retry, "MAX_WAIT", 0.0)
    defaults = BaseClient.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "retry_attempts", 3)
