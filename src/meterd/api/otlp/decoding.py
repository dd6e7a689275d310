"""An export request from a body, with as much of a damaged one as can be used.

A value that can't be used is left out, or the element whose value it is. An export of hundreds of spans is never
refused for it: exporters don't send again what was refused (`docs/decisions/0008-gateway-reports.md`).
"""

import msgspec
from google.protobuf.message import DecodeError

from meterd.api.otlp import damaged_json, damaged_protobuf
from meterd.api.otlp.damage import Damage
from meterd.api.otlp.messages import Signal
from meterd.api.otlp.wire import with_attributes_apart
from meterd.errors import InvalidInput
from meterd.validation import explain

MAX_OBJECTS = 2**18
"""Objects in a damaged body of JSON: readers don't let others run before they are through."""


def decode_whole(signal: Signal, body: bytes, is_json: bool) -> object:
    """Return the export request of a body without damage. Raises `InvalidInput` for every other."""
    try:
        if is_json:
            return msgspec.json.decode(body, type=signal.json)
        signal.protobuf.FromString(body)  # refuses what is damaged, in attributes, too
        return with_attributes_apart(signal.protobuf).FromString(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error).sentence()) from None
    except RecursionError:
        raise InvalidInput("the body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise InvalidInput(f"the body is not valid JSON: {error}") from None
    except DecodeError as error:
        raise InvalidInput(f"the body is not a valid {signal.protobuf.__name__}: {error}") from None


def decode(signal: Signal, body: bytes, is_json: bool) -> tuple[object, Damage]:
    """Return the export request, and what could not be used of it. Raises `InvalidInput` when that is all there is."""
    damage = Damage()
    try:
        return decode_whole(signal, body, is_json), damage
    except InvalidInput as error:
        refusal = error
    if is_json and body.count(b"{") > MAX_OBJECTS:
        raise InvalidInput(f"{refusal.message}; of more than {MAX_OBJECTS} objects none is looked at by itself")
    try:
        request: object = (
            damaged_json.read(signal.json, body, damage)
            if is_json
            else damaged_protobuf.read(signal.protobuf, body, damage)
        )
    except (ValueError, DecodeError):  # not even the outermost level
        raise refusal from None
    if damage and not getattr(request, signal.member):
        raise refusal
    return request, damage
