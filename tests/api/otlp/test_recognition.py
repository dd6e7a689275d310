"""Which spans are calls, by what each library writes: most don't write the operations of the GenAI conventions."""

from collections import Counter
from typing import Any

import pytest

from tests.api.otlp.exports import ENCODINGS, INTERNAL, SERVER, START, Document, only, read_traces, span, traces

USAGE = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20}
CALLS: dict[str, tuple[Document, Document]] = {
    "Vercel AI SDK, a stream": (
        {
            "ai.operationId": "ai.streamText.doStream",
            "operation.name": "ai.streamText.doStream fn",
            "gen_ai.system": "openai.chat",
            "gen_ai.request.model": "m",
            "gen_ai.response.model": "m-2026",
            **USAGE,
            "ai.usage.cachedInputTokens": 60,
            "ai.response.msToFirstChunk": 250.5,
        },
        {
            "requestType": "chat",
            "streaming": True,
            "providerModelName": "m-2026",
            "cacheReadInputTokens": 60,
            "timeToFirstTokenMs": 250.5,
        },
    ),
    "Vercel AI SDK, its own names only": (
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.model.id": "m",
            "ai.model.provider": "openai.chat",
            "ai.usage.inputTokens": 100,
            "ai.usage.outputTokens": 20,
        },
        {"requestType": "chat", "streaming": False, "providerAccountType": "openai.chat"},
    ),
    "Vercel AI SDK 4": (
        {
            "ai.operationId": "ai.generateObject.doGenerate",
            "ai.model.id": "m",
            "ai.usage.promptTokens": 100,
            "ai.usage.completionTokens": 20,
        },
        {"requestType": "chat"},
    ),
    "no operation": ({"gen_ai.system": "openai", "gen_ai.request.model": "m", **USAGE}, {"requestType": "chat"}),
    "no operation, first names": (
        {
            "gen_ai.system": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.usage.prompt_tokens": 100,
            "gen_ai.usage.completion_tokens": 20,
        },
        {"requestType": "chat", "providerAccountType": "openai"},
    ),
    "Traceloop": (
        {
            "llm.request.type": "completion",
            "gen_ai.system": "OpenAI",
            "gen_ai.request.model": "m",
            "llm.is_streaming": True,
            "gen_ai.usage.prompt_tokens": 100,
            "gen_ai.usage.completion_tokens": 20,
            "llm.usage.total_tokens": 120,
        },
        {"requestType": "completion", "streaming": True},
    ),
    "Traceloop, first names": (
        {
            "llm.request.type": "chat",
            "llm.request.model": "m",
            "llm.usage.prompt_tokens": 100,
            "llm.usage.completion_tokens": 20,
        },
        {"requestType": "chat"},
    ),
    "Traceloop, an unknown type": (
        {"llm.request.type": "unknown", "gen_ai.request.model": "m", **USAGE},
        {"requestType": "chat"},
    ),
    "responses": ({"gen_ai.operation.name": "responses", "gen_ai.request.model": "m", **USAGE}, {}),
    "an operation of its own": (
        {"gen_ai.operation.name": "transcribe", "gen_ai.request.model": "m", **USAGE},
        {"requestType": "transcribe"},
    ),
    "Semantic Kernel": (
        {
            "gen_ai.operation.name": "chat.completions",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.response.prompt_tokens": 100,
            "gen_ai.response.completion_tokens": 20,
        },
        {"requestType": "chat", "streaming": False},
    ),
    "Semantic Kernel, a stream": (
        {"gen_ai.operation.name": "chat.streaming_completions", "gen_ai.request.model": "m", **USAGE},
        {"requestType": "chat", "streaming": True},
    ),
    "OpenInference": (
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m",
            "llm.provider": "openai",
            "llm.token_count.prompt": 100,
            "llm.token_count.completion": 20,
            "llm.token_count.prompt_details.cache_read": 40,
            "llm.token_count.prompt_details.cache_write": 5,
            "llm.cost.total": 0.25,
        },
        {
            "requestType": "chat",
            "providerAccountType": "openai",
            "cacheReadInputTokens": 40,
            "cacheCreationInputTokens": 5,
            "costInUSD": 0.25,
        },
    ),
    "LangSmith": (
        {"langsmith.span.kind": "llm", "gen_ai.request.model": "m", **USAGE},
        {"requestType": "chat"},
    ),
    "Langfuse": (
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "m",
            "langfuse.observation.usage_details": '{"input": 55, "output": 20, "input_cache_read": 45, "total": 120}',
            "langfuse.observation.cost_details": '{"input": 0.1, "output": 0.2, "total": 0.3}',
            "langfuse.observation.completion_start_time": '"2026-09-21T14:13:20.500000Z"',
            "langfuse.observation.level": "ERROR",
        },
        {
            "requestType": "chat",
            "cacheReadInputTokens": 45,
            "costInUSD": 0.3,
            "timeToFirstTokenMs": 500.0,
            "isFailure": True,
        },
    ),
    "Langfuse around OpenAI": (
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "m",
            "langfuse.observation.usage_details": '{"prompt_tokens": 100, "completion_tokens": "20", '
            '"prompt_tokens_details": {"cached_tokens": 30}}',
        },
        {"cacheReadInputTokens": 30, "isFailure": False},
    ),
    "Langfuse around Anthropic": (
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "m",
            "langfuse.observation.usage_details": '{"input_tokens": 60, "output_tokens": 20, '
            '"cache_read_input_tokens": 30, "cache_creation_input_tokens": 10}',
        },
        {"cacheReadInputTokens": 30, "cacheCreationInputTokens": 10},
    ),
    "Spring AI, all of it text": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": "100",
            "gen_ai.usage.output_tokens": "20",
        },
        {"requestType": "chat"},
    ),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("library", CALLS)
