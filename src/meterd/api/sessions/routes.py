"""`/api/sessions…` and `/api/data/sessions` (`docs/specifications/sessions.md` section 2)."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from litestar import get
from litestar.response import Stream

from meterd.access import DEFAULT_TENANT, Caller, Scope, SubjectType
from meterd.access.authentication import Authenticator
from meterd.access.persons import session_in
from meterd.api.bodies import DecodeLimiter
from meterd.api.http import HotRoute, Request, Response, error_headers, json_response
from meterd.api.openapi import Described, Operation, described
from meterd.api.responses import AnyRequest
from meterd.api.routers import Router
from meterd.api.sessions import openapi
from meterd.api.sessions.active import ActiveSession
from meterd.api.sessions.bodies import (
    Change,
    Event,
    Metric,
    decode,
    decode_change,
    decode_create,
    decode_update,
)
from meterd.api.sessions.clocks import clock_of
from meterd.api.sessions.listing import Lister
from meterd.api.sessions.model import CRASH_DETECTED
from meterd.api.sessions.reading import Reader
from meterd.api.sessions.recording import SessionRecorder
from meterd.api.sessions.registry import Registry
from meterd.api.sessions.rows import event_row, metric_row
from meterd.api.sessions.selecting import Selector
from meterd.api.sessions.series import SeriesReader
from meterd.datasets import SESSION_EVENTS, SESSION_METRICS
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, NotFound, Unauthenticated
from meterd.query.engine import QueryEngine
from meterd.settings import Settings

if TYPE_CHECKING:
    from meterd.datasets.rows import SessionEvent, SessionMetric

PREFIX = "/api/sessions"
EXPORTED = "/api/data/sessions"
SERIES = "/api/timeseries"
_OK = {"success": True, "status": "ok"}
_ANONYMOUS = Caller(
    DEFAULT_TENANT, "anonymous", SubjectType.VIRTUAL_ACCOUNT, scopes=frozenset({Scope.INGEST, Scope.QUERY})
)

Handler = Callable[[Request, ActiveSession, bytes | None], Awaitable[None]]


class Sessions:
    """Answers requests about sessions of running applications."""

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        registry: Registry,
        recorder: SessionRecorder,
        engine: QueryEngine,
        decoding: DecodeLimiter,
    ) -> None:
        self._anonymous = settings.sessions.anonymous
        self._max_bytes = settings.ingest.max_event_bytes
        self._authenticator = authenticator
        self._registry = registry
        self._recorder = recorder
        self._decoding = decoding
        self._reader = Reader(registry, engine, settings.sessions.max_document_bytes)
        selector = Selector(registry, engine)
        self._lister = Lister(selector, engine, registry.timeout)
        self._series = SeriesReader(selector, engine)

    def routes(self) -> list[HotRoute]:
        """Return the routes of everything but the export."""
        writes: dict[str, tuple[Handler, Operation]] = {
            "state": (self._state, openapi.STATE),
            "events": (self._event, openapi.EVENT),
            "metrics": (self._metric, openapi.METRIC),
            "heartbeat": (self._heartbeat, openapi.HEARTBEAT),
            "end": (self._end, openapi.END),
            "crash": (self._crash, openapi.CRASH),
        }
        return [
            HotRoute("POST", PREFIX, self.create, error_response, openapi.CREATE),
            HotRoute("GET", f"{PREFIX}/{{id}}", self.read, _operation_error, openapi.READ),
            HotRoute("GET", f"{PREFIX}/", self.read, _id_required),
            HotRoute("GET", f"{EXPORTED}/list", self._answer(self._lister.sessions), error_response, openapi.LIST),
            HotRoute(
                "GET", f"{EXPORTED}/products", self._answer(self._lister.products), error_response, openapi.PRODUCTS
            ),
            HotRoute("GET", SERIES, self._answer(self._series.series), error_response, openapi.SERIES),
            *(
                HotRoute("POST", f"{PREFIX}/{{id}}/{name}", self._write(handler), _operation_error, operation)
                for name, (handler, operation) in writes.items()
            ),
        ]

    async def create(self, request: Request) -> Response:
        caller = await self._caller(request, Scope.INGEST)
        body = decode_create(await request.body(self._max_bytes))
        return Response(body=await self._recorder.create(body, caller, _key(request, caller)))

    async def read(self, request: Request) -> Response:
        caller = await self._caller(request, Scope.QUERY)
        return Response(body=await self._reader.read(request.parameter, request.query_string, caller))

    def router(self) -> Router:
        """Return the route of the export, which is too large for one answer in memory."""

        @get(EXPORTED, opt=described(Described("GET", EXPORTED, openapi.EXPORT)))
        async def export(request: AnyRequest) -> Stream:
            caller = await self._caller(Request(request.scope, request.receive), Scope.QUERY)
            pieces = self._reader.export(request.scope["query_string"].decode("latin-1"), caller)
            return Stream(pieces, media_type="application/json")

        return Router("/", route_handlers=[export])

    def _answer(self, read: Callable[[str, Caller], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            caller = await self._caller(request, Scope.QUERY)
            return json_response(200, await read(request.query_string, caller))

        return answer

    def _write(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def write(request: Request) -> Response:
            caller = await self._caller(request, Scope.INGEST)
            await handler(
                request, await self._registry.find(request.parameter, caller, writes=True), _key(request, caller)
            )
            return json_response(200, _OK)

        return write

    async def _state(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        body = await request.body(self._max_bytes)
        update, timestamp = await self._decoding.run(body, decode_update)
        await self._recorder.update(active, update, len(body), clock_of(request).moment(timestamp), key)

    async def _event(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        clock = clock_of(request)

        def row(body: bytes) -> "SessionEvent":
            return event_row(active.session, decode(body, Event), clock)

        body = await request.body(self._max_bytes)
        await self._recorder.add(active, SESSION_EVENTS, await self._decoding.run(body, row), key)

    async def _metric(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        clock = clock_of(request)

        def row(body: bytes) -> "SessionMetric":
            return metric_row(active.session, decode(body, Metric), clock)

        body = await request.body(self._max_bytes)
        await self._recorder.add(active, SESSION_METRICS, await self._decoding.run(body, row), key)

    async def _heartbeat(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        change = await self._change(request) or Change()
        await self._recorder.change(active, "heartbeat", clock_of(request).sign_of_life(change.timestamp), key=key)

    async def _end(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        change = await self._change(request) or Change()
        await self._recorder.change(active, "end", clock_of(request).moment(change.timestamp), key=key)

    async def _crash(self, request: Request, active: ActiveSession, key: bytes | None) -> None:
        change = await self._change(request) or Change(reason="abnormal_termination")
        data = msgspec.Raw(msgspec.json.encode({"reason": change.reason or ""}))
        event = Event(name=CRASH_DETECTED, category="critical", data=data)
        await self._recorder.change(active, "crash", clock_of(request).moment(change.timestamp), event, key)

    async def _change(self, request: Request) -> Change | None:
        return decode_change(await request.body(self._max_bytes))

    async def _caller(self, request: Request, scope: Scope) -> Caller:
        """Return who calls: by token, by a cookie who reads, or without one as far as `sessions.anonymous` allows."""
        authorization = request.header(b"authorization")
        if authorization is None and scope is Scope.QUERY and session_in(request.context):
            caller = await self._authenticator.identify_person(request.context, None)
            caller.require(scope)
            return caller
        is_open = self._anonymous == "always" or (self._anonymous == "loopback" and request.is_local)
        if authorization is None and is_open:
            request.context.caller = _ANONYMOUS
            return _ANONYMOUS
        if authorization is None:
            raise Unauthenticated("Unauthorized: send a token as Authorization: Bearer (sessions.anonymous)")
        caller = await self._authenticator.identify(request.context, authorization)
        caller.require(scope)
        return caller


def _key(request: Request, caller: Caller) -> bytes | None:
    return request.key(PREFIX, request.path, caller.tenant, caller.subject_type, caller.subject)


def error_response(error: MeterdError, _content_type: str = "") -> Response:
    """Make the protocol's body of an error: `{"error"}`."""
    return json_response(error.status, {"error": error.message}, error_headers(error))


def _operation_error(error: MeterdError, content_type: str = "") -> Response:
    """Answer 404 for other methods, as the original does, and errors as `error_answer` does."""
    return error_response(NotFound("Not found") if isinstance(error, MethodNotAllowed) else error, content_type)


def _id_required(_error: MeterdError, content_type: str = "") -> Response:
    return error_response(InvalidInput("Session ID required"), content_type)
