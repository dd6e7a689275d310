"""The end of a program that did not close its clients, and its forks: what happens to rows that wait."""

import atexit
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet

from meterd.client.errors import as_client_error

logger = logging.getLogger("meterd.client")


class Sender(Protocol):
    """Delivers the rows of a client; `waiting` counts them."""

    @property
    def waiting(self) -> int: ...

    def deliver_rest(self) -> None:
        """Deliver what waits, blocking.

        Raises:
            MeterdClientError: it can't be delivered.
        """

    def after_fork(self) -> None:
        """Start empty in a child process: the parent delivers what waits."""


_all: WeakSet[Sender] = WeakSet()
_holding: set[Sender] = set()
_ended = threading.Event()


def register(sender: Sender) -> None:
    """Tell the sender about forks for as long as it lives."""
    _all.add(sender)


def hold(sender: Sender) -> None:
    """Keep the sender alive, even without its client, and let it deliver at the end of the program."""
    _holding.add(sender)


def release(sender: Sender) -> None:
    """Let go of a sender for which nothing waits any more."""
    _holding.discard(sender)


@contextmanager
def released_by_failure(sender: Sender) -> Iterator[None]:
    """Close a sender inside: if it fails, its caller decides what to do, and the program's end does not try again."""
    try:
        yield
    except Exception:
        release(sender)
        raise


def has_ended() -> bool:
    """Return whether the program ends, and what waited has been delivered, or is being.

    Exit handlers that were registered before this module's come later. What they hand over nobody looks after, so it
    has to be delivered at once.
    """
    return _ended.is_set()


def deliver(sender: Sender) -> None:
    """Deliver what waits at the end of the program; what can't be delivered is logged."""
    try:
        sender.deliver_rest()
    except Exception as error:  # noqa: BLE001 - other senders have rows, too
        failure = as_client_error(error)
        logger.error("the program ends, %d rows are lost: %s", sender.waiting, failure)


def _deliver_all() -> None:
    _ended.set()
    for sender in list(_holding):
        deliver(sender)


def _restart_in_child() -> None:
    _holding.clear()
    _ended.clear()
    for sender in list(_all):
        sender.after_fork()


atexit.register(_deliver_all)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_restart_in_child)
