import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.access.tokens import digest, looks_like_token
from meterd.errors import NotFound
from meterd.metadata import Tokens
from meterd.metadata.sql import open_sql_metadata
from tests.metadata.sql.conftest import Place

WORKER = """
import json, sys
from pathlib import Path
import alembic.command
from meterd.metadata.sql import open_sql_metadata
print("ready", flush=True)
for path in sys.stdin:
    try:
        metadata = open_sql_metadata(Path(path.strip()))
        made = metadata.tokens.create("alice", teams=["red"])
        metadata.close()
        print(json.dumps(made.id), flush=True)
    except Exception as error:
        print(json.dumps(repr(error)), flush=True)
"""


@pytest.fixture
def tokens(place: Place) -> Tokens:
    return place.open().tokens


def secret_of(tokens: Tokens, *arguments: object, **options: object) -> str:
    token = tokens.create(*arguments, **options).token  # type: ignore[arg-type]
    assert token is not None
    return token


def caller_of(tokens: Tokens, token: str) -> Caller | None:
    found = tokens.find_caller(digest(token))
    return found[0] if found else None


class TestTokens:
    def test_a_token_has_a_prefix_and_160_random_bits(self, tokens: Tokens) -> None:
        made = {secret_of(tokens, "alice") for _ in range(20)}

        assert len(made) == 20
        assert [token for token in made if not re.fullmatch(r"mtr_[0-9a-f]{40}", token)] == []
        assert [token for token in made if not looks_like_token(token)] == []

    def test_a_token_leads_to_its_subject(self, tokens: Tokens) -> None:
        token = secret_of(
            tokens, "bot", SubjectType.VIRTUAL_ACCOUNT, ("red", "blue", "red"), "acme", True, (Scope.INGEST,)
        )

        assert Caller(
            "acme", "bot", SubjectType.VIRTUAL_ACCOUNT, ("blue", "red"), True, frozenset({Scope.INGEST})
        ) == caller_of(tokens, token)

    def test_a_token_ingests_and_queries_by_default(self, tokens: Tokens) -> None:
        token = secret_of(tokens, "alice")

        assert Caller(
            "default", "alice", SubjectType.USER, (), False, frozenset({Scope.INGEST, Scope.QUERY})
        ) == caller_of(tokens, token)

    def test_an_unknown_token_leads_nowhere(self, tokens: Tokens) -> None:
        secret_of(tokens, "alice")

        assert caller_of(tokens, "mtr_" + "0" * 40) is None

    def test_the_token_itself_is_not_kept(self, file: Place) -> None:
        tokens, path = file.open().tokens, file.path
        token = secret_of(tokens, "alice")

        assert [each.token for each in tokens.all()] == [None]
        for each in path.parent.iterdir():
            assert token.encode() not in each.read_bytes()
            assert token.removeprefix("mtr_").encode() not in each.read_bytes()

    def test_a_revoked_token_leads_nowhere(self, tokens: Tokens) -> None:
        made = tokens.create("alice")
        other = secret_of(tokens, "alice")
        assert made.token is not None

        tokens.revoke(made.id)
        tokens.revoke(made.id)

        assert caller_of(tokens, made.token) is None
        assert caller_of(tokens, other) is not None
        assert [each.revoked_at is not None for each in tokens.all()] == [True, False]

    def test_revoking_again_keeps_the_first_time(self, tokens: Tokens) -> None:
        made = tokens.create("alice")
        tokens.revoke(made.id)
        (first,) = tokens.all()

        tokens.revoke(made.id)

        assert [first] == tokens.all()

    def test_an_unknown_id_can_not_be_revoked(self, tokens: Tokens) -> None:
        with pytest.raises(NotFound, match="nothing-like-it"):
            tokens.revoke("nothing-like-it")

    def test_an_expired_token_leads_nowhere(self, tokens: Tokens) -> None:
        expired = secret_of(tokens, "alice", expires=timedelta(microseconds=1))
        valid = secret_of(tokens, "alice", expires=timedelta(days=1))

        assert caller_of(tokens, expired) is None
        found = tokens.find_caller(digest(valid))
        assert found is not None
        assert found[1] is not None
        assert timedelta(hours=23) < found[1] - datetime.now(UTC) <= timedelta(days=1)

    def test_tokens_are_listed_oldest_first(self, tokens: Tokens) -> None:
        made = [tokens.create(subject).id for subject in ("b", "a", "c")]

        assert made == [each.id for each in tokens.all()]

    def test_a_listed_token_is_the_one_that_was_made(self, tokens: Tokens) -> None:
        made = tokens.create("alice", teams=("red",), expires=timedelta(days=1))

        (listed,) = tokens.all()
        assert (made.id, made.subject, made.teams, made.expires_at, made.created_at) == (
            listed.id,
            listed.subject,
            listed.teams,
            listed.expires_at,
            listed.created_at,
        )
        assert listed.expires_at is not None
        assert timedelta(0) == listed.expires_at.utcoffset()

    def test_whether_there_is_a_token_is_known(self, tokens: Tokens) -> None:
        assert not tokens.exist()
        secret_of(tokens, "alice")
        assert tokens.exist()

    @pytest.mark.parametrize("text", ["", "mtr_", "mtr_" + "0" * 39, "mtr_" + "0" * 41, "xxx_" + "0" * 40])
    def test_what_can_be_no_token_is_told_from_one(self, text: str) -> None:
        assert not looks_like_token(text)


