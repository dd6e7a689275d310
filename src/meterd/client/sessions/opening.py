"""The sessions of a client."""

import os
from pathlib import Path

from meterd.client.connection import Connection
from meterd.client.errors import ClientClosed
from meterd.client.options import Options
from meterd.client.sessions.bodies import creation_body
from meterd.client.sessions.delivery import Delivery
from meterd.client.sessions.entries import MemoryStore
from meterd.client.sessions.link import Link
from meterd.client.sessions.spool import Spool


class Sessions:
    """Begins sessions, and ends them with the client."""

    def __init__(self, options: Options, connection: Connection | None = None) -> None:
        self._options = options
        self._link = Link(options, connection)
        self._open: list[Delivery] = []
        self._closed = False

    def begin(
        self,
        product: str,
        version: str,
        *,
        machine_id: str | None,
        hostname: str | None,
        spool: str | os.PathLike[str] | None,
        wait: float,
    ) -> Delivery:
        """A session that the server will hear of. Raises `ValueError`, `TypeError`, `SpoolFailed`, `ClientClosed`."""
        if self._closed:
            raise ClientClosed("the client is closed")
        body = creation_body(product, version, machine_id, hostname)
        store = MemoryStore() if spool is None else Spool(Path(spool))
        delivery = Delivery(self._options, self._link, store, body)
        self._open = [other for other in self._open if not other.is_finished] + [delivery]
        if wait > 0:
            delivery.wait(wait)
        return delivery

    @property
    def are_open(self) -> bool:
        """Whether there is anything to flush or to close."""
        return bool(self._open)

    def flush(self) -> None:
        """Return when the server has all that was logged before."""
        for delivery in list(self._open):
            delivery.flush()

    def close(self) -> None:
        """End every session and deliver all. When that fails, the background goes on and the client stays usable."""
        for delivery in self._open:
            delivery.finish_own()
        for delivery in self._open:
            delivery.close()
        self._closed = True
        self._link.close()

    def raise_refusals(self) -> None:
        """Raise what was refused and nobody has heard of."""
        for delivery in self._open:
            delivery.raise_refusals()
