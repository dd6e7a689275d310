"""The fields of metric records by their names on the wire (`docs/specifications/usage-metrics.md` section 3.1).

A name is that of the column's member in ingested rows, but for the few that every dataset has.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from meterd.datasets import API_REQUESTS, Dataset
from meterd.filters.variables import Resolve, Variable
from meterd.query.model import Field

_COMMON = {
    "_id": "record_id",
    "timestamp": "ts",
    "type": "record_type",
    "user": "subject",
    "environment": "environment",
    "detail": "detail",
}
_OF_CALLS = {"invocationId": "record_id"}
_SEARCH_ONLY = {"origin": "origin", "userType": "subject_type"}
"""Ours: records can be filtered by them, and don't show them."""
_HIDDEN = frozenset({"teams", "metadata", "trace_id", "span_id", *_SEARCH_ONLY.values()})


@cache
def columns_of(dataset: Dataset) -> Mapping[str, str]:
    """Return the columns of a dataset's records by field."""
    common = set(_COMMON.values()) | _HIDDEN
    own = {column.member: column.name for column in dataset.columns if column.name not in common}
    return _COMMON | own | (_OF_CALLS if dataset is API_REQUESTS else {})


def resolver(dataset: Dataset) -> Resolve:
    """Return what the fields of a filter stand for."""

    def resolve(name: str) -> Variable | None:
        column = columns_of(dataset).get(name) or _SEARCH_ONLY.get(name)
        return None if column is None else Variable(Field(column), dataset.by_name[column].kind)

    return resolve


def shown(dataset: Dataset, values: Mapping[str, object]) -> dict[str, object]:
    """Return a record as it is answered, from values by column: those of the fields that it has."""
    return {
        name: shown_value(value)
        for name, column in columns_of(dataset).items()
        if (value := values[column]) is not None
    }


def shown_value(value: object) -> object:
    """Return a value of a field as it is answered; integers without a fraction."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
