"""Payloads from a request body: every format of the callback, and as much of damaged elements as can be used."""

import json
import re
from codecs import BOM_UTF8
from typing import Any

import msgspec

from meterd.api.litellm.payload import MAX_GUARDRAILS, Payload
from meterd.datasets import MAX_TEXT_LENGTH
from meterd.errors import InvalidInput, TooLarge
from meterd.ingest.lenient_json import dumps, loads

_payloads = msgspec.json.Decoder(list[Payload], strict=False)  # numbers and yes and no may be texts
_payload = msgspec.json.Decoder(Payload, strict=False)
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = frozenset(field.encode_name for field in msgspec.structs.fields(Payload))
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
_REPAIR_BYTES = 2**27
"""How much may be encoded again to repair the elements of one body."""


def decode(body: bytes, maximum: int) -> tuple[list[Payload], int]:
    """Read the payloads of an array, of one object, or of objects one a line, and how many elements could not be used.

    The body shows the format: LiteLLM sends each with the same content type. Raises `InvalidInput` when the body
    is no JSON at all, and `TooLarge` for more than `maximum` elements.
    """
    body = body.removeprefix(BOM_UTF8).strip()
    is_array = body[:1] == b"["
    try:
        payloads = _payloads.decode(body) if is_array else _payload.decode_lines(body)
    except _UNREADABLE:
        return _one_by_one(_array(body) if is_array else _objects(body), maximum)
    if not body:
        raise InvalidInput("the body is empty: send an array, an object, or objects one a line")
    _check_count(len(payloads), maximum)
    return payloads, 0


def _one_by_one(elements: list[bytes], maximum: int) -> tuple[list[Payload], int]:
    _check_count(len(elements), maximum)
    repair = _Repair()
    payloads = [payload for element in elements if (payload := repair.payload(element)) is not None]
    if not payloads and not any(_is_json(element) for element in elements):
        raise _no_json()
    return payloads, len(elements) - len(payloads)


def _check_count(count: int, maximum: int) -> None:
    if count > maximum:
        raise TooLarge(f"the body has {count} elements, the limit is {maximum} (ingest.max-rows)")


def _no_json() -> InvalidInput:
    return InvalidInput("the body is not valid JSON: send an array, an object, or objects one a line")


def _array(body: bytes) -> list[bytes]:
    try:
        return [bytes(element) for element in _elements.decode(body)]
    except _UNREADABLE:
        return _split(body)


def _split(body: bytes) -> list[bytes]:
    """Return the elements of an array that has something unreadable in it: only its strings, brackets and commas are
    looked at.
    """
    elements = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
            case b"," if depth == 1:
                elements.append(body[start : token.start()].strip())
                start = token.end()
        if depth == 0:
            elements.append(body[start : token.start()].strip())
            if all(elements) and not body[token.end() :].strip():
                return elements
            break
    raise _no_json()


def _objects(body: bytes) -> list[bytes]:
    """Read one object, written over several lines or not, or one a line."""
    return [body] if _is_json(body) else [line for line in body.splitlines() if line.strip()]


def _is_json(text: bytes) -> bool:
    """Tell whether it could be JSON: nobody can tell of what is nested too deeply to be read."""
    try:
        loads(text)
    except ValueError:
        return False
    except RecursionError:
        pass
    return True


class _Repair:
    """Takes elements that a strict decoder refuses, and leaves out the members that have no usable value."""

    def __init__(self) -> None:
        self._bytes_left = _REPAIR_BYTES

    def payload(self, element: bytes) -> Payload | None:
        """Read a payload; None when nothing is left that could be counted."""
        try:
            return _payload.decode(element)
        except _UNREADABLE:
            pass
        try:
            document = loads(element)
        except (ValueError, RecursionError):
            return None
        return self._repaired(_reduced(document)) if isinstance(document, dict) else None

    def _repaired(self, document: dict[str, object]) -> Payload | None:
        while self._bytes_left > 0:
            try:
                encoded = dumps(document)
                self._bytes_left -= len(encoded)
                return _payload.decode(encoded)
            except msgspec.ValidationError as error:
                if not _replace(document, str(error)):
                    return None
            except _UNREADABLE:
                return None
        return None


def _reduced(document: dict[str, object]) -> dict[str, object]:
    """Leave out what is never read: prompts and answers are long."""
    reduced = {name: value for name, value in document.items() if name in _MEMBERS}
    guardrails = reduced.get("guardrail_information")
    if isinstance(guardrails, list):
        entries = [entry for entry in guardrails if isinstance(entry, dict)]
        reduced["guardrail_information"] = entries[:MAX_GUARDRAILS]
    return reduced


def _replace(document: Any, problem: str) -> bool:  # JSON that is no payload yet
    """Turn the value that an error is about into text, shorten it, or remove it. False when that can't be done."""
    located = re.search(r"`\$((?:\.\w+|\[\d+\])+)", problem)
    if located is None:
        return False
    *parents, last = [int(index) if index else name for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", located[1])]
    try:
        for part in parents:
            document = document[part]
        value = document[last]
    except (KeyError, IndexError, TypeError):
        return False
    if isinstance(value, str) and "of length <=" in problem:
        document[last] = value[:MAX_TEXT_LENGTH]
    elif isinstance(value, int | float) and problem.startswith("Expected `str"):
        document[last] = json.dumps(value)
    else:
        document[last] = None
    return value is not None
