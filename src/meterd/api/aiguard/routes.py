"""`POST /metric` and `GET /health` (`ai-guard.md` sections 2, 3 and 5)."""

from collections.abc import Awaitable, Callable

import msgspec

from meterd.access import Caller, Scope
from meterd.access.authentication import SHARED_SECRET_CALLER, Authenticator, SharedSecret, bearer_token, identified
from meterd.api.aiguard.meters import METERS, MeterEvent, meter_event_row
from meterd.api.http import Answer, HotRoute, Request, plain_error
from meterd.datasets import METER_EVENTS
from meterd.errors import ConfigurationError, InvalidInput, MeterdError, TooLarge, Unavailable
from meterd.ingest.facts import Submission, encode
from meterd.ingest.recorder import Recorder
from meterd.settings import Settings
from meterd.validation import explain

_EMPTY = Answer()


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
    ) -> None:
        self._authenticator = authenticator
        self._recorder = recorder
        self._healthy = healthy
        self._metrics = settings.metrics
        self._allowed = frozenset(settings.metrics.allowed_attributes if settings.metrics else ())
        self._limit = settings.ingest.max_event_bytes
        self._decoder = msgspec.json.Decoder(MeterEvent)
        authorization = settings.service.authorization
        self._secret = None
        if authorization and authorization.type == "shared-secret":
            if not authorization.secret_path:
                raise ConfigurationError("service.authorization.type shared-secret needs secret-path, a file's path")
            self._secret = SharedSecret(authorization.secret_path)

    def routes(self) -> list[HotRoute]:
        return [
            HotRoute("POST", "/metric", self.metric, error_answer, _METRIC),
            HotRoute("GET", "/health", self.health, error_answer, _HEALTH),
        ]

    async def metric(self, request: Request) -> Answer:
        """Record one meter event; the answer is given when it is durable."""
        authorization = request.header(b"authorization")
        caller = self._authenticator.remembered(authorization) or await self._caller(authorization)
        caller.require(Scope.INGEST)
        if self._metrics is None:
            raise InvalidInput("Metrics not permitted")
        event = self._decode(await request.body(self._limit))
        row = meter_event_row(event, caller, self._allowed)
        await self._recorder.record(Submission((encode(METER_EVENTS, caller.tenant, [row]),)))
        return _EMPTY

    async def health(self, _request: Request) -> Answer:
        """Empty 200 when events can be taken."""
        if reason := await self._healthy():
            raise Unavailable(reason)
        return _EMPTY

    async def _caller(self, authorization: str | None) -> Caller:
        if self._secret and self._secret.matches(bearer_token(authorization)):
            return identified(SHARED_SECRET_CALLER)
        return await self._authenticator.caller(authorization)

    def _decode(self, body: bytes) -> MeterEvent:
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            if not _is_json(body):
                raise InvalidInput("Invalid JSON") from None
            raise InvalidInput(_sentence(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidInput("Invalid JSON") from None


def error_answer(error: MeterdError, _content_type: str = "") -> Answer:
    """AI Guard's error body. Too large is a 400 there, because its clients know nothing else for bad input."""
    return plain_error(InvalidInput(error.message) if isinstance(error, TooLarge) else error)


def _is_json(body: bytes) -> bool:
    """The decoder reports what does not fit before it has seen the end; being JSON comes first."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _sentence(error: msgspec.ValidationError) -> str:
    problem = explain(error)
    if problem.what == "is required":
        return f"Missing field: {problem.field}"
    return f"Invalid field: {problem.sentence()}"


_ERRORS = {
    "400": {"description": "Bad input; the message names the field"},
    "401": {"description": "Invalid or missing bearer token"},
}
_METRIC = {
    "tags": ["AI Guard"],
    "summary": "Record one meter event",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["attributes", "meter"],
                    "properties": {
                        "attributes": {"type": "object", "additionalProperties": {"type": "string"}},
                        "meter": {
                            "type": "object",
                            "required": ["name", "value"],
                            "properties": {
                                "name": {"type": "string", "enum": list(METERS)},
                                "value": {"type": "string", "pattern": "^[0-9]+$"},
                            },
                        },
                    },
                },
                "example": {
                    "attributes": {"agent_id": "billing-bot", "platform": "GCP_VERTEX"},
                    "meter": {"name": "ai_guard.agent", "value": "1234"},
                },
            }
        },
    },
    "responses": {"200": {"description": "Recorded durably; empty body"}, **_ERRORS},
}
_HEALTH = {
    "tags": ["AI Guard"],
    "summary": "Is the service ready",
    "security": [],
    "responses": {"200": {"description": "Ready; empty body"}, "503": {"description": "Not ready"}},
}
