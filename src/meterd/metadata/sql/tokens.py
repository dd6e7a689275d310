"""Subjects, their teams, and tokens."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from meterd.access.model import DEFAULT_TENANT, Caller, Scope, SubjectType
from meterd.access.tokens import TokenDetails, digest, new_token
from meterd.errors import NotFound
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import Membership, Subject, Token


class SQLTokens:
    """Subjects, their teams and their tokens in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        subject: str,
        subject_type: SubjectType = SubjectType.USER,
        teams: Iterable[str] = (),
        tenant: str = DEFAULT_TENANT,
        tenant_admin: bool = False,
        scopes: Iterable[Scope] = (Scope.INGEST, Scope.QUERY),
        expires: timedelta | None = None,
    ) -> TokenDetails:
        """Make a token. The subject is created when it is new; `teams` and `tenant_admin` are added to what it has."""
        secret = new_token()
        now = datetime.now(UTC)
        with self._database.transaction("tokens") as session:
            owner = subject_of(session, Caller(tenant, subject, subject_type, tuple(teams), tenant_admin), now)
            token = Token(
                id=new_id(),
                digest=digest(secret),
                subject=owner,
                scopes=[str(scope) for scope in scopes],
                created_at=now,
                expires_at=now + expires if expires else None,
            )
            session.add(token)
            session.flush()
            return _details(token, secret)

    def all(self) -> list[TokenDetails]:
        """List every token, oldest first."""
        with self._database.transaction() as session:
            return [_details(token) for token in session.scalars(select(Token).order_by(Token.created_at))]

    def exist(self) -> bool:
        """Tell whether there is any token."""
        with self._database.transaction() as session:
            return session.scalar(select(Token.id).limit(1)) is not None

    def revoke(self, token_id: str) -> None:
        """Make a token invalid. Raises `NotFound` for an unknown id; revoking twice is no error."""
        with self._database.transaction("tokens") as session:
            token = session.get(Token, token_id)
            if token is None:
                raise NotFound(f"there is no token with the id {token_id}")
            token.revoked_at = token.revoked_at or datetime.now(UTC)

    def find_caller(self, token_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a token that is neither revoked nor expired, and when it expires."""
        with self._database.transaction() as session:
            token = valid_token(session, token_digest, datetime.now(UTC))
            return (caller_behind(token), token.expires_at) if token else None


def valid_token(session: Session, token_digest: bytes, now: datetime) -> Token | None:
    """Return a token that is neither revoked nor expired."""
    token = session.scalar(select(Token).where(Token.digest == token_digest))
    return token if token and is_valid(token, now) else None


def is_valid(token: Token, now: datetime) -> bool:
    """Tell whether a token is neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def caller_behind(token: Token) -> Caller:
    """Return the subject of a token, with the token's scopes."""
    owner = token.subject
    return Caller(
        tenant=owner.tenant,
        subject=owner.slug,
        subject_type=SubjectType(owner.type),
        teams=owner.teams,
        tenant_admin=owner.tenant_admin,
        scopes=frozenset(Scope(scope) for scope in token.scopes),
    )


def new_id() -> str:
    """Make the id of a token, by which it is listed and revoked."""
    return secrets.token_hex(6)


def subject_of(session: Session, wanted: Caller, now: datetime) -> Subject:
    """Return a subject, which is created when it is new; teams and the sight of the tenant are added to what it has."""
    owner = _find(session, wanted.tenant, wanted.subject_type, wanted.subject)
    if owner is None:
        owner = Subject(
            tenant=wanted.tenant, type=wanted.subject_type, slug=wanted.subject, tenant_admin=False, created_at=now
        )
        session.add(owner)
    owner.tenant_admin = owner.tenant_admin or wanted.tenant_admin
    owner.memberships += [Membership(team=team) for team in sorted(set(wanted.teams) - set(owner.teams))]
    return owner


def _find(session: Session, tenant: str, subject_type: SubjectType, slug: str) -> Subject | None:
    wanted = select(Subject).where(Subject.tenant == tenant, Subject.type == subject_type, Subject.slug == slug)
    return session.scalar(wanted)


def _details(token: Token, secret: str | None = None) -> TokenDetails:
    owner = token.subject
    return TokenDetails(
        id=token.id,
        subject=owner.slug,
        type=SubjectType(owner.type),
        teams=owner.teams,
        tenant=owner.tenant,
        tenant_admin=owner.tenant_admin,
        scopes=tuple(Scope(scope) for scope in token.scopes),
        expires_at=token.expires_at,
        created_at=token.created_at,
        revoked_at=token.revoked_at,
        token=secret,
    )
