"""Documents of one database in another one: nothing is lost, nothing made older, nothing there twice."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterd.access import Scope, SubjectType
from meterd.access.tokens import digest
from meterd.metadata import Collection, SavedDashboard
from meterd.metadata import SessionDocument as SavedSession
from meterd.metadata.documents import Document, TokenDocument
from meterd.metadata.sql.metadata import SQLMetadata
from tests.metadata.sql.conftest import place_of

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
OBJECTS = Collection("acme", "production", "object")
DASHBOARD = SavedDashboard("d1", "acme", ("user", "ann"), "red", "T", "D", 3, AT, b'{"a":1}')


@pytest.fixture(params=["sqlite to sqlite", "sqlite to postgresql", "postgresql to sqlite"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SQLMetadata, SQLMetadata]]:
    source, _, target = request.param.partition(" to ")
    with ExitStack() as stack:
        one = stack.enter_context(closing(place_of(source, tmp_path / "one")))
        other = stack.enter_context(closing(place_of(target, tmp_path / "other")))
        yield one.open(), other.open()


def moved(source: SQLMetadata, target: SQLMetadata) -> int:
    """Move documents as an export and an import do; returns how many changed something."""
    encoded = [msgspec.json.encode(each) for each in source.documents.each()]
    return target.documents.add([msgspec.json.decode(each, type=Document) for each in encoded])


def put(metadata: SQLMetadata, *documents: bytes, id_: str = "x") -> None:
    for document in documents:
        with metadata.items(lambda _: None).changing(OBJECTS) as changes:
            changes.put(id_, document, "ann", "why")


def session(id_: str, at: datetime, document: bytes = b"{}") -> SavedSession:
    return SavedSession(id_, "acme", "machine", AT, at, document)


def test_all_of_it_is_as_it_was_and_a_second_time_changes_nothing(both: tuple[SQLMetadata, SQLMetadata]) -> None:
    source, target = both
    made = source.tokens.create(
        "ann", SubjectType.USER, ("red", "blue"), "acme", True, (Scope.QUERY, Scope.ADMIN), timedelta(days=1)
    )
    gone = source.tokens.create("bot", SubjectType.VIRTUAL_ACCOUNT)
    source.tokens.revoke(gone.id)
    put(source, b'{"n":1}', b'{"n":2}')
    source.sessions.save([session(f"s{number}", AT, b'{"s":1}') for number in range(450)], 7)
    source.dashboards.add(DASHBOARD, 9)
    count = sum(1 for _ in source.documents.each())

    assert moved(source, target) == count == 2 + 2 + 1 + 450 + 1
    assert moved(source, target) == 0

    assert target.tokens.all() == source.tokens.all()
    assert target.tokens.find_caller(digest(made.token or "")) == source.tokens.find_caller(digest(made.token or ""))
    assert target.tokens.find_caller(digest(gone.token or "")) is None
    mine, theirs = source.items(lambda _: None), target.items(lambda _: None)
    assert theirs.history(OBJECTS, "x") == mine.history(OBJECTS, "x")
    assert len(theirs.history(OBJECTS, "x")) == 2
    assert target.sessions.page("acme", None, 999) == [b'{"s":1}'] * 450
    assert target.dashboards.find("acme", "d1") == DASHBOARD


def test_sign_ins_and_what_was_made_for_them_stay_behind(both: tuple[SQLMetadata, SQLMetadata]) -> None:
    source, target = both
    assert source.web_sessions.begin_by_code(digest(source.web_sessions.offer("ann")))
    assert source.tokens.exist()

    assert moved(source, target) == 1
    assert not target.tokens.exist()


def test_of_two_the_one_that_changed_last_stays(both: tuple[SQLMetadata, SQLMetadata]) -> None:
    source, target = both
    put(target, b'{"is":"old"}')
    put(source, b'{"is":"new"}')
    put(source, b'{"is":"old"}', id_="y")
    put(target, b'{"is":"a"}', b'{"is":"new"}', id_="y")
    later = AT + timedelta(seconds=1)
    source.sessions.save([session("a", later, b'{"is":"new"}'), session("b", AT, b'{"is":"old"}')], 1)
    target.sessions.save([session("a", AT, b'{"is":"old"}'), session("b", later, b'{"is":"new"}')], 2)
    for metadata, at in ((source, AT), (target, later)):
        metadata.dashboards.add(DASHBOARD._replace(updated_at=at, title=f"{at}"), 9)

    assert moved(source, target) == 2

    items = target.items(lambda _: None)
    assert [each.document for each in items.each(OBJECTS)] == [b'{"is":"new"}'] * 2
    assert [len(items.history(OBJECTS, id_)) for id_ in "xy"] == [1, 2]
    assert set(target.sessions.page("acme", None, 9)) == {b'{"is":"new"}'}
    kept = target.dashboards.find("acme", "d1")
    assert kept is not None
    assert kept.title == f"{later}"
    assert target.sessions.progress() == 2


def test_a_subject_that_is_there_gains_teams_and_a_token_is_revoked_when_either_is(
    both: tuple[SQLMetadata, SQLMetadata],
) -> None:
    source, target = both
    token = source.tokens.create("ann", teams=("red",), tenant="acme", tenant_admin=True)
    assert moved(source, target) == 2
    target.tokens.create("ann", teams=("blue",), tenant="acme")
    source.tokens.revoke(token.id)

    assert moved(source, target) == 1
    assert moved(target, source) == 2  # the team, and the other token

    for metadata in both:
        assert {each.teams for each in metadata.tokens.all()} == {("blue", "red")}
        assert all(each.tenant_admin for each in metadata.tokens.all())
        assert [bool(each.revoked_at) for each in metadata.tokens.all()] == [True, False]


def test_a_token_of_nobody_is_left_out(both: tuple[SQLMetadata, SQLMetadata]) -> None:
    _, target = both
    token = TokenDocument("id", digest("x").hex(), "acme", "user", "nobody", ("query",), AT, None, None)

    assert target.documents.add([token]) == 0
    assert not target.tokens.exist()
