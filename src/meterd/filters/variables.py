"""The variables of filters: what field names stand for, and unknown ones."""

from collections.abc import Callable

import msgspec

from meterd.datasets import Kind
from meterd.query.model import And, Compare, Condition, Field, IsNull, Matches, Not, OneOf, Operand, Or


class Variable(msgspec.Struct, frozen=True):
    """A value that conditions can be put on, and its type; None where the type differs from row to row (documents).

    Of kind `TEXTS` the operand is a `Field`.
    """

    operand: Operand
    kind: Kind | None


Resolve = Callable[[str], Variable | None]
"""What a field name of a filter stands for; None for a field that there isn't."""

UNKNOWN = Variable(Field(""), None)
"""Stands for a field that there isn't, until `settle`."""


def without_unknown_fields(condition: Condition) -> Condition:
    """Return the condition without unknown fields: they are null everywhere, so they satisfy nothing but `IsNull`."""
    match condition:
        case And(conditions):
            return And(tuple(without_unknown_fields(each) for each in conditions))
        case Or(conditions):
            return Or(tuple(without_unknown_fields(each) for each in conditions))
        case Not(inner):
            return Not(without_unknown_fields(inner))
        case IsNull(UNKNOWN.operand, is_present):
            return Or(()) if is_present else And(())
        case Compare(UNKNOWN.operand) | OneOf(UNKNOWN.operand) | Matches(UNKNOWN.operand):
            return Or(())
    return condition
