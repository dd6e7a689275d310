"""`_search`, on documents."""

import pytest

from meterd.expressions.errors import ExpressionError
from meterd.filters import document_field, matches, parse_search
from meterd.query.model import And
from tests.filters.fields import resolve

POTATO = {"_id": "#EUR.1", "name": "Potato price", "description": "Spot, in Europe", "location": "Belgium", "size": 5}
BARE: dict[str, object] = {"_id": "#BARE"}


def found(text: str, document: dict[str, object] = POTATO) -> bool:
    return matches(parse_search(text, document_field), document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "europe",
        "EUROPE potato",
        "euro|usa",
        "usa | europe",
        "(europe | usa) potato",
        "-germany",
        "europe potato -germany",
        "-(germany|usa)",
        "--europe",
        "usa | europe potato",
        "pot.to",
        "^#eur",
        r"eur\.1",
        "location=BELG",
        "location==Belgium",
        "size==5",
        "size=5",
        "location=",
        "-location=usa",
        "-nobody=x",
    ],
)
def test_searches_that_find(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "belgium",
        "europe germany",
        "-europe",
        "-(usa|europe)",
        "(usa|germany) potato",
        "location=b.l",
        "location==belgium",
        "location==",
        "nobody=x",
        "nobody==x",
        "usa potato|germany",
    ],
)
def test_searches_that_do_not_find(text: str) -> None:
    assert not found(text)


def test_fields_that_are_absent_have_no_word() -> None:
    assert found("-germany", BARE)
    assert found("-location=belgium bare", BARE)
    assert not found("--location=belgium", BARE)


def test_the_fields_to_search_can_be_named() -> None:
    assert matches(parse_search("belgium", document_field, fields=("location",)), POTATO)


def test_unknown_fields_have_no_word() -> None:
    assert matches(parse_search("-a -nobody=b", resolve), {}) is True
    assert matches(parse_search("a|nobody=b", resolve), {"_id": "a", "nobody": "b"}) is False
    assert parse_search(" ", resolve) == And(())


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("a -", 3, "expected a word, got the end"),
        ("a|", 2, "expected a word, got the end"),
        ("a)", 1, "expected a word or the end, got ')'"),
        ("(a", 2, "expected ')', got the end"),
        ("C++", 0, "not a regular expression (RE2): bad repetition operator: ++"),
        ("httpstatus=4", 11, "httpstatus is of the type integer, which has no text to search"),
    ],
)
def test_mistakes_have_a_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse_search(text, resolve)
    assert ("_search", text, position) == (raised.value.part, raised.value.expression, raised.value.position)
    assert problem == raised.value.problem
