"""What the agent does by the clock: it watches applications, speaks for the silent ones, and flushes aggregates."""

import asyncio
import logging
import time

from meterd.agent.agent import Agent
from meterd.agent.errors import Refused
from meterd.agent.processes import Process
from meterd.agent.sessions import Live
from meterd.agent.settings import Settings

log = logging.getLogger(__name__)

_TICK = 0.5
_LIVENESS = 15.0


class Watch:
    """`owner` is the process that started the agent: with it the agent ends, None means never."""

    def __init__(self, agent: Agent, settings: Settings, owner: Process | None) -> None:
        self._agent = agent
        self._settings = settings
        self._owner = owner
        self._flushed = time.monotonic()

    async def run(self) -> None:
        """Until the agent isn't needed any more."""
        given_up: float | None = None
        while True:
            is_orphan = self._owner is not None and not self._owner.is_alive
            for live in self._agent.living:
                try:
                    await self._look_at(live, is_orphan)
                except Refused as error:
                    log.error("session %s: %s", live.session.id, error.message)
            await self._flush()
            if is_orphan and not self._agent.living:
                given_up = given_up or time.monotonic() + self._settings.linger_seconds
                if self._agent.delivery.is_idle or time.monotonic() > given_up:
                    return
            await asyncio.sleep(_TICK)

    async def _look_at(self, live: Live, is_orphan: bool) -> None:
        parent = live.session.parent
        if parent and not parent.is_alive:
            data = {"parent_pid": parent.pid}
            await self._agent.crashed(live, "parent_process_crashed", data, "parent_process_terminated")
            return
        if parent is None and is_orphan and self._owner:
            data = {"daemon_parent_pid": self._owner.pid}
            await self._agent.crashed(live, "daemon_parent_exited", data, "daemon_parent_process_exited")
            return
        await self._listen(live)

    async def _listen(self, live: Live) -> None:
        """Silence of an application that beats is a hang; for one that never did, or paused, we say that it lives."""
        session = live.session
        if live.is_spoken_for:
            if time.monotonic() - live.told >= _LIVENESS:
                live.beat_wanted = True
                self._agent.delivery.wake(live)
        elif not session.hung and time.monotonic() - live.heard > self._settings.heartbeat_timeout_seconds:
            await self._agent.hung(live)

    async def _flush(self) -> None:
        if time.monotonic() - self._flushed < self._settings.batch_interval_seconds:
            return
        self._flushed = time.monotonic()
        for live in self._agent.living:
            try:
                await self._agent.flush(live)
            except Refused as error:
                log.error("session %s: %s", live.session.id, error.message)
