"""The functions that stand for a value: `gt(7)`, `range(2024-01-01, 2024-01-31)`
(`docs/specifications/usage-metrics.md` section 13).
"""

from meterd.filters import conditions
from meterd.filters.conditions import Listed, Single, Term
from meterd.filters.literals import Literal, quoted_literal
from meterd.filters.patterns import pattern_end
from meterd.filters.scanner import FilterScanner
from meterd.query.model import Condition


def _of_one(build: Single) -> Listed:
    return lambda field, arguments: build(field, arguments[0])


FUNCTIONS: dict[str, tuple[int | None, Listed]] = {
    "range": (2, conditions.between),
    "ne": (1, _of_one(conditions.different)),
    "in": (None, conditions.one_of),
    "gt": (1, _of_one(conditions.greater)),
    "gte": (1, _of_one(conditions.greater_or_equal)),
    "lt": (1, _of_one(conditions.less)),
    "lte": (1, _of_one(conditions.less_or_equal)),
    "regex": (1, _of_one(conditions.matching)),
}
"""How many values each function takes (None: any number), and what it means."""


def read_call(name: str, field: Term, scanner: FilterScanner) -> Condition:
    """Return the condition that one of the functions means; its opening parenthesis has been read."""
    start = scanner.position
    if name == "regex":
        arguments = [read_pattern(scanner, blanks=True)]
        scanner.expect(")")
    else:
        arguments = scanner.items(")")
    count, build = FUNCTIONS[name]
    if count not in (None, len(arguments)):
        raise scanner.error(f"{name} takes {count} value{'s' if count != 1 else ''}, got {len(arguments)}", start)
    return build(field, arguments)


def read_pattern(scanner: FilterScanner, blanks: bool) -> Literal:
    """Return a regular expression: in quotes, or up to where it must end (`patterns.pattern_end`)."""
    if quoted := scanner.quoted():
        return quoted
    scanner.count("values")
    start = scanner.position
    scanner.position = pattern_end(scanner.text, start, blanks)
    return quoted_literal(scanner.text[start : scanner.position], start)
