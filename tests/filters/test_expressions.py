"""`_filter` as a condition expression."""

from datetime import UTC, datetime, timedelta

import pytest

from meterd.expressions.errors import ExpressionError
from meterd.filters import parse_filter
from meterd.query.model import (
    And,
    Compare,
    Comparison,
    Condition,
    HasAny,
    IsNull,
    Matches,
    Not,
    OneOf,
    Operand,
    Or,
    TextTest,
    Value,
)
from tests.filters.fields import DURATION, FAILED, KEY, QUEUE, SERVICE, STATUS, TEAMS, TIMESTAMP, resolve

NOTHING = Or(())


def read(text: str) -> Condition:
    return parse_filter(text, resolve)


def equal(operand: Operand, value: Value) -> Compare:
    return Compare(operand, Comparison.EQUAL, value)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_the_documented_examples() -> None:
    assert read("(service=EUR or service=GBP) and key=MT") == And(
        (Or((equal(SERVICE, "EUR"), equal(SERVICE, "GBP"))), equal(KEY, "MT"))
    )
    assert read("httpstatus=gt(7)") == Compare(STATUS, Comparison.GREATER, 7)
    assert read("?service='object' and key='AAA'") == And((equal(SERVICE, "object"), equal(KEY, "AAA")))
    assert read("properties.queue='etrm'") == equal(QUEUE, "etrm")


def test_and_binds_tighter_than_or() -> None:
    a, b, c = equal(SERVICE, "a"), equal(KEY, "b"), equal(STATUS, 3)

    assert read("service=a or key=b and httpstatus=3") == Or((a, And((b, c))))
    assert read("service=a and key=b or httpstatus=3") == Or((And((a, b)), c))
    assert read("(service=a or key=b) AND httpstatus=3") == And((Or((a, b)), c))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("httpstatus == 200", equal(STATUS, 200)),
        ("httpstatus != 200", Not(equal(STATUS, 200))),
        ("httpstatus<200", Compare(STATUS, Comparison.LESS, 200)),
        ("httpstatus <= '200'", Compare(STATUS, Comparison.LESS_OR_EQUAL, 200)),
        ("duration>1.5e2", Compare(DURATION, Comparison.GREATER, 150.0)),
        ("duration >= -1", Compare(DURATION, Comparison.GREATER_OR_EQUAL, -1)),
        ("httpstatus in [200, 404]", OneOf(STATUS, (200, 404))),
        ("service nin [api, 'a, b']", Not(OneOf(SERVICE, ("api", "a, b")))),
        ("service in []", OneOf(SERVICE, ())),
        ("service in [null, api]", Or((IsNull(SERVICE), OneOf(SERVICE, ("api",))))),
        ("service like ob", Matches(SERVICE, TextTest.CONTAINS, "ob")),
        (
            "service matches ^a(b c)|[)]+ and failed",
            And((Matches(SERVICE, TextTest.HAS_MATCH, "^a(b c)|[)]+"), IsNull(FAILED, negated=True))),
        ),
        (r"service matches '\d+'", Matches(SERVICE, TextTest.HAS_MATCH, r"\d+")),
        ("service=regex(.*(x|y), z)", Matches(SERVICE, TextTest.HAS_MATCH, ".*(x|y), z")),
        ("service=ne(null)", IsNull(SERVICE, negated=True)),
        ("service=null", IsNull(SERVICE)),
        ("service='null'", equal(SERVICE, "null")),
        ("service=in(New York, 'a)b')", OneOf(SERVICE, ("New York", "a)b"))),
        (
            "httpstatus=range(1,2)",
            And((Compare(STATUS, Comparison.GREATER_OR_EQUAL, 1), Compare(STATUS, Comparison.LESS_OR_EQUAL, 2))),
        ),
        ("service", IsNull(SERVICE, negated=True)),
        ("not service", IsNull(SERVICE)),
        ("not service=a", Not(equal(SERVICE, "a"))),
        ("not not service=a", equal(SERVICE, "a")),
        ("not (service=a and key=b)", Not(And((equal(SERVICE, "a"), equal(KEY, "b"))))),
        ("failed=true", equal(FAILED, True)),
        ("failed='false'", equal(FAILED, False)),
        ("key=#HENG", equal(KEY, "#HENG")),
        ("key=ann@x.io", equal(KEY, "ann@x.io")),
        (r'key="a\"b\\c\d"', equal(KEY, 'a"b\\c\\d')),
    ],
)
def test_operators_and_values(text: str, condition: Condition) -> None:
    assert read(text) == condition


@pytest.mark.parametrize("written", ["007", "1.50", "1e3", "true", "99999999999999999999999999999999999"])
def test_numbers_compare_with_text_as_they_are_written(written: str) -> None:
    assert read(f"key={written}") == equal(KEY, written)
    if written != "007":
        assert read(f'{{"key":{written}}}') == equal(KEY, written)


def test_arrays_have_elements() -> None:
    assert read("teams=red") == HasAny("teams", ("red",))
    assert read("teams!=red") == Not(HasAny("teams", ("red",)))
    assert read("teams nin [red, blue]") == Not(HasAny("teams", ("red", "blue")))
    assert read("not teams") == IsNull(TEAMS)


