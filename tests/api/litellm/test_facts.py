import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from meterd.access import Caller, Scope, SubjectType
from meterd.api.litellm.decode import decode
from meterd.api.litellm.facts import HEALTH_CHECK, Translator
from meterd.ingest.facts import Facts
from meterd.ingest.reports import Report
from meterd.settings import Ingest
from tests.api.litellm.payloads import (
    START,
    Payload,
    agent_message,
    array,
    bedrock,
    blocked,
    caller,
    embedding,
    error,
    evaluation,
    failure,
    rescued,
    success,
    tool_call,
    tool_list,
)

GATEWAY = Caller(
    "acme",
    "gateway",
    SubjectType.VIRTUAL_ACCOUNT,
    ("ops",),
    scopes=frozenset({Scope.INGEST, Scope.INGEST_ANY_SUBJECT}),
)
OWN_ONLY = Caller("acme", "gateway", SubjectType.VIRTUAL_ACCOUNT, ("ops",), scopes=frozenset({Scope.INGEST}))

GUARDRAIL, MODEL, MCP, REQUEST = "guardrail_evaluations", "model_calls", "mcp_calls", "gateway_requests"
Row = dict[str, Any]


def reported(*payloads: Payload, token: Caller = GATEWAY, assume_cache_misses: bool = False) -> tuple[Facts, ...]:
    """Facts of one body."""
    report = Report(token, Ingest(), 2**20)
    translator = Translator(report, assume_cache_misses)
    usable, unreadable = decode(array(*payloads), 100_000)
    assert unreadable == 0
    for payload in usable:
        translator.add(payload)
    translator.finish()
    return report.facts()


def rows(dataset: str, *payloads: Payload, **arguments: Any) -> list[Row]:
    return [
        json.loads(line)
        for facts in reported(*payloads, **arguments)
        if facts.dataset == dataset
        for line in facts.lines.splitlines()
    ]


def row(dataset: str, *payloads: Payload, **arguments: Any) -> Row:
    (only,) = rows(dataset, *payloads, **arguments)
    return only


def counts(*payloads: Payload) -> dict[str, int]:
    return {facts.dataset: facts.count for facts in reported(*payloads)}


def identities(*payloads: Payload) -> set[bytes | None]:
    """Of all facts, as the journal tells new from known."""
    return {identity for facts in reported(*payloads) for identity in facts.identities}


def part(row: Row, *names: str) -> list[Any]:
    return [row.get(name) for name in names]


class TestTables:
    """Which payloads become rows of which tables."""

    @pytest.mark.parametrize(
        "call_type",
        [
            "acompletion",
            "completion",
            "atext_completion",
            "aembedding",
            "aresponses",
            "anthropic_messages",
            "aimage_generation",
            "atranscription",
            "aspeech",
            "arerank",
            "amoderation",
            "pass_through_endpoint",
        ],
    )
    def test_a_call_of_a_model_is_a_model_call_and_a_request(self, call_type: str) -> None:
        assert counts(success(call_type=call_type)) == {MODEL: 1, REQUEST: 1}

    @pytest.mark.parametrize("call_type", ["call_mcp_tool", "list_mcp_tools"])
    def test_a_call_of_a_tool_is_an_mcp_call_and_a_request(self, call_type: str) -> None:
        assert counts(tool_call(call_type=call_type)) == {MCP: 1, REQUEST: 1}

    @pytest.mark.parametrize("call_type", ["asend_message", "send_message", "asend_message_streaming"])
    def test_a_message_to_an_agent_is_a_request(self, call_type: str) -> None:
        assert counts(agent_message(call_type=call_type)) == {REQUEST: 1}

    @pytest.mark.parametrize("build", [success, tool_call, tool_list, agent_message])
    def test_every_entry_of_a_guardrail_is_an_evaluation(self, build: Any) -> None:
        payload = build(guardrail_information=[evaluation(), evaluation(guardrail_name="tone")])

        assert [each["guardrailName"] for each in rows(GUARDRAIL, payload)] == ["policy", "tone"]

    @pytest.mark.parametrize("build", [success, failure, blocked, tool_call])
    def test_the_proxys_own_probes_are_nothing_at_all(self, build: Any) -> None:
        assert counts(build(request_tags=["a", HEALTH_CHECK], guardrail_information=[evaluation()])) == {}

    @pytest.mark.parametrize(
        ("payload", "reached"),
        [
            (success(), True),
            (failure(error_information=error("500", provider="openai")), True),
            (failure(error_information=error("401", "ProxyException", provider="")), False),
            (failure(error_information=error("400", "BadRequestError", provider=""), model_group=""), False),
            (failure(error_information=error("429", "HTTPException", provider="")), False),
            (failure(error_information=None), False),
            (failure(error_information=error(provider=None)), False),
            (blocked(), False),
            (blocked(cost_breakdown={"total_cost": 0.5}), True),
        ],
    )
    def test_only_a_model_that_was_reached_was_called(self, payload: Payload, reached: bool) -> None:
        assert (MODEL in counts(payload), REQUEST in counts(payload)) == (reached, True)

    def test_guardrails_that_were_only_configured_are_no_evaluations(self) -> None:
        assert GUARDRAIL not in counts(success(metadata=caller(applied_guardrails=["policy"])))

    @pytest.mark.parametrize("nothing", [None, []])
    def test_no_entries_are_no_evaluations(self, nothing: Any) -> None:
        assert GUARDRAIL not in counts(success(guardrail_information=nothing))

    def test_a_single_entry_of_old_versions_is_an_evaluation(self) -> None:
        assert row(GUARDRAIL, success(guardrail_information=evaluation()))["guardrailName"] == "policy"


