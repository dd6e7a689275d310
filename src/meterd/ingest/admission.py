"""What a fact may say, checked whichever door it came through; what that is, its dataset declares."""

import re

import msgspec

from meterd.datasets import DEEPEST_JSON

_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]')
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


def json_flaw(text: str) -> str:
    """Why a text is no JSON object that may be shown as it is, as the end of a sentence; empty when it is one."""
    try:
        encoded = text.encode()
        if is_too_deep(encoded):
            return f"is nested deeper than {DEEPEST_JSON}"
        _object.decode(encoded)
    except msgspec.ValidationError:
        return "must hold a JSON object"
    except (msgspec.DecodeError, UnicodeError) as error:
        return f"must hold a JSON object: {error}"
    return ""


def is_too_deep(text: bytes) -> bool:
    """Whether JSON is nested deeper than anything reads with certainty."""
    if text.count(b"{") + text.count(b"[") <= DEEPEST_JSON:
        return False
    depth = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in b"{[":
            depth += 1
            if depth > DEEPEST_JSON:
                return True
        elif bracket in b"}]":
            depth -= 1
    return False
