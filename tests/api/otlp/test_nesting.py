"""One call that two libraries trace is one fact: spans of the same operation within one another."""

from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from tests.api.otlp.exports import (
    CLIENT,
    INTERNAL,
    SECOND,
    SERVER,
    START,
    Document,
    attributes,
    only,
    read_traces,
    together,
    traces,
)

TRACE = "44" * 16


def part(
    number: int, own: Document, within: int | None = None, scope: str = "library", kind: int = CLIENT, **members: Any
) -> Document:
    """An export of one span of the trace, a second shorter than the one that it is within."""
    depth = 0 if within is None else number
    of = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": "" if within is None else f"{within:016x}",
        "name": "span",
        "kind": kind,
        "startTimeUnixNano": str(START + depth * SECOND),
        "endTimeUnixNano": str(START + (20 - depth) * SECOND),
        "attributes": attributes(own),
        **members,
    }
    return traces(of, scope=scope)


def chat(**own: Any) -> Document:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"} | {
        f"gen_ai.{name.replace('__', '.')}": value for name, value in own.items()
    }


def agent(name: str | None) -> Document:
    return {"gen_ai.operation.name": "invoke_agent"} | ({"gen_ai.agent.name": name} if name else {})


def mcp(method: str, tool: str | None = None) -> Document:
    return {"mcp.method.name": method} | ({"gen_ai.tool.name": tool} if tool else {})


def guardrail(name: str) -> Document:
    return {"gen_ai.operation.name": "apply_guardrail", "gen_ai.guardian.name": name}


def read(*parts: Document, left_out: Counter[str] | None = None) -> dict[str, list[Document]]:
    facts, rejected = read_traces(together(*parts), left_out=left_out)
    assert rejected == {}
    return facts


def spans(facts: dict[str, list[Document]]) -> list[int]:
    return sorted(int(row["spanId"], 16) for rows in facts.values() for row in rows)


