"""Dashboards that people saved."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session, defer

from meterd.metadata.base import SavedDashboard
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import Dashboard


class SQLDashboards:
    """Dashboards in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, tenant: str, id_: str) -> SavedDashboard | None:
        """Return a dashboard of a tenant."""
        with self._database.transaction() as session:
            found = session.scalar(select(Dashboard).where(Dashboard.tenant == tenant, Dashboard.id == id_))
            return None if found is None else _saved(found, found.document)

    def every(
        self, tenant: str, owner: tuple[str, str] | None, teams: Collection[str], limit: int
    ) -> list[SavedDashboard]:
        """Return those of an owner and of some teams, or without an owner all of a tenant; last changed first.

        Their documents are left empty.
        """
        wanted = select(Dashboard).where(Dashboard.tenant == tenant).options(defer(Dashboard.document))
        if owner is not None:
            wanted = wanted.where(or_(_is_of(owner), Dashboard.team.in_(teams)))
        wanted = wanted.order_by(Dashboard.updated_at.desc(), Dashboard.id).limit(limit)
        with self._database.transaction() as session:
            return [_saved(each, b"") for each in session.scalars(wanted)]

    def add(self, dashboard: SavedDashboard, most: int) -> bool:
        """Keep a new dashboard; False, and nothing is kept, when its owner has as many as `most`."""
        with self._database.transaction(f"dashboards {dashboard.owner!r}") as session:
            if _count(session, dashboard.tenant, dashboard.owner) >= most:
                return False
            owner_type, owner = dashboard.owner
            values = dashboard._asdict() | {"owner": owner, "owner_type": owner_type}
            session.add(Dashboard(**values))
            return True

    def change(self, dashboard: SavedDashboard) -> bool:
        """Put a dashboard in the place of the revision before its own; False when that is not the current one."""
        changed = (
            update(Dashboard)
            .where(
                Dashboard.tenant == dashboard.tenant,
                Dashboard.id == dashboard.id,
                Dashboard.revision == dashboard.revision - 1,
            )
            .values(
                team=dashboard.team,
                title=dashboard.title,
                description=dashboard.description,
                revision=dashboard.revision,
                updated_at=dashboard.updated_at,
                document=dashboard.document,
            )
            .returning(Dashboard.id)
        )
        with self._database.transaction("dashboards") as session:
            return session.scalar(changed) is not None

    def delete(self, tenant: str, id_: str, revision: int | None) -> bool:
        """Delete a dashboard; False when there is none, or none in that revision."""
        which = delete(Dashboard).where(Dashboard.tenant == tenant, Dashboard.id == id_)
        if revision is not None:
            which = which.where(Dashboard.revision == revision)
        with self._database.transaction("dashboards") as session:
            return session.scalar(which.returning(Dashboard.id)) is not None


def _is_of(owner: tuple[str, str]) -> ColumnElement[bool]:
    owner_type, name = owner
    return (Dashboard.owner == name) & (Dashboard.owner_type == owner_type)


def _count(session: Session, tenant: str, owner: tuple[str, str]) -> int:
    wanted = select(func.count()).select_from(Dashboard).where(Dashboard.tenant == tenant, _is_of(owner))
    return session.scalar(wanted) or 0


def _saved(row: Dashboard, document: bytes) -> SavedDashboard:
    return SavedDashboard(
        row.id,
        row.tenant,
        (row.owner_type, row.owner),
        row.team,
        row.title,
        row.description,
        row.revision,
        row.updated_at,
        document,
    )
