"""`_filter` as JSON, strict and relaxed."""

import pytest

from meterd.expressions.errors import ExpressionError
from meterd.filters import filter_of, parse_filter
from meterd.query.model import And, Compare, Comparison, Condition, IsNull, Matches, Not, OneOf, Or, TextTest
from tests.filters.fields import KEY, SERVICE, STATUS, TIMESTAMP, resolve
from tests.filters.test_expressions import equal, utc

OPERATORS = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $regex, $options, $exists, $not"


def read(text: str) -> Condition:
    return parse_filter(text, resolve)


def test_the_documented_examples() -> None:
    assert read('{"service":"api"}') == equal(SERVICE, "api")
    assert read("{key:/AB/}") == Matches(KEY, TextTest.HAS_MATCH, "AB")
    assert read('{"timestamp":{"$gte":"2025-05-23T00:00:00","$lte":"2025-05-30T23:59:59"}}') == And(
        (
            Compare(TIMESTAMP, Comparison.GREATER_OR_EQUAL, utc(2025, 5, 23)),
            Compare(TIMESTAMP, Comparison.LESS, utc(2025, 5, 31)),
        )
    )


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{}", And(())),
        ("{ service : 'a' , httpstatus : 5 }", And((equal(SERVICE, "a"), equal(STATUS, 5)))),
        ("{service:null}", IsNull(SERVICE)),
        ("{service:{$ne:null}}", IsNull(SERVICE, negated=True)),
        ("{service:{$exists:false}}", IsNull(SERVICE)),
        ("{nobody:{$exists:false}}", And(())),
        ("{nobody:{$exists:1}}", Or(())),
        ("{nobody:{$not:{$eq:1}}}", Not(Or(()))),
        ("{service:{$in:['a',null]}}", Or((IsNull(SERVICE), OneOf(SERVICE, ("a",))))),
        ("{service:{$nin:['a']}}", Not(OneOf(SERVICE, ("a",)))),
        ("{service:{$regex:'^a'}}", Matches(SERVICE, TextTest.HAS_MATCH, "^a")),
        ("{service:{$options:'i',$regex:'^a'}}", Matches(SERVICE, TextTest.HAS_MATCH_OF_ANY_CASE, "^a")),
        ("{service:{$regex:/^a/ms}}", Matches(SERVICE, TextTest.HAS_MATCH, "(?ms)^a")),
        (r"{service:/a\/b/i}", Matches(SERVICE, TextTest.HAS_MATCH_OF_ANY_CASE, r"a\/b")),
        ("{service:{$not:/a/}}", Not(Matches(SERVICE, TextTest.HAS_MATCH, "a"))),
        ("{httpstatus:{$not:{$gt:5}}}", Not(Compare(STATUS, Comparison.GREATER, 5))),
        ("{$or:[{service:'a'},{key:'b'}]}", Or((equal(SERVICE, "a"), equal(KEY, "b")))),
        ("{$nor:[{service:'a'},{key:'b'}]}", Not(Or((equal(SERVICE, "a"), equal(KEY, "b"))))),
        ("{$and:[{service:'a'}]}", equal(SERVICE, "a")),
        (r'{"service":"\u00e9\ud83d\ude00\n\"\/\\"}', equal(SERVICE, 'é😀\n"/\\')),
        ("{service:'a',service:'b'}", And((equal(SERVICE, "a"), equal(SERVICE, "b")))),
    ],
)
def test_operators_and_forms(text: str, condition: Condition) -> None:
    assert read(text) == condition


def test_escaped_slashes_are_regular_expressions_of_the_engine() -> None:
    assert filter_of({"service": {"$regex": r"a\/b"}}, resolve) == read(r"{service:/a\/b/}")


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("{", 1, "expected a name, got the end"),
        ("{service", 8, "expected ':', got the end"),
        ("{service:", 9, "expected a value of JSON (text in quotes), got the end"),
        ("{service:api}", 9, "expected a value of JSON (text in quotes), got 'api}'"),
        ("{service:NaN}", 9, "expected a value of JSON (text in quotes), got 'NaN}'"),
        ("{service:'a',}", 13, "expected a name, got '}'"),
        ("{service:'a'", 12, "expected ',' or '}', got the end"),
        ("{service:'a'} x", 14, "expected nothing after the object, got 'x'"),
        ("{service:'a}", 9, "the quotes are not closed"),
        (r"{service:'a\x'}", 11, r"unknown escape '\\x', write a backslash as \\"),
        (r"{service:'\ud800'}", 9, "half of a surrogate pair is not a character"),
        ("{$where:'x'}", 1, "$where is no operator here, use a field or one of $and, $or, $nor"),
        ("{$or:[]}", 1, "$or takes an array of at least one object"),
        ("{$or:['a']}", 1, "$or takes an array of objects"),
        ("{service:{$near:1}}", 10, f"unknown operator $near, use one of {OPERATORS}"),
        ("{service:{}}", 1, f"service takes a value, or an object of {OPERATORS}"),
        ("{service:{$in:'a'}}", 10, "$in takes an array of values"),
        ("{service:{$in:[[]]}}", 10, "$in takes text, numbers, true, false or null"),
        ("{service:{$exists:'x'}}", 10, "$exists takes true or false"),
        ("{service:{$options:'i'}}", 10, "$options needs a $regex beside it"),
        ("{service:{$regex:'a',$options:'x'}}", 17, "unknown option 'x' of a regular expression, use i, m or s"),
        ("{service:{$regex:'['}}", 17, "not a regular expression (RE2): missing ]: ["),
        ("{service:{$not:5}}", 10, "$not takes an object of operators or a regular expression"),
        ("{httpstatus:'x'}", 12, "httpstatus must be a number (up to 1e+300), got 'x'"),
    ],
)
def test_mistakes_have_a_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        read(text)
    assert ("_filter", text, position) == (raised.value.part, raised.value.expression, raised.value.position)
    assert problem == raised.value.problem
