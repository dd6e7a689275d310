"""Sessions of persons at a browser, and codes that begin one."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from meterd.access import DEFAULT_TENANT, Caller, Scope, SubjectType
from meterd.access.tokens import digest, new_secret
from meterd.metadata.base import NewWebSession
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import SignInCode, Token, WebSession
from meterd.metadata.sql.tokens import caller_behind, is_valid, new_id, subject_of, valid_token

IDLE = timedelta(hours=12)
"""How long a session goes on without being used."""
MAX_SESSIONS = 50
"""Sessions of one token."""
CODE_LIFETIME = timedelta(minutes=10)
LONGEST = timedelta(days=30)
"""How long a session that a code began goes on, however often it is used."""
_TOUCH = timedelta(minutes=5)
"""How exactly it is known when a session was used, so that most requests write nothing."""


def _now() -> datetime:
    return datetime.now(UTC)


class SQLWebSessions:
    """Sessions in the database; `now` tells the time."""

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._now = now

    def begin(self, token_digest: bytes) -> NewWebSession | None:
        """Begin a session by a token; None unless it is valid. Too many of one token end the oldest of them."""
        now = self._now()
        with self._database.transaction("tokens") as session:
            token = valid_token(session, token_digest, now)
            return _begin(session, token, now) if token else None

    def offer(
        self,
        subject: str,
        subject_type: SubjectType = SubjectType.USER,
        teams: Iterable[str] = (),
        tenant: str = DEFAULT_TENANT,
        tenant_admin: bool = False,
        scopes: Iterable[Scope] = (Scope.QUERY,),
    ) -> str:
        """Make a code that signs a subject in, once and soon. The subject is treated as by `SQLTokens.create`."""
        now, code = self._now(), new_secret()
        with self._database.transaction("tokens") as session:
            session.execute(delete(SignInCode).where(SignInCode.expires_at <= now))
            owner = subject_of(session, Caller(tenant, subject, subject_type, tuple(teams), tenant_admin), now)
            made = SignInCode(
                digest=digest(code),
                subject=owner,
                scopes=[str(scope) for scope in scopes],
                expires_at=now + CODE_LIFETIME,
            )
            session.add(made)
        return code

    def holds(self, code_digest: bytes) -> bool:
        """Tell whether a code is good."""
        with self._database.transaction() as session:
            code = session.get(SignInCode, code_digest)
            return code is not None and code.expires_at > self._now()

    def begin_by_code(self, code_digest: bytes) -> NewWebSession | None:
        """Begin a session by a code, which is used up; its token is made for it. None for a code that is not good."""
        now = self._now()
        with self._database.transaction("tokens") as session:
            code = session.get(SignInCode, code_digest)
            if code is None or code.expires_at <= now:
                return None
            token = Token(
                id=new_id(),
                digest=digest(new_secret()),  # of what nobody gets to know
                subject=code.subject,
                scopes=code.scopes,
                created_at=now,
                expires_at=now + LONGEST,
                for_session=True,
            )
            session.add(token)
            session.delete(code)
            session.flush()
            return _begin(session, token, now)

    def find_caller(self, session_digest: bytes) -> tuple[Caller, datetime | None] | None:
        """Return the caller behind a session that goes on, and when its token expires. It counts as used."""
        now = self._now()
        with self._database.transaction() as session:
            found = session.get(WebSession, session_digest)
            if found is None or found.used_at + IDLE <= now or not is_valid(found.token, now):
                return None
            answer = caller_behind(found.token), found.token.expires_at
            is_stale = found.used_at + _TOUCH <= now
        if is_stale:
            self._touch(session_digest, now)
        return answer

    def end(self, session_digest: bytes) -> None:
        """End a session, and revoke the token that was made for it; one that has ended is no error."""
        with self._database.transaction("tokens") as session:
            if found := session.get(WebSession, session_digest):
                if found.token.for_session:
                    found.token.revoked_at = found.token.revoked_at or self._now()
                session.delete(found)

    def _touch(self, session_digest: bytes, now: datetime) -> None:
        with self._database.transaction("tokens") as session:
            if found := session.get(WebSession, session_digest):
                found.used_at = now


def _begin(session: Session, token: Token, now: datetime) -> NewWebSession:
    """Begin a session, under a secret that no client chose; those that are over make room."""
    _clear(session, now)
    others = select(WebSession.digest).where(WebSession.token_id == token.id).order_by(WebSession.created_at.desc())
    session.execute(delete(WebSession).where(WebSession.digest.in_(others.offset(MAX_SESSIONS - 1))))
    secret = new_secret()
    session.add(WebSession(digest=digest(secret), token_id=token.id, created_at=now, used_at=now))
    return NewWebSession(secret, caller_behind(token))


def _clear(session: Session, now: datetime) -> None:
    """Delete sessions that are over, and the tokens that were made for sessions of which nothing is left."""
    session.execute(delete(WebSession).where(WebSession.used_at <= now - IDLE))
    is_bound = select(WebSession.digest).where(WebSession.token_id == Token.id).exists()
    session.execute(delete(Token).where(Token.for_session, Token.created_at <= now - IDLE, ~is_bound))
