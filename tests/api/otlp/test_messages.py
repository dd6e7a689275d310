"""Export requests in both encodings (`docs/specifications/ingest-sources.md` section 2.1)."""

from typing import Any

import pytest

from meterd.api.otlp.decoding import decode
from meterd.api.otlp.messages import LOGS, METRICS, TRACES, Signal
from meterd.errors import InvalidInput
from tests.api.otlp.exports import ENCODINGS, JSON, decoded, metrics, point, span, traces


def spans(request: Any) -> Any:
    return request.resource_spans[0].scope_spans[0].spans


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
