"""The parameters that calls share (`docs/specifications/usage-metrics.md` section 3.2)."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.api.usage.parameters import COMMON, Parameters
from meterd.errors import InvalidInput
from meterd.query.model import Order


def of(**named: str) -> Parameters:
    return Parameters(list(named.items()))


def test_the_last_value_of_a_parameter_counts_and_all_can_be_had() -> None:
    parameters = Parameters([("_id", "a"), ("_range", "2024"), ("_id", "b"), ("_filter", "")])

    assert ("b", ["a", "b"]) == (parameters.text("_id"), parameters.every("_id"))
    assert (None, None, []) == (parameters.text("_filter"), parameters.text("_sort"), parameters.every("_sort"))


def test_every_other_name_is_a_simple_filter() -> None:
    parameters = Parameters([("a", "1"), ("_limit", "3"), ("b", "2"), ("a", "3"), ("a.b", ""), ("", "x")])

    assert [("a", "1"), ("a", "3"), ("b", "2"), ("a.b", ""), ("", "x")] == list(parameters.simple_filters())


@pytest.mark.parametrize("name", ["_aggregate", "_fieldinfo", "_searchinfo", "_template", "_Limit", "_", "__limit"])
def test_a_parameter_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is not supported|no parameter {name}"):
        of(**{name: "1"})


def test_the_parameters_that_there_are_can_be_sent_together() -> None:
    parameters = of(**dict.fromkeys(COMMON, "1"))

    assert ["1"] * len(COMMON) == [parameters.text(name) for name in COMMON]


@given(number=st.integers(0, 500))
def test_a_whole_number_is_a_limit_and_what_to_skip(number: int) -> None:
    assert (number, number) == (of(_limit=str(number)).limit(500), of(_skip=str(number)).skip())


def test_limits_have_defaults_and_an_end() -> None:
    assert (100, 0, 500) == (of().limit(500), of().skip(), of(_limit="-1").limit(500))
    with pytest.raises(InvalidInput, match="_limit must be at most 500"):
        of(_limit="501").limit(500)


@pytest.mark.parametrize("text", ["x", "1.0", "1e3", " 1", "+1", "--1", "-2", "0x1", "\N{SUPERSCRIPT TWO}", "9" * 5000])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="_limit"):
        of(_limit=text).limit(500)
    with pytest.raises(InvalidInput, match="_skip"):
        of(_skip=text).skip()


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a", [("a", False)]),
        ("-a", [("a", True)]),
        ("a, -b ,c.d", [("a", False), ("b", True), ("c.d", False)]),
        ('{"a":1}', [("a", False)]),
        (' {"b":-1,"a":1}', [("b", True), ("a", False)]),
        ("{}", []),
    ],
)
def test_an_order_is_read_in_both_forms(text: str, order: list[tuple[str, bool]]) -> None:
    assert tuple(Order(*each) for each in order) == of(_sort=text).sort()


ITEM = {"_id": "X", "a": 1, "b": {"c": 2}, "d": None}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["_id", "a", "b", "d"]),
        ("a", ["_id", "a"]),
        ("d , a", ["_id", "d", "a"]),
        ("nope", ["_id"]),
        ('{"a":1}', ["_id", "a"]),
        ('{"a":1,"_id":0}', ["a"]),
        ('{"_id":0}', ["a", "b", "d"]),
        ('{"a":0,"d":0}', ["_id", "b"]),
        ("{}", ["_id", "a", "b", "d"]),
        ('{"_id":1}', ["_id"]),
    ],
)
def test_a_projection_has_the_members_asked_for(text: str, names: list[str]) -> None:
    shown = of(_project=text).projection().of(ITEM)

    assert {name: ITEM[name] for name in names} == shown
    assert names == list(shown)


@pytest.mark.parametrize("read", [Parameters.sort, Parameters.projection], ids=lambda read: read.__name__)
@pytest.mark.parametrize("text", ["{", '{"a"', '{"a":2}', '{"a":"1"}', '{"a":[1]}', '{"a":null}', "{a:1}", "{" * 9999])
def test_json_that_is_none_is_refused(read: Callable[[Parameters], Any], text: str) -> None:
    with pytest.raises(InvalidInput, match=r"_sort|_project"):
        read(of(_sort=text, _project=text))


@given(text=st.text(max_size=20) | st.text(alphabet='{}":,-01ab[] '))
def test_no_text_is_worse_than_refused(text: str) -> None:
    parameters = of(_limit=text, _skip=text, _sort=text, _project=text, _replace=text)
    for read in (
        lambda: parameters.limit(500),
        parameters.skip,
        parameters.sort,
        parameters.projection,
        lambda: parameters.flag("_replace"),
    ):
        with contextlib.suppress(InvalidInput):
            read()


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("", False)])
def test_a_flag_is_true_or_false(text: str, value: bool) -> None:
    assert value == of(_replace=text).flag("_replace")
