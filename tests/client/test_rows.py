import json
import os
from collections import UserDict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy
import pandas
import pytest

from meterd.client import InvalidRow
from meterd.client.rows import encode


def encoded(row: Any) -> dict[str, Any]:
    ((line,),) = encode(row, 1000)
    decoded: dict[str, Any] = json.loads(line)
    return decoded


def test_a_row_without_a_time_happened_when_it_was_handed_over() -> None:
    before = datetime.now(UTC)
    for row in ({}, {"createdAt": None}):
        assert before <= datetime.fromisoformat(encoded(row)["createdAt"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("time", "sent"),
    [
        (datetime(2026, 1, 31, 12, 0, 0, 250000, UTC), "2026-01-31T12:00:00.250000Z"),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=-5))), "2026-01-31T12:00:00-05:00"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00"),  # noqa: DTZ001 - the server takes it for UTC
        (pandas.Timestamp("2026-01-31T12:00:00Z"), "2026-01-31T12:00:00+00:00"),
    ],
)
def test_times_are_iso_8601(time: datetime, sent: str) -> None:
    assert encoded({"createdAt": time})["createdAt"] == sent


def test_every_mapping_is_an_object() -> None:
    row = MappingProxyType({"createdAt": "t", "metadata": UserDict(env="prod")})
    assert encoded(row) == {"createdAt": "t", "metadata": {"env": "prod"}}


def test_rows_are_grouped() -> None:
    assert [len(group) for group in encode(({"latencyMs": number} for number in range(5)), 2)] == [2, 2, 1]
    assert list(encode([], 2)) == []


def test_a_row_is_not_changed() -> None:
    row = {"latencyMs": 1}
    encoded(row)
    assert row == {"latencyMs": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"latencyMs": 1j}, "row 2: 'latencyMs' can't be sent as JSON: objects of type complex are not supported"),
        ({"latencyMs": object()}, "row 2: 'latencyMs' can't be sent as JSON: objects of type object are not supported"),
        ("text", "row 2 must be a mapping, got str"),
    ],
)
def test_a_row_that_is_no_json_is_named_and_its_group_is_not_taken(row: Any, reason: str) -> None:
    groups = encode([{"latencyMs": 1}, {"latencyMs": 2}, row], 2)
    assert len(next(groups)) == 2
    with pytest.raises(InvalidRow, match="^" + reason.replace("(", r"\(")) as caught:
        next(groups)
    assert caught.value.taken == 2


def test_decimals_are_text_as_json_has_none() -> None:
    assert encoded({"latencyMs": Decimal("1.5")})["latencyMs"] == "1.5"


HALVES = [
    ("caf\udce9.txt", r"caf\udce9.txt"),
    ("cut \ud83d", r"cut \ud83d"),
    ("\ude00 cut", r"\ude00 cut"),
    ("\ud83d\ude00", "😀"),
    ("é\udce9", r"é\udce9"),
]


@pytest.mark.parametrize(("text", "sent"), HALVES)
def test_text_that_is_no_unicode_is_escaped_wherever_it_is(text: str, sent: str) -> None:
    row = {"createdAt": "t", "name": text, "metadata": {text: text}, "teams": [text]}
    assert encoded(row) == {"createdAt": "t", "name": sent, "metadata": {sent: sent}, "teams": [sent]}


def test_a_row_with_such_a_text_keeps_no_other_from_being_taken() -> None:
    rows = [{"name": "a"}, {"name": "b", "detail": os.fsdecode(b"caf\xe9.txt")}, {"name": "c"}]
    (lines,) = encode(rows, 10)
    assert ["a", "b", "c"] == [json.loads(line)["name"] for line in lines]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (PurePosixPath("a/b.txt"), "a/b.txt"),
        (PurePosixPath(os.fsdecode(b"caf\xe9.txt")), r"caf\udce9.txt"),
        (LookupError("no paper"), "no paper"),
        (numpy.int64(3), 3),
        (numpy.float32(1.5), 1.5),
        (Fraction(1, 4), 0.25),
    ],
)
def test_paths_errors_and_numbers_of_other_types_have_a_form_in_json(value: object, sent: object) -> None:
    assert encoded({"detail": value})["detail"] == sent


def test_a_row_that_holds_itself_is_named() -> None:
    row: dict[str, Any] = {"name": "\udce9"}
    row["metadata"] = {"row": row}
    with pytest.raises(InvalidRow, match=r"^row 0: 'metadata' can't be sent as JSON"):
        encoded(row)
