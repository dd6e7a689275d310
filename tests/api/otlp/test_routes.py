"""OTLP over HTTP against a running server (`docs/specifications/ingest-sources.md` sections 2.1, 4.2 and 4.3)."""

import copy
import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meterd.access import Scope
from tests.api.otlp.exports import (
    CLIENT,
    ENCODINGS,
    JSON,
    PROTOBUF,
    START,
    Document,
    attributes,
    chat,
    encoded,
    logs,
    metrics,
    point,
    span,
    together,
    traces,
)
from tests.process import OF_ONE_NODE, Meterd, make_token

LIMIT = 20 * 2**20
Answer = type[ExportTraceServiceResponse] | type[ExportMetricsServiceResponse] | type[ExportLogsServiceResponse]
ANSWERS: dict[str, tuple[Answer, str]] = {
    "traces": (ExportTraceServiceResponse, "rejectedSpans"),
    "metrics": (ExportMetricsServiceResponse, "rejectedDataPoints"),
    "logs": (ExportLogsServiceResponse, "rejectedLogRecords"),
}
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3}


class Exporter:
    """A subject in a tenant of its own, who may read all of it."""

    def __init__(self, meterd: Meterd, *scopes: Scope) -> None:
        self.meterd = meterd
        self.tenant = uuid.uuid4().hex
        self.token = self.another("ann", *scopes)
        self._reader = self.another("reader", Scope.QUERY, tenant_admin=True)

    def another(self, subject: str, *scopes: Scope, **details: Any) -> str:
        """A token of another subject in the same tenant."""
        return make_token(self.meterd.data, subject, tenant=self.tenant, scopes=scopes, **details).token or ""

    def send(
        self, body: Document | bytes, encoding: str = PROTOBUF, signal: str = "traces", **headers: str
    ) -> httpx2.Response:
        """Send bytes as they are, a document in the encoding."""
        content = body if isinstance(body, bytes) else encoded(body, encoding)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.meterd.client.post(
            f"/v1/{signal}",
            content=content,
            headers={"authorization": f"Bearer {self.token}", "content-type": encoding} | named,
        )

    def points(self, datasource: str, *names: str, **body: Any) -> list[dict[str, Any]]:
        return self.meterd.points(self._reader, datasource=datasource, groupBy=list(names), **body)

    def total(self, datasource: str = "modelMetrics") -> int:
        """How many facts the tenant has."""
        total: int = self.meterd.points(self._reader, datasource=datasource)[0]["total"]
        return total


@pytest.fixture
def exporter(shared: Meterd) -> Exporter:
    return Exporter(shared, Scope.INGEST)


