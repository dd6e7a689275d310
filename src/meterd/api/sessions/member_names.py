"""Names of members of bodies, which are read without regard to case, as the original reads them."""

from functools import cache
from typing import Any, TypeVar

import msgspec

_Body = TypeVar("_Body", bound=msgspec.Struct)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)


def decode_members(body: bytes, type_: type[_Body]) -> _Body:
    """Decode an object whose members may be written in any case; of several that are one member, the last counts.

    Raises:
        msgspec.DecodeError, UnicodeError, RecursionError: it is none of that type.
    """
    try:
        body_of_type: _Body = _strict(type_).decode(body)  # what has no other members needs no second look
    except msgspec.ValidationError:
        return msgspec.json.decode(with_known_names(body, frozenset(type_.__struct_fields__)), type=type_)
    return body_of_type


def with_known_names(body: bytes, names: frozenset[str]) -> bytes:
    """Return an object with these names for its members that differ from them in case only; others stay.

    Raises:
        msgspec.DecodeError, UnicodeError, RecursionError: it is no object.
    """
    members = _members.decode(body) or {}
    if not any(name not in names and name.lower() in names for name in members):
        return body
    known: dict[str, msgspec.Raw] = {}
    for name, value in members.items():
        known[name.lower() if name.lower() in names else name] = value
    return msgspec.json.encode(known)


@cache
def _strict(type_: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    strict = msgspec.defstruct(type_.__name__, [], bases=(type_,), frozen=True, forbid_unknown_fields=True)
    return msgspec.json.Decoder(strict)
