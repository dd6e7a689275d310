"""Messages of export requests with some of their members declared as bytes: on the wire these are the same."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from meterd.api.otlp.messages import SIGNALS

_File = Any
"""A `FileDescriptor`, in the implementation that is in use."""
PARTS = frozenset({FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_MESSAGE})
"""Types of members that may hold what can't be decoded."""


def in_parts(type_: type[Message]) -> type[Message]:
    """Return the message with its texts and the messages in it as bytes."""
    return GetMessageClass(_in_parts().FindMessageTypeByName(type_.DESCRIPTOR.full_name))


def with_attributes_apart(type_: type[Message]) -> type[Message]:
    """Return the message with attributes as bytes, wherever there are some in it."""
    return GetMessageClass(_with_attributes_apart().FindMessageTypeByName(type_.DESCRIPTOR.full_name))


@cache
def _in_parts() -> DescriptorPool:
    return _pool(lambda field: field.type in PARTS)


@cache
def _with_attributes_apart() -> DescriptorPool:
    return _pool(lambda field: field.name == "attributes")


def _pool(is_apart: Callable[[FieldDescriptorProto], bool]) -> DescriptorPool:
    pool = DescriptorPool()
    for file in _files():
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        for message in copy.message_type:
            _as_bytes(message, is_apart)
        pool.AddSerializedFile(copy.SerializeToString())
    return pool


def _files() -> Iterator[_File]:
    """Return what requests are declared in, each file after those that it needs."""
    found: dict[str, _File] = {}

    def add(file: _File) -> None:
        for needed in file.dependencies:
            add(needed)
        found.setdefault(file.name, file)

    for signal in SIGNALS.values():
        add(signal.protobuf.DESCRIPTOR.file)
    return iter(found.values())


def _as_bytes(message: DescriptorProto, is_apart: Callable[[FieldDescriptorProto], bool]) -> None:
    for field in message.field:
        if is_apart(field):
            field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    for inner in message.nested_type:
        _as_bytes(inner, is_apart)