MASK, BLOCK = {"action": "MASK"}, {"action": "BLOCK"}
VERDICTS: list[tuple[Any, Any, Any, str | None]] = [
    # status, response, masked_entity_count, result
    ("success", "allow", None, "pass"),
    ("success", None, None, "pass"),
    ("success", {"choices": ["the whole answer"]}, None, "pass"),
    ("success", "mask", None, "mutate"),
    ("guardrail_intervened", "mask", None, "mutate"),
    ("success", "allow", {"EMAIL": 2}, "mutate"),
    ("success", "allow", {"EMAIL": 0, "PHONE": 0}, "pass"),
    ("success", "allow", {"EMAIL": "2", "PHONE": None}, "mutate"),
    ("success", "allow", {"EMAIL": 2.0}, "mutate"),
    ("success", "allow", {"EMAIL": "two", "PHONE": "0", "NAME": [2]}, "pass"),
    ("success", "allow", {}, "pass"),
    ("guardrail_intervened", "400: no", {"EMAIL": 2}, "fail"),
    *(("success", [{"action": word}], None, "mutate") for word in ("MASK", "MASKED", "REDACT", "ANONYMIZED")),
    *(("guardrail_intervened", [{"action": word}], None, "mutate") for word in ("MASK", "ANONYMIZED")),
    ("success", [MASK, {"action": "NONE"}, {}], None, "mutate"),
    ("success", [MASK, "a remark", None], None, "mutate"),
    ("success", [{"action": "NONE"}], None, "pass"),
    ("success", [MASK, BLOCK], None, "pass"),
    ("guardrail_intervened", [MASK, BLOCK], None, "fail"),
    ("guardrail_intervened", [{"action": "MASKED"}, {"action": "BLOCKED"}], None, "fail"),
    ("success", bedrock("GUARDRAIL_INTERVENED", "ANONYMIZED"), None, "mutate"),
    ("success", [bedrock("GUARDRAIL_INTERVENED", "NONE", "ANONYMIZED")], None, "mutate"),
    ("success", bedrock("GUARDRAIL_INTERVENED"), None, "mutate"),
    ("success", bedrock("NONE", "NONE"), None, "pass"),
    ("success", bedrock("NONE"), None, "pass"),
    (
        "success",
        {"action": "GUARDRAIL_INTERVENED", "assessments": [5, {"a": 5, "b": {"c": 5, "d": [5]}}]},
        None,
        "mutate",
    ),
    ("success", {"assessments": [{"a": {"b": [{"action": 5}, {"action": "MASK"}]}}]}, None, "mutate"),
    ("guardrail_intervened", bedrock("GUARDRAIL_INTERVENED", "BLOCKED"), None, "fail"),
    ("guardrail_intervened", bedrock("GUARDRAIL_INTERVENED", "BLOCKED", "ANONYMIZED"), None, "fail"),
    ("guardrail_intervened", bedrock("GUARDRAIL_INTERVENED"), None, "fail"),
    ("guardrail_intervened", "400: no", None, "fail"),
    ("guardrail_intervened", None, None, "fail"),
    ("blocked", "no", None, "fail"),
    ("blocked", "mask", None, "fail"),
    ("guardrail_flagged", {"remark": 1}, None, "flag"),
    ("guardrail_flagged", "mask", {"EMAIL": 1}, "flag"),
    ("guardrail_failed_to_respond", "503: no", None, "error"),
    ("failure", "it broke", None, "error"),
    ("escalated", "allow", None, "escalated"),
    (None, "allow", None, None),
]


class TestVerdict:
    @pytest.mark.parametrize(("status", "response", "masked", "result"), VERDICTS)
    def test_follows_from_the_native_word(self, status: Any, response: Any, masked: Any, result: str | None) -> None:
        entry = evaluation(guardrail_status=status, guardrail_response=response, masked_entity_count=masked)

        assert [result, status, result == "error"] == part(
            row(GUARDRAIL, success(guardrail_information=[entry])),
            "guardrailResult",
            "guardrailNativeResult",
            "isFailure",
        )

    def test_not_run_is_no_row(self) -> None:
        entries = [evaluation(guardrail_status="not_run"), evaluation(guardrail_name="tone")]

        assert row(GUARDRAIL, success(guardrail_information=entries))["guardrailName"] == "tone"

    @pytest.mark.parametrize(
        ("response", "code", "others", "result"),
        [
            ("That is not allowed here.", "400", [], "fail"),
            ("deny", "400", [], "fail"),
            ("allow", "400", [], "pass"),
            ("mask", "400", [], "mutate"),
            ({"a": 1}, "400", [], "pass"),
            (None, "400", [], "pass"),
            ("That is not allowed here.", "500", [], "pass"),
            ("That is not allowed here.", "400", ["guardrail_intervened"], "pass"),
            ("That is not allowed here.", "400", ["blocked"], "pass"),
            ("That is not allowed here.", "400", ["success", "guardrail_flagged"], "fail"),
        ],
    )
    def test_a_sentence_as_response_of_a_request_that_was_refused_is_a_block(
        self, response: Any, code: str, others: list[str], result: str
    ) -> None:
        entries = [evaluation(guardrail_response=response), *(evaluation(guardrail_status=word) for word in others)]
        payload = failure(error_information=error(code, "HTTPException", ""), guardrail_information=entries)

        assert rows(GUARDRAIL, payload)[0]["guardrailResult"] == result

    @pytest.mark.parametrize(
        "information",
        [error("", "", "", normalized_error="400_BAD_REQUEST"), error("bad_parameter", "BadRequestError", "")],
    )
    def test_the_status_of_a_refusal_may_be_told_otherwise_than_by_the_code(self, information: Payload) -> None:
        payload = failure(error_information=information, guardrail_information=[evaluation(guardrail_response="No.")])

        assert [400, "fail"] == [
            row(REQUEST, payload)["httpStatusCode"],
            row(GUARDRAIL, payload)["guardrailResult"],
        ]

    def test_a_sentence_as_response_of_a_request_that_succeeded_is_none(self) -> None:
        payload = success(guardrail_information=[evaluation(guardrail_response="Hello.")])

        assert row(GUARDRAIL, payload)["guardrailResult"] == "pass"


