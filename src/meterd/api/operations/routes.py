"""`/healthz`, `/readyz`, `/metrics`, `/export/prometheus`, `/openapi.json`, `/docs`."""

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from litestar import MediaType, get
from litestar import Response as LitestarResponse
from litestar import Router as LitestarRouter
from litestar.datastructures import CacheControlHeader
from litestar.handlers import BaseRouteHandler
from litestar.static_files import create_static_files_router

from meterd import telemetry as prometheus
from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import context_of
from meterd.api.http import Response
from meterd.api.openapi import described
from meterd.api.operations.health import Health
from meterd.api.operations.openapi import OPERATIONS
from meterd.api.pages import inline, page_policy
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import Unavailable
from meterd.export.prometheus import PrometheusPage
from meterd.loopback import is_local
from meterd.telemetry import Telemetry

NODE = "x-meterd-node"
"""The header that names the node that is ready."""
_ASSETS = "/docs/assets"
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", deepLinking: true})'
_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>meterd API</title>
<link rel="icon" href="{_ASSETS}/favicon-32x32.png">
<link rel="stylesheet" href="{_ASSETS}/swagger-ui.css">
<div id="api"></div>
<script src="{_ASSETS}/swagger-ui-bundle.js"></script>
<script>{_START}</script>
</html>
"""
_POLICY = page_policy(
    script_src=f"'self' {inline(_START)}",
    style_src="'self' 'unsafe-inline'",  # which Swagger UI needs for what it folds and colours
    img_src="'self' data:",
    connect_src="'self'",
)


def operations_router(
    node: str,
    health: Health,
    telemetry: Telemetry,
    authenticator: Authenticator,
    metrics_without_token: Literal["loopback", "never", "always"],
    page: PrometheusPage,
) -> Router:
    """Route probes and pages. Probes are open, because they tell nothing; metrics are open as far as the settings say.

    Where several nodes answer at one address, the probe of readiness names the `node`.

    The `page` of business metrics shows what the token's subject may see; all, where none is needed and none is sent.
    """

    def is_open(request: AnyRequest) -> bool:
        return metrics_without_token == "always" or (metrics_without_token == "loopback" and is_local(request.scope))

    @get("/healthz", media_type=MediaType.TEXT)
    async def healthz() -> str:
        return "ok"

    @get("/readyz", media_type=MediaType.TEXT)
    async def readyz() -> LitestarResponse[str]:
        if problem := await health.problem():
            raise Unavailable(f"node {node}: {problem}")
        return LitestarResponse(f"ok: {health.notice}" if health.notice else "ok", headers={NODE: node})

    @get("/metrics", media_type=MediaType.TEXT)
    async def metrics(request: AnyRequest) -> LitestarResponse[bytes]:
        if not is_open(request):
            await authenticator.identify(context_of(request.scope), request.headers.get("authorization"))
        return LitestarResponse(await telemetry.page(), media_type=prometheus.MEDIA_TYPE)

    @get("/export/prometheus", media_type=MediaType.TEXT)
    async def export(request: AnyRequest) -> LitestarResponse[bytes]:
        authorization = request.headers.get("authorization")
        caller = None
        if authorization or not is_open(request):
            caller = await authenticator.identify(context_of(request.scope), authorization)
            caller.require(Scope.QUERY)
        return LitestarResponse(await page.render(caller), media_type=prometheus.MEDIA_TYPE)

    return Router("/", route_handlers=[healthz, readyz, metrics, export], opt=described(*OPERATIONS))


def documentation_router(describe: Callable[[], dict[str, object]]) -> Router:
    """Serve the API's description, and a page to read and try it that needs nothing from elsewhere.

    The description is made when somebody asks for it, which few do.
    """

    @cache
    def document() -> bytes:
        return msgspec.json.encode(describe())

    @get("/openapi.json")
    async def openapi_json() -> LitestarResponse[bytes]:
        return LitestarResponse(await asyncio.to_thread(document), media_type="application/json")

    @get("/docs", media_type=MediaType.HTML)
    async def docs() -> LitestarResponse[bytes]:
        return litestar_response(Response(200, _PAGE.encode(), (_POLICY,), b"text/html"))

    handlers: list[LitestarRouter | BaseRouteHandler] = [openapi_json, docs, _assets()]
    return Router("/", route_handlers=handlers)


def _assets() -> LitestarRouter:
    folder = Path(__file__).parent / "swagger-ui"  # put there by the build
    cache_control = CacheControlHeader(max_age=86_400)
    return create_static_files_router(_ASSETS, directories=[folder], cache_control=cache_control, router_class=Router)
