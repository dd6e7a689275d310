"""Simple filters: query parameters `field=value` and `field=function(…)` (`docs/specifications/usage-metrics.md`
section 13).
"""

import re

from meterd.filters import conditions
from meterd.filters.functions import FUNCTIONS, read_call
from meterd.filters.literals import bare_literal
from meterd.filters.scanner import FilterScanner
from meterd.filters.variables import Resolve, without_unknown_fields
from meterd.query.model import Condition

_CALL = re.compile(rf"({'|'.join(FUNCTIONS)})\(")


def parse_simple(field: str, text: str, resolve: Resolve) -> Condition:
    """Return the condition that a query parameter means.

    A text that doesn't begin as one of the functions is the exact value, whatever characters it has; `null` asks for
    records without the field.

    Raises `ExpressionError`, whose part is the field.
    """
    scanner = FilterScanner(field, text)
    subject = conditions.term(field, resolve, scanner)
    call = scanner.match(_CALL)
    if not call:
        return without_unknown_fields(conditions.equal(subject, bare_literal(text, 0)))
    condition = read_call(call[1], subject, scanner)
    scanner.require_end("nothing after the function")
    return without_unknown_fields(condition)
