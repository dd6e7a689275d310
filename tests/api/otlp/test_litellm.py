"""Facts from LiteLLM's spans in its two dialects (`docs/specifications/ingest-sources.md` section 2.2)."""

import json
from typing import Any

import pytest

from tests.api.otlp.exports import (
    CALLER,
    CLIENT,
    ENCODINGS,
    GATEWAY,
    INTERNAL,
    SECOND,
    SERVER,
    START,
    Document,
    only,
    read_traces,
    span,
    together,
    traces,
)

ERROR = {"code": 2}
FASTAPI = "opentelemetry.instrumentation.fastapi"
STAMPED = {
    "litellm.api_key.hash": "f00d",
    "litellm.team.id": "team-1",
    "litellm.team.alias": "red",
    "litellm.metadata.user_api_key_user_id": "u-bob",
    "litellm.metadata.user_api_key_alias": "bobs-key",
    "gen_ai.request.model": "chat-small",
}
"""What V2 puts on every span of a request."""


def v2(own: Document, **members: Any) -> Document:
    return span(STAMPED | own, **members)


def call(own: Document | None = None, **members: Any) -> Document:
    """V2's span of a model call."""
    return v2(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.response.model": "chat-small",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 20,
            "litellm.call_id": "call-1",
            "litellm.call_type": "acompletion",
            "litellm.provider.model": "openai/small-1",
            "litellm.cost.total": 0.5,
            "litellm.cost.original": 0.75,
            "litellm.request.route": "/v1/chat/completions",
            **(own or {}),
        },
        **{"name": "chat chat-small", "kind": CLIENT, **members},
    )


def guardrail(own: Document | None = None, **members: Any) -> Document:
    """V2's span of a guardrail."""
    return v2(
        {
            "litellm.guardrail.name": "policy",
            "litellm.guardrail.mode": "pre_call",
            "litellm.guardrail.status": "success",
            "litellm.guardrail.duration": 0.025,
            **(own or {}),
        },
        **{"name": "execute_guardrail policy", "kind": INTERNAL, **members},
    )


def request(own: Document | None = None, **members: Any) -> Document:
    """The span of the gateway's own HTTP server."""
    return v2(
        {"http.route": "/v1/chat/completions", "http.status_code": 200, "http.method": "POST", **(own or {})},
        **{"name": "POST /v1/chat/completions", "kind": SERVER, **members},
    )


def export(*spans: Document) -> Document:
    return traces(*spans, scope="litellm")


def row(of: Document, dataset: str, encoding: str = ENCODINGS[0]) -> Document:
    """The one fact that a span becomes."""
    facts, rejected = read_traces(of, encoding, GATEWAY)
    assert rejected == {}
    return only(facts, dataset)


def expect(columns: Document, found: Document) -> None:
    """The columns have these values; None stands for no value."""
    assert columns == {name: found.get(name) for name in columns}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_model_call(encoding: str) -> None:
    of = call(traceId="AA" * 16, spanId="BB" * 8)

    assert row(export(of), "model_calls", encoding) == {
        "createdAt": "2026-09-21T14:13:20Z",
        "createdBySubjectSlug": "u-bob",
        "createdBySubjectType": "user",
        "createdBySubjectId": "u-bob",
        "teams": ["red"],
        "traceId": "aa" * 16,
        "spanId": "bb" * 8,
        "modelName": "chat-small",
        "providerModelName": "small-1",
        "providerAccountType": "openai",
        "requestType": "chat",
        "inputTokens": 10,
        "outputTokens": 20,
        "costInUSD": 0.5,
        "latencyMs": 2000.0,
        "streaming": False,
        "httpStatusCode": 200,
        "isFailure": False,
    }


