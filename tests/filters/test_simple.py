"""Query parameters `field=value`."""

import pytest

from meterd.expressions.errors import ExpressionError
from meterd.filters import document_field, matches, parse_simple
from meterd.query.model import And, Compare, Comparison, Condition, IsNull, Matches, Not, OneOf, Or, TextTest
from tests.filters.fields import KEY, SERVICE, STATUS, TIMESTAMP, resolve
from tests.filters.test_expressions import equal, utc


@pytest.mark.parametrize(
    ("field", "text", "condition"),
    [
        ("service", "object", equal(SERVICE, "object")),
        ("service", "", equal(SERVICE, "")),
        ("key", "it's (a) = 'b'", equal(KEY, "it's (a) = 'b'")),
        ("key", "gt5(x)", equal(KEY, "gt5(x)")),
        ("httpstatus", "200", equal(STATUS, 200)),
        ("nobody", "x", Or(())),
        ("service", "null", IsNull(SERVICE)),
        ("service", "ne(null)", IsNull(SERVICE, negated=True)),
        ("service", "ne(a)", Not(equal(SERVICE, "a"))),
        ("service", "in(England, Germany)", OneOf(SERVICE, ("England", "Germany"))),
        ("service", "regex(.*type.*)", Matches(SERVICE, TextTest.HAS_MATCH, ".*type.*")),
        ("service", r"regex(\(a|b [()] \))", Matches(SERVICE, TextTest.HAS_MATCH, r"\(a|b [()] \)")),
        ("httpstatus", "gt(4)", Compare(STATUS, Comparison.GREATER, 4)),
        ("httpstatus", "gte( 4 )", Compare(STATUS, Comparison.GREATER_OR_EQUAL, 4)),
        ("httpstatus", "lt(4)", Compare(STATUS, Comparison.LESS, 4)),
        ("httpstatus", "lte(4)", Compare(STATUS, Comparison.LESS_OR_EQUAL, 4)),
        (
            "timestamp",
            "range(2021-01-01,2021-12-31)",
            And(
                (
                    Compare(TIMESTAMP, Comparison.GREATER_OR_EQUAL, utc(2021, 1, 1)),
                    Compare(TIMESTAMP, Comparison.LESS, utc(2022, 1, 1)),
                )
            ),
        ),
    ],
)
def test_values_are_exact_and_functions_have_their_meaning(field: str, text: str, condition: Condition) -> None:
    assert parse_simple(field, text, resolve) == condition


def test_values_of_documents_compare_as_numbers_if_both_are() -> None:
    assert matches(parse_simple("rating", "gt(7)", document_field), {"rating": 10})
    assert not matches(parse_simple("rating", "gt(7)", document_field), {"rating": "10"})


@pytest.mark.parametrize(
    ("field", "text", "position", "problem"),
    [
        ("httpstatus", "ok", 0, "httpstatus must be a number (up to 1e+300), got 'ok'"),
        ("httpstatus", "gt(ok)", 3, "httpstatus must be a number (up to 1e+300), got 'ok'"),
        ("httpstatus", "gt(4", 4, "expected ',' or ')', got the end"),
        ("httpstatus", "gt(4) x", 6, "expected nothing after the function, got 'x'"),
        ("service", "regex(a))", 8, "expected nothing after the function, got ')'"),
        ("service", "regex(a", 7, "expected ')', got the end"),
        ("service", "regex([)", 8, "expected ')', got the end"),
    ],
)
def test_mistakes_name_the_field(field: str, text: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse_simple(field, text, resolve)
    error = raised.value
    assert (field, text, position, problem) == (error.part, error.expression, error.position, error.problem)
