"""Exports window after window, beside everything else: no request ever waits for it.

An exporter goes on where the last run ended, so a restart loses nothing. A window is named in the metadata before it
is sent, and counts as exported after that. A crash in between sends that very window again: for running totals that
changes nothing, and entries of one interval can be told by its start and end. The other order would lose an interval
with every crash while a collector is away.

One process exports: the only one, or the one that several nodes have elected. One task of it does. A node that was cut
off and comes back notes nothing: what it would note no longer follows what is noted.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from meterd.export.series import Window
from meterd.export.windows import floor, now
from meterd.metadata import Election, Exports, Progress
from meterd.supervision import EXPORTER, Supervisor

log = structlog.get_logger()

_STOP_SECONDS = 2.0


class Exporter(Protocol):
    """Sends what the store holds to somebody."""

    name: str
    interval: timedelta

    def window(self, progress: Progress, end: datetime) -> Window:
        """Return the window to send next; `end` is later than what is reached, and the window ends by then."""

    async def send(self, window: Window) -> bool:
        """Send a window; False gives it up. Raises `MeterdError` when the store can't be read."""

    async def close(self) -> None: ...


class Schedule:
    """Runs an exporter from `start` to `stop`, each in the event loop. A window ends `settling` ago, or earlier."""

    def __init__(
        self, exporter: Exporter, exports: Exports, election: Election, settling: timedelta, supervisor: Supervisor
    ) -> None:
        self._exporter = exporter
        self._election = election
        self._exports = exports
        self._settling = settling
        self._counted = supervisor.telemetry.exports
        self._leads = supervisor.telemetry.leads.labels(EXPORTER.name)
        self._task = supervisor.task(EXPORTER, self._round)

    async def start(self) -> None:
        self._task.start()

    async def stop(self) -> None:
        """Export up to this moment, if the collector takes it soon; otherwise the next start does."""
        if await self._task.stop(_STOP_SECONDS):
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._export(now())
            except Exception as error:  # noqa: BLE001 - nothing may keep the service from stopping
                log.warning("the last export is left to the next start", exporter=self._exporter.name, error=str(error))
        await self._task.close()
        await asyncio.to_thread(self._election.resign)
        await self._exporter.close()

    async def _round(self) -> float:
        await self._export(floor(now() - self._settling, self._exporter.interval))
        return self._until_due()

    def _until_due(self) -> float:
        settled = now() - self._settling
        return (floor(settled, self._exporter.interval) + self._exporter.interval - settled).total_seconds()

    async def _export(self, end: datetime) -> None:
        """Send what is to be sent up to a time, unless another node does."""
        leads = await asyncio.to_thread(self._election.lead)
        self._leads.set(leads)
        if leads:
            try:
                await self._export_until(end)
            except _Overtaken:
                log.warning("another node has exported meanwhile", exporter=self._exporter.name)

    async def _export_until(self, end: datetime) -> None:
        """Begin with what a crash left under way."""
        progress = await self._progress()
        for until in (progress.under_way, end):
            while until and progress.reached < until:
                progress = await self._export_window(progress, until)

    async def _export_window(self, progress: Progress, until: datetime) -> Progress:
        window = self._exporter.window(progress, until)
        under_way = Progress(progress.begun, progress.reached, window.end)
        await self._advance(progress, under_way)
        was_taken = await self._exporter.send(window)
        self._counted.labels(self._exporter.name, "sent" if was_taken else "dropped").inc()
        done = Progress(progress.begun, window.end)
        await self._advance(under_way, done)
        return done

    async def _progress(self) -> Progress:
        """Return how far the exporter has come. The first time it begins with the interval that this moment is in."""
        progress = await asyncio.to_thread(self._exports.progress, self._exporter.name)
        if progress is None:
            begun = floor(now(), self._exporter.interval)
            progress = Progress(begun, begun)
            await self._advance(None, progress)
        return progress

    async def _advance(self, before: Progress | None, after: Progress) -> None:
        if not await asyncio.to_thread(self._exports.advance, self._exporter.name, before, after):
            raise _Overtaken


class _Overtaken(Exception):
    """Another node has noted something since."""