MODEL: list[tuple[Document, Document]] = [
    ({"gen_ai.usage.cache_read.input_tokens": 4}, {"cacheReadInputTokens": 4, "inputTokens": 10}),
    ({"gen_ai.usage.cache_creation.input_tokens": 3}, {"cacheCreationInputTokens": 3, "inputTokens": 10}),
    ({"litellm.request.streaming": True}, {"streaming": True}),
    ({"gen_ai.response.time_to_first_chunk": 0.25}, {"timeToFirstTokenMs": 250.0}),
    ({"litellm.call_type": "aembedding"}, {"requestType": "embedding"}),
    ({"litellm.call_type": "atext_completion"}, {"requestType": "completion"}),
    ({"litellm.call_type": "anthropic_messages"}, {"requestType": "messages"}),
    ({"litellm.call_type": "aresponses"}, {"requestType": "responses"}),
    (
        {"litellm.provider.model": "azure/openai/small-1", "gen_ai.provider.name": "azure"},
        {"providerModelName": "openai/small-1", "providerAccountType": "azure"},
    ),
    ({"litellm.provider.model": "small-1"}, {"providerModelName": "small-1"}),
    ({"gen_ai.conversation.id": "c-1"}, {"conversationId": "c-1"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), MODEL)
def test_attributes_of_a_model_call(encoding: str, attributes: Document, columns: Document) -> None:
    expect(columns, row(export(call(attributes)), "model_calls", encoding))


@pytest.mark.parametrize("operation", ["chat", "text_completion", "generate_content", "embeddings"])
def test_each_operation_on_a_model_is_a_model_call(operation: str) -> None:
    assert row(export(call({"gen_ai.operation.name": operation})), "model_calls")


PROVIDER = "litellm.provider.error.llm_provider"
FAILED: list[tuple[Document, Document]] = [
    (
        {"error.type": "InternalServerError", "litellm.provider.error.code": "503"},
        {"httpStatusCode": 503, "errorType": "InternalServerError", "errorCode": "503"},
    ),
    ({"error.type": "RateLimitError"}, {"httpStatusCode": 429, "errorCode": None}),
    ({"error.type": "Timeout"}, {"httpStatusCode": 408}),
    (
        {"error.type": "AuthenticationError", "litellm.provider.error.code": "bad_parameter"},
        {"httpStatusCode": 401, "errorCode": "bad_parameter"},
    ),
    ({"error.type": "OwnError"}, {"httpStatusCode": None, "errorType": "OwnError"}),
    ({"litellm.provider.error.code": "9999"}, {"httpStatusCode": None, "errorCode": "9999"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), FAILED)
def test_a_model_call_that_the_provider_failed(encoding: str, attributes: Document, columns: Document) -> None:
    of = call(
        {PROVIDER: "openai", "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0, "litellm.cost.total": 0.0}
        | attributes,
        status=ERROR,
    )
    nothing = {"isFailure": True, "inputTokens": None, "outputTokens": None}

    expect(columns | nothing, row(export(of), "model_calls", encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_model_call_that_the_gateway_refused_afterwards_is_spent_and_not_failed(encoding: str) -> None:
    of = call(
        {"litellm.cost.total": 0.0, "error.type": "HTTPException", "litellm.provider.error.code": "400"}, status=ERROR
    )

    expect(
        {"isFailure": False, "httpStatusCode": 200, "costInUSD": 0.75, "inputTokens": None, "outputTokens": None},
        row(export(of), "model_calls", encoding),
    )


def without(of: Document, name: str) -> Document:
    return of | {"attributes": [each for each in of["attributes"] if each["key"] != name]}


STRANGERS = [
    pytest.param(v2({}, name="auth /v1/chat/completions"), id="authentication"),
    pytest.param(v2({}, name="route chat-small"), id="routing"),
    pytest.param(v2({}, name="cache.get llm_response"), id="cache"),
    pytest.param(v2({"gen_ai.operation.name": "chat"}, name="chat chat-small"), id="without the id of a call"),
    pytest.param(v2({"litellm.call_id": "c"}, name="chat chat-small"), id="without an operation"),
    pytest.param(v2({"litellm.call_id": "c", "gen_ai.operation.name": "other"}), id="another operation"),
    pytest.param(v2({"litellm.call_id": "c", "gen_ai.operation.name": ["chat"]}), id="a list of operations"),
    pytest.param(v2({"litellm.call_id": "c", "gen_ai.operation.name": {}}), id="a map of operations"),
    pytest.param(span({"gen_ai.input.messages": "hi"}, name="raw_gen_ai_request"), id="the same call again"),
    pytest.param(without(call(), "litellm.request.route"), id="health check"),
    pytest.param(guardrail({"litellm.guardrail.status": "not_run"}), id="a guardrail that did not run"),
    pytest.param(v2({"mcp.method.name": "tools/call"}, kind=SERVER), id="the other end of MCP"),
    pytest.param(span({"llm.request.type": "call_mcp_tool"}, name="litellm_request"), id="MCP in V1"),
    pytest.param(span({"llm.request.type": "list_mcp_tools"}, name="litellm_request"), id="MCP lists in V1"),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("of", STRANGERS)
def test_spans_that_are_no_fact(encoding: str, of: Document) -> None:
    assert read_traces(export(of), encoding) == ({}, {})


VERDICTS: list[tuple[Document, str, bool]] = [
    ({"litellm.guardrail.status": "success"}, "pass", False),
    ({"litellm.guardrail.status": "success", "litellm.guardrail.response": "allow"}, "pass", False),
    ({"litellm.guardrail.status": "success", "litellm.guardrail.response": "mask"}, "mutate", False),
    ({"litellm.guardrail.status": "success", "litellm.guardrail.response": '"mask"'}, "mutate", False),
    ({"litellm.guardrail.status": "guardrail_intervened", "litellm.guardrail.response": "mask"}, "mutate", False),
    ({"litellm.guardrail.status": "success", "litellm.guardrail.masked_entity_count": 2}, "mutate", False),
    ({"litellm.guardrail.status": "success", "litellm.guardrail.masked_entity_count": 0}, "pass", False),
    ({"litellm.guardrail.status": "guardrail_intervened", "litellm.guardrail.masked_entity_count": 2}, "fail", False),
    ({"litellm.guardrail.status": "guardrail_intervened"}, "fail", False),
    ({"litellm.guardrail.status": "blocked"}, "fail", False),
    ({"litellm.guardrail.status": "guardrail_flagged"}, "flag", False),
    ({"litellm.guardrail.status": "guardrail_failed_to_respond"}, "error", True),
    ({"litellm.guardrail.status": "failure"}, "error", True),
    ({"litellm.guardrail.status": "shrug"}, "shrug", False),
    *(
        (
            {
                "litellm.guardrail.status": "guardrail_intervened",
                "litellm.guardrail.response": json.dumps([{"action": action} for action in actions]),
            },
            result,
            False,
        )
        for actions, result in [
            (["MASK"], "mutate"),
            (["NONE", "REDACT"], "mutate"),
            (["ANONYMIZED"], "mutate"),
            (["MASKED", "BLOCKED"], "fail"),
            (["MASK", "BLOCK"], "fail"),
            (["NONE"], "fail"),
            ([], "fail"),
            (["MASK"] * 500, "mutate"),
        ]
    ),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("status", [{}, ERROR])
@pytest.mark.parametrize(("attributes", "result", "failed"), VERDICTS)
def test_the_result_of_a_guardrail_is_its_own_word_and_not_the_status_of_the_span(
    encoding: str, status: Document, attributes: Document, result: str, failed: bool
) -> None:
    found = row(export(guardrail(attributes, status=status)), "guardrail_evaluations", encoding)

    expect(
        {
            "guardrailResult": result,
            "isFailure": failed,
            "guardrailNativeResult": attributes["litellm.guardrail.status"],
        },
        found,
    )


GUARDRAIL: list[tuple[Document, Document]] = [
    ({}, {"guardrailName": "policy", "latencyMs": 25.0, "appliedOnEntityScope": "input"}),
    ({"litellm.guardrail.duration": -1.0}, {"latencyMs": 0.0}),
    ({"litellm.guardrail.duration": None}, {"latencyMs": 2000.0}),
    (
        {"litellm.guardrail.id": "g-1", "litellm.guardrail.provider": "presidio"},
        {"guardrailId": "g-1", "providerIntegrationType": "presidio"},
    ),
    ({}, {"appliedOnEntityType": "model", "appliedOnEntityName": "chat-small"}),
    *(
        ({"litellm.guardrail.mode": mode}, {"appliedOnEntityScope": scope})
        for mode, scope in [
            ("pre_call", "input"),
            ("during_call", "input"),
            ("post_call", "output"),
            ("post_mcp_call", "output"),
            (["post_call"], "output"),
            (["pre_call"], "input"),
            ("pre_mcp_call", "input"),
            (5, "input"),
            ("", "input"),
        ]
    ),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), GUARDRAIL)
def test_attributes_of_a_guardrail(encoding: str, attributes: Document, columns: Document) -> None:
    expect(columns, row(export(guardrail(attributes)), "guardrail_evaluations", encoding))


@pytest.mark.parametrize("modes", ["pre_call,post_call", ["pre_call", "post_call"]])
@pytest.mark.parametrize(
    ("start", "scope"), [(START, "input"), (START + SECOND, "output"), (START + 2 * SECOND, "output")]
)
def test_a_guardrail_of_several_modes_guards_the_output_when_the_answer_was_there(
    modes: Any, start: int, scope: str
) -> None:
    model = call(endTimeUnixNano=str(START + SECOND))
    of = guardrail({"litellm.guardrail.mode": modes}, traceId=model["traceId"], startTimeUnixNano=str(start))

    facts, _ = read_traces(export(of, model))
    assert [scope] == [fact["appliedOnEntityScope"] for fact in facts["guardrail_evaluations"]]


def test_a_guardrail_of_several_modes_without_an_answer_guards_the_input() -> None:
    of = guardrail({"litellm.guardrail.mode": ["pre_call", "post_call"]})

    facts, _ = read_traces(export(of, call()))
    assert facts["guardrail_evaluations"][0]["appliedOnEntityScope"] == "input"


MCP: list[tuple[Document, Document]] = [
    ({}, {"method": "tools/call", "toolName": "search", "mcpServerName": "tools"}),
    ({"mcp.method.name": "tools/list", "gen_ai.tool.name": None}, {"method": "tools/list", "toolName": None}),
    ({"mcp.session.id": "m-1"}, {"conversationId": "m-1"}),
    ({"litellm.mcp.server.name": None, "server.address": "tools.example.com"}, {"mcpServerName": "tools.example.com"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), MCP)
def test_attributes_of_an_mcp_call(encoding: str, attributes: Document, columns: Document) -> None:
    own = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "search", "litellm.mcp.server.name": "tools"}
    of = v2(own | attributes, name="tools/call search", kind=CLIENT)

    expect(columns | {"latencyMs": 2000.0}, row(export(of), "mcp_calls", encoding))


REQUESTS: list[tuple[Document, Document]] = [
    ({}, {"requestPath": "/v1/chat/completions", "requestMethod": "POST", "httpStatusCode": 200, "isFailure": False}),
    ({"http.status_code": 399}, {"httpStatusCode": 399, "isFailure": False}),
    ({"http.status_code": 400}, {"httpStatusCode": 400, "isFailure": True}),
    ({"http.status_code": 500}, {"httpStatusCode": 500, "isFailure": True}),
    ({"http.status_code": None}, {"httpStatusCode": None, "isFailure": False}),
    ({"http.status_code": None, "http.response.status_code": 404}, {"httpStatusCode": 404, "isFailure": True}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), REQUESTS)
def test_the_span_of_the_server_is_a_request(encoding: str, attributes: Document, columns: Document) -> None:
    found = row(traces(request(attributes), scope=FASTAPI), "gateway_requests", encoding)

    expect(columns | {"latencyMs": 2000.0, "createdBySubjectSlug": "u-bob", "teams": ["red"]}, found)


@pytest.mark.parametrize(
    "of",
    [
        request(kind=INTERNAL),
        request({"http.route": "/health"}),
        request({"http.route": "/health/liveliness"}),
        request({"http.route": None, "http.target": "/health/readiness"}),
        span({"http.route": "/v1/chat/completions", "http.status_code": 200}, kind=SERVER),
    ],
)
def test_other_spans_of_the_server_are_no_request(of: Document) -> None:
    assert read_traces(traces(of, scope=FASTAPI)) == ({}, {})


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("status", "failed"),
    [("guardrail_intervened", False), ("blocked", False), ("success", True), ("guardrail_failed_to_respond", True)],
)
def test_a_request_that_a_guardrail_blocked_did_not_fail(encoding: str, status: str, failed: bool) -> None:
    server = request({"http.status_code": 400})
    evaluation = guardrail({"litellm.guardrail.status": status}, traceId=server["traceId"])
    whole = together(traces(server, scope=FASTAPI), export(evaluation))

    facts, _ = read_traces(whole, encoding)
    assert [failed] == [fact["isFailure"] for fact in facts["gateway_requests"]]


def test_a_block_in_another_trace_does_not_excuse_a_request() -> None:
    whole = together(
        traces(request({"http.status_code": 400}), scope=FASTAPI),
        export(guardrail({"litellm.guardrail.status": "blocked"})),
    )

    facts, _ = read_traces(whole)
    assert facts["gateway_requests"][0]["isFailure"] is True


@pytest.mark.parametrize("scope", ["mcp-python-sdk", "a2a-python-sdk", "fastapi"])
def test_scopes_that_repeat_the_same_calls_are_ignored(scope: str) -> None:
    again = span({"mcp.method.name": "tools/call"}, kind=CLIENT)

    facts, rejected = read_traces(together(traces(again, scope=scope), export(call())))
    assert (set(facts), rejected) == ({"model_calls"}, {})


def test_the_same_scopes_count_when_no_gateway_is_about() -> None:
    facts, _ = read_traces(traces(span({"mcp.method.name": "tools/call"}, kind=CLIENT), scope="mcp-python-sdk"))

    assert facts.keys() == {"mcp_calls"}


SUBJECTS: list[tuple[Document, Document]] = [
    ({}, {"createdBySubjectSlug": "u-bob", "createdBySubjectType": "user", "createdBySubjectId": "u-bob"}),
    (
        {"litellm.metadata.user_api_key_user_id": None},
        {"createdBySubjectSlug": "bobs-key", "createdBySubjectType": "virtualaccount", "createdBySubjectId": "f00d"},
    ),
    (
        {"litellm.metadata.user_api_key_user_id": None, "litellm.metadata.user_api_key_alias": None},
        {"createdBySubjectSlug": "unknown", "createdBySubjectType": "virtualaccount", "createdBySubjectId": "f00d"},
    ),
    ({"litellm.team.alias": None}, {"teams": ["team-1"]}),
    ({"litellm.team.alias": None, "litellm.team.id": None}, {"teams": []}),
]


@pytest.mark.parametrize(("attributes", "columns"), SUBJECTS)
def test_the_subject_is_the_caller_of_the_gateway(attributes: Document, columns: Document) -> None:
    expect(columns, row(export(call(attributes)), "model_calls"))


def test_without_the_scope_the_subject_is_the_tokens() -> None:
    facts, _ = read_traces(export(call()), caller=CALLER)

    expect(
        {"createdBySubjectSlug": "ann", "createdBySubjectType": "user", "teams": ["red"], "createdBySubjectId": None},
        only(facts, "model_calls"),
    )


PREFIX = "litellm.metadata.requester_metadata."


def test_the_callers_metadata_that_the_proxy_exports_is_kept() -> None:
    of = call({f"{PREFIX}project": "shop", f"{PREFIX}count": 5, "litellm.metadata.other": "x"})

    expect({"metadata": {"project": "shop", "count": "5", "other": "x"}}, row(export(of), "model_calls"))


@pytest.mark.parametrize(
    "key",
    [
        "headers",
        "trace_id",
        "session_id",
        "model_group",
        "agent_id",
        "used_client_oauth_token",
        "spend_logs_metadata",
        "tags",
        "guardrails",
    ],
)
def test_what_the_proxy_itself_adds_to_the_callers_metadata_is_left_out(key: str) -> None:
    of = call({f"{PREFIX}{key}": "added", f"{PREFIX}project": "shop"})

    expect({"metadata": {"project": "shop"}}, row(export(of), "model_calls"))


def v1(own: Document | None = None, **members: Any) -> Document:
    """V1's span of a model call."""
    return span(
        {
            "llm.request.type": "acompletion",
            "llm.is_streaming": "False",
            "litellm.model_group": "chat-small",
            "litellm.provider.model": "openai/small-1",
            "gen_ai.request.model": "small-1",
            "gen_ai.system": "openai",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 20,
            "gen_ai.cost.total_cost": 0.5,
            "metadata.user_api_key_user_email": "bob@example.com",
            "metadata.user_api_key_user_id": "u-bob",
            "metadata.user_api_key_team_alias": "red",
            **(own or {}),
        },
        **{"name": "litellm_request", "kind": INTERNAL, **members},
    )


V1: list[tuple[Document, Document, Document]] = [
    (
        {},
        {},
        {
            "modelName": "chat-small",
            "providerModelName": "small-1",
            "providerAccountType": "openai",
            "requestType": "chat",
            "inputTokens": 10,
            "outputTokens": 20,
            "costInUSD": 0.5,
            "streaming": None,
            "isFailure": False,
            "httpStatusCode": 200,
            "createdBySubjectSlug": "bob@example.com",
            "createdBySubjectType": "user",
            "teams": ["red"],
        },
    ),
    ({"metadata.user_api_key_user_email": None}, {}, {"createdBySubjectSlug": "u-bob"}),
    ({"llm.request.type": "completion"}, {}, {"requestType": "chat"}),
    (
        {"error.type": "RateLimitError", "error.code": "429", "gen_ai.cost.total_cost": None},
        ERROR,
        {
            "isFailure": True,
            "httpStatusCode": 429,
            "errorCode": "429",
            "errorType": "RateLimitError",
            "costInUSD": None,
        },
    ),
    ({"error.type": "Timeout"}, ERROR, {"httpStatusCode": 408, "errorCode": None}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "status", "columns"), V1)
def test_a_model_call_in_the_first_dialect(
    encoding: str, attributes: Document, status: Document, columns: Document
) -> None:
    expect(columns, row(export(v1(attributes, status=status)), "model_calls", encoding))


@pytest.mark.parametrize(
    ("attributes", "columns"),
    [
        ({"guardrail_status": "success"}, {"guardrailResult": "pass"}),
        ({"guardrail_status": "guardrail_intervened"}, {"guardrailResult": "fail"}),
        (
            {"guardrail_status": "success", "guardrail_response": '[{"action": "MASK"}]'},
            {"guardrailResult": "mutate"},
        ),
        ({"guardrail_status": "success", "guardrail_response": '"mask"'}, {"guardrailResult": "mutate"}),
        ({"guardrail_status": "success", "guardrail_mode": "post_call"}, {"appliedOnEntityScope": "output"}),
    ],
)
def test_a_guardrail_in_the_first_dialect(attributes: Document, columns: Document) -> None:
    of = span({"guardrail_name": "policy"} | attributes, name="guardrail", kind=INTERNAL)

    expect(columns | {"guardrailName": "policy", "latencyMs": 2000.0}, row(export(of), "guardrail_evaluations"))
