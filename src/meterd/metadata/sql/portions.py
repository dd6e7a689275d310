"""Rows of a table in portions, bounded by their number and by the bytes that they hold."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from meterd.metadata.documents import MOST_BYTES, MOST_ROWS
from meterd.metadata.sql.tables import Dashboard, Item, ItemVersion, SessionRow


def next_keys(
    session: Session, key: InstrumentedAttribute[Any], after: object | None, *conditions: ColumnElement[bool]
) -> list[Any]:
    """Return the keys of a table's rows that come next after one, in order; none when there are no more."""
    wanted = select(key, _size(key.class_)).where(*conditions).order_by(key)
    return first_keys(session, wanted if after is None else wanted.where(key > after))


def first_keys(session: Session, wanted: Select[Any, int]) -> list[Any]:
    """Return the keys that come first of those that are wanted with the sizes of their rows."""
    keys: list[Any] = []
    left = MOST_BYTES
    for found, size in session.execute(wanted.limit(MOST_ROWS)).all():
        if keys and size > left:
            break
        keys.append(found)
        left -= size
    return keys


def _size(table: Any) -> ColumnElement[int]:  # a class, as SQLAlchemy has it
    """Return the bytes of what a row holds, which no database reads for that."""
    if table is Item:
        total = func.coalesce(func.sum(func.length(ItemVersion.document)), 0)
        return select(total).where(ItemVersion.item_id == Item.id).scalar_subquery()
    return func.length(table.document) if table in (SessionRow, Dashboard) else literal(0)
