"""The languages against each other, and against any text."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.expressions.errors import ExpressionError
from meterd.filters import document_field, filter_of, matches, parse_filter, parse_search, parse_simple
from meterd.query.model import Condition
from tests.filters.fields import resolve
from tests.filters.languages import Filter, expression, filters, leaves, mongo, simple

EXAMPLES = settings(max_examples=200)

_words = st.sampled_from(
    [
        "service",
        "httpstatus",
        "timestamp",
        "teams",
        "failed",
        "nobody",
        "not",
        "and",
        "or",
        "in",
        "nin",
        "like",
        "matches",
        "=",
        "==",
        "!=",
        "<",
        ">=",
        "~",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "'",
        '"',
        "\\",
        "/",
        "/a/i",
        "-",
        "|",
        "?",
        "$in",
        "$not",
        "$or",
        "$regex",
        "$options",
        "$exists",
        "null",
        "true",
        "1",
        "1e999",
        "9" * 400,
        "9999",
        "2024-02-30",
        "T-9999Y",
        "gt(",
        "range(",
        "regex(",
        "in(",
        "(?=x)",
        "a{1001}",
        "\\u",
        "\ud800",
        "\\ud800",
        "\x00",
        "é",
        "\u0663",
    ]
)
_soup = st.lists(_words, max_size=12).map(" ".join) | st.lists(_words, max_size=12).map("".join) | st.text(max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)


@EXAMPLES
@given(filters)
def test_a_filter_means_the_same_in_every_language(sentence: Filter) -> None:
    condition = parse_filter(expression(sentence), resolve)

    assert filter_of(mongo(sentence), resolve) == condition
    assert parse_filter(json.dumps(mongo(sentence)), resolve) == condition


@EXAMPLES
@given(leaves)
def test_a_simple_filter_means_the_same_as_an_expression(sentence: Filter) -> None:
    text = simple(sentence)
    if text is not None:
        assert parse_simple(sentence[1], text, resolve) == parse_filter(expression(sentence), resolve)


@EXAMPLES
@given(_soup)
def test_any_text_is_a_filter_or_an_error_that_has_a_place_in_it(text: str) -> None:
    _is_read(lambda: parse_filter(text, resolve))
    _is_read(lambda: parse_filter("{" + text, resolve))
    _is_read(lambda: parse_filter(text, document_field))
    _is_read(lambda: parse_search(text, resolve, ("service", "nobody")))
    _is_read(lambda: parse_simple("service", text, resolve))
    _is_read(lambda: parse_simple("httpstatus", text, resolve))
    _is_read(lambda: parse_simple("timestamp", text, resolve))


@EXAMPLES
@given(st.dictionaries(_words, _json, max_size=3))
def test_any_object_is_a_filter_or_an_error(decoded: dict[str, object]) -> None:
    _is_read(lambda: filter_of(decoded, document_field))


def _is_read(parse: Callable[[], Condition]) -> None:
    """A condition that documents can be tested by, or an `ExpressionError` comes out, and nothing else."""
    problem = None
    try:
        matches(parse(), {"service": ["a", 1, {}]})
    except ExpressionError as error:
        problem = error
    assert problem is None or 0 <= problem.position <= len(problem.expression)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 51 + "service" + ")" * 51,
        "not " * 51 + "service",
        '{"$and":[' * 26 + "{}" + "]}" * 26,
        "{service:" * 10_000,
        "(" * 10_000,
    ],
)
def test_deep_filters_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="nested deeper than 50 levels"):
        parse_filter(text, resolve)


def test_fifty_levels_are_allowed() -> None:
    assert parse_filter("(" * 50 + "service" + ")" * 50, resolve) == parse_filter("service", resolve)


def test_objects_too_deep_for_json_are_refused() -> None:
    decoded: dict[str, object] = {}
    for _ in range(100_000):
        decoded = {"a": decoded}
    with pytest.raises(ExpressionError, match="nested deeper than 50 levels"):
        filter_of(decoded, resolve)


def test_deep_searches_are_refused() -> None:
    with pytest.raises(ExpressionError, match="nested deeper than 50 levels"):
        parse_search("-(" * 10_000, resolve)


@pytest.mark.parametrize("parse", [parse_filter, parse_search])
def test_longer_texts_than_a_filter_may_have_are_refused(parse: Callable[..., Condition]) -> None:
    with pytest.raises(ExpressionError, match="longer than 131072 characters"):
        parse("a" * (2**17 + 1), resolve)


@pytest.mark.parametrize(
    "text",
    [
        f"httpstatus in [{','.join(['1'] * 1001)}]",
        f"{{httpstatus:{{$in:[{','.join(['1'] * 1001)}]}}}}",
        " or ".join(["httpstatus"] * 1001),
        " or ".join(["httpstatus=1"] * 1001),
    ],
)
def test_more_than_a_thousand_values_or_conditions_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"more than 1000 (values|conditions)"):
        parse_filter(text, resolve)
