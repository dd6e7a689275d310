"""Numbers and times of LiteLLM's payloads in other spellings."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.api.litellm.payloads import START, caller, error, evaluation, failure, success
from tests.api.litellm.test_facts import GUARDRAIL, MODEL, part, row


@pytest.mark.parametrize("spell", [str, float, lambda number: f"{number}.0", int])
def test_counts_count(spell: Callable[[int], object]) -> None:
    usage = {"prompt_tokens_details": {"cached_tokens": spell(4), "cache_creation_tokens": spell(3)}}
    payload = success(
        prompt_tokens=spell(12), completion_tokens=spell(30), metadata=caller(usage_object=usage), stream="true"
    )

    assert [12, 30, 4, 3, True] == part(
        row(MODEL, payload),
        *("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens", "streaming"),
    )


def test_cached_tokens_have_several_names() -> None:
    usage = {"input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3}}
    found = row(MODEL, success(metadata=caller(usage_object=usage)))

    assert [4, 3] == part(found, "cacheReadInputTokens", "cacheCreationInputTokens")


@pytest.mark.parametrize(("cost", "expected"), [("0.0025", 0.0025), ("2.5e-3", 0.0025), ("2", 2.0), (2, 2.0)])
def test_costs_count(cost: object, expected: float) -> None:
    assert row(MODEL, success(response_cost=cost))["costInUSD"] == expected


@pytest.mark.parametrize("cost", ["", "free", "nan", "1e999"])
def test_a_cost_that_is_no_number_is_left_out(cost: str) -> None:
    found = row(MODEL, success(response_cost=cost))

    assert "costInUSD" not in found
    assert found["inputTokens"] == 12


@pytest.mark.parametrize("code", ["429", 429, 429.0, "429.0"])
def test_a_status_counts(code: object) -> None:
    found = row(MODEL, failure(error_information=error(code, "SomeError")))

    assert [429, "429"] == part(found, "httpStatusCode", "errorCode")


@pytest.mark.parametrize(
    "spell",
    [
        lambda time: datetime.fromtimestamp(time, UTC).isoformat(),
        lambda time: datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z"),
        lambda time: datetime.fromtimestamp(time, timezone(timedelta(hours=2))).isoformat(),
        lambda time: str(datetime.fromtimestamp(time, UTC).replace(tzinfo=None)),
        str,
    ],
)
def test_times_count(spell: Callable[[float], str]) -> None:
    entry = evaluation(start_time=spell(START + 0.25), end_time=spell(START + 0.5), duration=None)
    payload = success(
        startTime=spell(START),
        endTime=spell(START + 2),
        completionStartTime=spell(START + 0.5),
        stream=True,
        guardrail_information=[entry],
    )
    plain = success(startTime=START)

    assert [2000.0, 500.0] == part(row(MODEL, payload), "latencyMs", "timeToFirstTokenMs")
    assert row(MODEL, payload)["createdAt"] == row(MODEL, plain)["createdAt"]
    assert row(GUARDRAIL, payload)["latencyMs"] == 250.0


@pytest.mark.parametrize("time", ["", "yesterday", "2026-13-01T00:00:00Z", None, True, "9" * 400])
def test_an_end_that_is_no_time_is_left_out(time: object) -> None:
    assert "latencyMs" not in row(MODEL, success(endTime=time))


@pytest.mark.parametrize("fallbacks", [0, "0", 0.0, "0.0", None])
def test_no_fallbacks_are_none(fallbacks: object) -> None:
    hidden = {"additional_headers": {"x-litellm-attempted-fallbacks": fallbacks}}

    assert row(MODEL, success(hidden_params=hidden))["requestedModelName"] == "chat-small"
