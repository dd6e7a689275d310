"""What happens to waiting rows when a program ends without closing its clients, and when it forks."""

import atexit
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from weakref import WeakSet

from meterd.client.errors import MeterdClientError

logger = logging.getLogger("meterd.client")


class Sender(Protocol):
    """Whoever delivers the rows of a client; `waiting` counts them."""

    @property
    def waiting(self) -> int: ...

    def deliver_rest(self) -> None:
        """Deliver what waits, blocking; raises what prevents it."""

    def after_fork(self) -> None:
        """Start afresh in a child process: what waits here is delivered by the parent."""


_all: WeakSet[Sender] = WeakSet()
_holding: set[Sender] = set()


def register(sender: Sender) -> None:
    """Tell the sender about forks for as long as it lives."""
    _all.add(sender)


def hold(sender: Sender) -> None:
    """Keep the sender alive, even without its client, and let it deliver at the end of the program."""
    _holding.add(sender)


def release(sender: Sender) -> None:
    """Nothing waits any more."""
    _holding.discard(sender)


@contextmanager
def released_by_failure(sender: Sender) -> Iterator[None]:
    """Around closing: who is told that it failed decides what to do, and the end of the program is not held up."""
    try:
        yield
    except MeterdClientError:
        release(sender)
        raise


def _deliver_all() -> None:
    for sender in list(_holding):
        try:
            sender.deliver_rest()
        except MeterdClientError as error:
            logger.error("the program ends, %d rows are lost: %s", sender.waiting, error)


def _start_afresh() -> None:
    _holding.clear()
    for sender in list(_all):
        sender.after_fork()


atexit.register(_deliver_all)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_start_afresh)
