"""The Litestar application behind the hot routes: everything else, its errors in each protocol's shape."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import structlog
from litestar import Litestar, Router
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from meterd.addresses import protocol_of
from meterd.api.http import GONE, HotRoute
from meterd.api.openapi import Described, document, offered
from meterd.api.operations.routes import documentation_router
from meterd.api.responses import AnyRequest, litestar_response, options_of
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, NotFound, TooLarge
from meterd.presence import ClientGone

log = structlog.get_logger()

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class Routes(NamedTuple):
    """The routes of the service: hot ones without the framework, routers by it."""

    hot: Sequence[HotRoute]
    routers: Sequence[Router]


def framework(routes: Routes, running: Lifespan) -> ASGIApp:
    """Make the Litestar application, with the description of all that it and the hot routes offer.

    It serves while `running` is entered.
    """
    app = Litestar(
        route_handlers=list(routes.routers),
        exception_handlers={
            ClientGone: _on_gone,
            MeterdError: _on_error,
            HTTPException: _on_framework_error,
            Exception: _on_fault,
        },
        openapi_config=None,
        logging_config=None,
        after_request=_with_head,
        lifespan=[lambda _app: running()],
    )
    described = [Described(route.method, route.path, route.operation) for route in routes.hot if route.operation]
    app.register(documentation_router(document([*described, *offered(app)])))
    return app


def _on_error(request: AnyRequest, error: MeterdError) -> LitestarResponse[bytes]:
    content_type = request.headers.get("content-type", "")
    return litestar_response(protocol_of(request.url.path).error(error, content_type))


def _on_gone(_request: AnyRequest, _error: ClientGone) -> LitestarResponse[bytes]:
    """Nobody reads it; the status is what is counted."""
    return LitestarResponse(b"", status_code=GONE)


def _on_framework_error(request: AnyRequest, error: HTTPException) -> LitestarResponse[bytes]:
    kinds: dict[int, Callable[[], MeterdError]] = {
        404: lambda: NotFound(f"there is nothing at {request.url.path}"),
        405: lambda: MethodNotAllowed(_allowed((error.headers or {}).get("allow", "").split(", "))),
        413: lambda: TooLarge("the body is too large"),
    }
    if error.status_code in kinds:
        return _on_error(request, kinds[error.status_code]())
    if error.status_code < 500:
        return _on_error(request, InvalidInput(error.detail))
    return _on_fault(request, error)


def _allowed(methods: Iterable[str]) -> str:
    """List the methods of an address as `Allow` lists them, `OPTIONS` apart, which every address has."""
    return ", ".join(method for method in _METHODS if method in methods)


def _with_head(response: LitestarResponse[object]) -> LitestarResponse[object]:
    """Add `HEAD` to the framework's response to `OPTIONS` where there is `GET`: it does not know that it is there."""
    if allow := response.headers.get("Allow"):
        response.headers["Allow"] = options_of(_allowed(allow.split(", ")))
    return response


def _on_fault(request: AnyRequest, error: Exception) -> LitestarResponse[bytes]:
    log.error("request failed", path=request.url.path, exc_info=error)
    return _on_error(request, MeterdError("internal error"))
