import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import GUARDRAIL_EVALUATIONS, SESSION_METRICS
from meterd.errors import InvalidInput, Unavailable
from meterd.query.engine import QueryEngine
from meterd.query.model import Query
from meterd.settings import Query as Limits
from meterd.store import DuckDBStore, Lines
from meterd.telemetry import Telemetry
from tests.query.reference import RealEngine

ADMIN = Caller("acme", "root", SubjectType.USER, tenant_admin=True)
BODY = {
    "startTs": "2026-01-01T00:00:00Z",
    "endTs": "2026-01-02T00:00:00Z",
    "datasource": "guardrailMetrics",
    "type": "distribution",
}
EVERYTHING = Query(GUARDRAIL_EVALUATIONS, datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., RealEngine]]:
    """Opens engines in one folder, three guardrails with one fact each."""
    engines: list[RealEngine] = []

    def open_engine(memory: str = "1GB", **limits: Any) -> RealEngine:
        engines.append(RealEngine(tmp_path, Limits(**limits), memory))
        engines[-1].append(GUARDRAIL_EVALUATIONS, [_row("a", 0), _row("b", 1), _row("c", 2)])
        return engines[-1]

    yield open_engine
    for engine in engines:
        engine.__exit__()


def _row(name: str, hour: int) -> dict[str, Any]:
    return {
        "tenant": "acme",
        "createdAt": datetime(2026, 1, 1, hour, tzinfo=UTC),
        "guardrailName": name,
        "createdBySubjectSlug": "ann",
        "createdBySubjectType": "user",
        "teams": [],
        "latencyMs": 1.5,
    }


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of 100,000 different names, 100 characters each."""
    folder = tmp_path_factory.mktemp("large")
    row = '{{"createdAt":"2026-01-01T00:00:00Z","guardrailName":"{:0>100}","latencyMs":{}}}'
    with RealEngine(folder) as engine:
        text = "\n".join(row.format(number, number) for number in range(100_000))
        engine.store.append([Lines(GUARDRAIL_EVALUATIONS, "acme", text, 100_000)], 1)
        engine.store.checkpoint()
    return folder


HEAVY = BODY | {"aggregations": [{"type": "countDistinct", "column": "guardrailName"}]}


def failures(engine: RealEngine, reason: str) -> float | None:
    return engine.telemetry.registry.get_sample_value("meterd_query_failures_total", {"reason": reason})


def test_a_window_of_too_many_buckets_is_refused(opened: Callable[..., RealEngine]) -> None:
    engine = opened(max_buckets=20)

    with pytest.raises(InvalidInput, match=r"more than 20 buckets \(query\.max-buckets\)"):
        engine.answer(BODY | {"type": "timeseries", "interval": "1 hour"}, ADMIN)
    assert failures(engine, "buckets") == 1


def test_a_window_within_the_limit_of_buckets_is_answered(opened: Callable[..., RealEngine]) -> None:
    points = opened(max_buckets=20).answer(BODY | {"type": "timeseries", "interval": "2 hour"}, ADMIN)

    assert [(point["startTimestamp"].hour, point["total"]) for point in points] == [(0, 2), (2, 1)]


@pytest.mark.parametrize(("most", "is_answered"), [(7, True), (6, False)])
def test_grouping_by_a_field_with_many_values_is_answered_up_to_the_limit_of_rows(
    opened: Callable[..., RealEngine], most: int, is_answered: bool
) -> None:
    engine = opened(max_rows=most)
    rows = [
        {
            "tenant": "acme",
            "createdAt": datetime(2026, 1, 1, 0, tzinfo=UTC),
            "createdBySubjectSlug": "ann",
            "createdBySubjectType": "user",
            "teams": [],
            "metadata": {"request": f"r-{number}"},
        }
        for number in range(6)
    ]
    engine.append(GUARDRAIL_EVALUATIONS, rows)

    if is_answered:
        assert len(engine.answer(BODY | {"groupBy": ["metadata.request"]}, ADMIN)) == 7
    else:
        with pytest.raises(InvalidInput, match=r"\(query\.max-rows\): group by fewer fields, filter"):
            engine.answer(BODY | {"groupBy": ["metadata.request"]}, ADMIN)


def test_too_many_rows_are_refused_and_never_cut(opened: Callable[..., RealEngine]) -> None:
    engine = opened(max_rows=2)

    with pytest.raises(InvalidInput, match=r"more than 2 rows \(query\.max-rows\)"):
        engine.answer(BODY | {"groupBy": ["guardrailName"]}, ADMIN)
    assert failures(engine, "rows") == 1


def test_as_many_rows_as_allowed_are_answered(opened: Callable[..., RealEngine]) -> None:
    assert len(opened(max_rows=3).answer(BODY | {"groupBy": ["guardrailName"]}, ADMIN)) == 3


def test_a_query_that_takes_too_long_is_refused(large: Path) -> None:
    with RealEngine(large, Limits(timeout=0.002)) as engine:
        with pytest.raises(InvalidInput, match=r"longer than 0\.002 s \(query\.timeout\)"):
            engine.answer(HEAVY, ADMIN)
        assert failures(engine, "time") == 1


def test_a_query_that_needs_too_much_memory_is_refused(large: Path) -> None:
    with RealEngine(large, memory="4MB") as engine:
        with pytest.raises(InvalidInput, match=r"\(query\.memory, store\.memory, store\.spill\): ask for"):
            engine.answer(HEAVY, ADMIN)
        assert failures(engine, "memory") == 1


def test_the_same_query_is_answered_with_time_and_memory(large: Path) -> None:
    with RealEngine(large) as engine:
        assert engine.answer(HEAVY, ADMIN) == [{"total": 100_000, "countDistinctGuardrailName": 100_000}]


def test_a_store_that_fails_makes_the_service_unavailable(opened: Callable[..., RealEngine]) -> None:
    engine = opened()
    dataset = msgspec.structs.replace(GUARDRAIL_EVALUATIONS, name="never_created")

    with pytest.raises(Unavailable, match="try again") as caught:
        asyncio.run(engine.engine.run(msgspec.structs.replace(EVERYTHING, dataset=dataset), ADMIN))
    assert caught.value.retry_after > 0


def test_a_store_that_is_not_open_makes_the_service_unavailable(opened: Callable[..., RealEngine]) -> None:
    engine = opened()
    engine.store.close()

    with pytest.raises(Unavailable, match="try again"):
        engine.answer(BODY, ADMIN)


async def test_a_store_that_stays_behind_what_was_recorded_makes_the_service_unavailable(tmp_path: Path) -> None:
    class Behind:
        async def caught_up(self, _dataset: object) -> None:
            await asyncio.get_running_loop().create_future()

    store = DuckDBStore(tmp_path / "store.duckdb")
    store.create([GUARDRAIL_EVALUATIONS])
    engine = QueryEngine(store, Behind(), Limits(timeout=0.01), Telemetry())

    with pytest.raises(Unavailable, match="behind"):
        await engine.run(EVERYTHING, ADMIN)
    engine.close()
    store.close()


def test_what_was_appended_before_a_query_is_in_its_answer(opened: Callable[..., RealEngine]) -> None:
    engine = opened()
    before = engine.answer(BODY, ADMIN)
    engine.append(GUARDRAIL_EVALUATIONS, [_row("d", 3)])

    assert (before, engine.answer(BODY, ADMIN)) == ([{"total": 3}], [{"total": 4}])


def test_nothing_is_visible_to_a_caller_of_another_tenant(opened: Callable[..., RealEngine]) -> None:
    stranger = msgspec.structs.replace(ADMIN, tenant="rival")

    assert opened().answer(BODY, stranger) == [{"total": 0}]


def test_every_query_is_timed(opened: Callable[..., RealEngine]) -> None:
    engine = opened()
    engine.answer(BODY, ADMIN)

    assert (
        engine.telemetry.registry.get_sample_value("meterd_query_seconds_count", {"dataset": "guardrail_evaluations"})
        == 1
    )


def test_grouping_by_two_arrays_counts_every_pair_of_their_elements(opened: Callable[..., RealEngine]) -> None:
    engine = opened()
    row = _row("unused", 0) | {"sessionId": "s", "teams": ["red", "blue"], "tags": ["a", "b", "c"]}
    del row["guardrailName"], row["latencyMs"]
    engine.append(SESSION_METRICS, [row, row | {"teams": []}, row | {"tags": []}])

    points = engine.answer(BODY | {"datasource": "sessionMetrics", "groupBy": ["team", "tag"]}, ADMIN)

    assert {(point["team"], point["tag"]): point["total"] for point in points} == {
        (team, tag): 1 for team in ("red", "blue") for tag in ("a", "b", "c")
    }


def test_other_groups_are_one_whose_facts_count_once(tmp_path: Path) -> None:
    """Percentiles and averages are of all facts of the other groups."""
    teams = (["a"], ["a"], ["a"], ["b", "c"], ["c"], ["b"])
    rows = [_row("x", hour) | {"teams": each, "latencyMs": 10.0 * hour} for hour, each in enumerate(teams)]
    aggregations = [{"type": "avg", "column": "latencyMs"}, {"type": "p50", "column": "latencyMs"}]
    body = BODY | {"groupBy": ["team"], "aggregations": aggregations, "orderBy": "total", "limit": 1}
    body["other"] = True
    with RealEngine(tmp_path) as engine:
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        slowest = engine.answer(body | {"orderBy": "p50LatencyMs"}, ADMIN)
        largest = engine.answer(body, ADMIN)

    assert [
        {"total": 3, "team": "a", "avgLatencyMs": 10.0, "p50LatencyMs": 10.0},
        {"total": 3, "team": None, "avgLatencyMs": 40.0, "p50LatencyMs": 40.0, "other": 2},
    ] == largest
    assert [("b", 2, None), (None, 5, 2)] == [(point["team"], point["total"], point.get("other")) for point in slowest]


def test_groups_are_ordered_by_one_of_several_percentiles(tmp_path: Path) -> None:
    latencies = {"a": (0, 1, 100), "b": (0, 50, 60), "c": (9, 10, 10), "d": (None,)}
    rows = [_row(name, hour) | {"latencyMs": each} for hour, name in enumerate(latencies) for each in latencies[name]]
    aggregations = [{"type": each, "column": "latencyMs"} for each in ("p5", "p50", "p99")]
    body = BODY | {"groupBy": ["guardrailName"], "aggregations": aggregations}
    with RealEngine(tmp_path) as engine:
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        names = {
            order: [point["guardrailName"] for point in engine.answer(body | order_of(order), ADMIN)]
            for order in ("p5LatencyMs desc", "p50LatencyMs desc", "p50LatencyMs asc", "p99LatencyMs desc")
        }

    assert names["p5LatencyMs desc"][0] == "c"
    assert names["p50LatencyMs desc"] == ["b", "c", "a", "d"]
    assert names["p50LatencyMs asc"] == ["a", "c", "b", "d"]
    assert names["p99LatencyMs desc"] == ["a", "b", "c", "d"]


def order_of(text: str) -> dict[str, str]:
    name, order = text.split()
    return {"orderBy": name, "order": order}


def test_groups_beyond_a_limit_are_left_out_and_cost_no_row(tmp_path: Path) -> None:
    rows = [_row(f"name-{number}", hour) for number in range(6) for hour in range(number + 1)]
    body = BODY | {"groupBy": ["guardrailName"], "orderBy": "total", "limit": 2}
    with RealEngine(tmp_path, Limits(max_rows=4)) as engine:
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        largest = engine.answer(body, ADMIN)
        by_hour = engine.answer(body | {"type": "timeseries", "interval": "3 hours"}, ADMIN)
        with pytest.raises(InvalidInput, match="5 groups as its limit, at most 4 are allowed"):
            engine.answer(body | {"limit": 5}, ADMIN)

    assert [("name-5", 6), ("name-4", 5)] == [(point["guardrailName"], point["total"]) for point in largest]
    assert ["name-5", "name-4", "name-5", "name-4"] == [point["guardrailName"] for point in by_hour]


def test_bins_are_the_same_in_all_rows_of_an_answer(tmp_path: Path) -> None:
    latencies = {"a": (0, 1, 9.5), "b": (10, 100), "c": (700, None)}
    rows = [_row(name, hour) | {"latencyMs": each} for hour, name in enumerate(latencies) for each in latencies[name]]
    histogram = {"type": "histogram", "column": "latencyMs", "buckets": 3}
    body = BODY | {"aggregations": [histogram]}
    with RealEngine(tmp_path) as engine:
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        (whole,) = engine.answer(body, ADMIN)
        by_hour = engine.answer(body | {"type": "timeseries", "interval": "1 hour"}, ADMIN)
        ranked = engine.answer(
            body | {"groupBy": ["guardrailName"], "orderBy": "total", "limit": 1, "other": True, "totals": True}, ADMIN
        )

    edges = [(None, 0), (1, 10), (10, 100), (100, 1000)]
    assert edges == [(each.lower, each.upper) for each in whole["histogramLatencyMs"]]
    counts = [[each.count for each in point["histogramLatencyMs"]] for point in (whole, *by_hour, *ranked)]
    assert counts == [
        [1, 3, 1, 1],
        *([1, 2, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]),
        *([1, 2, 0, 0], [0, 1, 1, 1], [1, 3, 1, 1]),
    ]


def test_a_bin_counts_as_a_row(tmp_path: Path) -> None:
    histogram = {"type": "histogram", "column": "latencyMs", "buckets": 5}
    body = BODY | {"groupBy": ["guardrailName"], "aggregations": [histogram]}
    with RealEngine(tmp_path, Limits(max_rows=14)) as engine:
        engine.append(GUARDRAIL_EVALUATIONS, [_row("a", 0), _row("b", 1)])
        assert len(engine.answer(body, ADMIN)) == 2
        engine.append(GUARDRAIL_EVALUATIONS, [_row("c", 2)])
        with pytest.raises(InvalidInput, match="more than 14 bins"):
            engine.answer(body, ADMIN)


def test_totals_are_of_each_fact_once_also_of_those_in_no_group(tmp_path: Path) -> None:
    rows = [_row("x", hour) | {"teams": teams} for hour, teams in enumerate((["a", "b"], ["a"], []))]
    body = BODY | {"groupBy": ["team"], "totals": True}
    with RealEngine(tmp_path) as engine:
        empty = engine.answer(body, ADMIN)
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        whole = engine.answer(body, ADMIN)
        by_hours = engine.answer(body | {"type": "timeseries", "interval": "2 hours"}, ADMIN)

    assert empty == [{"total": 0, "team": None, "totals": True}]
    assert whole == [{"total": 2, "team": "a"}, {"total": 1, "team": "b"}, {"total": 3, "team": None, "totals": True}]
    assert [(point["team"], point["total"], point.get("totals")) for point in by_hours] == [
        ("a", 2, None),
        ("b", 1, None),
        (None, 2, True),
        (None, 1, True),
    ]
