"""Takes a person out of what is kept besides facts."""

import time
from collections.abc import Iterator

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, select, text, update
from sqlalchemy.orm import Session

from meterd.datasets.person import Person
from meterd.errors import ConfigurationError
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.portions import next_keys
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

_LEAVING_SECONDS = 20.0
"""How long it is waited for connections to go that were of a process which has ended."""
_POLL_SECONDS = 0.1
_OTHERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
    "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid() ORDER BY pid"
)
_decoder = msgspec.json.Decoder(dict[str, object])


class SQLForgetting:
    """Forgets persons in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def require_alone(self, patience: float = _LEAVING_SECONDS) -> None:
        """Raise `ConfigurationError` while other processes are connected to a database that nodes share."""
        deadline = time.monotonic() + patience
        while others := self._others():
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"other processes of meterd are connected to directory.url: stop all nodes first. A connection that"
                    f" a pooler keeps, or a machine that is gone, ends by SELECT pg_terminate_backend({others[0]})"
                )
            time.sleep(_POLL_SECONDS)

    def count(self, person: Person) -> dict[str, int]:
        """Return how much there is of a person, by what it is."""
        with self._database.transaction() as session:
            tokens = select(Token.id).where(Token.subject_id.in_(_subjects(person)))
            return {
                "subjects": _count(session, Subject, _is_subject(person)),
                "tokens": _count(session, Token, Token.id.in_(tokens)),
                "sign-ins": _count(session, WebSession, WebSession.token_id.in_(tokens))
                + _count(session, SignInCode, SignInCode.subject_id.in_(_subjects(person))),
                "sessions": sum(map(len, _sessions(session, person))),
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

    def _others(self) -> list[int]:
        """Return the server's processes for connections that others have."""
        if not self._database.is_shared:
            return []
        with self._database.transaction() as session:
            return list(session.scalars(_OTHERS))


def _forget_subject(session: Session, person: Person) -> None:
    subjects = list(session.scalars(_subjects(person)))
    tokens = list(session.scalars(select(Token.id).where(Token.subject_id.in_(subjects))))
    session.execute(delete(WebSession).where(WebSession.token_id.in_(tokens)))
    for table in (SignInCode, Token, Membership):
        session.execute(delete(table).where(table.subject_id.in_(subjects)))
    session.execute(delete(Subject).where(Subject.id.in_(subjects)))


def _forget_sessions(session: Session, person: Person, pseudonym: str, deletes: bool) -> None:
    for ids in _sessions(session, person):
        if deletes:
            session.execute(delete(SessionRow).where(SessionRow.id.in_(ids)))
        else:
            held = select(SessionRow).where(SessionRow.id.in_(ids)).order_by(SessionRow.id).with_for_update()
            for row in session.scalars(held):
                row.document = msgspec.json.encode(_decoder.decode(row.document) | {"subject": pseudonym})


def _sessions(session: Session, person: Person) -> Iterator[list[str]]:
    """Yield the ids of a person's sessions, some at a time."""
    last: str | None = None
    while keys := next_keys(session, SessionRow.id, last, SessionRow.tenant.in_(person.tenants)):
        rows = session.execute(select(SessionRow.id, SessionRow.document).where(SessionRow.id.in_(keys)))
        yield [row.id for row in rows if _is_of(_decoder.decode(row.document), person)]
        last = keys[-1]


def _is_of(document: dict[str, object], person: Person) -> bool:
    return (document.get("subject"), document.get("subject_type")) == (person.subject, person.type)


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
