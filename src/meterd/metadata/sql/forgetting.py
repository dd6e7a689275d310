"""Takes a person out of what is kept besides facts."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from meterd.datasets.person import Person
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.tables import (
    Dashboard,
    Item,
    ItemVersion,
    Membership,
    SessionRow,
    SignInCode,
    Subject,
    Token,
    WebSession,
)

_READ_BATCH_SIZE = 200


class SQLForgetting:
    """Forgets persons in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, person: Person) -> dict[str, int]:
        """Return how much there is of a person, by what it is."""
        with self._database.transaction() as session:
            tokens = select(Token.id).where(Token.subject_id.in_(_subjects(person)))
            return {
                "subjects": _count(session, Subject, _is_subject(person)),
                "tokens": _count(session, Token, Token.id.in_(tokens)),
                "sign-ins": _count(session, WebSession, WebSession.token_id.in_(tokens))
                + _count(session, SignInCode, SignInCode.subject_id.in_(_subjects(person))),
                "sessions": sum(1 for _ in _sessions(session, person)),
                "dashboards": _count(session, Dashboard, *_is_owner(person)),
                "versions of objects and calendars": _count(session, ItemVersion, _is_author(person)),
            }

    def forget(self, person: Person, pseudonym: str, deletes: bool) -> None:
        """Take the person out, all of it or, on any error, nothing.

        The subject goes, with its tokens and sign-ins. When this `deletes`, so do its sessions, and its dashboards that
        it shared with no team. What is left of it, and what is not its own, has the pseudonym.
        """
        with self._database.transaction("tokens") as session:
            _forget_sessions(session, person, pseudonym, deletes)
            if deletes:
                session.execute(delete(Dashboard).where(*_is_owner(person), Dashboard.team.is_(None)))
            session.execute(update(Dashboard).where(*_is_owner(person)).values(owner=pseudonym))
            written = update(ItemVersion).where(_is_author(person)).values(user=pseudonym)
            session.execute(written.execution_options(synchronize_session=False))
            _forget_subject(session, person)


def _forget_subject(session: Session, person: Person) -> None:
    subjects = list(session.scalars(_subjects(person)))
    tokens = list(session.scalars(select(Token.id).where(Token.subject_id.in_(subjects))))
    session.execute(delete(WebSession).where(WebSession.token_id.in_(tokens)))
    for table in (SignInCode, Token, Membership):
        session.execute(delete(table).where(table.subject_id.in_(subjects)))
    session.execute(delete(Subject).where(Subject.id.in_(subjects)))


def _forget_sessions(session: Session, person: Person, pseudonym: str, deletes: bool) -> None:
    for row, document in _sessions(session, person):
        if deletes:
            session.delete(row)
        else:
            row.document = msgspec.json.encode(document | {"subject": pseudonym})


def _sessions(session: Session, person: Person) -> Iterator[tuple[SessionRow, dict[str, object]]]:
    """Yield the sessions of a person, with what is in their documents."""
    last = ""
    while True:
        wanted = select(SessionRow).where(SessionRow.tenant.in_(person.tenants), SessionRow.id > last)
        rows = session.scalars(wanted.order_by(SessionRow.id).limit(_READ_BATCH_SIZE)).all()
        for row in rows:
            document = msgspec.json.decode(row.document, type=dict[str, object])
            if (document.get("subject"), document.get("subject_type")) == (person.subject, person.type):
                yield row, document
        if len(rows) < _READ_BATCH_SIZE:
            return
        last = rows[-1].id


def _is_subject(person: Person) -> ColumnElement[bool]:
    is_named = (Subject.slug == person.subject) & (Subject.type == person.type)
    return is_named & Subject.tenant.in_(person.tenants)


def _subjects(person: Person) -> Select[int]:
    return select(Subject.id).where(_is_subject(person))


def _is_owner(person: Person) -> tuple[ColumnElement[bool], ...]:
    return (
        Dashboard.tenant.in_(person.tenants),
        Dashboard.owner == person.subject,
        Dashboard.owner_type == person.type,
    )


def _is_author(person: Person) -> ColumnElement[bool]:
    items = select(Item.id).where(Item.tenant.in_(person.tenants))
    return (ItemVersion.user == person.subject) & ItemVersion.item_id.in_(items)


def _count(session: Session, table: type, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
