"""Whoever copies a store's file while it is open holds off its checkpoints, which alone change what the file means.

Between two checkpoints the engine writes only blocks that the file's header does not reach. Processes share a lock
beside the file, which ends with a process whatever ends that.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from meterd.errors import ConfigurationError

_POLL_SECONDS = 0.05


@contextmanager
def held_off(store: Path, timeout: float) -> Iterator[None]:
    """Let nobody make a checkpoint within the block, once one that is being made is done.

    Raises `ConfigurationError` when it is not done after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    with _lock_file(store) as lock:
        while not _is_locked(lock, fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise ConfigurationError(f"the server's checkpoint of {store.name} does not end: try again later")
            time.sleep(_POLL_SECONDS)
        yield


@contextmanager
def allowed(store: Path) -> Iterator[bool]:
    """Tell whether a checkpoint may be made within the block, where nobody begins to copy the file."""
    with _lock_file(store) as lock:
        yield _is_locked(lock, fcntl.LOCK_EX)


def _lock_file(store: Path) -> IO[str]:
    return store.with_suffix(".checkpoint").open("a")


def _is_locked(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