class TestSubjects:
    def test_a_second_token_adds_teams_and_rights(self, tokens: Tokens) -> None:
        first = secret_of(tokens, "alice", teams=("red",))
        secret_of(tokens, "alice", teams=("blue", "red"), tenant_admin=True)
        secret_of(tokens, "alice")

        found = caller_of(tokens, first)
        assert found is not None
        assert (found.teams, found.tenant_admin) == (("blue", "red"), True)

    def test_subjects_of_other_tenants_and_types_are_others(self, tokens: Tokens) -> None:
        token = secret_of(tokens, "alice")
        secret_of(tokens, "alice", tenant="other", teams=("red",), tenant_admin=True)
        secret_of(tokens, "alice", SubjectType.VIRTUAL_ACCOUNT, teams=("red",), tenant_admin=True)

        found = caller_of(tokens, token)
        assert found is not None
        assert (found.teams, found.tenant_admin) == ((), False)

    def test_scopes_belong_to_the_token(self, tokens: Tokens) -> None:
        reader = secret_of(tokens, "alice", scopes=(Scope.QUERY,))
        writer = secret_of(tokens, "alice", scopes=(Scope.INGEST,))

        found = [caller_of(tokens, token) for token in (reader, writer)]
        assert [{Scope.QUERY}, {Scope.INGEST}] == [each.scopes for each in found if each]


class TestSeveralProcesses:
    def test_a_token_of_one_is_known_to_the_other_at_once(self, place: Place) -> None:
        tokens, others = place.open().tokens, place.open().tokens
        made = others.create("alice")
        assert made.token is not None
        assert caller_of(tokens, made.token) is not None
        others.revoke(made.id)
        assert caller_of(tokens, made.token) is None

    def test_make_one_new_subject(self, place: Place) -> None:
        several = [place.open().tokens for _ in range(4)]

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: several[number % 4].create("alice", teams=[str(number)]), range(16)))

        assert {tuple(sorted(map(str, range(16))))} == {each.teams for each in several[0].all()}

    def test_may_open_a_new_directory_at_the_same_moment(self, tmp_path: Path) -> None:
        """Eight new directories, each opened by three processes, which all make a token of the same new subject."""
        workers = [
            subprocess.Popen([sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        try:
            assert [output(worker).readline() for worker in workers] == ["ready\n"] * 3
            for number in range(8):
                path = tmp_path / f"{number}.sqlite"
                for worker in workers:
                    assert worker.stdin is not None
                    worker.stdin.write(f"{path}\n")
                    worker.stdin.flush()
                made = {json.loads(output(worker).readline()) for worker in workers}

                metadata = open_sql_metadata(path)
                assert made == {each.id for each in metadata.tokens.all()}
                assert [each.teams for each in metadata.tokens.all()] == [("red",)] * 3
                metadata.close()
        finally:
            for worker in workers:
                worker.communicate()


def output(worker: "subprocess.Popen[str]") -> IO[str]:
    assert worker.stdout is not None
    return worker.stdout
