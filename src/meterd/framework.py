"""The Litestar application behind the hot routes: everything else, its errors in each protocol's shape."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

import structlog
from litestar import Litestar
from litestar import Response as LitestarResponse
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from meterd.addresses import protocol_of
from meterd.api.http import GONE, HotRoute, Response
from meterd.api.openapi import Described, document, offered
from meterd.api.operations.routes import documentation_router
from meterd.api.responses import AnyRequest, litestar_response, options_of
from meterd.api.routers import Router
from meterd.errors import InvalidInput, MeterdError, MethodNotAllowed, NotFound, TooLarge
from meterd.presence import ClientGone

log = structlog.get_logger()

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


ErrorPage = Callable[[AnyRequest, MeterdError], Response]


class Routes(NamedTuple):
    """The routes of the service: hot ones without the framework, routers by it; and errors as pages, for browsers."""

    hot: Sequence[HotRoute]
    routers: Sequence[Router]
    error_page: ErrorPage


def framework(routes: Routes, running: Lifespan) -> ASGIApp:
    """Make the Litestar application, with the description of all that it and the hot routes offer.

    It serves while `running` is entered.
    """
    app = Litestar(
        route_handlers=list(routes.routers),
        exception_handlers=_Errors(routes.error_page).handlers(),
        openapi_config=None,
        logging_config=None,
        after_request=_with_head,
        lifespan=[lambda _app: running()],
    )
    described = [Described(route.method, route.path, route.operation) for route in routes.hot if route.operation]
    app.register(documentation_router(lambda: document([*described, *offered(app)])))
    return app


class _Errors:
    """Answers errors in the shape of the address's protocol; where there is none, a browser gets a page."""

    def __init__(self, page: ErrorPage) -> None:
        self._page = page

    def handlers(self) -> dict[int | type[Exception], Callable[[AnyRequest, Any], LitestarResponse[Any]]]:
        return {
            ClientGone: _on_gone,
            MeterdError: self._on_error,
            HTTPException: self._on_framework_error,
            Exception: self._on_fault,
        }

    def _on_error(self, request: AnyRequest, error: MeterdError) -> LitestarResponse[bytes]:
        protocol = protocol_of(request.url.path)
        if not protocol.prefix and "text/html" in request.headers.get("accept", ""):
            return litestar_response(self._page(request, error))
        return litestar_response(protocol.error(error, request.headers.get("content-type", "")))

    def _on_framework_error(self, request: AnyRequest, error: HTTPException) -> LitestarResponse[bytes]:
        kinds: dict[int, Callable[[], MeterdError]] = {
            404: lambda: NotFound(f"there is nothing at {request.url.path}"),
            405: lambda: MethodNotAllowed(_allowed((error.headers or {}).get("allow", "").split(", "))),
            413: lambda: TooLarge("the body is too large"),
        }
        if error.status_code in kinds:
            return self._on_error(request, kinds[error.status_code]())
        if error.status_code < 500:
            return self._on_error(request, InvalidInput(error.detail))
        return self._on_fault(request, error)

    def _on_fault(self, request: AnyRequest, error: Exception) -> LitestarResponse[bytes]:
        log.error("request failed", path=request.url.path, exc_info=error)
        return self._on_error(request, MeterdError("internal error"))


def _on_gone(_request: AnyRequest, _error: ClientGone) -> LitestarResponse[bytes]:
    """Nobody reads it; the status is what is counted."""
    return LitestarResponse(b"", status_code=GONE)


def _allowed(methods: Iterable[str]) -> str:
    """List the methods of an address as `Allow` lists them, `OPTIONS` apart, which every address has."""
    return ", ".join(method for method in _METHODS if method in methods)


def _with_head(response: LitestarResponse[object]) -> LitestarResponse[object]:
    """Add `HEAD` to the framework's response to `OPTIONS` where there is `GET`: it does not know that it is there."""
    if allow := response.headers.get("Allow"):
        response.headers["Allow"] = options_of(_allowed(allow.split(", ")))
    return response
