"""Signing in and out: by a token that somebody types, or by a link that was made for it, for a session of a cookie."""

import asyncio
import re
from typing import Literal
from urllib.parse import parse_qsl

from meterd.access.authentication import Authenticator
from meterd.access.context import RequestContext
from meterd.access.persons import require_own_page, session_in
from meterd.access.tokens import digest, looks_like_secret
from meterd.api.http import Request, Response
from meterd.errors import InvalidInput, Unauthenticated, Unavailable
from meterd.metadata import NewWebSession, WebSessions
from meterd.settings import Access
from meterd.telemetry import Telemetry
from meterd.web.attempts import Attempts
from meterd.web.pages import Pages
from meterd.web.policy import GUARDS, PRIVATE
from meterd.web.proxies import Proxies
from meterd.web.sessions import drop, keep

HOME = "/overview"
_MAX_BYTES = 8192
_MAX_FIELDS = 10
_LOCAL = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*")
_MAX_PATH = 4096
_BAD_TOKEN = "This token is not valid: it is mistyped, revoked or expired."
_BAD_CODE = "This link is used or too old: it signs in once, within ten minutes. Ask for another."


class SignIn:
    """Begins and ends sessions; of one address at most so many may fail in a minute as the settings allow."""

    def __init__(
        self,
        authenticator: Authenticator,
        sessions: WebSessions,
        pages: Pages,
        telemetry: Telemetry,
        access: Access,
    ) -> None:
        self._authenticator = authenticator
        self._sessions = sessions
        self._pages = pages
        self._refusals = telemetry.sign_in_refusals
        self._attempts = Attempts(access.sign_in_failures_per_minute)
        self._proxies = Proxies(access.trusted_proxies)

    async def show(self, request: Request) -> Response:
        """Show the page that asks for a token; a link with a code signs in, if surely a person followed it."""
        sent = dict(_fields(request.query_string))
        code = sent.get("code")
        if code is None:
            return self._form(request, sent, is_over=await self._is_over(request.context))
        if _is_followed_by_a_person(request.context):
            return await self._begin(request, sent, by_code=True)
        return self._pages.render("confirm.html", request.context, next=_next(sent), code=code)

    async def post(self, request: Request) -> Response:
        """Begin a session by what a page of ours sends: a token, or the code of a link."""
        require_own_page(request.context)
        sent = dict(_fields((await request.body(_MAX_BYTES)).decode("latin-1")))
        return await self._begin(request, sent, by_code="code" in sent)

    async def out(self, request: Request) -> Response:
        """End the session of the cookie."""
        require_own_page(request.context)
        await self._end(request)
        return see_other("/sign-in", drop(request.context))

    async def _begin(self, request: Request, sent: dict[str, str], *, by_code: bool) -> Response:
        kind: Literal["code", "token"] = "code" if by_code else "token"
        address = self._proxies.client(request.client, request.context.headers)
        try:
            self._attempts.check(address)
        except Unavailable:
            self._refusals.labels("limit").inc()
            raise
        begun = await (self._by_code(sent["code"]) if by_code else self._by_token(sent.get("token", "").strip()))
        if begun is None:
            self._attempts.note_failure(address)
            self._refusals.labels(kind).inc()
            return self._form(request, sent, _BAD_CODE if by_code else _BAD_TOKEN, 401)
        request.context.caller = begun.caller
        await self._end(request)
        return see_other(_next(sent), keep(request.context, begun.secret))

    async def _by_token(self, token: str) -> NewWebSession | None:
        try:
            await self._authenticator.caller(f"Bearer {token}")  # so that a wrong one never waits for its turn to write
        except Unauthenticated:
            return None
        return await asyncio.to_thread(self._sessions.begin, digest(token))

    async def _by_code(self, code: str) -> NewWebSession | None:
        if not looks_like_secret(code) or not await asyncio.to_thread(self._sessions.holds, digest(code)):
            return None
        return await asyncio.to_thread(self._sessions.begin_by_code, digest(code))

    def _form(
        self, request: Request, sent: dict[str, str], problem: str = "", status: int = 200, *, is_over: bool = False
    ) -> Response:
        return self._pages.render(
            "sign_in.html", request.context, status, next=_next(sent), problem=problem, is_over=is_over
        )

    async def _is_over(self, context: RequestContext) -> bool:
        """Tell whether a browser brings a session that goes on no more, as far as sessions can be read."""
        try:
            await self._authenticator.persons.caller(context)
        except Unauthenticated:
            return session_in(context) is not None
        except Unavailable:
            pass
        return False

    async def _end(self, request: Request) -> None:
        """End the session that a request was made with: who signs in again leaves none behind."""
        if session := session_in(request.context):
            self._authenticator.persons.forget(session)
            await asyncio.to_thread(self._sessions.end, digest(session))


def see_other(path: str, *headers: tuple[bytes, bytes]) -> Response:
    """Lead a browser to another page of ours."""
    return Response(303, b"", (PRIVATE, *GUARDS, *headers, (b"location", path.encode("latin-1"))), b"text/plain")


def local_path(text: str) -> str:
    """Return an address of ours as it is; of any other one, which could lead elsewhere, nothing is left."""
    return text if len(text) <= _MAX_PATH and text.isascii() and _LOCAL.fullmatch(text) else HOME


def _is_followed_by_a_person(context: RequestContext) -> bool:
    """Tell whether a person opened a link, not a page of others, nor a program that looks where it leads."""
    headers = dict(context.headers)
    return (
        context.method == "GET"
        and headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")
        and b"sec-purpose" not in headers
    )


def _next(sent: dict[str, str]) -> str:
    return local_path(sent.get("next", HOME))


def _fields(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidInput(f"a form has at most {_MAX_FIELDS} fields") from None