def test_a_call_of_a_model_is_recognised_by_what_its_library_writes(library: str, encoding: str) -> None:
    attributes, columns = CALLS[library]
    facts, rejected = read_traces(traces(span(attributes, kind=INTERNAL)), encoding)
    found = only(facts, "model_calls")

    assert rejected == {}
    expected = {"modelName": "m", "inputTokens": 100, "outputTokens": 20} | columns
    assert expected == {name: found.get(name) for name in expected}


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.operation.name": "embedding", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 100},
        {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 100},
        {"ai.operationId": "ai.embed.doEmbed", "ai.model.id": "m", "ai.usage.tokens": 100},
        {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "m", "llm.token_count.prompt": 100},
        {
            "langfuse.observation.type": "embedding",
            "langfuse.observation.model.name": "m",
            "langfuse.observation.usage_details": '{"input": 100}',
        },
        {"llm.request.type": "embedding", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 100},
    ],
)
def test_embeddings_are_recognised(attributes: Document) -> None:
    found = only(read_traces(traces(span(attributes)))[0], "model_calls")

    assert {"embedding", "m", 100} == {found["requestType"], found["modelName"], found["inputTokens"]}
    assert "outputTokens" not in found


@pytest.mark.parametrize("details", ["", "{", "[]", "5", '{"input": "many"}', "[" * 3000, '{"a": 1}' + " " * 5000, 7])
def test_counts_of_langfuse_that_can_not_be_read_are_left_out(details: Any) -> None:
    attributes = {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": details}
    found = only(read_traces(traces(span(attributes)))[0], "model_calls")

    assert "inputTokens" not in found


LEFT_OUT: list[tuple[str, Document, Document]] = [
    ("other", {}, {"http.request.method": "POST"}),
    ("other", {"kind": SERVER}, {"http.route": "/"}),
    ("wrapper", {}, {"ai.operationId": "ai.streamText", "ai.model.id": "m", "ai.usage.inputTokens": 100}),
    ("wrapper", {}, {"openinference.span.kind": "CHAIN", "llm.model_name": "m", "llm.token_count.completion": 1}),
    ("wrapper", {}, {"openinference.span.kind": "AGENT"}),
    ("wrapper", {}, {"langfuse.observation.type": "span", "gen_ai.request.model": "m", **USAGE}),
    ("wrapper", {}, {"langsmith.span.kind": "chain", "gen_ai.request.model": "m", **USAGE}),
    ("wrapper", {}, {"traceloop.span.kind": "workflow", "gen_ai.request.model": "m", **USAGE}),
    ("wrapper", {}, {"gen_ai.operation.name": "create_agent", "gen_ai.request.model": "m"}),
    ("wrapper", {}, {"gen_ai.operation.name": "invoke_workflow", "gen_ai.request.model": "m", **USAGE}),
    ("wrapper", {}, {"gen_ai.agent.name": "helper", "gen_ai.request.model": "m", **USAGE}),
    ("wrapper", {}, {"gen_ai.request.model": "m"}),
    ("wrapper", {}, USAGE),
    ("wrapper", {}, {"gen_ai.operation.name": "anything"}),
    ("tool", {}, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "add"}),
    ("tool", {}, {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "add"}),
    ("tool", {}, {"openinference.span.kind": "TOOL"}),
    ("tool", {}, {"langfuse.observation.type": "tool"}),
    ("tool", {}, {"traceloop.span.kind": "tool"}),
    ("server", {"kind": SERVER}, {"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool"}),
]


@pytest.mark.parametrize(("reason", "members", "attributes"), LEFT_OUT)
def test_what_is_no_call_is_counted_by_what_it_is(reason: str, members: Document, attributes: Document) -> None:
    left_out: Counter[str] = Counter()
    facts, rejected = read_traces(traces(span(attributes, **members)), left_out=left_out)

    assert (facts, rejected) == ({}, {})
    assert left_out == {reason: 1}


def test_a_wrapper_around_a_call_adds_nothing() -> None:
    outer = {"ai.operationId": "ai.streamText", "ai.model.id": "m", "ai.usage.inputTokens": 100}
    inner, _ = CALLS["Vercel AI SDK, a stream"]
    left_out: Counter[str] = Counter()
    facts, _ = read_traces(
        traces(span(outer), span(inner, startTimeUnixNano=str(START))),
        left_out=left_out,
    )

    assert only(facts, "model_calls")["inputTokens"] == 100
    assert left_out == {"wrapper": 1}


@pytest.mark.parametrize(
    ("attribute", "member"),
    [
        ("langfuse.session.id", "conversationId"),
        ("ai.telemetry.metadata.sessionId", "conversationId"),
        ("traceloop.association.properties.session_id", "conversationId"),
        ("session.id", "conversationId"),
    ],
)
def test_conversations_have_the_names_of_their_libraries(attribute: str, member: str) -> None:
    found = only(read_traces(traces(span({"gen_ai.operation.name": "chat", attribute: "c-1"})))[0], "model_calls")

    assert found[member] == "c-1"