@pytest.fixture
def gateway(shared: Meterd) -> Exporter:
    """May send facts of any subject."""
    return Exporter(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


def taken(response: httpx2.Response) -> None:
    """Everything was taken: the answer's body is an empty message."""
    assert response.status_code == 200, response.text
    is_json = response.headers["content-type"] == JSON
    assert response.content == (b"{}" if is_json else b"")
    assert response.headers["content-type"] == response.request.headers["content-type"]


def rejected(response: httpx2.Response, signal: str = "traces") -> tuple[int, str]:
    """How many were rejected, and the reason, from an answer in the request's encoding."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == response.request.headers["content-type"]
    message, name = ANSWERS[signal]
    if response.headers["content-type"] == JSON:
        partial = response.json()["partialSuccess"]
        assert partial.keys() == {name, "errorMessage"}
        return int(partial[name]), partial["errorMessage"]
    partial = message.FromString(response.content).partial_success
    counts = {field.camelcase_name: each for field, each in partial.ListFields()}
    return counts.get(name, 0), partial.error_message


def error_of(response: httpx2.Response, status: int, is_json: bool) -> str:
    """The message of a `google.rpc.Status` in the request's encoding."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == (JSON if is_json else PROTOBUF)
    if is_json:
        body = response.json()
        assert body.keys() == {"code", "message"}
        code, message = body["code"], body["message"]
    else:
        parsed = Status.FromString(response.content)
        code, message = parsed.code, parsed.message
    assert code == CODES[status]
    assert message
    return str(message)


def everything() -> Document:
    """A fact of every kind, and a span that is none."""
    return traces(
        chat({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5, "gen_ai.conversation.id": "c"}),
        chat({"error.type": "429"}, status={"code": 2}),
        span({"mcp.method.name": "tools/call", "gen_ai.tool.name": "search"}, kind=CLIENT),
        span({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}),
        span(
            {
                "gen_ai.operation.name": "apply_guardrail",
                "gen_ai.security.decision.type": "deny",
                "gen_ai.guardian.name": "pii",
            }
        ),
        span({"http.route": "/"}),
        resource={"service.name": "shop"},
    )


SUM_OF_TOKENS = [{"type": "sum", "column": "inputTokens"}, {"type": "sum", "column": "latencyMs"}]


def answers(exporter: Exporter) -> list[Any]:
    """What queries say of `everything`."""
    model = ("modelName", "requestType", "conversationID", "createdBySubjectType", "metadata.service.name")
    return [
        exporter.points(
            "modelMetrics", *(name for name in model if name != "conversationID"), aggregations=SUM_OF_TOKENS
        ),
        exporter.points("mcpMetrics", "method", "toolName", "metadata.service.name"),
        exporter.points("agentMetrics", "agentName", "isFailure"),
        exporter.points("guardrailMetrics", "guardrailName", "guardrailResult", "userEmail"),
    ]


def test_both_encodings_give_the_same_facts(shared: Meterd) -> None:
    document = everything()
    found = []
    for encoding in ENCODINGS:
        exporter = Exporter(shared, Scope.INGEST)
        taken(exporter.send(document, encoding))
        found.append(answers(exporter))

    assert found[0] == found[1]
    assert found[0] == [
        [
            {
                "modelName": "small-1",
                "requestType": "chat",
                "createdBySubjectType": "user",
                "metadata.service.name": "shop",
                "total": 2,
                "sumInputTokens": 10,
                "sumLatencyMs": 4000.0,
            }
        ],
        [{"method": "tools/call", "toolName": "search", "metadata.service.name": "shop", "total": 1}],
        [{"agentName": "planner", "isFailure": False, "total": 1}],
        [{"guardrailName": "pii", "guardrailResult": "fail", "createdBySubjectSlug": "ann", "total": 1}],
    ]


def test_points_of_both_encodings_are_the_same_point(exporter: Exporter) -> None:
    document = together(
        metrics("sum", point({"server.port": 80}, asInt="7"), isMonotonic=True, aggregationTemporality=2),
        metrics("histogram", point(count="3", sum=6.5, min=0.5, max=4.0, bucketCounts=["3"]), name="duration"),
    )
    for encoding in ENCODINGS:
        taken(exporter.send(document, encoding, "metrics"))

    values = [{"type": "sum", "column": name} for name in ("value", "count", "sum", "minimum", "maximum")]
    by_name = {each["metricName"]: each for each in exporter.points("otlpMetrics", "metricName", aggregations=values)}
    assert {"duration": (1, 3, 6.5, 0.5, 4.0), "requests": (1, None, None, None, None)} == {
        name: (each["total"], each["sumCount"], each["sumSum"], each["sumMinimum"], each["sumMaximum"])
        for name, each in by_name.items()
    }
    assert by_name["requests"]["sumValue"] == 7.0


COMPRESSED: list[tuple[str, Callable[[bytes], bytes]]] = [("gzip", gzip.compress), ("deflate", zlib.compress)]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_compressed_exports_are_taken(
    exporter: Exporter, encoding: str, name: str, compress: Callable[[bytes], bytes]
) -> None:
    taken(exporter.send(compress(encoded(traces(chat()), encoding)), encoding, content_encoding=name))

    assert exporter.total() == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_compressed_exports_that_end_too_early_are_refused(
    exporter: Exporter, encoding: str, name: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(encoded(traces(*[chat() for _ in range(20)]), encoding))

    assert name in error_of(exporter.send(whole[:-3], encoding, content_encoding=name), 400, encoding == JSON)
    assert exporter.total() == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_a_small_body_that_unpacks_to_too_much_is_refused(
    exporter: Exporter, encoding: str, name: str, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(b" " * (LIMIT + 1))

    assert len(bomb) < 2**16
    answer = exporter.send(bomb, encoding, content_encoding=name)
    assert "larger than" in error_of(answer, 413, encoding == JSON)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["gzip", "br"])
def test_a_body_that_is_not_what_its_encoding_says_is_refused(exporter: Exporter, encoding: str, name: str) -> None:
    assert name in error_of(exporter.send(b"{}", encoding, content_encoding=name), 400, encoding == JSON)


@pytest.mark.parametrize("signal", ANSWERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_that_is_too_large_is_refused(exporter: Exporter, encoding: str, signal: str) -> None:
    answer = exporter.send(b" " * (LIMIT + 1), encoding, signal)

    assert "larger than" in error_of(answer, 413, encoding == JSON)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_of_unknown_length_is_refused_when_it_grows_too_large(exporter: Exporter, encoding: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(LIMIT // 2**20 + 1):
            yield b" " * 2**20

    answer = exporter.meterd.client.post(
        "/v1/traces",
        content=pieces(),
        headers={"authorization": f"Bearer {exporter.token}", "content-type": encoding},
    )
    assert "larger than" in error_of(answer, 413, encoding == JSON)


@pytest.mark.parametrize("signal", ANSWERS)
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (PROTOBUF, b"nonsense"),
        (PROTOBUF, b"{}"),
        (PROTOBUF, b"\x0a\x05a"),
        (JSON, b""),
        (JSON, b"nonsense"),
        (JSON, b"[]"),
        (JSON, b"null"),
        (JSON, b"\x0a\x00"),
        (JSON, b"[" * 100_000),
    ],
)
def test_a_body_that_cannot_be_decoded_is_refused(exporter: Exporter, signal: str, encoding: str, body: bytes) -> None:
    assert "the body" in error_of(exporter.send(body, encoding, signal), 400, encoding == JSON)


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-ndjson", "application/protobuf", "application/grpc", "json", ";"]
)
def test_other_content_types_are_refused(exporter: Exporter, content_type: str) -> None:
    message = error_of(exporter.send(b"{}", content_type), 415, True)

    assert "application/x-protobuf" in message
    assert "application/json" in message


def test_a_missing_content_type_is_refused(exporter: Exporter) -> None:
    answer = exporter.meterd.client.post(
        "/v1/traces", content=b"{}", headers={"authorization": f"Bearer {exporter.token}"}
    )

    assert "Content-Type" in error_of(answer, 415, True)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;"])
def test_content_types_may_have_parameters_and_any_case(exporter: Exporter, content_type: str) -> None:
    answer = exporter.send(json.dumps(traces(chat())).encode(), content_type)

    assert (answer.status_code, answer.content) == (200, b"{}")
    assert exporter.total() == 1


@pytest.mark.parametrize("signal", ANSWERS)
@pytest.mark.parametrize(("encoding", "body"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_an_empty_request_succeeds(exporter: Exporter, signal: str, encoding: str, body: bytes) -> None:
    taken(exporter.send(body, encoding, signal))


@pytest.mark.parametrize("signal", ANSWERS)
@pytest.mark.parametrize("content_type", [*ENCODINGS, "text/plain"])
@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer mtr_" + "0" * 40, "Basic Zm9vOmJhcg=="])
def test_without_a_valid_token_there_is_401_even_for_a_bad_body(
    shared: Meterd, signal: str, content_type: str, authorization: str | None
) -> None:
    headers = {"content-type": content_type} | ({} if authorization is None else {"authorization": authorization})
    answer = shared.anonymous.post(f"/v1/{signal}", content=b"nonsense", headers=headers)

    assert "token" in error_of(answer, 401, content_type != PROTOBUF)
    assert answer.headers["www-authenticate"] == 'Bearer realm="meterd"'


@pytest.mark.parametrize("signal", ANSWERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_token_without_the_scope_gets_403_that_names_it(shared: Meterd, signal: str, encoding: str) -> None:
    answer = Exporter(shared, Scope.QUERY).send(b"", encoding, signal)

    assert '"ingest"' in error_of(answer, 403, encoding == JSON)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_methods_and_addresses_are_refused_in_the_same_shape(exporter: Exporter, encoding: str) -> None:
    headers = {"authorization": f"Bearer {exporter.token}", "content-type": encoding}
    client = exporter.meterd.client

    wrong = client.get("/v1/traces", headers=headers)
    assert error_of(wrong, 405, encoding == JSON)
    assert wrong.headers["allow"] == "POST"
    assert "/v1/profiles" in error_of(client.post("/v1/profiles", headers=headers), 404, encoding == JSON)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"traceId": "00" * 16}, "traceId"),
        ({"traceId": "11" * 8}, "traceId"),
        ({"traceId": ""}, "traceId"),
        ({"spanId": "00" * 8}, "spanId"),
        ({"spanId": "11" * 9}, "spanId"),
        ({"startTimeUnixNano": str(2**64 - 1)}, "startTimeUnixNano"),
        ({"startTimeUnixNano": str(2**62)}, "startTimeUnixNano"),
    ],
)
def test_spans_that_cannot_be_stored_are_a_partial_success(
    exporter: Exporter, encoding: str, members: Document, named: str
) -> None:
    count, message = rejected(exporter.send(traces(chat(), chat(**members), chat(**members)), encoding))

    assert count == 2
    assert named in message
    assert exporter.total() == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_points_that_cannot_be_stored_are_a_partial_success(exporter: Exporter, encoding: str) -> None:
    export = metrics("gauge", point(asInt="1"), point(asInt="2", timeUnixNano=str(2**64 - 1)))
    count, message = rejected(exporter.send(export, encoding, "metrics"), "metrics")

    assert count == 1
    assert "timeUnixNano" in message
    assert exporter.total("otlpMetrics") == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_one_value_that_cannot_be_used_never_costs_the_export(exporter: Exporter, encoding: str) -> None:
    document = traces(*[chat({"reply": "MARK"}) for _ in range(20)], chat({"odd": 5}), chat(traceId="00" * 16))
    body = encoded(document, encoding).replace(b"MARK", b"MA\xe2\x82", 1)
    if encoding == JSON:
        body = body.replace(b'{"intValue": "5"}', b'{"intValue": 5.5}')

    count, message = rejected(exporter.send(body, encoding))
    assert count == 1
    assert message.startswith("1 rejected: traceId must be")
    assert ("left out: 1 of intValue" in message) == (encoding == JSON)
    assert exporter.total() == 21


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_point_with_a_text_that_is_no_utf_8_is_kept(exporter: Exporter, encoding: str) -> None:
    body = encoded(metrics("sum", point({"a": "MARK"}, asInt="1"), unit="MARK"), encoding).replace(b"MARK", b"MAR\xff")

    taken(exporter.send(body, encoding, "metrics"))
    assert exporter.points("otlpMetrics", "unit") == [{"unit": "MAR\ufffd", "total": 1}]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_log_records_with_a_text_that_is_no_utf_8_are_rejected_one_by_one(exporter: Exporter, encoding: str) -> None:
    body = encoded(logs({"severityText": "MARK"}, {}), encoding).replace(b"MARK", b"MAR\xff")

    assert rejected(exporter.send(body, encoding, "logs"), "logs")[0] == 2


def test_what_was_only_left_out_is_said_with_no_rejection(exporter: Exporter) -> None:
    odd = [{"key": "a", "value": {"intValue": 5.5}}]
    answer = exporter.send(traces(chat(), span(attributes=odd)), JSON)

    assert rejected(answer) == (0, "values that can't be used are left out: 1 of intValue")
    assert exporter.total() == 1


def test_what_could_not_be_used_is_counted_by_signal(exporter: Exporter) -> None:
    def left_out(source: str) -> float:
        lines = exporter.meterd.client.get("/metrics").text.splitlines()
        name = f'meterd_ingest_left_out_total{{source="{source}"}}'
        return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

    before = left_out("traces"), left_out("metrics")
    exporter.send(traces(chat(), None, chat(kind="ODD")), JSON)
    exporter.send(metrics("gauge", None, point(asInt="1")), JSON, "metrics")

    assert (left_out("traces") - before[0], left_out("metrics") - before[1]) == (2, 1)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_becomes_far_larger_than_it_was_sent_is_rejected_beyond_a_limit(exporter: Exporter, encoding: str) -> None:
    points = [{"timeUnixNano": str(START + number), "asInt": "1"} for number in range(1_000)]
    load = metrics("gauge", *points, name="n" * 4096, unit="u" * 4096, scope="s" * 4096)
    body = gzip.compress(encoded(load, encoding))
    count, message = rejected(exporter.send(body, encoding, "metrics", content_encoding="gzip"), "metrics")

    kept = exporter.total("otlpMetrics")
    assert count + kept == 1_000
    assert "(ingest.max-growth)" in message
    assert kept * 3 * 4096 < 2**20 + 500 * len(body)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_ordinary_export_of_many_points_is_kept_whole(exporter: Exporter, encoding: str) -> None:
    points = [point({"server.port": 80, "http.route": f"/{number}"}, asInt="0") for number in range(3_000)]
    load = metrics("sum", *points, name="http.server.request.duration", resource={"service.name": "shop"})

    taken(exporter.send(gzip.compress(encoded(load, encoding)), encoding, "metrics", content_encoding="gzip"))
    assert exporter.total("otlpMetrics") == 3_000


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_log_records_are_all_rejected_with_a_sentence(exporter: Exporter, encoding: str) -> None:
    records = [{"body": {"stringValue": "a prompt"}, "eventName": "gen_ai.guardrail.result"}] * 3
    count, message = rejected(exporter.send(logs(*records), encoding, "logs"), "logs")

    assert count == 3
    assert "not kept" in message
    assert "a prompt" not in message


@pytest.mark.parametrize("again", ENCODINGS)
@pytest.mark.parametrize("first", ENCODINGS)
def test_an_export_that_is_sent_again_adds_nothing(exporter: Exporter, first: str, again: str) -> None:
    spans, load = everything(), metrics("gauge", point(asInt="1"))
    taken(exporter.send(spans, first))
    taken(exporter.send(load, first, "metrics"))
    before = answers(exporter)
    taken(exporter.send(spans, again))
    taken(exporter.send(load, again, "metrics"))

    assert answers(exporter) == before
    assert exporter.total("otlpMetrics") == 1


def test_overlapping_exports_add_each_span_once(exporter: Exporter) -> None:
    spans = [chat() for _ in range(10)]
    for start, end in ((0, 4), (2, 8), (0, 10), (9, 10)):
        taken(exporter.send(traces(*spans[start:end], *spans[start:end])))

    assert exporter.total() == 10


def test_concurrent_exports_of_the_same_spans_add_each_once(exporter: Exporter) -> None:
    spans = [chat() for _ in range(50)]
    parts = [(traces(*spans[first:]), ENCODINGS[first % 2]) for first in range(24)]
    with ThreadPoolExecutor(8) as threads:
        for answer in threads.map(lambda part: exporter.send(*part), parts):
            taken(answer)

    assert exporter.total() == 50


def test_ids_in_upper_and_lower_case_are_the_same(exporter: Exporter) -> None:
    for ids in (
        {"traceId": "ABCDEF0123456789" * 2, "spanId": "ABCDEF0123456789"},
        {"traceId": "abcdef0123456789" * 2, "spanId": "abcdef0123456789"},
    ):
        for encoding in ENCODINGS:
            taken(exporter.send(traces(chat(None, **ids)), encoding))

    assert exporter.total() == 1


def test_integers_as_strings_and_numbers_are_the_same(exporter: Exporter) -> None:
    tokens = [{"key": "gen_ai.usage.input_tokens", "value": {"intValue": of}} for of in ("10", 10)]
    ids = {"traceId": "ab" * 16, "startTimeUnixNano": START}
    of = chat()["attributes"]
    taken(
        exporter.send(traces(chat(None, **ids, attributes=[*of, tokens[0]]), chat(attributes=[*of, tokens[1]])), JSON)
    )

    (found,) = exporter.points("modelMetrics", "modelName", aggregations=SUM_OF_TOKENS)
    assert (found["total"], found["sumInputTokens"]) == (2, 20)


def test_with_the_scope_spans_name_their_user(gateway: Exporter) -> None:
    taken(gateway.send(traces(chat({"user.email": "bob@example.com"}), chat())))

    assert gateway.points("modelMetrics", "userEmail") == [
        {"createdBySubjectSlug": "ann", "total": 1},
        {"createdBySubjectSlug": "bob@example.com", "total": 1},
    ]


def test_without_the_scope_spans_are_the_tokens_subjects(exporter: Exporter) -> None:
    taken(exporter.send(traces(chat({"user.email": "bob@example.com"}), chat())))

    assert exporter.points("modelMetrics", "userEmail") == [{"createdBySubjectSlug": "ann", "total": 2}]


NESTING = {
    "array": ('{"arrayValue":{"values":[', "]}}"),
    "map": ('{"kvlistValue":{"values":[{"key":"a","value":', "}]}}"),
}


@pytest.mark.parametrize("kind", ["array", "map"])
@pytest.mark.parametrize("depth", [10, 200, 5000])
@pytest.mark.parametrize("name", ["any", "gen_ai.request.model", "user.email", "service.name"])
def test_values_that_are_nested_deeply_do_not_cost_the_export(
    gateway: Exporter, kind: str, depth: int, name: str
) -> None:
    marked = json.dumps(traces(chat({name: "MARK"}), chat(), resource={name: "MARK"}))
    opening, closing = NESTING[kind]
    body = marked.replace('{"stringValue": "MARK"}', opening * depth + '{"stringValue":"x"}' + closing * depth)
    assert gateway.send(body.encode(), JSON).status_code == 200
    assert gateway.total() == 2


def tagged(tag: int, content: bytes) -> bytes:
    """A field of protobuf that holds a message or text."""
    length, rest = b"", len(content)
    while rest > 127:
        length, rest = length + bytes([rest & 127 | 128]), rest >> 7
    return bytes([tag << 3 | 2]) + length + bytes([rest]) + content


@pytest.mark.parametrize("depth", [10, 5000])
def test_protobuf_that_is_nested_deeply_does_not_cost_the_export(exporter: Exporter, depth: int) -> None:
    value = b""
    for _ in range(depth):
        value = tagged(5, tagged(1, value))  # an array value of one
    resource = tagged(1, tagged(1, tagged(1, tagged(1, b"key") + tagged(2, value))))
    answer = exporter.send(encoded(traces(chat()), PROTOBUF) + resource)

    if depth == 10:
        taken(answer)
    else:
        assert rejected(answer) == (0, "values that can't be used are left out: 1 of values")
    assert exporter.total() == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_hundred_thousand_attributes_are_taken(exporter: Exporter, encoding: str) -> None:
    many = {f"a{number}": number for number in range(100_000)}
    taken(exporter.send(traces(chat(many)), encoding))

    assert exporter.total() == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["gen_ai.request.model", "gen_ai.input.messages", "user.email"])