LATE, EARLY = START + 0.5, START + 0.25


class TestEvaluation:
    @pytest.mark.parametrize(
        ("mode", "started", "scope"),
        [
            *(
                (mode, LATE, "input")
                for mode in (
                    "pre_call",
                    "during_call",
                    "logging_only",
                    "pre_mcp_call",
                    "during_mcp_call",
                    "realtime_input_transcription",
                )
            ),
            *((mode, EARLY, "output") for mode in ("post_call", "post_mcp_call")),
            (["post_call"], EARLY, "output"),
            (["pre_call"], LATE, "input"),
            (["pre_call", "post_call"], EARLY, "input"),
            (["pre_call", "post_call"], LATE, "output"),
            (["post_call", "pre_call"], EARLY, "input"),
            ({"tags": {"a": "post_call"}, "default": "pre_call"}, LATE, "input"),
            ({"tags": {}, "default": ["post_call"]}, EARLY, "output"),
            (None, LATE, "input"),
            ([], LATE, "input"),
        ],
    )
    def test_has_the_scope_of_its_mode(self, mode: Any, started: float, scope: str) -> None:
        entry = evaluation(guardrail_mode=mode, start_time=started)

        assert row(GUARDRAIL, success(guardrail_information=[entry]))["appliedOnEntityScope"] == scope

    def test_has_the_columns_of_its_entry(self) -> None:
        entry = evaluation(guardrail_id="g-1", guardrail_provider="presidio", duration=0.5)

        assert ["policy", "g-1", "presidio", 500.0] == part(
            row(GUARDRAIL, success(guardrail_information=[entry])),
            "guardrailName",
            "guardrailId",
            "providerIntegrationType",
            "latencyMs",
        )

    @pytest.mark.parametrize(
        ("times", "latency"),
        [
            ({"duration": 0.5}, 500.0),
            ({"duration": None}, 125.0),
            ({"duration": -0.5}, 0.0),
            ({"duration": None, "end_time": START}, 0.0),
            ({"duration": None, "end_time": None}, None),
            ({"duration": 0.25, "start_time": None, "end_time": None}, 250.0),
        ],
    )
    def test_lasts_as_long_as_it_says(self, times: Payload, latency: float | None) -> None:
        payload = success(guardrail_information=[evaluation(**times)])

        assert row(GUARDRAIL, payload).get("latencyMs") == latency

    @pytest.mark.parametrize(("started", "time"), [(START + 0.125, START + 0.125), (None, START)])
    def test_happened_when_it_began(self, started: float | None, time: float) -> None:
        payload = success(guardrail_information=[evaluation(start_time=started)])

        assert timestamp(row(GUARDRAIL, payload)) == time

    def test_is_applied_on_a_model(self) -> None:
        payload = success(guardrail_information=[evaluation()])

        assert ["model", "chat-small"] == part(row(GUARDRAIL, payload), "appliedOnEntityType", "appliedOnEntityName")

    def test_of_a_tool_call_is_applied_on_the_server(self) -> None:
        payload = tool_call(guardrail_information=[evaluation()])

        assert ["mcp_server", "calculator"] == part(
            row(GUARDRAIL, payload), "appliedOnEntityType", "appliedOnEntityName"
        )

    def test_with_a_time_that_cannot_be_stored_does_not_cost_the_model_call(self) -> None:
        payload = success(guardrail_information=[evaluation(start_time=-1.0)])

        assert counts(payload)[MODEL] == 1

    def test_of_many_does_not_multiply_large_metadata(self) -> None:
        """A body of 33 kB must not fill the disk."""
        labels = {f"{number:0128}": "v" * 128 for number in range(64)}
        body = success(metadata=caller(requester_metadata=labels), guardrail_information=[{}] * 4000)
        written = sum(len(facts.lines) for facts in reported(body))

        assert written < 200 * len(array(body))


def timestamp(row: Row) -> float:
    time = datetime.fromisoformat(row["createdAt"])
    assert time.tzinfo is not None
    return time.astimezone(UTC).timestamp()


