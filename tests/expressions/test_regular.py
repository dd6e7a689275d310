import pytest

from meterd.expressions.regular import InvalidExpression, compiled, escaped


def test_an_expression_is_searched_for_in_texts_and_bytes() -> None:
    expression = compiled("b+")

    found = expression.search("äbb"), expression.search("äbb".encode())

    assert [(1, 3), (2, 4)] == [each.span() for each in found if each]


def test_case_matters_unless_it_is_ignored() -> None:
    assert compiled("b").search("B") is None
    assert compiled("b", ignore_case=True).search("B") is not None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("(", r"missing \)"), (r"(a)\1", "invalid escape"), ("(?=a)", "invalid perl operator"), ("\ud83d", "surrogate")],
)
def test_what_is_no_expression_is_refused_in_words(pattern: str, problem: str) -> None:
    with pytest.raises(InvalidExpression, match=problem):
        compiled(pattern)


def test_an_expression_takes_no_more_memory_than_allowed() -> None:
    pattern = r"\pL{900}"
    compiled(pattern, memory=64 * 2**20)

    with pytest.raises(InvalidExpression, match="pattern too large"):
        compiled(pattern, memory=2**16)


@pytest.mark.parametrize("text", ["a.b*c", "\\d", "[x]", "ä\n", ""])
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    expression = compiled(f"^{escaped(text)}$")

    assert expression.search(text) is not None
    assert expression.search(text + "!") is None
