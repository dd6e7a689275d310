"""The ASGI application: hot ingest routes first, Litestar behind them.

Every request gets an id (`x-request-id` of the answer), a log line, and a place in the service's own metrics. Requests
on hot routes that succeed are logged only when the level is debug, so that the log is no bottleneck.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import structlog
from litestar import Litestar, Response, Router
from litestar import Request as LitestarRequest
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from meterd import __version__
from meterd.access.authentication import current_caller
from meterd.api.gateway.query import PREFIX as GATEWAY_PREFIX
from meterd.api.gateway.query import error_answer as gateway_error
from meterd.api.http import Answer, ClientGone, ErrorShape, HotRoute, Request, plain_error, response_of
from meterd.api.operations.routes import PROBES, documentation_router
from meterd.api.otlp.routes import PREFIX as OTLP_PREFIX
from meterd.api.otlp.routes import error_answer as otlp_error
from meterd.api.sessions.routes import PREFIX as SESSIONS_PREFIX
from meterd.api.sessions.routes import error_answer as sessions_error
from meterd.api.usage.errors import error_answer as usage_error
from meterd.api.usage.recording import Calls, is_below
from meterd.deadlines import Deadlines
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, NotFound, TimedOut, TooLarge
from meterd.telemetry import Telemetry

log = structlog.get_logger()


_GONE = 499
"""The status that a call has whose client did not wait."""

Hooks = Sequence[Callable[[], Awaitable[None]]]


class _Protocol(NamedTuple):
    """The addresses that begin with a prefix: their error body, and the name under which calls are recorded."""

    prefix: str
    error: ErrorShape
    service: str = ""


_PROTOCOLS = (
    _Protocol(GATEWAY_PREFIX, gateway_error, "gateway"),
    _Protocol(OTLP_PREFIX, otlp_error, "otlp"),
    _Protocol(SESSIONS_PREFIX, sessions_error, "sessions"),
    _Protocol("/api/data/sessions", sessions_error, "sessions"),
    *(
        _Protocol(f"/api/{service}", usage_error, service)
        for service in ("metric", "object", "data", "calendar", "usage")
    ),
    _Protocol("/ingest/litellm", plain_error, "litellm"),
    _Protocol("/metrics", plain_error),
    _Protocol("/metric", plain_error, "ai-guard"),
    _Protocol("/classifications", plain_error, "ai-guard"),
    _Protocol("", plain_error),
)
"""The first one that fits counts. Calls to one without a name are recorded only if all are."""
SERVICES = {protocol.prefix: protocol.service for protocol in _PROTOCOLS}


class Server:
    """ASGI application.

    Args:
        hot_routes: served here, each within `timeout` seconds.
        routers: everything else, served by Litestar.
        log_all: log requests on hot routes that succeed, too.
        on_startup: called in the event loop before the first request.
        on_shutdown: called there after the last one.
        calls: where answered calls are noted.
    """

    def __init__(
        self,
        hot_routes: Sequence[HotRoute],
        routers: Sequence[Router],
        telemetry: Telemetry,
        calls: Calls,
        timeout: float,
        log_all: bool = False,
        on_startup: Hooks = (),
        on_shutdown: Hooks = (),
    ) -> None:
        self._hot = {route.path: route for route in hot_routes}
        self._templates = {route.path.partition("{id}")[0] for route in hot_routes if "{id}" in route.path}
        self._framework = framework(routers, hot_routes, on_startup, on_shutdown)
        self._telemetry = telemetry
        self._calls = calls
        self._deadlines = Deadlines(timeout)
        self._request_ids = _request_ids()
        self._log_all = log_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._framework(scope, receive, send)
            return
        started, began = time.perf_counter(), time.time()
        current_caller.set(None)
        request_id = next(self._request_ids)
        path, parameter = scope["path"], ""
        route = self._hot.get(path)
        if route is None:
            route, parameter = self._templated(path)
        if route is None:
            status, size = await self._slow(scope, receive, send, request_id)
            path = scope.get("path_template") or "unknown"
        else:
            status, size = await self._answer(route, Request(scope, receive, parameter), scope, send, request_id)
            path = route.path
        seconds = time.perf_counter() - started
        self._telemetry.requests.observe(scope["method"], path, status, seconds)
        self._calls.note(scope, current_caller.get(), began, seconds, status, size, request_id)
        if self._log_all or route is None or status >= 400:
            log.info("request", id=request_id.decode(), method=scope["method"], path=scope["path"], status=status,
                     milliseconds=round(seconds * 1000, 3))  # fmt: skip

    def _templated(self, path: str) -> tuple[HotRoute | None, str]:
        """The route whose template a path fits, and what stands for `{id}`."""
        for prefix in self._templates:
            if path.startswith(prefix):
                parameter, slash, rest = path[len(prefix) :].partition("/")
                operation = f"{slash}{rest}" if rest else ""
                return self._hot.get(f"{prefix}{{id}}{operation}") if parameter else None, parameter
        return None, ""

    async def _answer(
        self, route: HotRoute, request: Request, scope: HTTPScope, send: Send, request_id: bytes
    ) -> tuple[int, int]:
        """Status and size of the answer."""
        task = self._deadlines.start()
        try:
            answer = await self._handle(route, request, scope, task)
        except ClientGone:
            return _GONE, 0
        finally:
            self._deadlines.finish(task)
        headers = [(b"content-length", b"%d" % len(answer.body)), (b"x-request-id", request_id), *answer.headers]
        if answer.body or answer.content_type:
            headers.append((b"content-type", answer.content_type or b"application/json"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})
        return answer.status, len(answer.body)

    async def _handle(self, route: HotRoute, request: Request, scope: HTTPScope, task: asyncio.Task[Any]) -> Answer:
        if scope["method"] != route.method:
            return route.error(MethodNotAllowed(route.method), request.content_type)
        try:
            return await route.handler(request)
        except MeterdError as error:
            return route.error(error, request.content_type)
        except asyncio.CancelledError:
            if not self._deadlines.expired(task):
                raise
            limit = f"the request took longer than {self._deadlines.timeout:g} s (service.timeout)"
            return route.error(TimedOut(limit), request.content_type)
        except ClientGone:
            raise
        except Exception:
            log.exception("request failed", path=route.path)
            return route.error(MeterdError("internal error"), request.content_type)

    async def _slow(self, scope: HTTPScope, receive: Receive, send: Send, request_id: bytes) -> tuple[int, int]:
        status, size = 500, 0

        async def send_with_id(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            elif message["type"] == "http.response.body":
                size += len(message["body"])
            await send(message)

        await self._framework(scope, receive, send_with_id)
        return status, size


def framework(
    routers: Sequence[Router], hot_routes: Sequence[HotRoute], on_startup: Hooks = (), on_shutdown: Hooks = ()
) -> ASGIApp:
    """The Litestar application, with the hot routes in its OpenAPI document."""
    app = Litestar(
        route_handlers=list(routers),
        exception_handlers={
            ClientGone: _on_gone,
            MeterdError: _on_error,
            HTTPException: _on_framework_error,
            Exception: _on_fault,
        },
        openapi_config=OpenAPIConfig(
            title="meterd",
            version=__version__,
            description="Metrics of AI agents and LLM gateways: recorded durably, answered exactly.",
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
            render_plugins=[],
        ),
        logging_config=None,
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
    )
    document = app.openapi_schema.to_schema()
    for route in hot_routes:
        document["paths"].setdefault(route.path, {})[route.method.lower()] = route.operation
    for path in PROBES:  # the framework leaves out an empty list, which means: no token
        document["paths"][path]["get"]["security"] = []
    app.register(documentation_router(document))
    return app


def _request_ids() -> "itertools.chain[bytes]":
    """Unique ids of 24 hexadecimal characters: a random part for the process and a counter."""
    prefix = secrets.token_hex(7).encode()
    return itertools.chain.from_iterable([b"%s%010x" % (prefix, number)] for number in itertools.count(1))


def _shape_of(path: str) -> ErrorShape:
    return next(protocol.error for protocol in _PROTOCOLS if is_below(path, protocol.prefix))


def _on_error(request: LitestarRequest[Any, Any, Any], error: MeterdError) -> Response[bytes]:
    content_type = request.headers.get("content-type", "")
    return response_of(_shape_of(request.url.path)(error, content_type))


def _on_gone(_request: LitestarRequest[Any, Any, Any], _error: ClientGone) -> Response[bytes]:
    """Nobody reads it; the status is what is counted."""
    return Response(b"", status_code=_GONE)


def _on_framework_error(request: LitestarRequest[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    kinds: dict[int, Callable[[], MeterdError]] = {
        404: lambda: NotFound(f"there is nothing at {request.url.path}"),
        405: lambda: MethodNotAllowed(_methods_of(request)),
        413: lambda: TooLarge("the body is too large"),
    }
    if error.status_code in kinds:
        return _on_error(request, kinds[error.status_code]())
    if error.status_code < 500:
        return _on_error(request, InvalidInput(error.detail))
    return _on_fault(request, error)


def _methods_of(request: LitestarRequest[Any, Any, Any]) -> str:
    item = (request.app.openapi_schema.paths or {}).get(request.url.path)
    methods = [name for name in ("get", "post", "put", "patch", "delete") if getattr(item, name, None)]
    return ", ".join(methods).upper() or "GET"


def _on_fault(request: LitestarRequest[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request failed", path=request.url.path, exc_info=error)
    return _on_error(request, MeterdError("internal error"))
