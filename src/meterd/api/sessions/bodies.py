"""Bodies of requests (`docs/specifications/sessions.md` sections 3 to 6): read whatever their content type, unknown
members skipped.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from meterd.api.openapi import TIME
from meterd.api.sessions.member_names import decode_members, with_known_names
from meterd.datasets import MAX_JSON_DEPTH
from meterd.errors import InvalidInput
from meterd.ingest.admission import is_too_deep
from meterd.validation import explain

JSONObject = dict[str, Any]
"""A JSON object of an application's own: what is in it is its matter."""

_Body = TypeVar("_Body", bound=msgspec.Struct)
_Read = TypeVar("_Read")

Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_NOTHING = partial(msgspec.Raw, b"null")
"""Makes a null; the description of the API leaves the value of a factory out."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
"""As strict as the original's clients, which could not read a document with any other time in it."""


Name = Annotated[str, Meta(max_length=256)]
RequiredName = Annotated[str, Meta(max_length=256, extra_json_schema={"minLength": 1})]
"""Checked by `decode_create`."""
MetricName = Annotated[str, Meta(min_length=1)]
Stamp = Annotated[str, Meta(extra_json_schema=TIME)]
"""Read by `parse_stamp`."""


class Create(msgspec.Struct, frozen=True):
    product: RequiredName
    version: RequiredName
    machine_id: Name | None = None
    hostname: Name | None = None


class Event(msgspec.Struct, frozen=True):
    """An event; `level` is an older name of the category."""

    name: str | None = None
    timestamp: Stamp | None = None
    category: str | None = None
    level: str | None = None
    group: str | None = None
    labels: list[str] | None = None
    message: str | None = None
    data: msgspec.Raw = msgspec.field(default_factory=_NOTHING)
    stacktrace: list[str] | None = None
    exception_type: str | None = None
    exception_msg: str | None = None
    source_file: str | None = None
    source_line: Integer | None = None
    source_function: str | None = None

    @property
    def severity(self) -> str:
        return severity(self.category or self.level, self.exception_type)


def severity(category: str | None, exception_type: str | None) -> str:
    """Return the category of an event; an exception is an error unless something else than `info` is said."""
    return "error" if exception_type and category in (None, "", "info") else category or "info"


class Metric(msgspec.Struct, frozen=True):
    """A point of a metric.

    Its value is required, but for a histogram whose buckets are in its metadata, and a counter of which only the
    `delta` is known: as in the original, who adds these up is the agent or the client, and the point has no value.
    """

    name: MetricName
    value: float | None = None
    delta: float | None = None
    type: str | None = None
    timestamp: Stamp | None = None
    count: Integer | None = None
    unit: str | None = None
    tags: list[str] | None = None
    metadata: msgspec.Raw = msgspec.field(default_factory=_NOTHING)


class Change(msgspec.Struct, frozen=True):
    """The body of a heartbeat, an end or a crash; our extension is the time when it happened."""

    reason: str | None = None
    timestamp: Stamp | None = None


class _Wrapped(msgspec.Struct, frozen=True):
    state: JSONObject | None = None
    timestamp: Stamp | None = None


_wrapped = msgspec.json.Decoder(_Wrapped | None)
_plain = msgspec.json.Decoder(JSONObject | None)
_WRAPPED = frozenset(_Wrapped.__struct_fields__)


def decode(body: bytes, type_: type[_Body]) -> _Body:
    """Decode a body as a type, whose members may be written in any case.

    Raises:
        InvalidInput: it is none, naming the member and what it must be.
    """
    return _read(lambda: decode_members(body, type_))


def _read(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except msgspec.ValidationError as error:
        raise InvalidInput(f"Invalid request body: {explain(error).sentence()}") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidInput(f"Invalid request body: not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidInput("Invalid request body: nested too deeply") from None


def decode_change(body: bytes) -> Change | None:
    """Decode the body of a change; None for one that is no such object: the original does not read it.

    Raises:
        InvalidInput: its time is none.
    """
    try:
        change = decode_members(body, Change)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    parse_stamp(change.timestamp)
    return change


def decode_create(body: bytes) -> Create:
    """Decode the body that begins a session.

    Raises:
        InvalidInput: product or version are missing or empty, or a member is wrong.
    """
    try:
        create = decode_members(body, Create)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        detail = explain(error).sentence() if isinstance(error, msgspec.ValidationError) else "the body is no JSON"
        raise InvalidInput(f"Product and version are required fields: {detail}") from None
    if not create.product or not create.version:
        raise InvalidInput("Product and version are required fields: they must not be empty")
    return create


def decode_update(body: bytes) -> tuple[dict[str, object], str | None]:
    """Decode the update of a state, plain or wrapped, and the time that it carries.

    Raises:
        InvalidInput: it is no object.
    """
    wrapped = _read(lambda: _wrapped.decode(with_known_names(body, _WRAPPED))) or _Wrapped()
    if wrapped.state is not None:
        return wrapped.state, wrapped.timestamp
    return _read(lambda: _plain.decode(body)) or {}, wrapped.timestamp


def json_object(raw: msgspec.Raw, member: str) -> str | None:
    """Return the text of a member that is an object; None when it is absent or null.

    Raises:
        InvalidInput: it is something else, or nested too deeply.
    """
    text = bytes(raw).strip()
    if text == b"null":
        return None
    if not text.startswith(b"{"):
        raise InvalidInput(f"Invalid request body: {member} must be an object")
    check_depth(text, member)
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise InvalidInput(f"Invalid request body: {member} is not valid UTF-8") from None


def check_depth(text: bytes, member: str) -> None:
    """Refuse JSON that is nested deeper than anything reads with certainty.

    Raises:
        InvalidInput: it is.
    """
    if is_too_deep(text):
        raise InvalidInput(f"Invalid request body: {member} is nested deeper than {MAX_JSON_DEPTH}")


def parse_stamp(text: str | None) -> datetime | None:
    """Read a time in RFC 3339 with its offset; None when there is none.

    Raises:
        InvalidInput: the text is something else.
    """
    if text is None:
        return None
    try:
        if not _STAMP.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            "Invalid request body: timestamp must be a time in RFC 3339 with an offset, such as 2026-01-31T12:00:00Z"
        ) from None


def merge(state: dict[str, object], update: dict[str, object]) -> dict[str, object]:
    """Merge objects key by key; everything else replaces, null deletes. Neither argument is changed."""
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
