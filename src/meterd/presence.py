"""Presence of a request's client: long work that only it would read ends when it goes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar

_DISCONNECT = "http.disconnect"

receiving: ContextVar[Callable[[], Awaitable[Mapping[str, object]]] | None] = ContextVar("receiving", default=None)
"""What tells of the connection of the request that is being answered: ASGI's `receive`."""


class ClientGone(Exception):
    """The client closed the connection before it had an answer; nobody waits for one."""


@asynccontextmanager
async def while_present() -> AsyncIterator[None]:
    """Cancel the block when the client goes whose request is being answered; then raises `ClientGone`.

    The body of the request must have been read. Outside of requests nothing is watched.
    """
    receive = receiving.get()
    task = asyncio.current_task()
    if receive is None or task is None:
        yield
        return
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await receive())["type"] != _DISCONNECT:
            pass
        is_gone = True
        task.cancel()

    cancelling = task.cancelling()
    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if is_gone and task.uncancel() <= cancelling:
            raise ClientGone from None
        raise
    finally:
        watching.cancel()
