"""What is kept besides facts, as documents that go from one installation to another.

Sign-ins and their codes are not among them: they end with the address that they were made at.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

MOST_ROWS = 200
MOST_BYTES = 16 * 2**20
"""Documents that are in memory at once, and their bytes; a document that has more comes alone."""


class SubjectDocument(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="subject"):
    """A user or a virtual account, and its teams."""

    tenant: str
    type: str
    name: str
    tenant_admin: bool
    created_at: datetime
    teams: tuple[str, ...]


class TokenDocument(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="token"):
    """A token of a subject: the digest, in hexadecimal digits."""

    id: str
    digest: str
    tenant: str
    type: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class SessionDocument(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="session"):
    """A session as it was; what is in it is the matter of the sessions."""

    id: str
    tenant: str
    machine_id: str | None
    created_at: datetime
    updated_at: datetime | None
    document: msgspec.Raw


class ItemVersionDocument(msgspec.Struct, frozen=True, rename="camel"):
    """A version of an object or a calendar."""

    version: int
    user: str
    reason: str | None
    created_at: datetime
    document: msgspec.Raw


class ItemDocument(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="item"):
    """An object or a calendar with the versions that are kept, oldest first."""

    tenant: str
    environment: str
    service: str
    id: str
    version: int
    versions: tuple[ItemVersionDocument, ...]


class DashboardDocument(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="dashboard"):
    """A dashboard that somebody saved."""

    id: str
    tenant: str
    owner_type: str
    owner: str
    team: str | None
    title: str
    description: str
    revision: int
    updated_at: datetime
    document: msgspec.Raw


Document = SubjectDocument | TokenDocument | SessionDocument | ItemDocument | DashboardDocument


class Documents(Protocol):
    """All documents of an installation. What is in both is never made older, and nothing is there twice."""

    def each(self) -> Iterator[Document]:
        """Yield every document: subjects before their tokens. They are read in portions."""

    def add(self, documents: Sequence[Document]) -> int:
        """Add documents, all or none; return how many changed something.

        A subject gains teams and what it may see; a token is revoked when either one is; of two sessions, items or
        dashboards with one id the one that changed last stays.
        """
