"""Documents of sessions."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from meterd.metadata.base import SessionDocument
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import SessionProgress, SessionRow


class SQLSessionDocuments:
    """Documents of sessions in the database. Sessions last heard of before `deleted_before` are gone."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.deleted_before = datetime.min.replace(tzinfo=UTC)

    def save(self, documents: Iterable[SessionDocument], position: int) -> None:
        """Write documents, and that all of them follow the facts up to a position, in one transaction."""
        with self._database.transaction(writes=True) as session:
            for stored in documents:
                values = stored._asdict()
                session.execute(insert(SessionRow).values(values).on_conflict_do_update(["id"], set_=values))
            session.execute(delete(SessionProgress))
            session.add(SessionProgress(position=position))

    def delete_before(self, time: datetime) -> int:
        """Delete documents of sessions that were last heard of before a time; return how many."""
        with self._database.transaction(writes=True) as session:
            wanted = delete(SessionRow).where(SessionRow.updated_at < time).returning(SessionRow.id)
            deleted = len(session.scalars(wanted).all())
        self.deleted_before = time
        return deleted

    def progress(self) -> int:
        """Return the position up to which the documents follow the facts; 0 when there is none."""
        with self._database.transaction() as session:
            return session.scalar(select(SessionProgress.position)) or 0

    def find(self, id_: str) -> bytes | None:
        """Return the document of a session."""
        with self._database.transaction() as session:
            return session.scalar(select(SessionRow.document).where(SessionRow.id == id_))

    def of_machine(self, tenant: str, machine_id: str) -> list[bytes]:
        """Return the documents of every session of a machine."""
        wanted = select(SessionRow.document).where(SessionRow.tenant == tenant, SessionRow.machine_id == machine_id)
        with self._database.transaction() as session:
            return list(session.scalars(wanted))

    def page(self, tenant: str, after: tuple[datetime, str] | None, limit: int) -> list[bytes]:
        """Return documents of a tenant in the order of their creation, from after one of them on."""
        wanted = select(SessionRow.document).where(SessionRow.tenant == tenant)
        if after:
            created_at, id_ = after
            later = SessionRow.created_at > created_at
            wanted = wanted.where(later | ((SessionRow.created_at == created_at) & (SessionRow.id > id_)))
        wanted = wanted.order_by(SessionRow.created_at, SessionRow.id).limit(limit)
        with self._database.transaction() as session:
            return list(session.scalars(wanted))

    def newest(
        self, tenant: str, since: datetime | None, before: tuple[datetime, str] | None, limit: int
    ) -> list[bytes]:
        """Return documents of sessions that began since a time, the newest first, from before one of them on."""
        wanted = select(SessionRow.document).where(SessionRow.tenant == tenant)
        if since:
            wanted = wanted.where(SessionRow.created_at >= since)
        if before:
            created_at, id_ = before
            earlier = SessionRow.created_at < created_at
            wanted = wanted.where(earlier | ((SessionRow.created_at == created_at) & (SessionRow.id < id_)))
        wanted = wanted.order_by(SessionRow.created_at.desc(), SessionRow.id.desc()).limit(limit)
        with self._database.transaction() as session:
            return list(session.scalars(wanted))
