"""Folds many tests of one operand into one.

An engine plans a list of values at once, and tests in a time that grows with the square of their number.
"""

from collections.abc import Iterator
from typing import NamedTuple

from meterd.query.model import And, Compare, Comparison, Condition, HasAny, Not, OneOf, Operand, Or, Value


class _Key(NamedTuple):
    """What one list of values is compared with, and the type of the values: mixed ones would be compared as another.

    `is_opposite` says that it is below a `Not`, which what lacks the operand satisfies.
    """

    tested: Operand | str
    type: type
    is_opposite: bool = False


def folded(condition: Condition) -> Condition:
    """Return the same condition: what is equal to one of several values is so in one test, `And` in `And` is one."""
    match condition:
        case Not(inner):
            return Not(folded(inner))
        case And():
            return _folded(condition, negated=True)
        case Or():
            return _folded(condition, negated=False)
    return condition


def _folded(connected: And | Or, negated: bool) -> Condition:
    """Below `Or` lists of values become longer, below `And` lists of values that are excluded.

    Everything in an `Or` makes it everything, nothing in an `And` makes it nothing.
    """
    others: list[Condition] = []
    lists: dict[_Key, list[Value]] = {}
    settled = And(()) if isinstance(connected, Or) else Or(())
    for part in _parts(connected):
        if part == settled:
            return settled
        key, values = _list_of(part, negated)
        if key is None:
            others.append(part)
        else:
            lists.setdefault(key, []).extend(values)
    parts = (*others, *(_test(key, tuple(dict.fromkeys(values)), negated) for key, values in lists.items()))
    return parts[0] if len(parts) == 1 else type(connected)(parts)


def _parts(connected: And | Or) -> Iterator[Condition]:
    for part in connected.conditions:
        inner = folded(part)
        if isinstance(inner, type(connected)):
            yield from inner.conditions
        else:
            yield inner


def _list_of(test: Condition, negated: bool) -> tuple[_Key | None, tuple[Value, ...]]:
    """Return the values of a test that may be part of a longer list, and of which."""
    match test:
        case Not(inner) if negated:
            key, values = _list_of(inner, negated=False)
            return key and key._replace(is_opposite=True), values
        case Compare(operand, comparison, value):
            if comparison is (Comparison.NOT_EQUAL if negated else Comparison.EQUAL):
                return _Key(operand, type(value)), (value,)
        case OneOf(operand, (first, *_) as values, is_negated) if is_negated == negated:
            if all(type(value) is type(first) for value in values):
                return _Key(operand, type(first)), values
        case HasAny(column, (_, *_) as values, is_negated) if is_negated == negated:
            return _Key(column, str), values
    return None, ()


def _test(key: _Key, values: tuple[Value, ...], negated: bool) -> Condition:
    tested = key.tested
    if key.is_opposite:
        return Not(_test(key._replace(is_opposite=False), values, negated=False))
    if isinstance(tested, str):
        return HasAny(tested, values, negated)  # type: ignore[arg-type]  # an array column has texts
    if len(values) == 1:
        return Compare(tested, Comparison.NOT_EQUAL if negated else Comparison.EQUAL, values[0])
    return OneOf(tested, values, negated)
