"""JSON of whatever a program hands over."""

import os
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from datetime import datetime
from numbers import Integral, Real

import msgspec

_COLLECTIONS = (Mapping, list, tuple, Set)
_SEVERAL = (tuple, list)
_ONLY_TEXTS = frozenset([str])
_MAX_DEPTH = 90
"""Levels of what is kept; the server reads 100, and a body has some of its own."""


def printable(text: str) -> str:
    """Make text Unicode: two halves of a character become it, what else is no Unicode is escaped.

    Such texts are names of files that are not UTF-8, and what JavaScript cut in the middle of a character.
    """
    if text.isascii():
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return whole.encode("utf-8", "backslashreplace").decode()


def as_text(value: object, show: Callable[[object], str] = str) -> str:
    """Return the text of anything."""
    try:
        return printable(show(value))
    except Exception:  # noqa: BLE001 - a thing that can't be shown is reported all the same
        return f"a {type(value).__name__} that can't be shown"


def encode(value: object) -> bytes:
    """Encode what has a form in JSON; texts in it become Unicode.

    Raises:
        ENCODING_ERRORS: something in it has no such form.
    """
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_changed(value, _same, frozenset()))


def encode_anything(value: object) -> bytes:
    """Encode what a program says of itself. What has no form in JSON, or is nested too deeply, is kept as text."""
    try:
        return _encoder.encode(value)
    except Exception:  # noqa: BLE001 - a mapping of the program's own may raise whatever it likes
        return _encoder.encode(_changed(value, _sendable, frozenset()))


def _changed(value: object, leaf: Callable[[object], object], above: frozenset[int]) -> object:
    """Return a value with texts that are Unicode, and `leaf` of all that is neither text nor a collection.

    `above` are the collections that it is in, so that one which holds itself has an end.
    """
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, _COLLECTIONS) and id(value) not in above and len(above) < _MAX_DEPTH:
        inner = above | {id(value)}
        with suppress(Exception):  # of a collection of the program's own; it becomes a leaf
            if isinstance(value, Mapping):
                return {as_text(key): _changed(each, leaf, inner) for key, each in value.items()}
            return [_changed(each, leaf, inner) for each in value]
    return leaf(value)


def _same(value: object) -> object:
    return value


def _sendable(value: object) -> object:
    if isinstance(value, _COLLECTIONS):
        return as_text(value)
    try:
        _encoder.encode(value)
    except Exception:  # noqa: BLE001 - whatever its class does, it is kept as text
        return as_text(value)
    return value


def _plain(value: object) -> object:
    """Convert what msgspec does not know by itself, such as mappings, paths, and numbers that are not Python's own."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return printable(os.fsdecode(value))
    if isinstance(value, BaseException):
        return as_text(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"objects of type {type(value).__name__} are not supported")


ENCODING_ERRORS = (TypeError, ValueError, OverflowError, RecursionError)
_encoder = msgspec.json.Encoder(enc_hook=_plain)


def several_texts(values: Iterable[object] | None, member: str) -> tuple[str, ...]:
    """Return texts, of whatever they are made; none for None.

    Raises:
        TypeError: it is one value, or a mapping, whose values would be lost.
    """
    if values is None:
        return ()
    if type(values) not in _SEVERAL and (isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable)):
        what = "one" if isinstance(values, str) else type(values).__name__
        raise TypeError(f"{member} must be several texts, got {what}")
    texts = tuple(values)
    if _ONLY_TEXTS.issuperset(map(type, texts)):
        return texts  # type: ignore[return-value]  # as has just been seen
    return tuple(each if isinstance(each, str) else as_text(each) for each in texts)


def distinct_texts(values: Iterable[object] | None, member: str) -> tuple[str, ...]:
    """Return each of several texts once, in their order. Raises what `several_texts` raises."""
    texts = several_texts(values, member)
    return texts if len(texts) < 2 else tuple(dict.fromkeys(texts))


def one_text(value: object, member: str) -> str | None:
    """Return the text of one thing; None for None.

    Raises:
        TypeError: it is a collection, which is certainly meant for another argument.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping | list | tuple | Set):
        raise TypeError(f"{member} must be text, got {type(value).__name__}")
    return as_text(value)
