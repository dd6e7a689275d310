"""The ASGI application: hot ingest routes first, Litestar behind them.

Every request gets an id (`x-request-id` of the answer), a log line, and a place in the service's own metrics. Requests
on hot routes that succeed are logged only when the level is debug, so that the log is no bottleneck.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send

from meterd.access import Caller
from meterd.access.context import RequestContext, begin_request
from meterd.addresses import protocol_of
from meterd.api.http import GONE, HotRoute, Request, Response
from meterd.api.responses import GUARDS, Serializer, headers_of, options_of
from meterd.api.usage.request_log import RequestLog
from meterd.datasets.usage import OWN_ID
from meterd.deadlines import Deadlines
from meterd.errors import MeterdError, MethodNotAllowed, TimedOut
from meterd.framework import Lifespan, Routes, framework
from meterd.presence import ClientGone, receiving
from meterd.rates import Rate
from meterd.settings import Settings
from meterd.telemetry import Telemetry

log = structlog.get_logger()


class Server:
    """The ASGI application of the service.

    Args:
        routes: what is served.
        running: runs what works in the event loop from before the first request until after the last one.
        identify: finds out who makes a request, by a token of meterd, however it is sent; raises `MeterdError`.
        request_log: takes every request that was answered.
        settings: hot routes have `service.timeout` seconds; at the level debug their requests that succeed are logged.
    """

    def __init__(
        self,
        routes: Routes,
        running: Lifespan,
        identify: Callable[[Request], Awaitable[Caller]],
        request_log: RequestLog,
        telemetry: Telemetry,
        settings: Settings,
    ) -> None:
        self._hot = {route.path: route for route in routes.hot}
        self._protocols = {path: protocol_of(path).name for path in self._hot}
        self._templates = {path.partition("{id}")[0] for path in self._hot if "{id}" in path}
        self._framework = framework(routes, running)
        self._telemetry = telemetry
        self._request_log = request_log
        self.timeout = settings.service.timeout
        self._deadlines = Deadlines(self.timeout)
        self._request_ids = _request_ids()
        self.serialize = Serializer()
        self._identify = identify
        self._log_all = settings.logging.level == "debug"
        self._strangers = Rate(settings.logging.unknown_callers_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._framework(scope, receive, send)
            return
        receiving.set(receive)
        path, parameter = scope["path"], ""
        route = self._hot.get(path)
        if route is None:
            route, parameter = self._match_template(path)
        context = self.begin(scope, route)
        context.is_secure = scope["scheme"] == "https"
        if context.method == "HEAD":  # the connection leaves out the body; what is done and said is the same
            scope = {**scope, "method": "GET"}
        request = Request(scope, receive, parameter)
        if route is None:
            status, size = await self._framework_response(request, scope, receive, send)
            path = scope.get("path_template") or "unknown"
        else:
            status, size = await self._hot_response(route, request, scope, send)
            path = route.path
        seconds = time.perf_counter() - context.started
        if context.caller is None:
            await self._attribute(request, status)
        self.log_request(context, path, status, size, seconds, is_hot=route is not None)

    def begin(self, scope: HTTPScope, route: HotRoute | None) -> RequestContext:
        """Begin a request on a hot route, or on none."""
        protocol = self._protocols[route.path] if route else protocol_of(scope["path"]).name
        return begin_request(scope, next(self._request_ids), protocol)  # type: ignore[arg-type]  # ASGI allows keys

    def log_request(
        self, context: RequestContext, route: str, status: int, size: int, seconds: float, *, is_hot: bool
    ) -> None:
        """Count, record and log a request that was answered."""
        self._telemetry.requests.observe(context.method, route, status, seconds)
        self._request_log.add(context, status, size, seconds)
        if (self._log_all or not is_hot or status >= 400) and (context.caller or self._is_unknown_caller_logged()):
            log.info(
                "request",
                id=context.id.decode(),
                method=context.method,
                path=context.path,
                status=status,
                milliseconds=round(seconds * 1000, 3),
            )

    def direct_route(self, method: str, path: str) -> HotRoute | None:
        """Return the route at an address that may be answered without a task."""
        route = self._hot.get(path)
        return route if route is not None and route.direct is not None and route.method == method else None

    def too_late(self) -> TimedOut:
        return TimedOut(f"the request took longer than {self.timeout:g} s (service.timeout)")

    def refuse(self, error: MeterdError, path: str, content_type: str) -> tuple[Response, bytes]:
        """Return the response to a request that can't be served, and its id; `path` may be cut off."""
        request_id = next(self._request_ids)
        if self._is_unknown_caller_logged():
            log.info("request refused", id=request_id.decode(), path=path, status=error.status, error=error.message)
        return protocol_of(path).error(error, content_type), request_id

    def _is_unknown_caller_logged(self) -> bool:
        """Return whether one more request of an unknown caller has a line of its own in the log."""
        is_logged = self._strangers.admits()
        if not is_logged:
            self._telemetry.lines_withheld.inc()
        if withheld := self._strangers.take_withheld():
            log.warning("requests of unknown callers were not logged", requests=withheld)
        return is_logged

    async def _attribute(self, request: Request, status: int) -> None:
        """Find out who made a call that was answered before that was asked: it belongs to its tenant all the same."""
        if status in (401, GONE) or not request.has_credentials:
            return
        with contextlib.suppress(MeterdError):
            await self._identify(request)

    def _match_template(self, path: str) -> tuple[HotRoute | None, str]:
        """Return the route whose template a path fits, and what stands for `{id}`."""
        for prefix in self._templates:
            if path.startswith(prefix):
                parameter, slash, rest = path[len(prefix) :].partition("/")
                operation = f"{slash}{rest}" if rest else ""
                return self._hot.get(f"{prefix}{{id}}{operation}") if parameter else None, parameter
        return None, ""

    async def _hot_response(self, route: HotRoute, request: Request, scope: HTTPScope, send: Send) -> tuple[int, int]:
        """Send a response; return its status and size."""
        task = self._deadlines.start()
        try:
            response = await self._handle(route, request, scope, task)
        except ClientGone:
            return GONE, 0
        finally:
            self._deadlines.finish(task)
        return await _send(response, send, request.context.id)

    async def _handle(
        self, route: HotRoute, request: Request, scope: HTTPScope, task: asyncio.Task[object]
    ) -> Response:
        try:
            request.check()
            if scope["method"] != route.method:
                return _other_method(route, scope["method"], request.content_type)
            return await route.handler(request)
        except MeterdError as error:
            return route.error(error, request.content_type)
        except asyncio.CancelledError:
            if not self._deadlines.expired(task):
                raise
            return route.error(self.too_late(), request.content_type)
        except ClientGone:
            raise
        except Exception:
            log.exception("request failed", path=route.path)
            return route.error(MeterdError("internal error"), request.content_type)

    async def _framework_response(
        self, request: Request, scope: HTTPScope, receive: Receive, send: Send
    ) -> tuple[int, int]:
        """Pass a request on to the framework; return the status and size of its response."""
        status, size, request_id = 500, 0, request.context.id
        try:
            request.check()
        except MeterdError as error:
            return await _send(protocol_of(scope["path"]).error(error, request.content_type), send, request_id)

        async def send_with_id(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                guards = (guard for guard in GUARDS if guard[0] not in names)
                message["headers"] = [*message["headers"], *guards, (b"x-request-id", request_id)]
            elif message["type"] == "http.response.body":
                size += len(message["body"])
            await send(message)

        await self._framework(scope, receive, send_with_id)
        return status, size


def _other_method(route: HotRoute, method: str, content_type: str) -> Response:
    """To a request that is not made with the method of a hot route."""
    if method == "OPTIONS":
        return Response(204, headers=((b"allow", options_of(route.method).encode()),))
    return route.error(MethodNotAllowed(route.method), content_type)


async def _send(response: Response, send: Send, request_id: bytes) -> tuple[int, int]:
    """Send a response; return its status and size."""
    await send({"type": "http.response.start", "status": response.status, "headers": headers_of(response, request_id)})
    await send({"type": "http.response.body", "body": response.body, "more_body": False})
    return response.status, len(response.body)


def _request_ids() -> "itertools.chain[bytes]":
    """Yield unique ids of 24 hexadecimal characters that nobody may send.

    They consist of a random part for the process and a counter that begins anywhere.
    """
    prefix, first = f"{OWN_ID}{secrets.token_hex(3)}".encode(), secrets.randbits(39)
    return itertools.chain.from_iterable([b"%s%010x" % (prefix, number)] for number in itertools.count(first))
