"""The default session of a program, and functions that log to it, so that nothing has to be carried around."""

import os
import sys
import threading
from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from meterd.client.sessions.session import Session
from meterd.client.synchronous import Client

_P = ParamSpec("_P")
_R = TypeVar("_R")

_UNKNOWN_VERSION = "unknown"

_lock = threading.RLock()  # guards _current
_current: Session | None = None


def session(
    product: str,
    version: str,
    *,
    client: Client | None = None,
    machine_id: str | None = None,
    hostname: str | None = None,
    spool: str | os.PathLike[str] | None = None,
    wait: float = 0.0,
) -> Session:
    """Begin the session to which the functions of this module log, and return it; the one before ends.

    `client` is the client that delivers it, else one with the environment's address and token, as `Client()` makes it.
    Other arguments, and errors, are those of `Client.create_session`. It ends with the program, if not before.
    """
    global _current
    with _lock:
        names = {"machine_id": machine_id, "hostname": hostname}
        begun = (client or Client()).create_session(product, version, **names, spool=spool, wait=wait)
        if _current:
            _current.end()
        _current = begun
    return begun


def current() -> Session:
    """Return the default session. If none was begun it is one of the program's name, and of an unknown version."""
    with _lock:
        return _current or session(_program(), _UNKNOWN_VERSION)


def _program() -> str:
    path = Path(sys.argv[0] if sys.argv else "")
    name = path.parent.name if path.stem == "__main__" else path.stem
    return name if name not in ("", "-c") else "python"


def _of_default(method: Callable[Concatenate[Session, _P], _R]) -> Callable[_P, _R]:
    """Make a function of a method: it calls that of the default session."""

    @wraps(method)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return method(current(), *args, **kwargs)

    _itself, *others = signature(method).parameters.values()
    call.__signature__ = signature(method).replace(parameters=others)  # type: ignore[attr-defined]  # for `help`
    return call


update_state = _of_default(Session.update_state)
log_event = _of_default(Session.log_event)
log_exception = _of_default(Session.log_exception)
log_metric = _of_default(Session.log_metric)
log_gauge = _of_default(Session.log_gauge)
log_counter = _of_default(Session.log_counter)
log_histogram = _of_default(Session.log_histogram)
log_timer = _of_default(Session.log_timer)
timer = _of_default(Session.timer)
heartbeat = _of_default(Session.heartbeat)
