"""Tokens: what they look like, what is kept of them, and what must be known to find who is behind one."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Protocol

import msgspec

from meterd.access.model import Caller, Scope, SubjectType

_PREFIX = "mtr_"
_RANDOM_BYTES = 20
_SECRET = re.compile(r"[\w-]{43}", re.ASCII)


class TokenDetails(msgspec.Struct, frozen=True, rename="camel"):
    """A token as the command line prints it; `token` itself is there only when it was just made."""

    id: str
    subject: str
    type: SubjectType
    teams: tuple[str, ...]
    tenant: str
    tenant_admin: bool
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    created_at: datetime
    revoked_at: datetime | None = None
    token: str | None = None


class CallerLookup(Protocol):
    """Finds the caller behind a token's digest, wherever tokens are kept."""

    def find_caller(self, token_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a token that is neither revoked nor expired, and when it expires. Blocking."""


def new_token() -> str:
    """Make a token that nobody can guess."""
    return _PREFIX + secrets.token_hex(_RANDOM_BYTES)


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def looks_like_token(token: str) -> bool:
    """Tell whether a text has the form of our tokens; what has not needs no look-up."""
    return len(token) == len(_PREFIX) + 2 * _RANDOM_BYTES and token.startswith(_PREFIX)


def new_secret() -> str:
    """Make what stands for a session or for a sign-in to come: 32 bytes that nobody can guess, usable in an address."""
    return secrets.token_urlsafe(32)


def looks_like_secret(text: str) -> bool:
    """Tell whether a text has the form of `new_secret`."""
    return _SECRET.fullmatch(text) is not None
