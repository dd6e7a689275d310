from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.access.tokens import TokenDetails, digest
from meterd.metadata.sql.database import Database
from meterd.metadata.sql.opening import open_database
from meterd.metadata.sql.tokens import SQLTokens
from meterd.metadata.sql.web_sessions import CODE_LIFETIME, IDLE, LONGEST, MAX_SESSIONS, SQLWebSessions
from tests.metadata.sql.conftest import Place


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = open_database(place.path, place.settings)
    yield database
    database.close()


@pytest.fixture
def tokens(database: Database) -> SQLTokens:
    return SQLTokens(database)


@pytest.fixture
def sessions(database: Database, clock: Clock) -> SQLWebSessions:
    return SQLWebSessions(database, clock)


def begin(sessions: SQLWebSessions, token: TokenDetails) -> bytes:
    """The digest of a new session's secret."""
    assert token.token is not None
    begun = sessions.begin(digest(token.token))
    assert begun is not None
    return digest(begun.secret)


def test_a_session_leads_to_the_subject_of_its_token(sessions: SQLWebSessions, tokens: SQLTokens) -> None:
    token = tokens.create("alice", teams=["red"], scopes=[Scope.QUERY])

    found = sessions.find_caller(begin(sessions, token))

    assert found is not None
    expected = Caller("default", "alice", SubjectType.USER, ("red",), scopes=frozenset({Scope.QUERY}))
    assert expected == found[0]


def test_a_session_ends_when_it_was_not_used_for_twelve_hours(
    sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock
) -> None:
    session = begin(sessions, tokens.create("alice"))

    for _ in range(3):
        clock.now += IDLE - timedelta(seconds=1)
        assert sessions.find_caller(session)
    clock.now += IDLE

    assert IDLE == timedelta(hours=12)
    assert sessions.find_caller(session) is None


def test_a_session_ends_with_its_token(sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock) -> None:
    revoked, expiring = tokens.create("alice"), tokens.create("bob", expires=timedelta(hours=1))
    clock.now = datetime.now(UTC)
    first, second = begin(sessions, revoked), begin(sessions, expiring)

    tokens.revoke(revoked.id)
    assert sessions.find_caller(first) is None
    assert sessions.find_caller(second)
    clock.now += timedelta(hours=1)

    assert sessions.find_caller(second) is None


def test_no_session_begins_by_a_token_that_is_not_valid(
    sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock
) -> None:
    revoked, expired = tokens.create("alice"), tokens.create("bob", expires=timedelta(seconds=1))
    tokens.revoke(revoked.id)
    clock.now = datetime.now(UTC) + timedelta(minutes=1)

    for token in (revoked.token, expired.token, "mtr_" + "0" * 40):
        assert sessions.begin(digest(token or "")) is None


def test_an_ended_session_is_over_and_others_go_on(sessions: SQLWebSessions, tokens: SQLTokens) -> None:
    token = tokens.create("alice")
    first, second = begin(sessions, token), begin(sessions, token)

    sessions.end(first)
    sessions.end(first)

    assert sessions.find_caller(first) is None
    assert sessions.find_caller(second)


def test_the_sessions_of_a_token_are_bounded_and_the_oldest_ends(
    sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock
) -> None:
    token, other = tokens.create("alice"), tokens.create("bob")
    kept = begin(sessions, other)
    made = []
    for _ in range(MAX_SESSIONS + 2):
        clock.now += timedelta(seconds=1)
        made.append(begin(sessions, token))

    goes_on = [sessions.find_caller(session) is not None for session in made]

    assert [False, False] + [True] * MAX_SESSIONS == goes_on
    assert sessions.find_caller(kept)


def test_sessions_that_are_over_leave_nothing_behind(
    sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock, database: Database
) -> None:
    token = tokens.create("alice")
    begin(sessions, token)
    clock.now += IDLE
    begin(sessions, token)

    with database.transaction() as session:
        assert 1 == session.connection().exec_driver_sql("SELECT count(*) FROM web_sessions").scalar()


def test_a_code_begins_one_session_with_a_token_of_its_own(sessions: SQLWebSessions, tokens: SQLTokens) -> None:
    code = digest(sessions.offer("alice", teams=["red"], scopes=[Scope.QUERY]))
    assert ([], True) == (tokens.all(), sessions.holds(code))

    begun = sessions.begin_by_code(code)

    assert begun is not None
    assert Caller("default", "alice", SubjectType.USER, ("red",), scopes=frozenset({Scope.QUERY})) == begun.caller
    assert (None, False) == (sessions.begin_by_code(code), sessions.holds(code))
    (token,) = tokens.all()
    assert LONGEST == (token.expires_at or token.created_at) - token.created_at
    tokens.revoke(token.id)
    assert sessions.find_caller(digest(begun.secret)) is None


def test_a_code_expires_after_ten_minutes(sessions: SQLWebSessions, clock: Clock) -> None:
    first, second = digest(sessions.offer("alice")), digest(sessions.offer("alice"))

    clock.now += CODE_LIFETIME - timedelta(seconds=1)
    assert sessions.begin_by_code(first)
    clock.now += timedelta(seconds=1)

    assert CODE_LIFETIME == timedelta(minutes=10)
    assert (False, None) == (sessions.holds(second), sessions.begin_by_code(second))


def test_a_session_of_a_code_lasts_thirty_days_at_most(sessions: SQLWebSessions, clock: Clock) -> None:
    begun = sessions.begin_by_code(digest(sessions.offer("alice")))
    assert begun is not None

    uses = 0
    while sessions.find_caller(digest(begun.secret)):
        clock.now += timedelta(hours=6)
        uses += 1

    assert LONGEST / timedelta(hours=6) == uses


def test_tokens_of_codes_go_with_their_sessions_and_others_stay(
    sessions: SQLWebSessions, tokens: SQLTokens, clock: Clock
) -> None:
    clock.now = datetime.now(UTC)
    kept = tokens.create("alice")
    begin(sessions, kept)
    ended, idle = (sessions.begin_by_code(digest(sessions.offer("alice"))) for _ in range(2))
    assert ended
    assert idle
    sessions.end(digest(ended.secret))
    assert 1 == sum(token.revoked_at is not None for token in tokens.all())

    clock.now += IDLE
    last = sessions.begin_by_code(digest(sessions.offer("alice")))

    assert last
    assert [kept.id] == [token.id for token in tokens.all()][:1]
    assert 2 == len(tokens.all())


def test_codes_that_are_over_leave_nothing_behind(sessions: SQLWebSessions, clock: Clock, database: Database) -> None:
    for _ in range(3):
        sessions.offer("alice")
        clock.now += CODE_LIFETIME

    with database.transaction() as session:
        assert 1 == session.connection().exec_driver_sql("SELECT count(*) FROM sign_in_codes").scalar()
