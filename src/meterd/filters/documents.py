"""Conditions on JSON documents, for lists of stored objects.

A `Field` is a path of names with dots between them. A path through an array leads to all of its elements, and an array
satisfies a test when one of its elements does; a negated test, when none of them does. Types differ from document to
document: numbers compare with numbers, times with texts that are times, and anything else as text.
"""

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from meterd.filters.patterns import compiled
from meterd.filters.times import instant
from meterd.filters.variables import Variable
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
    Operand,
    Or,
    TagValue,
    TextTest,
    Value,
)

_COMPARISONS: dict[Comparison, Callable[[Any, Any], bool]] = {  # of two values of one type
    Comparison.EQUAL: operator.eq,
    Comparison.LESS: operator.lt,
    Comparison.LESS_OR_EQUAL: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_OR_EQUAL: operator.ge,
}
_TEXT_TESTS: dict[TextTest, Callable[[str, str], bool]] = {
    TextTest.CONTAINS: operator.contains,
    TextTest.STARTS_WITH: str.startswith,
    TextTest.ENDS_WITH: str.endswith,
    TextTest.HAS_MATCH: lambda text, pattern: compiled(pattern).search(text) is not None,
    TextTest.HAS_MATCH_OF_ANY_CASE: lambda text, pattern: compiled(pattern, ignore_case=True).search(text) is not None,
}


def document_field(name: str) -> Variable:
    """Return what a field of a document stands for: the path, of any type."""
    return Variable(Field(name), None)


def matches(condition: Condition, document: Mapping[str, object]) -> bool:
    """Tell whether a document satisfies a condition."""
    return _evaluate(condition, document) is True


def _evaluate(condition: Condition, document: Mapping[str, object]) -> bool | None:
    """Evaluate a condition, three-valued as in SQL: None is unknown."""
    match condition:
        case And(conditions):
            return _every(_evaluate(each, document) for each in conditions)
        case Or(conditions):
            return _inverse(_every(_inverse(_evaluate(each, document)) for each in conditions))
        case Not(inner):
            return not _evaluate(inner, document)
        case IsNull(operand, negated):
            return (_elements(operand, document) is None) != negated
        case OneOf(operand, (), negated):
            return negated and _elements(operand, document) is not None
        case Compare(operand, Comparison.NOT_EQUAL, value):
            return _inverse(_evaluate(Compare(operand, Comparison.EQUAL, value), document))
        case Compare(operand, comparison, value):
            return _some(operand, document, lambda element: _compare(element, comparison, value), negated=False)
        case OneOf(operand, values, negated):
            return _some(operand, document, lambda element: _is_one_of(element, values), negated)
        case Matches(operand, test, text, negated):
            return _some(operand, document, lambda element: _TEXT_TESTS[test](_text(element), text), negated)
        case HasAny(column, texts, negated):
            return _some(Field(column), document, lambda element: _is_one_of(element, texts), negated)


def _every(truths: Iterable[bool | None]) -> bool | None:
    found = set(truths)
    if False in found:
        return False
    return None if None in found else True


def _inverse(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _some(
    operand: Operand, document: Mapping[str, object], test: Callable[[object], bool], negated: bool
) -> bool | None:
    """Tell whether an element satisfies the test, or negated, none; None when there is no value."""
    elements = _elements(operand, document)
    return None if elements is None else any(map(test, elements)) != negated


def _elements(operand: Operand, document: Mapping[str, object]) -> list[object] | None:
    """Return the single values that an operand has in a document; None when it is absent or null."""
    match operand:
        case Field(path):
            found = _found(document, path.split("."))
        case MapValue(column, key):
            found = _found(document, [*column.split("."), key])
        case TagValue(column, key):
            tags = _spread(_found(document, column.split(".")))
            prefix = f"{key}:"
            values = [tag.removeprefix(prefix) for tag in tags if isinstance(tag, str) and tag.startswith(prefix)]
            found = [*values[:1]]
    present = [value for value in found if value is not None]
    return [value for value in _spread(present) if isinstance(value, str | int | float)] if present else None


def _found(document: Mapping[str, object], names: Iterable[str]) -> list[object]:
    values: list[object] = [document]
    for name in names:
        values = [value[name] for value in _spread(values) if isinstance(value, Mapping) and name in value]
    return values


def _spread(values: Iterable[object]) -> list[object]:
    """Return the values, with elements in place of arrays."""
    return [element for value in values for element in (value if isinstance(value, list) else [value])]


def _is_one_of(element: object, values: Iterable[Value]) -> bool:
    return any(_compare(element, Comparison.EQUAL, value) for value in values)


def _compare(element: object, comparison: Comparison, value: Value) -> bool:
    compare = _COMPARISONS[comparison]
    if isinstance(value, datetime):
        time = instant(element) if isinstance(element, str) else None
        return time is not None and compare(time, value)
    if _is_number(element) and _is_number(value):
        return compare(element, value)
    return compare(_text(element), _text(value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
