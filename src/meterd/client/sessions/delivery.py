"""Delivers the calls of an application to the server, as long as its session lives: also when it forks, or ends."""

import logging
import sys
import time

from meterd.client import lifetime
from meterd.client.encoding import as_text
from meterd.client.errors import MeterdClientError
from meterd.client.options import Options
from meterd.client.sessions.background import Background
from meterd.client.sessions.backlog import Backlog
from meterd.client.sessions.bodies import Pending, crash_body, exception_body, moment_body
from meterd.client.sessions.entries import Store
from meterd.client.sessions.sender import EntrySender
from meterd.client.sessions.transport import SessionTransport

logger = logging.getLogger("meterd.client")


class Delivery:
    """Delivers what one session logs.

    Thread-safe; only `flush`, `save`, `deliver`, `close` and `deliver_rest` wait for anything.

    Attributes:
        backlog: what the server does not have yet.
    """

    def __init__(self, options: Options, transport: SessionTransport, store: Store, creation: bytes) -> None:
        self.backlog = Backlog(store, creation, options.max_buffered_rows)
        self._sender = EntrySender(self.backlog, transport)
        self._background = Background(self.backlog, self._send_all, options.flush_interval)
        self._is_own = True
        lifetime.register(self)
        self._signal()

    def put(self, pending: Pending) -> None:
        """Take one call, or drop it when too many wait.

        Raises:
            ClientClosed: the session has ended.
        """
        if self.backlog.put(pending) and not self._background.signalled:
            self._signal()

    def schedule_flush(self) -> None:
        """Flush aggregates when the interval is over: the first since the last flush has changed."""
        self._background.flush_in_time()
        self._signal()

    def finish(self, error: BaseException | None = None) -> None:
        """End the session; with an error, which is recorded, it crashes. Does nothing when it has ended."""
        self.close_with(*_last_calls(error))

    def finish_own(self) -> None:
        """End the session, unless it is a parent process's."""
        if self._is_own:
            self.finish()

    def close_with(self, *last: Pending) -> None:
        """Take these calls and no more. Does nothing when the session has ended."""
        if self.backlog.close(*last):
            self._signal()

    def save(self) -> None:
        """Return when all that was called before is in the store.

        Raises:
            SpoolFailed: the store can't be used.
        """
        self._store_calls()

    def flush(self) -> None:
        """Return when the server has all that was called before.

        Raises:
            ItemsRefused: all else was delivered.
            MeterdClientError: the rest still waits.
        """
        self.deliver()
        self.raise_refusals()

    def deliver(self) -> None:
        """Do what `flush` does, but keep refusals for later.

        Raises:
            MeterdClientError: the rest still waits.
        """
        self._sender.send_up_to(self._store_calls())
        self._settle()

    def raise_refusals(self) -> None:
        """Raise refusals that were not raised yet, as one."""
        self._sender.refusals.raise_all()

    def close(self) -> None:
        """End the session, if it is this process's, and deliver. A failure is not repeated at the program's end.

        Raises:
            MeterdClientError: the rest still waits, and the background goes on.
        """
        self.finish_own()
        with lifetime.released_by_failure(self):
            self.deliver()
        if self.backlog.closed:
            self._background.join()

    def _signal(self) -> None:
        if lifetime.has_ended():
            self._deliver_or_say()
        else:
            lifetime.hold(self)
            self._background.signal()

    def _store_calls(self) -> int:
        last = self.backlog.store_calls(with_aggregates=True)
        self._background.signal_entries()
        return last

    def _send_all(self) -> None:
        self._sender.send_up_to(None)
        self._settle()

    def _settle(self) -> None:
        """Let go of the session when nothing waits, and nothing comes of which the end of the program must know."""
        if self.backlog.finish():
            lifetime.release(self)
            self._background.wake()
        elif not self._is_own and not self.backlog.waiting:
            lifetime.release(self)

    # The members of `lifetime.Sender`

    @property
    def waiting(self) -> int:
        """How many calls wait, in memory or in the spool."""
        return self.backlog.waiting

    def deliver_rest(self) -> None:
        """End the session with the program, as a crash if that ends with an exception, and deliver what waits."""
        if self._is_own:
            self.backlog.close(*_last_calls(_uncaught()))
        self._deliver_or_say()

    def _deliver_or_say(self) -> None:
        try:
            self.flush()
        except MeterdClientError as error:
            fate = "are lost" if self.backlog.is_lost_with_process else "stay in the spool"
            logger.error("the program ends, %d entries of a session %s: %s", self.waiting, fate, error)

    def after_fork(self) -> None:
        """Go on with the session in a child process if the server has begun it, else begin one of its own."""
        self._is_own = self.backlog.server_id is None
        self.backlog.after_fork()
        self._sender.after_fork()
        self._background.forget_threads()


def _last_calls(error: BaseException | None) -> list[Pending]:
    """Make the calls that end a session, or let it crash with an error."""
    now = time.time_ns()
    if error is None:
        return [("end", moment_body(now))]
    return [("events", exception_body(now, error, None)), ("crash", crash_body(now, as_text(error, repr)))]


def _uncaught() -> Exception | None:
    """Return what ended the program, unless it is one that talks to somebody."""
    error = getattr(sys, "last_value", None)
    return error if isinstance(error, Exception) and not hasattr(sys, "ps1") else None
