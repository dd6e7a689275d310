from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from meterd.datasets import COMMON, Column, Dataset, Kind, camel_case

DATASET = Dataset(
    name="things",
    description="Things of every kind.",
    columns=(
        *COMMON,
        Column("some_text", Kind.TEXT, "text", required=True),
        Column("a_number", Kind.NUMBER, "number"),
        Column("an_integer", Kind.INTEGER, "integer"),
        Column("an_unsigned", Kind.UNSIGNED, "unsigned", json="theUnsigned"),
        Column("a_boolean", Kind.BOOLEAN, "boolean"),
        Column("a_choice", Kind.TEXT, "choice", allowed=("red", "green")),
    ),
    identity=("trace_id", "span_id"),
)


def decode(body: str) -> Any:
    return msgspec.json.decode(body, type=DATASET.row_type)


@pytest.mark.parametrize(
    ("name", "camel"),
    [("ts", "ts"), ("latency_ms", "latencyMs"), ("applied_on_entity_id", "appliedOnEntityId"), ("a_1b", "a1b")],
)
def test_camel_case_joins_words(name: str, camel: str) -> None:
    assert camel == camel_case(name)


def test_a_member_is_the_camel_case_name_unless_declared() -> None:
    assert DATASET.by_name["an_integer"].member == "anInteger"
    assert DATASET.by_name["an_unsigned"].member == "theUnsigned"


def test_numbers_are_what_can_be_aggregated() -> None:
    assert {Kind.NUMBER, Kind.INTEGER, Kind.UNSIGNED} == {kind for kind in Kind if kind.is_numeric}


def test_columns_are_found_by_their_storage_name() -> None:
    assert [column.name for column in DATASET.columns] == list(DATASET.by_name)


def test_a_row_has_an_attribute_a_column() -> None:
    row = decode('{"someText": "a", "theUnsigned": 18446744073709551615, "createdAt": "2026-01-02T03:04:05.000006Z"}')

    assert (row.some_text, row.an_unsigned) == ("a", 2**64 - 1)
    assert datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC) == row.ts
    assert row.a_number is None


def test_null_is_the_same_as_absent() -> None:
    assert decode('{"someText": "a"}') == decode(
        '{"someText": "a", "aNumber": null, "teams": null, "metadata": null, "aChoice": null, "createdAt": null}'
    )


def test_absent_members_are_not_encoded() -> None:
    assert msgspec.json.encode(decode('{"someText": "a", "aNumber": null}')) == b'{"someText":"a"}'


def test_a_row_survives_encoding() -> None:
    row = decode(
        '{"someText": "a\\u0000\\n\\ud83d\\ude00", "aNumber": -0.5, "anInteger": -9223372036854775808,'
        '"aBoolean": false, '
        '"aChoice": "red", "teams": [], "metadata": {}, "createdAt": "2026-01-02T03:04:05.000006Z"}'
    )

    assert row == msgspec.json.decode(msgspec.json.encode(row), type=DATASET.row_type)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"someText": null}',
        '{"someText": "a", "x": 1}',
        '{"some_text": "a"}',
        '{"someText": "a", "aNumber": "1"}',
        '{"someText": "a", "anInteger": 1.5}',
        '{"someText": "a", "anInteger": 9223372036854775808}',
        '{"someText": "a", "theUnsigned": -1}',
        '{"someText": "a", "aBoolean": 1}',
        '{"someText": "a", "aChoice": "blue"}',
        '{"someText": "a", "teams": "red"}',
        '{"someText": "a", "tenant": "other"}',
    ],
)
def test_a_row_that_does_not_fit_is_refused(body: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(body)


BOUNDED = Dataset(
    name="bounded",
    description="Things within bounds.",
    columns=(
        *COMMON,
        Column("size", Kind.INTEGER, "size", minimum=0),
        Column("share", Kind.NUMBER, "share", minimum=-1, maximum=0),
        Column("count", Kind.UNSIGNED, "count", maximum=7),
        Column("code", Kind.TEXT, "code", max_length=3),
        Column("codes", Kind.TEXTS, "codes", max_length=3),
        Column("number", Kind.INTEGER, "number", required=True, assigned=True),
    ),
)


@pytest.mark.parametrize("type_", [BOUNDED.row_type, BOUNDED.sent_type])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"size": 0}, {"size": -1}),
        ({"share": -1}, {"share": -1.001}),
        ({"share": 0.0}, {"share": 1e-9}),
        ({"count": 7}, {"count": 8}),
        ({"code": "äöü"}, {"code": "aaaa"}),
        ({"codes": ["abc"]}, {"codes": ["abc", "abcd"]}),
    ],
)
def test_a_row_keeps_to_the_bounds_of_its_columns(
    type_: type[msgspec.Struct], good: dict[str, object], bad: dict[str, object]
) -> None:
    number = {} if type_ is BOUNDED.sent_type else {"number": 1}

    msgspec.json.decode(msgspec.json.encode(good | number), type=type_)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(bad | number), type=type_)


def test_a_sent_row_has_an_assigned_column_but_takes_no_value_for_it() -> None:
    row: Any = msgspec.json.decode(b'{"number": null}', type=BOUNDED.sent_type)

    assert row.number is None
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"number": 1}', type=BOUNDED.sent_type)
