import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.api.litellm.decode import decode
from meterd.errors import InvalidInput
from tests.api.litellm.payloads import START, array, error, evaluation, failure, ndjson, success, tool_call

GOOD = success(model="good")
LONG = "x" * 10_000
HUGE = b"9" * 5000


def models(body: bytes) -> list[str | None]:
    payloads, _ = decode(body, 100_000)
    return [payload.model for payload in payloads]


def skipped(body: bytes) -> int:
    return decode(body, 100_000)[1]


def with_raw(member: str, raw: bytes, **others: Any) -> bytes:
    """A payload whose member holds text that Python's own writer would not write."""
    return json.dumps(success(model="odd", **others) | {member: "@"}).encode().replace(b'"@"', raw)


class TestFormat:
    @pytest.mark.parametrize("space", [b"", b" \r\n\t"])
    def test_is_an_array_when_the_first_byte_says_so(self, space: bytes) -> None:
        assert models(space + array(success(model="a"), success(model="b")) + space) == ["a", "b"]

    @pytest.mark.parametrize("space", [b"", b" \r\n\t"])
    def test_is_one_object(self, space: bytes) -> None:
        assert models(space + json.dumps(success(model="a")).encode() + space) == ["a"]

    def test_is_one_object_over_several_lines(self) -> None:
        assert models(json.dumps(success(model="a"), indent=2).encode()) == ["a"]

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\n \n"])
    def test_is_one_object_a_line(self, end: bytes) -> None:
        body = ndjson(success(model="a"), success(model="b")).replace(b"\n", end)

        assert models(body) == models(body + end) == ["a", "b"]

    def test_lines_may_hold_other_line_ends_within_text(self) -> None:
        line = json.dumps(success(model="a\u2028b\x85c"), ensure_ascii=False).encode()

        assert models(line + b"\n" + line) == ["a\u2028b\x85c"] * 2

    def test_an_empty_array_holds_nothing(self) -> None:
        assert decode(b" [ ] ", 100_000) == ([], 0)

    @pytest.mark.parametrize("body", [b"", b" \n"])
    def test_an_empty_body_is_refused(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="empty"):
            decode(body, 100_000)

    @pytest.mark.parametrize("body", [b"nonsense", b"{", b"[", b"[{}", b"[{},]", b'{"id"', b"a\nb", b"\xff\xfe", b"\0"])
    def test_what_is_no_json_at_all_is_refused(self, body: bytes) -> None:
        with pytest.raises(InvalidInput, match="not valid JSON"):
            decode(body, 100_000)


