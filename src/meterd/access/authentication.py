"""From a bearer token to a caller, without a look-up on most requests."""

import asyncio
import hmac
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from meterd.access.directory import Directory, digest, looks_like_token
from meterd.access.model import DEFAULT_TENANT, Caller, Scope, SubjectType
from meterd.errors import ConfigurationError, Unauthenticated

current_caller: ContextVar[Caller | None] = ContextVar("current_caller", default=None)
"""Who made the request that is being answered, once that is known; for the record of calls."""

_MESSAGE = "Invalid or missing bearer token"
_FRESH = 2.0
_MOST_TOKENS = 10_000


class _Known(msgspec.Struct):
    """A token that was valid when it was last checked (monotonic seconds); `expires` is an absolute time."""

    caller: Caller
    expires: datetime | None
    checked: float

    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= datetime.now(UTC)


class Authenticator:
    """Checks bearer tokens against the directory.

    A valid header is remembered for two seconds, so a revocation works within that time (promised: 5 s); an unknown one
    is never remembered, so a new token works at once.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[str, _Known] = {}

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an `Authorization` header; raises `Unauthenticated`."""
        return self.remembered(authorization) or identified(await self._look_up(authorization))

    def remembered(self, authorization: str | None) -> Caller | None:
        """The caller behind a header that was checked a moment ago, so that most requests need not wait."""
        known = self._known.get(authorization or "")
        if known is None or time.monotonic() - known.checked > _FRESH or known.is_expired():
            return None
        return identified(known.caller)

    async def _look_up(self, authorization: str | None) -> Caller:
        token = bearer_token(authorization)
        if not looks_like_token(token):
            raise Unauthenticated(_MESSAGE)
        if known := self._known.get(authorization or ""):
            known.checked = time.monotonic()  # others go on with it while this one asks
        found = await asyncio.to_thread(self._directory.find_caller, digest(token))
        if found is None:
            self._known.pop(authorization or "", None)
            raise Unauthenticated(_MESSAGE)
        if len(self._known) >= _MOST_TOKENS:
            self._known.clear()
        known = _Known(*found, checked=time.monotonic())
        if known.is_expired():
            raise Unauthenticated(_MESSAGE)
        self._known[authorization or ""] = known
        return known.caller


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


def identified(caller: Caller) -> Caller:
    """Make a caller the one of the request that is being answered."""
    current_caller.set(caller)
    return caller


def bearer_token(authorization: str | None) -> str:
    """The token of an `Authorization` header: `Bearer`, one space, the token. Raises `Unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token or token != token.strip():
        raise Unauthenticated(_MESSAGE)
    return token
