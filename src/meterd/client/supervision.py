"""Background work that goes on whatever is raised in it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

from meterd.client.errors import MeterdClientError, as_client_error

_MAX_PAUSE = 5.0

Report = Callable[[MeterdClientError], None]
"""Tells whoever has to know that a step failed."""


def pause_after_failure(interval: float) -> float:
    """Return the seconds to wait before another attempt: 5, or the flush interval if that is shorter."""
    return min(interval, _MAX_PAUSE)


def repeat(step: Callable[[], bool], report: Report, ended: threading.Event, pause: float) -> None:
    """Take steps in this thread until one returns False or `ended` is set.

    What a step raises is reported, and after `pause` seconds the next step is taken: nothing ends the thread early.
    """
    while not ended.is_set():
        try:
            if not step():
                return
        except BaseException as error:  # noqa: BLE001 - nobody else would learn of it
            _report(error, report)
            ended.wait(pause)


async def repeat_async(step: Callable[[], Awaitable[bool]], report: Report, ended: asyncio.Event, pause: float) -> None:
    """Do what `repeat` does, in a task; a cancellation ends it."""
    while not ended.is_set():
        try:
            if not await step():
                return
        except Exception as error:  # noqa: BLE001 - nobody else would learn of it
            _report(error, report)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await ended.wait()


def _report(error: BaseException, report: Report) -> None:
    with suppress(Exception):  # a handler of the program's log may fail as well
        report(as_client_error(error))
