"""`POST /ingest/litellm` (`docs/specifications/ingest-sources.md` section 1.3)."""

from collections import Counter

import structlog

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.bodies import DecodeLimiter
from meterd.api.http import HotRoute, Request, Response, json_response, plain_error
from meterd.api.litellm.decode import decode
from meterd.api.litellm.facts import Translator
from meterd.api.litellm.openapi import INGEST
from meterd.ingest.facts import Facts, Submission
from meterd.ingest.recorder import Recorder
from meterd.ingest.reports import Report
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
        telemetry: Telemetry,
    ) -> None:
        self._left_out = telemetry.left_out
        self._authenticator = authenticator
        self._recorder = recorder
        self._decoding = decoding
        self._sources = sources
        self._limits = settings.ingest
        self._assume_cache_misses = settings.litellm.assume_cache_misses

    def routes(self) -> list[HotRoute]:
        return [HotRoute("POST", "/ingest/litellm", self.ingest, plain_error, INGEST)]

    async def ingest(self, request: Request) -> Response:
        """Record what the callback sends; the answer is given when the facts are durable."""
        caller = await self._authenticator.identify(request.context, request.header(b"authorization"))
        caller.require(Scope.INGEST)
        body = await request.body(self._limits.max_body_bytes)
        facts, skipped, members = await self._decoding.run(body, self._facts, caller, request.received)
        if facts:
            self._sources.note(caller, "callback")
            await self._recorder.record(Submission(facts))
        if skipped or members:
            self._left_out.labels("litellm").inc(skipped.total() + members.total())
            log.warning("parts of a LiteLLM batch could not be used", skipped=skipped, left_out=members)
        return json_response(200, {"accepted": sum([each.count for each in facts]), "skipped": skipped.total()})

    def _facts(self, body: bytes, caller: Caller, sent: int) -> tuple[tuple[Facts, ...], Counter[str], Counter[str]]:
        """Return the facts of a body, how many elements were left out for which reason, and which members of others."""
        payloads, unreadable = decode(body, self._limits.max_rows)
        skipped = Counter({"unreadable": unreadable}) if unreadable else Counter[str]()
        report = Report(caller, self._limits, sent)
        translator = Translator(report, self._assume_cache_misses)
        for payload in payloads:
            try:
                translator.add(payload)
            except ValueError:
                skipped["time"] += 1
            except RecursionError:
                skipped["unreadable"] += 1
        translator.finish()
        if report.rows_left_out:
            skipped["row"] += report.rows_left_out.total()
        return report.facts(), skipped, report.members_left_out