def test_a_text_of_ten_megabytes_is_taken_and_cut(gateway: Exporter, encoding: str, name: str) -> None:
    taken(gateway.send(traces(chat({name: "x" * 10_000_000}), resource={"service.name": "y" * 1_000_000}), encoding))

    found = gateway.points("modelMetrics", "modelName", "userEmail", "metadata.service.name")
    assert [1] == [each["total"] for each in found]
    assert max(len(each) for each in found[0].values() if isinstance(each, str)) <= 4096


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324])
def test_numbers_that_are_hard_to_store_do_no_harm(exporter: Exporter, encoding: str, number: float) -> None:
    own = dict.fromkeys(
        [
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.usage.input_tokens",
            "error.type",
            "gen_ai.usage.output_tokens",
            "http.response.status_code",
            "server.port",
        ],
        number,
    )
    taken(
        exporter.send(
            traces(chat(own), span({"mcp.method.name": "m"} | own), resource={"service.name": number}), encoding
        )
    )
    taken(exporter.send(metrics("gauge", point(own, asDouble=_json(number))), encoding, "metrics"))

    assert (exporter.total(), exporter.total("mcpMetrics"), exporter.total("otlpMetrics")) == (1, 1, 1)


def _json(number: float) -> Any:
    return attributes({"": number})[0]["value"]["doubleValue"]


