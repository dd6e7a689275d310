"""What is read in portions is bounded by its bytes, in either database."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import InstrumentedAttribute

from meterd.metadata import Collection, SavedDashboard, SessionDocument
from meterd.metadata.documents import MOST_BYTES, MOST_ROWS
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.metadata import SQLMetadata
from meterd.metadata.sql.portions import next_keys
from meterd.metadata.sql.tables import Dashboard, Item, SessionRow
from tests.metadata.sql.conftest import Place

AT = datetime(2026, 1, 2, tzinfo=UTC)
MOST, HALF = bytes(MOST_BYTES), bytes(MOST_BYTES // 2)


def portions(metadata: SQLMetadata, key: "InstrumentedAttribute[Any]") -> list[list[object]]:
    found: list[list[object]] = []
    database: Database = metadata.forgetting._database
    with database.transaction() as session:
        while keys := next_keys(session, key, found[-1][-1] if found else None):
            found.append(keys)
    return found


def session(id_: str, document: bytes = b"{}") -> SessionDocument:
    return SessionDocument(id_, "acme", None, AT, AT, document)


def test_documents_that_are_large_come_in_portions_and_one_that_is_too_large_alone(place: Place) -> None:
    metadata = place.open()
    sizes = {"a": HALF, "b": HALF, "c": b"x", "d": MOST + b"x", "e": b"x"}
    metadata.sessions.save([session(*each) for each in sizes.items()], 1)
    for id_, document in sizes.items():
        if id_ in "ade":
            assert metadata.dashboards.add(SavedDashboard(id_, "acme", ("user", "u"), None, "", "", 1, AT, document), 9)

    assert [["a", "b"], ["c"], ["d"], ["e"]] == portions(metadata, SessionRow.id)
    assert [["a"], ["d"], ["e"]] == portions(metadata, Dashboard.id)


def test_of_an_item_all_versions_count(place: Place) -> None:
    metadata = place.open()
    for documents in ([HALF, HALF, b"x"], [b"x"], [b"x"]):
        with metadata.items(lambda _: None).changing(Collection("acme", "production", "object")) as changes:
            for document in documents:
                changes.put(f"of {len(documents)}", document, "ann")

    assert [1, 1] == [len(keys) for keys in portions(metadata, Item.id)]


def test_items_that_are_large_are_read_when_those_before_them_are_used(place: Place) -> None:
    """Who begins to list them has the first portion in memory, and what changes in later ones is seen."""
    items = place.open().items(lambda _: None)
    objects = Collection("acme", "production", "object")

    def put(**documents: bytes) -> None:
        with items.changing(objects) as changes:
            for id_, document in documents.items():
                changes.put(id_, document, "ann")

    put(a=HALF, b=HALF, c=b"x", d=MOST + b"x", e=b"x")
    listed = items.each(objects)
    first = next(listed)
    put(b=b"later", c=b"later", e=b"later")

    assert [("a", 1), ("b", 1), ("c", 2), ("d", 1), ("e", 2)] == [(each.id, each.version) for each in [first, *listed]]
    assert ["b", "d"] == [each.id for each in items.each(objects, ["d", "b", "f"])]


@pytest.mark.parametrize("count", [0, MOST_ROWS, MOST_ROWS + 1])
def test_rows_that_are_small_come_in_portions_by_their_number(count: int, file: Place) -> None:
    metadata = file.open()
    metadata.sessions.save([session(f"{number:04}") for number in range(count)], 1)

    found = portions(metadata, SessionRow.id)

    assert [f"{number:04}" for number in range(count)] == [key for keys in found for key in keys]
    assert all(len(keys) <= MOST_ROWS for keys in found)
    assert [each.id for each in metadata.documents.each() if hasattr(each, "id")] == [
        key for keys in found for key in keys
    ]
