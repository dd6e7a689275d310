"""Delays of the event loop: while it does one thing, nobody else is answered."""

import asyncio
import time

from meterd.supervision import PROMPTNESS, Supervisor

_INTERVAL = 0.05


class Promptness:
    """Measures twenty times a second how much too late the event loop comes back. `start` it in the loop."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._delays = supervisor.telemetry.loop_delays
        self._task = supervisor.task(PROMPTNESS, self._look)

    async def start(self) -> None:
        self._task.start()

    async def stop(self) -> None:
        await self._task.close()

    async def _look(self) -> float:
        due = time.perf_counter() + _INTERVAL
        await asyncio.sleep(_INTERVAL)
        self._delays.observe(max(time.perf_counter() - due, 0.0))
        return 0.0
