"""Reading bodies of requests about sessions (`docs/specifications/sessions.md` sections 3 to 6)."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.api.sessions.bodies import (
    Event,
    Metric,
    decode,
    decode_create,
    decode_update,
    json_object,
    merge,
    parse_stamp,
)
from meterd.errors import InvalidInput

STAMP = "2026-01-31T12:00:00Z"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)
NESTED = st.recursive(
    st.none() | st.integers(0, 2) | st.lists(st.none() | st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=15,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), NESTED, max_size=3)


def paths_of(value: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Every member at any depth with its path, an object before what is in it."""
    if not isinstance(value, dict):
        return []
    return [
        found
        for key, inner in value.items()
        for found in [((key,), inner), *(((key, *path), each) for path, each in paths_of(inner))]
    ]


def merged_slowly(state: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """The rules of section 4, one member of the update at a time, on a copy made through JSON."""
    whole: dict[str, Any] = json.loads(json.dumps(state))
    taken: list[tuple[str, ...]] = []
    for path, value in paths_of(update):
        if any(path[: len(prefix)] == prefix for prefix in taken):
            continue  # came with the object that it is in
        *above, key = path
        holder = whole
        for step in above:
            holder = holder[step]
        if value is None:
            holder.pop(key, None)
        elif not (isinstance(value, dict) and isinstance(holder.get(key), dict)):
            holder[key] = value
            taken.append(path)
    return whole


@given(OBJECTS, OBJECTS)
def test_merging_follows_the_rules_member_by_member(state: dict[str, Any], update: dict[str, Any]) -> None:
    assert merged_slowly(state, update) == merge(state, update)


@given(OBJECTS, OBJECTS)
def test_merging_changes_neither_argument(state: dict[str, Any], update: dict[str, Any]) -> None:
    before = json.dumps([state, update])
    merge(state, update)

    assert before == json.dumps([state, update])


@given(OBJECTS)
def test_an_empty_update_changes_nothing(state: dict[str, Any]) -> None:
    assert state == merge(state, {})


@pytest.mark.parametrize(
    ("state", "update", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}}, {"a": {"b": {"d": 2}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": 2}}, {"a": 1}, {"a": 1}),
        ({"a": {"b": 2}}, {"a": {}}, {"a": {"b": 2}}),
        ({"a": 1}, {"a": None}, {}),
        ({}, {"a": None}, {}),
        ({}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({"a": 1}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({"a": [1]}, {"a": [{"b": None}]}, {"a": [{"b": None}]}),
        ({"product": "p"}, {"product": None}, {}),
    ],
)
def test_a_state_is_merged(state: dict[str, Any], update: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == merge(state, update)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": 1}, ({"a": 1}, None)),
        ({"a": 1, "timestamp": STAMP}, ({"a": 1, "timestamp": STAMP}, STAMP)),
        ({"state": None, "a": 1}, ({"state": None, "a": 1}, None)),
        ({"state": {"a": 1}}, ({"a": 1}, None)),
        ({"state": {"a": 1}, "timestamp": STAMP, "b": 2}, ({"a": 1}, STAMP)),
        ({"state": {}}, ({}, None)),
        ({}, ({}, None)),
        (None, ({}, None)),
    ],
)
def test_an_update_is_plain_or_wrapped(body: Any, expected: tuple[dict[str, Any], str | None]) -> None:
    assert expected == decode_update(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "member"),
    [
        (b'{"state": 5}', "state must be an object"),
        (b'{"state": "running"}', "state must be an object"),
        (b'{"state": []}', "state must be an object"),
        (b'{"timestamp": 5}', "timestamp must be a string"),
        (b"[]", "must be an object"),
        (b'"a"', "must be an object"),
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": Infinity}', "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b'{"a": "\x01"}', "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"\\udc00": 1}', "not valid JSON"),
        (b'{"a": 1e400}', "finite"),
        (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
        (b'{"a": ' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_an_update_that_cannot_be_read_is_refused_with_the_reason(body: bytes, member: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid request body") as refusal:
        decode_update(body)

    assert member in refusal.value.message


@pytest.mark.parametrize("number", [2**53 + 1, 2**64 - 1, -(2**63) - 1, 2**70, 5e-324, 1.7976931348623157e308, 0.1])
def test_numbers_of_a_state_keep_their_value(number: float) -> None:
    update, _ = decode_update(json.dumps({"a": number}).encode())

    assert {"a": number} == update
    assert {"a": number} == json.loads(msgspec.json.encode(update))


def test_a_beginning_needs_only_product_and_version() -> None:
    for body, expected in (
        (b'{"product": "p", "version": "1", "extra": [1]}', ("p", "1", None, None)),
        (b'{"product": "p", "version": "1", "machine_id": "m", "hostname": "h"}', ("p", "1", "m", "h")),
        (b'{"product": "p", "version": "1", "machine_id": null, "hostname": null}', ("p", "1", None, None)),
        (b'{"PRODUCT": "p", "Version": "1", "hostName": "h", "extra": 1}', ("p", "1", None, "h")),
    ):
        assert expected == msgspec.structs.astuple(decode_create(body))


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"version": "1"}', "product is required"),
        (b'{"product": "p"}', "version is required"),
        (b'{"product": "", "version": "1"}', "must not be empty"),
        (b'{"product": "p", "version": ""}', "must not be empty"),
        (b'{"product": null, "version": "1"}', "product must be a string"),
        (b'{"product": 5, "version": "1"}', "product must be a string"),
        (b'{"product": "p", "version": "1", "machine_id": 5}', "machine_id must be a string"),
        (b"null", "must be an object"),
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"product": "\xff", "version": "1"}', "no JSON"),
        (b'{"product": "\\ud800", "version": "1"}', "no JSON"),
    ],
)
def test_a_beginning_without_product_or_version_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(InvalidInput, match="Product and version are required fields") as refusal:
        decode_create(body)

    assert detail in refusal.value.message


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ({}, "info"),
        ({"category": None}, "info"),
        ({"category": "warning"}, "warning"),
        ({"category": "anything at all"}, "anything at all"),
        ({"level": "debug"}, "debug"),
        ({"category": "warning", "level": "debug"}, "warning"),
        ({"exception_type": "E"}, "error"),
        ({"exception_type": "E", "category": "info"}, "error"),
        ({"exception_type": "E", "level": "info"}, "error"),
        ({"exception_type": "E", "category": "critical"}, "critical"),
        ({"exception_type": "E", "category": "debug"}, "debug"),
        ({"exception_type": ""}, "info"),
    ],
)
def test_an_exception_is_an_error_unless_another_category_is_given(body: dict[str, Any], severity: str) -> None:
    assert severity == decode(json.dumps(body).encode(), Event).severity


