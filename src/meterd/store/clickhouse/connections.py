"""Clients of ClickHouse, each used by one thread at a time, and opened when it is needed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from meterd.store.addresses import Embedded, Server
from meterd.store.base import StoreError
from meterd.store.clickhouse.failures import translated

Setting = str | int
"""The value of a setting of the engine."""
_CONNECT_SECONDS = 5
_MOST_IDLE = 8
"""Clients that are kept for the next who need one; more are closed when they come back."""


class Connections:
    """Hands out clients on one database.

    A client waits for its own answers, so each thread that asks at a time needs one of its own. `patience` is how many
    seconds an answer may take.
    """

    def __init__(self, address: Embedded | Server, password: str, patience: float) -> None:
        self.address = address
        self._password = password
        self._patience = patience
        self._lock = threading.Lock()  # guards: _idle, _generation, _is_closed
        self._idle: list[Client] = []
        self._generation = 0
        self._is_closed = False

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Lend a client. Raises `StoreError` when none can be opened, and for what the engine says within the block."""
        with self._lock:
            if self._is_closed:
                raise StoreError("the store is closed")
            generation = self._generation
            client = self._idle.pop() if self._idle else None
        with translated():
            client = client or self._open(self.address.database)
            try:
                yield client
            finally:
                self._take_back(client, generation)

    def _take_back(self, client: Client, generation: int) -> None:
        with self._lock:
            if generation == self._generation and len(self._idle) < _MOST_IDLE:
                self._idle.append(client)
                return
        _close(client)

    @contextmanager
    def outside(self) -> Iterator[Client]:
        """Lend a client that needs no database to be there yet."""
        with translated():
            client = self._open("default")
            try:
                yield client
            finally:
                _close(client)

    def _open(self, database: str) -> Client:
        address = self.address
        if isinstance(address, Embedded):
            return clickhouse_connect.get_client(dsn=f"chdb://{quote(str(address.directory))}", database=database)
        return clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=self._password,
            database=database,
            interface="https" if address.is_secure else "http",
            verify=address.is_verified,
            ca_cert=address.authorities,
            connect_timeout=_CONNECT_SECONDS,
            send_receive_timeout=max(1, round(self._patience)),
            query_retries=0,
            autogenerate_session_id=False,
            dedicated_pool=True,
        )

    def drop(self) -> None:
        """Let everybody open new clients from now on."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._generation += 1
        for client in idle:
            _close(client)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        self.drop()


def _close(client: Client) -> None:
    with suppress(ClickHouseError, OSError):
        client.close()
