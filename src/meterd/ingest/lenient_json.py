"""JSON as real programs write it: with half surrogate pairs, bytes that are no UTF-8, NaN, and numbers of any length.

The strict reader comes first everywhere; this one is for what it refuses (`docs/decisions/0008-gateway-reports.md`).
"""

import json
import math
import re
from codecs import BOM_UTF8

MAX_DEPTH = 100
"""Levels of arrays and objects that are read of what is nested too deeply to be read whole."""
_MAX_DIGITS = 400
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


def loads(text: bytes) -> object:
    """Load what the text holds, as far as it can be read; raises `ValueError` for what is no JSON, `RecursionError`.

    Numbers that are none, or beyond all bounds, become null or text.
    """
    decoded = text.removeprefix(BOM_UTF8).decode("utf-8", "replace")
    return _loads(decoded)


def loads_at_any_depth(text: bytes) -> object:
    """Load it like `loads`, but what is nested more deeply than `MAX_DEPTH` may become null."""
    decoded = text.removeprefix(BOM_UTF8).decode("utf-8", "replace")
    try:
        return _loads(decoded)
    except RecursionError:
        return _loads(_shallow(decoded))


def dumps(document: object) -> bytes:
    """JSON that every reader takes: half surrogate pairs become U+FFFD."""
    text = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _loads(text: str) -> object:
    return json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_float, parse_int=_integer)


def _float(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _integer(text: str) -> int | str:
    return int(text) if len(text) < _MAX_DIGITS else text


def _shallow(text: str) -> str:
    """Return the text with null for every array and object below the deepest level; broken where it was broken."""
    parts: list[str] = []
    depth = start = 0
    for token in _NESTING.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                parts += (text[start : token.start()], "null")
        elif token[0] in "]}":
            depth -= 1
            if depth == MAX_DEPTH:
                start = token.end()
    if depth <= MAX_DEPTH:
        parts.append(text[start:])
    return "".join(parts)