class TestCommon:
    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ({}, ["ann@example.com", "user", "u-ann"]),
            ({"user_api_key_user_email": None}, ["u-ann", "user", "u-ann"]),
            ({"user_api_key_user_email": ""}, ["u-ann", "user", "u-ann"]),
            ({"user_api_key_user_id": None}, ["ann@example.com", "user", "0" * 63 + "1"]),
            (
                {"user_api_key_user_email": None, "user_api_key_user_id": None},
                ["ann-key", "virtualaccount", "0" * 63 + "1"],
            ),
            (
                {"user_api_key_user_email": None, "user_api_key_user_id": "", "user_api_key_alias": ""},
                ["unknown", "virtualaccount", "0" * 63 + "1"],
            ),
            (
                {
                    "user_api_key_user_email": None,
                    "user_api_key_user_id": "default_user_id",
                    "user_api_key_hash": "litellm_proxy_master_key",
                },
                ["default_user_id", "user", "default_user_id"],
            ),
        ],
    )
    def test_the_subject_is_the_caller_of_the_gateway(self, members: Payload, expected: list[str]) -> None:
        payload = success(metadata=caller(**members), guardrail_information=[evaluation()])

        for dataset in (GUARDRAIL, MODEL, REQUEST):
            assert expected == part(
                row(dataset, payload), "createdBySubjectSlug", "createdBySubjectType", "createdBySubjectId"
            )

    @pytest.mark.parametrize(
        ("members", "teams"),
        [
            ({}, ["red"]),
            ({"user_api_key_team_alias": None}, ["team-1"]),
            ({"user_api_key_team_alias": ""}, ["team-1"]),
            ({"user_api_key_team_alias": None, "user_api_key_team_id": None}, []),
        ],
    )
    def test_the_team_is_the_keys(self, members: Payload, teams: list[str]) -> None:
        assert row(MODEL, success(metadata=caller(**members))).get("teams", []) == teams

    @pytest.mark.parametrize("nothing", [None, {}, "wrong"])
    def test_a_payload_of_nobody_is_unknown(self, nothing: Any) -> None:
        assert ["unknown", "virtualaccount", None] == part(
            row(MODEL, success(metadata=nothing)), "createdBySubjectSlug", "createdBySubjectType", "createdBySubjectId"
        )

    def test_without_the_scope_all_rows_are_the_tokens_subjects(self) -> None:
        payload = success(guardrail_information=[evaluation()])

        for dataset in (GUARDRAIL, MODEL, REQUEST):
            assert ["gateway", "virtualaccount", None, ["ops"]] == part(
                row(dataset, payload, token=OWN_ONLY),
                "createdBySubjectSlug",
                "createdBySubjectType",
                "createdBySubjectId",
                "teams",
            )

    @pytest.mark.parametrize(
        ("payload", "conversation"),
        [
            (success(session_id="s-1"), "s-1"),
            (success(session_id="", metadata=caller(requester_metadata={"session_id": "s-2"})), "s-2"),
            (success(session_id="s-1", metadata=caller(requester_metadata={"session_id": "s-2"})), "s-1"),
            (success(session_id=None, metadata=caller(requester_metadata=None)), None),
            (success(metadata=caller(requester_metadata={"session_id": ""})), None),
            (success(metadata=caller(requester_metadata={"session_id": 5})), None),
            (success(metadata=caller(requester_metadata={"trace_id": "t"})), None),
        ],
    )
    def test_the_conversation_is_the_session(self, payload: Payload, conversation: str | None) -> None:
        assert row(MODEL, payload).get("conversationId") == conversation

    @pytest.mark.parametrize(
        "members",
        [{"session_id": "s" * 9000}, {"metadata": caller(requester_metadata={"session_id": "s" * 9000})}],
        ids=["of the payload", "of the caller"],
    )
    def test_a_long_session_is_cut(self, members: Payload) -> None:
        assert row(MODEL, success(**members))["conversationId"] == "s" * 4096

    @pytest.mark.parametrize(("trace", "expected"), [("t", "t"), (None, "c"), ("", "c")])
    def test_the_trace_is_the_payloads_else_the_call(self, trace: str | None, expected: str) -> None:
        assert row(MODEL, success(trace_id=trace, litellm_call_id="c"))["traceId"] == expected

    def test_times_are_the_payloads(self) -> None:
        payload = success()

        assert [START] * 2 == [timestamp(row(MODEL, payload)), timestamp(row(REQUEST, payload))]

    @pytest.mark.parametrize("time", [-1.0, 32_503_680_000.0, 1e300, -1e300])
    def test_a_time_that_cannot_be_stored_is_an_error_and_leaves_nothing_behind(self, time: float) -> None:
        report = Report(GATEWAY, Ingest(), 2**20)
        translator = Translator(report, assume_cache_misses=False)
        (payload,), _ = decode(array(success(startTime=time, guardrail_information=[evaluation()])), 100_000)

        with pytest.raises(ValueError, match=r"must lie between|out of range"):
            translator.add(payload)
        translator.finish()

        assert report.facts() == ()


def labels(**members: Any) -> dict[str, str]:
    found: dict[str, str] = row(MODEL, success(**members)).get("metadata", {})
    return found


class TestMetadata:
    def test_is_the_keys_the_spend_logs_the_requests_and_the_headers(self) -> None:
        metadata = caller(
            user_api_key_auth_metadata={"key": "k"},
            spend_logs_metadata={"spend": "s"},
            requester_metadata={"request": "r"},
            requester_custom_headers={"x-tfy-metadata": '{"header": "h"}', "x-other": "o"},
        )

        assert labels(metadata=metadata) == {"key": "k", "spend": "s", "request": "r", "header": "h"}

    @pytest.mark.parametrize("winner", range(4))
    def test_of_later_sources_wins(self, winner: int) -> None:
        sources = [{"who": str(number)} if number <= winner else {} for number in range(4)]
        metadata = caller(
            user_api_key_auth_metadata=sources[0],
            spend_logs_metadata=sources[1],
            requester_metadata=sources[2],
            requester_custom_headers={"x-tfy-metadata": json.dumps(sources[3])},
        )

        assert labels(metadata=metadata) == {"who": str(winner)}

    def test_has_nothing_that_litellm_puts_there(self) -> None:
        injected = [
            "headers",
            "trace_id",
            "session_id",
            "model_group",
            "agent_id",
            "used_client_oauth_token",
            "spend_logs_metadata",
            "tags",
            "guardrails",
        ]

        assert labels(metadata=caller(requester_metadata=dict.fromkeys(injected, "x") | {"mine": "m"})) == {"mine": "m"}

    @pytest.mark.parametrize("name", ["x-tfy-metadata", "X-TFY-Metadata"])
    def test_comes_from_the_header_in_any_case(self, name: str) -> None:
        assert labels(metadata=caller(requester_custom_headers={name: '{"a": 1}'})) == {"a": "1"}

    @pytest.mark.parametrize("text", ["", "{", "[1]", "5", '"text"', '{"a": NaN}', "[" * 5000, 5, None, {"a": "b"}])
    def test_of_a_header_that_is_no_object_is_left_out(self, text: Any) -> None:
        metadata = caller(requester_metadata={"b": "c"}, requester_custom_headers={"x-tfy-metadata": text})

        assert labels(metadata=metadata) == {"b": "c"}

    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            ("text", "text"),
            (5, "5"),
            (1.5, "1.5"),
            (True, "true"),
            ([1, "é"], '[1,"é"]'),
            ({"a": {}}, '{"a":{}}'),
            ("v" * 200, "v" * 128),
            (["v" * 200], '["' + "v" * 126),
            (10**40, str(10**40)),
        ],
    )
    def test_is_text_of_a_limited_length(self, value: Any, stored: str) -> None:
        assert labels(metadata=caller(requester_metadata={"key": value})) == {"key": stored}

    def test_that_is_null_is_left_out(self) -> None:
        assert labels(metadata=caller(requester_metadata={"key": None})) == {}

    def test_has_at_most_64_short_keys(self) -> None:
        many = {f"{number:04}{'k' * 200}": "v" for number in range(1000)}
        stored = labels(metadata=caller(requester_metadata=many), request_tags=["a"])

        assert len(stored) == 64
        assert max(map(len, stored)) == 128
        assert stored["tags"] == "a"

    def test_has_the_tags_but_not_the_user_agents(self) -> None:
        assert labels(request_tags=["a", "User-Agent: x", "b", "User-Agent: x/1"]) == {"tags": "a,b"}

    @pytest.mark.parametrize("tags", [None, [], ["User-Agent: x"]])
    def test_without_tags_has_none(self, tags: Any) -> None:
        assert labels(request_tags=tags) == {}

    def test_has_the_end_user(self) -> None:
        assert labels(end_user="customer-7") == {"end_user": "customer-7"}

    def test_of_an_authentication_failure_may_be_missing(self) -> None:
        metadata = dict.fromkeys(caller())

        assert ["unknown", None] == part(row(REQUEST, failure(metadata=metadata)), "createdBySubjectSlug", "metadata")


