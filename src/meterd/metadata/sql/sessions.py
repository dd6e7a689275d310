"""Documents of sessions."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from meterd.metadata.base import SessionDocument
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import SessionProgress, SessionRow

_PORTION = 1000
"""Names in one statement."""


class SQLSessionDocuments:
    """Documents of sessions in the database. Sessions last heard of before `deleted_before` are gone.

    `node` is whose facts they follow up to which position, where there are several.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.node = ""
        self.deleted_before = datetime.min.replace(tzinfo=UTC)

    def save(self, documents: Iterable[SessionDocument], position: int) -> None:
        """Write documents, and that all of them follow the facts up to a position, in one transaction."""
        with self._database.transaction("sessions") as session:
            for stored in documents:
                values = stored._asdict()
                row = self._database.insert(SessionRow).values(values)
                session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
            session.merge(SessionProgress(node=self.node, position=position))

    def start_over(self) -> None:
        """Let the documents follow all facts again: there may be others than those that came in order."""
        with self._database.transaction("sessions") as session:
            session.execute(delete(SessionProgress))

    @contextmanager
    def changing(self, ids: Several[str]) -> Iterator["SQLSessionChange"]:
        """Begin a transaction: nobody else changes the documents of these sessions until it ends."""
        with self._database.transaction() as session:
            found: dict[str, bytes] = {}
            for some in _portions(sorted(ids)):
                wanted = select(SessionRow.id, SessionRow.document).where(SessionRow.id.in_(some))
                rows = session.execute(wanted.order_by(SessionRow.id).with_for_update())
                found |= {row.id: row.document for row in rows}
            yield SQLSessionChange(self._database, session, found)

    def delete_before(self, time: datetime) -> int:
        """Delete documents of sessions that were last heard of before a time; return how many.

        Each portion is a transaction, so that none of them holds up others, or takes longer than a statement may.
        """
        is_old = SessionRow.updated_at < time
        oldest = select(SessionRow.id).where(is_old).order_by(SessionRow.updated_at).limit(_PORTION)
        total, deleted = 0, _PORTION
        while deleted == _PORTION:
            with self._database.transaction("sessions") as session:
                ids = session.scalars(oldest).all()
                session.execute(delete(SessionRow).where(SessionRow.id.in_(ids), is_old))
            deleted = len(ids)
            total += deleted
        self.deleted_before = time
        return total

    def progress(self, joining: int = 0) -> int:
        """Return the position up to which the documents follow the facts of this node; 0 when there is none.

        It is `joining` for a node that has none yet while others have.
        """
        with self._database.transaction() as session:
            positions = {each.node: each.position for each in session.scalars(select(SessionProgress))}
            return positions.get(self.node, joining if positions else 0)

    def find(self, id_: str) -> bytes | None:
        """Return the document of a session."""
        with self._database.transaction() as session:
            return session.scalar(select(SessionRow.document).where(SessionRow.id == id_))

    def find_many(self, ids: Several[str]) -> list[bytes]:
        """Return the documents of sessions, of those that there are."""
        found: list[bytes] = []
        with self._database.transaction() as session:
            for some in _portions(list(ids)):
                found += session.scalars(select(SessionRow.document).where(SessionRow.id.in_(some)))
        return found

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


class SQLSessionChange:
    """Documents within a transaction, and what was `found` of those that it is about."""

    def __init__(self, database: Database, session: Session, found: dict[str, bytes]) -> None:
        self.found = found
        self._database = database
        self._session = session

    def save(self, documents: Iterable[SessionDocument]) -> None:
        """Write documents in the place of those that were found; of others one that came meanwhile is kept."""
        for stored in documents:
            values = stored._asdict()
            if stored.id in self.found:
                self._session.execute(update(SessionRow).where(SessionRow.id == stored.id).values(values))
            else:
                row = self._database.insert(SessionRow).values(values)
                self._session.execute(row.on_conflict_do_nothing(index_elements=["id"]))


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[first : first + _PORTION] for first in range(0, len(ids), _PORTION))
