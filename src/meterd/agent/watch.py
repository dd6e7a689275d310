"""The agent's work by the clock: it watches applications, reports those that don't beat, and flushes aggregates."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from meterd.agent.agent import Agent
from meterd.agent.processes import Process
from meterd.agent.sessions import ActiveSession
from meterd.agent.settings import Settings

_TICK = 0.5
_LIVENESS = 15.0


class Watch:
    """Watches the sessions of an agent, which ends with `owner`, the process that started it; None means never."""

    def __init__(self, agent: Agent, settings: Settings, owner: Process | None) -> None:
        self._agent = agent
        self._settings = settings
        self._owner = owner
        self._flushed = time.monotonic()
        self._give_up_at: float | None = None

    async def run(self) -> None:
        """Watch until the agent isn't needed any more. What goes wrong in a round is tried again in the next."""
        while True:
            with self._agent.supervisor.attempt("watch"):
                if await self._round():
                    return
            await asyncio.sleep(_TICK)

    async def _round(self) -> bool:
        """Look at every session once; return whether the agent isn't needed any more."""
        is_orphan = self._owner is not None and not self._owner.is_alive
        await self._for_each(lambda active: self._check(active, is_orphan))
        if time.monotonic() - self._flushed >= self._settings.batch_interval_seconds:
            self._flushed = time.monotonic()
            await self._for_each(self._agent.recorder.flush)
        if not is_orphan or self._agent.table.running:
            return False
        self._give_up_at = self._give_up_at or time.monotonic() + self._settings.linger_seconds
        return self._agent.delivery.is_idle or time.monotonic() > self._give_up_at

    async def _for_each(self, work: Callable[[ActiveSession], Awaitable[None]]) -> None:
        """Do something for every session that runs. A failure is raised when the others have had their turn."""
        failure: Exception | None = None
        for active in self._agent.table.running:
            try:
                await work(active)
            except Exception as error:  # noqa: BLE001 - raised below
                failure = failure or error
        if failure:
            raise failure

    async def _check(self, active: ActiveSession, is_orphan: bool) -> None:
        parent = active.session.parent
        if parent and not parent.is_alive:
            data = {"parent_pid": parent.pid}
            await self._agent.recorder.crash(active, "parent_process_crashed", data, "parent_process_terminated")
        elif parent is None and is_orphan and self._owner:
            data = {"daemon_parent_pid": self._owner.pid}
            await self._agent.recorder.crash(active, "daemon_parent_exited", data, "daemon_parent_process_exited")
        else:
            await self._check_heartbeat(active)

    async def _check_heartbeat(self, active: ActiveSession) -> None:
        """Take the silence of an application that beats for a hang; of one that never did, or paused, say it lives."""
        if active.is_reported_by_agent:
            if time.monotonic() - active.last_reported >= _LIVENESS:
                active.heartbeat_wanted = True
                self._agent.delivery.wake(active)
            return
        silence = time.monotonic() - active.last_heartbeat
        if not active.session.hung and silence > self._settings.heartbeat_timeout_seconds:
            await self._agent.recorder.hang(active)
