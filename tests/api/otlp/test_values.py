"""Values of attributes, numbers and ids, in both encodings."""

import json
import math
from typing import Any

import pytest

from meterd.api.otlp import values
from meterd.api.otlp.decoding import decode
from meterd.api.otlp.messages import TRACES
from meterd.api.otlp.values import attributes_of, identifier, number
from tests.api.otlp.exports import ENCODINGS, PROTOBUF, decoded, span, traces

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


def read(*of: dict[str, Any]) -> list[dict[str, Any]]:
    """The attributes of spans, read from protobuf."""
    request = decoded(TRACES, traces(*map(span, of)), PROTOBUF)
    return [attributes_of(each.attributes) for each in spans(request)]


def test_attributes_that_come_again_are_found_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_known", known := values._Known())

    assert read({"model": "small-1", "count": 7}, {"count": 7, "model": "small-1"}, {"count": 7.0}) == [
        {"model": "small-1", "count": 7},
        {"count": 7, "model": "small-1"},
        {"count": 7.0},
    ]
    assert [*known.values()] == [("model", "small-1"), ("count", 7), ("count", 7.0)]


def test_few_attributes_are_remembered_and_no_long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_known", known := values._Known())
    monkeypatch.setattr(values, "_MAX_KNOWN", 2)

    assert read({"prompt": "a" * 200}) == [{"prompt": "a" * 200}]
    assert not known
    assert read(*({"number": number} for number in range(5))) == [{"number": number} for number in range(5)]
    assert [*known.values()] == [("number", 4)]


def test_lists_and_mappings_belong_to_one_span() -> None:
    one, other = read({"tags": ["a"], "by": {"b": 1}}, {"tags": ["a"], "by": {"b": 1}})
    one["tags"].append("c")
    one["by"]["d"] = 2

    assert other == {"tags": ["a"], "by": {"b": 1}}
