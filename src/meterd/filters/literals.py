"""Values as they are written in a filter."""

import re

import msgspec

from meterd.query.model import Scalar

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})")  # 30 digits are well within what engines compare exactly
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number as JSON writes it."""
MAX_NUMBER = 1e300

_WORDS: dict[str, Scalar | None] = {"null": None, "true": True, "false": False}


class Literal(msgspec.Struct, frozen=True):
    """A value in a filter.

    Attributes:
        value: what it is by its own looks; None for `null`.
        text: its characters, without quotes: `007` stays that.
        position: where it begins in the filter.
    """

    value: Scalar | None
    text: str
    position: int


def bare_literal(text: str, position: int) -> Literal:
    """Return a value without quotes: null, a boolean or a number if it looks like one, otherwise text."""
    if text in _WORDS:
        return Literal(_WORDS[text], text, position)
    value = number(text)
    return Literal(text if value is None else value, text, position)


def quoted_literal(text: str, position: int) -> Literal:
    return Literal(text, text, position)


def number(text: str) -> int | float | None:
    """Return the number that a text is, None if it is none or beyond `MAX_NUMBER`."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) and abs(value := float(text)) <= MAX_NUMBER:
        return value
    return None
