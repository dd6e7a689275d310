"""From trace exports to facts (`docs/specifications/ingest-sources.md` sections 2.1 and 2.3, common rules)."""

import pytest

from meterd.errors import InvalidInput
from tests.api.otlp.exports import (
    ENCODINGS,
    GATEWAY,
    JSON,
    START,
    Document,
    chat,
    only,
    read_traces,
    span,
    together,
    traces,
)

DAY = 86_400 * 10**9


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"traceId": ""}, "traceId must be 16 bytes"),
        ({"traceId": "00" * 16}, "traceId must be 16 bytes"),
        ({"traceId": "11" * 15}, "traceId must be 16 bytes"),
        ({"traceId": "11" * 17}, "traceId must be 16 bytes"),
        ({"spanId": ""}, "spanId must be 8 bytes"),
        ({"spanId": "00" * 8}, "spanId must be 8 bytes"),
        ({"spanId": "11" * 16}, "spanId must be 8 bytes"),
    ],
)
def test_a_span_without_proper_ids_is_rejected_and_the_others_are_taken(
    encoding: str, members: Document, named: str
) -> None:
    facts, rejected = read_traces(traces(chat(), chat(**members), span(**members)), encoding)

    assert only(facts, "model_calls")
    assert list(rejected.values()) == [2]
    assert named in next(iter(rejected))


@pytest.mark.parametrize("id_", ["xy" * 16, "1" * 31, "ERERERERERERERERERERERERE", " " * 32])
def test_an_id_that_is_no_hex_is_rejected(id_: str) -> None:
    facts, rejected = read_traces(traces(chat(traceId=id_), chat(spanId=id_)), JSON)

    assert facts == {}
    assert sum(rejected.values()) == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("time", [2**64 - 1, 2**63, START + 400 * 365 * DAY])
def test_a_fact_at_an_impossible_time_is_rejected(encoding: str, time: int) -> None:
    facts, rejected = read_traces(traces(chat(startTimeUnixNano=str(time)), chat()), encoding)

    assert only(facts, "model_calls")
    assert list(rejected.values()) == [1]
    assert "startTimeUnixNano" in next(iter(rejected))
    assert "24 hours" in next(iter(rejected))


@pytest.mark.parametrize("time", ["-1", "-9223372036854775808", "9" * 20])
def test_a_time_that_only_json_can_say_is_rejected(time: str) -> None:
    facts, rejected = read_traces(traces(chat(startTimeUnixNano=time), chat()), JSON)

    assert only(facts, "model_calls")
    assert list(rejected.values()) == [1]


@pytest.mark.parametrize("member", ["startTimeUnixNano", "endTimeUnixNano"])
@pytest.mark.parametrize("time", [10**20, -(10**20), 10**400], ids=["10^20", "-10^20", "10^400"])
def test_times_beyond_64_bits_do_no_harm(member: str, time: int) -> None:
    try:
        facts, rejected = read_traces(traces(chat(None, **{member: time})), JSON)
    except InvalidInput as error:
        assert member in error.message  # noqa: PT017 - either is right
    else:
        assert len(facts) + len(rejected) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_spans_of_several_resources_and_scopes_keep_their_own(encoding: str) -> None:
    whole = together(
        traces(chat(), resource={"service.name": "one"}),
        traces(chat(), resource={"service.name": "two"}, scope="other"),
        traces(chat()),
    )
    facts, _ = read_traces(whole, encoding)

    assert [(fact.get("metadata") or {}).get("service.name") for fact in facts["model_calls"]] == ["one", "two", None]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_one_export_becomes_facts_of_several_datasets(encoding: str) -> None:
    facts, _ = read_traces(
        traces(
            chat(),
            span({"mcp.method.name": "tools/list"}),
            span({"gen_ai.operation.name": "invoke_agent"}),
            span({"gen_ai.operation.name": "apply_guardrail"}),
        ),
        encoding,
    )

    assert facts.keys() == {"model_calls", "mcp_calls", "gateway_requests", "guardrail_evaluations"}


@pytest.mark.parametrize("document", [{}, {"resourceSpans": []}, {"resourceSpans": [{}]}, traces()])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_empty_export_has_no_facts(encoding: str, document: Document) -> None:
    assert read_traces(document, encoding) == ({}, {})


MARKED = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.definitions",
    "gen_ai.security.content.input.value",
    "gen_ai.guardrail.content.output.value",
    "llm.openai.messages",
    "error.message",
    "litellm.provider.error.stack_trace",
    "litellm.guardrail.response",
    "guardrail_response",
    "http.user_agent",
    "http.url",
    "net.peer.ip",
    "metadata.requester_ip_address",
    "litellm.metadata.requester_metadata.headers",
    "exception.message",
]
"""What must not be stored (section 4.3)."""

KINDS: list[tuple[str, Document]] = [
    ("client", {"gen_ai.operation.name": "chat"}),
    ("client", {"gen_ai.operation.name": "apply_guardrail"}),
    ("client", {"gen_ai.operation.name": "invoke_agent"}),
    ("client", {"mcp.method.name": "tools/call"}),
    ("litellm", {"gen_ai.operation.name": "chat", "litellm.call_id": "c"}),
    ("litellm", {"litellm.guardrail.name": "policy", "litellm.guardrail.status": "success"}),
    ("litellm", {"mcp.method.name": "tools/call"}),
]


@pytest.mark.parametrize("name", MARKED)
@pytest.mark.parametrize(("scope", "kind"), KINDS)
def test_text_that_must_not_be_stored_is_in_no_fact(scope: str, kind: Document, name: str) -> None:
    of = span(
        kind | {name: "SECRET"},
        events=[
            {"name": "exception", "attributes": [{"key": "exception.stacktrace", "value": {"stringValue": "SECRET"}}]}
        ],
        status={"code": 2, "message": "SECRET"},
    )
    facts, _ = read_traces(traces(of, scope=scope), caller=GATEWAY)

    assert sum(len(rows) for rows in facts.values()) == 1
    assert "SECRET" not in str(facts)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("scope", "own", "dataset"),
    [
        ("client", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "x" * 5000}, "model_calls"),
        ("client", {"mcp.method.name": "x" * 5000, "server.address": "x" * 5000, "server.port": 80}, "mcp_calls"),
        ("litellm", {"litellm.guardrail.name": "x" * 5000}, "guardrail_evaluations"),
    ],
)
def test_texts_are_cut_to_what_is_stored(encoding: str, scope: str, own: Document, dataset: str) -> None:
    facts, _ = read_traces(traces(span(own), scope=scope), encoding)

    texts = [each for each in only(facts, dataset).values() if isinstance(each, str)]
    assert max(map(len, texts)) == 4096
