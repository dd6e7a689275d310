"""Numbers, yes and no, and times in other spellings."""

from typing import Any

import pytest

from meterd.ingest.spellings import flag, number, seconds, whole_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12),
        (12.5, 12.5),
        ("12", 12),
        (" 12 ", 12),
        ("-3", -3),
        ("+3", 3),
        ("0.0025", 0.0025),
        (".5", 0.5),
        ("12.", 12.0),
        ("2.5e-3", 0.0025),
        ("1E3", 1000.0),
    ],
)
def test_a_number_in_any_spelling_is_a_number(value: Any, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize("value", [None, True, False, [], {}, float("nan"), float("inf")])
def test_what_is_neither_number_nor_text_is_no_number(value: Any) -> None:
    assert number(value) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", ".", "e3", "1,5", "1 000", "0x10", "1_000", "\u0661\u0662"),
        *("nan", "inf", "Infinity", "1e999", "9" * 50),
    ],
)
def test_a_text_that_could_mean_something_else_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(12, 12), (12.0, 12), ("12", 12), ("12.0", 12), ("1e3", 1000), (12.5, None), ("12.5", None), (True, None)],
)
def test_a_whole_number_has_no_fraction(value: Any, expected: int | None) -> None:
    assert whole_number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("true", True), ("False", False), ("yes", None), (1, None), (None, None)],
)
def test_yes_and_no_may_be_words(value: Any, expected: bool | None) -> None:
    assert flag(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        ("1.5", 1.5),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T02:00:01.500000+02:00", 1.5),
        ("1970-01-01 00:00:01.500", 1.5),
        ("1970-01-01", 0.0),
        (None, None),
        ("", None),
        ("now", None),
        ("1970-13-01", None),
        ("1" * 60, None),
    ],
)
def test_a_time_is_seconds_or_a_date(value: Any, expected: float | None) -> None:
    assert seconds(value) == expected
