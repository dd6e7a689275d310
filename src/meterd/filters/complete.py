"""Whole filters, in either of their forms: `_filter` of a request, and the filter that a stored series holds."""

import json
from collections.abc import Mapping

from meterd.expressions.errors import ExpressionError
from meterd.filters.expressions import read_expression
from meterd.filters.mongo import read_mongo
from meterd.filters.scanner import MAX_DEPTH, FilterScanner
from meterd.filters.variables import Resolve, without_unknown_fields
from meterd.query.model import Condition

_PART = "_filter"


def parse_filter(text: str, resolve: Resolve) -> Condition:
    """Return the condition that a text means: JSON if it begins with a brace, otherwise an expression.

    Raises `ExpressionError`.
    """
    scanner = FilterScanner(_PART, text)
    scanner.skip_blanks()
    read = read_mongo if text.startswith("{", scanner.position) else read_expression
    return without_unknown_fields(read(scanner, resolve))


def filter_of(decoded: Mapping[str, object], resolve: Resolve) -> Condition:
    """Return the condition that a decoded JSON object means; mistakes are located in its JSON text.

    Raises `ExpressionError`.
    """
    try:
        text = json.dumps(decoded, ensure_ascii=False)
    except RecursionError:
        raise ExpressionError(_PART, "{…}", 0, f"nested deeper than {MAX_DEPTH} levels") from None
    return parse_filter(text, resolve)
