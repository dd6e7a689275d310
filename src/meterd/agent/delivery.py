"""Brings what is queued to the server: in order within a session, sessions side by side, until it is taken."""

import asyncio
import importlib
import logging
import random
import sqlite3
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from meterd.agent.bodies import encode
from meterd.agent.errors import Unreachable
from meterd.agent.sessions import Live
from meterd.agent.settings import Settings
from meterd.agent.spool import Item, delivered, set_aside

if TYPE_CHECKING:
    from meterd.agent.transport import Answer, Transport

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 10.0
_PASSING = frozenset({401, 403, 408, 425, 429})
"""Refusals that end when somebody does something about them, such as renewing a token; so do all of 500 and above."""

_FRESH = 5.0
"""Seconds after a heartbeat in which the server needs no other before it hears of a new session."""


class _Created(msgspec.Struct, frozen=True):
    session_id: str


class Delivery:
    """Sends for all sessions. While the server fails, waits grow from 0.25 to 10 seconds."""

    def __init__(self, settings: Settings, sessions: dict[str, Live]) -> None:
        self._settings = settings
        self._sessions = sessions
        self._transport: asyncio.Future[Transport] | None = None
        self._wait = _FIRST_WAIT
        self._paused_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_failing = False
        self.refused = 0

    def wake(self, live: Live) -> None:
        """There is something to send for a session."""
        live.delivery_wanted = True
        if live.delivery is None or live.delivery.done():
            live.delivery = asyncio.create_task(self._run(live))
            self._tasks.add(live.delivery)
            live.delivery.add_done_callback(self._tasks.discard)

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    async def settle(self, seconds: float, live: Live | None = None) -> None:
        """Wait until everything, or a session's, is delivered; not when the server fails, nor longer than given."""
        deadline = time.monotonic() + seconds
        while not self.is_failing and time.monotonic() < deadline:
            if self.is_idle or (live and (live.delivery is None or live.delivery.done())):
                return
            await asyncio.sleep(0.005)

    async def read(self, path: str) -> "Answer":
        """Raises `Unreachable`."""
        return await (await self._connected()).get(path)

    async def close(self) -> None:
        """What is not delivered stays queued."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport:
            await (await self._transport).close()

    def _connected(self) -> "asyncio.Future[Transport]":
        if self._transport is None:
            self._transport = asyncio.ensure_future(asyncio.to_thread(self._connect))
        return asyncio.shield(self._transport)

    def _connect(self) -> "Transport":
        transport: Transport = importlib.import_module("meterd.agent.transport").Transport(self._settings)
        return transport

    async def _run(self, live: Live) -> None:
        while live.delivery_wanted:
            live.delivery_wanted = False
            try:
                await self._drain(live)
            except (sqlite3.Error, msgspec.DecodeError) as error:  # our disk, or not a meterd server
                live.delivery_wanted = True
                self._failed(str(error), None)
                await asyncio.sleep(self._wait)

    async def _drain(self, live: Live) -> None:
        await self._beat(live)
        while items := await live.spool.items(live.session.id, live.delivered):
            for item in items:
                await self._deliver(live, item)
                await self._beat(live)

    async def _deliver(self, live: Live, item: Item) -> None:
        if item.operation == "create":
            await self._greet(live)
        elif live.session.server_id is None:
            await self._set_aside(live, item, 0, "the server refused to create the session")
            return
        answer = await self._post(_path(live, item.operation), item.body, item.key)
        if answer.status != 200:
            await self._set_aside(live, item, answer.status, answer.body[:1000].decode(errors="replace"))
            return
        statements = [delivered(item)]
        if item.operation == "create":
            live.session.server_id = msgspec.json.decode(answer.body, type=_Created).session_id
            self._sessions[live.session.server_id] = live
            statements.append(live.saved())
        await self._forget(live, item, statements)

    async def _greet(self, live: Live) -> None:
        """A new session makes the server take this machine's silent ones for crashed: tell it first which live."""
        for other in {id(each): each for each in self._sessions.values()}.values():
            is_due = time.monotonic() - other.told > _FRESH and (other.is_spoken_for or other.heard > other.told)
            if is_due and other is not live and not other.is_over:
                other.beat_wanted = True
                await self._beat(other)

    async def _set_aside(self, live: Live, item: Item, status: int, answer: str) -> None:
        log.error("the server refused %s of session %s: %s %s", item.operation, item.session, status, answer)
        self.refused += 1
        await self._forget(live, item, list(set_aside(item, status, answer)))

    async def _forget(self, live: Live, item: Item, statements: list[Any]) -> None:
        await live.spool.write(statements)
        live.delivered = item.seq
        live.spool.queued_items -= 1
        live.spool.queued_bytes -= len(item.body)

    async def _beat(self, live: Live) -> None:
        """A heartbeat is worth something only now: one that fails is not repeated, the next one follows soon."""
        is_wanted, live.beat_wanted = live.beat_wanted, False
        if not is_wanted or live.session.server_id is None or live.is_over or time.monotonic() < self._paused_until:
            return
        live.told = time.monotonic()
        await self._attempt(_path(live, "heartbeat"), encode({"timestamp": live.alive_at}), None)

    async def _post(self, path: str, body: bytes, key: str) -> "Answer":
        """The server's final answer, after as many attempts as it takes."""
        while True:
            await asyncio.sleep(max(0.0, self._paused_until - time.monotonic()))
            answer = await self._attempt(path, body, key)
            if answer:
                return answer

    async def _attempt(self, path: str, body: bytes, key: str | None) -> "Answer | None":
        """An answer, unless another attempt may bring a better one."""
        transport = await self._connected()
        try:
            answer = await transport.post(path, body, key)
        except Unreachable as error:
            self._failed(str(error), None)
            return None
        if answer.status in _PASSING or answer.status >= 500:
            self._failed(f"{answer.status} {answer.body[:200].decode(errors='replace')}", answer.retry_after)
            return None
        if self.is_failing:
            log.warning("the server takes telemetry again")
        self.is_failing, self._wait = False, _FIRST_WAIT
        return answer

    def _failed(self, reason: str, retry_after: float | None) -> None:
        if not self.is_failing:
            log.warning("the server takes nothing, telemetry is kept until it does: %s", reason)
        self.is_failing = True
        wait = min(retry_after or self._wait, _LONGEST_WAIT)
        self._paused_until = time.monotonic() + wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads attempts
        self._wait = min(self._wait * 2, _LONGEST_WAIT)


def _path(live: Live, operation: str) -> str:
    if operation == "create":
        return "/api/sessions"
    return f"/api/sessions/{quote(live.session.server_id or '', safe='')}/{operation}"
