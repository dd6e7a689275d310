"""Two stored facts of one call become one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterd.datasets import DATASETS, MODEL_CALLS
from meterd.store import DuckDBStore, Lines, Unreadable

BEGIN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "store.duckdb", threads=1)
    store.create(DATASETS.values())
    yield store
    store.close()


def at(span: str) -> datetime:
    return BEGIN + timedelta(microseconds=int(span, 16))


def call(span: str, **columns: Any) -> Any:
    return MODEL_CALLS.row_type(ts=at(span), trace_id="t", span_id=span, subject=span, **columns)


def facts(*rows: Any, tenant: str = "acme") -> Lines:
    text = msgspec.json.Encoder().encode_lines(rows).decode().removesuffix("\n")
    return Lines(MODEL_CALLS, tenant, text, len(rows))


def pairs(*both: str, tenant: str = "acme", trace: str = "t") -> Lines:
    """Each text names the inner and the outer span."""
    lines = [
        {
            "trace": trace,
            "inner": inner,
            "innerAt": (at(inner) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            "outer": outer,
            "outerAt": (at(outer) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
        }
        for inner, outer in map(halves, both)
    ]
    return Lines(MODEL_CALLS, tenant, msgspec.json.Encoder().encode_lines(lines).decode().strip(), 0, merged=True)


def halves(both: str) -> tuple[str, str]:
    return both[: len(both) // 2], both[len(both) // 2 :]


def rows(store: DuckDBStore, *columns: str) -> list[Any]:
    return store.select(f"SELECT span_id, {', '.join(columns)} FROM model_calls ORDER BY span_id", (), 30)


def test_the_outer_fact_gets_what_only_the_inner_one_knows(store: DuckDBStore) -> None:
    outer = call("a", input_tokens=5, is_failure=False, streaming=False, teams=["red"], metadata={"k": "v"})
    inner = call("b", input_tokens=7, output_tokens=2, is_failure=False, streaming=True, http_status_code=200)
    store.append([facts(outer, inner)], 1)
    store.append([pairs("ba")], 2)

    assert rows(store, "subject", "input_tokens", "output_tokens", "streaming", "http_status_code", "teams", "ts") == [
        ("a", "a", 5, 2, True, 200, ["red"], at("a").replace(tzinfo=None))
    ]
    assert rows(store, "metadata") == [("a", {"k": "v"})]


def test_facts_of_the_same_load_become_one(store: DuckDBStore) -> None:
    store.append([facts(call("a"), call("b", output_tokens=2)), pairs("ba")], 1)

    assert rows(store, "output_tokens") == [("a", 2)]


def test_an_outcome_comes_from_a_fact_that_ended_alike(store: DuckDBStore) -> None:
    failed = call("b", is_failure=True, http_status_code=429, error_type="E", input_tokens=1)
    answered = call("c", is_failure=False, http_status_code=200)
    store.append([facts(call("a", is_failure=False), failed, answered), pairs("ba", "ca")], 1)

    assert rows(store, "is_failure", "http_status_code", "error_type", "input_tokens") == [("a", False, 200, None, 1)]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", [("cb", "ba"), ("ba", "ca")])
def test_of_several_the_nearest_comes_first(store: DuckDBStore, order: tuple[str, str], together: bool) -> None:
    store.append([facts(call("a"), call("b", input_tokens=1), call("c", input_tokens=2, output_tokens=3))], 1)
    for number, batch in enumerate([order] if together else [[each] for each in order]):
        store.append([pairs(*batch)], 2 + number)

    assert rows(store, "input_tokens", "output_tokens") == [("a", 1, 3)]


def test_a_fact_whose_outer_one_is_not_there_stays(store: DuckDBStore) -> None:
    store.append([facts(call("b", output_tokens=2)), pairs("ba"), pairs("bc", "ca")], 1)

    assert rows(store, "output_tokens") == [("b", 2)]


def test_an_outer_fact_whose_inner_one_is_not_there_stays(store: DuckDBStore) -> None:
    store.append([facts(call("a", output_tokens=2)), pairs("ba")], 1)

    assert rows(store, "output_tokens") == [("a", 2)]


def test_facts_of_others_stay_as_they_are(store: DuckDBStore) -> None:
    both = [call("a"), call("b", output_tokens=2)]
    store.append([facts(*both), facts(*both, tenant="other"), pairs("ba", tenant="other")], 1)
    store.append([pairs("ba", trace="another")], 2)

    assert rows(store, "tenant", "output_tokens") == [("a", "acme", None), ("a", "other", 2), ("b", "acme", 2)]


def test_many_become_one_each(store: DuckDBStore) -> None:
    names = [f"{number:04x}" for number in range(400)]
    store.append([facts(*(call(name, input_tokens=int(name, 16)) for name in names))], 1)
    lines = [pairs(inner + outer) for outer, inner in zip(names[::2], names[1::2], strict=True)]
    store.append([Lines(MODEL_CALLS, "acme", "\n".join(each.text for each in lines), 0, merged=True)], 2)

    assert rows(store, "input_tokens") == [(name, int(name, 16)) for name in names[::2]]


def test_lines_that_can_not_be_read_are_refused_as_a_whole(store: DuckDBStore) -> None:
    broken = Lines(MODEL_CALLS, "acme", '{"trace": 5}', 0, merged=True)

    with pytest.raises(Unreadable):
        store.append([facts(call("a")), broken], 1)
    assert (rows(store, "ts"), store.watermark()) == ([], 0)
    assert store.readable(Lines(MODEL_CALLS, "acme", f"{broken.text}\n{pairs('ba').text}", 0, merged=True)) == [0, 1]
