"""How a thread answers those who wait in an event loop: once, and not at all when they or the loop are gone."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVarTuple

_Arguments = TypeVarTuple("_Arguments")


def settle(future: asyncio.Future[Any], outcome: object) -> None:  # whose type is the future's, unless it failed
    """Give a future of this loop its result, or its exception; nothing when nobody waits for it any more."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def settle_from_thread(futures: Sequence[asyncio.Future[Any]], outcome: object = None) -> None:
    """Give futures of one loop the same result, or exception, from any thread."""
    if futures:
        call_from_thread(futures[0].get_loop(), _settle_all, futures, outcome)


def call_from_thread(
    loop: asyncio.AbstractEventLoop, function: Callable[[*_Arguments], object], *arguments: *_Arguments
) -> None:
    """Call a function in an event loop, from any thread; not at all when the loop is closed, as nobody waits then."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)


def _settle_all(futures: Sequence[asyncio.Future[object]], outcome: object) -> None:
    for future in futures:
        settle(future, outcome)
