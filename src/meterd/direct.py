"""Requests that are answered without a task for each (`docs/decisions/0004-hot-routes.md`).

When all of a request is there and nothing must be waited for but its group commit, the connection itself begins the
work, and the commit's end writes the answer. To its connection such a request is an exchange like others.
"""

import time
from typing import TYPE_CHECKING

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from meterd.api.http import HotRoute, Request, Response
from meterd.errors import MeterdError
from meterd.server import Server

if TYPE_CHECKING:
    from litestar.types import HTTPReceiveMessage, HTTPScope

log = structlog.get_logger()


class _NoEvent:
    """Stands for the event that wakes the task of an exchange, where there is no task."""

    def set(self) -> None: ...


class DirectHead:
    """The parsed head of a request on a route with a `direct` handler; `size` is that of the body."""

    __slots__ = ("keep_alive", "request", "route", "scope", "size")

    def __init__(self, route: HotRoute, scope: "HTTPScope", keep_alive: bool) -> None:
        self.route = route
        self.scope = scope
        self.request = Request(scope, _no_more)
        self.keep_alive = keep_alive
        self.size = 0


class Direct:
    """A request that is answered without a task, on a route that has a `direct` handler."""

    message_event = _NoEvent()

    def __init__(self, connection: HttpToolsProtocol, server: Server, head: DirectHead, body: bytes = b"") -> None:
        self._connection = connection
        self._server = server
        self._response: Response | None = None
        self.head = head
        self.body = body
        self.keep_alive = head.keep_alive
        self.disconnected = False
        self.response_complete = False

    def begin(self) -> bool:
        """Begin, now that the body is complete; False when the request must be answered in a task."""
        self._context = self._server.begin(self.head.scope, self.head.route)
        assert self.head.route.direct is not None  # the server chose it
        try:
            self.head.request.check()
            self._response = self.head.route.direct(self.head.request, self.body, self.settle)
        except MeterdError as error:
            self._finish(self._shape(error))
            return True
        except Exception:
            log.exception("request failed", path=self.head.route.path)
            self._finish(self._shape(MeterdError("internal error")))
            return True
        return self._response is not None

    def settle(self, outcome: object) -> None:
        """Answer, now that what was begun is done or has failed."""
        if self.response_complete:
            return  # it had taken too long
        assert self._response is not None  # nothing is settled before it is begun
        self._finish(self._shape(outcome) if isinstance(outcome, MeterdError) else self._response)

    def fail(self, error: MeterdError) -> None:
        """Answer with an error, whatever becomes of what was begun."""
        self.settle(error)

    def enforce_timeout(self) -> None:
        """Answer now when it takes too long; called about once a second."""
        server = self._server
        if time.perf_counter() - self._context.started > server.timeout:
            self.fail(server.too_late())

    def _shape(self, error: MeterdError) -> Response:
        return self.head.route.error(error, self.head.request.content_type)

    def _finish(self, response: Response) -> None:
        connection, server = self._connection, self._server
        self.response_complete = True
        if not self.disconnected and not connection.transport.is_closing():
            default = connection.server_state.default_headers
            connection.transport.write(server.serialize(response, self._context.id, default, self.keep_alive))
            if not self.keep_alive:
                connection.transport.close()
            connection.on_response_complete()
        context, size = self._context, len(response.body)
        seconds = time.perf_counter() - context.started
        server.log_request(context, self.head.route.path, response.status, size, seconds, is_hot=True)


async def _no_more() -> "HTTPReceiveMessage":
    """Receive nothing more: a direct handler is given the body."""
    return {"type": "http.disconnect"}