@pytest.mark.parametrize(
    ("signal", "document"),
    [
        ("traces", traces(span({"gen_ai.operation.name": ["chat"]}))),
        ("traces", traces(span({"gen_ai.operation.name": {}}))),
        ("traces", traces(span({"gen_ai.operation.name": [], "litellm.call_id": "c"}), scope="litellm")),
        ("traces", traces(chat(startTimeUnixNano=10**400))),
        ("traces", traces(chat(endTimeUnixNano=10**400))),
        ("metrics", metrics("gauge", point(timeUnixNano=10**400))),
        ("metrics", metrics("gauge", point(asInt=10**400))),
        ("metrics", metrics("summary", point(count="1"))),
    ],
    ids=["operation-list", "operation-map", "operation-litellm", "start", "end", "time", "integer", "summary"],
)
def test_odd_json_is_no_fault_of_the_server(exporter: Exporter, signal: str, document: Document) -> None:
    assert exporter.send(document, JSON, signal).status_code in (200, 400)


def test_exports_that_are_sent_again_after_a_kill_add_nothing(tmp_path: Path) -> None:
    spans, load = [chat() for _ in range(30)], metrics("gauge", point(asInt="1"))
    server = Meterd(tmp_path).start()
    taken(Sent(server).send(traces(*spans[:20])))
    taken(Sent(server).send(load, JSON, "metrics"))
    server.kill()
    with server:
        taken(Sent(server).send(traces(*spans[:20])))
        taken(Sent(server).send(traces(*spans[10:]), JSON))
        taken(Sent(server).send(load, PROTOBUF, "metrics"))
        assert server.points(datasource="modelMetrics") == [{"total": 30}]
        assert server.points(datasource="otlpMetrics") == [{"total": 1}]