@pytest.mark.parametrize(
    ("value", "start", "length"),
    [
        ("2024-02-29", utc(2024, 2, 29), timedelta(days=1)),
        ("2024-02", utc(2024, 2, 1), timedelta(days=29)),
        ("2024-02-29T12:30:15", utc(2024, 2, 29, 12, 30, 15), timedelta(seconds=1)),
        ("2024-02-29T12:30:15+01:00", utc(2024, 2, 29, 11, 30, 15), timedelta(seconds=1)),
        ("'2024-02-29T12:30:15[Europe/Amsterdam]'", utc(2024, 2, 29, 11, 30, 15), timedelta(seconds=1)),
        ("2024-02-29T12:30:15.123Z", utc(2024, 2, 29, 12, 30, 15, 123_000), timedelta(milliseconds=1)),
        ("2024-02-29T12:30:15.123456789", utc(2024, 2, 29, 12, 30, 15, 123_456), timedelta(microseconds=1)),
        ("T-Y2020M1D1h0m0s0", utc(2020, 1, 1), timedelta(seconds=1)),
    ],
)
def test_times_cover_as_long_as_their_last_part(value: str, start: datetime, length: timedelta) -> None:
    end = start + length
    within = And(
        (
            Compare(TIMESTAMP, Comparison.GREATER_OR_EQUAL, start),
            Compare(TIMESTAMP, Comparison.LESS, end),
        )
    )

    assert read(f"timestamp={value}") == within
    assert read(f"timestamp=range({value},{value})") == within
    assert read(f"timestamp!={value}") == Not(within)
    assert read(f"timestamp<{value}") == Compare(TIMESTAMP, Comparison.LESS, start)
    assert read(f"timestamp<={value}") == Compare(TIMESTAMP, Comparison.LESS, end)
    assert read(f"timestamp>{value}") == Compare(TIMESTAMP, Comparison.GREATER_OR_EQUAL, end)
    assert read(f"timestamp>={value}") == Compare(TIMESTAMP, Comparison.GREATER_OR_EQUAL, start)


@pytest.mark.parametrize("test", ["=a", " in [a]", "<1", " like a", " matches a", "=null", ""])
def test_unknown_fields_are_null(test: str) -> None:
    assert read(f"nobody{test}") == (NOTHING if test != "=null" else And(()))


@pytest.mark.parametrize("test", ["nobody!=a", "nobody nin [a]", "not nobody=a", "not nobody<1", "nobody=ne(a)"])
def test_all_is_the_opposite_of_what_an_unknown_field_must_be(test: str) -> None:
    assert read(test) == Not(NOTHING)


def test_negations_of_unknown_fields_go_through_each_other() -> None:
    assert read("not (nobody=a or not nobody=b)") == Not(Or((NOTHING, Not(NOTHING))))
    assert read("not not nobody=a") == NOTHING
    assert read("not nobody") == And(())


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "expected a field, 'not' or '(', got the end"),
        ("service=a and", 13, "expected a field, 'not' or '(', got the end"),
        ("service=a key=b", 10, "expected 'and', 'or' or the end, got 'key=b'"),
        ("(service=a", 10, "expected ')', got the end"),
        ("service=a)", 9, "expected 'and', 'or' or the end, got ')'"),
        ("service ~ a", 8, "unknown operator '~', use one of == = != <= < >= > in nin like matches"),
        ("service intersects a", 8, "unknown operator 'intersects', use one of == = != <= < >= > in nin like matches"),
        ("service=", 8, "expected a value, got the end"),
        ("service='a", 8, "the quotes are not closed"),
        ("service in a", 11, "expected '[', got 'a'"),
        ("service in [a b", 15, "expected ',' or ']', got the end"),
        ("service=within(a)", 8, "after = there may be a value or one of range, ne, in, gt, gte, lt, lte, regex"),
        ("service!=gt(1)", 9, "after = there may be a value or one of range, ne, in, gt, gte, lt, lte, regex"),
        ("httpstatus=range(1)", 17, "range takes 2 values, got 1"),
        ("httpstatus=gt()", 14, "gt takes 1 value, got 0"),
        ("service matches (", 16, "not a regular expression (RE2): missing ): ("),
        ("service matches '(?=a)'", 16, "not a regular expression (RE2): invalid perl operator: (?="),
        ("httpstatus=ok", 11, "httpstatus must be a number (up to 1e+300), got 'ok'"),
        ("httpstatus<true", 11, "httpstatus must be a number (up to 1e+300), got 'true'"),
        ("duration=1e301", 9, "duration must be a number (up to 1e+300), got '1e301'"),
        ("failed=yes", 7, "failed must be true or false, got 'yes'"),
        ("httpstatus<null", 11, "httpstatus must be something other than null, got 'null'"),
        ("teams>a", 6, "teams is of the type array of text, which has no order"),
        ("httpstatus like 2", 16, "httpstatus is of the type integer, which has no text to search"),
        ("service=a\udcff", 9, "this is not a character"),
    ],
)
def test_mistakes_have_a_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        read(text)
    assert ("_filter", text, position) == (raised.value.part, raised.value.expression, raised.value.position)
    assert problem == raised.value.problem


@pytest.mark.parametrize("value", ["yesterday", "2024-13", "2024-02-30", "12", "9999", "9999-12-31T23:59:59.999999"])
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(ExpressionError, match="timestamp must be a time") as raised:
        read(f"timestamp >= {value}")
    assert raised.value.position == 13
