"""Reads export requests in protobuf that have a text that is no UTF-8, or a part that can't be decoded.

Protobuf's decoder refuses the whole message then. A message is the same on the wire when its texts and parts are
declared as bytes, so it is read level by level, and a part by itself only where it can't be decoded as it is.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from meterd.api.otlp.damage import Damage
from meterd.api.otlp.messages import LOGS, METRICS, TRACES

_Message = TypeVar("_Message", bound=Message)
_Field = Any
"""A `FieldDescriptor`, in the implementation that is in use."""
_File = Any
"""A `FileDescriptor`, likewise."""

_MAX_DEPTH = 64
"""Levels of messages that are read one by one; the decoder itself goes to 100."""
_IN_PARTS = frozenset({FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE})
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
        level = _level(type_.DESCRIPTOR.full_name).FromString(data)
        fields: Mapping[int, _Field] = type_.DESCRIPTOR.fields_by_number
        parts = [(fields[field.number], _listed(field, value)) for field, value in level.ListFields()]
        parts = [(field, values) for field, values in parts if field.type in _IN_PARTS]
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


@cache
def _level(name: str) -> type[Message]:
    """Return the message of this name with its texts and parts as bytes."""
    return GetMessageClass(_levels().FindMessageTypeByName(name))


@cache
def _levels() -> DescriptorPool:
    pool = DescriptorPool()
    for file in _files():
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        for message in copy.message_type:
            _as_bytes(message)
        pool.AddSerializedFile(copy.SerializeToString())
    return pool


def _files() -> Iterator[_File]:
    """Return what requests are declared in, each file after those that it needs."""
    found: dict[str, _File] = {}

    def add(file: _File) -> None:
        for needed in file.dependencies:
            add(needed)
        found.setdefault(file.name, file)

    for signal in (TRACES, METRICS, LOGS):
        add(signal.protobuf.DESCRIPTOR.file)
    return iter(found.values())


def _as_bytes(message: DescriptorProto) -> None:
    for field in message.field:
        if field.type in _IN_PARTS:
            field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    for inner in message.nested_type:
        _as_bytes(inner)
