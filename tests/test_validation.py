from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from meterd.validation import Problem, explain


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""
    count: Annotated[int, Meta(ge=1, le=9)] = 1


class Outer(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    must_be: int
    inner: Inner | None = None
    ratio: float = 0.0
    is_on: bool = False
    when: datetime | None = None
    names: list[str] = []
    by_key: dict[str, int] = {}
    code: Annotated[str, Meta(min_length=2, max_length=3)] = "ab"
    few: Annotated[list[int], Meta(max_length=2)] = []
    choice: Literal["a", "b"] = "a"


def problem(body: str, type_: Any = Outer) -> Problem:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=type_)
    return explain(caught.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{}", "mustBe is required"),
        ('{"mustBe": 1, "x": 1}', "x is not a known field"),
        ('{"mustBe": 1, "inner": {"x": 1}}', "inner.x is not a known field"),
        ('{"mustBe": "1"}', "mustBe must be an integer, got a string"),
        ('{"mustBe": 1.5}', "mustBe must be an integer, got a number"),
        ('{"mustBe": null}', "mustBe must be an integer, got null"),
        ('{"mustBe": 1, "ratio": true}', "ratio must be a number, got a boolean"),
        ('{"mustBe": 1, "ratio": 1e999}', "ratio must be a finite number"),
        ('{"mustBe": 1, "isOn": 1}', "isOn must be true or false, got a number"),
        ('{"mustBe": 1, "inner": []}', "inner must be an object, got an array"),
        ('{"mustBe": 1, "inner": {"name": 5}}', "inner.name must be a string, got a number"),
        ('{"mustBe": 1, "inner": {"count": 0}}', "inner.count must be at least 1"),
        ('{"mustBe": 1, "inner": {"count": 10}}', "inner.count must be at most 9"),
        ('{"mustBe": 1, "names": ["a", 2]}', "names[1] must be a string, got a number"),
        ('{"mustBe": 1, "byKey": {"k": "v"}}', "byKey values must be an integer, got a string"),
        ('{"mustBe": 1, "code": "a"}', "code must be at least 2 characters long"),
        ('{"mustBe": 1, "code": "abcd"}', "code must be at most 3 characters long"),
        ('{"mustBe": 1, "few": [1, 2, 3]}', "few must be at most 2 entries long"),
        ('{"mustBe": 1, "when": "yesterday"}', "when must be an ISO 8601 time such as 2026-01-31T12:00:00Z"),
        ("[]", "the body must be an object, got an array"),
        ('"x"', "the body must be an object, got a string"),
    ],
)
def test_a_problem_names_the_field_and_what_is_allowed(body: str, sentence: str) -> None:
    assert sentence == problem(body).sentence()


def test_a_refused_choice_is_named_with_its_value() -> None:
    assert problem('{"mustBe": 1, "choice": "c"}').sentence() == "choice must not be 'c'"


def test_the_position_in_an_array_is_apart_from_the_field() -> None:
    assert Problem(2, "mustBe", "is required") == problem('[{"mustBe": 1}, {"mustBe": 2}, {}]', list[Outer])


def test_the_element_of_an_array_may_be_the_problem_itself() -> None:
    found = problem("[5]", list[Outer])

    assert (found.row, found.field) == (0, "")
    assert found.sentence("the row") == "the row must be an object, got a number"


def test_the_position_counts_lines_of_ndjson() -> None:
    decoder = msgspec.json.Decoder(Outer)

    with pytest.raises(msgspec.ValidationError) as caught:
        decoder.decode_lines('{"mustBe": 1}\n{"mustBe": "x"}\n')
    assert Problem(1, "mustBe", "must be an integer, got a string") == explain(caught.value)


def test_what_msgspec_says_otherwise_is_kept() -> None:
    assert explain(msgspec.ValidationError("something new")).sentence() == "the body is not valid: something new"


def test_a_field_with_backticks_and_dots_is_kept_whole() -> None:
    sentence = problem('{"mustBe": 1, "a.`b": 1}').sentence()

    assert sentence == "a.`b is not a known field"
