import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.access.authentication import AI_GUARD_CALLER, Authenticator, SharedSecret, bearer_token
from meterd.access.context import begin_request
from meterd.errors import ConfigurationError, Unauthenticated
from meterd.metadata import Metadata, Tokens
from meterd.metadata.sql import open_sql_metadata
from tests.process import OF_ONE_PROCESS, directory_of

PROMISED = 5.0


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("meterd.access.authentication.time", clock)
    return clock


@pytest.fixture
def metadata(tmp_path: Path) -> Iterator[Metadata]:
    metadata = open_sql_metadata(tmp_path / "directory.sqlite", directory_of(tmp_path))
    yield metadata
    metadata.close()


@pytest.fixture
def tokens(metadata: Metadata) -> Tokens:
    return metadata.tokens


@pytest.fixture
def authenticator(metadata: Metadata, clock: Clock) -> Authenticator:
    return Authenticator(metadata.tokens, metadata.web_sessions)


def header(token: str | None) -> str:
    assert token is not None
    return f"Bearer {token}"


async def is_valid(authenticator: Authenticator, authorization: str | None) -> bool:
    try:
        await authenticator.caller(authorization)
    except Unauthenticated:
        return False
    return True


async def test_a_valid_token_leads_to_its_caller(authenticator: Authenticator, tokens: Tokens) -> None:
    made = tokens.create("alice", teams=("red",), scopes=(Scope.QUERY,))

    expected = Caller("default", "alice", SubjectType.USER, ("red",), False, frozenset({Scope.QUERY}))
    assert expected == await authenticator.caller(header(made.token))
    assert expected == await authenticator.caller(header(made.token))


async def test_who_makes_a_request_is_in_its_context_once_that_is_known(
    authenticator: Authenticator, tokens: Tokens
) -> None:
    made = tokens.create("alice")
    scope = {"method": "GET", "path": "/", "headers": []}
    known, unknown = (begin_request(scope, id_, "sessions") for id_ in (b"1", b"2"))

    caller = await authenticator.identify(known, header(made.token))
    with pytest.raises(Unauthenticated):
        await authenticator.identify(unknown, header("mtr_" + "0" * 40))

    assert ("alice", caller, None) == (caller.subject, known.caller, unknown.caller)


async def test_a_new_token_works_at_once_even_when_it_was_refused_before(
    authenticator: Authenticator, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "mtr_" + "0" * 40
    assert not await is_valid(authenticator, header(token))

    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)
    tokens.create("alice")

    assert await is_valid(authenticator, header(token))


async def test_a_revoked_token_stops_working_within_the_promised_time(
    authenticator: Authenticator, tokens: Tokens, clock: Clock
) -> None:
    made = tokens.create("alice")
    assert await is_valid(authenticator, header(made.token))

    tokens.revoke(made.id)
    clock.now += PROMISED

    assert not await is_valid(authenticator, header(made.token))
    assert not await is_valid(authenticator, header(made.token))


async def test_a_busy_token_is_revoked_just_as_fast(authenticator: Authenticator, tokens: Tokens, clock: Clock) -> None:
    made = tokens.create("alice")
    assert await is_valid(authenticator, header(made.token))
    tokens.revoke(made.id)

    for _ in range(50):
        clock.now += PROMISED / 50
        await is_valid(authenticator, header(made.token))

    assert await asyncio.gather(*(is_valid(authenticator, header(made.token)) for _ in range(8))) == [False] * 8


async def test_rights_that_changed_count_within_the_promised_time(
    authenticator: Authenticator, tokens: Tokens, clock: Clock
) -> None:
    made = tokens.create("alice")
    assert (await authenticator.caller(header(made.token))).teams == ()

    tokens.create("alice", teams=("red",))
    clock.now += PROMISED

    assert (await authenticator.caller(header(made.token))).teams == ("red",)


@OF_ONE_PROCESS
async def test_most_requests_need_no_look_up(
    authenticator: Authenticator, tokens: Tokens, metadata: Metadata, tmp_path: Path
) -> None:
    made = tokens.create("alice")
    await authenticator.caller(header(made.token))

    metadata.close()
    (tmp_path / "directory.sqlite").unlink()

    assert await is_valid(authenticator, header(made.token))


