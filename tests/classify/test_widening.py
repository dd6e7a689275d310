import pytest
import re2  # type: ignore[import-untyped]  # the package comes without types
from hypothesis import given
from hypothesis import strategies as st

from meterd.classify.widening import widened


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        (r"\pL+", r"[A-Za-z\x{80}-\x{10ffff}]+"),
        (r"[\pL_]", r"[A-Za-z\x{80}-\x{10ffff}_]"),
        (r"[^\pL]", r"[^\pL]"),
        (r"\d{4}a{3,40}", r"\d{4}a{3,}"),
        (r"[0-9a-f]{64}", r"[0-9a-f]{8,}"),
        (r"[{3,40}]\{3,40\}\x{20}", r"[{3,40}]\{3,40\}\x{20}"),
    ],
)
def test_letters_of_all_scripts_and_long_counts_become_wider(regex: str, expected: str) -> None:
    assert expected == widened(regex)


@given(
    st.lists(
        st.sampled_from([r"\pL", r"[\pL\d]", r"[^\pN]", "a{9}", r"\p{Lu}{2,12}", "b", r"[]a]", r"\.", "(?:x|é){1,20}"]),
        min_size=1,
        max_size=4,
    ).map("".join),
    st.text("abxé1.]Ж😀", max_size=30),
)
def test_a_wider_expression_matches_wherever_the_narrow_one_does(regex: str, text: str) -> None:
    if re2.search(regex, text):
        assert re2.search(widened(regex), text)
