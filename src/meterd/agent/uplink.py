"""Requests to the server: attempts, and pauses between those that fail."""

import asyncio
import importlib
import logging
import random
import time
from typing import TYPE_CHECKING

from meterd.agent.errors import Unreachable
from meterd.agent.settings import Settings

if TYPE_CHECKING:
    from meterd.agent.transport import Response, Transport

log = logging.getLogger(__name__)

_FIRST_WAIT, _MAX_WAIT = 0.25, 10.0
_PASSING = frozenset({401, 403, 408, 425, 429})
"""Refusals that end when somebody does something about them, such as renewing a token; so do all of 500 and above."""


class Uplink:
    """Makes requests for all sessions. While the server fails, waits grow from 0.25 to 10 seconds.

    Attributes:
        is_failing: whether the last attempt brought nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._transport: asyncio.Future[Transport] | None = None
        self._wait = _FIRST_WAIT
        self._paused_until = 0.0
        self.is_failing = False

    @property
    def is_paused(self) -> bool:
        """Whether it is too early for another attempt."""
        return time.monotonic() < self._paused_until

    async def pause(self) -> None:
        """Wait until it is time for another attempt."""
        await asyncio.sleep(max(0.0, self._paused_until - time.monotonic()))

    async def read(self, path: str) -> "Response":
        """Ask the server for something.

        Raises:
            Unreachable: it does not answer.
        """
        return await (await self._connected()).get(path)

    async def post(self, path: str, body: bytes, key: str) -> "Response":
        """Return the server's final response, after as many attempts as it takes."""
        while True:
            await self.pause()
            if response := await self.attempt(path, body, key):
                return response

    async def attempt(self, path: str, body: bytes, key: str | None) -> "Response | None":
        """Return a response, unless another attempt may bring a better one."""
        transport = await self._connected()
        try:
            response = await transport.post(path, body, key)
        except Unreachable as error:
            self.report_failure(str(error))
            return None
        if response.status in _PASSING or response.status >= 500:
            reason = f"{response.status} {response.body[:200].decode(errors='replace')}"
            self.report_failure(reason, response.retry_after)
            return None
        if self.is_failing:
            log.warning("the server takes telemetry again")
        self.is_failing, self._wait = False, _FIRST_WAIT
        return response

    def report_failure(self, reason: str, retry_after: float | None = None) -> None:
        """Say that nothing is delivered, and pause; for as long as the server asks, if it does."""
        if not self.is_failing:
            log.warning("the server takes nothing, telemetry is kept until it does: %s", reason)
        self.is_failing = True
        wait = min(retry_after or self._wait, _MAX_WAIT)
        self._paused_until = time.monotonic() + wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads attempts
        self._wait = min(self._wait * 2, _MAX_WAIT)

    async def close(self) -> None:
        """Close the connections, if there are any."""
        transport, self._transport = self._transport, None
        if transport:
            await (await transport).close()

    async def _connected(self) -> "Transport":
        """Return what makes requests. If it could not be made, it is tried again the next time."""
        if self._transport is None:
            self._transport = asyncio.ensure_future(asyncio.to_thread(self._connect))
        try:
            return await asyncio.shield(self._transport)
        except Exception:
            self._transport = None
            raise

    def _connect(self) -> "Transport":
        transport: Transport = importlib.import_module("meterd.agent.transport").Transport(self._settings)
        return transport
