"""Persons at a browser: the cookie of their session, and which requests it is good for."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from meterd.access.context import RequestContext
from meterd.access.model import Caller
from meterd.access.tokens import digest, looks_like_secret
from meterd.errors import Forbidden, Unauthenticated

_NAME = "meterd_session"
_SECURE_PREFIX = "__Host-"
"""With it a browser takes the cookie from the very host alone, by TLS: no neighbour can put one in its place."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CACHE_SECONDS = 2.0
_MAX_REMEMBERED = 10_000
_LOOKUPS = 2
"""Look-ups at once: a flood of made-up sessions leaves the other threads to others."""


class WebSessionLookup(Protocol):
    """Finds the caller behind a session's digest, wherever sessions are kept."""

    def find_caller(self, session_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a session that is used and whose token is valid, and when it expires. Blocking."""


class _Remembered(msgspec.Struct, frozen=True):
    caller: Caller
    expires: datetime | None
    checked: float

    def is_good(self) -> bool:
        is_fresh = time.monotonic() - self.checked <= _CACHE_SECONDS
        return is_fresh and (self.expires is None or self.expires > datetime.now(UTC))


class Persons:
    """Finds the caller behind the cookie of a request. A session is remembered for two seconds, as a token is."""

    def __init__(self, sessions: WebSessionLookup) -> None:
        self._sessions = sessions
        self._cache: dict[str, _Remembered] = {}
        self._lookups = asyncio.Semaphore(_LOOKUPS)

    async def caller(self, context: RequestContext) -> Caller:
        """Return who makes a request with a cookie.

        Raises:
            Unauthenticated: there is no session, or none that goes on.
            Forbidden: the request would change something, and no page of ours makes it.
            Unavailable: the sessions can't be read.
        """
        session = session_in(context)
        if session is None:
            raise Unauthenticated("sign in, or send a token as Authorization: Bearer")
        if context.method not in _SAFE:
            require_own_page(context)
        if (remembered := self._cache.get(session)) and remembered.is_good():
            return remembered.caller
        async with self._lookups:
            found = await asyncio.to_thread(self._sessions.find_caller, digest(session))
        if found is None:
            self.forget(session)
            raise Unauthenticated("the session is over: sign in again")
        if len(self._cache) >= _MAX_REMEMBERED:
            self._cache.clear()
        self._cache[session] = _Remembered(*found, checked=time.monotonic())
        return found[0]

    def forget(self, session: str) -> None:
        """Forget a session that has ended."""
        self._cache.pop(session, None)


def cookie_name(is_secure: bool) -> str:
    """Return the name of the cookie, with TLS or without."""
    return f"{_SECURE_PREFIX}{_NAME}" if is_secure else _NAME


def is_secure(context: RequestContext) -> bool:
    """Tell whether the browser speaks TLS, with us or with a proxy that says so; no page can make it say that."""
    return context.is_secure or _header(context, b"x-forwarded-proto") == "https"


def session_in(context: RequestContext) -> str | None:
    """Return the session that the cookie names; of two different ones nobody knows which is meant."""
    name = cookie_name(is_secure(context))
    values = {value for each, value in cookies_of(context) if each == name}
    session = values.pop() if len(values) == 1 else ""
    return session if looks_like_secret(session) else None


def cookies_of(context: RequestContext) -> Iterator[tuple[str, str]]:
    """Yield names and values of the cookies that a request brings."""
    for header, value in context.headers:
        if header == b"cookie":
            for cookie in value.decode("latin-1").split(";"):
                name, _, content = cookie.strip().partition("=")
                yield name, content


def require_own_page(context: RequestContext) -> None:
    """Raise `Forbidden` unless a page of this very host makes the request, as the browser says."""
    site = _header(context, b"sec-fetch-site")
    if site is None:  # which browsers send only where nobody can listen
        origin, host = _header(context, b"origin"), _header(context, b"host")
        is_own = bool(origin and host) and (origin or "").partition("://")[2].casefold() == (host or "").casefold()
    else:
        is_own = site == "same-origin"
    if not is_own:
        raise Forbidden(
            "with the cookie of a session only pages of this very address may do this: Sec-Fetch-Site must be"
            " same-origin, or Origin equal to Host. A token as Authorization: Bearer works from everywhere"
        )


def _header(context: RequestContext, name: bytes) -> str | None:
    return next((value.decode("latin-1") for each, value in context.headers if each == name), None)
