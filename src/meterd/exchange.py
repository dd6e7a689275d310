"""A request that has a task of its own, and its response."""

import asyncio
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from meterd.access.context import context_of
from meterd.errors import MeterdError
from meterd.uploads import Upload, Uploads

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveEvent


class Exchange(RequestResponseCycle):
    """One request and its response; whoever reads the body gets an error when the rest of it does not come.

    A body that arrives in more than one piece counts among `uploads`, as its caller's or, until that is known, as one
    from `origin`.
    """

    def __init__(self, connection: HttpToolsProtocol, uploads: Uploads, origin: str, keep_alive: bool) -> None:
        super().__init__(
            scope=connection.scope,
            transport=connection.transport,
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expect_100_continue,
            keep_alive=keep_alive,
            on_response=connection.on_response_complete,
        )
        self._uploads = uploads
        self._origin = origin
        self._upload: Upload | None = None
        self._failure: MeterdError | None = None

    def fail(self, error: MeterdError) -> None:
        """Raise an error where the body is read: the rest of it will not come."""
        self._failure = error
        self.keep_alive = False
        self.message_event.set()

    async def receive(self) -> "ASGIReceiveEvent":
        message = await super().receive()
        if self._failure:
            raise self._failure
        if message["type"] == "http.request" and (message["more_body"] or self._upload):
            if self._upload is None:
                caller = context_of(self.scope).caller
                self._upload = self._uploads.begin(f"{caller.tenant}\n{caller.subject}" if caller else self._origin)
            self._upload.add(len(message["body"]))
        return message

    async def run_asgi(self, app: "ASGI3Application") -> None:
        try:
            await super().run_asgi(app)
        finally:
            if self._upload:
                self._upload.end()
