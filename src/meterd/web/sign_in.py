"""Signing in and out: by a token that somebody types, for a session that a cookie names."""

import asyncio
import re
from urllib.parse import parse_qsl

from meterd.access.authentication import Authenticator
from meterd.access.persons import require_own_page, session_in
from meterd.access.tokens import digest, looks_like_token
from meterd.api.http import Request, Response
from meterd.errors import InvalidInput
from meterd.metadata import WebSessions
from meterd.web.pages import Pages
from meterd.web.policy import GUARDS, PRIVATE
from meterd.web.sessions import drop, keep

HOME = "/overview"
_MAX_BYTES = 8192
_MAX_FIELDS = 10
_LOCAL = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*")
_MAX_PATH = 4096


class SignIn:
    """Begins and ends sessions."""

    def __init__(self, authenticator: Authenticator, sessions: WebSessions, pages: Pages) -> None:
        self._persons = authenticator.persons
        self._sessions = sessions
        self._pages = pages

    def form(self, request: Request) -> Response:
        """Show the page that asks for a token."""
        return self._form(request, dict(_fields(request.query_string)))

    async def with_token(self, request: Request) -> Response:
        """Begin a session by a token that a page of ours sends."""
        require_own_page(request.context)
        sent = dict(_fields((await request.body(_MAX_BYTES)).decode("latin-1")))
        token = sent.get("token", "").strip()
        begun = None
        if looks_like_token(token):
            begun = await asyncio.to_thread(self._sessions.begin, digest(token))
        if begun is None:
            return self._form(request, sent, "This token is not valid: it is mistyped, revoked or expired.", 401)
        request.context.caller = begun.caller
        await self._end(request)
        return see_other(local_path(sent.get("next", HOME)), keep(request.context, begun.secret))

    async def out(self, request: Request) -> Response:
        """End the session of the cookie."""
        require_own_page(request.context)
        await self._end(request)
        return see_other("/sign-in", drop(request.context))

    def _form(self, request: Request, sent: dict[str, str], problem: str = "", status: int = 200) -> Response:
        wanted = local_path(sent.get("next", HOME))
        return self._pages.render("sign_in.html", request.context, status, next=wanted, problem=problem)

    async def _end(self, request: Request) -> None:
        """End the session that a request was made with: who signs in again leaves none behind."""
        if session := session_in(request.context):
            self._persons.forget(session)
            await asyncio.to_thread(self._sessions.end, digest(session))


def see_other(path: str, *headers: tuple[bytes, bytes]) -> Response:
    """Lead a browser to another page of ours."""
    return Response(303, b"", (PRIVATE, *GUARDS, *headers, (b"location", path.encode("latin-1"))), b"text/plain")


def local_path(text: str) -> str:
    """Return an address of ours as it is; of any other one, which could lead elsewhere, nothing is left."""
    return text if len(text) <= _MAX_PATH and text.isascii() and _LOCAL.fullmatch(text) else HOME


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidInput(f"a form has at most {_MAX_FIELDS} fields") from None
