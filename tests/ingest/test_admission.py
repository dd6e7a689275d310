import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from meterd.access import SubjectType
from meterd.datasets import COMMON, DATASETS, MAX_JSON_DEPTH, Column, Dataset, Kind
from meterd.errors import InvalidInput
from meterd.ingest.admission import Admission, admission, json_flaw


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        ' {"a": [1, 2.5e3, null, true, "\u2028"]} ',
        '{"a": "}, {"}',
        '{"a":' * MAX_JSON_DEPTH + "1" + "}" * MAX_JSON_DEPTH,
        json.dumps({"brackets": "[" * 1000}),
    ],
)
def test_an_object_in_json_may_be_shown_as_it_is(text: str) -> None:
    assert json_flaw(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "null",
        "[]",
        '"{}"',
        "{",
        "{}}",
        "{} {}",
        '{"a": 1}, "forged": {"b": 2}',
        '{"a": NaN}',
        "{'a': 1}",
        '{"a": "\n"}',
        '{"a": "\\ud800"}',
        '{"a": "\ud800"}',
        '{"a": 1,}',
        "\ufeff{}",
        '{"a": 1} // x',
    ],
)
def test_what_is_no_single_object_is_not(text: str) -> None:
    assert json_flaw(text).startswith("must hold a JSON object")


@pytest.mark.parametrize("levels", [MAX_JSON_DEPTH + 1, 100_000])
@pytest.mark.parametrize("bracket", ['{"a":', "["])
def test_an_object_that_is_nested_too_deeply_is_not(bracket: str, levels: int) -> None:
    assert str(MAX_JSON_DEPTH) in json_flaw('{"a":' + bracket * levels)


if TYPE_CHECKING:
    from meterd.datasets.rows import Row

    class CheckedRow(Row, kw_only=True):
        share: float | None = None
        size: int | None = None
        choice: str | None = None
        rest: int | None = None


def rest_of_size(row: "CheckedRow") -> None:
    row.rest = None if row.size is None else 10 - row.size


def no_red_share(row: "CheckedRow") -> tuple[str, str] | None:
    return ("share", "is too much for a red one") if row.choice == "red" and row.share else None


CHECKED: "Dataset[CheckedRow]" = Dataset(
    name="checked",
    description="Rows that are checked.",
    columns=(
        *COMMON,
        Column("share", Kind.NUMBER, "share", minimum=0, maximum=1),
        Column("size", Kind.INTEGER, "size", minimum=0),
        Column("total", Kind.UNSIGNED, "total"),
        Column("labels", Kind.TEXTS, "labels", max_length=3),
        Column("body", Kind.JSON, "body"),
        Column("choice", Kind.TEXT, "choice", allowed=("red", "green"), reserved=("green",)),
        Column("number", Kind.INTEGER, "number", assigned=True),
        Column("rest", Kind.INTEGER, "what the size leaves of 10", minimum=0),
    ),
    identity=("trace_id", "span_id"),
    derive=rest_of_size,
    rule=no_red_share,
)
FULL: dict[str, Any] = {
    "ts": datetime(2026, 1, 31, tzinfo=UTC),
    "subject": "ann",
    "subject_type": SubjectType.USER,
    "teams": ("red",),
    "metadata": {"k" * 128: "v" * 128},
    "trace_id": "t",
    "span_id": "s",
    "share": 1,
    "size": 0,
    "total": 2**64 - 1,
    "labels": ["abc"],
    "body": "{}",
    "choice": "green",
    "number": -1,
}


def flaw(dataset: Dataset, **values: Any) -> str | None:
    found = Admission(dataset).flaw(dataset.row_type(**values))
    return None if found is None else str(found)


def test_a_row_within_its_declarations_is_a_fact() -> None:
    assert flaw(CHECKED, **FULL) is None
    assert flaw(CHECKED) is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"share": -0.001}, "share must be at least 0"),
        ({"share": 1.001}, "share must be at most 1"),
        ({"share": math.nan}, "share must be a finite number"),
        ({"share": math.inf}, "share must be a finite number"),
        ({"size": -1}, "size must be at least 0"),
        ({"size": 2**63}, "size must be at most 9223372036854775807"),
        ({"size": True}, "size must be an integer, got a boolean"),
        ({"size": 11}, "rest must be at least 0"),
        ({"total": 2**64}, "total must be below 2^64"),
        ({"labels": ["a", "bcde"]}, "labels[1] must be at most 3 characters long"),
        ({"teams": ["x" * 4097]}, "teams[0] must be at most 4096 characters long"),
        ({"subject": "x" * 4097}, "createdBySubjectSlug must be at most 4096 characters long"),
        ({"subject_type": "robot"}, "createdBySubjectType must be one of user, virtualaccount, got 'robot'"),
        ({"metadata": {"k": "v" * 129}}, "metadata.k is longer than 128 characters, key or value"),
        ({"metadata": {"k" * 129: "v"}}, f"metadata.{'k' * 128} is longer than 128 characters, key or value"),
        ({"metadata": dict.fromkeys(map(str, range(65)), "")}, "metadata has 65 keys, the limit is 64"),
        ({"body": "[]"}, "body must hold a JSON object"),
        ({"choice": "blue"}, "choice must be one of red, green, got 'blue'"),
        ({"span_id": None}, "traceId and spanId belong together: send both or none"),
        ({"choice": "red"}, "share is too much for a red one"),
    ],
)
def test_a_flaw_names_the_member_and_what_is_allowed(values: dict[str, Any], sentence: str) -> None:
    assert flaw(CHECKED, **FULL | values) == sentence


def test_a_door_that_is_strict_says_the_flaw() -> None:
    row = CHECKED.row_type(size=-1)

    with pytest.raises(InvalidInput, match=r"^size must be at least 0$"):
        admission(CHECKED).require(row)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_every_text_of_every_dataset_has_a_longest_length(dataset: Dataset) -> None:
    for column in dataset.columns:
        if column.kind in (Kind.TEXT, Kind.TEXTS, Kind.JSON) and not column.allowed:
            text = "x" * (column.max_characters + 1)
            found = Admission(dataset).flaw(
                dataset.row_type(
                    **{each.name: _least(each) for each in dataset.columns if each.required}
                    | {column.name: [text] if column.kind is Kind.TEXTS else text}
                )
            )
            assert found is not None
            assert found.column is column


def _least(column: Column) -> Any:
    if column.allowed:
        return column.allowed[0]
    return 1 if column.kind.is_numeric else "x"
