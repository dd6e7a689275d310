"""Export requests in both encodings (`docs/specifications/ingest-sources.md` section 2.1)."""

import json
import math
from typing import Any

import pytest

from meterd.api.otlp.decoding import decode
from meterd.api.otlp.messages import LOGS, METRICS, TRACES, Signal, attributes_of, identifier, number
from meterd.errors import InvalidInput
from tests.api.otlp.exports import ENCODINGS, JSON, decoded, metrics, point, span, traces

VALUES = [
    "text",
    "",
    "é \0 \n \U0001f600",
    True,
    False,
    0,
    -(2**63),
    2**63 - 1,
    0.0,
    1.5,
    1e-300,
    math.inf,
    -math.inf,
    None,
    [],
    ["a", 1, None, [True]],
    {},
    {"a": {"b": [1.5, {"c": "d"}]}},
]


def spans(request: Any) -> Any:
    return request.resource_spans[0].scope_spans[0].spans


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("value", VALUES)
def test_values_of_attributes_are_read(encoding: str, value: Any) -> None:
    request = decoded(TRACES, traces(span({"key": value})), encoding)

    found = attributes_of(spans(request)[0].attributes)
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_not_a_number_is_read(encoding: str) -> None:
    request = decoded(TRACES, traces(span({"key": math.nan})), encoding)

    assert math.isnan(attributes_of(spans(request)[0].attributes)["key"])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bytes_are_base64(encoding: str) -> None:
    attribute = {"key": "key", "value": {"bytesValue": "AAEC"}}
    request = decoded(TRACES, traces(span(attributes=[attribute])), encoding)

    assert attributes_of(spans(request)[0].attributes) == {"key": "AAEC"}


@pytest.mark.parametrize("time", [1_790_000_000_123_456_789, "1790000000123456789"])
def test_integers_of_64_bits_are_numbers_or_strings(time: int | str) -> None:
    body = json.dumps(traces(span(startTimeUnixNano=time))).encode()

    assert int(spans(decode(TRACES, body, True)[0])[0].start_time_unix_nano) == 1_790_000_000_123_456_789


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_ids_are_hex_in_json_and_bytes_in_protobuf(encoding: str) -> None:
    request = decoded(TRACES, traces(span(traceId="AB" * 16, spanId="cD" * 8)), encoding)

    assert identifier(spans(request)[0].trace_id, 16) == "ab" * 16
    assert identifier(spans(request)[0].span_id, 8) == "cd" * 8


@pytest.mark.parametrize(
    "id_",
    [
        "",
        "0" * 16,
        "1" * 15,
        "1" * 14,
        "1" * 18,
        "g" * 16,
        "ERERERERERE=",
        "é" * 16,
        "11 11 11 11 11 11 11 11",
        b"",
        b"\0" * 8,
        b"1" * 7,
        b"1" * 9,
    ],
)
def test_malformed_ids_are_none(id_: str | bytes) -> None:
    assert identifier(id_, 8) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NaN", math.nan),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("1.5", 1.5),
        (2, 2.0),
        ("", None),
        ("many", None),
    ],
)
def test_numbers_may_be_strings(text: Any, value: float | None) -> None:
    assert number(text) == pytest.approx(value, nan_ok=True)


def test_unknown_members_are_ignored() -> None:
    document = traces(span(links=[{"traceId": 5}], events="none", droppedAttributesCount=1, flags=257))
    document["resourceSpans"][0] |= {"schemaUrl": "https://example.com", "new": {"a": [1]}}
    document["more"] = None

    assert len(spans(decoded(TRACES, document, JSON))) == 1


@pytest.mark.parametrize(
    "member", ["traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "attributes", "status"]
)
def test_a_null_member_of_a_span_is_the_same_as_an_absent_one(member: str) -> None:
    request = decoded(TRACES, traces(span(**{member: None})), JSON)

    assert len(spans(request)) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": None},
        {"resourceSpans": [{"resource": None, "scopeSpans": None}]},
        {"resourceSpans": [{"scopeSpans": [{"scope": None, "spans": None}]}]},
        traces(span(attributes=[{"key": "key", "value": None}])),
    ],
)
def test_a_null_message_is_the_same_as_an_absent_one(document: Any) -> None:
    assert decoded(TRACES, document, JSON) is not None


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_kinds_of_metrics_are_told_apart(encoding: str) -> None:
    for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
        request = decoded(METRICS, metrics(kind, point()), encoding)
        metric = request.resource_metrics[0].scope_metrics[0].metrics[0]

        assert metric.WhichOneof("data").replace("_", "") == kind.lower()


@pytest.mark.parametrize("signal", [TRACES, METRICS, LOGS])
@pytest.mark.parametrize(("body", "is_json"), [(b"", False), (b"{}", True), (b' {"unknown": [1]} ', True)])
def test_an_empty_request_is_a_request(signal: Signal, body: bytes, is_json: bool) -> None:
    assert decode(signal, body, is_json) is not None


@pytest.mark.parametrize("signal", [TRACES, METRICS, LOGS])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'""',
        b"{",
        b"{}{}",
        b"\xff",
        b'{"resourceSpans": "\xff"',
        b"[" * 100_000,
        b'{"resourceSpans": 1, "resourceMetrics": 1, "resourceLogs": 1}',
    ],
)
def test_json_that_is_no_request_is_refused(signal: Signal, body: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"the body|must be"):
        decode(signal, body, True)


@pytest.mark.parametrize("signal", [TRACES, METRICS, LOGS])
@pytest.mark.parametrize("body", [b"{}", b"\x0a", b"\x0a\x05a", b"\xff" * 20, b"nonsense"])
def test_protobuf_that_is_no_request_is_refused_by_name(signal: Signal, body: bytes) -> None:
    with pytest.raises(InvalidInput, match=f"not a valid {signal.protobuf.__name__}"):
        decode(signal, body, False)
