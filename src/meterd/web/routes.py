"""The addresses of the web pages, and what each answers to whom."""

from urllib.parse import quote

import msgspec
from litestar import Response as LitestarResponse
from litestar import get, post, route
from litestar.handlers import BaseRouteHandler

from meterd.access.authentication import Authenticator
from meterd.access.context import RequestContext, context_of
from meterd.api.http import Request, Response, error_headers, json_response
from meterd.api.openapi import described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import Forbidden, MeterdError, Unauthenticated
from meterd.metadata import WebSessions
from meterd.phrases import PHRASES
from meterd.settings import Access
from meterd.telemetry import Telemetry
from meterd.web.assets import FOLDERS, Assets
from meterd.web.boot import Boot
from meterd.web.openapi import ME
from meterd.web.pages import PAGES, Page, Pages, as_person
from meterd.web.policy import PRIVATE
from meterd.web.sign_in import HOME, SignIn, see_other


class Web:
    """The web pages, and what they need of the server besides what anybody may ask."""

    def __init__(
        self, authenticator: Authenticator, sessions: WebSessions, boot: Boot, telemetry: Telemetry, access: Access
    ) -> None:
        self._authenticator = authenticator
        self._boot = boot
        self._assets = Assets(*FOLDERS)
        self._pages = Pages(self._assets)
        self._sign_in = SignIn(authenticator, sessions, self._pages, telemetry, access)

    def routers(self) -> tuple[Router, ...]:
        """Return the pages with their errors as pages, the files, and what pages ask."""
        handlers = [*self._doors(), *(self._page(page) for page in PAGES)]
        pages = Router("/", route_handlers=handlers, exception_handlers={MeterdError: self._on_error})
        return pages, self._assets.router(), self._questions()

    def error_page(self, request: AnyRequest, error: MeterdError) -> Response:
        """Return an error as a page."""
        title = PHRASES.get(error.status, "Error")
        page = self._pages.message(context_of(request.scope), error.status, title, _sentence(error.message))
        return msgspec.structs.replace(page, headers=(*page.headers, *error_headers(error)))

    def _on_error(self, request: AnyRequest, error: MeterdError) -> LitestarResponse[bytes]:
        if isinstance(error, Unauthenticated):
            return litestar_response(see_other(f"/sign-in?next={quote(_address(request), safe='/')}"))
        return litestar_response(self.error_page(request, error))

    def _doors(self) -> tuple[BaseRouteHandler, ...]:
        @get("/")
        async def home() -> LitestarResponse[bytes]:
            return litestar_response(see_other(HOME))

        @route("/sign-in", http_method=["GET", "POST"], status_code=200, request_max_body_size=None)
        async def sign_in(request: AnyRequest) -> LitestarResponse[bytes]:
            asked = Request(request.scope, request.receive)
            return litestar_response(
                await (self._sign_in.post if request.method == "POST" else self._sign_in.show)(asked)
            )

        @post("/sign-out", request_max_body_size=None)
        async def sign_out(request: AnyRequest) -> LitestarResponse[bytes]:
            return litestar_response(await self._sign_in.out(Request(request.scope, request.receive)))

        return home, sign_in, sign_out

    def _page(self, page: Page) -> BaseRouteHandler:
        @get(page.path)
        async def show(request: AnyRequest) -> LitestarResponse[bytes]:
            context = context_of(request.scope)
            try:
                caller = await self._authenticator.identify_person(context, None)
            except Unauthenticated:
                if _is_from_elsewhere(context):
                    return litestar_response(self._pages.render("onward.html", context, address=_address(request)))
                raise
            if page.is_operators and not caller.tenant_admin:
                raise Forbidden("this page is for administrators of the tenant: ask one of them")
            own = await self._boot.members(page, request.path_params.get("id", ""), caller)
            return litestar_response(self._pages.shell(page, caller, context, own))

        return show

    def _questions(self) -> Router:
        @get("/api/me", opt=described(ME))
        async def me(request: AnyRequest) -> LitestarResponse[bytes]:
            authorization = request.headers.get("authorization")
            caller = await self._authenticator.identify_person(context_of(request.scope), authorization)
            return litestar_response(json_response(200, as_person(caller), (PRIVATE,)))

        return Router("/", route_handlers=[me])


def _address(request: AnyRequest) -> str:
    """Return the address of a request, as it was sent, without the host."""
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return f"{path}?{query}" if query else path


def _is_from_elsewhere(context: RequestContext) -> bool:
    """Tell whether a link on a page of others leads here: with such a request a browser sends no cookie of ours."""
    return any(name == b"sec-fetch-site" and value in (b"cross-site", b"same-site") for name, value in context.headers)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
