"""AI Guard's remote validation against a real endpoint (`docs/specifications/ai-guard.md` section 7)."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from meterd.access.validation import RemoteValidation
from meterd.errors import ConfigurationError, Unavailable
from meterd.settings import Authorization
from meterd.telemetry import Telemetry
from meterd.tls import make_self_signed
from tests.access.endpoint import HANG, HANG_UP, Endpoint, Seen


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@contextlib.asynccontextmanager
async def validation(endpoint: Endpoint, **settings: Any) -> AsyncIterator[RemoteValidation]:
    """A validation that hardly waits before it tries again."""
    usual: dict[str, Any] = {"validation_endpoint": endpoint.url, "initial_backoff": 0.001, "max_retry_duration": 5.0}
    asking = RemoteValidation(Authorization(**usual | settings), Telemetry())
    try:
        yield asking
    finally:
        await asking.close()


class TestAsking:
    async def test_a_token_is_good_when_the_endpoint_says_200(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint) as asking:
            assert await asking.accepts("good")

        host = f"127.0.0.1:{endpoint.port}"
        assert [Seen("GET", "/api/search?searchTerm=x", "Bearer good", host)] == endpoint.seen

    @pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 401, 403, 404, 429])
    async def test_any_other_answer_refuses_it_at_once(self, endpoint: Endpoint, status: int) -> None:
        endpoint.tokens["bad"] = status
        async with validation(endpoint) as asking:
            assert not await asking.accepts("bad")

        assert ["bad"] == endpoint.asked

    @pytest.mark.parametrize("token", ["mtr_", "mtr_" + "0" * 40, "mtr_x"])
    async def test_a_token_of_meterd_never_leaves_the_machine(self, endpoint: Endpoint, token: str) -> None:
        endpoint.tokens[token] = 200
        async with validation(endpoint) as asking:
            assert not await asking.accepts(token)

        assert [] == endpoint.seen

    @pytest.mark.parametrize("token", ["é", "a\nb", "a\0b", "a\x7fb"])
    async def test_what_no_header_can_hold_is_not_sent(self, endpoint: Endpoint, token: str) -> None:
        async with validation(endpoint) as asking:
            assert not await asking.accepts(token)

        assert [] == endpoint.seen


class TestTryingAgain:
    @pytest.mark.parametrize("faults", [[503], [500, 502, 504], [HANG_UP], [HANG_UP, 503, HANG_UP]])
    async def test_passing_trouble_is_not_noticed(self, endpoint: Endpoint, faults: list[int]) -> None:
        endpoint.script.extend([*faults, 200])
        async with validation(endpoint) as asking:
            assert await asking.accepts("good")

        assert ["good"] * (len(faults) + 1) == endpoint.asked

    async def test_a_refusal_after_trouble_is_a_refusal(self, endpoint: Endpoint) -> None:
        endpoint.script.extend([503, 403, 200])
        async with validation(endpoint) as asking:
            assert not await asking.accepts("bad")

        assert 2 == len(endpoint.seen)

    @pytest.mark.parametrize("status", [500, 503, HANG_UP])
    async def test_lasting_trouble_refuses_the_token(self, endpoint: Endpoint, status: int) -> None:
        endpoint.tokens["good"] = status
        async with validation(endpoint, max_retry_duration=1.0) as asking:
            assert not await asking.accepts("good")

        assert len(endpoint.seen) > 1

    async def test_an_endpoint_that_never_answers_refuses_the_token(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = HANG
        async with validation(endpoint, max_retry_duration=0.5) as asking:
            assert not await asking.accepts("good")

    async def test_an_endpoint_that_is_not_there_refuses_the_token(self, endpoint: Endpoint) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        async with validation(endpoint, validation_endpoint=nowhere, max_retry_duration=0.1) as asking:
            assert not await asking.accepts("good")

    async def test_trouble_is_logged_without_the_token(self, endpoint: Endpoint) -> None:
        endpoint.tokens["s3cret"] = 503
        with capture_logs() as logs:
            async with validation(endpoint, max_retry_duration=0.1) as asking:
                await asking.accepts("s3cret")

        assert "the token is refused" in logs[-1]["event"]
        assert "503" in str(logs)
        assert "s3cret" not in str(logs)


class TestRemembering:
    async def test_a_good_token_is_asked_about_once(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint) as asking:
            assert [True] * 3 == [await asking.accepts("good") for _ in range(3)]

        assert ["good"] == endpoint.asked

    async def test_a_good_token_is_remembered_through_trouble(self, endpoint: Endpoint) -> None:
        endpoint.script.extend([200, 503])
        async with validation(endpoint) as asking:
            assert await asking.accepts("good")
            assert await asking.accepts("good")

    async def test_a_bad_token_is_asked_about_once(self, endpoint: Endpoint) -> None:
        async with validation(endpoint) as asking:
            assert [False] * 3 == [await asking.accepts("bad") for _ in range(3)]

        assert ["bad"] == endpoint.asked

    @pytest.mark.parametrize("status", [408, 429])
    async def test_what_says_nothing_of_the_token_is_not_remembered(self, endpoint: Endpoint, status: int) -> None:
        endpoint.script.extend([status, 200])
        async with validation(endpoint) as asking:
            assert [False, True] == [await asking.accepts("new") for _ in range(2)]

    async def test_trouble_is_not_remembered(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 503
        async with validation(endpoint, max_retry_duration=2.0) as asking:
            assert not await asking.accepts("good")
            endpoint.tokens["good"] = 200
            assert await asking.accepts("good")

    async def test_no_number_of_bad_tokens_pushes_out_a_good_one(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint, cache_max_capacity=2) as asking:
            for token in ("good", "a", "b", "c", "good"):
                await asking.accepts(token)

        assert 1 == endpoint.asked.count("good")

    async def test_nothing_is_remembered_longer_than_asked_for(self, endpoint: Endpoint) -> None:
        endpoint.script.extend([200, 401, 200])
        async with validation(endpoint, cache_ttl=1e-9, cache_refused_ttl=1e-9) as asking:
            assert [True, False, True] == [await asking.accepts("revoked") for _ in range(3)]

    async def test_the_first_one_remembered_is_the_first_to_go(self, endpoint: Endpoint) -> None:
        endpoint.tokens |= dict.fromkeys("abc", 200)
        async with validation(endpoint, cache_max_capacity=2) as asking:
            for token in "abcbca":
                assert await asking.accepts(token)

        assert list("abca") == endpoint.asked


class TestAskingTogether:
    async def test_many_callers_with_one_token_share_a_request(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint, cache_ttl=1e-9) as asking:
            answers = await held(endpoint, asking, ["good"] * 20)

        assert [True] * 20 == answers
        assert ["good"] == endpoint.asked

    async def test_a_refusal_is_shared_and_then_forgotten(self, endpoint: Endpoint) -> None:
        async with validation(endpoint, cache_refused_ttl=1e-9) as asking:
            assert [False] * 3 == await held(endpoint, asking, ["bad"] * 3)
            endpoint.tokens["bad"] = 200
            assert await asking.accepts("bad")

    async def test_different_tokens_are_asked_about_separately(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint) as asking:
            assert [True, False] == await held(endpoint, asking, ["good", "bad"])

    async def test_a_caller_that_goes_away_does_not_disturb_the_others(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        endpoint.released.clear()
        async with validation(endpoint) as asking:
            first, second = (asyncio.create_task(asking.accepts("good")) for _ in range(2))
            await asyncio.to_thread(endpoint.reached.wait, 30)
            first.cancel()
            await asyncio.wait([first])
            endpoint.released.set()

            assert await second
        assert first.cancelled()
        assert ["good"] == endpoint.asked


class TestManyTokens:
    async def test_so_many_questions_are_asked_at_once(self, endpoint: Endpoint) -> None:
        endpoint.released.clear()
        async with validation(endpoint, concurrency=3) as asking:
            questions = [asyncio.create_task(asking.accepts(f"t{number}")) for number in range(20)]
            await asyncio.to_thread(endpoint.wait_for, 3)
            await asyncio.sleep(0.1)  # in which a fourth would come
            assert 3 == len(endpoint.seen)
            endpoint.released.set()
            assert [False] * 20 == await asyncio.gather(*questions)

        assert 20 == len(endpoint.seen)

    async def test_beyond_those_that_wait_they_are_turned_away_unasked(self, endpoint: Endpoint) -> None:
        endpoint.tokens["good"] = 200
        async with validation(endpoint, concurrency=1) as asking:
            assert await asking.accepts("good")
            endpoint.released.clear()
            questions = [asyncio.create_task(asking.accepts(f"t{number}")) for number in range(33)]
            await asyncio.to_thread(endpoint.wait_for, 2)
            with pytest.raises(Unavailable, match=r"service\.authorization\.concurrency"):
                await asking.accepts("more")
            assert await asking.accepts("good")
            endpoint.released.set()
            await asyncio.gather(*questions)

        assert "more" not in endpoint.asked

    async def test_who_waits_too_long_for_a_turn_may_try_again(self, endpoint: Endpoint) -> None:
        endpoint.released.clear()
        async with validation(endpoint, concurrency=1, max_retry_duration=2.0) as asking:
            first, second = await asyncio.gather(asking.accepts("a"), asking.accepts("b"), return_exceptions=True)

        assert first is False
        assert isinstance(second, Unavailable)
        assert ["a"] == endpoint.asked

    async def test_a_token_of_any_length_is_not_asked_about(self, endpoint: Endpoint) -> None:
        async with validation(endpoint) as asking:
            assert not await asking.accepts("x" * 8193)

        assert [] == endpoint.seen


async def held(endpoint: Endpoint, asking: RemoteValidation, tokens: list[str]) -> list[bool]:
    """Answers to questions that are all asked before the endpoint gives its first answer."""
    endpoint.released.clear()
    questions = [asyncio.create_task(asking.accepts(token)) for token in tokens]
    await asyncio.to_thread(endpoint.reached.wait, 30)
    endpoint.released.set()
    return await asyncio.gather(*questions)


class TestTrust:
    NAME = "validator.example"

    @pytest.fixture
    def authority(self, tmp_path: Path) -> Path:
        """A certificate of the name; the key is beside it."""
        make_self_signed(tmp_path / "key.pem", tmp_path / "certificate.pem", [self.NAME], 1)
        return tmp_path / "certificate.pem"

    @pytest.fixture
    def guarded(self, authority: Path) -> Iterator[Endpoint]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority, authority.with_name("key.pem"))
        with Endpoint(context) as endpoint:
            endpoint.tokens["good"] = 200
            yield endpoint

    async def accepts(self, guarded: Endpoint, name: str, authority: Path | None) -> bool:
        settings = {
            "validation_endpoint": f"https://{name}:9999/check",
            "trusted_root_address": f"127.0.0.1:{guarded.port}",
            "trusted_root_path": authority and str(authority),
            "max_retry_duration": 2.0,
        }
        async with validation(guarded, **settings) as asking:
            return await asking.accepts("good")

    async def test_another_address_is_connected_to_and_nothing_else_changes(
        self, guarded: Endpoint, authority: Path
    ) -> None:
        assert await self.accepts(guarded, self.NAME, authority)
        assert [Seen("GET", "/check", "Bearer good", f"{self.NAME}:9999")] == guarded.seen

    async def test_a_certificate_of_another_name_gets_no_token(self, guarded: Endpoint, authority: Path) -> None:
        assert not await self.accepts(guarded, "another.example", authority)
        assert [] == guarded.seen

    async def test_a_certificate_that_nobody_vouches_for_gets_no_token(self, guarded: Endpoint) -> None:
        assert not await self.accepts(guarded, self.NAME, None)
        assert [] == guarded.seen


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"validation_endpoint": None}, "needs validation-endpoint"),
        ({"validation_endpoint": "tenant.example/api"}, "validation-endpoint must be"),
        ({"validation_endpoint": "ftp://tenant.example"}, "validation-endpoint must be"),
        ({"validation_endpoint": "https://alice:hunter2@tenant.example"}, "validation-endpoint must be"),
        ({"validation_endpoint": "https://tenant.example:port"}, "validation-endpoint must be"),
        ({"trusted_root_address": "host:port"}, "trusted-root-address must be"),
        ({"trusted_root_address": ":443"}, "trusted-root-address must be"),
        ({"trusted_root_address": "https://proxy.example"}, "trusted-root-address must be"),
        ({"trusted_root_address": "a@b:1"}, "trusted-root-address must be"),
        ({"trusted_root_path": "/nowhere/ca.pem"}, "trusted-root-path: can't use /nowhere/ca.pem"),
        ({"trusted_root_path": __file__}, "trusted-root-path: can't use"),
    ],
)
async def test_settings_that_can_not_work_are_named(settings: dict[str, Any], named: str) -> None:
    usual: dict[str, Any] = {"validation_endpoint": "https://tenant.example/api"}
    with pytest.raises(ConfigurationError, match=named) as caught:
        RemoteValidation(Authorization(**usual | settings), Telemetry())
    assert "hunter2" not in caught.value.message
