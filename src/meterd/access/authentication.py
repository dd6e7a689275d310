"""Finds the caller behind a bearer token, or the cookie of a session, without a look-up on most requests."""

import asyncio
import hmac
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterd.access.context import RequestContext
from meterd.access.model import DEFAULT_TENANT, Caller, Scope, SubjectType
from meterd.access.persons import Persons, WebSessionLookup
from meterd.access.tokens import CallerLookup, digest, looks_like_token
from meterd.errors import ConfigurationError, Unauthenticated

_MESSAGE = "Invalid or missing bearer token"
_CACHE_SECONDS = 2.0
_SPACE = " \t"
_MAX_TOKENS = 10_000
_UNKNOWN_LOOKUPS = 2
"""Look-ups at once for tokens that are not remembered: a flood of made-up ones leaves the other threads to others."""


class _CachedCaller(msgspec.Struct):
    """A token that was valid when it was last checked (monotonic seconds); `expires` is an absolute time."""

    caller: Caller
    expires: datetime | None
    checked: float

    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= datetime.now(UTC)


class Authenticator:
    """Checks bearer tokens against those that are kept.

    A valid token is remembered for two seconds, so a revocation works within that time (promised: 5 s); an unknown one
    is never remembered, so a new token works at once.
    """

    def __init__(self, tokens: CallerLookup, sessions: WebSessionLookup) -> None:
        self._tokens = tokens
        self.persons = Persons(sessions)
        self._cache: dict[str, _CachedCaller] = {}
        self._unknown_lookups = asyncio.Semaphore(_UNKNOWN_LOOKUPS)
        self.waiting = 0

    async def identify(self, context: RequestContext, authorization: str | None) -> Caller:
        """Find out who makes a request, by its `Authorization` header.

        Raises:
            Unauthenticated: there is no token, or none that is valid.
            Unavailable: the tokens can't be read.
        """
        context.caller = caller = await self.caller(authorization)
        return caller

    async def identify_person(self, context: RequestContext, authorization: str | None) -> Caller:
        """Find out who makes a request that a page may make: by its `Authorization` header, else by its cookie.

        Raises as `identify` does, and `Forbidden` for a page of others.
        """
        if authorization is not None:
            return await self.identify(context, authorization)
        context.caller = caller = await self.persons.caller(context)
        return caller

    async def caller(self, authorization: str | None) -> Caller:
        """Return the caller behind an `Authorization` header; raises `Unauthenticated`."""
        if caller := self.cached(authorization):
            return caller
        token = bearer_token(authorization)
        return self.cached(_header(token)) or await self._look_up(token)

    def cached(self, authorization: str | None) -> Caller | None:
        """Return the caller behind a header that was checked a moment ago, so that most requests need not wait."""
        cached = self._cache.get(authorization or "")
        if cached is None or time.monotonic() - cached.checked > _CACHE_SECONDS or cached.is_expired():
            return None
        return cached.caller

    async def _look_up(self, token: str) -> Caller:
        if not looks_like_token(token):
            raise Unauthenticated(_MESSAGE)
        header = _header(token)
        if cached := self._cache.get(header):
            cached.checked = time.monotonic()  # others go on with it while this one asks
            found = await self._look_up_again(header, token)
        else:
            found = await self._look_up_unknown(token)
        if found is None:
            self._cache.pop(header, None)
            raise Unauthenticated(_MESSAGE)
        if len(self._cache) >= _MAX_TOKENS:
            self._cache.clear()
        cached = _CachedCaller(*found, checked=time.monotonic())
        if cached.is_expired():
            raise Unauthenticated(_MESSAGE)
        self._cache[header] = cached
        return cached.caller

    async def _look_up_again(self, header: str, token: str) -> tuple[Caller, datetime | None] | None:
        """Look up a token that is remembered. Where nobody can tell, it may be revoked: it is forgotten."""
        try:
            return await asyncio.to_thread(self._tokens.find_caller, digest(token))
        except BaseException:
            self._cache.pop(header, None)
            raise

    async def _look_up_unknown(self, token: str) -> tuple[Caller, datetime | None] | None:
        self.waiting += 1
        try:
            async with self._unknown_lookups:
                return await asyncio.to_thread(self._tokens.find_caller, digest(token))
        finally:
            self.waiting -= 1


class SharedSecret:
    """The one secret of AI Guard's `shared-secret` mode (`docs/specifications/ai-guard.md` section 7), kept in a
    file.
    """

    def __init__(self, path: str) -> None:
        try:
            content = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"service.authorization.secret-path: can't read {path}: {error}") from None
        self._secret = content.removesuffix("\n").removesuffix("\r").encode()
        if not self._secret:
            raise ConfigurationError(f"service.authorization.secret-path: {path} is empty")

    def matches(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._secret)


AI_GUARD_CALLER = Caller(
    tenant=DEFAULT_TENANT,
    subject="ai-guard",
    subject_type=SubjectType.VIRTUAL_ACCOUNT,
    scopes=frozenset({Scope.INGEST}),
)
"""Whom facts belong to that AI Guard clients send without a token of meterd."""


def credentials_of(authorization: str | None) -> tuple[str, str]:
    """Return the scheme of an `Authorization` header, in lower case, and its credentials; white space around them is no
    part.
    """
    text = (authorization or "").strip(_SPACE)
    scheme = text.partition(" ")[0].partition("\t")[0]
    return scheme.lower(), text[len(scheme) :].strip(_SPACE)


def bearer_token(authorization: str | None) -> str:
    """Return the token of an `Authorization` header. Raises `Unauthenticated`."""
    scheme, token = credentials_of(authorization)
    if scheme != "bearer" or not token:
        raise Unauthenticated(_MESSAGE)
    return token


def _header(token: str) -> str:
    """Return the header by which most clients send a token."""
    return f"Bearer {token}"
