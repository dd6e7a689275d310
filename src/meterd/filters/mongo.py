"""Filters as JSON objects in MongoDB's manner (`docs/specifications/usage-metrics.md` section 13)."""

from collections.abc import Callable, Sequence

from meterd.expressions.errors import ExpressionError
from meterd.filters import conditions
from meterd.filters.conditions import Listed, Single, Term, all_of, any_of, negation
from meterd.filters.literals import Literal, quoted_literal
from meterd.filters.relaxed import Array, Member, Node, Object, Regex, read_object
from meterd.filters.scanner import FilterScanner
from meterd.filters.variables import Resolve
from meterd.query.model import Condition


def _none_of(alternatives: Sequence[Condition]) -> Condition:
    return negation(any_of(alternatives))


_LOGICAL: dict[str, Callable[[Sequence[Condition]], Condition]] = {"$and": all_of, "$or": any_of, "$nor": _none_of}
_SINGLE: dict[str, Single] = {
    "$eq": conditions.equal,
    "$ne": conditions.different,
    "$gt": conditions.greater,
    "$gte": conditions.greater_or_equal,
    "$lt": conditions.less,
    "$lte": conditions.less_or_equal,
}
_LISTED: dict[str, Listed] = {"$in": conditions.one_of, "$nin": conditions.none_of}
_OPERATORS = (*_SINGLE, *_LISTED, "$regex", "$options", "$exists", "$not")
_PRESENCE = {"true": True, "1": True, "false": False, "0": False}


def read_mongo(scanner: FilterScanner, resolve: Resolve) -> Condition:
    """Return the condition that the whole text means.

    Raises `ExpressionError`.
    """
    return _Reader(scanner, resolve).object(read_object(scanner))


class _Reader:
    def __init__(self, scanner: FilterScanner, resolve: Resolve) -> None:
        self._scanner = scanner
        self._resolve = resolve

    def object(self, found: Object) -> Condition:
        return all_of([self._member(member) for member in found.members])

    def _member(self, member: Member) -> Condition:
        if not member.name.startswith("$"):
            return self._field(conditions.term(member.name, self._resolve, self._scanner), member)
        if member.name not in _LOGICAL:
            allowed = ", ".join(_LOGICAL)
            raise self._error(f"{member.name} is no operator here, use a field or one of {allowed}", member)
        value = member.value
        if not isinstance(value, Array) or not value.items:
            raise self._error(f"{member.name} takes an array of at least one object", member)
        return _LOGICAL[member.name]([self._alternative(item, member) for item in value.items])

    def _alternative(self, item: Node, member: Member) -> Condition:
        if not isinstance(item, Object):
            raise self._error(f"{member.name} takes an array of objects", member)
        return self.object(item)

    def _field(self, field: Term, member: Member) -> Condition:
        match member.value:
            case Literal() as literal:
                return conditions.equal(field, literal)
            case Regex(pattern, options):
                return self._matching(field, pattern, options)
            case Object(members) if members:
                return self._operators(field, members)
        raise self._error(f"{member.name} takes a value, or an object of {', '.join(_OPERATORS)}", member)

    def _operators(self, field: Term, members: Sequence[Member]) -> Condition:
        """Join all of the operators of one field; `$options` belongs to the `$regex` beside it."""
        options = ""
        for member in members:
            if member.name not in _OPERATORS:
                raise self._error(f"unknown operator {member.name}, use one of {', '.join(_OPERATORS)}", member)
            if member.name == "$options":
                if all(other.name != "$regex" for other in members):
                    raise self._error("$options needs a $regex beside it", member)
                options = self._literal(member, member.value).text
        tests = [self._operator(field, member, options) for member in members if member.name != "$options"]
        return all_of(tests)

    def _operator(self, field: Term, member: Member, options: str) -> Condition:
        name, value = member.name, member.value
        if name in _SINGLE:
            return _SINGLE[name](field, self._literal(member, value))
        if name in _LISTED:
            if not isinstance(value, Array):
                raise self._error(f"{name} takes an array of values", member)
            return _LISTED[name](field, [self._literal(member, item) for item in value.items])
        if name == "$exists":
            present = _PRESENCE.get(self._literal(member, value).text)
            if present is None:
                raise self._error("$exists takes true or false", member)
            return conditions.exists(field) if present else negation(conditions.exists(field))
        if name == "$regex":
            if isinstance(value, Regex):
                return self._matching(field, value.pattern, value.options + options)
            return self._matching(field, self._literal(member, value), options)
        match value:  # of $not
            case Regex(pattern, own_options):
                return negation(self._matching(field, pattern, own_options))
            case Object(members) if members:
                return negation(self._operators(field, members))
        raise self._error("$not takes an object of operators or a regular expression", member)

    def _matching(self, field: Term, pattern: Literal, options: str) -> Condition:
        unknown = set(options) - set("ims")
        if unknown:
            raise self._scanner.error(
                f"unknown option {min(unknown)!r} of a regular expression, use i, m or s", pattern.position
            )
        flags = "".join(sorted(set(options) - {"i"}))
        text = f"(?{flags}){pattern.text}" if flags else pattern.text
        return conditions.matching_with(field, quoted_literal(text, pattern.position), any_case="i" in options)

    def _literal(self, member: Member, value: Node) -> Literal:
        if not isinstance(value, Literal):
            raise self._error(f"{member.name} takes text, numbers, true, false or null", member)
        return value

    def _error(self, problem: str, member: Member) -> ExpressionError:
        return self._scanner.error(problem, member.position)
