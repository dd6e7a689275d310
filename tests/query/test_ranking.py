"""The others of groups that a fact may be in several of: each fact is there once, if one of its groups is not first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import MODEL_CALLS
from tests.query.reference import RealEngine

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
CALLS = [(["a"], "x", 1.0), (["a", "b"], "x", 2.0), (["b", "c"], "x", 4.0), (["c", "d"], "y", 8.0), ([], "x", 16.0)]
"""Of each call: its teams, its model, its cost."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with RealEngine(tmp_path_factory.mktemp("ranking")) as engine:
        rows = [
            {
                "tenant": "acme",
                "createdAt": datetime(2026, 1, 1, hour, tzinfo=UTC),
                "createdBySubjectSlug": "ann",
                "createdBySubjectType": "user",
                "teams": teams,
                "modelName": model,
                "costInUSD": cost,
            }
            for hour, (teams, model, cost) in enumerate(CALLS)
        ]
        engine.append(MODEL_CALLS, rows)
        yield engine


def asked(engine: RealEngine, caller: Caller = ADMIN, **members: Any) -> list[tuple[Any, ...]]:
    """Return team, model where it is asked for, total, cost, and how many groups the others are."""
    body = {
        "startTs": "2026-01-01T00:00:00Z",
        "endTs": "2026-01-02T00:00:00Z",
        "datasource": "modelMetrics",
        "type": "distribution",
        "groupBy": ["team"],
        "aggregations": [{"type": "sum", "column": "costInUSD"}],
        "orderBy": "total",
        "other": True,
    }
    keys = ("team", "modelName", "total", "sumCostInUSD", "other")
    points = engine.answer(body | members, caller)
    return [tuple(point[key] for key in keys if key in point) for point in points]


@pytest.mark.parametrize(
    ("limit", "others"),
    [(1, (None, 3, 14.0, 3)), (2, (None, 2, 12.0, 2)), (3, (None, 1, 8.0, 1))],
)
def test_a_fact_in_several_of_the_others_counts_once(engine: RealEngine, limit: int, others: tuple[Any, ...]) -> None:
    first = [("a", 2, 3.0), ("b", 2, 6.0), ("c", 2, 12.0)]

    assert asked(engine, limit=limit) == [*first[:limit], others]


def test_where_all_groups_are_first_there_are_no_others(engine: RealEngine) -> None:
    assert [row[0] for row in asked(engine, limit=4)] == ["a", "b", "c", "d"]


def test_first_teams_are_those_beside_the_values_of_other_groups(engine: RealEngine) -> None:
    rows = asked(engine, groupBy=["team", "modelName"], limit=2)

    assert rows == [("a", "x", 2, 3.0), ("b", "x", 2, 6.0), (None, None, 2, 12.0, 3)]


def test_the_others_of_a_time_series_are_there_once_in_their_bucket(engine: RealEngine) -> None:
    rows = asked(engine, limit=1, type="timeseries", interval="2 hour")

    assert rows == [("a", 2, 3.0), (None, 1, 2.0, 3), (None, 2, 12.0, 3)]


def test_percentiles_of_the_others_are_of_their_facts(engine: RealEngine) -> None:
    body = {"aggregations": [{"type": "p50", "column": "costInUSD"}, {"type": "count", "column": "team"}]}
    points = engine.answer(
        {
            "startTs": "2026-01-01T00:00:00Z",
            "endTs": "2026-01-02T00:00:00Z",
            "datasource": "modelMetrics",
            "type": "distribution",
            "groupBy": ["team"],
            "orderBy": "total",
            "limit": 1,
            "other": True,
        }
        | body,
        ADMIN,
    )

    assert [(point["p50CostInUSD"], point["countTeam"]) for point in points] == [(1.5, 2), (4.0, 3)]


def test_teams_that_a_caller_is_not_in_are_no_others(engine: RealEngine) -> None:
    member = Caller("acme", "bob", SubjectType.USER, teams=("a", "c"))

    assert asked(engine, member, limit=1) == [("a", 2, 3.0), (None, 2, 12.0, 1)]
