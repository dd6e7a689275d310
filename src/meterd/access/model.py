"""Callers and the scopes of their tokens."""

from enum import StrEnum

import msgspec

from meterd.errors import Forbidden

DEFAULT_TENANT = "default"
EVERYONE = "everyone"
"""The built-in team of every user; being in it shares nothing (`docs/specifications/gateway-metrics-query.md` section
8).
"""


class Scope(StrEnum):
    """What a token may be used for."""

    INGEST = "ingest"
    INGEST_ANY_SUBJECT = "ingest:any-subject"
    QUERY = "query"
    ADMIN = "admin"


class SubjectType(StrEnum):
    USER = "user"
    VIRTUAL_ACCOUNT = "virtualaccount"


class Caller(msgspec.Struct, frozen=True):
    """The subject behind a token, with the token's scopes."""

    tenant: str
    subject: str
    subject_type: SubjectType
    teams: tuple[str, ...] = ()
    tenant_admin: bool = False
    scopes: frozenset[Scope] = frozenset()

    @property
    def identity(self) -> tuple[str, str]:
        """What tells the caller from others of the tenant."""
        return (str(self.subject_type), self.subject)

    def require(self, scope: Scope) -> None:
        """Raise `Forbidden` unless the token has the scope."""
        if scope not in self.scopes:
            raise Forbidden(f'the token lacks the scope "{scope}"')
