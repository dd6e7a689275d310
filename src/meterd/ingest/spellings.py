"""Numbers, words for yes and no, and times in the spellings in which gateways and exporters send them.

Spring AI writes every count as text, some exporters every whole number as `12.0`, and loggers that dump what they have
write times in ISO 8601. What can mean one thing only is read as that.
"""

import re
from datetime import UTC, datetime
from math import isfinite

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MAX_LENGTH = 40
"""Characters of a text that can be a number or a time."""
_FLAGS = {"true": True, "false": False}


def number(value: object) -> float | int | None:
    """Return a number, or a text that is one, `"0.0025"`; None for all else, and for what is not finite."""
    if type(value) is int:
        return value
    if type(value) is str:
        text = value.strip() if len(value) <= _MAX_LENGTH else ""
        if _WHOLE.fullmatch(text):
            return int(text)
        value = float(text) if _NUMBER.fullmatch(text) else None
    return value if type(value) is float and isfinite(value) else None


def whole_number(value: object) -> int | None:
    """Return a whole number in any spelling: 12, `12.0`, `"12"`, `"12.0"`."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def flag(value: object) -> bool | None:
    """Return yes or no: a boolean, or `"true"` and `"false"` without regard to case."""
    if type(value) is str:
        return _FLAGS.get(value.lower())
    return value if type(value) is bool else None


def seconds(value: float | str | None) -> float | None:
    """Return seconds since 1970 from a number of them or from ISO 8601, which is UTC when it does not say otherwise."""
    found = number(value)
    if found is not None or not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return found
    try:
        time = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