async def test_a_token_expires_at_its_time_even_when_it_was_just_checked(
    authenticator: Authenticator, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tokens.create("alice", expires=timedelta(hours=1))
    assert await is_valid(authenticator, header(made.token))

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(hours=1)

    monkeypatch.setattr("meterd.access.authentication.datetime", Later)
    assert not await is_valid(authenticator, header(made.token))


async def test_an_expired_token_does_not_work(authenticator: Authenticator, tokens: Tokens) -> None:
    made = tokens.create("alice", expires=timedelta(microseconds=1))

    assert not await is_valid(authenticator, header(made.token))


async def test_tokens_are_told_apart(authenticator: Authenticator, tokens: Tokens, clock: Clock) -> None:
    alice, bob = (tokens.create(name) for name in ("alice", "bob"))
    for made in (alice, bob, alice, bob):
        assert made.subject == (await authenticator.caller(header(made.token))).subject

    tokens.revoke(alice.id)
    clock.now += PROMISED

    assert not await is_valid(authenticator, header(alice.token))
    assert await is_valid(authenticator, header(bob.token))


class TestHeader:
    @pytest.mark.parametrize(
        "authorization",
        [None, "", " ", "Bearer", "Bearer ", "Bearer \t", "Basic x", "x", "Bearerx", "Token x", "Bearer\xa0x"],
    )
    async def test_that_is_no_bearer_token_is_refused(
        self, authenticator: Authenticator, authorization: str | None
    ) -> None:
        with pytest.raises(Unauthenticated) as caught:
            bearer_token(authorization)
        assert caught.value.message == "Invalid or missing bearer token"
        with pytest.raises(Unauthenticated):
            await authenticator.caller(authorization)

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_names_its_scheme_in_any_case(self, scheme: str) -> None:
        assert bearer_token(f"{scheme} abc") == "abc"

    @pytest.mark.parametrize("header", ["Bearer  abc", " Bearer abc ", "Bearer\tabc", "\tBearer \t abc\t "])
    async def test_may_have_white_space_around_its_token(
        self, authenticator: Authenticator, tokens: Tokens, header: str
    ) -> None:
        made = tokens.create("alice")
        assert made.token is not None

        assert "abc" == bearer_token(header)
        assert "alice" == (await authenticator.caller(header.replace("abc", made.token))).subject

    async def test_is_remembered_by_its_token_alone(self, authenticator: Authenticator, tokens: Tokens) -> None:
        made = tokens.create("alice")
        for number in range(50):
            await authenticator.caller(f"Bearer {' ' * number}{made.token}")

        assert authenticator.cached(header(made.token)) is not None
        assert authenticator.cached(f"Bearer  {made.token}") is None

    @pytest.mark.parametrize("token", ["x", "mtr_", "mtr_" + "0" * 40, "mtr_" + "é" * 40, "x" * 100_000])
    async def test_with_an_unknown_token_is_refused_in_the_same_words(
        self, authenticator: Authenticator, token: str
    ) -> None:
        with pytest.raises(Unauthenticated) as caught:
            await authenticator.caller(header(token))
        assert caught.value.message == "Invalid or missing bearer token"


class TestSharedSecret:
    @pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b"s3cret\r\n"])
    def test_is_the_files_content_without_one_trailing_line_end(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "secret"
        path.write_bytes(content)

        secret = SharedSecret(str(path))
        assert secret.matches("s3cret")
        assert not secret.matches("s3cret\n")
        assert not secret.matches("s3cre")
        assert not secret.matches("S3cret")
        assert not secret.matches("")

    def test_keeps_other_space(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_bytes(b" s3cret\n\n")

        assert SharedSecret(str(path)).matches(" s3cret\n")
        assert not SharedSecret(str(path)).matches("s3cret")

    @pytest.mark.parametrize("token", ["é", "😀", "\udcff"])
    def test_is_compared_with_any_token(self, tmp_path: Path, token: str) -> None:
        path = tmp_path / "secret"
        path.write_bytes(b"s3cret")

        assert not SharedSecret(str(path)).matches(token.encode("utf-8", "surrogateescape").decode("latin-1"))

    @pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
    def test_that_can_not_be_used_stops_the_start_with_the_key_and_the_file(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "secret"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(ConfigurationError, match="secret-path") as caught:
            SharedSecret(str(path))
        assert str(path) in caught.value.message

    def test_lets_facts_in_and_nothing_out(self) -> None:
        assert frozenset({Scope.INGEST}) == AI_GUARD_CALLER.scopes
        assert not AI_GUARD_CALLER.tenant_admin
        assert AI_GUARD_CALLER.tenant == "default"
