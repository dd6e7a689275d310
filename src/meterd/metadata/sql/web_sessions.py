"""Sessions of persons at a browser."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from meterd.access import Caller
from meterd.access.tokens import digest, new_secret
from meterd.metadata.base import NewWebSession
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import Token, WebSession
from meterd.metadata.sql.tokens import caller_behind, is_valid, valid_token

IDLE = timedelta(hours=12)
"""How long a session goes on without being used."""
MAX_SESSIONS = 50
"""Sessions of one token."""
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
        with self._database.transaction(writes=True) as session:
            token = valid_token(session, token_digest, now)
            return _begin(session, token, now) if token else None

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
        """End a session; one that has ended is no error."""
        with self._database.transaction(writes=True) as session:
            session.execute(delete(WebSession).where(WebSession.digest == session_digest))

    def _touch(self, session_digest: bytes, now: datetime) -> None:
        with self._database.transaction(writes=True) as session:
            if found := session.get(WebSession, session_digest):
                found.used_at = now


def _begin(session: Session, token: Token, now: datetime) -> NewWebSession:
    """Begin a session, under a secret that no client chose; those that are over make room."""
    session.execute(delete(WebSession).where(WebSession.used_at <= now - IDLE))
    others = select(WebSession.digest).where(WebSession.token_id == token.id).order_by(WebSession.created_at.desc())
    session.execute(delete(WebSession).where(WebSession.digest.in_(others.offset(MAX_SESSIONS - 1))))
    secret = new_secret()
    session.add(WebSession(digest=digest(secret), token_id=token.id, created_at=now, used_at=now))
    return NewWebSession(secret, caller_behind(token))
