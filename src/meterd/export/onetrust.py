"""The exporter `onetrust` (`docs/specifications/ai-guard.md` section 10.1): what happened in each interval, posted as
JSON.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import httpx2
import msgspec
import structlog

from meterd.endpoints import attempts
from meterd.export import windows
from meterd.export.batches import Batches, Fate, Item
from meterd.export.connection import collector
from meterd.export.families import FAMILIES, Family
from meterd.export.observability import Measured, encode
from meterd.export.series import Reader, Window
from meterd.metadata import Progress
from meterd.settings import MetricsExporter
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_DEFAULT = "http://datadiscovery-onprem-agent:8080"
_PATH = "/api/discovery-platform/v1/send-async"
_PASSING = frozenset({httpx2.codes.REQUEST_TIMEOUT, httpx2.codes.TOO_MANY_REQUESTS})
_ABOUT_THE_MESSAGE = frozenset({400, 413, 422})
_OVERFLOW = {"otel.metric.overflow": "true"}


class OneTrust:
    """Sends one window after the other. Raises `ConfigurationError` for an address that can't be used.

    Connection failures, 408, 429 and 5xx are tried again for `max-retry-duration`; then the window is given up. So it
    is after any other refusal that is not about a series.
    """

    name = "onetrust"

    def __init__(self, settings: MetricsExporter, reader: Reader, telemetry: Telemetry) -> None:
        self._batches = Batches(self.name, settings.max_message_bytes, telemetry.series_set_aside)
        self.interval = timedelta(seconds=settings.seconds)
        self._reader = reader
        self._bounds = settings.histogram_boundaries
        self._initial_backoff = settings.initial_backoff
        self._timeout = settings.max_retry_duration
        where = collector(settings, _DEFAULT)
        self._url = where.target.copy_with(path=where.target.path.rstrip("/") + _PATH)
        self._headers = {"Content-Type": "application/json", "Host": where.host}
        self._extensions = {"sni_hostname": where.tls_name}
        self._client = httpx2.AsyncClient(verify=where.trust(), timeout=self._timeout)

    def window(self, progress: Progress, end: datetime) -> Window:
        return windows.delta(progress, end, self.interval)

    async def send(self, window: Window) -> bool:
        """Send a window unless nothing happened in it; return whether the collector has it now."""
        items = [each for family in FAMILIES for each in await self._items(family, window)]
        if await self._batches.send(items, partial(self._post_batch, window)):
            return True
        log.error("an interval is not exported, and will not be", start=str(window.start), end=str(window.end))
        return False

    async def close(self) -> None:
        await self._client.aclose()

    async def _items(self, family: Family, window: Window) -> list[Item]:
        reading = await self._reader.read(family, window)
        series = [*reading.series]
        if reading.rest:
            series.append(msgspec.structs.replace(reading.rest, attributes=_OVERFLOW))
        return [Item(family, each, len(self._encode([Measured(family, each)], window))) for each in series]

    def _encode(self, measured: Sequence[Measured], window: Window) -> bytes:
        return encode(measured, window, self._bounds)

    async def _post_batch(self, window: Window, batch: Sequence[Item]) -> Fate:
        body = self._encode([Measured(item.family, item.series) for item in batch], window)
        try:
            async with asyncio.timeout(self._timeout):
                await self._post(body)
        except httpx2.HTTPStatusError as error:
            log.warning("the collector did not take a message", status=error.response.status_code, series=len(batch))
            return Fate.REFUSED if error.response.status_code in _ABOUT_THE_MESSAGE else Fate.FAILED
        except (TimeoutError, httpx2.HTTPError) as error:
            reason = str(error).partition("\n")[0] or f"no answer within {self._timeout:g} s"
            log.warning("the collector can't be reached", reason=reason)
            return Fate.FAILED
        return Fate.TAKEN

    async def _post(self, body: bytes) -> None:
        async for attempt in attempts(_may_pass, self._initial_backoff, self._timeout):
            with attempt:
                response = await self._client.post(
                    self._url, content=body, headers=self._headers, extensions=self._extensions
                )
                response.raise_for_status()


def _may_pass(error: Exception) -> bool:
    """Return whether trying again may help."""
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in _PASSING or error.response.is_server_error
    return isinstance(error, httpx2.TransportError)
