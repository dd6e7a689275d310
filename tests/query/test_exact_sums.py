"""Sums and averages of what has fractions: as if they were added up without rounding, then rounded once or twice."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import MODEL_CALLS
from tests.query.reference import RealEngine

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
START = datetime(2026, 1, 1, tzinfo=UTC)
COSTS = [1e7] + [0.1] * 4999 + [1e-9] * 4999 + [1e7 + 0.3]
"""Adding these up one after the other loses a quarter of a cent of 500 dollars, and the small ones wholly."""
MODELS = ("a", "b")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    rows = [
        {
            "tenant": "acme",
            "createdAt": START + timedelta(seconds=number),
            "createdBySubjectSlug": "ann",
            "createdBySubjectType": "user",
            "teams": [],
            "modelName": MODELS[number % 2],
            "costInUSD": cost,
            "inputTokens": 2**53 + 1,
        }
        for number, cost in enumerate(COSTS)
    ]
    with RealEngine(tmp_path_factory.mktemp("sums")) as engine:
        engine.append(MODEL_CALLS, rows)
        yield engine


def points(engine: RealEngine, **members: Any) -> list[dict[str, Any]]:
    cost = [{"type": kind, "column": "costInUSD"} for kind in ("sum", "avg")]
    body = {
        "startTs": "2026-01-01T00:00:00Z",
        "endTs": "2026-01-02T00:00:00Z",
        "datasource": "modelMetrics",
        "type": "distribution",
        "aggregations": [*cost, {"type": "sum", "column": "inputTokens"}],
    }
    return engine.answer(body | members, ADMIN)


def assert_exact(point: dict[str, Any], costs: list[float]) -> None:
    """Within two units of the last place, some 4 billionths of a dollar here."""
    exact = math.fsum(costs)
    assert abs(point["sumCostInUSD"] - exact) <= 2 * math.ulp(exact)
    if "avgCostInUSD" in point:
        average = exact / len(costs)
        assert abs(point["avgCostInUSD"] - average) <= 2 * math.ulp(average)


def test_the_values_would_lose_something_if_they_were_only_added() -> None:
    added = 0.0
    for cost in COSTS:
        added += cost
    assert abs(added - math.fsum(COSTS)) > 100 * math.ulp(added)


def test_of_all(engine: RealEngine) -> None:
    (point,) = points(engine)

    assert_exact(point, COSTS)


def test_of_groups(engine: RealEngine) -> None:
    for point in points(engine, groupBy=["modelName"]):
        assert_exact(point, COSTS[MODELS.index(point["modelName"]) :: 2])


def test_of_buckets_and_of_first_groups_that_are_put_together_from_cells(engine: RealEngine) -> None:
    sums = [{"type": "sum", "column": "costInUSD"}]
    first = {"orderBy": "sumCostInUSD", "limit": 1, "other": True}
    found = points(engine, type="timeseries", interval="1 hour", groupBy=["modelName"], aggregations=sums, **first)

    assert len(found) == 6
    for point in found:
        hour = int((point["startTimestamp"] - START) / timedelta(hours=1))
        costs = list(enumerate(COSTS))[hour * 3600 : (hour + 1) * 3600]
        name = 1 if point["modelName"] == "b" else 0  # the other one is the rest
        assert_exact(point, [cost for number, cost in costs if number % 2 == name])


def test_whole_numbers_are_whole(engine: RealEngine) -> None:
    (point,) = points(engine)

    assert point["sumInputTokens"] == (2**53 + 1) * len(COSTS)
