"""Series as the store has them."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.access import Caller, SubjectType
from meterd.datasets import METER_EVENTS, MODEL_CALLS
from meterd.export.families import FAMILIES, Family
from meterd.export.series import Reader, Series, percentile
from meterd.query.model import Compare, Comparison, Field
from meterd.settings import MetricsExporter
from meterd.settings import Query as Limits
from tests.export.events import HOUR, event
from tests.query.reference import RealEngine

AGENT, USER, REDACT, CLASSIFICATION = (family for family in FAMILIES if family.dataset is METER_EVENTS)
BOUNDS = MetricsExporter().histogram_boundaries
BOT = {"agent_id": "bot", "platform": "DATABRICKS"}


def reader(store: RealEngine, max_series: int = 100, allowed: tuple[str, ...] = ()) -> Reader:
    return Reader(store.engine, allowed, BOUNDS, max_series)


def histogram(*values: int) -> Series:
    buckets = [0] * (len(BOUNDS) + 1)
    for value in values:
        buckets[next((place for place, bound in enumerate(BOUNDS) if value <= bound), len(BOUNDS))] += 1
    return Series({}, len(values), sum(values), min(values), max(values), tuple(buckets))


async def test_counters_are_summed_by_their_attributes(store: RealEngine) -> None:
    redact: dict[str, Any] = {"action": "block", "actor": "agent"}
    store.append(
        METER_EVENTS,
        [
            event("ai_guard.redact", 1, **redact),
            event("ai_guard.redact", 4, 59, **redact),
            event("ai_guard.redact", 2, **redact | {"actor": "user"}),
            event("ai_guard.user", 9, newSession="true"),
        ],
    )

    found = await reader(store).read(REDACT, HOUR)
    assert {(each.attributes["actor"], each.sum) for each in found.series} == {("agent", 5), ("user", 2)}
    assert found.series[0].attributes == BOT | {"action": "block", "actor": found.series[0].attributes["actor"]}
    assert (found.rest, found.dropped) == (None, 0)


async def test_histograms_are_those_of_the_values(store: RealEngine) -> None:
    chance = random.Random(1)
    values = [0, 5, 10, 10_000, 10_001, 2**64 - 1] + [round(chance.expovariate(1 / 900)) for _ in range(500)]
    store.append(METER_EVENTS, [event("ai_guard.agent", value) for value in values])

    (series,) = (await reader(store).read(AGENT, HOUR)).series
    expected = histogram(*values)
    assert series == Series(BOT, *(getattr(expected, name) for name in expected.__struct_fields__[1:]))


async def test_windows_are_half_open(store: RealEngine) -> None:
    store.append(
        METER_EVENTS,
        [event("ai_guard.user", 10**place, minutes) for place, minutes in enumerate((-0.001, 0, 59.999, 60))],
    )

    (series,) = (await reader(store).read(USER, HOUR)).series
    assert 110 == series.sum


async def test_a_window_in_which_nothing_happened_has_no_series(store: RealEngine) -> None:
    for family in FAMILIES:
        assert () == (await reader(store).read(family, HOUR)).series


async def test_allowed_attributes_tell_series_apart_and_others_do_not(store: RealEngine) -> None:
    rows = [
        event("ai_guard.user", 1, metadata={"region": region, "colour": colour})
        for region in ("eu", "us")
        for colour in ("red", "blue")
    ]
    store.append(METER_EVENTS, [*rows, event("ai_guard.user", 5)])

    found = await reader(store, allowed=("region", "actor")).read(USER, HOUR)
    assert {each.attributes.get("region"): each.sum for each in found.series} == {"eu": 2, "us": 2, None: 5}


FAILED = Family(
    name="gateway.failed_calls",
    description="Calls of models that failed",
    dataset=MODEL_CALLS,
    condition=Compare(Field("is_failure"), Comparison.EQUAL, True),
    labels={"model": "model_name"},
)
COST = Family(
    name="gateway.cost",
    description="Cost of calls of models",
    dataset=MODEL_CALLS,
    labels={"model": "model_name"},
    value="cost_in_usd",
)
LATENCY = Family(
    name="gateway.latency",
    description="Duration of calls of models",
    dataset=MODEL_CALLS,
    labels={},
    value="latency_ms",
    is_histogram=True,
)


async def test_families_of_any_dataset_count_facts_or_what_is_in_them(store: RealEngine) -> None:
    calls: list[tuple[str, bool, float | None, float | None]] = [
        ("small", True, 0.5, 7),
        ("small", True, 0.25, None),
        ("small", False, None, 12_000),
        ("large", True, None, 80),
    ]
    names = ("modelName", "isFailure", "costInUSD", "latencyMs")
    common = {"tenant": "acme", "createdAt": HOUR.start}
    store.append(MODEL_CALLS, [common | dict(zip(names, call, strict=True)) for call in calls])

    failed, cost, latency = [(await reader(store).read(each, HOUR)).series for each in (FAILED, COST, LATENCY)]
    assert {(each.attributes["model"], each.count, each.sum) for each in failed} == {("small", 2, 2), ("large", 1, 1)}
    assert [(each.attributes, each.count, each.sum) for each in cost] == [({"model": "small"}, 2, 0.75)]
    assert list(latency) == [histogram(7, 80, 12_000)]


async def test_series_beyond_the_limit_are_the_rest_and_the_first_ones_stay(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1, minutes, agent=f"a{minutes}") for minutes in range(5)])
    store.append(METER_EVENTS, [event("ai_guard.user", 100, 30, agent="a4")])

    found = await reader(store, max_series=2).read(USER, HOUR)
    assert ["a0", "a1"] == [each.attributes["agent_id"] for each in found.series]
    assert found.rest is not None
    assert (103, {}, 3) == (found.rest.sum, found.rest.attributes, found.dropped)


async def test_with_more_series_than_a_query_answers_nothing_is_lost(tmp_path: Path) -> None:
    with RealEngine(tmp_path, Limits(max_rows=16)) as store:
        store.append(METER_EVENTS, [event("ai_guard.agent", number * 100, agent=f"a{number}") for number in range(20)])
        found = await reader(store).read(AGENT, HOUR)

    assert () == found.series
    assert found.rest == histogram(*(number * 100 for number in range(20)))
    assert found.dropped > 0


async def test_no_tenants_many_series_push_out_anothers_few(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1, 1, "loud", agent=f"l{number:02}") for number in range(40)])
    store.append(
        METER_EVENTS, [event("ai_guard.user", 10, 30 + number, "quiet", agent=f"q{number}") for number in range(3)]
    )

    found = await reader(store, max_series=10).read(USER, HOUR)
    kept = [each.attributes["agent_id"] for each in found.series]
    assert ["l00", "l01", "l02", "l03", "l04", "l05", "l06", "q0", "q1", "q2"] == kept
    assert found.rest is not None
    assert (33, 33) == (found.rest.sum, found.dropped)


async def test_equal_series_of_several_tenants_are_one_and_take_one_place(store: RealEngine) -> None:
    for tenant in ("a", "b", "c"):
        store.append(
            METER_EVENTS, [event("ai_guard.user", 1, minutes, tenant, agent=f"a{minutes}") for minutes in range(4)]
        )

    found = await reader(store, max_series=4).read(USER, HOUR)
    assert [(f"a{number}", 3) for number in range(4)] == [
        (each.attributes["agent_id"], each.sum) for each in found.series
    ]
    assert found.rest is None


async def test_what_was_left_to_the_rest_stays_there_when_tenants_come(store: RealEngine) -> None:
    chance = random.Random(7)
    before: set[str] = set()
    most_left: float = 0
    for minute in range(8):
        store.append(
            METER_EVENTS,
            [
                event("ai_guard.user", 1, minute, chance.choice("abcd"[: minute + 1]), agent=f"{minute}-{number}")
                for number in range(6)
            ],
        )
        found = await reader(store, max_series=12).read(USER, HOUR)
        seen = {f"{past}-{number}" for past in range(minute + 1) for number in range(6)}
        left = seen - {each.attributes["agent_id"] for each in found.series}
        total = found.rest.sum if found.rest else 0
        assert left >= before
        assert total >= most_left
        before, most_left = left, total


async def test_a_tenant_with_more_series_than_a_query_answers_is_the_only_one_that_loses_them(tmp_path: Path) -> None:
    with RealEngine(tmp_path, Limits(max_rows=16)) as store:
        store.append(METER_EVENTS, [event("ai_guard.agent", 7, 0, "loud", agent=f"l{number}") for number in range(40)])
        for tenant in ("quiet", "still"):
            store.append(
                METER_EVENTS,
                [event("ai_guard.agent", 900, 9, tenant, agent=f"{tenant}{number}") for number in range(3)],
            )
        found = await reader(store).read(AGENT, HOUR)

    names = ["quiet0", "quiet1", "quiet2", "still0", "still1", "still2"]
    assert names == [each.attributes["agent_id"] for each in found.series]
    assert found.rest == histogram(*[7] * 40)


async def test_a_caller_has_only_what_is_its_own_and_the_service_has_all(store: RealEngine) -> None:
    store.append(
        METER_EVENTS,
        [
            event("ai_guard.user", 1),
            event("ai_guard.user", 2, createdBySubjectSlug="bob"),
            event("ai_guard.user", 4, tenant="other"),
        ],
    )

    async def total(caller: Caller | None) -> float:
        found = await reader(store).read(USER, HOUR, caller)
        return sum([each.sum for each in found.series])

    assert 7 == await total(None)
    assert 3 == await total(Caller("acme", "root", SubjectType.USER, tenant_admin=True))
    assert 1 == await total(Caller("acme", "ann", SubjectType.USER))


async def test_sums_are_exact_beyond_what_a_float_holds(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 2**64 - 1), event("ai_guard.user", 2)])

    (series,) = (await reader(store).read(USER, HOUR)).series
    assert 2**64 + 1 == series.sum


@given(value=st.integers(0, 2**64 - 1))
def test_the_percentile_of_one_sample_is_that_sample(value: int) -> None:
    assert float(value) == percentile(histogram(value), BOUNDS, 0.99)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([100] * 99 + [900], 100.0),  # 99 of 100 are in the bucket up to 100, whose end is reached just then
        ([60, 80, 80, 90, 100], 75 + 25 * (4.95 - 1) / 4),
        ([10_001, 20_000], 10_000 + 10_000 * 1.98 / 2),  # above all bounds the greatest value is the end
        ([0, 0, 0], 0.0),
        ([3, 4], 4.0),  # clamped to the greatest value
    ],
)
def test_percentiles_are_interpolated_between_boundaries(values: list[int], expected: float) -> None:
    assert percentile(histogram(*values), BOUNDS, 0.99) == pytest.approx(expected)


@given(values=st.lists(st.integers(0, 15_000), min_size=1, max_size=200))
def test_a_percentile_is_in_the_bucket_of_the_real_one(values: list[int]) -> None:
    series = histogram(*values)
    real = sorted(values)[-(-99 * len(values) // 100) - 1]
    place = next((place for place, bound in enumerate(BOUNDS) if real <= bound), len(BOUNDS))
    lower = BOUNDS[place - 1] if place else 0
    upper = BOUNDS[place] if place < len(BOUNDS) else max(values)

    found = percentile(series, BOUNDS, 0.99)
    assert lower <= found <= upper or found == min(values)
    assert min(values) <= found <= max(values)
