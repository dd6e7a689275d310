"""Turns msgspec's decoding errors into sentences that name the field in the caller's own words."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args, get_origin

import msgspec

_LOCATED = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_INDEX = re.compile(r"^\[(\d+)\]")
_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "datetime": "an ISO 8601 time",
}


_UNKNOWN = "is not a known field"


class Problem(NamedTuple):
    """A problem in a body: `row` is the position in an array, `field` a dotted path, either may be missing."""

    row: int | None
    field: str
    what: str

    @property
    def is_unknown(self) -> bool:
        """Whether the field should not be there."""
        return self.what == _UNKNOWN

    def sentence(self, subject: str = "the body") -> str:
        """Write one sentence without the row, for example `meter.value must be a string, got a number`."""
        return f"{self.field or subject} {self.what}"


def explain(error: msgspec.ValidationError, decoded: type[msgspec.Struct] | None = None) -> Problem:
    """Read a `msgspec.ValidationError`; with the type that was `decoded`, refused choices are named with the others."""
    match = _LOCATED.match(str(error))
    assert match is not None  # every group is optional
    path = match["path"] or ""
    row = None
    if index := _INDEX.match(path):
        row, path = int(index[1]), path[index.end() :]
    field = path.strip(".")
    choices = _choices(decoded, field.split(".")) if decoded else ()
    if choices and match["what"].startswith("Invalid enum value"):
        got = match["what"].removeprefix("Invalid enum value ")
        return Problem(row, field, f"must be one of {', '.join(choices)}, got {got}")
    if match["what"].startswith("Expected `str` matching regex") and decoded:
        for form in _forms(decoded, field.split(".")):
            return Problem(row, field, f"must be {form}")
    if field.endswith("[...]"):
        field, what = _reword(match["what"], field.removesuffix("[...]"))
        return Problem(row, field, f"values {what}")
    return Problem(row, *_reword(match["what"], field))


def _choices(type_: object, path: list[str]) -> tuple[str, ...]:
    """Return the values of the literal type at the end of a path through structs; empty when there is none."""
    if get_origin(type_) is Literal:
        return get_args(type_)
    for part in get_args(type_):  # a union
        if found := _choices(part, path):
            return found
    if path and isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        for field in msgspec.structs.fields(type_):
            if field.encode_name == path[0]:
                return _choices(field.type, path[1:])
    return ()


def members_of(type_: object, path: list[str]) -> list[str]:
    """Return the names of the fields of the struct at the end of a path through structs; empty when there is none."""
    for kind in (type_, *get_args(type_)):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
            if not path:
                return list(fields)
            return members_of(fields[path[0]], path[1:]) if path[0] in fields else []
    return []


def _forms(type_: object, path: list[str]) -> Iterator[str]:
    """Yield what the type at the end of a path through structs says of texts that must have a form."""
    if not path:
        for each in get_args(type_):
            if not isinstance(each, msgspec.Meta):
                yield from _forms(each, [])  # of a union
            elif each.description:
                yield each.description
        return
    for kind in (type_, *get_args(type_)):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            for field in msgspec.structs.fields(kind):
                if field.encode_name == path[0]:
                    yield from _forms(field.type, path[1:])


def _reword(what: str, field: str) -> tuple[str, str]:
    if match := re.match(r"Object contains unknown field `(.*)`", what):
        return _join(field, match[1]), _UNKNOWN
    if match := re.match(r"Object missing required field `(.*)`", what):
        return _join(field, match[1]), "is required"
    if match := re.match(r"Expected `([^`]*)`, got `([^`]*)`", what):
        wanted = " or ".join(_TYPES.get(name, name) for name in match[1].split(" | ") if name != "null")
        return field, f"must be {wanted or 'null'}, got {_got(match[2])}"
    if match := re.match(r"Expected `(\w+)` (of length )?(<=|>=|<|>) (-?\d+)", what):
        bound = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}[match[3]]
        if match[2]:
            unit = "characters long" if match[1] == "str" else "entries long"
            return field, f"must be {bound} {match[4]} {unit}"
        return field, f"must be {bound} {match[4]}"
    if what.startswith("Expected `str` matching regex"):
        return field, "does not have the form that it must have"
    if match := re.match(r"Invalid enum value (.*)", what):
        return field, f"must not be {match[1]}"
    if what.startswith("Invalid RFC3339"):
        return field, "must be an ISO 8601 time such as 2026-01-31T12:00:00Z"
    if what.startswith("Number out of range"):
        return field, "must be a finite number"
    return field, f"is not valid: {what}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _got(name: str) -> str:
    return {"float": "a number", "int": "a number", "bool": "a boolean"}.get(name, _TYPES.get(name, name))
