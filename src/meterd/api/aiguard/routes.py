"""`POST /metric`, `POST /classifications/v1` and `GET /health` (`docs/specifications/ai-guard.md` sections 2 to 5)."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.aiguard.authorization import Callers
from meterd.api.aiguard.classifications import (
    ClassificationBody,
    Clock,
    Parts,
    check_attributes,
    check_context,
    check_counted,
    facts_of,
    metadata_of,
    selection_of,
)
from meterd.api.aiguard.classifiers import Classifiers
from meterd.api.aiguard.meters import MeterEvent, meter_event_row
from meterd.api.aiguard.openapi import CLASSIFY, HEALTH, metric_operation
from meterd.api.http import HotRoute, Request, Response, json_response, plain_error
from meterd.classify import ClassifyError, Inline, Library, Likelihood, Match, Selection
from meterd.datasets import METER_EVENTS
from meterd.errors import InvalidInput, MeterdError, TimedOut, TooLarge, Unavailable
from meterd.ingest.facts import Submission, encode
from meterd.ingest.recorder import Recorder
from meterd.query.workers import Execution, Workers
from meterd.settings import Classification, Settings
from meterd.supervision import Supervisor
from meterd.validation import explain

_CLASSIFICATIONS = "/classifications/v1"
_EMPTY = Response()
_SHORT = 4_000
"""Characters of a text that is classified at once; longer ones have a thread, so that other requests go on. With a
language model all have one."""
_LARGE = 2**14
"""Bytes of a body in which nothing needs to be measured."""
_classification = msgspec.json.Decoder(ClassificationBody)
_parts = msgspec.json.Decoder(Parts)
_Body = TypeVar("_Body")


class Bounds(NamedTuple):
    """The maximum bytes of a classification's body, of its context, and of what it says of classifiers."""

    body: int
    context: int
    description: int


def _body_bytes(settings: Classification) -> int:
    """Return what a text of the largest size may need in JSON, and all else."""
    return 6 * settings.max_text_characters + settings.max_context_bytes + settings.inline.max_bytes + _LARGE


