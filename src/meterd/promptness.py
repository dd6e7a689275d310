"""How late the event loop is: while it does one thing, nobody else is answered."""

import asyncio
import time

from meterd.telemetry import Telemetry

_INTERVAL = 0.05


class Promptness:
    """Looks twenty times a second how much later than asked for the event loop comes back. `start` it in the loop."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._delays = telemetry.loop_delays
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _look(self) -> None:
        while True:
            due = time.perf_counter() + _INTERVAL
            await asyncio.sleep(_INTERVAL)
            self._delays.observe(max(time.perf_counter() - due, 0.0))