class TestModelCall:
    def test_has_the_columns_of_the_payload(self) -> None:
        payload = success(litellm_call_id="c", trace_id="t")
        call = row(MODEL, payload)

        assert len(call.pop("spanId")) == 16
        assert timestamp(call) == START
        assert {name: value for name, value in call.items() if name != "createdAt"} == {
            "createdBySubjectSlug": "ann@example.com",
            "createdBySubjectType": "user",
            "createdBySubjectId": "u-ann",
            "teams": ["red"],
            "traceId": "t",
            "modelName": "chat-small",
            "requestedModelName": "chat-small",
            "modelId": "deployment-1",
            "providerModelName": "small-1",
            "providerAccountType": "openai",
            "requestType": "chat",
            "inputTokens": 12,
            "outputTokens": 30,
            "cacheReadInputTokens": 4,
            "cacheCreationInputTokens": 3,
            "costInUSD": 0.00125,
            "latencyMs": 2000.0,
            "streaming": False,
            "httpStatusCode": 200,
            "isFailure": False,
        }

    @pytest.mark.parametrize(
        ("group", "name"), [("chat-small", "chat-small"), ("", "openai/small-1"), (None, "openai/small-1")]
    )
    def test_is_named_by_the_group_else_the_model(self, group: str | None, name: str) -> None:
        assert [name, name] == part(row(MODEL, success(model_group=group)), "modelName", "requestedModelName")

    @pytest.mark.parametrize(
        ("hidden", "requested"),
        [
            ({"additional_headers": {"x-litellm-attempted-fallbacks": 1}}, None),
            ({"additional_headers": {"x-litellm-attempted-fallbacks": "2"}}, None),
            ({"additional_headers": {"x-litellm-attempted-fallbacks": 0}}, "chat-small"),
            ({"additional_headers": {"x-litellm-attempted-fallbacks": "0"}}, "chat-small"),
            ({"additional_headers": {"date": "today"}}, "chat-small"),
            ({"additional_headers": None}, "chat-small"),
            ({}, "chat-small"),
            (None, "chat-small"),
        ],
    )
    def test_knows_what_was_requested_unless_it_is_a_fallback(self, hidden: Any, requested: str | None) -> None:
        assert row(MODEL, success(hidden_params=hidden)).get("requestedModelName") == requested

    @pytest.mark.parametrize(
        ("model", "provider", "name"),
        [
            ("openai/small-1", "openai", "small-1"),
            ("openai/a/b", "openai", "a/b"),
            ("small-1", "openai", "small-1"),
            ("openai/small-1", "azure", "openai/small-1"),
            ("openai/small-1", None, "openai/small-1"),
        ],
    )
    def test_has_the_providers_name_of_the_model(self, model: str, provider: str | None, name: str) -> None:
        payload = success(model=model, custom_llm_provider=provider)

        assert [name, provider] == part(row(MODEL, payload), "providerModelName", "providerAccountType")

    def test_of_no_deployment_has_no_id(self) -> None:
        assert "modelId" not in row(MODEL, success(model_id=""))

    @pytest.mark.parametrize(
        ("call_type", "request_type"),
        [
            ("acompletion", "chat"),
            ("completion", "chat"),
            ("atext_completion", "completion"),
            ("text_completion", "completion"),
            ("anthropic_messages", "messages"),
            ("aembedding", "embedding"),
            ("embedding", "embedding"),
            ("aresponses", "responses"),
            ("arerank", "rerank"),
            ("aspeech", "speech"),
            ("atranscription", "transcription"),
            ("amoderation", "moderation"),
            ("_arealtime", "realtime"),
            ("_aresponses_websocket", "responses"),
            ("agenerate_content", "generate_content"),
            ("arun_thread", "run_thread"),
            ("acreate_video", "create_video"),
            ("aimage_generation", "image_generation"),
            ("pass_through_endpoint", "pass_through_endpoint"),
            ("", None),
            (None, None),
        ],
    )
    def test_has_the_type_of_the_request(self, call_type: str | None, request_type: str | None) -> None:
        payload = success(call_type=call_type)

        assert [request_type] * 2 == [
            row(MODEL, payload).get("requestType") or None,
            row(REQUEST, payload).get("requestType") or None,
        ]

    @pytest.mark.parametrize(
        ("usage", "read", "created"),
        [
            ({"prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 3}}, 4, 3),
            (
                {
                    "cache_read_input_tokens": 6,
                    "cache_creation_input_tokens": 7,
                    "prompt_tokens_details": {"cached_tokens": 4, "cache_creation_tokens": 3},
                },
                6,
                7,
            ),
            ({"cache_read_input_tokens": 0, "prompt_tokens_details": {"cached_tokens": 4}}, 0, None),
            ({"cache_read_input_tokens": None, "prompt_tokens_details": {"cached_tokens": 4}}, 4, None),
            ({"prompt_tokens_details": None}, None, None),
            ({}, None, None),
            (None, None, None),
        ],
    )
    def test_has_the_tokens_of_the_providers_cache(self, usage: Any, read: int | None, created: int | None) -> None:
        payload = success(metadata=caller(usage_object=usage))

        assert [read, created] == part(row(MODEL, payload), "cacheReadInputTokens", "cacheCreationInputTokens")

    def test_lasts_as_long_as_the_whole_call(self) -> None:
        assert row(MODEL, success(response_time=0.5, stream=True))["latencyMs"] == 2000.0

    def test_of_a_clock_that_was_set_back_lasts_no_time(self) -> None:
        payload = success(endTime=START - 5, completionStartTime=START - 6, stream=True)

        assert [0.0, 0.0] == part(row(MODEL, payload), "latencyMs", "timeToFirstTokenMs")

    @pytest.mark.parametrize("stream", [None, False])
    def test_that_is_no_stream_has_no_first_token(self, stream: Any) -> None:
        assert [False, None, None] == part(
            row(MODEL, success(stream=stream)), "streaming", "timeToFirstTokenMs", "timePerOutputTokenLatencyMs"
        )

    def test_that_is_a_stream_has_a_first_token(self) -> None:
        assert [True, 500.0, 1500.0 / 29] == part(
            row(MODEL, success(stream=True)), "streaming", "timeToFirstTokenMs", "timePerOutputTokenLatencyMs"
        )

    @pytest.mark.parametrize(
        ("information", "status"),
        [
            (error("503"), 503),
            (error(429), 429),
            (error("bad_parameter", normalized_error="400_BAD_REQUEST"), 400),
            (error("", normalized_error="500_PROVIDER_INTERNAL_ERROR"), 500),
            (error("", "Timeout", normalized_error="UNCLASSIFIED"), 408),
            (error("", "RateLimitError"), 429),
            (error("", "AuthenticationError"), 401),
            (error("12", "Novelty"), None),
            (error("5000", "Novelty"), None),
            (error("", "Novelty", normalized_error="5000_X"), None),
            (error("", ""), None),
        ],
    )
    def test_that_failed_has_a_status(self, information: Payload, status: int | None) -> None:
        payload = failure(error_information=information)

        assert [status] * 2 == [row(MODEL, payload).get("httpStatusCode"), row(REQUEST, payload).get("httpStatusCode")]

    @pytest.mark.parametrize(
        ("code", "stored"), [("500", "500"), (500, "500"), ("bad_parameter", "bad_parameter"), ("", None), (None, None)]
    )
    def test_that_failed_has_an_error(self, code: Any, stored: str | None) -> None:
        payload = failure(error_information=error(code, "Timeout"))

        assert [True, "Timeout", stored, None, None] == part(
            row(MODEL, payload), "isFailure", "errorType", "errorCode", "inputTokens", "outputTokens"
        )

    def test_whose_client_left_early_is_a_success_with_its_code(self) -> None:
        payload = success(stream=True, error_information=error("499", "ClientDisconnected", ""))

        assert [False, 200, "ClientDisconnected", "499", 12, 30] == part(
            row(MODEL, payload),
            "isFailure",
            "httpStatusCode",
            "errorType",
            "errorCode",
            "inputTokens",
            "outputTokens",
        )

    def test_whose_answer_was_refused_is_spent(self) -> None:
        payload = blocked(
            cost_breakdown={"total_cost": 0.5},
            guardrail_information=[evaluation(guardrail_mode="post_call", guardrail_status="guardrail_intervened")],
        )

        assert [False, 200, 0.5, None, None, None, None] == part(
            row(MODEL, payload),
            "isFailure",
            "httpStatusCode",
            "costInUSD",
            "inputTokens",
            "outputTokens",
            "errorType",
            "errorCode",
        )
        assert [False, 400] == part(row(REQUEST, payload), "isFailure", "httpStatusCode")

    def test_costs_what_was_paid_not_what_the_cache_avoided(self) -> None:
        payload = success(
            cache_hit=True, response_cost=0.0, saved_cache_cost=0.25, hidden_params={"response_cost": 0.25}
        )

        assert [0.0, 0.25] == part(row(MODEL, payload), "costInUSD", "potentialCostSavings")


class TestCache:
    @pytest.mark.parametrize("assume", [False, True])
    @pytest.mark.parametrize("build", [success, embedding])
    def test_a_hit_is_a_hit(self, build: Any, assume: bool) -> None:
        payload = build(cache_hit=True, saved_cache_cost=0.25)

        assert ["hit", True, 0.25] == part(
            row(MODEL, payload, assume_cache_misses=assume), "cacheLookupStatus", "cacheHit", "potentialCostSavings"
        )

    @pytest.mark.parametrize("flag", [None, False])
    def test_whatever_is_no_hit_says_nothing(self, flag: bool | None) -> None:
        assert [None, None, None] == part(
            row(MODEL, success(cache_hit=flag)), "cacheLookupStatus", "cacheHit", "potentialCostSavings"
        )

    @pytest.mark.parametrize("flag", [None, False])
    @pytest.mark.parametrize("build", [success, embedding])
    def test_is_missed_when_the_operator_says_so(self, build: Any, flag: bool | None) -> None:
        call = row(MODEL, build(cache_hit=flag), assume_cache_misses=True)

        assert ["miss", False, None] == part(call, "cacheLookupStatus", "cacheHit", "potentialCostSavings")

    @pytest.mark.parametrize(
        "payload", [failure(), success(call_type="aresponses"), success(call_type="aimage_generation")]
    )
    def test_is_not_asked_by_other_calls(self, payload: Payload) -> None:
        assert "cacheLookupStatus" not in row(MODEL, payload, assume_cache_misses=True)


class TestToolCall:
    def test_has_the_columns_of_the_tool(self) -> None:
        assert ["tools/call", "calculator", "https://calc.example.com", "add", 2000.0, 200, False] == part(
            row(MCP, tool_call()),
            "method",
            "mcpServerName",
            "mcpServerUrl",
            "toolName",
            "latencyMs",
            "httpStatusCode",
            "isToolCallExecutionError",
        )

    def test_of_a_list_has_no_tool(self) -> None:
        assert ["tools/list", None, None, None] == part(
            row(MCP, tool_list()), "method", "mcpServerName", "mcpServerUrl", "toolName"
        )

    @pytest.mark.parametrize(
        ("address", "origin"),
        [
            ("https://user:password@h.example.com:8443/mcp?key=1#f", "https://h.example.com:8443"),
            ("http://[::1]:9/x", "http://[::1]:9"),
            ("http://[bad", None),
            ("/only/a/path?key=1", None),
            ("", None),
            (None, None),
        ],
    )
    def test_has_the_origin_of_the_server_only(self, address: str | None, origin: str | None) -> None:
        tool = {"name": "add", "mcp_server_name": "calculator", "mcp_server_resource": address}

        assert row(MCP, tool_call(metadata=caller(mcp_tool_call_metadata=tool))).get("mcpServerUrl") == origin

    def test_whose_tool_reports_an_error_has_no_status(self) -> None:
        payload = tool_call(status="failure", error_information=error("500", "MCPToolResultError", ""))

        assert [True, None] == part(row(MCP, payload), "isToolCallExecutionError", "httpStatusCode")
        assert [True, None] == part(row(REQUEST, payload), "isFailure", "httpStatusCode")

    def test_that_failed_otherwise_has_one(self) -> None:
        payload = tool_call(status="failure", error_information=error("403", "HTTPException", ""))

        assert [False, 403] == part(row(MCP, payload), "isToolCallExecutionError", "httpStatusCode")

    @pytest.mark.parametrize("tool", [None, {}, "wrong"])
    def test_may_lack_what_is_known_of_the_tool(self, tool: Any) -> None:
        assert ["tools/call", None, None] == part(
            row(MCP, tool_call(metadata=caller(mcp_tool_call_metadata=tool))), "method", "mcpServerName", "toolName"
        )


class TestRequest:
    @pytest.mark.parametrize(
        ("build", "type_", "path"),
        [
            (success, "chat", "/v1/chat/completions"),
            (tool_call, "mcp", "/mcp/"),
            (tool_list, "mcp", "/mcp/"),
            (agent_message, "a2a", "/a2a/helper"),
        ],
    )
    def test_has_the_columns_of_the_call(self, build: Any, type_: str, path: str) -> None:
        assert ["POST", path, type_, 2000.0, 200, False] == part(
            row(REQUEST, build()),
            "requestMethod",
            "requestPath",
            "requestType",
            "latencyMs",
            "httpStatusCode",
            "isFailure",
        )

    def test_of_an_agent_has_its_name(self) -> None:
        assert ["helper", "a2a", None] == part(
            row(REQUEST, agent_message()), "agentName", "agentServerType", "agentFramework"
        )

    @pytest.mark.parametrize("build", [success, tool_call])
    def test_of_no_agent_has_none(self, build: Any) -> None:
        assert [None, None] == part(row(REQUEST, build()), "agentName", "agentServerType")

    def test_that_was_blocked_did_not_fail(self) -> None:
        assert [False, 400] == part(row(REQUEST, blocked()), "isFailure", "httpStatusCode")

    def test_that_was_refused_in_words_did_not_fail(self) -> None:
        payload = blocked(guardrail_information=[evaluation(guardrail_response="That is not allowed here.")])

        assert row(REQUEST, payload)["isFailure"] is False

    def test_that_a_broken_guardrail_ended_did_fail(self) -> None:
        payload = failure(
            error_information=error("503", "HTTPException", ""),
            guardrail_information=[evaluation(guardrail_status="guardrail_failed_to_respond")],
        )

        assert [True, 503] == part(row(REQUEST, payload), "isFailure", "httpStatusCode")

    def test_that_the_provider_failed_is_not_merely_blocked(self) -> None:
        payload = failure(
            error_information=error("500", provider="openai"),
            guardrail_information=[evaluation(guardrail_mode="logging_only", guardrail_status="guardrail_intervened")],
        )

        assert [True, 500] == part(row(REQUEST, payload), "isFailure", "httpStatusCode")

    def test_whose_stream_was_blocked_afterwards_succeeded(self) -> None:
        payload = success(
            stream=True,
            guardrail_information=[evaluation(guardrail_mode="post_call", guardrail_status="guardrail_intervened")],
        )

        assert ["fail", False, 200] == [
            row(GUARDRAIL, payload)["guardrailResult"],
            *part(row(REQUEST, payload), "isFailure", "httpStatusCode"),
        ]


class TestIdentity:
    @pytest.mark.parametrize("order", [1, -1])
    def test_a_rescued_request_is_one_that_succeeded(self, order: int) -> None:
        pair = rescued()[::order]

        assert [False, 200] == part(row(REQUEST, *pair), "isFailure", "httpStatusCode")
        assert sorted(call["isFailure"] for call in rows(MODEL, *pair)) == [False, True]

    def test_tries_of_a_rescued_request_are_told_apart(self) -> None:
        assert len({call["spanId"] for call in rows(MODEL, *rescued())}) == 2

    def test_a_rescued_request_keeps_its_identity_across_bodies(self) -> None:
        first, second = rescued()

        assert row(REQUEST, first)["spanId"] == row(REQUEST, second)["spanId"] == row(REQUEST, first, second)["spanId"]

    @pytest.mark.parametrize(
        "times", [{}, {"start_time": None, "end_time": None}], ids=["with its time", "of a synchronous hook"]
    )
    def test_an_evaluation_of_a_rescued_request_is_one(self, times: Payload) -> None:
        first, second = rescued(guardrail_information=[evaluation(**times)])

        assert len({each["spanId"] for each in rows(GUARDRAIL, first, second)}) == 1

    def test_evaluations_of_one_call_are_told_apart(self) -> None:
        same = [evaluation(), evaluation(), evaluation(guardrail_name="tone"), evaluation(start_time=START + 1)]

        assert len({each["spanId"] for each in rows(GUARDRAIL, success(guardrail_information=same))}) == 4

    def test_calls_of_one_session_with_a_constant_id_are_told_apart(self) -> None:
        calls = [success(id="chatcmpl-constant", trace_id="session") for _ in range(3)]

        assert len(identities(*calls)) == 6

    def test_calls_of_agents_with_the_callers_ids_are_told_apart(self) -> None:
        assert len(identities(*(agent_message(trace_id="session") for _ in range(3)))) == 3

    def test_calls_of_old_versions_are_told_apart_by_id_and_time(self) -> None:
        calls = [
            success(litellm_call_id=None, trace_id="t", id=id_, startTime=time)
            for id_ in ("a", "b")
            for time in (START, START + 1)
        ]

        assert len(identities(*calls)) == 8

    def test_a_call_that_is_logged_twice_with_another_id_of_its_answer_is_one_call(self) -> None:
        first = success(call_type="anthropic_messages")
        again = {**first, "id": "chatcmpl-made-again", "call_type": "acompletion"}

        assert identities(first) == identities(again)
        assert len({each["spanId"] for each in rows(MODEL, first, {**first, "startTime": START + 1})}) == 2
        assert len({each["spanId"] for each in rows(MODEL, first, {**first, "status": "failure"})}) == 2

    def test_the_same_payload_has_the_same_identities_in_any_body(self) -> None:
        payloads = [success(guardrail_information=[evaluation()]), blocked(), tool_call(), agent_message(), embedding()]

        assert identities(*payloads) == identities(*payloads[::-1]) == set().union(*map(identities, payloads))
        assert None not in identities(*payloads)

    def test_stays_what_it_was_in_earlier_versions(self) -> None:
        payload = success(id="i", litellm_call_id="c")

        assert row(REQUEST, payload)["spanId"] == hashlib.sha256(b"request\0c").hexdigest()[:16]


def test_only_columns_are_reported_whatever_the_payload_holds() -> None:
    marker = "marmalade"
    payload = blocked(
        guardrail_information=[evaluation(guardrail_response=marker, guardrail_request=marker)],
        error_information=error(error_message=marker, traceback=marker),
        metadata=caller(
            requester_metadata={"headers": {"a": marker}},
            requester_custom_headers={"x-secret": marker},
            requester_ip_address=marker,
        ),
    )

    assert marker.encode() not in b"".join(facts.lines for facts in reported(payload))


class TestToolCallsOfOneRequest:
    """They share its call id, and their own ids (`docs/specifications/ingest-sources.md` section 1.6)."""

    @staticmethod
    def tools(route: str | None = "/v1/responses") -> list[Payload]:
        return [
            tool_call(
                id="c",
                litellm_call_id="c",
                startTime=START + second,
                metadata=caller(user_api_key_request_route=route, mcp_tool_call_metadata={"name": name}),
                guardrail_information=[evaluation(start_time=None, end_time=None)],
            )
            for second, name in enumerate(["search", "fetch", "search"])
        ]

    def test_are_facts_of_their_own(self) -> None:
        found = rows(MCP, *self.tools())

        assert ["search", "fetch", "search"] == [each["toolName"] for each in found]
        assert len({each["spanId"] for each in found}) == 3
        assert len({each["spanId"] for each in rows(GUARDRAIL, *self.tools())}) == 3

    def test_have_the_same_identities_whenever_they_are_sent(self) -> None:
        tools = self.tools()

        assert rows(MCP, *tools) == [row(MCP, each) for each in tools]

    @pytest.mark.parametrize("route", ["/v1/responses", None])
    def test_are_no_requests_beside_the_one_that_made_them(self, route: str | None) -> None:
        whole = success(id="r", litellm_call_id="c", call_type="aresponses", endTime=START + 9)

        for payloads in ([*self.tools(route), whole], [whole, *self.tools(route)]):
            (request,) = rows(REQUEST, *payloads)
            assert (request["requestType"], request["latencyMs"]) == ("responses", 9000.0)

    def test_never_take_the_place_of_the_request_that_made_them(self) -> None:
        whole = success(id="r", litellm_call_id="c", call_type="aresponses")
        first = {each["spanId"] for each in rows(REQUEST, *self.tools(None))}

        assert rows(REQUEST, *self.tools()) == []
        assert row(REQUEST, whole)["spanId"] not in first


@pytest.mark.parametrize(
    "call_type",
    [
        *("aget_responses", "get_responses", "adelete_responses", "acancel_responses", "alist_input_items"),
        *("acreate_batch", "aretrieve_batch", "alist_batches", "acancel_batch"),
        *("acreate_file", "afile_retrieve", "afile_content", "afile_list", "afile_delete"),
        *("acreate_fine_tuning_job", "alist_fine_tuning_jobs", "aget_assistants", "acreate_assistants"),
        *("acreate_thread", "aget_thread", "a_add_message", "add_message", "aget_messages"),
        *("avector_store_create", "avector_store_search", "avector_store_file_content", "acreate_container"),
        *("avideo_retrieve", "avideo_content", "avideo_list", "acreate_skill", "arun_code"),
    ],
)
def test_what_reads_or_administers_is_a_request_and_no_model_call(call_type: str) -> None:
    payload = success(call_type=call_type)

    assert rows(MODEL, payload) == []
    assert row(REQUEST, payload)["isFailure"] is False
