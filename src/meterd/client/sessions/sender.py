"""Sends the backlog of a session to the server."""

import logging
import threading

from meterd.client.attempts import Attempts, Refusals
from meterd.client.errors import ItemsRefused
from meterd.client.sessions.backlog import Backlog
from meterd.client.sessions.entries import CREATE, Entry
from meterd.client.sessions.transport import SessionTransport

logger = logging.getLogger("meterd.client")


class EntrySender:
    """Sends the entries of a backlog in their order, one at a time. Thread-safe.

    Attributes:
        refusals: what the server refused, for the next caller who asks.
    """

    def __init__(self, backlog: Backlog, transport: SessionTransport) -> None:
        self._backlog = backlog
        self._transport = transport
        self._start()

    def _start(self) -> None:
        self.refusals: Refusals[ItemsRefused] = Refusals()
        self._attempts = Attempts()
        self._sending = threading.Lock()  # held by whoever sends an entry

    def after_fork(self) -> None:
        """Start afresh in a child process, with sockets of its own."""
        self._transport.reset()
        self._start()

    def send_up_to(self, goal: int | None) -> None:
        """Deliver entries up to a number, or all. Who waits shares the failure of an attempt begun meanwhile.

        Raises:
            MeterdClientError: an attempt failed; its entry is the next one still.
        """
        attempts = self._attempts.begun
        while True:
            with self._sending:
                self._attempts.raise_failure(attempts)
                entry = self._backlog.next()
                if entry is None or (goal is not None and entry.number > goal):
                    return
                self._send(entry)

    def _send(self, entry: Entry) -> None:
        server_id = self._backlog.server_id_of(entry)
        if server_id is None and entry.operation != CREATE:
            self._backlog.forget(entry)  # the server refused to begin its session
            return
        learned = ""
        refused: ItemsRefused | None = None
        with self._attempts.attempt():
            try:
                learned = self._transport.send(entry, server_id)
            except ItemsRefused as error:
                refused = error
        if refused:
            self.refusals.add(refused)
            self._backlog.forget(entry)
            logger.warning("%s", refused)
        elif entry.operation == CREATE:
            self._backlog.begin(entry, learned)
        else:
            self._backlog.forget(entry)
