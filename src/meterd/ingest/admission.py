"""Admission of facts: checks each row against its dataset's declaration, whichever protocol it came by.

A strict door refuses its request with the flaw that is found. One that takes reports leaves the member out, or the row
when that can't do without it (`docs/decisions/0008-gateway-reports.md`).
"""

import math
import re
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from meterd.datasets import (
    MAX_JSON_DEPTH,
    MAX_LABEL_LENGTH,
    MAX_LABELS,
    MAXIMUM_UNSIGNED,
    Column,
    Dataset,
    Kind,
)
from meterd.errors import InvalidInput
from meterd.validation import explain

if TYPE_CHECKING:
    from meterd.datasets.rows import Row

_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]')
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Flaw(NamedTuple):
    """A flaw that keeps a row from being a fact: a column, a sentence's end about it, the place in its array or map."""

    column: Column
    reason: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.column.member}{self.place} {self.reason}"


class Admission:
    """Checks what rows of a dataset must be to be facts."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._unsigned = tuple(column for column in dataset.columns if column.kind is Kind.UNSIGNED)
        self._documents = tuple(column for column in dataset.columns if column.kind is Kind.JSON)
        self._distinct = tuple(column.name for column in dataset.columns if column.distinct)
        self._identity = attrgetter(*dataset.identity) if len(dataset.identity) > 1 else None

    def require(self, row: "Row") -> None:
        """Raise `InvalidInput` naming the member when the row is no fact."""
        if flaw := self.flaw(row):
            raise InvalidInput(str(flaw))

    def flaw(self, row: "Row") -> Flaw | None:
        """Fill in what follows from the row's other columns, and say what is wrong with it; None when it is a fact."""
        dataset = self._dataset
        if dataset.derive:
            dataset.derive(row)
        for name in self._distinct:
            if (elements := getattr(row, name)) and len(elements) > 1:
                setattr(row, name, list(dict.fromkeys(elements)))
        try:
            if type(row) is dataset.sent_type:
                msgspec.convert(row, dataset.rest_type, from_attributes=True)
            else:
                msgspec.convert(msgspec.structs.astuple(row), dataset.fact_type)
        except msgspec.ValidationError as error:
            return self._explained(row, error)
        for column in self._unsigned:
            value = getattr(row, column.name)
            if value is not None and value > MAXIMUM_UNSIGNED:
                return Flaw(column, "must be below 2^64")
        for column in self._documents:
            text = getattr(row, column.name)
            if text is not None and (reason := json_flaw(text)):
                return Flaw(column, reason)
        if self._identity and 0 < (values := self._identity(row)).count(None) < len(values):
            first, *others = (dataset.by_name[name] for name in dataset.identity)
            together = " and ".join(column.member for column in others)
            return Flaw(first, f"and {together} belong together: send both or none")
        if dataset.rule and (broken := dataset.rule(row)):
            return Flaw(dataset.by_name[broken[0]], broken[1])
        return None

    def _explained(self, row: "Row", error: msgspec.ValidationError) -> Flaw:
        number, path, reason = explain(error)
        name, bracket, rest = path.partition("[")
        column = self._dataset.by_name[name] if number is None else self._dataset.columns[number]
        value = getattr(row, column.name)
        if column.kind is Kind.TEXT_MAP and isinstance(value, dict):
            return _map_flaw(column, value)
        if column.allowed:
            reason = f"must be one of {', '.join(column.allowed)}, got {str(value)[:64]!r}"
        elif isinstance(value, float) and not math.isfinite(value):
            reason = "must be a finite number"
        return Flaw(column, reason, bracket + rest)


@cache
def admission(dataset: Dataset) -> Admission:
    """Return the check of the dataset's rows."""
    return Admission(dataset)


def _map_flaw(column: Column, labels: Mapping[str, str]) -> Flaw:
    if len(labels) > MAX_LABELS:
        return Flaw(column, f"has {len(labels)} keys, the limit is {MAX_LABELS}")
    for key, text in labels.items():
        if len(key) > MAX_LABEL_LENGTH or len(text) > column.max_characters:
            break
    limit = column.max_characters if len(key) <= MAX_LABEL_LENGTH else MAX_LABEL_LENGTH
    return Flaw(column, f"is longer than {limit} characters, key or value", f".{key[:MAX_LABEL_LENGTH]}")


def json_flaw(text: str) -> str:
    """Tell why a text is no JSON object that may be shown as it is, as the end of a sentence; empty when it is one."""
    try:
        encoded = text.encode()
        if is_too_deep(encoded):
            return f"is nested deeper than {MAX_JSON_DEPTH}"
        _object.decode(encoded)
    except msgspec.ValidationError:
        return "must hold a JSON object"
    except (msgspec.DecodeError, UnicodeError) as error:
        return f"must hold a JSON object: {error}"
    return ""


def is_too_deep(text: bytes) -> bool:
    """Tell whether JSON is nested deeper than anything reads with certainty."""
    if text.count(b"{") + text.count(b"[") <= MAX_JSON_DEPTH:
        return False
    depth = 0
    for match in _BRACKETS.finditer(text):  # one by one: in a thread, others have their turns between
        bracket = match[0]
        if bracket in b"{[":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                return True
        elif bracket in b"}]":
            depth -= 1
    return False
