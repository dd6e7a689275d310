"""Reads export requests in protobuf that have a text that is no UTF-8, or a part that can't be decoded.

Protobuf's decoder refuses the whole message then. A message is the same on the wire when its texts and parts are
declared as bytes, so it is read level by level, and a part by itself only where it can't be decoded as it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from meterd.api.otlp.damage import Damage
from meterd.api.otlp.wire import PARTS, in_parts

_Message = TypeVar("_Message", bound=Message)
_Field = Any
"""A `FieldDescriptor`, in the implementation that is in use."""

_MAX_DEPTH = 64
"""Levels of messages that are read one by one; the decoder itself goes to 100."""
_ELEMENTS = frozenset(
    {"Span", "LogRecord", "NumberDataPoint", "HistogramDataPoint", "ExponentialHistogramDataPoint", "SummaryDataPoint"}
)


def read(type_: type[_Message], data: bytes, damage: Damage) -> _Message:
    """Read as much of a request as can be used. Raises `DecodeError` when its outermost level can't be decoded."""
    return _Reader(damage).message(type_, data, _MAX_DEPTH)


class _Reader:
    """Decodes each message as a whole if it can be, and else its parts."""

    def __init__(self, damage: Damage) -> None:
        self._damage = damage

    def message(self, type_: type[_Message], data: bytes, levels: int) -> _Message:
        """Read a message.

        Raises `DecodeError` when the message's own level can't be decoded, or lies below `levels` more.
        """
        try:
            return type_.FromString(data)
        except DecodeError:
            if not levels or not self._damage.has_room:
                raise
        self._damage.room -= 1
        level = in_parts(type_).FromString(data)
        fields: Mapping[int, _Field] = type_.DESCRIPTOR.fields_by_number
        parts = [(fields[field.number], _listed(field, value)) for field, value in level.ListFields()]
        parts = [(field, values) for field, values in parts if field.type in PARTS]
        for field, _ in parts:
            level.ClearField(field.name)
        message = type_.FromString(level.SerializeToString())
        for field, values in parts:
            _put(message, field, [*self._usable(field, values, levels - 1)])
        return message

    def _usable(self, field: _Field, values: list[bytes], levels: int) -> Iterator[object]:
        for value in values:
            if field.type == FieldDescriptor.TYPE_STRING:
                yield value.decode("utf-8", "replace")
                continue
            try:
                yield self.message(GetMessageClass(field.message_type), value, levels)
            except DecodeError:
                if field.message_type.name in _ELEMENTS:
                    self._damage.rejected["can't be decoded"] += 1
                else:
                    self._damage.left_out[field.json_name] += 1


def _listed(field: _Field, value: Any) -> list[Any]:  # as the field declares
    return list(value) if field.is_repeated else [value]


def _put(message: Message, field: _Field, values: list[object]) -> None:
    if field.is_repeated:
        getattr(message, field.name).extend(values)
    elif values and field.type == FieldDescriptor.TYPE_MESSAGE:
        getattr(message, field.name).CopyFrom(values[0])
    elif values:
        setattr(message, field.name, values[0])