class TestElement:
    @pytest.mark.parametrize("element", [None, 5, "text", [], {}, True, [success()], {"model": "no time"}])
    def test_that_is_no_event_is_counted_and_left_out(self, element: Any) -> None:
        assert (models(array(GOOD, element, GOOD)), skipped(array(GOOD, element, GOOD))) == (["good", "good"], 1)
        assert (models(ndjson(GOOD, element, GOOD)), skipped(ndjson(GOOD, element, GOOD))) == (["good", "good"], 1)

    def test_alone_and_unusable_is_no_reason_to_refuse(self) -> None:
        assert [decode(body, 100_000) for body in (b"null", b"5", b"{}", b'"text"', b"[null]")] == [([], 1)] * 5

    def test_that_is_broken_on_a_line_of_its_own_is_counted_and_left_out(self) -> None:
        body = ndjson(GOOD) + b'\n{"startTime": 1, "mod\n' + ndjson(GOOD)

        assert (models(body), skipped(body)) == (["good", "good"], 1)

    def test_may_have_members_that_nobody_knows(self) -> None:
        assert models(array(GOOD | {"new": {"deep": [1, {"er": None}]}})) == ["good"]

    def test_may_lack_everything_but_the_time(self) -> None:
        (payload,), _ = decode(b'{"startTime": 1760000000}', 100_000)

        assert (START - 0.25, None, False) == (payload.startTime, payload.model, payload.failed)

    @pytest.mark.parametrize("raw", [b"NaN", b"Infinity", b"-Infinity"])
    @pytest.mark.parametrize("member", ["messages", "response_cost", "endTime", "model_map_information"])
    def test_with_what_python_writes_for_no_number_is_used_without_it(self, member: str, raw: bytes) -> None:
        body = b"[" + json.dumps(GOOD).encode() + b"," + with_raw(member, raw) + b"]"

        assert (models(body), skipped(body)) == (["good", "odd"], 0)

    @pytest.mark.parametrize("raw", [b"1e309", b"-1e309", b"9" * 400])
    @pytest.mark.parametrize("member", ["messages", "response_cost", "endTime"])
    def test_with_a_number_beyond_all_floats_is_used_without_it(self, member: str, raw: bytes) -> None:
        body = b"[" + json.dumps(GOOD).encode() + b"," + with_raw(member, raw) + b"]"

        assert (models(body), skipped(body)) == (["good", "odd"], 0)

    @pytest.mark.parametrize("member", ["messages", "id", "end_user", "trace_id"])
    def test_with_half_a_surrogate_pair_is_used(self, member: str) -> None:
        body = array(GOOD, success(model="odd") | {member: "a\ud800b"})

        assert (models(body), skipped(body)) == (["good", "odd"], 0)

    def test_keeps_whole_surrogate_pairs_beside_a_half(self) -> None:
        assert models(array(success(model="\U0001f600\ud800"))) == ["\U0001f600\ufffd"]

    @pytest.mark.parametrize("member", ["messages", "response", "prompt_tokens", "saved_cache_cost"])
    def test_with_a_huge_integer_is_used(self, member: str) -> None:
        assert models(with_raw(member, HUGE)) == ["odd"]

    def test_with_a_huge_integer_among_the_callers_own_metadata_is_used(self) -> None:
        raw = json.dumps(success(model="odd", metadata={"requester_metadata": {"n": "@"}})).encode()

        assert models(raw.replace(b'"@"', HUGE)) == ["odd"]

    def test_with_a_huge_integer_does_not_hide_others_when_one_has_no_number(self) -> None:
        body = (
            b"["
            + b",".join([json.dumps(GOOD).encode(), with_raw("messages", b"NaN"), with_raw("messages", HUGE)])
            + b"]"
        )

        assert "good" in models(body)

    @pytest.mark.parametrize("depth", [900, 1200, 100_000])
    def test_that_is_nested_deeply_does_not_hide_others(self, depth: int) -> None:
        deep = with_raw("messages", b"[" * depth + b"]" * depth)

        assert "good" in models(json.dumps(GOOD).encode() + b"\n" + deep)
        assert "good" in models(b"[" + json.dumps(GOOD).encode() + b"," + deep + b"]")

    def test_that_is_nested_deeply_is_json_even_so(self) -> None:
        deep = with_raw("messages", b'{"a":' * 2000 + b"1" + b"}" * 2000)

        assert skipped(deep) + len(models(deep)) == 1

    def test_with_bytes_that_are_no_text_does_not_hide_others(self) -> None:
        body = b"[" + json.dumps(GOOD).encode() + b"," + with_raw("model_group", b'"\xff"') + b"]"

        assert "good" in models(body)


WRONG: list[Any] = [5, 5.5, -1, True, "text", [], [1], {}, {"a": 1}, 2**70, "x" * 5000]
MEMBERS = [name for name in success() if name != "startTime"]
NESTED = [
    *(("metadata", name) for name in success()["metadata"]),
    *(("metadata", name) for name in ("usage_object", "mcp_tool_call_metadata")),
    *(("error_information", name) for name in ("error_code", "error_class", "llm_provider", "normalized_error")),
    ("cost_breakdown", "total_cost"),
    ("hidden_params", "additional_headers"),
]