@pytest.mark.parametrize(
    ("type_", "body", "detail"),
    [
        (Event, {"name": 5}, "name must be a string"),
        (Event, {"labels": "red"}, "labels must be an array"),
        (Event, {"labels": [5]}, "labels"),
        (Event, {"labels": [None]}, "labels"),
        (Event, {"stacktrace": "line"}, "stacktrace must be an array"),
        (Event, {"source_line": 1.5}, "source_line must be an integer"),
        (Event, {"source_line": 2**63}, "source_line must be at most"),
        (Event, {"timestamp": 1767225600}, "timestamp must be a string"),
        (Metric, {"value": "1"}, "value must be a number"),
        (Metric, {"value": True}, "value must be a number"),
        (Metric, {"count": 1.5}, "count must be an integer"),
        (Metric, {"count": 2**63}, "count must be at most"),
        (Metric, {"tags": ["a", 5]}, "tags"),
        (Metric, [], "must be an object"),
        (Metric, None, "must be an object"),
    ],
)
def test_a_member_of_the_wrong_type_is_named(type_: type, body: Any, detail: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid request body") as refusal:
        decode(json.dumps(body).encode(), type_)

    assert detail in refusal.value.message


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"9" * 400, b"9" * 5000])
def test_a_value_that_is_no_finite_number_is_refused(number: bytes) -> None:
    with pytest.raises(InvalidInput, match="Invalid request body"):
        decode(b'{"value": ' + number + b"}", Metric)


def object_of(body: bytes) -> str | None:
    return json_object(decode(body, Event).data, "data")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", None),
        (b'{"data": null}', None),
        (b'{"data": {}}', "{}"),
        (b'{"data":\n {"a":\n1e999} }', '{"a":\n1e999}'),
    ],
)
def test_an_object_is_kept_as_it_was_sent(body: bytes, expected: str | None) -> None:
    assert expected == object_of(body)


@pytest.mark.parametrize("text", [b"[]", b"5", b'"a"', b"true"])
def test_data_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput, match="data must be an object"):
        object_of(b'{"data": ' + text + b"}")


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": "\xff"}',
        b'{"\xff": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\q"}',
        b'{"a": "\x01"}',
        b'{"a": 01}',
        b'{"a": NaN}',
        b'{"a": 1,}',
        b'{"a": ' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_an_object_that_no_client_could_read_again_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput, match="Invalid request body"):
        object_of(b'{"data": ' + text + b"}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STAMP, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5+05:30", datetime(2026, 1, 31, 6, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789-08:00", datetime(2026, 1, 31, 20, 0, 0, 123_456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_time_carries_its_offset(text: str | None, expected: datetime | None) -> None:
    assert expected == parse_stamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1767225600",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:00+0100",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00Z\n",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-01-31T12:00:00Z",
    ],
)
def test_a_time_without_an_offset_or_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="timestamp must be a time in RFC 3339"):
        parse_stamp(text)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00+05:99", "2026-01-31t12:00:00Z", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00z"]
)
def test_a_time_that_the_original_clients_cannot_decode_again_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="timestamp must be a time in RFC 3339"):
        parse_stamp(text)


@pytest.mark.parametrize("read", [decode_update, decode_create, object_of, lambda body: decode(body, Metric)])
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40))
def test_any_body_is_read_or_refused(read: Callable[[bytes], object], body: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        read(body)
