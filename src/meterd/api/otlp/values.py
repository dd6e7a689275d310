"""What the messages of an export request hold: values of attributes, numbers, ids."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from meterd.api.otlp.messages import AnyMessage

MAX_DEPTH = 32
"""Lists and mappings within one another that are read of an attribute's value."""


def value_of(any_value: AnyMessage, levels: int = MAX_DEPTH) -> object:
    """Return an attribute's value as text, number, boolean, list or mapping; bytes as base64; None for all else."""
    kind = any_value.WhichOneof("value")
    match kind:
        case "string_value" | "bool_value":
            return getattr(any_value, kind)
        case "int_value":
            value = any_value.int_value
            return value if type(value) is int else int(value)
        case "double_value":
            return number(any_value.double_value)
        case "array_value" if levels:
            return [value_of(each, levels - 1) for each in any_value.array_value.values or ()]
        case "kvlist_value" if levels:
            return attributes_of(any_value.kvlist_value.values, levels - 1)
        case "bytes_value":
            value = any_value.bytes_value
            return value if isinstance(value, str) else b64encode(value).decode()
    return None


def attributes_of(pairs: Sequence[AnyMessage] | None, levels: int = MAX_DEPTH) -> dict[str, Any]:
    """Return attributes by name. Pairs may be bytes, as `wire` leaves them."""
    if not pairs:
        return {}
    if type(pairs[0]) is bytes:
        return dict([_known[pair] if len(pair) <= _MAX_KNOWN_SIZE else _pair(pair) for pair in pairs])
    return {pair.key: (value := pair.value).string_value or value_of(value, levels) for pair in pairs}


_MAX_KNOWN = 4096
_MAX_KNOWN_SIZE = 192
"""Bytes. What is longer hardly comes twice."""
_SHARED = frozenset({str, int, float, bool, type(None)})
"""Values that nobody can change who gets them."""


class _Known(dict[bytes, tuple[str, Any]]):
    """Attributes by their bytes: most are the same in many spans, and reading one takes far longer than finding it."""

    def __missing__(self, encoded: bytes) -> tuple[str, Any]:
        pair = _pair(encoded)
        if type(pair[1]) not in _SHARED:
            return pair
        if len(self) >= _MAX_KNOWN:
            self.clear()
        self[encoded] = pair
        return pair


_known = _Known()


def known_attributes() -> int:
    """Return how many attributes are kept by their bytes; from any thread."""
    return len(_known)


def _pair(encoded: bytes) -> tuple[str, Any]:
    pair = KeyValue.FromString(encoded)
    value = pair.value
    return pair.key, value.string_value or value.int_value or value_of(value)


def canonical(attributes: dict[str, object]) -> str:
    """Return the same text for the same attributes, in whatever order they came."""
    return msgspec.json.encode(attributes, order="sorted").decode()


def number(value: float | str | None) -> float | None:
    """Return a number, or None for what is none."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def integer(value: int | str | None) -> int:
    """Return a 64-bit integer, 0 when it is absent."""
    return int(value or 0)


def identifier(value: bytes | str | None, length: int) -> str | None:
    """Return a trace or span id of `length` bytes in lower-case hex; None when it is malformed or all zero."""
    if isinstance(value, str) and len(value) == 2 * length:
        try:
            value = bytes.fromhex(value)
        except ValueError:
            return None
    return value.hex() if type(value) is bytes and len(value) == length and any(value) else None
