"""Packed facts: a batch of similar ones in one line."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from meterd.datasets import API_REQUESTS, DATASETS
from meterd.ingest.facts import PACKED_BEGINS, encode, pack

VALUES: tuple[list[Any], ...] = ([1, 2], ["a", "b"], [10, 20], [100, 200])


def shared(**members: Any) -> msgspec.Struct:
    return API_REQUESTS.row_type(service="object", **members)


def test_a_batch_is_one_line() -> None:
    facts = pack(API_REQUESTS, "acme", [(shared(), VALUES)])

    each = b'{"ts":[1,2],"record_id":["a","b"],"duration":[10,20],"response_size":[100,200]}'
    assert b'{"each":' + each + b',"shared":{"service":"object"}}\n' == facts.lines
    assert ("api_requests", "acme", 2, ()) == (facts.dataset, facts.tenant, facts.count, facts.identities)
    assert "packed" == facts.encoding


def test_facts_of_all_batches_are_counted() -> None:
    one = ([1], ["c"], [10], [100])
    facts = pack(API_REQUESTS, "acme", [(shared(), VALUES), (shared(detail="x"), one), (shared(), one)])

    assert (4, 3) == (facts.count, facts.lines.count(b"\n"))


def test_no_batches_are_no_facts() -> None:
    facts = pack(API_REQUESTS, "acme", [])

    assert (0, b"") == (facts.count, facts.lines)


def test_text_that_looks_like_line_ends_stays_in_its_line() -> None:
    facts = pack(API_REQUESTS, "acme", [(shared(detail="a\r\n\v\f\x1c\x85\u2028b"), VALUES)])

    assert 1 == len(facts.lines.splitlines())


def test_a_value_is_missing_from_none_of_the_columns() -> None:
    with pytest.raises(ValueError, match="shorter"):
        pack(API_REQUESTS, "acme", [(shared(), VALUES[:3])])


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_no_line_of_a_single_fact_looks_packed(dataset: Any) -> None:
    names = [column.member for column in dataset.columns]

    assert "each" not in names
    assert set(dataset.packed) <= set(dataset.by_name)


def test_a_single_fact_does_not_look_packed() -> None:
    facts = encode(API_REQUESTS, "acme", [shared(ts=datetime(2024, 1, 1, tzinfo=UTC), detail='{"each":')])

    assert not facts.lines.startswith(PACKED_BEGINS)