class AIGuard:
    """The AI Guard endpoints of one service.

    `healthy` tells why the service can't serve, or an empty string.
    """

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        recorder: Recorder,
        healthy: Callable[[], Awaitable[str]],
        supervisor: Supervisor,
    ) -> None:
        telemetry = supervisor.telemetry
        self._callers = Callers(authenticator, settings.service.authorization, telemetry)
        self._recorder = recorder
        self._healthy = healthy
        self._metrics = settings.metrics
        self._allowed = frozenset(settings.metrics.allowed_attributes if settings.metrics else ())
        self._limit = settings.ingest.max_event_bytes
        self._decoder = msgspec.json.Decoder(MeterEvent)
        classification = settings.classification or Classification()
        self._classifiers = Classifiers(classification, settings.service.timeout, supervisor)
        self._bounds = Bounds(
            min(settings.ingest.max_body_bytes, _body_bytes(classification)),
            classification.max_context_bytes,
            classification.inline.max_bytes,
        )
        self._minimum = Likelihood[classification.min_allowed_likelihood]
        self._short = 0 if classification.presidio.model else _SHORT
        self._workers = Workers(
            "classification",
            (os.cpu_count() or 1) + 4,
            settings.query.max_waiting,
            settings.service.timeout,
            telemetry,
            "service.timeout",
        )
        self._classified = None if settings.metrics is None else self._allowed

    def routes(self) -> list[HotRoute]:
        return [
            HotRoute(
                "POST", "/metric", self.metric, error_response, metric_operation(self._allowed), self.metric_directly
            ),
            HotRoute("POST", _CLASSIFICATIONS, self.classify, error_response, CLASSIFY),
            HotRoute("GET", "/health", self.health, error_response, HEALTH),
        ]

    async def metric(self, request: Request) -> Response:
        """Record one meter event; the answer is given when it is durable."""
        caller = await self._callers.identify(request.context, request.header(b"authorization"))
        self._check_meters(caller)
        await self._recorder.record(self._submission(caller, await request.body(self._limit)))
        return _EMPTY

    def metric_directly(self, request: Request, body: bytes, settle: Callable[[object], None]) -> Response | None:
        """Record an event as `metric` does, when the caller is known and the body is as it is sent."""
        caller = self._callers.recognise(request.context, request.header(b"authorization"))
        if caller is None or len(body) > self._limit or request.header(b"content-encoding"):
            return None
        self._check_meters(caller)
        self._recorder.submit(self._submission(caller, body), settle)
        return _EMPTY

    def _check_meters(self, caller: Caller) -> None:
        caller.require(Scope.INGEST)
        if self._metrics is None:
            raise InvalidInput("Metrics not permitted")

    def _submission(self, caller: Caller, body: bytes) -> Submission:
        row = meter_event_row(self._decode(body, self._decoder), caller, self._allowed)
        return Submission((encode(METER_EVENTS, caller.tenant, [row]),))

    async def classify(self, request: Request) -> Response:
        """Find what the selected classifiers know in a text; the answer is given when it is recorded.

        A repeated `Idempotency-Key` gets an answer, and records nothing.
        """
        caller = await self._callers.identify(request.context, request.header(b"authorization"))
        caller.require(Scope.INGEST)
        key = request.key(_CLASSIFICATIONS, caller.tenant, caller.subject_type, caller.subject)
        body = self._classification(await request.body(self._bounds.body))
        check_context(body.context)
        check_attributes(body.context, caller, self._classified)
        check_counted(body)
        await self._classifiers.engine()
        clock = Clock()
        matches = await self.find(caller, body.text, lambda: selection_of(body), metadata_of(body))
        facts = facts_of(body, matches, clock.stop(), caller, self._classified)
        await self._recorder.record(Submission(facts, key))
        return json_response(200, {"context": body.context, "matches": matches})

    async def find(
        self,
        caller: Caller,
        text: str,
        select: Callable[[], Selection],
        metadata: Mapping[str, str] | None = None,
        minimum: Likelihood | None = None,
    ) -> list[Match]:
        """Return what the selected classifiers find in a text; nothing of it is recorded."""
        engine = await self._classifiers.engine()
        try:
            selection = select()
            arguments = (text, selection, metadata, minimum or self._minimum)
            if len(text) < self._short and not isinstance(selection, Inline):
                return engine.classify(*arguments)

            def classify(execution: Execution) -> list[Match]:
                return engine.classify(*arguments, lambda: not execution.cancellation.is_cancelled)

            return await self._workers.run(caller, classify)
        except ClassifyError as error:
            raise self._classifiers.refusal(error) from None

    async def library(self) -> Library:
        """Return the classifiers and profiles that requests may name now."""
        return (await self._classifiers.engine()).library

    async def health(self, _request: Request) -> Response:
        """Answer with an empty 200 when events can be taken."""
        if reason := await self._healthy():
            raise Unavailable(reason)
        return _EMPTY

    async def start(self) -> None:
        """Begin to look for profiles."""
        await self._classifiers.start()

    async def close(self) -> None:
        """Close what asking for callers, looking for profiles and classifying need."""
        self._workers.close()
        await self._callers.close()
        await self._classifiers.close()

    def _classification(self, body: bytes) -> ClassificationBody:
        """Return what was sent, of which only the text may be large: what makes many objects is measured before it
        does.
        """
        if len(body) > _LARGE:
            try:
                parts = _parts.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                parts = Parts()
            for limit, name, part, maximum in (
                ("max_context_bytes", "context", parts.context, self._bounds.context),
                ("inline.max_bytes", "classifierDescription", parts.classifier_description, self._bounds.description),
            ):
                if (size := len(bytes(part))) > maximum:
                    raise self._classifiers.limit_exceeded(
                        limit, f"Invalid field: {name} has {size} bytes, at most {maximum}"
                    )
        return self._decode(body, _classification)

    def _decode(self, body: bytes, decoder: msgspec.json.Decoder[_Body]) -> _Body:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            if not _is_json(body):
                raise InvalidInput("Invalid JSON") from None
            raise InvalidInput(_sentence(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidInput("Invalid JSON") from None


def error_response(error: MeterdError, _content_type: str = "") -> Response:
    """Return AI Guard's error body. Its clients know nothing but a 400 for bad input, so too large is one.

    A request that took too long is a 500 (`docs/specifications/ai-guard.md` section 2).
    """
    match error:
        case TooLarge():
            return plain_error(InvalidInput(error.message))
        case TimedOut():
            return plain_error(MeterdError(error.message))
    return plain_error(error)


def _is_json(body: bytes) -> bool:
    """Tell whether a body is JSON.

    The decoder reports what does not fit before it has seen the end; being JSON comes first.
    """
    try:
        msgspec.json.decode(body, type=Any if len(body) <= _LARGE else msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _sentence(error: msgspec.ValidationError) -> str:
    problem = explain(error)
    if problem.what == "is required":
        return f"Missing field: {problem.field}"
    return f"Invalid field: {problem.sentence()}"
