"""Objects and calendars, with their versions."""

from collections.abc import Callable, Iterator
from collections.abc import Collection as Several
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Row, Select, delete, func, select
from sqlalchemy.orm import Session

from meterd.metadata.base import Collection, Version
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.portions import first_keys
from meterd.metadata.sql.tables import Item, ItemVersion

VERSIONS_KEPT = 100
"""Versions of an item, the current one among them; older ones are forgotten."""


class SQLItems:
    """Objects and calendars in the database."""

    def __init__(self, database: Database, require_room: Callable[[int], None]) -> None:
        self._database = database
        self._require_room = require_room

    @contextmanager
    def turn(self, collection: Collection) -> Iterator[None]:
        """Let no other node that takes its turn go on until this ends; items can be read and changed meanwhile.

        A database that is not shared has one node.
        """
        with self._database.transaction(f"turn {collection!r}") if self._database.is_shared else nullcontext():
            yield

    @contextmanager
    def changing(self, collection: Collection) -> Iterator["SQLItemChanges"]:
        """Begin a transaction: nothing else changes items until it ends, and an error undoes all of it."""
        with self._database.transaction(f"items {collection!r}") as session:
            yield SQLItemChanges(session, collection, self._require_room)

    def find(self, collection: Collection, id_: str) -> Version | None:
        """Return an item as it is now."""
        with self._database.transaction() as session:
            return _found(session, collection, id_)

    def each(self, collection: Collection, ids: Several[str] | None = None) -> Iterator[Version]:
        """Yield the items as they are now, or those of some ids, in the order of their ids.

        They are read in portions, so that nobody waits for a long list: changes meanwhile may be in it or not.
        """
        wanted = _current(collection).order_by(Item.key)
        if ids is not None:
            wanted = wanted.where(Item.key.in_(ids))
        keys: list[str] = []
        while True:
            with self._database.transaction() as session:
                later = wanted.where(Item.key > keys[-1]) if keys else wanted
                keys = first_keys(session, later.with_only_columns(Item.key, func.length(ItemVersion.document)))
                rows = session.execute(later.where(Item.key.in_(keys))).all() if keys else []
            yield from map(_version, rows)
            if not keys:
                return

    def history(self, collection: Collection, id_: str) -> list[Version]:
        """Return the versions of an item that are kept, newest first."""
        wanted = _versions(collection).where(Item.key == id_).order_by(ItemVersion.version.desc())
        with self._database.transaction() as session:
            return [_version(row) for row in session.execute(wanted)]


class SQLItemChanges:
    """The items of a collection within a transaction."""

    def __init__(self, session: Session, collection: Collection, require_room: Callable[[int], None]) -> None:
        self._session = session
        self._collection = collection
        self._require_room = require_room

    def find(self, id_: str) -> Version | None:
        """Return an item as it is, with the changes that were made so far."""
        return _found(self._session, self._collection, id_)

    def put(self, id_: str, document: bytes, user: str, reason: str | None = None) -> Version:
        """Give an item, or a new one, its next version. Raises `Unavailable` when the disk is almost full."""
        self._require_room(len(document))
        session = self._session
        item = self._item(id_)
        if item is None:
            item = Item(**self._collection._asdict(), key=id_, version=0)
            session.add(item)
        item.version += 1
        session.flush()
        made = Version(id_, document, item.version, user, reason, datetime.now(UTC))
        session.add(
            ItemVersion(
                item_id=item.id,
                version=item.version,
                document=document,
                user=user,
                reason=reason,
                created_at=made.created_at,
            )
        )
        session.flush()
        self._forget(item, ItemVersion.version <= item.version - VERSIONS_KEPT)
        return made

    def roll_back(self, id_: str) -> Version | None:
        """Take the current version away: the one before is current again; without one the item is gone."""
        item = self._item(id_)
        if item is None:
            return None
        self._forget(item, ItemVersion.version == item.version)
        left = self._session.scalar(select(func.max(ItemVersion.version)).where(ItemVersion.item_id == item.id))
        if left is None:
            self._session.delete(item)
        else:
            item.version = left
        self._session.flush()
        return self.find(id_)

    def delete(self, id_: str) -> None:
        """Take an item away with all of its versions."""
        if item := self._item(id_):
            self._forget(item)
            self._session.delete(item)

    def _item(self, id_: str) -> Item | None:
        named = (getattr(Item, name) == value for name, value in self._collection._asdict().items())
        return self._session.scalar(select(Item).where(*named, Item.key == id_))

    def _forget(self, item: Item, *which: ColumnElement[bool]) -> None:
        self._session.execute(delete(ItemVersion).where(ItemVersion.item_id == item.id, *which))


_Wanted = Select[str, bytes, int, str, str | None, datetime]


def _versions(collection: Collection) -> _Wanted:
    """Select every version of every item of a collection."""
    return (
        select(
            Item.key,
            ItemVersion.document,
            ItemVersion.version,
            ItemVersion.user,
            ItemVersion.reason,
            ItemVersion.created_at,
        )
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(
            Item.tenant == collection.tenant,
            Item.environment == collection.environment,
            Item.service == collection.service,
        )
    )


def _current(collection: Collection) -> _Wanted:
    return _versions(collection).where(ItemVersion.version == Item.version)


def _found(session: Session, collection: Collection, id_: str) -> Version | None:
    row = session.execute(_current(collection).where(Item.key == id_)).one_or_none()
    return None if row is None else _version(row)


def _version(row: Row[str, bytes, int, str, str | None, datetime]) -> Version:
    return Version(*row)