class Sent(Exporter):
    """The administrator of a server, in its own tenant."""

    def __init__(self, meterd: Meterd) -> None:
        self.meterd = meterd
        self.token = meterd.token


MARK = "do-not-keep-this"
SECRETS = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.tool.definitions",
    "gen_ai.security.content.input.value",
    "llm.openai.messages",
    "error.message",
    "litellm.provider.error.stack_trace",
    "litellm.guardrail.response",
    "http.user_agent",
    "net.peer.ip",
    "metadata.requester_ip_address",
    "litellm.metadata.requester_metadata.headers",
]


@OF_ONE_NODE
def test_text_that_must_not_be_stored_is_in_no_file(tmp_path: Path) -> None:
    secrets = dict.fromkeys(SECRETS, MARK)
    event = {"name": MARK, "attributes": attributes({"exception.stacktrace": MARK})}
    members: Document = {"events": [event], "status": {"code": 2, "message": MARK}, "name": MARK}
    guardrail = {"litellm.guardrail.name": "pii", "litellm.guardrail.status": "success"}
    spans = [chat(secrets, **members), span({"mcp.method.name": "tools/call"} | secrets, **members)]
    litellm = [span(guardrail | secrets, **members), chat({"litellm.call_id": "c"} | secrets, **members)]
    resource = {"process.command_line": MARK}
    with Meterd(tmp_path) as server:
        exporter = Sent(server)
        for encoding in ENCODINGS:
            taken(exporter.send(traces(*spans, resource=resource), encoding))
            taken(exporter.send(traces(*litellm, scope="litellm"), encoding))
            taken(exporter.send(metrics("gauge", point({"user.email": MARK}), resource=resource), encoding, "metrics"))
            rejected(exporter.send(logs({"body": {"stringValue": MARK}}), encoding, "logs"), "logs")
            exporter.send(traces(chat({"a": MARK}), chat(traceId="")), encoding)
        exporter.send(b'{"resourceSpans": "' + MARK.encode() + b'"}', JSON)
        assert server.points(datasource="modelMetrics")[0]["total"] == 4
        server.stop()

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(b"small-1" in file.read_bytes() for file in files)
    assert [file.name for file in files if MARK.encode() in file.read_bytes()] == []
    assert MARK.encode() not in server.log


