"""Damaged exports: only what can't be used is left out (`docs/decisions/0008-gateway-reports.md`)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from meterd.api.otlp.damage import MAX_DAMAGED, Damage
from meterd.api.otlp.decoding import MAX_OBJECTS, decode
from meterd.api.otlp.messages import LOGS, METRICS, TRACES
from meterd.api.otlp.values import MAX_DEPTH, attributes_of
from meterd.errors import InvalidInput
from tests.api.otlp.exports import (
    ENCODINGS,
    INTERNAL,
    JSON,
    PROTOBUF,
    Document,
    chat,
    encoded,
    logs,
    metrics,
    point,
    read_points,
    read_traces,
    span,
    traces,
)

CUT = b"\xe2\x82"
"""The first two bytes of a euro sign."""


def read(document: Any, signal: Any = TRACES) -> tuple[Any, Damage]:
    return decode(signal, document if isinstance(document, bytes) else json.dumps(document).encode(), True)


def spans(request: Any) -> Any:
    return request.resource_spans[0].scope_spans[0].spans


def attribute(value: Document) -> Any:
    """What the value of an attribute is read as, beside a sound span."""
    request, damage = read(traces(span(attributes=[{"key": "odd", "value": value}, {"key": "b", "value": {}}]), span()))
    assert len(spans(request)) == 2
    assert not damage.rejected
    return attributes_of(spans(request)[0].attributes)["odd"]


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ({"stringValue": "cut \ud83d"}, "cut \ufffd"),
        ({"stringValue": "\udc00\ud800"}, "\ufffd\ufffd"),
        ({"stringValue": 5}, "5"),
        ({"stringValue": 1.5}, "1.5"),
        ({"stringValue": True}, "true"),
        ({"intValue": 12.0}, 12),
        ({"boolValue": "true"}, True),
        ({"arrayValue": {"values": [None, {"intValue": 1.0}, "text", {"stringValue": "a"}]}}, [1, "a"]),
        ({"kvlistValue": {"values": [None, {"key": "a", "value": {"intValue": 2.0}}, 5]}}, {"a": 2}),
    ],
)
def test_a_value_that_can_mean_one_thing_only_is_read_as_that(value: Document, read_as: Any) -> None:
    found = attribute(value)

    assert found == read_as
    assert type(found) is type(read_as)


@pytest.mark.parametrize(
    "value",
    [
        {"intValue": 1.5},
        {"intValue": 10**30},
        {"intValue": "many"},
        {"stringValue": ["a"]},
        {"doubleValue": {}},
        {"boolValue": "maybe"},
        {"arrayValue": "a"},
        {"kvlistValue": {"values": {"a": 1}}},
        "bare",
        5,
        [1],
        None,
    ],
)
def test_a_value_that_cannot_be_used_is_left_out_and_not_its_span(value: Any) -> None:
    assert not attribute(value)


def test_numbers_that_json_does_not_know_are_none() -> None:
    body = json.dumps(traces(span({"a": 1.5, "b": "x"}))).encode().replace(b"1.5", b"NaN")

    request, damage = read(body)
    assert attributes_of(spans(request)[0].attributes) == {"a": None, "b": "x"}
    assert not damage


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_that_is_no_utf_8_does_not_cost_its_span(encoding: str) -> None:
    spoken = chat({"reply": "MARK", "gen_ai.usage.input_tokens": 7})
    document = traces(spoken, chat(), resource={"service.name": "MARK"})
    body = encoded(document, encoding).replace(b"MARK", b"MA" + CUT)

    request, damage = decode(TRACES, body, encoding == JSON)
    found = attributes_of(spans(request)[0].attributes)
    assert found["reply"].startswith("MA\ufffd")
    assert found["gen_ai.usage.input_tokens"] == 7
    assert len(spans(request)) == 2
    assert not damage


def test_enumerations_may_be_names() -> None:
    document = traces(span(kind="SPAN_KIND_CLIENT", status={"code": "STATUS_CODE_ERROR"}), span(kind="3"))
    request, damage = read(document)

    assert [each.kind for each in spans(request)] == [3, 3]
    assert spans(request)[0].status.code == 2
    assert not damage
    delta = metrics("sum", point(asInt="1"), aggregationTemporality="AGGREGATION_TEMPORALITY_DELTA")
    rows, _ = read_points(delta, JSON)
    assert [row["temporality"] for row in rows] == ["delta"]


@pytest.mark.parametrize("odd", [None, 5, "span", []])
def test_elements_that_are_no_objects_are_rejected_one_by_one(odd: Any) -> None:
    for signal, document in (
        (TRACES, traces(odd, chat(), odd)),
        (METRICS, metrics("gauge", odd, point(asInt="1"), odd)),
        (LOGS, logs(odd, {}, odd)),
    ):
        assert read(document, signal)[1].rejected == {"must be an object": 2}


@pytest.mark.parametrize("member", ["traceId", "spanId", "startTimeUnixNano", "endTimeUnixNano"])
@pytest.mark.parametrize("value", ["x" * 40, {}, [1], 1.5])
def test_a_span_is_rejected_when_what_it_needs_cannot_be_used(member: str, value: Any) -> None:
    facts, rejected = read_traces(traces(chat(), chat(**{member: value})), JSON)

    assert len(facts["model_calls"]) == 1
    assert sum(rejected.values()) == 1
    assert member in str(rejected)


@pytest.mark.parametrize(
    "members",
    [
        {"kind": "ODD"},
        {"kind": 2**70},
        {"status": "ERROR"},
        {"status": {"code": []}},
        {"name": {}},
        {"parentSpanId": 5.5},
        {"links": 5},
    ],
)
def test_a_span_is_kept_without_what_it_does_not_need(members: Document) -> None:
    facts, rejected = read_traces(traces(chat(), chat(**members)), JSON)

    assert len(facts["model_calls"]) == 2
    assert rejected == {}


@pytest.mark.parametrize(
    "members",
    [
        {"count": 1.5},
        {"count": "many"},
        {"bucketCounts": ["1", "many"]},
        {"bucketCounts": 5},
        {"sum": []},
        {"explicitBounds": [{}]},
        {"timeUnixNano": "yesterday"},
        {"flags": "none"},
    ],
)
def test_a_point_is_whole_or_rejected(members: Document) -> None:
    rows, rejected = read_points(metrics("histogram", point(count="1"), point(**{"count": "2", **members})), JSON)

    assert [row["count"] for row in rows] == [1]
    assert list(rejected.values()) == [1]
    assert next(iter(members)) in str(rejected)


def test_whole_numbers_with_a_point_count() -> None:
    rows, rejected = read_points(metrics("histogram", point(count=2.0, bucketCounts=[1.0, "1"])), JSON)

    assert [(row["count"], row["bucketCounts"]) for row in rows] == [(2, [1.0, 1.0])]
    assert rejected == {}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("levels", [MAX_DEPTH, 90, 300, 5_000])
def test_a_value_that_is_nested_deeply_does_not_cost_the_export(encoding: str, levels: int) -> None:
    request, _ = decode(TRACES, nested(levels, encoding), encoding == JSON)

    assert len(spans(request)) == 2
    for each in spans(request):
        assert attributes_of(each.attributes)["gen_ai.request.model"] == "small-1"


def nested(levels: int, encoding: str) -> bytes:
    """Two spans, one with an attribute of lists within lists."""
    body = encoded(traces(chat({"deep": "MARK"}), chat()), encoding)
    if encoding == JSON:
        value = b'{"arrayValue": {"values": [' * levels + b"]}}" * levels
        return body.replace(b'{"stringValue": "MARK"}', value)
    value = AnyValue(string_value="x").SerializeToString()
    for _ in range(levels):
        value = delimited(5, delimited(1, value))
    request = ExportTraceServiceRequest.FromString(body)
    first, second = request.resource_spans[0].scope_spans[0].spans
    deep = delimited(9, KeyValue(key="deep").SerializeToString() + delimited(2, value))
    scope = delimited(2, first.SerializeToString() + deep) + delimited(2, second.SerializeToString())
    return delimited(1, delimited(2, scope))


def delimited(number: int, data: bytes) -> bytes:
    """A field of protobuf that has a length."""
    length, rest = bytearray(), len(data)
    while rest > 127:
        length.append(rest & 127 | 128)
        rest >>= 7
    return bytes([number << 3 | 2, *length, rest]) + data


@pytest.mark.parametrize(
    ("damage", "models"),
    [(lambda value: value[:-1] + b"\xff", 2), (lambda value: b"\x0f" * len(value), 1)],
    ids=["length of a part", "tags"],
)
def test_a_part_that_cannot_be_decoded_costs_itself(damage: Callable[[bytes], bytes], models: int) -> None:
    document = traces(chat(), chat({"odd": "x"}), span(kind=INTERNAL))
    request = TRACES.protobuf.FromString(encoded(document, PROTOBUF))
    odd = spans(request)[1]
    if models == 2:
        body = request.SerializeToString()
        whole = odd.attributes[2].value.SerializeToString()
        body = body.replace(whole, damage(b"\x0a\x7f" + whole[2:-1] + b"x"))
    else:
        whole = odd.SerializeToString()
        body = request.SerializeToString().replace(whole, damage(whole))
    decoded, found = decode(TRACES, body, False)

    names = [attributes_of(each.attributes).get("gen_ai.request.model") for each in spans(decoded)]
    assert names.count("small-1") == models
    assert found.rejected.total() == 2 - models
    assert bool(found.left_out) == (models == 2)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_export_of_which_nothing_is_left_is_refused(encoding: str) -> None:
    body = b'{"resourceSpans": [5, null]}' if encoding == JSON else delimited(1, b"\xff" * 5)

    with pytest.raises(InvalidInput, match=r"resourceSpans|not a valid ExportTraceServiceRequest"):
        decode(TRACES, body, encoding == JSON)


def test_what_is_left_out_is_named_by_its_member_and_never_by_its_value() -> None:
    odd = [{"key": "a", "value": {"intValue": "secret"}}, {"key": ["secret"]}, None]
    _, damage = read(traces(span(attributes=odd), None))

    assert damage.sentence() == (
        "1 rejected: must be an object; "
        "values that can't be used are left out: 1 of intValue, 1 of key, 1 of attributes"
    )


def test_a_damaged_export_of_very_many_objects_is_refused_with_the_reason() -> None:
    many = b",".join([b"{}"] * MAX_OBJECTS)
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "ODD", "attributes": [%b]}]}]}]}' % many

    with pytest.raises(InvalidInput, match=f"kind must be an integer.*more than {MAX_OBJECTS} objects"):
        read(body)


def test_only_so_many_damaged_parts_are_looked_into() -> None:
    bad = b'{"key": []}'
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [%b]}]}]}' % b",".join(
        [b'{"attributes": [%b]}' % b",".join([bad] * (MAX_DAMAGED + 10)), b"{}", b"{}"]
    )
    request, damage = read(body)

    assert len(spans(request)) == 1
    assert damage.left_out["key"] < MAX_DAMAGED
    assert damage.rejected == {"too much of the export can't be used": 2}
