"""Bodies of the requests about a session (`docs/specifications/sessions.md` sections 3 to 6)."""

import traceback
from collections.abc import Mapping
from operator import index
from typing import Any

import msgspec

from meterd.client.encoding import as_text, encode_anything, one_text, printable, several_texts
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
    if not isinstance(state, Mapping):
        raise TypeError(f"state must be a mapping, got {type(state).__name__}")
    return encode_members({"state": state, "timestamp": stamp(moment)})


_EVENT_TEXTS = (
    "category",
    "level",
    "group",
    "message",
    "exception_type",
    "exception_msg",
    "source_file",
    "source_function",
)
_EVENT_MEMBERS = {*_EVENT_TEXTS, "labels", "data", "stacktrace", "source_line"}


def event_body(moment: Moment, name: str, members: Mapping[str, Any]) -> bytes:  # by callers, of any type
    """Make the body of an event.

    Raises:
        TypeError: the name is no text, a member is unknown, or its value certainly meant for another.
    """
    check_name(name)
    if unknown := members.keys() - _EVENT_MEMBERS:
        raise TypeError(f"an event has no member {min(unknown)}: put it into data")
    data, stack = members.get("data"), members.get("stacktrace")
    if data is not None and not isinstance(data, Mapping):
        raise TypeError(f"data must be a mapping, got {type(data).__name__}")
    body: dict[str, object] = {member: one_text(members.get(member), member) for member in _EVENT_TEXTS}
    body["data"] = data
    body["stacktrace"] = (
        None if stack is None else several_texts([stack] if isinstance(stack, str) else stack, "stacktrace")
    )
    body["source_line"] = whole_number(members.get("source_line"), "source_line")
    labels = list(dict.fromkeys(several_texts(members.get("labels"), "labels")))
    return encode_members(body, labels=labels, name=name, timestamp=stamp(moment))


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


def exception_members(error: BaseException) -> dict[str, object]:
    """Make the members of an event about an exception; the source is where it was raised."""
    members: dict[str, object] = {
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
