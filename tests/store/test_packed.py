"""Packed lines are stored as the same facts would be one by one."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.datasets import API_REQUESTS, DATASETS
from meterd.ingest.facts import Facts, encode, pack
from meterd.store import DuckDBStore, Lines, StoreError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ", ".join(["tenant", *(column.name for column in API_REQUESTS.columns)])
DERIVED: dict[str, Any] = {"value": 1, "record_type": "api", "environment": "production"}
"""What a single fact is given when it has none of its own."""
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["", "\0", "a\nb", '"\\', "\u2028", "null"]
)

Batch = tuple[dict[str, Any], list[tuple[int, str, int, int]]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path_factory.mktemp("packed") / "store.duckdb", threads=1)
    store.create(DATASETS.values())
    yield store
    store.close()


_tenants = itertools.count()


def stored(store: DuckDBStore, facts: Facts) -> list[tuple[Any, ...]]:
    """What the store makes of the lines: all columns but the tenant, which is a new one."""
    tenant = f"tenant-{next(_tenants)}"
    store.append(
        [Lines(API_REQUESTS, tenant, facts.lines.decode().removesuffix("\n"), facts.count, facts.encoding == "packed")],
        0,
    )
    select = f"SELECT {COLUMNS} FROM api_requests WHERE tenant = ? ORDER BY record_id"
    return [row[1:] for row in store.select(select, (tenant,), 30)]


def batches() -> st.SearchStrategy[list[Batch]]:
    members = st.fixed_dictionaries(
        {},
        optional={
            "subject": TEXTS,
            "subject_type": st.sampled_from(["user", "virtualaccount"]),
            "teams": st.lists(TEXTS, max_size=3),
            "metadata": st.dictionaries(TEXTS, TEXTS, max_size=2),
            "service": TEXTS,
            "key": TEXTS,
            "http_status": INTEGERS,
            "value": INTEGERS,
            "detail": TEXTS,
            "environment": TEXTS,
        },
    )
    one = st.tuples(st.integers(0, 4 * 10**15), TEXTS, INTEGERS, INTEGERS)
    return st.lists(st.tuples(members, st.lists(one, min_size=1, max_size=4)), min_size=1, max_size=4)


@given(drawn=batches())
@settings(max_examples=60)
def test_packed_facts_are_the_facts_one_by_one(store: DuckDBStore, drawn: list[Batch]) -> None:
    numbers = itertools.count()
    made = [
        (members, [(time, f"{next(numbers):03}{id_}", duration, size) for time, id_, duration, size in facts])
        for members, facts in drawn
    ]
    rows = [
        API_REQUESTS.row_type(
            **members, ts=EPOCH + timedelta(microseconds=time), record_id=id_, duration=duration, response_size=size
        )
        for members, facts in made
        for time, id_, duration, size in facts
    ]
    for row in rows:
        assert API_REQUESTS.derive is not None
        API_REQUESTS.derive(row)
    together = pack(
        API_REQUESTS,
        "any",
        [
            (API_REQUESTS.row_type(**(DERIVED | members)), [list(values) for values in zip(*facts, strict=True)])
            for members, facts in made
        ],
    )

    assert len(rows) == together.count
    assert stored(store, encode(API_REQUESTS, "any", rows)) == stored(store, together)


def test_tells_how_many_facts_each_packed_line_holds(store: DuckDBStore) -> None:
    batches: list[tuple[msgspec.Struct, list[list[object]]]]
    batches = [(API_REQUESTS.row_type(), [[1] * n, ["a"] * n, [1] * n, [1] * n]) for n in (1, 3)]
    one, three = pack(API_REQUESTS, "acme", batches).lines.decode().splitlines()
    text = "\n".join([three, '{"each":{}}', one, '{"each":{"ts":[1,null]}}', '{"each":', "{}"])

    assert store.readable(Lines(API_REQUESTS, "acme", text, 4, packed=True)) == [3, 0, 1, 0, 0, 0]


def test_a_packed_line_that_can_not_be_read_stores_nothing(store: DuckDBStore) -> None:
    good = pack(API_REQUESTS, "broken", [(API_REQUESTS.row_type(), [[1], ["a"], [1], [1]])]).lines.decode()

    with pytest.raises(StoreError):
        store.append([Lines(API_REQUESTS, "broken", good + "nonsense", 2, packed=True)], 0)
    assert [(0,)] == store.select("SELECT count(*) FROM api_requests WHERE tenant = 'broken'", (), 30)
