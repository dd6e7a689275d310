"""Reads export requests in JSON that the strict decoder refuses, value by value where it has to.

What can be read only in one way is read so: `12.0` as a whole number, `"SPAN_KIND_CLIENT"` as 3, a number where a text
is declared as its text.
"""

from functools import cache
from typing import NamedTuple, TypeVar, get_args, get_origin

import msgspec
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from meterd.api.otlp.damage import Damage
from meterd.api.otlp.messages import Element, Envelope, JsonMessage
from meterd.ingest.lenient_json import dumps, loads_at_any_depth

_Message = TypeVar("_Message", bound=JsonMessage)

_NUMBERS = {
    name: number for enum in (Span.SpanKind, Status.StatusCode, AggregationTemporality) for name, number in enum.items()
}
"""Values of enumerations by their names, which protobuf's own JSON writers use."""


class _Unusable(Exception):
    """A value that can't be used, and why."""


class _Member(NamedTuple):
    """A member of a message: the attribute, its type, and the message that it holds one of, or a list."""

    name: str
    declared: object
    message: type[JsonMessage] | None
    is_list: bool


def read(type_: type[_Message], body: bytes, damage: Damage) -> _Message:
    """Read as much of a request as can be used. Raises `ValueError` for a body that is no JSON object."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        text = dumps(loads_at_any_depth(body))
        try:
            return msgspec.json.decode(text, type=type_)
        except msgspec.ValidationError:
            document = msgspec.json.decode(text)
    try:
        return _Reader(damage).message(document, type_)
    except _Unusable as error:
        raise ValueError(str(error)) from None


class _Reader:
    """Takes each part as a whole if it can be, and else its parts."""

    def __init__(self, damage: Damage) -> None:
        self._damage = damage

    def message(self, value: object, type_: type[_Message]) -> _Message:
        """Read a message.

        Raises `_Unusable` for what is no object, and for an element with a bad value that it can't do without.
        """
        if not isinstance(value, dict):
            raise _Unusable("must be an object")
        if not issubclass(type_, Envelope):
            try:
                return msgspec.convert(value, type_)
            except msgspec.ValidationError:
                self._damage.room -= 1
        found: dict[str, object] = {}
        for name, member in _members(type_).items():
            try:
                if (part := value.get(name)) is not None:
                    found[member.name] = self._value(part, name, member)
            except _Unusable:
                if issubclass(type_, Element) and member.name not in type_.dispensable:
                    raise _Unusable(f"{name} has a value that can't be used") from None
                self._damage.left_out[name] += 1
        return type_(**found)

    def _value(self, value: object, name: str, member: _Member) -> object:
        if member.message is None:
            return _scalar(value, member.declared)
        if not member.is_list:
            return self.message(value, member.message)
        if not isinstance(value, list):
            raise _Unusable("must be an array")
        return self._messages(value, name, member.message)

    def _messages(self, values: list[object], name: str, type_: type[_Message]) -> list[_Message]:
        messages = []
        for number, value in enumerate(values):
            if not self._damage.has_room:
                self._note(name, type_, "too much of the export can't be used", len(values) - number)
                break
            try:
                messages.append(self.message(value, type_))
            except _Unusable as error:
                self._note(name, type_, str(error))
        return messages

    def _note(self, name: str, type_: type[JsonMessage], reason: str, count: int = 1) -> None:
        if issubclass(type_, Element):
            self._damage.rejected[reason] += count
        else:
            self._damage.left_out[name] += count


@cache
def _members(type_: type[JsonMessage]) -> dict[str, _Member]:
    """Return the members by their names in JSON."""
    return {
        field.encode_name: _Member(field.name, field.type, *_message_in(field.type))
        for field in msgspec.structs.fields(type_)
    }


def _message_in(type_: object) -> tuple[type[JsonMessage] | None, bool]:
    for one in get_args(type_):
        is_list = get_origin(one) is list
        inner = get_args(one)[0] if is_list else one
        if isinstance(inner, type) and issubclass(inner, JsonMessage):
            return inner, is_list
    return None, False


def _scalar(value: object, type_: object) -> object:
    """Return the value, or what else it can only mean. Raises `_Unusable`."""
    meant = _NUMBERS.get(value, value) if isinstance(value, str) else value
    is_number = isinstance(value, int | float)
    for reading in (meant, msgspec.json.encode(value).decode()) if is_number else (meant,):
        try:
            return msgspec.convert(reading, type_, strict=False)
        except msgspec.ValidationError:
            pass
    raise _Unusable("is of another type")
