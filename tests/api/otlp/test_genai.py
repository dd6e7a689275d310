"""Facts from the GenAI semantic conventions (`docs/specifications/ingest-sources.md` section 2.3)."""

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
    chat,
    only,
    read_traces,
    span,
    traces,
)

ERROR = {"code": 2}


def row(of: Document, dataset: str, encoding: str = ENCODINGS[0]) -> Document:
    """The one fact that a span becomes."""
    facts, rejected = read_traces(traces(of), encoding)
    assert rejected == {}
    return only(facts, dataset)


def expect(columns: Document, found: Document) -> None:
    """The columns have these values; None stands for no value."""
    assert columns == {name: found.get(name) for name in columns}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("operation", "request_type"),
    [
        ("chat", "chat"),
        ("text_completion", "completion"),
        ("generate_content", "generate_content"),
        ("embeddings", "embedding"),
    ],
)
def test_an_operation_on_a_model_is_a_model_call(encoding: str, operation: str, request_type: str) -> None:
    found = row(span({"gen_ai.operation.name": operation}), "model_calls", encoding)

    assert found["requestType"] == request_type


CACHE_READ = (
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "ai.usage.cachedInputTokens",
    "llm.token_count.prompt_details.cache_read",
)
CACHE_CREATION = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
)
COSTS = ("gen_ai.usage.cost", "gen_ai.usage.cost.amount", "operation.cost", "llm.cost.total")
NO_TIME_BETWEEN = {"timePerOutputTokenLatencyMs": None}
MODEL: list[tuple[Document, Document]] = [
    ({"gen_ai.request.model": "a", "gen_ai.response.model": "b"}, {"modelName": "a", "providerModelName": "b"}),
    ({"gen_ai.response.model": "b"}, {"modelName": "b", "providerModelName": "b"}),
    ({"gen_ai.request.model": "a"}, {"modelName": "a", "providerModelName": None}),
    ({"gen_ai.request.model": "", "gen_ai.response.model": "b"}, {"modelName": "b"}),
    ({}, {"modelName": None, "providerModelName": None, "providerAccountType": None}),
    ({"gen_ai.provider.name": "new", "gen_ai.system": "old"}, {"providerAccountType": "new"}),
    ({"gen_ai.system": "old"}, {"providerAccountType": "old"}),
    ({"gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 2}, {"inputTokens": 1, "outputTokens": 2}),
    ({"gen_ai.usage.prompt_tokens": 3, "gen_ai.usage.completion_tokens": 4}, {"inputTokens": 3, "outputTokens": 4}),
    ({"gen_ai.usage.input_tokens": 1, "gen_ai.usage.prompt_tokens": 3}, {"inputTokens": 1}),
    ({"gen_ai.usage.output_tokens": 0, "gen_ai.usage.completion_tokens": 4}, {"outputTokens": 0}),
    ({"gen_ai.usage.input_tokens": -1}, {"inputTokens": None}),
    ({"gen_ai.usage.input_tokens": "5", "gen_ai.usage.output_tokens": "6.0"}, {"inputTokens": 5, "outputTokens": 6}),
    ({"gen_ai.usage.input_tokens": 5.0, "gen_ai.usage.output_tokens": 6.5}, {"inputTokens": 5, "outputTokens": None}),
    ({"gen_ai.usage.input_tokens": "five"}, {"inputTokens": None}),
    ({"gen_ai.usage.input_tokens": "", "gen_ai.usage.prompt_tokens": "3"}, {"inputTokens": 3}),
    ({"llm.usage.prompt_tokens": 3, "llm.usage.completion_tokens": 4}, {"inputTokens": 3, "outputTokens": 4}),
    ({"gen_ai.usage.input_tokens": True}, {"inputTokens": None}),
    ({"gen_ai.usage.input_tokens": 10**12}, {"inputTokens": 10**12}),
    ({"gen_ai.usage.input_tokens": 2**63 - 1}, {"inputTokens": None}),
    ({"gen_ai.usage.input_tokens": float("nan")}, {"inputTokens": None}),
    ({"gen_ai.usage.cache_read.input_tokens": 5}, {"cacheReadInputTokens": 5, "inputTokens": None}),
    ({"gen_ai.usage.cache_creation.input_tokens": 6}, {"cacheCreationInputTokens": 6, "inputTokens": None}),
    *(({name: "5"}, {"cacheReadInputTokens": 5}) for name in CACHE_READ),
    *(({name: 6}, {"cacheCreationInputTokens": 6}) for name in CACHE_CREATION),
    ({"gen_ai.usage.output_tokens": 9, "gen_ai.usage.reasoning.output_tokens": 4}, {"outputTokens": 9}),
    ({"gen_ai.request.stream": True}, {"streaming": True}),
    ({"gen_ai.request.stream": False}, {"streaming": False}),
    ({"gen_ai.request.stream": "true"}, {"streaming": True}),
    ({"llm.is_streaming": True}, {"streaming": True}),
    ({"gen_ai.response.time_to_first_chunk": "0.25"}, {"timeToFirstTokenMs": 250.0}),
    ({"gen_ai.response.time_to_first_chunk": 0.25}, {"timeToFirstTokenMs": 250.0}),
    ({"gen_ai.response.time_to_first_chunk": 1}, {"timeToFirstTokenMs": 1000.0}),
    ({"gen_ai.response.time_to_first_chunk": float("inf")}, {"timeToFirstTokenMs": None}),
    (
        {"gen_ai.response.time_to_first_chunk": 0.5, "gen_ai.usage.output_tokens": 4},
        {"timePerOutputTokenLatencyMs": 500.0},
    ),
    ({"gen_ai.response.time_to_first_chunk": 0.5, "gen_ai.usage.output_tokens": 1}, NO_TIME_BETWEEN),
    ({"gen_ai.response.time_to_first_chunk": 0.5, "gen_ai.usage.output_tokens": 0}, NO_TIME_BETWEEN),
    ({"gen_ai.response.time_to_first_chunk": 3, "gen_ai.usage.output_tokens": 4}, NO_TIME_BETWEEN),
    ({"gen_ai.cost": 1.0}, {"costInUSD": None}),
    *(({name: 0.0042}, {"costInUSD": 0.0042}) for name in COSTS),
    ({"gen_ai.usage.cost": "0.0025"}, {"costInUSD": 0.0025}),
    ({"gen_ai.usage.cost": "free"}, {"costInUSD": None}),
    ({"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost.currency": "usd"}, {"costInUSD": 0.5}),
    ({"gen_ai.usage.cost.amount": 0.5, "gen_ai.usage.cost.currency": "EUR"}, {"costInUSD": None}),
    ({"http.response.status_code": 200}, {"httpStatusCode": 200, "isFailure": False, "errorCode": None}),
    ({"http.response.status_code": "503"}, {"httpStatusCode": 503}),
    ({"http.status_code": 503.0}, {"httpStatusCode": 503}),
    ({"error.type": "429"}, {"httpStatusCode": 429, "errorType": "429", "errorCode": "429", "isFailure": True}),
    ({"error.type": "timeout"}, {"httpStatusCode": None, "errorType": "timeout", "isFailure": True}),
    ({"error.type": "RateLimitError"}, {"errorType": "RateLimitError", "errorCode": "RateLimitError"}),
    ({"error.type": "429", "http.response.status_code": 503}, {"httpStatusCode": 503, "errorType": "429"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), MODEL)
def test_attributes_of_a_model_call(encoding: str, attributes: Document, columns: Document) -> None:
    expect(columns, row(span({"gen_ai.operation.name": "chat"} | attributes), "model_calls", encoding))


@pytest.mark.parametrize("attribute", ["12345", "500123", "²", "-1", "4.5"])
def test_an_error_type_that_is_no_http_status_is_none(attribute: str) -> None:
    expect({"httpStatusCode": None, "errorType": attribute}, row(chat({"error.type": attribute}), "model_calls"))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("status", "failed"), [({}, False), ({"code": 0}, False), ({"code": 1}, False), ({"code": 2}, True)]
)
def test_a_status_of_error_is_a_failure(encoding: str, status: Document, failed: bool) -> None:
    assert row(chat(status=status), "model_calls", encoding)["isFailure"] is failed


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("start", "end", "created", "latency"),
    [
        (START, START + 1_500_000, "2026-09-21T14:13:20Z", 1.5),
        (START + 123_456_000, START + 123_456_001, "2026-09-21T14:13:20.123456Z", 0.000001),
        (START, START, "2026-09-21T14:13:20Z", 0.0),
        (START, START - SECOND, "2026-09-21T14:13:20Z", 0.0),
        (START, 0, "2026-09-21T14:13:20Z", 0.0),
    ],
)
def test_times_are_the_start_and_milliseconds(
    encoding: str, start: int, end: int, created: str, latency: float
) -> None:
    of = chat(startTimeUnixNano=str(start), endTimeUnixNano=str(end))

    expect({"createdAt": created, "latencyMs": latency}, row(of, "model_calls", encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_identity_is_lower_case_hex(encoding: str) -> None:
    of = chat(traceId="AB" * 16, spanId="CD" * 8)

    expect({"traceId": "ab" * 16, "spanId": "cd" * 8}, row(of, "model_calls", encoding))


@pytest.mark.parametrize(
    ("attributes", "conversation"),
    [
        ({"gen_ai.conversation.id": "c", "session.id": "s"}, "c"),
        ({"session.id": "s"}, "s"),
        ({}, None),
    ],
)
def test_the_conversation(attributes: Document, conversation: str | None) -> None:
    expect({"conversationId": conversation}, row(chat(attributes), "model_calls"))


SUBJECTS: list[tuple[Document, str]] = [
    ({"user.email": "bob@example.com", "enduser.id": "e", "user.id": "u"}, "bob@example.com"),
    ({"enduser.id": "e", "user.id": "u"}, "e"),
    ({"user.id": "u"}, "u"),
]


@pytest.mark.parametrize(("attributes", "slug"), SUBJECTS)
def test_the_subject_is_the_spans_user_when_the_token_may_say_so(attributes: Document, slug: str) -> None:
    facts, _ = read_traces(traces(chat(attributes)), caller=GATEWAY)

    expect({"createdBySubjectSlug": slug, "createdBySubjectType": "user"}, only(facts, "model_calls"))


@pytest.mark.parametrize("attributes", [attributes for attributes, _ in SUBJECTS])
def test_the_subject_is_the_tokens_without_the_scope(attributes: Document) -> None:
    facts, _ = read_traces(traces(chat(attributes)), caller=CALLER)

    expect(
        {"createdBySubjectSlug": "ann", "createdBySubjectType": "user", "teams": ["red"]}, only(facts, "model_calls")
    )


def test_without_a_user_the_subject_is_the_tokens() -> None:
    facts, _ = read_traces(traces(chat()), caller=GATEWAY)

    expect({"createdBySubjectSlug": "proxy", "createdBySubjectType": "virtualaccount"}, only(facts, "model_calls"))


@pytest.mark.parametrize(
    ("resource", "metadata"),
    [
        ({}, None),
        ({"service.name": "shop"}, {"service.name": "shop"}),
        ({"deployment.environment.name": "prod"}, {"deployment.environment": "prod"}),
        ({"deployment.environment": "test"}, {"deployment.environment": "test"}),
        ({"deployment.environment.name": "prod", "deployment.environment": "test"}, {"deployment.environment": "prod"}),
        ({"service.name": "x" * 200}, {"service.name": "x" * 128}),
        ({"service.name": ["a", 1]}, {"service.name": '["a",1]'}),
        ({"host.name": "h"}, None),
    ],
)
def test_metadata_is_of_the_resource(resource: Document, metadata: Document | None) -> None:
    facts, _ = read_traces(traces(chat({"service.name": "of the span"}), resource=resource))

    expect({"metadata": metadata}, only(facts, "model_calls"))


def test_attributes_that_the_settings_name_are_metadata() -> None:
    export = traces(chat({"app.tenant": "a", "app.plan": 5, "app.other": "x"}), resource={"app.region": "eu"})
    facts, _ = read_traces(export, metadata=("app.tenant", "app.plan", "app.region", "app.missing"))

    expect({"metadata": {"app.tenant": "a", "app.plan": "5", "app.region": "eu"}}, only(facts, "model_calls"))


@pytest.mark.parametrize(
    "of",
    [
        span(),
        span({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}),
        span({"gen_ai.operation.name": "create_agent"}),
        span({"gen_ai.operation.name": ""}),
        span({"gen_ai.operation.name": 5}),
        span({"gen_ai.operation.name": None}),
        span({"gen_ai.request.model": "small-1"}),
        span({"mcp.method.name": "tools/call"}, kind=SERVER),
        span({"mcp.method.name": "tools/call"}, kind=INTERNAL),
    ],
)
def test_spans_that_are_no_fact_are_dropped_and_not_rejected(of: Document) -> None:
    assert read_traces(traces(of)) == ({}, {})


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("operation", [["chat"], {"chat": "chat"}, [], 1.5, True])
def test_an_operation_that_is_no_text_is_no_fact(encoding: str, operation: Any) -> None:
    assert read_traces(traces(span({"gen_ai.operation.name": operation})), encoding) == ({}, {})


MCP: list[tuple[Document, Document]] = [
    ({}, {"method": "tools/call", "toolName": None, "mcpServerName": None, "isToolCallExecutionError": False}),
    ({"gen_ai.tool.name": "search"}, {"toolName": "search"}),
    ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}, {"toolName": "search"}),
    ({"server.address": "tools.example.com"}, {"mcpServerName": "tools.example.com"}),
    ({"server.address": "tools.example.com", "server.port": 8080}, {"mcpServerName": "tools.example.com:8080"}),
    ({"server.port": 8080}, {"mcpServerName": None}),
    ({"rpc.response.status_code": "-32602"}, {"errorCode": -32602}),
    ({"rpc.response.status_code": -32602}, {"errorCode": -32602}),
    ({"rpc.response.status_code": "-32602.0"}, {"errorCode": -32602}),
    ({"rpc.response.status_code": "CANCELLED"}, {"errorCode": None}),
    ({"rpc.response.status_code": "9" * 30}, {"errorCode": None}),
    ({"error.type": "tool_error"}, {"isToolCallExecutionError": True, "httpStatusCode": None}),
    ({"error.type": "timeout"}, {"isToolCallExecutionError": False}),
    ({"http.response.status_code": 502}, {"httpStatusCode": 502}),
    ({"mcp.session.id": "m"}, {"conversationId": "m"}),
    ({"mcp.session.id": "m", "gen_ai.conversation.id": "c"}, {"conversationId": "c"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), MCP)
def test_attributes_of_an_mcp_call(encoding: str, attributes: Document, columns: Document) -> None:
    of = span({"mcp.method.name": "tools/call"} | attributes, kind=CLIENT)

    expect(columns | {"latencyMs": 2000.0}, row(of, "mcp_calls", encoding))


@pytest.mark.parametrize("method", ["", None])
def test_an_mcp_span_without_a_method_is_no_fact(method: str | None) -> None:
    assert read_traces(traces(span({"mcp.method.name": method}))) == ({}, {})


AGENT: list[tuple[Document, Document]] = [
    ({"gen_ai.agent.name": "planner"}, {"agentName": "planner", "isFailure": False, "requestType": "agent"}),
    ({"gen_ai.provider.name": "openai"}, {"agentServerType": "openai"}),
    ({"gen_ai.system": "old"}, {"agentServerType": "old"}),
    ({"a2a.method.name": "message/send", "gen_ai.provider.name": "x"}, {"agentServerType": "a2a"}),
    ({"error.type": "503"}, {"isFailure": True, "httpStatusCode": 503}),
    ({"gen_ai.conversation.id": "c"}, {"conversationId": "c"}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("attributes", "columns"), AGENT)
def test_attributes_of_an_agents_request(encoding: str, attributes: Document, columns: Document) -> None:
    of = span({"gen_ai.operation.name": "invoke_agent"} | attributes)

    expect(columns | {"latencyMs": 2000.0}, row(of, "gateway_requests", encoding))


def test_a_failed_agent_is_a_failed_request() -> None:
    of = span({"gen_ai.operation.name": "invoke_agent"}, status=ERROR)

    assert row(of, "gateway_requests")["isFailure"] is True


def test_an_a2a_span_alone_is_a_request() -> None:
    of = span({"a2a.method.name": "message/send", "gen_ai.agent.name": "planner"})

    expect({"requestType": "a2a", "agentServerType": "a2a", "agentName": "planner"}, row(of, "gateway_requests"))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("parent_first", [True, False])
def test_an_a2a_span_below_an_agents_is_the_same_request(encoding: str, parent_first: bool) -> None:
    agent = span({"gen_ai.operation.name": "invoke_agent"})
    a2a = span({"a2a.method.name": "message/send"}, traceId=agent["traceId"], parentSpanId=agent["spanId"])
    order = (agent, a2a) if parent_first else (a2a, agent)

    facts, _ = read_traces(traces(*order), encoding)
    assert only(facts, "gateway_requests")["spanId"] == agent["spanId"]


def test_an_a2a_span_below_something_else_is_a_request_of_its_own() -> None:
    parent = span({"gen_ai.operation.name": "chat"})
    a2a = span({"a2a.method.name": "message/send"}, parentSpanId=parent["spanId"])

    facts, _ = read_traces(traces(parent, a2a))
    assert len(facts["gateway_requests"]) == 1


def test_an_a2a_span_of_another_trace_is_a_request_of_its_own() -> None:
    agent = span({"gen_ai.operation.name": "invoke_agent"})
    a2a = span({"a2a.method.name": "message/send"}, parentSpanId=agent["spanId"])

    facts, _ = read_traces(traces(agent, a2a))
    assert len(facts["gateway_requests"]) == 2


DECISION, TARGET = "gen_ai.security.decision.type", "gen_ai.security.target.type"
VERDICT, ACTION = "gen_ai.guardrail.verdict.type", "gen_ai.guardrail.action.type"
RESULT, RESULT_TYPE = "gen_ai.guardrail.result.value", "gen_ai.guardrail.result.type"

GUARDRAILS: list[tuple[str, Document, Document]] = [
    *(
        ("apply_guardrail", {DECISION: word}, {"guardrailResult": result, "guardrailNativeResult": word})
        for word, result in (
            ("allow", "pass"),
            ("deny", "fail"),
            ("modify", "mutate"),
            ("warn", "flag"),
            ("audit", "flag"),
            ("shrug", "shrug"),
        )
    ),
    *(
        ("apply_guardrail", {DECISION: "allow", TARGET: target}, {"appliedOnEntityScope": scope})
        for target, scope in (
            ("llm_input", "input"),
            ("llm_output", "output"),
            ("tool_call", "input"),
            ("tool_result", "output"),
            ("memory", "input"),
        )
    ),
    ("apply_guardrail", {DECISION: "allow"}, {"appliedOnEntityScope": "input"}),
    ("apply_guardrail", {DECISION: "allow", "gen_ai.guardian.name": "pii"}, {"guardrailName": "pii"}),
    *(
        ("run_guardrail", {VERDICT: word}, {"guardrailResult": result, "guardrailNativeResult": word})
        for word, result in (
            ("allow", "pass"),
            ("deny", "fail"),
            ("modify", "mutate"),
            ("warn", "flag"),
            ("escalate", "flag"),
            ("shrug", "shrug"),
        )
    ),
    *(
        ("run_guardrail", {VERDICT: "deny", ACTION: word}, {"guardrailResult": result, "guardrailNativeResult": word})
        for word, result in (("allow", "pass"), ("block", "fail"), ("modify", "mutate"), ("escalate", "flag"))
    ),
    *(
        ("run_guardrail", {VERDICT: "allow", "gen_ai.guardrail.target.type": scope}, {"appliedOnEntityScope": scope})
        for scope in ("input", "output")
    ),
    ("run_guardrail", {VERDICT: "allow", "gen_ai.guardrail.component.name": "pii"}, {"guardrailName": "pii"}),
    ("apply_guardrail", {RESULT: "GUARDRAIL_INTERVENED"}, {"guardrailResult": "fail"}),
    ("apply_guardrail", {RESULT: "NONE"}, {"guardrailResult": "pass"}),
    ("apply_guardrail", {RESULT: True, RESULT_TYPE: "tripwire"}, {"guardrailResult": "fail"}),
    ("apply_guardrail", {RESULT: "true", RESULT_TYPE: "tripwire_triggered"}, {"guardrailResult": "fail"}),
    ("apply_guardrail", {RESULT: "true", RESULT_TYPE: "other"}, {"guardrailResult": "true"}),
    ("apply_guardrail", {RESULT: "SEVERE"}, {"guardrailResult": "SEVERE", "guardrailNativeResult": "SEVERE"}),
    ("apply_guardrail", {RESULT: "NONE", "gen_ai.guardrail.source": "bedrock"}, {"guardrailName": "bedrock"}),
    ("apply_guardrail", {"error.type": "timeout"}, {"guardrailResult": "error", "isFailure": True}),
    ("run_guardrail", {"error.type": "timeout"}, {"guardrailResult": "error", "isFailure": True}),
    ("apply_guardrail", {DECISION: "deny", "error.type": "denied"}, {"guardrailResult": "fail", "isFailure": False}),
    ("run_guardrail", {VERDICT: "deny", "error.type": "denied"}, {"guardrailResult": "fail", "isFailure": False}),
    ("apply_guardrail", {RESULT: "NONE", "error.type": "odd"}, {"guardrailResult": "pass", "isFailure": False}),
    ("apply_guardrail", {}, {"guardrailResult": None, "isFailure": False}),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("operation", "attributes", "columns"), GUARDRAILS)
def test_attributes_of_a_guardrail(encoding: str, operation: str, attributes: Document, columns: Document) -> None:
    of = span({"gen_ai.operation.name": operation} | attributes, kind=INTERNAL)

    expect(columns | {"latencyMs": 2000.0}, row(of, "guardrail_evaluations", encoding))


def test_a_verdict_with_the_status_of_an_error_is_no_failure() -> None:
    of = span({"gen_ai.operation.name": "apply_guardrail", DECISION: "deny"}, status=ERROR)

    expect({"guardrailResult": "fail", "isFailure": False}, row(of, "guardrail_evaluations"))
