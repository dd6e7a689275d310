"""Clients behind the proxy, and what the server says about their sessions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from meterd.client import Client
from meterd.client.sessions.session import BaseSession
from tests.client.proxy import Proxy
from tests.process import Meterd

NEVER = 3600.0
"""A flush interval that no test reaches."""

Document = dict[str, Any]
Read = Callable[[BaseSession | str], Document]


def document(meterd: Meterd, session: BaseSession | str | None) -> Document:
    """What the server has of a session."""
    id_ = session.id if isinstance(session, BaseSession) else session
    response = meterd.client.get(f"/api/sessions/{id_}")
    assert response.status_code == 200, response.text
    whole: Document = response.json()
    return whole


def names(collection: list[Document]) -> list[str]:
    return [entry["name"] for entry in collection]


@pytest.fixture
def read(shared: Meterd) -> Read:
    return lambda session: document(shared, session)


@pytest.fixture
def client(proxy: Proxy, shared: Meterd) -> Iterator[Client]:
    with Client(proxy.url, shared.token, flush_interval=NEVER) as client:
        yield client
        proxy.always(None)
