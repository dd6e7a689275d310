"""How facts change a session (`docs/specifications/sessions.md` section 3.3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from meterd.api.sessions.model import CRASH_DETECTED, HUNG, RECOVERED, Session
from meterd.api.sessions.rows import document

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TIMEOUT = timedelta(seconds=60)


def session(*changes: tuple[str, int], **known: Any) -> Session:
    """A session after changes and events, each with the seconds after its beginning."""
    begun = Session("id", "tenant", "ann", "user", (), "p", "1", BEGINNING, BEGINNING, **known)
    for change, seconds in changes:
        at = BEGINNING + timedelta(seconds=seconds)
        if change in (HUNG, RECOVERED):
            begun.apply_event(change, seconds, at)
        else:
            begun.apply(change, seconds, at, at, None)
    return begun


def flags(changed: Session) -> set[str]:
    """What its document says now, long after 2026 began."""
    shown = document(changed, TIMEOUT)
    return {name for name in ("active", "suspended", "crashed", "hung") if shown[name]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], {"active"}),
        ([("heartbeat", 1)], {"suspended"}),
        ([("end", 1)], set()),
        ([("end", 1), ("end", 2)], set()),
        ([("heartbeat", 1), ("end", 2)], set()),
        ([("end", 1), ("heartbeat", 2)], set()),
        ([("crash", 1)], {"crashed"}),
        ([("crash", 1), ("heartbeat", 2)], {"crashed"}),
        ([("crash", 1), ("end", 2)], {"crashed"}),
        ([("end", 1), ("crash", 2)], {"crashed"}),
        ([("heartbeat", 1), ("abandoned", 2)], {"crashed"}),
        ([(HUNG, 1)], {"active", "hung"}),
        ([(HUNG, 1), (RECOVERED, 2)], {"active"}),
        ([(HUNG, 1), ("heartbeat", 2)], {"suspended", "hung"}),
        ([(HUNG, 1), ("end", 2)], {"hung"}),
        ([(HUNG, 1), ("crash", 2)], {"crashed"}),
        ([(HUNG, 1), ("heartbeat", 2), ("abandoned", 3)], {"crashed", "hung"}),
    ],
)
def test_changes_drive_the_flags(changes: list[tuple[str, int]], expected: set[str]) -> None:
    assert expected == flags(session(*changes))


@pytest.mark.parametrize(
    ("silence", "suspended"), [(0, False), (59.9, False), (60, False), (60.1, True), (10**8, True)]
)
def test_a_session_is_suspended_when_it_was_silent_for_longer_than_the_timeout(silence: float, suspended: bool) -> None:
    beating = session(("heartbeat", 10))

    assert suspended is beating.is_suspended(BEGINNING + timedelta(seconds=10 + silence), TIMEOUT)


def test_silence_counts_only_after_a_first_heartbeat() -> None:
    assert not session().is_suspended(BEGINNING + timedelta(days=365), TIMEOUT)


@pytest.mark.parametrize("change", ["end", "crash"])
def test_a_session_ends_no_earlier_than_it_last_beat(change: str) -> None:
    ended = session(("heartbeat", 5))
    ended.apply(change, 6, BEGINNING + timedelta(seconds=7), BEGINNING + timedelta(seconds=4), None)
    assert BEGINNING + timedelta(seconds=5) == ended.ended_at


def test_ending_again_moves_the_end() -> None:
    assert BEGINNING + timedelta(seconds=5) == session(("end", 1), ("end", 5)).ended_at


@pytest.mark.parametrize("change", ["end", "crash"])
@pytest.mark.parametrize(("happened", "ended"), [(-120, 0), (0, 0), (3, 3), (7, 7), (86_400, 7)])
def test_a_session_ends_no_earlier_than_it_began_and_not_after_that_arrived(
    change: str, happened: int, ended: int
) -> None:
    over = session()
    over.apply(change, 1, BEGINNING + timedelta(seconds=7), BEGINNING + timedelta(seconds=happened), None)

    assert BEGINNING + timedelta(seconds=ended) == over.ended_at


def test_a_session_whose_machine_came_back_has_no_end() -> None:
    assert session(("heartbeat", 1), ("abandoned", 2)).ended_at is None


@pytest.mark.parametrize("change", ["state", "heartbeat", "end", "crash", "abandoned", HUNG])
def test_every_change_moves_the_time_of_the_last_update(change: str) -> None:
    assert BEGINNING + timedelta(seconds=7) == session((change, 7)).updated_at


def test_the_time_of_the_last_update_is_that_of_the_last_fact_whatever_the_clock_was_before() -> None:
    assert BEGINNING + timedelta(seconds=3) == session(("state", 9), (HUNG, 3)).updated_at


def test_of_two_events_that_say_whether_it_hangs_the_one_with_the_last_position_counts() -> None:
    hung = session((HUNG, 5))
    hung.apply_event(RECOVERED, 3, BEGINNING)
    assert hung.hung

    hung.apply_event(RECOVERED, 6, BEGINNING)
    hung.apply_event(HUNG, 5, BEGINNING)
    assert not hung.hung


@pytest.mark.parametrize("event", [CRASH_DETECTED, "exception", "parent_process_crashed", "", HUNG.upper()])
def test_other_events_leave_the_flags_alone(event: str) -> None:
    hung = session((HUNG, 1))
    hung.apply_event(event, 2, BEGINNING)

    assert hung.hung
    assert not hung.crashed


def test_a_document_shows_what_there_is() -> None:
    bare = {"id", "created_at", "updated_at", "active", "suspended", "crashed", "hung", "state"}

    assert bare == document(session(), TIMEOUT).keys()
    assert (
        bare | {"machine_id", "hostname", "ended_at", "last_heartbeat"}
        == document(session(("heartbeat", 1), ("end", 2), machine_id="m", hostname="h"), TIMEOUT).keys()
    )


def test_a_session_survives_being_stored() -> None:
    known = session(("heartbeat", 1), (HUNG, 2), ("crash", 3), machine_id="m", state={"a": [1, {"b": None}, 2**70]})

    assert known == msgspec.json.decode(msgspec.json.encode(known), type=Session)
