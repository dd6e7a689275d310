from typing import Any

import pytest

from meterd.api.gateway.operators import CMP, FULL, NARROW, OPERATORS, RANGE, TEAM
from meterd.datasets import Kind
from meterd.errors import InvalidInput
from meterd.query.model import And, Compare, Comparison, Condition, Field, HasAny, IsNull, Matches, OneOf, TextTest

NAME, LATENCY, TEAMS = Field("guardrail_name"), Field("latency_ms"), Field("teams")
KINDS = {NAME: Kind.TEXT, LATENCY: Kind.NUMBER, TEAMS: Kind.TEXTS}


@pytest.mark.parametrize(
    ("operator", "operand", "value", "condition"),
    [
        ("EQUAL", NAME, "a", Compare(NAME, Comparison.EQUAL, "a")),
        ("NOT_EQUAL", NAME, "", Compare(NAME, Comparison.NOT_EQUAL, "")),
        ("GREATER_THAN", LATENCY, 1.5, Compare(LATENCY, Comparison.GREATER, 1.5)),
        ("GREATER_THAN_EQUAL", LATENCY, -1, Compare(LATENCY, Comparison.GREATER_OR_EQUAL, -1)),
        ("LESS_THAN", LATENCY, 0, Compare(LATENCY, Comparison.LESS, 0)),
        ("LESS_THAN_EQUAL", LATENCY, 2**64, Compare(LATENCY, Comparison.LESS_OR_EQUAL, 2**64)),
        (
            "BETWEEN",
            LATENCY,
            [1, 2],
            And(
                (
                    Compare(LATENCY, Comparison.GREATER_OR_EQUAL, 1),
                    Compare(LATENCY, Comparison.LESS_OR_EQUAL, 2),
                )
            ),
        ),
        ("IN", NAME, ["a", "b"], OneOf(NAME, ("a", "b"))),
        ("IN", NAME, [], OneOf(NAME, ())),
        ("NOT_IN", NAME, ["a"], OneOf(NAME, ("a",), negated=True)),
        ("STRING_CONTAINS", NAME, "%", Matches(NAME, TextTest.CONTAINS, "%")),
        ("STRING_NOT_CONTAINS", NAME, "a", Matches(NAME, TextTest.CONTAINS, "a", negated=True)),
        ("STRING_STARTS_WITH", NAME, "a", Matches(NAME, TextTest.STARTS_WITH, "a")),
        ("STRING_NOT_STARTS_WITH", NAME, "a", Matches(NAME, TextTest.STARTS_WITH, "a", negated=True)),
        ("STRING_ENDS_WITH", NAME, "a", Matches(NAME, TextTest.ENDS_WITH, "a")),
        ("STRING_NOT_ENDS_WITH", NAME, "a", Matches(NAME, TextTest.ENDS_WITH, "a", negated=True)),
        ("IS_NULL", NAME, True, IsNull(NAME)),
        ("IS_NULL", LATENCY, False, IsNull(LATENCY, negated=True)),
        ("ARRAY_HAS_ANY", TEAMS, ["a"], HasAny("teams", ("a",))),
        ("ARRAY_HAS_NONE", TEAMS, [], HasAny("teams", (), negated=True)),
    ],
)
def test_an_operator_means_a_condition(operator: str, operand: Field, value: Any, condition: Condition) -> None:
    assert OPERATORS[operator](operand, KINDS[operand], value) == condition


TEXT_OPERATORS = ["EQUAL", "NOT_EQUAL", *sorted(name for name in FULL if name.startswith("STRING"))]
NUMBER_OPERATORS = sorted(RANGE - {"BETWEEN"})


@pytest.mark.parametrize(
    ("operators", "operand", "values", "complaint"),
    [
        (TEXT_OPERATORS, NAME, [1, 1.5, True, None, ["a"], {"a": "b"}], "must be a string"),
        (NUMBER_OPERATORS, LATENCY, ["1", True, False, None, [1], {}], "must be a number"),
        (NUMBER_OPERATORS, LATENCY, [10**400, -(10**400), 1e308], "out of range"),
        (["IN", "NOT_IN"], NAME, ["a", 1, None, {}, True], "must be an array"),
        (["IN", "NOT_IN"], NAME, [["a", 1], [None], [["a"]]], "must be a string"),
        (["BETWEEN"], LATENCY, [1, "1", None, {}], "must be an array"),
        (["BETWEEN"], LATENCY, [[], [1], [1, 2, 3]], "exactly two"),
        (["BETWEEN"], LATENCY, [["1", 2], [1, None], [1, True]], "must be a number"),
        (["IS_NULL"], NAME, ["true", 1, 0, None, [True]], "must be true or false"),
        (sorted(TEAM), TEAMS, ["a", 1, None, {}], "must be an array"),
        (sorted(TEAM), TEAMS, [[1], ["a", None]], "must be a string"),
    ],
)
def test_a_value_of_another_shape_is_refused(
    operators: list[str], operand: Field, values: list[Any], complaint: str
) -> None:
    for operator in operators:
        for value in values:
            with pytest.raises(InvalidInput, match=complaint):
                OPERATORS[operator](operand, KINDS[operand], value)


def test_every_operator_of_the_sets_is_known() -> None:
    assert OPERATORS.keys() >= FULL | NARROW | CMP | RANGE | TEAM
