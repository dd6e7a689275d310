"""`/api/dashboards`: dashboards as JSON, for pages and for programs."""

import msgspec
from litestar import Response as LitestarResponse
from litestar import route

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.api.http import Request, Response, json_response
from meterd.api.openapi import PLAIN_ERRORS, Described, Media, Operation, Parameter, described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.errors import InvalidInput, MethodNotAllowed
from meterd.validation import explain
from meterd.web.policy import PRIVATE
from meterd.web.saved import Change, Saved, SavedDashboards

PREFIX = "/api/dashboards"
_TAG = "Dashboards"
_REVISION = Parameter("revision", "Delete only this revision", {"type": "integer", "minimum": 1})


class Listed(msgspec.Struct, frozen=True):
    """Those that come with meterd, then those that you see, last changed first, at most 1,000."""

    dashboards: list[Saved]


class Deleted(msgspec.Struct, frozen=True):
    id: str


class DashboardRoutes:
    """Answers `/api/dashboards` for whoever has the scope `query`, by a token or by the cookie of the pages."""

    def __init__(self, authenticator: Authenticator, dashboards: SavedDashboards, max_bytes: int) -> None:
        self._authenticator = authenticator
        self._dashboards = dashboards
        self._max_bytes = max_bytes

    def router(self) -> Router:
        """Return the routes, described."""

        @route("/", http_method=["GET", "POST"], status_code=200, request_max_body_size=None, opt=described(*_OF_ALL))
        async def every(request: AnyRequest) -> LitestarResponse[bytes]:
            return litestar_response(await self._every(Request(request.scope, request.receive), str(request.method)))

        @route(
            "/{id:str}",
            http_method=["GET", "PUT", "DELETE"],
            status_code=200,
            request_max_body_size=None,
            opt=described(*_OF_ONE),
        )
        async def one(request: AnyRequest) -> LitestarResponse[bytes]:
            asked = Request(request.scope, request.receive, request.path_params["id"])
            return litestar_response(await self._one(asked, str(request.method)))

        return Router(PREFIX, route_handlers=[every, one])

    async def _every(self, request: Request, method: str) -> Response:
        caller = await self._caller(request)
        if method == "POST":
            return _answer(await self._dashboards.add(caller, await self._change(request)))
        return _answer(Listed(await self._dashboards.every(caller)))

    async def _one(self, request: Request, method: str) -> Response:
        caller = await self._caller(request)
        if method == "PUT":
            return _answer(await self._dashboards.change(caller, request.parameter, await self._change(request)))
        if method == "DELETE":
            await self._dashboards.delete(caller, request.parameter, _revision(request.query_string))
            return _answer(Deleted(request.parameter))
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed("GET, PUT, DELETE")
        return _answer(await self._dashboards.one(caller, request.parameter))

    async def _caller(self, request: Request) -> Caller:
        caller = await self._authenticator.identify_person(request.context, request.header(b"authorization"))
        caller.require(Scope.QUERY)
        return caller

    async def _change(self, request: Request) -> Change:
        try:
            return msgspec.json.decode(await request.body(self._max_bytes), type=Change)
        except msgspec.ValidationError as error:
            raise InvalidInput(explain(error, Change).sentence()) from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the body is not valid JSON: {error}") from None
        except RecursionError:
            raise InvalidInput("the body is nested too deeply") from None


def _revision(query: str) -> int | None:
    if not query:
        return None
    name, _, value = query.partition("=")
    if name != "revision" or not value.isascii() or not value.isdigit() or len(value) > 9:
        raise InvalidInput("of parameters there is only revision, a whole number such as revision=3")
    return int(value)


def _answer(content: object) -> Response:
    return json_response(200, content, (PRIVATE,))


def _operation(id_: str, summary: str, answer: type, body: type | None = None, *parameters: Parameter) -> Operation:
    return Operation(
        id_,
        _TAG,
        summary,
        PLAIN_ERRORS,
        parameters=parameters,
        body=() if body is None else (Media(body),),
        success="The dashboard as it is now" if answer is Saved else "Done",
        responses=(Media(answer),),
        statuses={404: "No such dashboard, or none that you see", 409: "Changed meanwhile by somebody else"},
    )


_OF_ALL = (
    Described("GET", PREFIX, _operation("listDashboards", "List dashboards", Listed)),
    Described("POST", PREFIX, _operation("saveDashboard", "Save a new dashboard", Saved, Change)),
)
_OF_ONE = (
    Described("GET", PREFIX + "/{id}", _operation("getDashboard", "Read a dashboard", Saved)),
    Described("PUT", PREFIX + "/{id}", _operation("changeDashboard", "Change a dashboard", Saved, Change)),
    Described(
        "DELETE", PREFIX + "/{id}", _operation("deleteDashboard", "Delete a dashboard", Deleted, None, _REVISION)
    ),
)
