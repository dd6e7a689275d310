"""`POST /ingest/litellm` (`docs/specifications/ingest-sources.md` section 1.3)."""

import structlog

from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.api.bodies import SLOW_TO_DECODE, DecodeLimiter
from meterd.api.helper import Helper
from meterd.api.http import HotRoute, Request, Response, json_response, plain_error
from meterd.api.litellm.openapi import INGEST
from meterd.api.litellm.reading import Batch, Reader, Reading
from meterd.ingest.facts import Submission
from meterd.ingest.recorder import Recorder
from meterd.litellm.duplicate_sources import DuplicateSourceDetector
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class LiteLLM:
    """Takes what LiteLLM's generic API callback sends, in every format and of every age.

    A bad element is counted and left out: LiteLLM would drop the whole batch for a refusal.
    """

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        recorder: Recorder,
        decoding: DecodeLimiter,
        sources: DuplicateSourceDetector,
        helper: Helper,
        telemetry: Telemetry,
    ) -> None:
        self._left_out = telemetry.left_out
        self._authenticator = authenticator
        self._recorder = recorder
        self._decoding = decoding
        self._sources = sources
        self._limits = settings.ingest
        self._reader = Reader(settings.ingest, settings.litellm.assume_cache_misses)
        self._helped = helper.reader("litellm", self._reader, Reading)

    def routes(self) -> list[HotRoute]:
        return [HotRoute("POST", "/ingest/litellm", self.ingest, plain_error, INGEST)]

    async def ingest(self, request: Request) -> Response:
        """Record what the callback sends; the answer is given when the facts are durable."""
        caller = await self._authenticator.identify(request.context, request.header(b"authorization"))
        caller.require(Scope.INGEST)
        body = await request.body(self._limits.max_body_bytes)
        reading = await self._read(body, Batch(caller, request.received))
        if reading.facts:
            self._sources.note(caller, "callback")
            await self._recorder.record(Submission(reading.facts))
        skipped, members = reading.skipped, reading.members_left_out
        if skipped or members:
            self._left_out.labels("litellm").inc(sum(skipped.values()) + sum(members.values()))
            log.warning("parts of a LiteLLM batch could not be used", skipped=skipped, left_out=members)
        accepted = sum([each.count for each in reading.facts])
        return json_response(200, {"accepted": accepted, "skipped": sum(skipped.values())})

    async def _read(self, body: bytes, batch: Batch) -> Reading:
        """Read a batch. Only what is small is read in the event loop."""
        if len(body) < SLOW_TO_DECODE:
            return self._reader.read(body, batch)
        return await self._decoding.run_apart(body, self._helped.read, batch)
