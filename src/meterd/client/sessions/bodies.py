"""Bodies of the requests about a session (`docs/specifications/sessions.md` sections 3 to 6)."""

import traceback
from collections.abc import Callable, Iterable, Mapping
from operator import index
from typing import Any, TypedDict

import msgspec

from meterd.client.encoding import as_text, distinct_texts, encode_anything, one_text, printable, several_texts
from meterd.client.sessions.aggregates import Point
from meterd.client.wire import Moment, stamp

Pending = tuple[str, Any]
"""An operation and its body, or for a point of a metric its moment and members; those are encoded later."""

METRIC = "metrics"
HEARTBEAT = "heartbeat"


def encode_members(members: Mapping[str, object], **always: object) -> bytes:
    """Encode the members that have a value; what has no form in JSON is kept as text."""
    return encode_anything({name: value for name, value in members.items() if value is not None} | always)


def creation_body(product: str, version: str, machine_id: str | None, hostname: str | None) -> bytes:
    """Make the body that begins a session.

    Raises:
        ValueError: product or version are not text, or empty.
        TypeError: a member is a collection.
    """
    for name, value in (("product", product), ("version", version)):
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} must be text that is not empty, got {value!r}")
    names = {"machine_id": one_text(machine_id, "machine_id"), "hostname": one_text(hostname, "hostname")}
    return encode_members(names, product=product, version=version)


def state_body(moment: Moment, state: Mapping[str, object]) -> bytes:
    return encode_anything({"state": mapping(state, "state"), "timestamp": stamp(moment)})


class EventMembers(TypedDict, total=False):
    """Members of an event that are given by name; `level` is an older name of the category."""

    level: str | None
    stacktrace: Iterable[str] | None
    exception_type: str | None
    exception_msg: str | None
    source_file: str | None
    source_line: int | None
    source_function: str | None


def event_body(moment: Moment, name: str, members: Mapping[str, Any]) -> bytes:  # by callers, of any type
    """Make the body of an event.

    Raises:
        TypeError: the name is no text, a member is unknown, or its value certainly meant for another.
    """
    check_name(name)
    body: dict[str, object] = {"labels": ()}
    for member, value in members.items():
        if (read := _EVENT_MEMBERS.get(member)) is None:
            raise TypeError(f"an event has no member {member}: put it into data")
        if value is not None:
            body[member] = read(value, member)
    return encode_anything(body | {"name": name, "timestamp": stamp(moment)})


def check_name(name: object) -> None:
    """Check the name of an event or a metric.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be text, got {type(name).__name__}")


def whole_number(value: Any, member: str) -> int | None:  # by callers, of any type
    """Return a whole number, of whatever type it was.

    Raises:
        TypeError: it is none.
    """
    try:
        return None if value is None else index(value)
    except TypeError:
        raise TypeError(f"{member} must be a whole number, got {value!r}") from None


def mapping(value: object, member: str) -> Mapping[str, object]:
    """Return a mapping.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{member} must be a mapping, got {type(value).__name__}")
    return value


def _lines(value: Iterable[object], member: str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else several_texts(value, member)


_EVENT_MEMBERS: dict[str, Callable[[Any, str], object]] = {
    "category": one_text,
    "level": one_text,
    "group": one_text,
    "labels": distinct_texts,
    "message": one_text,
    "data": mapping,
    "stacktrace": _lines,
    "exception_type": one_text,
    "exception_msg": one_text,
    "source_file": one_text,
    "source_line": whole_number,
    "source_function": one_text,
}
"""What reads each member of an event."""


def metric_body(moment: Moment, point: Point) -> bytes:
    """Make the body of an `aggregates.Point`."""
    name, value, tags, type_, unit, count, metadata = point
    members = {"type": type_, "unit": unit, "count": count, "metadata": metadata}
    return encode_members(members, name=name, value=value, timestamp=stamp(moment), tags=list(tags))


def moment_body(moment: Moment) -> bytes:
    """Make the body of a heartbeat, and of an end."""
    return encode_members({"timestamp": stamp(moment)})


def crash_body(moment: Moment, reason: str) -> bytes:
    return encode_members({"reason": as_text(reason), "timestamp": stamp(moment)})


def exception_members(error: BaseException) -> EventMembers:
    """Make the members of an event about an exception; the source is where it was raised."""
    members: EventMembers = {
        "exception_type": type(error).__name__,
        "exception_msg": as_text(error),
        "stacktrace": [printable(line) for line in traceback.format_exception(error)],
    }
    if frames := traceback.extract_tb(error.__traceback__):
        members["source_file"] = printable(frames[-1].filename)
        members["source_line"] = frames[-1].lineno
        members["source_function"] = frames[-1].name
    return members


def exception_body(moment: Moment, error: BaseException, data: Mapping[str, object] | None) -> bytes:
    members = exception_members(error)
    kind = members["exception_type"]
    described = {"category": "error", "group": "exception", "labels": ["exception", kind]}
    return event_body(moment, "exception", members | described | {"message": members["exception_msg"], "data": data})


def encode_pending(pending: Pending) -> tuple[str, bytes]:
    """Return an operation and its body."""
    operation, body = pending
    if operation == METRIC:
        moment, *point = body
        return operation, metric_body(moment, point)
    return operation, body


class _Created(msgspec.Struct, frozen=True):
    session_id: str


class _Done(msgspec.Struct, frozen=True):
    status: str


def read_created(body: bytes) -> str:
    """Read what the server calls a session.

    Raises:
        msgspec.DecodeError: the answer is not meterd's.
    """
    return msgspec.json.decode(body, type=_Created).session_id


def check_done(body: bytes) -> None:
    """Check that a write was done.

    Raises:
        msgspec.DecodeError: the answer is not meterd's.
    """
    if msgspec.json.decode(body, type=_Done).status != "ok":
        raise msgspec.ValidationError("status is not ok")
