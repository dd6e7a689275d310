import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.litellm.vocabulary import error_status, guardrail_result, guardrail_scope, request_type, without_provider


class TestGuardrailResult:
    @pytest.mark.parametrize(
        ("native", "result"),
        [
            ("success", "pass"),
            ("guardrail_flagged", "flag"),
            ("guardrail_intervened", "fail"),
            ("blocked", "fail"),
            ("guardrail_failed_to_respond", "error"),
            ("failure", "error"),
            ("Success", "Success"),
            ("", ""),
            (None, None),
        ],
    )
    def test_follows_from_the_native_word(self, native: str | None, result: str | None) -> None:
        assert guardrail_result(native, b"null", masked=False) == result

    @pytest.mark.parametrize(
        ("native", "result"),
        [("success", "mutate"), ("guardrail_intervened", "fail"), ("guardrail_flagged", "flag"), ("blocked", "fail")],
    )
    def test_masked_entities_count_for_a_success_only(self, native: str, result: str) -> None:
        assert guardrail_result(native, b'"allow"', masked=True) == result

    @pytest.mark.parametrize(
        ("actions", "result"),
        [
            (["MASK"], "mutate"),
            (["NONE", "ANONYMIZED"], "mutate"),
            (["MASK", "BLOCK"], "pass"),
            (["REDACT", "BLOCKED"], "pass"),
            (["mask"], "pass"),
            ([5, None, ["MASK"], "MASK"], "mutate"),
            ([], "pass"),
        ],
    )
    def test_actions_that_change_the_text_and_block_nothing_are_a_mutation(self, actions: Any, result: str) -> None:
        response = json.dumps([{"action": action} for action in actions]).encode()

        assert guardrail_result("success", response, masked=False) == result

    @pytest.mark.parametrize(
        "response", [b"", b"[", b"[" * 5000, b"[[[]]]", b'["MASK"]', b'{"action": "MASK"}', b"\xff"]
    )
    def test_any_other_response_is_none(self, response: bytes) -> None:
        assert guardrail_result("success", response, masked=False) == "pass"

    @given(st.text(), st.binary(), st.booleans())
    def test_is_a_word_for_whatever_comes(self, native: str, response: bytes, masked: bool) -> None:
        assert isinstance(guardrail_result(native, response, masked), str)


@pytest.mark.parametrize(
    ("mode", "early", "late"),
    [
        ("pre_call", "input", "input"),
        ("post_call", "output", "output"),
        ("post_mcp_call", "output", "output"),
        (["post_call"], "output", "output"),
        (["during_call"], "input", "input"),
        (["pre_call", "post_call"], "input", "output"),
        (["post_call", "post_mcp_call"], "input", "output"),
        ({"tags": {"a": "post_call"}, "default": "pre_call"}, "input", "input"),
        ({"default": ["pre_call", "post_call"]}, "input", "output"),
        ({"tags": {"a": "post_call"}}, "input", "input"),
        ([5, None, "post_call"], "output", "output"),
        (5, "input", "input"),
        (None, "input", "input"),
        ("", "input", "input"),
    ],
)
def test_the_scope_follows_from_the_mode_and_of_several_from_the_time(mode: Any, early: str, late: str) -> None:
    assert (early, late) == (guardrail_scope(mode, is_late=False), guardrail_scope(mode, is_late=True))


@pytest.mark.parametrize(
    ("call_type", "expected"),
    [
        ("acompletion", "chat"),
        ("completion", "chat"),
        ("atext_completion", "completion"),
        ("aembedding", "embedding"),
        ("anthropic_messages", "messages"),
        ("aresponses", "responses"),
        ("responses", "responses"),
        ("audio_transcription", "audio_transcription"),
        ("add_message", "add_message"),
        ("call_mcp_tool", "mcp"),
        ("list_mcp_tools", "mcp"),
        ("asend_message", "a2a"),
        ("send_message", "a2a"),
        ("asend_message_streaming", "a2a"),
        ("rerank", "rerank"),
        (None, None),
    ],
)
def test_the_type_of_a_request_is_its_call_without_the_asynchronous_prefix(
    call_type: str | None, expected: str | None
) -> None:
    assert request_type(call_type) == expected


@pytest.mark.parametrize(
    ("code", "normalized", "class_", "status"),
    [
        ("503", "429_RATE_LIMIT_EXCEEDED", "Timeout", 503),
        ("bad_parameter", "429_RATE_LIMIT_EXCEEDED", "Timeout", 429),
        ("bad_parameter", "UNCLASSIFIED", "Timeout", 408),
        ("bad_parameter", None, "Novelty", None),
        ("", "500_X", None, 500),
        (None, "500", None, 500),
        (None, "5001", None, None),
        ("5030", None, None, None),
        (" 503", None, None, None),
        ("٥٠٣", None, None, None),
        ("503\n", None, None, None),
        (None, None, "RateLimitError", 429),
        (None, None, "AuthenticationError", 401),
        (None, None, None, None),
    ],
)
def test_the_status_of_an_error_comes_from_its_code_its_norm_or_its_class(
    code: str | None, normalized: str | None, class_: str | None, status: int | None
) -> None:
    assert error_status(code, normalized, class_) == status


@pytest.mark.parametrize(
    ("model", "provider", "expected"),
    [
        ("openai/small-1", "openai", "small-1"),
        ("openai/openai/x", "openai", "openai/x"),
        ("small-1", "openai", "small-1"),
        ("openaix/y", "openai", "openaix/y"),
        ("openai/x", "", "openai/x"),
        ("openai/x", None, "openai/x"),
        (None, "openai", None),
        ("", "openai", ""),
    ],
)
def test_the_model_of_a_provider_is_named_without_it(
    model: str | None, provider: str | None, expected: str | None
) -> None:
    assert without_provider(model, provider) == expected
