"""Answers are given again as long as they are what the store would answer, to who may see them, and within a size."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import GUARDRAIL_EVALUATIONS, MODEL_CALLS, Dataset
from meterd.query.cache import Cache, key_of
from meterd.settings import Query as Limits
from meterd.store import StoreError
from meterd.telemetry import Telemetry
from tests.engines import DUCKDB
from tests.query.reference import RealEngine

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
BODY = {
    "startTs": "2026-01-01T00:00:00Z",
    "endTs": "2026-01-02T00:00:00Z",
    "datasource": "guardrailMetrics",
    "type": "distribution",
    "groupBy": ["guardrailName"],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RealEngine]:
    with RealEngine(tmp_path, engine=DUCKDB) as engine:
        append(engine, "pii")
        yield engine


def append(engine: RealEngine, *names: str, dataset: Dataset = GUARDRAIL_EVALUATIONS, **members: Any) -> None:
    own = "guardrailName" if dataset is GUARDRAIL_EVALUATIONS else "modelName"
    common = {
        "tenant": "acme",
        "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
        "createdBySubjectSlug": "ann",
        "createdBySubjectType": "user",
        "teams": [],
    }
    engine.append(dataset, [common | {own: name} | members for name in names])


def found(engine: RealEngine, caller: Caller = ADMIN, **members: Any) -> dict[str, int]:
    return {point["guardrailName"]: point["total"] for point in engine.answer(BODY | members, caller)}


def value(engine: RealEngine, name: str) -> float:
    return engine.telemetry.registry.get_sample_value(f"meterd_query_{name}") or 0.0


def hits(engine: RealEngine) -> float:
    return value(engine, "cache_hits_total")


def test_the_same_question_is_answered_without_the_store(engine: RealEngine) -> None:
    assert found(engine) == found(engine) == {"pii": 1}
    assert hits(engine) == 1
    assert value(engine, "cache_bytes") > 0


def test_a_fact_that_is_added_is_in_the_next_answer(engine: RealEngine) -> None:
    found(engine)
    append(engine, "pii", "regex")

    assert found(engine) == {"pii": 2, "regex": 1}
    assert hits(engine) == 0


def test_facts_of_other_datasets_leave_answers_as_they_are(engine: RealEngine) -> None:
    found(engine)
    append(engine, "large", dataset=MODEL_CALLS)

    assert found(engine) == {"pii": 1}
    assert hits(engine) == 1


def test_deleted_facts_are_in_no_answer(engine: RealEngine) -> None:
    found(engine)
    engine.store.delete_before(GUARDRAIL_EVALUATIONS, datetime(2026, 2, 1, tzinfo=UTC))

    assert found(engine) == {}


def test_what_a_store_has_when_it_is_opened_again_is_in_the_next_answer(engine: RealEngine) -> None:
    found(engine)
    engine.store.reopen()

    assert found(engine) == {"pii": 1}
    assert hits(engine) == 0


def test_a_change_that_fails_leaves_no_answer_behind(engine: RealEngine) -> None:
    found(engine)
    state = engine.store.state(GUARDRAIL_EVALUATIONS)
    with pytest.raises(StoreError):
        append(engine, "pii", createdAt=None)

    assert engine.store.state(GUARDRAIL_EVALUATIONS) not in (state, None)
    assert found(engine) == {"pii": 1}


@pytest.mark.parametrize(
    "other",
    [
        Caller("acme", "bob", SubjectType.USER),
        Caller("acme", "ann", SubjectType.VIRTUAL_ACCOUNT),
        Caller("acme", "bob", SubjectType.USER, teams=("red",)),
        Caller("rival", "root", SubjectType.USER, tenant_admin=True),
    ],
    ids=["another subject", "another type of subject", "a team", "another tenant"],
)
def test_nobody_is_given_an_answer_of_what_they_may_not_see(engine: RealEngine, other: Caller) -> None:
    assert found(engine) == found(engine, Caller("acme", "ann", SubjectType.USER)) == {"pii": 1}
    assert found(engine, other) == {}


def test_values_that_are_equal_but_of_other_types_are_other_questions() -> None:
    assert len({key_of("SELECT $1", (each,)) for each in (1, 1.0, True, "1")}) == 4


def test_what_was_asked_longest_ago_gives_way() -> None:
    telemetry = Telemetry()
    rows = [("x" * 100,)]
    cache = Cache(3_000, telemetry)
    for name in (b"first", b"second", b"first", b"third", b"fourth", b"fifth", b"sixth"):
        if cache.find(name, 0) is None:
            cache.keep(name, 0, rows)
        size = telemetry.registry.get_sample_value("meterd_query_cache_bytes")
        assert size is not None
        assert size <= 3_000

    assert cache.find(b"second", 0) is None
    assert cache.find(b"sixth", 0) == rows
    assert cache.find(b"sixth", 2) is None


def test_an_answer_takes_the_place_of_that_of_an_earlier_state() -> None:
    telemetry = Telemetry()
    cache = Cache(3_000, telemetry)
    cache.keep(b"question", 0, [("x" * 1000,)])
    cache.keep(b"question", 2, [(1,)])

    assert cache.find(b"question", 0) is None
    assert cache.find(b"question", 2) == [(1,)]
    assert (telemetry.registry.get_sample_value("meterd_query_cache_bytes") or 0) < 1000


@pytest.mark.parametrize("rows", [[("x" * 4_000,)], [(["x" * 4_000],)], [({"k": "x" * 4_000},)], [(1,)] * 10_001])
def test_answers_that_are_large_are_not_kept(rows: list[Any]) -> None:
    cache = Cache(3_000 if len(rows) == 1 else 2**30, Telemetry())
    cache.keep(b"question", 0, rows)

    assert cache.find(b"question", 0) is None


def test_no_answer_is_kept_where_the_settings_say_so(tmp_path: Path) -> None:
    with RealEngine(tmp_path, Limits(max_cache_bytes=0), engine=DUCKDB) as engine:
        append(engine, "pii")

        assert found(engine) == found(engine) == {"pii": 1}
        assert hits(engine) == 0
