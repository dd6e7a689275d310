"""Random facts of any dataset, made from its declaration alone; each differs from all others in its time."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from meterd.datasets import Column, Dataset, Kind
from tests.datasources.members import METADATA_KEYS, SUBJECTS, TAGS, TEAMS, texts
from tests.datasources.values import Values, booleans, dictionaries, floats, integers, none, sampled_from, subsets

DOCUMENTS = [
    {},
    {"a": 1, "b": {"c": "x", "d": None}},
    {"a": "1", "b": {"c": 0.5}},
    {"a": 1.0, "b": []},
    {"a": True, "b": {"c": "é/~", "d": -0.25}},
    {"a": 1e21, "b": {"c": ""}},
    {"a": [1, 2.5], "b": {"c": {"d": "x"}}},
]
BOUNDS: list[list[float | None]] = [[1.0, 5.0, None], [1.0, 5.0, None], [0.5, 5.0]]
_COUNTS = 40
_WHOLE = sampled_from([0, 1, 2, 200, 2**53 + 1]) | integers(0, 10**6)
_FRACTIONS = sampled_from([0.0, -0.0, 0.1, 0.5, 1.0, 250.0]) | floats(0, 1e6)


def facts(random: Random, dataset: Dataset, start: datetime, length: timedelta, count: int) -> list[dict[str, Any]]:
    """Return facts, by members, whose times are around a window and often at one of its eighths."""
    rows = [_fact(random, dataset, start, length) for _ in range(count)]
    seen: set[datetime] = set()
    for row in rows:
        while row["createdAt"] in seen:
            row["createdAt"] += timedelta(microseconds=1)
        seen.add(row["createdAt"])
    return rows


def _fact(random: Random, dataset: Dataset, start: datetime, length: timedelta) -> dict[str, Any]:
    bounds = random.choice(BOUNDS)
    special: dict[str, Any] = {
        "bucket_bounds": bounds,
        "bucket_counts": [float(random.randint(0, _COUNTS)) for _ in bounds],
        "position": random.getrandbits(50),  # tells facts of a series from each other, as their identities do
    }
    row = {}
    for column in dataset.columns:
        if column.kind is Kind.TIME:
            value: Any = start + random.randint(0, 9) * length / 8 + timedelta(microseconds=random.randint(0, 5))
        elif column.name in special:
            value = special[column.name]
        elif column.name in dataset.identity:
            value = f"{random.getrandbits(64):x}" if column.name == dataset.identity[0] else _of(column).draw(random)
        else:
            value = _of(column).draw(random)
        row[column.member] = value
    return row | {"tenant": random.choice(["one", "one", "one", "two"])}


def _of(column: Column) -> Values:
    """Return what a column may be; null where that is not refused."""
    values = _values(column)
    return (
        values if column.required or column.kind.is_array or column.kind is Kind.TEXT_MAP else values | values | none()
    )


def _values(column: Column) -> Values:
    if column.allowed:
        return sampled_from(column.allowed)
    if column.name == "subject":
        return sampled_from(SUBJECTS)
    match column.kind:
        case Kind.INTEGER:
            least, most = column.minimum or 0, column.maximum or 2**63 - 1
            return _WHOLE.map(lambda value: min(max(value, least), most)) | sampled_from([least, most])
        case Kind.UNSIGNED:
            return _WHOLE | sampled_from([2**63, 2**64 - 1])
        case Kind.NUMBER:
            return _FRACTIONS if column.minimum is not None else _FRACTIONS | _FRACTIONS.map(lambda value: -value)
        case Kind.BOOLEAN:
            return booleans()
        case Kind.TEXTS:
            return subsets(TEAMS if column.name == "teams" else TAGS, 3)
        case Kind.TEXT_MAP:
            return dictionaries([*METADATA_KEYS, "region"], texts, 2)
        case Kind.JSON:
            return sampled_from(DOCUMENTS).map(json.dumps)
    return texts


def magnitude(rows: Iterable[dict[str, Any]]) -> float:
    """Return the sum of what facts measure, whatever its sign: rounding is a share of that."""
    return sum(abs(value) for row in rows for value in row.values() if isinstance(value, float))
