"""Bodies of the requests about a session (`docs/specifications/sessions.md` sections 3 to 6)."""

import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from meterd.client.rows import ENCODING_ERRORS, encoder
from meterd.client.sessions.aggregates import Point

Moment = int
"""Nanoseconds since 1970."""

Pending = tuple[str, Any]
"""An operation and its body, or for a point of a metric its moment and members; those are encoded later."""

METRIC = "metrics"
HEARTBEAT = "heartbeat"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: Moment) -> str:
    """Write a moment as RFC 3339 in UTC."""
    time = _EPOCH + timedelta(microseconds=moment // 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def encode_members(members: Mapping[str, object], **always: object) -> bytes:
    """Encode the members that have a value.

    Raises:
        TypeError: one can't be sent as JSON, which the message names.
    """
    present = {name: value for name, value in members.items() if value is not None}
    try:
        return encoder.encode(present | always)
    except ENCODING_ERRORS as error:
        raise TypeError(f"{_name_of_invalid(present)} can't be sent as JSON: {error}") from None


def _name_of_invalid(members: Mapping[str, object]) -> str:
    for name, value in members.items():
        try:
            encoder.encode(value)
        except ENCODING_ERRORS:
            return name
    return "it"


def creation_body(product: str, version: str, machine_id: str | None, hostname: str | None) -> bytes:
    """Make the body that begins a session.

    Raises:
        ValueError: product or version are not text, or empty.
        TypeError: a member can't be sent as JSON.
    """
    for name, value in (("product", product), ("version", version)):
        if not isinstance(value, str) or not value:
            raise ValueError(f"{name} must be text that is not empty, got {value!r}")
    return encode_members({"product": product, "version": version, "machine_id": machine_id, "hostname": hostname})


def state_body(moment: Moment, state: Mapping[str, object]) -> bytes:
    if not isinstance(state, Mapping):
        raise TypeError(f"state must be a mapping, got {type(state).__name__}")
    return encode_members({"state": state, "timestamp": stamp(moment)})


def event_body(moment: Moment, name: str, members: Mapping[str, Any]) -> bytes:  # by callers, of any type
    data, labels = members.get("data"), members.get("labels")
    if not isinstance(name, str):
        raise TypeError(f"name must be text, got {type(name).__name__}")
    if data is not None and not isinstance(data, Mapping):
        raise TypeError(f"data must be a mapping, got {type(data).__name__}")
    if isinstance(labels, str):
        raise TypeError("labels must be several texts, got one")
    return encode_members(dict(members) | {"labels": list(labels or ()), "name": name, "timestamp": stamp(moment)})


def metric_body(moment: Moment, point: Point) -> bytes:
    """Make the body of an `aggregates.Point`."""
    name, value, tags, type_, unit, count, metadata = point
    members = {"type": type_, "unit": unit, "count": count, "metadata": metadata}
    return encode_members(members, name=name, value=value, timestamp=stamp(moment), tags=list(tags))


def moment_body(moment: Moment) -> bytes:
    """Make the body of a heartbeat, and of an end."""
    return encode_members({"timestamp": stamp(moment)})


def crash_body(moment: Moment, reason: str) -> bytes:
    return encode_members({"reason": _printable(reason), "timestamp": stamp(moment)})


def exception_members(error: BaseException) -> dict[str, object]:
    """Make the members of an event about an exception; the source is where it was raised."""
    members: dict[str, object] = {
        "exception_type": type(error).__name__,
        "exception_msg": _text(error),
        "stacktrace": [_printable(line) for line in traceback.format_exception(error)],
    }
    if frames := traceback.extract_tb(error.__traceback__):
        members["source_file"] = _printable(frames[-1].filename)
        members["source_line"] = frames[-1].lineno
        members["source_function"] = frames[-1].name
    return members


def exception_body(moment: Moment, error: BaseException, data: Mapping[str, object] | None) -> bytes:
    members = exception_members(error)
    kind = members["exception_type"]
    described = {"category": "error", "group": "exception", "labels": ["exception", kind]}
    return event_body(moment, "exception", members | described | {"message": members["exception_msg"], "data": data})


def _text(error: BaseException) -> str:
    try:
        return _printable(str(error))
    except Exception:  # noqa: BLE001 - an exception that can't be shown is reported all the same
        return f"a {type(error).__name__} that can't be shown"


def _printable(text: str) -> str:
    """Make text UTF-8, whatever it was."""
    return text.encode("utf-8", "backslashreplace").decode()


def encode_pending(pending: Pending) -> tuple[str, bytes]:
    """Return an operation and its body.

    Raises:
        TypeError: a member can't be sent as JSON.
    """
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