VALID: list[tuple[str, Document]] = [
    ("traces", everything()),
    ("traces", traces(chat({"litellm.call_id": "c"}), span({"litellm.guardrail.name": "pii"}), scope="litellm")),
    ("metrics", metrics("sum", point({"server.port": 80, "list": [1, {"a": 1.5}]}, asInt="7"), isMonotonic=True)),
    ("metrics", metrics("histogram", point(count="3", sum=6.5, bucketCounts=["1", "2"], explicitBounds=[1.0]))),
    ("metrics", metrics("summary", point(count="3", sum=6.5))),
    ("logs", logs({"body": {"stringValue": "x"}})),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62, max_value=2**70).map(str),
    st.floats(),
    st.just(10**400),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=2),
    st.sampled_from(
        [
            "NaN",
            "-Infinity",
            "-1",
            "0" * 32,
            {"stringValue": "chat"},
            {"arrayValue": {"values": [{}]}},
            {"kvlistValue": {}},
            {"intValue": "9" * 20},
            {"doubleValue": "NaN"},
        ]
    ),
)


def places(of: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document that a value can be put in."""
    for key, each in of.items() if isinstance(of, dict) else enumerate(of) if isinstance(of, list) else ():
        yield of, key
        yield from places(each)


@st.composite
def changed_documents(draw: st.DrawFn) -> tuple[str, str, bytes]:
    signal, valid = draw(st.sampled_from(VALID))
    document = json.loads(json.dumps(valid))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(document))))
        container[key] = copy.deepcopy(draw(ODD))  # the next change may be within it
    return signal, JSON, json.dumps(document).encode()


NUMBERS = st.one_of(st.integers(), st.sampled_from([10**20, -(10**20), 10**400, "9" * 20, "-" + "9" * 20]))
VALUES = st.recursive(
    st.one_of(
        st.just({}),
        st.builds(lambda of: {"stringValue": of}, st.one_of(st.text(), st.text('[]{}"\\0\n', max_size=9))),
        st.builds(lambda of: {"boolValue": of}, st.booleans()),
        st.builds(lambda of: {"intValue": of}, NUMBERS),
        st.builds(lambda of: {"doubleValue": of}, st.floats(allow_nan=False, allow_infinity=False)),
        st.builds(lambda of: {"doubleValue": of}, st.sampled_from(["NaN", "Infinity", "-Infinity", "", "1e999"])),
    ),
    lambda inner: st.one_of(
        st.builds(lambda of: {"arrayValue": {"values": of}}, st.lists(inner, max_size=3)),
        st.builds(
            lambda of: {"kvlistValue": {"values": of}},
            st.lists(st.fixed_dictionaries({"key": st.text(max_size=3), "value": inner}), max_size=3),
        ),
    ),
    max_leaves=4,
)


@st.composite
def changed_values(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """Proper JSON documents with other values of attributes, times and counts."""
    signal, valid = draw(st.sampled_from(VALID[:5]))
    document = json.loads(json.dumps(valid))
    numbers = ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "asInt", "count")
    found = [(of, key) for of, key in places(document) if key == "value" or key in numbers]
    for _ in range(draw(st.integers(1, 3))):
        of, key = draw(st.sampled_from(found))
        of[key] = copy.deepcopy(draw(VALUES if key == "value" else NUMBERS))
    return signal, JSON, json.dumps(document).encode()


@st.composite
def changed_bytes(draw: st.DrawFn) -> tuple[str, str, bytes]:
    signal, valid = draw(st.sampled_from(VALID))
    encoding = draw(st.sampled_from(ENCODINGS))
    body = bytearray(encoded(valid, encoding))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(body) - 1))
        body[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
        if not body:
            body = bytearray(b"\0")
    return signal, encoding, bytes(body)


@pytest.fixture(scope="module")
def fuzzed(shared: Meterd) -> Exporter:
    return Exporter(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


@given(st.one_of(changed_documents(), changed_values(), changed_bytes()))
@settings(max_examples=400)
def test_whatever_is_sent_the_answer_is_no_500(fuzzed: Exporter, of: tuple[str, str, bytes]) -> None:
    signal, encoding, body = of

    assert fuzzed.send(body, encoding, signal).status_code in (200, 400)


def test_after_all_that_queries_still_answer_with_the_right_counts(fuzzed: Exporter) -> None:
    for datasource in ("modelMetrics", "mcpMetrics", "agentMetrics", "guardrailMetrics", "otlpMetrics"):
        fuzzed.total(datasource)
    before = fuzzed.total()
    taken(fuzzed.send(traces(chat(), chat())))

    assert fuzzed.total() == before + 2