CHAIN: Document = {"traceloop.span.kind": "workflow"}
HTTP: Document = {"http.request.method": "POST"}
TOOL: Document = {"gen_ai.operation.name": "execute_tool"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_call_within_the_same_call_is_one_whatever_their_order(order: tuple[int, ...]) -> None:
    parts = [
        part(1, chat(usage__input_tokens=100, usage__output_tokens=20)),
        part(2, CHAIN, within=1, kind=INTERNAL),
        part(3, chat(usage__cache_read__input_tokens=50) | {"http.response.status_code": 200}, within=2, scope="other"),
    ]
    left_out: Counter[str] = Counter()
    found = only(read(*(parts[each] for each in order), left_out=left_out), "model_calls")

    assert [1, 20_000.0, 100, 20, 50, 200] == [
        int(found["spanId"], 16),
        *(found[name] for name in ("latencyMs", "inputTokens", "outputTokens", "cacheReadInputTokens")),
        found["httpStatusCode"],
    ]
    assert left_out == {"wrapper": 1, "nested": 1}


def test_what_both_know_is_as_the_outer_one_says() -> None:
    outer = chat(usage__input_tokens=100, response__model="outer")
    inner = chat(usage__input_tokens=7, response__model="inner", request__stream=True)
    found = only(read(part(1, outer), part(2, inner, within=1)), "model_calls")

    assert [100, "outer", True] == [found[name] for name in ("inputTokens", "providerModelName", "streaming")]


def test_an_attempt_that_failed_within_a_call_that_succeeded_is_no_failure() -> None:
    failed = chat(usage__input_tokens=5) | {"error.type": "RateLimitError", "http.response.status_code": 429}
    answered = chat(usage__output_tokens=20) | {"http.response.status_code": 200}
    found = only(read(part(1, chat()), part(2, failed, within=1), part(3, answered, within=1)), "model_calls")

    assert [False, 200, 5, 20] == [
        found[name] for name in ("isFailure", "httpStatusCode", "inputTokens", "outputTokens")
    ]
    assert "errorType" not in found


def test_a_failure_has_the_status_that_only_the_inner_span_knows() -> None:
    failed = {"error.type": "RateLimitError"}
    inner = chat() | failed | {"http.response.status_code": 429}
    found = only(read(part(1, chat() | failed), part(2, inner, within=1)), "model_calls")

    assert [True, 429] == [found["isFailure"], found["httpStatusCode"]]


ONE: dict[str, list[Document]] = {
    "a call in other words": [part(1, chat()), part(2, {**chat(), "gen_ai.operation.name": "generate_content"}, 1)],
    "three libraries": [part(1, chat()), part(2, chat(), 1), part(3, chat(), 2)],
    "an HTTP request between": [part(1, chat()), part(2, HTTP, 1), part(3, HTTP, 2, kind=SERVER), part(4, chat(), 3)],
    "an agent": [part(1, agent("a")), part(2, agent("a"), 1)],
    "an agent whose name one library does not know": [part(1, agent("a")), part(2, agent(None), 1, scope="other")],
    "a message to an agent": [part(1, agent("a")), part(2, {"a2a.method.name": "message/send"}, 1)],
    "both ends of a message": [part(1, {"a2a.method.name": "m"}), part(2, {"a2a.method.name": "m"}, 1, kind=SERVER)],
    "an MCP call": [part(1, mcp("tools/call", "add")), part(2, mcp("tools/call"), 1)],
    "an MCP call whose tool the inner one knows": [part(1, mcp("tools/call")), part(2, mcp("tools/call", "add"), 1)],
    "both ends of an MCP call": [
        part(1, mcp("tools/call", "add")),
        part(2, mcp("tools/call"), 1),
        part(3, mcp("tools/call", "add"), 2, kind=SERVER),
    ],
    "a guardrail": [part(1, guardrail("policy")), part(2, guardrail("policy"), 1)],
    "the same answer in two traces": [
        part(1, chat(response__id="r", usage__input_tokens=9)),
        part(2, chat(response__id="r"), 7, scope="other", traceId="55" * 16),
    ],
}


@pytest.mark.parametrize("case", ONE)
def test_is_one_call(case: str) -> None:
    for parts in (ONE[case], ONE[case][::-1]):
        assert spans(read(*parts)) == [1]


APART: dict[str, tuple[list[int], list[Document]]] = {
    "calls beside each other": ([2, 3], [part(1, CHAIN), part(2, chat(), 1), part(3, chat(), 1)]),
    "calls of one agent": ([1, 2, 3], [part(1, agent("a")), part(2, chat(), 1), part(3, chat(), 1)]),
    "a call by a tool": ([1, 3], [part(1, chat()), part(2, TOOL, 1), part(3, chat(), 2)]),
    "a call by an agent": ([1, 2, 3], [part(1, chat()), part(2, agent("a"), 1), part(3, chat(), 2)]),
    "an embedding": ([1, 2], [part(1, chat()), part(2, {"gen_ai.operation.name": "embeddings"}, 1)]),
    "an agent's agent": ([1, 2], [part(1, agent("a")), part(2, agent("b"), 1)]),
    "an agent that a tool asks again": ([1, 3], [part(1, agent("a")), part(2, TOOL, 1), part(3, agent("a"), 2)]),
    "unnamed agents": ([1, 2], [part(1, agent(None)), part(2, agent(None), 1)]),
    "a named agent of an unnamed one": ([1, 2], [part(1, agent(None)), part(2, agent("a"), 1, scope="other")]),
    "other methods of MCP": ([1, 2], [part(1, mcp("tools/call", "add")), part(2, mcp("tools/list"), 1)]),
    "other tools of MCP": ([1, 2], [part(1, mcp("tools/call", "add")), part(2, mcp("tools/call", "sub"), 1)]),
    "a server that asks another one": (
        [1, 3],
        [
            part(1, mcp("tools/call", "a")),
            part(2, mcp("tools/call", "a"), 1, kind=SERVER),
            part(3, mcp("tools/call", "a"), 2),
        ],
    ),
    "other guardrails": ([1, 2], [part(1, guardrail("a")), part(2, guardrail("b"), 1)]),
    "calls of two traces": ([1, 2], [part(1, chat()), part(2, chat(), 1, traceId="55" * 16)]),
    "calls within each other": ([1, 2], [part(1, chat(), 2), part(2, chat(), 1)]),
    "a call within itself": ([1], [part(1, chat(), 1)]),
    "a constant id of one library": (
        [1, 2],
        [part(1, chat(response__id="r")), part(2, chat(response__id="r"), 7, traceId="55" * 16)],
    ),
    "a constant id with other counts": (
        [1, 2],
        [
            part(1, chat(response__id="r", usage__input_tokens=1)),
            part(2, chat(response__id="r", usage__input_tokens=2), 7, scope="other"),
        ],
    ),
    "a constant id at other times": (
        [1, 2],
        [
            part(1, chat(response__id="r")),
            part(2, chat(response__id="r"), 7, scope="other", endTimeUnixNano=str(START + 30 * SECOND)),
        ],
    ),
}


@pytest.mark.parametrize("case", APART)
def test_stays_apart(case: str) -> None:
    expected, parts = APART[case]

    for each in (parts, parts[::-1]):
        assert spans(read(*each)) == expected


def test_a_long_way_between_two_spans_is_not_gone() -> None:
    between = [part(number, CHAIN, number - 1) for number in range(2, 80)]

    assert spans(read(part(1, chat()), *between, part(80, chat(), 79))) == [1, 80]
    assert spans(read(part(1, chat()), *between[:20], part(22, chat(), 21))) == [1]
