"""Turns of tests that several workers of pytest-xdist run at once: most share, some have the machine to themselves."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOOR, _ROOM = Path(__file__), Path(__file__).parent
"""What the workers lock: tests share the room, or have it alone. Who waits for it keeps the door, so nobody enters."""


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Wait for the turn of a test, and have it. Without workers it is always there."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    with _locked(_DOOR, fcntl.LOCK_EX):
        room = _lock(_ROOM, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    try:
        yield
    finally:
        _unlock(room)


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[None]:
    descriptor = _lock(path, kind)
    try:
        yield
    finally:
        _unlock(descriptor)


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, kind)
    return descriptor


def _unlock(descriptor: int) -> None:
    """Also for processes that were forked meanwhile and have the descriptor, too."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
