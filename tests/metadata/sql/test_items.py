"""Objects and calendars, with their versions."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from meterd.metadata import Collection, ItemChanges, Items
from meterd.metadata.sql.items import VERSIONS_KEPT
from tests.metadata.sql.conftest import Place

OBJECTS = Collection("t", "production", "object")
CALENDARS = OBJECTS._replace(service="calendar")


def has_room(_size: int) -> None:
    """A disk that is not full."""


@pytest.fixture
def items(place: Place) -> Items:
    return place.open().items(has_room)


def put(items: Items, id_: str, document: bytes, collection: Collection = OBJECTS) -> int:
    """Store an item; returns its version."""
    with items.changing(collection) as changes:
        return changes.put(id_, document, "alice").version


def document(items: Items, id_: str, collection: Collection = OBJECTS) -> bytes | None:
    found = items.find(collection, id_)
    return found.document if found else None


def test_an_item_is_as_its_last_change_left_it(items: Items) -> None:
    assert items.find(OBJECTS, "a") is None
    assert (1, 2) == (put(items, "a", b"1"), put(items, "a", b"\x00\xff"))

    found = items.find(OBJECTS, "a")
    assert found is not None
    assert ("a", b"\x00\xff", 2, "alice", None) == found[:5]


def test_a_version_says_who_made_it_when_and_why(items: Items) -> None:
    with items.changing(OBJECTS) as changes:
        first = changes.put("a", b"1", "alice", "a new start")
    with items.changing(OBJECTS) as changes:
        second = changes.put("a", b"2", "bob")

    assert [second, first] == items.history(OBJECTS, "a")
    assert ("alice", "a new start") == (first.user, first.reason)
    assert first.created_at <= second.created_at


@pytest.mark.parametrize(
    "elsewhere",
    [OBJECTS._replace(tenant="u"), OBJECTS._replace(environment="test"), OBJECTS._replace(service="calendar")],
)
def test_items_of_other_tenants_environments_and_services_are_others(items: Items, elsewhere: Collection) -> None:
    put(items, "a", b"1")
    assert 1 == put(items, "a", b"2", elsewhere)

    assert (b"1", b"2") == (document(items, "a"), document(items, "a", elsewhere))
    assert [b"2"] == [each.document for each in items.each(elsewhere)]
    with items.changing(elsewhere) as changes:
        changes.delete("a")
    assert (b"1", None) == (document(items, "a"), document(items, "a", elsewhere))


def test_changes_are_made_together_or_not_at_all(items: Items) -> None:
    put(items, "a", b"1")

    def fail(changes: ItemChanges) -> None:
        changes.put("a", b"2", "alice")
        changes.put("b", b"2", "alice")
        changes.delete("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), items.changing(OBJECTS) as changes:
        fail(changes)

    assert [("a", b"1", 1)] == [each[:3] for each in items.each(OBJECTS)]
    assert 1 == len(items.history(OBJECTS, "a"))


def test_a_transaction_sees_its_own_changes(items: Items) -> None:
    with items.changing(OBJECTS) as changes:
        assert changes.find("a") is None
        made = changes.put("a", b"1", "alice")
        assert made == changes.find("a")
        assert 2 == changes.put("a", b"2", "alice").version
        assert made == changes.roll_back("a")


def test_rolling_back_makes_the_version_before_current_until_there_is_none(items: Items) -> None:
    for text in (b"1", b"2", b"3"):
        put(items, "a", text)
    put(items, "b", b"other")

    for left in (b"2", b"1", None):
        with items.changing(OBJECTS) as changes:
            now = changes.roll_back("a")
        assert left == (now.document if now else None) == document(items, "a")
    with items.changing(OBJECTS) as changes:
        assert changes.roll_back("a") is None
    assert (b"other", []) == (document(items, "b"), items.history(OBJECTS, "a"))
    assert 1 == put(items, "a", b"again")


def test_a_version_that_was_rolled_back_is_followed_by_one_of_its_number(items: Items) -> None:
    put(items, "a", b"1")
    put(items, "a", b"2")
    with items.changing(OBJECTS) as changes:
        changes.roll_back("a")

    assert 2 == put(items, "a", b"3")
    assert [b"3", b"1"] == [each.document for each in items.history(OBJECTS, "a")]


def test_deleting_leaves_no_version(items: Items) -> None:
    put(items, "a", b"1")
    put(items, "a", b"2")

    with items.changing(OBJECTS) as changes:
        changes.delete("a")
        changes.delete("unknown")

    assert ([], []) == (list(items.each(OBJECTS)), items.history(OBJECTS, "a"))


def test_the_last_versions_are_kept(items: Items) -> None:
    with items.changing(OBJECTS) as changes:
        for number in range(VERSIONS_KEPT + 5):
            changes.put("a", b"%d" % number, "alice")

    history = items.history(OBJECTS, "a")
    assert [VERSIONS_KEPT + 5, 6] == [history[0].version, history[-1].version]
    assert VERSIONS_KEPT == len(history)


def test_items_are_listed_by_id_each_once(items: Items) -> None:
    ids = [f"{number:04}" for number in range(450)]
    with items.changing(OBJECTS) as changes:
        for id_ in reversed(ids):
            changes.put(id_, b"1", "alice")
            changes.put(id_, b"2", "alice")

    assert [(id_, b"2") for id_ in ids] == [(each.id, each.document) for each in items.each(OBJECTS)]


def test_a_list_of_some_ids_has_only_those(items: Items) -> None:
    for id_ in ("c", "a", "b"):
        put(items, id_, b"1")

    assert ["a", "c"] == [each.id for each in items.each(OBJECTS, ["c", "a", "x", "c"])]
    assert [] == list(items.each(OBJECTS, []))


def test_a_list_that_is_being_read_stops_no_change(items: Items) -> None:
    for number in range(300):
        put(items, f"{number:04}", b"1")

    listed = items.each(OBJECTS)
    first = [each.id for each in itertools.islice(listed, 10)]
    put(items, "9999", b"1")

    assert 301 == len(first) + len(list(listed))


@pytest.mark.parametrize("id_", ["'; DROP TABLE items; --", "a\0b", "😀" * 100, "x" * 512, "%", "_", "A", "a "])
def test_any_text_names_exactly_one_item(items: Items, id_: str) -> None:
    put(items, "a", b"0")
    put(items, id_, b"1")

    assert (b"0", b"1") == (document(items, "a"), document(items, id_))
    assert [b"1"] == [each.document for each in items.each(OBJECTS, [id_])]


def test_threads_that_merge_different_fields_of_one_item_lose_none(items: Items) -> None:
    def merge(number: int) -> None:
        with items.changing(OBJECTS) as changes:
            stored = changes.find("a")
            members = json.loads(stored.document) if stored else {}
            members[f"field-{number}"] = number
            changes.put("a", json.dumps(members).encode(), "alice")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(merge, range(60)))

    assert {f"field-{number}": number for number in range(60)} == json.loads(document(items, "a") or b"{}")
    found = items.find(OBJECTS, "a")
    assert found is not None
    assert 60 == found.version


def test_items_are_there_when_the_directory_is_opened_again(place: Place) -> None:
    first = place.open()
    put(first.items(has_room), "a", b"1", CALENDARS)
    first.close()

    assert b"1" == document(place.open().items(has_room), "a", CALENDARS)
