"""`/api/metric…`, `/api/object…`, `/api/data/v1…` and `/api/calendar…` (`docs/specifications/usage-metrics.md`
sections 1 and 2).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Literal, NamedTuple, cast, get_args

from litestar import Response as LitestarResponse
from litestar import route
from litestar.handlers import HTTPRouteHandler

from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import Operation
from meterd.api.http import Request, Response
from meterd.api.openapi import described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.api.usage.calendars import Calendars
from meterd.api.usage.calls import RELEASE, Call, operation_of, resource_of
from meterd.api.usage.data import Data
from meterd.api.usage.formats import format_of, format_response
from meterd.api.usage.identity import caller_of, environment_of
from meterd.api.usage.metrics import Metrics
from meterd.api.usage.objects import Objects
from meterd.api.usage.openapi import service_operations
from meterd.api.usage.parameters import parameters_of
from meterd.api.usage.virtual import Level, virtual_series
from meterd.errors import InvalidInput, MethodNotAllowed
from meterd.query.engine import QueryEngine

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_METHODS: tuple[Method, ...] = get_args(Method)

_OF_SERIES = ("_metric", "_calendar", "_observed", "_range", "_scaling", "_filter", "_search", "_id")
_OF_CHANGES: Mapping[str, tuple[str, ...]] = {"POST": ("_replace", "_reason"), "DELETE": ("_reason",)}
"""Parameters that may apply to a series that is computed, and to changes."""

Handler = Callable[[Call], Awaitable[Response]]


class Service(NamedTuple):
    """A service, and what it does for each method. `has_series`: a GET with `_metric` makes a series instead."""

    name: str
    methods: Mapping[Method, Handler]
    has_series: bool = True


class Usage:
    """The services of usage metrics, over HTTP."""

    def __init__(
        self,
        authenticator: Authenticator,
        engine: QueryEngine,
        metrics: Metrics,
        objects: Objects,
        data: Data,
        calendars: Calendars,
    ) -> None:
        self._authenticator = authenticator
        self._engine = engine
        self._calendars = calendars
        self._services = (
            Service("metric", {"GET": metrics.get}, has_series=False),
            Service("object", {"GET": objects.get, "POST": objects.post, "DELETE": objects.delete}),
            Service("calendar", {"GET": calendars.get, "POST": calendars.post}),
            Service("data", {"GET": data.get}),
        )

    def router(self) -> Router:
        return Router("/api", route_handlers=[each for service in self._services for each in self._handlers(service)])

    def _handlers(self, service: Service) -> Iterator[HTTPRouteHandler]:
        """Return a service at its root, and below its release."""
        root = f"/{service.name}"
        paths = [root, f"{root}/{RELEASE}", f"{root}/{RELEASE}/{{rest:path}}"]

        async def call(request: AnyRequest) -> LitestarResponse[bytes]:
            return litestar_response(
                await self._response(service, str(request.method), Request(request.scope, request.receive))
            )

        served = partial(route, status_code=200, request_max_body_size=None)
        offered = service_operations(service.name, list(service.methods), service.has_series)
        yield served(paths, http_method=list(service.methods), opt=described(*offered))(call)

    async def _response(self, service: Service, method: str, request: Request) -> Response:
        handler = service.methods.get(cast(Method, method))
        if handler is None:
            raise MethodNotAllowed(", ".join(service.methods))
        resource = resource_of(request.raw_path, service.name, has_sources=service.has_series)
        request.context.operation = operation_of(method, resource)
        caller = await caller_of(request, self._authenticator)
        caller.require(Scope.QUERY if method == "GET" else Scope.INGEST)
        parameters = await parameters_of(request, has_form=method == "GET")
        if parameters.text("_function") is not None:
            request.context.operation = Operation("function", resource.id)
            if service.has_series:
                raise InvalidInput(f"the service {service.name} has no functions")
        call = Call(resource, parameters, caller, environment_of(request), format_of(request), request)
        if method == "GET" and service.has_series and parameters.text("_metric") is not None:
            parameters.require_only(_OF_SERIES, "a series", has_filters=True)
            return await self._virtual(service, call)
        if method != "GET":
            parameters.require_only(_OF_CHANGES[method], f"a {method}")
        return await handler(call)

    async def _virtual(self, service: Service, call: Call) -> Response:
        find = self._calendars.finder(call.caller.tenant, call.environment)
        level = Level(service.name, call.resource.id)
        made = await virtual_series(self._engine, level, call.parameters, call.environment, find, call.caller)
        return await self._engine.shape(call.caller, format_response, made, call.format)