class TestWrongType:
    @pytest.mark.parametrize("member", MEMBERS)
    def test_of_a_member_costs_no_more_than_the_member(self, member: str) -> None:
        model = None if member == "model" else "good"
        for wrong in WRONG:
            (payload,), unreadable = decode(array(GOOD | {member: wrong}), 100_000)

            assert unreadable == 0
            assert model in (payload.model, None)

    @pytest.mark.parametrize(("outer", "inner"), NESTED)
    def test_within_a_member_costs_no_more_than_that(self, outer: str, inner: str) -> None:
        for wrong in WRONG:
            assert models(array(GOOD | {outer: (GOOD[outer] or {}) | {inner: wrong}})) == ["good"]

    @pytest.mark.parametrize("member", list(evaluation()))
    def test_within_a_guardrails_entry_costs_no_more_than_that(self, member: str) -> None:
        for wrong in [*WRONG, {"a": {"b": 1}}]:
            (payload,), _ = decode(array(GOOD | {"guardrail_information": [evaluation(), {member: wrong}]}), 100_000)

            assert len(payload.guardrails) == 2

    @pytest.mark.parametrize("wrong", [None, 5, "text", [], [{}]])
    def test_of_a_guardrails_entry_costs_no_more_than_the_entry(self, wrong: Any) -> None:
        (payload,), _ = decode(array(GOOD | {"guardrail_information": [evaluation(), wrong]}), 100_000)

        assert payload.guardrails[0].guardrail_name == "policy"

    @pytest.mark.parametrize("wrong", [5, "text", [], {}])
    def test_of_every_member_at_once_still_counts(self, wrong: Any) -> None:
        assert len(decode(array(dict.fromkeys(success(), wrong) | {"startTime": START}), 100_000)[0]) == 1

    def test_of_many_members_at_once_still_counts(self) -> None:
        assert models(array(GOOD | {"guardrail_information": [evaluation(guardrail_name=5)] * 50})) == ["good"]

    def test_a_number_where_text_is_meant_becomes_text(self) -> None:
        (payload,), _ = decode(array(failure(id=7, error_information=error(code=503), end_user=8.5)), 100_000)

        assert ("7", "8.5", "503") == (payload.id, payload.end_user, payload.error.code)


class TestLongText:
    @pytest.mark.parametrize(
        "member",
        [
            "id",
            "litellm_call_id",
            "trace_id",
            "session_id",
            "model",
            "model_group",
            "model_id",
            "custom_llm_provider",
            "end_user",
            "call_type",
        ],
    )
    def test_is_cut(self, member: str) -> None:
        (payload,), _ = decode(array(success() | {member: LONG}), 100_000)

        assert getattr(payload, member) == LONG[:4096]

    def test_is_cut_in_all_members_at_once(self) -> None:
        tool = dict.fromkeys(("name", "mcp_server_name", "mcp_server_resource"), LONG)
        payload: dict[str, Any] = {
            name: LONG if isinstance(value, str) else value for name, value in tool_call().items()
        }
        payload |= {
            "status": "success",
            "end_user": LONG,
            "custom_llm_provider": LONG,
            "error_information": dict.fromkeys(
                ("error_code", "error_class", "llm_provider", "normalized_error", "traceback"), LONG
            ),
            "metadata": {
                name: LONG if value is None or isinstance(value, str) else value
                for name, value in payload["metadata"].items()
            }
            | {"mcp_tool_call_metadata": tool},
            "guardrail_information": [
                dict.fromkeys(("guardrail_name", "guardrail_provider", "guardrail_id", "guardrail_status"), LONG)
            ]
            * 2,
        }

        assert models(array(payload)) == [LONG[:4096]]


def test_prompts_answers_and_errors_are_not_even_decoded() -> None:
    marker = "marmalade"
    body = array(
        failure(messages=[marker], response=marker, error_str=marker, user_agent=marker, requester_ip_address=marker)
    )

    assert marker not in repr(decode(body, 100_000))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_any_document_is_counted_element_by_element(document: Any) -> None:
    payloads, unreadable = decode(json.dumps(document).encode(), 100_000)

    assert len(payloads) + unreadable == (len(document) if isinstance(document, list) else 1)


@given(st.binary())
def test_any_bytes_are_taken_or_refused(body: bytes) -> None:
    try:
        payloads, unreadable = decode(body, 100_000)
    except InvalidInput as error:
        message = error.message
    else:
        message = f"send an array of {len(payloads) + unreadable}"

    assert "send an array" in message
