"""The sessions of a client."""

import os
from pathlib import Path

from meterd.client.connection import Connection
from meterd.client.errors import ClientClosed
from meterd.client.options import Options
from meterd.client.sessions.bodies import creation_body
from meterd.client.sessions.delivery import Delivery
from meterd.client.sessions.entries import MemoryStore
from meterd.client.sessions.spool import Spool
from meterd.client.sessions.transport import SessionTransport


class Sessions:
    """Begins sessions, and ends them with the client."""

    def __init__(self, options: Options, connection: Connection | None = None) -> None:
        self._options = options
        self._transport = SessionTransport(options, connection)
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
        """Begin a session, of which the server learns in the background.

        Raises:
            ValueError, TypeError: the server would not take the arguments.
            SpoolFailed: the spool can't be used.
            ClientClosed: the client was closed.
        """
        if self._closed:
            raise ClientClosed("the client is closed")
        body = creation_body(product, version, machine_id, hostname)
        store = MemoryStore() if spool is None else Spool(Path(spool))
        delivery = Delivery(self._options, self._transport, store, body)
        self._open = [other for other in self._open if not other.backlog.finished.is_set()] + [delivery]
        if wait > 0:
            delivery.backlog.begun.wait(wait)
        return delivery

    @property
    def are_open(self) -> bool:
        """Tell whether there is anything to flush or to close."""
        return bool(self._open)

    def flush(self) -> None:
        """Return when the server has all that was logged before.

        Raises:
            MeterdClientError: as `Delivery.flush`.
        """
        for delivery in list(self._open):
            delivery.flush()

    def close(self) -> None:
        """End every session and deliver all. When that fails, the background goes on and the client stays usable.

        Raises:
            MeterdClientError: as `Delivery.close`.
        """
        for delivery in self._open:
            delivery.finish_own()
        for delivery in self._open:
            delivery.close()
        self._closed = True
        self._transport.close()

    def raise_refusals(self) -> None:
        """Raise refusals that were not raised yet."""
        for delivery in self._open:
            delivery.raise_refusals()
