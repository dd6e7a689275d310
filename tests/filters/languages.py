"""Random filters, and how each of them is written in the languages.

A filter is a tuple: ("and" or "or", filters), ("not", filter), ("present", field), or (operator, field, values) where
the operator is one of `OPERATORS`.
"""

import json
from typing import Any

from hypothesis import strategies as st

Filter = tuple[Any, ...]

OPERATORS = {
    "=": "$eq",
    "!=": "$ne",
    "<": "$lt",
    "<=": "$lte",
    ">": "$gt",
    ">=": "$gte",
    "in": "$in",
    "nin": "$nin",
    "matches": "$regex",
}
FUNCTIONS = {"!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "in": "in", "matches": "regex"}
EQUALITY, ORDER, MEMBERSHIP = ["=", "!="], ["<", "<=", ">", ">="], ["in", "nin"]

TEXTS = [
    "api",
    "API",
    "object",
    "#HENG",
    "ICE.NDEX.NLB",
    "a b",
    "it's",
    '"',
    "\\",
    "\\'",
    "007",
    "200",
    "true",
    "null",
    "",
    " ",
    "é",
    "😀",
    "and",
    "(x)",
    "[a,b]",
    "\n",
    "\x00",
    "?",
    "{}",
]
PATTERNS = ["^a", "b$", "(?i)API", "[a-z]+", "a|o", "\\.", ".", "", "(ob|I)", "^$", "'", "é"]
TIMES = [
    "2024",
    "2024-02",
    "2024-02-29",
    "2024-02-29T12",
    "2024-02-29T12:30",
    "2024-02-29T12:30:15",
    "2024-02-29T12:30:15Z",
    "2024-02-29T12:30:15+01:00",
    "2024-02-29T12:30:15.250Z",
]

texts = st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"), max_size=4)
numbers = st.integers(-3, 600) | st.sampled_from([0.5, -1.25, 2**63, 1e20]) | st.floats(-1e6, 1e6)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "service": texts,
    "key": texts,
    "httpstatus": st.sampled_from([200, 404]) | numbers,
    "duration": numbers,
    "failed": st.booleans(),
    "timestamp": st.sampled_from(TIMES),
    "teams": st.sampled_from(["red", "blue", "é'"]),
    "properties.queue": texts,
    "nobody": texts | numbers,
}


def _leaves(field: str) -> st.SearchStrategy[Filter]:
    values = VALUES[field]
    choices = [
        st.just(("present", field)),
        st.tuples(st.sampled_from(EQUALITY), st.just(field), st.tuples(values | st.none())),
        st.tuples(st.sampled_from(MEMBERSHIP), st.just(field), st.lists(values | st.none(), max_size=3).map(tuple)),
    ]
    if field != "teams":
        choices.append(st.tuples(st.sampled_from(ORDER), st.just(field), st.tuples(values)))
    if field in ("service", "key", "properties.queue", "nobody"):
        choices.append(st.tuples(st.just("matches"), st.just(field), st.tuples(st.sampled_from(PATTERNS))))
    return st.one_of(choices)


leaves = st.sampled_from(list(VALUES)).flatmap(_leaves)
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)


def expression(sentence: Filter, top: bool = True) -> str:
    match sentence:
        case ("and" | "or" as word, inner):
            text = f" {word} ".join(expression(each, top=False) for each in inner)
            return text if top else f"({text})"
        case ("not", inner):
            return f"not {expression(inner, top=False)}"
        case ("present", field):
            return str(field)
        case ("in" | "nin" as operator, field, values):
            return f"{field} {operator} [{', '.join(map(_quoted, values))}]"
        case (operator, field, (value,)):
            return f"{field} {operator} {_quoted(value)}"
    raise AssertionError(sentence)


def simple(sentence: Filter) -> str | None:
    """The text of a query parameter for one test of a field, if functions can say it."""
    operator, _, *values = sentence
    if operator == "=" and isinstance(values[0][0], str):
        exact = values[0][0]
        return None if exact == "null" or "(" in exact else exact
    if operator not in FUNCTIONS:
        return None
    return f"{FUNCTIONS[operator]}({','.join(map(_quoted, values[0]))})"


def mongo(sentence: Filter) -> dict[str, Any]:
    match sentence:
        case ("and" | "or" as word, inner):
            return {f"${word}": [mongo(each) for each in inner]}
        case ("not", inner):
            return {"$nor": [mongo(inner)]}
        case ("present", field):
            return {field: {"$exists": True}}
        case ("in" | "nin" as operator, field, values):
            return {field: {OPERATORS[operator]: list(values)}}
        case (operator, field, (value,)):
            return {field: {OPERATORS[operator]: value}}
    raise AssertionError(sentence)


def _quoted(value: Any) -> str:
    """A value of the expression language: text in quotes, and nothing else."""
    if not isinstance(value, str):
        return json.dumps(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
