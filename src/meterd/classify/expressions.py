"""The regular expressions of classifiers: those of RE2 that leave characters whole, in a bounded memory."""

import re

from meterd.expressions import regular
from meterd.expressions.regular import InvalidExpression, RegularExpression

_MEMORY = 4 * 2**20
_SINGLE_BYTE = re.compile(r"(?<!\\)(?:\\\\)*\\C")


def compiled(pattern: str, ignore_case: bool = False) -> RegularExpression:
    """Compile an expression. Raises `InvalidExpression`."""
    if _SINGLE_BYTE.search(pattern):
        raise InvalidExpression("\\C is not supported, as it cuts characters into bytes")
    return regular.compiled(pattern, ignore_case, _MEMORY)
