"""First groups and the rest, put together from cells: the same as from facts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.datasets import MODEL_CALLS
from meterd.query.cells import CELLS, are_enough
from meterd.query.compile import compile_query
from meterd.query.dialects import DIALECTS
from meterd.query.model import Query
from tests.query.reference import RealEngine

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
START = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = {"a": (3, 1.5), "b": (2, 8.0), "c": (2, 0.25), None: (1, 4.0), "d": (1, None)}
"""By model: how many calls, an hour between each, and what each costs."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    rows = [
        {
            "tenant": "acme",
            "createdAt": START + timedelta(hours=hour),
            "createdBySubjectSlug": "ann",
            "createdBySubjectType": "user",
            "teams": ["red", "blue"],
            "modelName": model,
            "costInUSD": cost,
            "inputTokens": 10 * hour,
            "latencyMs": 100.0 + hour,
        }
        for model, (calls, cost) in MODELS.items()
        for hour in range(calls)
    ]
    with RealEngine(tmp_path_factory.mktemp("cells")) as engine:
        engine.append(MODEL_CALLS, rows)
        yield engine


def body(**members: Any) -> dict[str, Any]:
    return {
        "startTs": "2026-01-01T00:00:00Z",
        "endTs": "2026-01-02T00:00:00Z",
        "datasource": "modelMetrics",
        "type": "distribution",
        "groupBy": ["modelName"],
        "aggregations": [
            {"type": kind, "column": column}
            for kind, column in (
                ("sum", "costInUSD"),
                ("count", "costInUSD"),
                ("min", "latencyMs"),
                ("max", "inputTokens"),
            )
        ],
        "orderBy": "sumCostInUSD",
        "limit": 2,
        "other": True,
    } | members


def asked(engine: RealEngine, **members: Any) -> list[dict[str, Any]]:
    return engine.answer(body(**members), ADMIN)


def test_the_first_groups_and_all_others_as_one(engine: RealEngine) -> None:
    names = ("modelName", "total", "sumCostInUSD", "countCostInUSD", "minLatencyMs", "maxInputTokens")

    assert [tuple(point[name] for name in names) for point in asked(engine)] == [
        ("b", 2, 16.0, 2, 100.0, 10),
        ("a", 3, 4.5, 3, 100.0, 20),
        (None, 4, 4.5, 3, 100.0, 10),
    ]
    assert asked(engine)[-1]["other"] == 3


def test_a_group_without_a_value_has_a_place_of_its_own(engine: RealEngine) -> None:
    points = asked(engine, order="asc", limit=2)

    assert [(point["modelName"], point["total"], point.get("other")) for point in points] == [
        ("c", 2, None),
        (None, 1, None),
        (None, 6, 3),
    ]


def test_places_are_those_of_the_whole_window_and_the_same_in_each_bucket(engine: RealEngine) -> None:
    points = asked(engine, type="timeseries", interval="1 hour", orderBy="total", limit=1)

    assert [(point["startTimestamp"].hour, point["modelName"], point["total"]) for point in points] == [
        (0, "a", 1),
        (0, None, 4),
        (1, "a", 1),
        (1, None, 2),
        (2, "a", 1),
    ]
    assert [point["other"] for point in points if "other" in point] == [4, 4]


def test_rates_of_a_bucket_are_of_its_own_length(engine: RealEngine) -> None:
    rate = [{"type": "ratePerMinute", "column": "costInUSD"}]
    points = asked(engine, type="timeseries", interval="1 day", aggregations=rate, orderBy="total", limit=1)

    assert [point["ratePerMinuteCostInUSD"] for point in points] == pytest.approx([4.5 / 1440, 20.5 / 1440])


def test_without_the_rest_only_first_groups_are_there(engine: RealEngine) -> None:
    points = asked(engine, type="timeseries", interval="1 day", other=False)

    assert [point["modelName"] for point in points] == ["b", "a"]


@pytest.mark.parametrize(
    ("members", "times"),
    [
        ({}, 1),
        ({"type": "timeseries", "interval": "1 hour"}, 1),
        ({"groupBy": ["team"], "other": False, "type": "timeseries", "interval": "1 hour"}, 1),
        ({"groupBy": ["team"]}, 3),  # facts of several teams are looked for once more
        ({"type": "timeseries", "interval": "1 minute"}, 2),
        ({"aggregations": [{"type": "p90", "column": "costInUSD"}], "orderBy": "total"}, 2),
        ({"aggregations": [{"type": "avg", "column": "costInUSD"}], "orderBy": "total"}, 2),
        ({"aggregations": [{"type": "countDistinct", "column": "errorCode"}], "orderBy": "total"}, 2),
    ],
    ids=lambda value: str(value)[:60],
)
def test_facts_are_read_once_where_cells_say_all(members: dict[str, Any], times: int) -> None:
    query = parsed(**members)

    assert are_enough(query) == (times == 1)
    statement = compile_query(query, None, DIALECTS["duckdb"], 100).sql
    assert statement.count(f"FROM {MODEL_CALLS.name}") == times
    assert (f"{CELLS} AS MATERIALIZED" in statement) == (times == 1)


def parsed(**members: Any) -> Query:
    return parse_query(json.dumps(body(**members)).encode(), datasources())
