"""Documents of the database that go from one installation to another."""

from collections.abc import Callable, Iterator, Sequence
from functools import singledispatch
from typing import Any

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from meterd.metadata.documents import (
    DashboardDocument,
    Document,
    ItemDocument,
    ItemVersionDocument,
    SessionDocument,
    SubjectDocument,
    TokenDocument,
)
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.portions import next_keys
from meterd.metadata.sql.tables import (
    Dashboard,
    Item,
    ItemVersion,
    Membership,
    SessionRow,
    Subject,
    Token,
)


class SQLDocuments:
    """Documents in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def each(self) -> Iterator[Document]:
        """Yield every document: subjects before their tokens. They are read in portions."""
        yield from self._of(Subject.id, _subject)
        yield from self._of(Token.id, _token)
        yield from self._of(SessionRow.id, _session)
        yield from self._of(Item.id, _item)
        yield from self._of(Dashboard.id, _dashboard)

    def _of(
        self, key: InstrumentedAttribute[Any], make: Callable[[Session, Any], Document | None]
    ) -> Iterator[Document]:
        """Yield the documents of a table's rows, in the order of a key."""
        last: object = None
        while True:
            with self._database.transaction() as session:
                keys = next_keys(session, key, last)
                rows = session.scalars(select(key.class_).where(key.in_(keys)).order_by(key))
                documents = [make(session, row) for row in rows.all()]
            yield from (document for document in documents if document)
            if not keys:
                return
            last = keys[-1]

    def add(self, documents: Sequence[Document]) -> int:
        """Add documents, all or none; return how many changed something.

        A subject gains teams and what it may see; a token is revoked when either one is; of two sessions, items or
        dashboards with one id the one that changed last stays.
        """
        with self._database.transaction("tokens") as session:
            return sum([_add(document, session) for document in documents])


def _subject(_session: Session, row: Subject) -> SubjectDocument:
    return SubjectDocument(row.tenant, row.type, row.slug, row.tenant_admin, row.created_at, row.teams)


def _token(_session: Session, row: Token) -> TokenDocument | None:
    """Make the document of a token; none of one that was made for a sign-in."""
    if row.for_session:
        return None
    owner, scopes = row.subject, tuple(row.scopes)
    return TokenDocument(
        row.id,
        row.digest.hex(),
        owner.tenant,
        owner.type,
        owner.slug,
        scopes,
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )


def _session(_session: Session, row: SessionRow) -> SessionDocument:
    document = msgspec.Raw(row.document)
    return SessionDocument(row.id, row.tenant, row.machine_id, row.created_at, row.updated_at, document)


def _item(session: Session, row: Item) -> ItemDocument:
    kept = session.scalars(select(ItemVersion).where(ItemVersion.item_id == row.id).order_by(ItemVersion.version))
    versions = tuple(
        ItemVersionDocument(each.version, each.user, each.reason, each.created_at, msgspec.Raw(each.document))
        for each in kept
    )
    return ItemDocument(row.tenant, row.environment, row.service, row.key, row.version, versions)


def _dashboard(_session: Session, row: Dashboard) -> DashboardDocument:
    return DashboardDocument(
        row.id,
        row.tenant,
        row.owner_type,
        row.owner,
        row.team,
        row.title,
        row.description,
        row.revision,
        row.updated_at,
        msgspec.Raw(row.document),
    )


@singledispatch
def _add(document: Document, session: Session) -> bool:
    """Add a document; tell whether that changed something."""
    raise NotImplementedError(type(document))


@_add.register
def _add_subject(document: SubjectDocument, session: Session) -> bool:
    row = _owner(session, document.tenant, document.type, document.name)
    is_new = row is None
    if row is None:
        row = Subject(
            tenant=document.tenant,
            type=document.type,
            slug=document.name,
            tenant_admin=False,
            created_at=document.created_at,
        )
        session.add(row)
    teams = sorted(set(document.teams) - set(row.teams))
    changes = is_new or bool(teams) or (document.tenant_admin and not row.tenant_admin)
    row.tenant_admin = row.tenant_admin or document.tenant_admin
    row.memberships += [Membership(team=team) for team in teams]
    return changes


@_add.register
def _add_token(document: TokenDocument, session: Session) -> bool:
    session.flush()
    digest = bytes.fromhex(document.digest)
    row = session.scalar(select(Token).where(Token.digest == digest))
    if row is not None:
        changes = row.revoked_at is None and document.revoked_at is not None
        row.revoked_at = row.revoked_at or document.revoked_at
        return changes
    owner = _owner(session, document.tenant, document.type, document.name)
    if owner is None or session.get(Token, document.id) is not None:
        return False  # of a subject that is not there; or of another token with one id in 2^48
    session.add(
        Token(
            id=document.id,
            digest=digest,
            subject=owner,
            scopes=list(document.scopes),
            created_at=document.created_at,
            expires_at=document.expires_at,
            revoked_at=document.revoked_at,
        )
    )
    return True


@_add.register
def _add_session(document: SessionDocument, session: Session) -> bool:
    row = session.get(SessionRow, document.id)
    if row is not None and not _is_later(document.updated_at, row.updated_at):
        return False
    session.merge(SessionRow(**msgspec.structs.asdict(document) | {"document": bytes(document.document)}))
    return True


@_add.register
def _add_item(document: ItemDocument, session: Session) -> bool:
    row = session.scalar(
        select(Item).where(
            Item.tenant == document.tenant,
            Item.environment == document.environment,
            Item.service == document.service,
            Item.key == document.id,
        )
    )
    if row is None:
        row = Item(
            tenant=document.tenant,
            environment=document.environment,
            service=document.service,
            key=document.id,
            version=document.version,
        )
        session.add(row)
    else:
        current = session.get(ItemVersion, (row.id, row.version))
        changed_at = max((each.created_at for each in document.versions), default=None)
        if not _is_later(changed_at, current and current.created_at):
            return False
        session.execute(delete(ItemVersion).where(ItemVersion.item_id == row.id))
        row.version = document.version
    session.flush()
    for each in document.versions:
        session.merge(ItemVersion(item_id=row.id, **msgspec.structs.asdict(each) | {"document": bytes(each.document)}))
    return True


@_add.register
def _add_dashboard(document: DashboardDocument, session: Session) -> bool:
    row = session.get(Dashboard, document.id)
    if row is not None and not _is_later(document.updated_at, row.updated_at):
        return False
    session.merge(Dashboard(**msgspec.structs.asdict(document) | {"document": bytes(document.document)}))
    return True


def _is_later(one: Any, other: Any) -> bool:
    """Compare times, of which none is the earliest."""
    return one is not None and (other is None or one > other)


def _owner(session: Session, tenant: str, type_: str, name: str) -> Subject | None:
    wanted = select(Subject).where(Subject.tenant == tenant, Subject.type == type_, Subject.slug == name)
    return session.scalar(wanted)
