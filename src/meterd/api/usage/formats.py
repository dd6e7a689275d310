"""Answers in the format that the caller accepts: JSON, CSV or XML (`docs/specifications/usage-metrics.md` section
4).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard
from xml.sax.saxutils import escape

import msgspec

from meterd.api.bodies import json_array
from meterd.api.http import Request, Response
from meterd.errors import InvalidInput

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
_SERIES = ("VarTimeSeries", "VarMetricTimeSeries")
_FORMATS = ("application/json", "text/csv", "application/xml")

Headers = tuple[tuple[bytes, bytes], ...]


def format_of(request: Request, formats: Sequence[str] = _FORMATS) -> str:
    """Return what the caller accepts first of the formats, the first of them when it accepts everything.

    Raises `InvalidInput` when it accepts none.
    """
    accepted = [part.partition(";")[0].strip().lower() for part in (request.header(b"accept") or "*/*").split(",")]
    for wanted in accepted:
        if wanted in ("*/*", "application/*", ""):
            return formats[0]
        if wanted in formats:
            return wanted
    raise InvalidInput(f"Accept must be one of {', '.join(formats)}, got {', '.join(accepted)[:200]}")


def format_response(content: object, format_: str, headers: Headers = ()) -> Response:
    """Return a series, a list of items, or one item.

    In CSV a series is `time,value`, a list has a column for each member.
    """
    if format_ == "text/csv":
        return Response(200, _csv(content).encode(), headers, b"text/csv")
    if format_ == "application/xml":
        return Response(200, _xml(content).encode(), headers, b"application/xml")
    return Response(200, json_array(content) if isinstance(content, list) else msgspec.json.encode(content), headers)


def _is_series(content: object) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether it is one with observations; objects may have a member `data`, too, with anything in it."""
    if not isinstance(content, Mapping) or content.get("_type") not in _SERIES:
        return False
    data = content.get("data")
    return isinstance(data, list) and all(isinstance(each, Mapping) for each in data)


def _csv(content: Any) -> str:  # an answer of any service
    if _is_series(content):
        return table(("time", "value"), content["data"])
    items = content if isinstance(content, list) else [content]
    if not all(isinstance(item, Mapping) for item in items):
        return table(("value",), [{"value": item} for item in items])
    return table(tuple(dict.fromkeys(name for item in items for name in item)), items)


def table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Write rows as CSV with a header. Texts that a spreadsheet would take for formulas are quoted for it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_cell(column) for column in columns])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if _is_formula(value) else value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _json(value)


def _is_formula(text: str) -> bool:
    """Tell whether a spreadsheet may read it as one: controls, spaces and what has no width count for nothing before
    it.
    """
    return next((each for each in text if unicodedata.category(each)[0] not in "CZ"), "") in _FORMULA


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _xml(content: object) -> str:
    if isinstance(content, list):
        return _element("list", "".join(_element("item", _members(item)) for item in content), declaration=True)
    if _is_series(content):
        scalars = {name: value for name, value in content.items() if name != "data" and not isinstance(value, dict)}
        observations = "".join(_element("observation", _members(each)) for each in content["data"])
        return _element("series", _members(scalars) + observations, declaration=True)
    return _element("item", _members(content), declaration=True)


def _members(value: object) -> str:
    if isinstance(value, Mapping):
        return "".join(_named(name, member) for name, member in value.items())
    if isinstance(value, list):
        return "".join(_element("item", _members(item)) for item in value)
    text = value if isinstance(value, str) else "" if value is None else _json(value)
    return escape(_NOT_IN_XML.sub("\ufffd", text))


def _named(name: str, value: object) -> str:
    """Return a member as an element; a name that no element can have becomes an attribute."""
    if _NAME.fullmatch(name) and not name.lower().startswith("xml"):
        return _element(name, _members(value))
    quoted = escape(_NOT_IN_XML.sub("\ufffd", name), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})
    return f'<member name="{quoted}">{_members(value)}</member>'


def _element(name: str, inner: str, declaration: bool = False) -> str:
    start = '<?xml version="1.0" encoding="UTF-8"?>\n' if declaration else ""
    return f"{start}<{name}>{inner}</{name}>"
