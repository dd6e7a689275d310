"""A person is taken out of what is kept besides facts, and nobody else is."""

import threading
import time
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from meterd.access import SubjectType
from meterd.access.tokens import digest
from meterd.datasets.person import Person
from meterd.errors import ConfigurationError
from meterd.metadata import Collection, SavedDashboard, SessionDocument
from meterd.metadata.sql.metadata import SQLMetadata
from tests.metadata.sql.conftest import Place

AT = datetime(2026, 1, 2, tzinfo=UTC)
ANN = Person("ann", "user", ("acme",))
OTHERS = (("ann", "virtualaccount", "acme"), ("ann", "user", "other"), ("bob", "user", "acme"))


def filled(metadata: SQLMetadata) -> SQLMetadata:
    """The same of the person and of each of the others."""
    for number, (subject, type_, tenant) in enumerate((("ann", "user", "acme"), *OTHERS)):
        metadata.tokens.create(subject, SubjectType(type_), ("red",), tenant)
        assert metadata.web_sessions.begin_by_code(
            digest(metadata.web_sessions.offer(subject, SubjectType(type_), (), tenant))
        )
        metadata.web_sessions.offer(subject, SubjectType(type_), (), tenant)
        document = msgspec.json.encode({"subject": subject, "subject_type": type_, "state": {"of": "ann"}})
        metadata.sessions.save([SessionDocument(f"s{number}", tenant, None, AT, AT, document)], number)
        for team in (None, "red"):
            saved = SavedDashboard(f"d{number}{team}", tenant, (type_, subject), team, "T", "D", 1, AT, b"{}")
            assert metadata.dashboards.add(saved, 9)
        with metadata.items(lambda _: None).changing(Collection(tenant, "production", "object")) as changes:
            changes.put(f"{type_}-{subject}", b"{}", subject)
    return metadata


@pytest.mark.parametrize("deletes", [True, False])
def test_one_person_goes_and_others_stay(deletes: bool, place: Place) -> None:
    metadata = filled(place.open())
    people = [Person(subject, type_, (tenant,)) for subject, type_, tenant in OTHERS]
    before = [metadata.forgetting.count(person) for person in people]
    written = "versions of objects and calendars"  # which say a name, and not what it is the name of
    found = {"subjects": 1, "tokens": 2, "sign-ins": 2, "sessions": 1, "dashboards": 2, written: 2}
    assert found == metadata.forgetting.count(ANN)

    for _ in range(2):
        metadata.forgetting.forget(ANN, "nobody", deletes)

    assert dict.fromkeys(found, 0) == metadata.forgetting.count(ANN)
    before[0] |= {written: 0}
    assert before == [metadata.forgetting.count(person) for person in people]
    assert metadata.sessions.find("s0") == (
        None if deletes else b'{"subject":"nobody","subject_type":"user","state":{"of":"ann"}}'
    )
    left = metadata.dashboards.every("acme", ("user", "nobody"), (), 9)
    assert {each.id for each in left} == ({"d0red"} if deletes else {"d0red", "d0None"})
    item = metadata.items(lambda _: None).find(Collection("acme", "production", "object"), "user-ann")
    assert item is not None
    assert item.user == "nobody"


def test_others_who_are_connected_to_what_nodes_share_are_seen(shared_place: Place) -> None:
    metadata = shared_place.open()
    metadata.forgetting.require_alone()
    with shared_place.open().sessions.changing(["s0"]), pytest.raises(ConfigurationError, match="stop all nodes"):
        metadata.forgetting.require_alone(0)


def test_of_a_file_nobody_else_is_asked(file: Place) -> None:
    metadata, other = file.open(), file.open()
    assert other.sessions.find("s0") is None

    metadata.forgetting.require_alone(0)


def test_what_somebody_changes_meanwhile_is_in_the_session_that_gets_a_pseudonym(shared_place: Place) -> None:
    shared_place.settings = msgspec.structs.replace(shared_place.settings, timeout=60)
    metadata, other = filled(shared_place.open()), shared_place.open()
    forgetting = threading.Thread(target=metadata.forgetting.forget, args=(ANN, "nobody", False))
    with other.sessions.changing(["s0"]) as change:
        forgetting.start()
        wait_for_lock(shared_place)
        document = msgspec.json.decode(change.found["s0"]) | {"state": {"of": "meanwhile"}}
        change.save([SessionDocument("s0", "acme", None, AT, AT, msgspec.json.encode(document))])
    forgetting.join()

    changed = b'{"subject":"nobody","subject_type":"user","state":{"of":"meanwhile"}}'
    assert changed == metadata.sessions.find("s0")


def wait_for_lock(place: Place) -> None:
    """Return when somebody waits for a row that another one holds."""
    deadline = time.monotonic() + 60
    with psycopg.connect(place.settings.url, autocommit=True) as connection:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while connection.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.02)
