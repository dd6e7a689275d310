from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.filters.documents import matches
from meterd.query.folding import folded
from meterd.query.model import (
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    HasAny,
    IsNull,
    MapValue,
    Matches,
    Not,
    OneOf,
    Or,
    TextTest,
)

A, B = Field("a"), Field("b")


def equal(operand: Any, value: Any) -> Condition:
    return Compare(operand, Comparison.EQUAL, value)


def different(operand: Any, value: Any) -> Condition:
    return Compare(operand, Comparison.NOT_EQUAL, value)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Or((equal(A, "x"), equal(A, "y"), equal(A, "x"))), OneOf(A, ("x", "y"))),
        (Or((equal(A, "x"), OneOf(A, ("y", "z")))), OneOf(A, ("x", "y", "z"))),
        (Or((equal(A, "x"), equal(B, "x"))), Or((equal(A, "x"), equal(B, "x")))),
        (Or((equal(A, 1), equal(A, 1.5))), Or((equal(A, 1), equal(A, 1.5)))),
        (Or((equal(A, "x"), Or((equal(A, "y"), Or((equal(A, "z"),)))))), OneOf(A, ("x", "y", "z"))),
        (Or((HasAny("tags", ("x",)), HasAny("tags", ("y",)))), HasAny("tags", ("x", "y"))),
        (And((different(A, "x"), different(A, "y"))), OneOf(A, ("x", "y"), negated=True)),
        (And((equal(A, "x"), equal(A, "y"))), And((equal(A, "x"), equal(A, "y")))),
        (And((HasAny("tags", ("x",), True), HasAny("tags", ("y",), True))), HasAny("tags", ("x", "y"), True)),
        (Not(Or((equal(A, "x"), equal(A, "y")))), Not(OneOf(A, ("x", "y")))),
        (And((Not(equal(A, "x")), Not(equal(A, "y")))), Not(OneOf(A, ("x", "y")))),
        (
            And((Not(equal(A, "x")), Not(OneOf(A, ("y",))), different(A, "z"))),
            And((Not(OneOf(A, ("x", "y"))), different(A, "z"))),
        ),
        (And((Not(HasAny("tags", ("x",))), Not(HasAny("tags", ("y",))))), Not(HasAny("tags", ("x", "y")))),
        (And((Not(different(A, "x")), Not(different(A, "y")))), And((Not(different(A, "x")), Not(different(A, "y"))))),
        (Or((Not(equal(A, "x")), Not(equal(A, "y")))), Or((Not(equal(A, "x")), Not(equal(A, "y"))))),
        (And(()), And(())),
        (Or((equal(A, "x"), And(()))), And(())),
        (And((equal(A, "x"), Or(()))), Or(())),
        (Or((And((equal(A, "x"), Or(()))), equal(A, "y"))), equal(A, "y")),
        (Or((OneOf(A, ()), equal(A, "x"))), Or((OneOf(A, ()), equal(A, "x")))),
    ],
)
def test_tests_of_one_operand_become_one(condition: Condition, expected: Condition) -> None:
    assert expected == folded(condition)


values = st.sampled_from(["x", "y", "", "1"]) | st.sampled_from([0, 1, 2**53, 2**53 + 1]) | st.sampled_from([0.5, 1.0])
operands = st.sampled_from([A, B, MapValue("m", "k")])
tests = (
    st.builds(Compare, operands, st.sampled_from(Comparison), values)
    | st.builds(OneOf, operands, st.lists(values, max_size=3).map(tuple), st.booleans())
    | st.builds(HasAny, st.sampled_from("ab"), st.lists(st.sampled_from("xy"), max_size=2).map(tuple), st.booleans())
    | st.builds(Matches, operands, st.just(TextTest.CONTAINS), st.sampled_from("xy"), st.booleans())
    | st.builds(IsNull, operands, st.booleans())
)
conditions = st.recursive(
    tests,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, max_size=4).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=4).map(tuple))
    ),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {}, optional={"a": values | st.none(), "b": values | st.none(), "m": st.just({"k": "x"})}
)


@given(conditions, documents)
def test_what_is_folded_means_the_same(condition: Condition, document: dict[str, Any]) -> None:
    assert matches(condition, document) == matches(folded(condition), document)
