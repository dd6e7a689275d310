"""Bodies of requests to the agent (`docs/specifications/sessions.md` sections 5, 6 and 8.1), and JSON as applications
write it.
"""

import json
import math
import re
from typing import Annotated, Any, TypeVar

import msgspec

from meterd.agent.errors import Refused

JSONObject = dict[str, Any]
"""A JSON object of an application's own: what is in it is its matter."""

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Where JSON may hold half of a character."""
_T = TypeVar("_T")


class Register(msgspec.Struct, frozen=True):
    product: str
    version: str
    parent_pid: Integer = 0


class Named(msgspec.Struct, frozen=True):
    """A request that names its session and nothing else."""

    session_id: str


class State(Named, frozen=True):
    state: JSONObject | None = None


class Event(Named, frozen=True):
    """An event without a time: the agent's clock says when it was."""

    name: str | None = None
    category: str | None = None
    level: str | None = None
    group: str | None = None
    labels: list[str] | None = None
    message: str | None = None
    data: JSONObject | None = None
    stacktrace: list[str] | None = None
    exception_type: str | None = None
    exception_msg: str | None = None
    source_file: str | None = None
    source_line: Integer | None = None
    source_function: str | None = None


class Metric(Named, frozen=True):
    name: str | None = None
    value: float | None = None
    type: str | None = None
    count: Integer | None = None
    unit: str | None = None
    tags: list[str] | None = None
    metadata: JSONObject | None = None
    delta: float | None = None


def decode(body: bytes, type_: type[_T], line: str) -> _T:
    """Decode a body as a type; the case of its members' names does not matter, as in the original.

    `Infinity` and `NaN`, which Python writes and JSON lacks, are read as texts, and text that is no Unicode is escaped.

    Raises:
        Refused: it is no JSON of that type; the sentence begins with `line`, as in the original (400).
    """
    try:
        document = json.loads(body, parse_constant=str)
        if _HALF.search(body):
            document = _unicode(document)
        if isinstance(document, dict):
            document = {name.lower(): value for name, value in document.items()}
        return msgspec.convert(document, type_)
    except msgspec.ValidationError as error:
        raise Refused(400, f"{line}: {error}") from None
    except (ValueError, RecursionError):
        raise Refused(400, f"{line}: the body is no JSON") from None


def _unicode(value: Any) -> Any:  # JSON
    """Escape halves of characters in texts, which are bytes of file names that are not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_unicode(key): _unicode(each) for key, each in value.items()}
    return [_unicode(each) for each in value] if isinstance(value, list) else value


def encode(value: object) -> bytes:
    """Encode JSON for the server.

    Raises:
        Refused: the server could not read it (400).
    """
    try:
        return msgspec.json.encode(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Refused(400, f"Invalid request: {error}") from None


def finite(value: float | None, member: str) -> float:
    """Return a number that is finite.

    Raises:
        Refused: it is absent or infinite (400).
    """
    if value is None or not math.isfinite(value):
        raise Refused(400, f"Invalid request: {member} must be a finite number")
    return value


def named(name: str | None) -> str:
    """Return the name of an event or a metric.

    Raises:
        Refused: there is none (400).
    """
    if not name:
        raise Refused(400, "Invalid request: name is required")
    return name


def given(request: Named) -> dict[str, object]:
    """Return the members that have a value, without the session's id."""
    members: dict[str, object] = msgspec.structs.asdict(request)
    return {name: value for name, value in members.items() if value is not None and name != "session_id"}


def merge(state: dict[str, object], update: dict[str, object]) -> dict[str, object]:
    """Apply an update to a state as the server does (`docs/specifications/sessions.md` section 4).

    Neither argument is changed.
    """
    merged = dict(state)
    for key, value in update.items():
        known = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(known, dict):
            merged[key] = merge(known, value)
        else:
            merged[key] = value
    return merged
