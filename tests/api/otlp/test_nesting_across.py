"""One call that two libraries trace is one fact, though its spans come in exports of their own."""

import secrets
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from meterd.access import Scope
from tests.api.otlp.exports import CLIENT, INTERNAL, SECOND, SERVER, START, Document, attributes, together, traces
from tests.process import OF_ONE_NODE, Meterd, make_token

pytestmark = OF_ONE_NODE  # of what another one was told it knows nothing

WINDOW = {"startTs": "2026-09-21T00:00:00Z", "endTs": "2026-09-22T00:00:00Z"}
CHAIN: Document = {"traceloop.span.kind": "task"}
HTTP: Document = {"http.request.method": "POST"}


class Trace:
    """Exports of the spans of one trace, in which every model and agent has a name of its own."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self.name = f"nested-{self.id[:8]}"

    def span(self, number: int, within: int | None, own: Document, kind: int = CLIENT, scope: str = "s") -> Document:
        of = {
            "traceId": self.id,
            "spanId": f"{number:016x}",
            "parentSpanId": "" if within is None else f"{within:016x}",
            "name": "span",
            "kind": kind,
            "startTimeUnixNano": str(START + number * SECOND + 999),
            "endTimeUnixNano": str(START + (20 - number) * SECOND + 999),
            "attributes": attributes(own),
        }
        return traces(of, scope=scope)

    def chat(self, number: int, within: int | None = None, **own: Any) -> Document:
        usage = {f"gen_ai.usage.{name}": value for name, value in own.items()}
        call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self.name}
        return self.span(number, within, call | usage, scope=f"s{number}")

    def agent(self, number: int, within: int | None = None, name: str = "a") -> Document:
        own = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self.name + name}
        return self.span(number, within, own)


def export(meterd: Meterd, document: Document) -> None:
    response = meterd.client.post("/v1/traces", json=document)
    assert (response.status_code, response.json()) == (200, {})


def calls(meterd: Meterd, trace: Trace) -> list[Document]:
    return meterd.points(
        **WINDOW,
        type="distribution",
        datasource="modelMetrics",
        groupBy=["modelName"],
        aggregations=[
            {"type": "sum", "column": "inputTokens"},
            {"type": "sum", "column": "outputTokens"},
            {"type": "max", "column": "latencyMs"},
        ],
        filters=[{"fieldName": "modelName", "operator": "EQUAL", "value": trace.name}],
    )


def agents(meterd: Meterd, trace: Trace) -> dict[str, int]:
    points = meterd.points(
        **WINDOW,
        type="distribution",
        datasource="agentMetrics",
        groupBy=["agentName"],
        filters=[{"fieldName": "agentName", "operator": "STRING_STARTS_WITH", "value": trace.name}],
    )
    return {point["agentName"].removeprefix(trace.name): point["total"] for point in points}


@pytest.mark.parametrize("between", ["chain", "call", "requests of two services"])
def test_it_is_one_whichever_comes_first_and_however_often(shared: Meterd, between: str) -> None:
    for order in permutations(range(3)):
        trace = Trace()
        middle = {
            "chain": trace.span(2, 1, CHAIN, INTERNAL),
            "call": trace.chat(2, 1, output_tokens=20),
            "requests of two services": trace.span(2, 1, CHAIN, INTERNAL),
        }[between]
        inner = trace.chat(3, 2, output_tokens=20, input_tokens=7)
        if between == "requests of two services":
            middle = together(trace.span(2, 1, HTTP), trace.chat(1, input_tokens=100))
            inner = together(trace.span(4, 2, HTTP, SERVER), trace.chat(3, 4, output_tokens=20))
        parts = [trace.chat(1, input_tokens=100), middle, inner]
        for each in order:
            export(shared, parts[each])
        found = calls(shared, trace)

        assert [
            {
                "total": 1,
                "modelName": trace.name,
                "sumInputTokens": 100,
                "sumOutputTokens": 20,
                "maxLatencyMs": 18_000.0,
            }
        ] == found, order
        for part in parts:
            export(shared, part)
        assert calls(shared, trace) == found, order


def test_calls_beside_each_other_and_sub_agents_stay_apart(shared: Meterd) -> None:
    trace = Trace()
    for part in (
        trace.chat(5, 2, input_tokens=1),
        trace.chat(6, 3, input_tokens=2),
        trace.chat(7, 3, input_tokens=4),
        trace.agent(3, 2, name="b"),
        trace.agent(2, 1),
        trace.agent(1),
    ):
        export(shared, part)

    assert [(point["total"], point["sumInputTokens"]) for point in calls(shared, trace)] == [(3, 7)]
    assert agents(shared, trace) == {"a": 1, "b": 1}


def test_spans_of_another_sender_are_never_parts(shared: Meterd) -> None:
    trace = Trace()
    export(shared, trace.chat(1, input_tokens=100))
    token = make_token(shared.data, "other", scopes=(Scope.INGEST,)).token
    response = shared.anonymous.post(
        "/v1/traces", json=trace.chat(2, 1, output_tokens=5), headers={"Authorization": f"Bearer {token}"}
    )

    assert response.status_code == 200
    assert [point["total"] for point in calls(shared, trace)] == [2]


def test_it_is_one_though_the_service_was_killed_in_between(tmp_path: Path) -> None:
    inner_first, outer_first = Trace(), Trace()
    with Meterd(tmp_path) as meterd:
        export(meterd, inner_first.chat(2, 1, output_tokens=20))
        export(meterd, outer_first.chat(1, input_tokens=100))
        meterd.kill()
    with Meterd(tmp_path) as meterd:
        export(meterd, inner_first.chat(1, input_tokens=100))
        export(meterd, outer_first.chat(2, 1, output_tokens=20))
        meterd.kill()
    with Meterd(tmp_path) as meterd:
        for trace in (inner_first, outer_first):
            (point,) = calls(meterd, trace)
            assert (point["total"], point["sumInputTokens"], point["sumOutputTokens"]) == (1, 100, 20)
        assert _counted(meterd) == 0


def _counted(meterd: Meterd) -> float:
    lines: Iterable[str] = meterd.client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("meterd_ingest_merged_facts_total{"))
