"""Tables of the database. Every change of them is a revision in `migrations/versions`; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps none of its zone, so it is put back on reading."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Name(TypeDecorator[str]):
    """A text up to a length, which whoever writes it keeps. Names are ordered by their characters.

    PostgreSQL orders by the rules of a language unless it is told otherwise, and knows no NUL: there U+0001 begins two
    characters, which stand for NUL and for itself and leave the order as it is.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(self.impl_instance)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\1", "\1\2").replace("\0", "\1\1")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\1\1", "\0").replace("\1\2", "\1")


class Base(DeclarativeBase):
    pass


class Subject(Base):
    """A user or a virtual account of one tenant."""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("tenant", "type", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Name(128))
    type: Mapped[str] = mapped_column(Name(16))
    slug: Mapped[str] = mapped_column(Name(256))
    tenant_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    memberships: Mapped[list["Membership"]] = relationship(
        back_populates="subject", cascade="all, delete-orphan", order_by="Membership.team", lazy="selectin"
    )
    tokens: Mapped[list["Token"]] = relationship(back_populates="subject", cascade="all, delete-orphan")

    @property
    def teams(self) -> tuple[str, ...]:
        return tuple(sorted(membership.team for membership in self.memberships))


class Membership(Base):
    """A subject is in a team of its tenant."""

    __tablename__ = "memberships"

    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), primary_key=True)
    team: Mapped[str] = mapped_column(Name(128), primary_key=True)
    subject: Mapped[Subject] = relationship(back_populates="memberships")


class Token(Base):
    """A token of a subject. The token itself is not kept, only its SHA-256.

    One that is `for_session` was made by a sign-in with a code, and goes with the session; nobody has ever known it.
    """

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(Name(16), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    for_session: Mapped[bool] = mapped_column(default=False, server_default=false())
    subject: Mapped[Subject] = relationship(back_populates="tokens", lazy="joined")


class WebSession(Base):
    """A session of a person at a browser, bound to a token. The cookie is not kept, only its SHA-256."""

    __tablename__ = "web_sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("tokens.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    token: Mapped[Token] = relationship(lazy="joined")


class SignInCode(Base):
    """A code that signs a subject in, once, and with which scopes. The code is not kept, only its SHA-256."""

    __tablename__ = "sign_in_codes"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    subject: Mapped[Subject] = relationship(lazy="joined")


class SessionRow(Base):
    """A session as it is now; made from facts, and made again from them when it is lost."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_machine", "tenant", "machine_id"),
        Index("ix_sessions_created", "tenant", "created_at", "id"),
        Index("ix_sessions_updated", "updated_at"),
    )

    id: Mapped[str] = mapped_column(Name(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(Name(128))
    machine_id: Mapped[str | None] = mapped_column(Name(256))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcTime)
    document: Mapped[bytes] = mapped_column(LargeBinary)


class SessionProgress(Base):
    """The position up to which the documents follow the facts of a node."""

    __tablename__ = "session_progress"

    node: Mapped[str] = mapped_column(Name(32), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


class Item(Base):
    """An object or a calendar of one tenant and environment, and which of its versions is the current one."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("tenant", "environment", "service", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(Name(128))
    environment: Mapped[str] = mapped_column(Name(128))
    service: Mapped[str] = mapped_column(Name(16))
    key: Mapped[str] = mapped_column(Name(512))
    version: Mapped[int]


class ItemVersion(Base):
    """A version of an item: the document after one change, who made it, when and why."""

    __tablename__ = "item_versions"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    user: Mapped[str] = mapped_column(Name(256))
    reason: Mapped[str | None] = mapped_column(Name(1024))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Dashboard(Base):
    """A dashboard that somebody saved, perhaps for a team."""

    __tablename__ = "dashboards"
    __table_args__ = (
        Index("ix_dashboards_owner", "tenant", "owner", "owner_type"),
        Index("ix_dashboards_team", "tenant", "team"),
    )

    id: Mapped[str] = mapped_column(Name(16), primary_key=True)
    tenant: Mapped[str] = mapped_column(Name(128))
    owner_type: Mapped[str] = mapped_column(Name(16))
    owner: Mapped[str] = mapped_column(Name(256))
    team: Mapped[str | None] = mapped_column(Name(128))
    title: Mapped[str] = mapped_column(Name(80))
    description: Mapped[str] = mapped_column(Name(240))
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    document: Mapped[bytes] = mapped_column(LargeBinary)


class ExportProgress(Base):
    """How far an exporter has come: where it began, up to when all is exported, and the end of what it now sends."""

    __tablename__ = "export_progress"

    exporter: Mapped[str] = mapped_column(Name(32), primary_key=True)
    begun: Mapped[datetime] = mapped_column(UtcTime)
    reached: Mapped[datetime] = mapped_column(UtcTime)
    under_way: Mapped[datetime | None] = mapped_column(UtcTime)


class Installation(Base):
    """The installation that the database is of, and how often it was started (`meterd.stamps`); one row."""

    __tablename__ = "installation"

    id: Mapped[str] = mapped_column(Name(32), primary_key=True)
    generation: Mapped[int]
