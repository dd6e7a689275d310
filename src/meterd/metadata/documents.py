"""Documents of sessions in the directory, as bytes: what is in them is the matter of `meterd.api.sessions`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from meterd.metadata.directory import Directory
from meterd.metadata.tables import SessionDocument, SessionProgress


class Stored(NamedTuple):
    """A document and what it is looked up by."""

    id: str
    tenant: str
    machine_id: str | None
    created_at: datetime
    updated_at: datetime
    document: bytes


class Documents:
    """Blocking; the server calls it from worker threads. Sessions last heard of before `forgotten` are deleted."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.forgotten = datetime.min.replace(tzinfo=UTC)

    def save(self, documents: Iterable[Stored], position: int) -> None:
        """Write documents, and that all of them follow the facts up to a position, in one transaction."""
        with self._directory.session(writes=True) as session:
            for stored in documents:
                values = stored._asdict()
                session.execute(insert(SessionDocument).values(values).on_conflict_do_update(["id"], set_=values))
            session.execute(delete(SessionProgress))
            session.add(SessionProgress(position=position))

    def delete_before(self, time: datetime) -> int:
        """Delete documents of sessions that were last heard of before a time; returns how many."""
        with self._directory.session(writes=True) as session:
            wanted = delete(SessionDocument).where(SessionDocument.updated_at < time).returning(SessionDocument.id)
            deleted = len(session.scalars(wanted).all())
        self.forgotten = time
        return deleted

    def progress(self) -> int:
        """The position up to which the documents follow the facts; 0 when there is none."""
        with self._directory.session() as session:
            return session.scalar(select(SessionProgress.position)) or 0

    def find(self, id_: str) -> bytes | None:
        with self._directory.session() as session:
            return session.scalar(select(SessionDocument.document).where(SessionDocument.id == id_))

    def of_machine(self, tenant: str, machine_id: str) -> list[bytes]:
        """Documents of every session of a machine."""
        wanted = select(SessionDocument.document).where(
            SessionDocument.tenant == tenant, SessionDocument.machine_id == machine_id
        )
        with self._directory.session() as session:
            return list(session.scalars(wanted))

    def page(self, tenant: str, after: tuple[datetime, str] | None, limit: int) -> list[bytes]:
        """Documents of a tenant in the order of their creation, from after one of them on."""
        wanted = select(SessionDocument.document).where(SessionDocument.tenant == tenant)
        if after:
            created_at, id_ = after
            later = SessionDocument.created_at > created_at
            wanted = wanted.where(later | ((SessionDocument.created_at == created_at) & (SessionDocument.id > id_)))
        wanted = wanted.order_by(SessionDocument.created_at, SessionDocument.id).limit(limit)
        with self._directory.session() as session:
            return list(session.scalars(wanted))
