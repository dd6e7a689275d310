"""Every question has bounds, whichever protocol it came through."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from bench.complexity import Largest, costs

from meterd.datasets import API_REQUESTS
from meterd.errors import InvalidInput
from meterd.query import complexity
from meterd.query.buckets import Interval, Unit
from meterd.query.complexity import Bounds
from meterd.query.model import (
    Aggregate,
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    HasAny,
    Listing,
    MapValue,
    Matches,
    Not,
    OneOf,
    Or,
    Order,
    Query,
    Ranking,
    TextTest,
)
from meterd.settings import Query as Limits
from tests.process import Meterd

SERVICE = Field("service")
LIMITS = Limits(max_conditions=5, max_values=8, max_groups=2, max_aggregates=3)


def asked(condition: Condition | None = None, **changes: Any) -> Query:
    return Query(
        API_REQUESTS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), condition=condition, **changes
    )


def contains(*texts: str) -> tuple[Condition, ...]:
    return tuple(Matches(SERVICE, TextTest.CONTAINS, text) for text in texts)


def nested(levels: int) -> Condition:
    condition: Condition = contains("x")[0]
    for _ in range(levels - 1):
        condition = Not(condition)
    return condition


def grouped(count: int) -> tuple[Group, ...]:
    return tuple(Group(f"g{number}", MapValue("metadata", f"k{number}")) for number in range(count))


def counted(count: int, function: Function = Function.COUNT) -> tuple[Aggregate, ...]:
    return tuple(Aggregate(f"a{number}", function, SERVICE) for number in range(count))


def expressions(*patterns: str) -> Condition:
    return Or(tuple(Matches(SERVICE, TextTest.HAS_MATCH, pattern) for pattern in patterns))


MAXIMA: dict[str, tuple[Callable[[int], Query], int, str]] = {
    "conditions": (lambda n: asked(And(contains(*map(str, range(n))))), 5, "query.max-conditions"),
    "values": (lambda n: asked(OneOf(SERVICE, tuple(map(str, range(n))))), 8, "query.max-values"),
    "values of arrays": (lambda n: asked(HasAny("teams", tuple(map(str, range(n))))), 8, "query.max-values"),
    "groups": (lambda n: asked(groups=grouped(n)), 2, "query.max-groups"),
    "aggregates": (lambda n: asked(aggregates=counted(n)), 3, "query.max-aggregates"),
    "distinct": (lambda n: asked(aggregates=counted(n, Function.COUNT_DISTINCT)), complexity.MAX_DISTINCT, "several"),
    "depth": (lambda n: asked(nested(n)), complexity.MAX_DEPTH, "flatter"),
    "text": (lambda n: asked(contains("x" * n)[0]), complexity.MAX_TEXT, "shorter values"),
    "text of keys": (lambda n: asked(groups=(Group("g", MapValue("m", "x" * n)),)), complexity.MAX_TEXT, "shorter"),
    "expression": (lambda n: asked(expressions("x" * n)), complexity.MAX_EXPRESSION_TEXT, "shorter ones"),
}


@pytest.mark.parametrize("kind", MAXIMA)
def test_a_query_at_its_bound_is_passed_on_and_one_beyond_is_refused(kind: str) -> None:
    make, maximum, hint = MAXIMA[kind]
    refused: list[str] = []
    bounds = Bounds(LIMITS if kind != "distinct" else Limits(), refused.append)

    bounds.query(make(maximum))
    assert not refused
    with pytest.raises(InvalidInput, match=hint):
        bounds.query(make(maximum + 1))
    assert [kind.partition(" ")[0]] == refused


@pytest.mark.parametrize(
    ("count", "ranking", "interval", "is_refused"),
    [
        (2, Ranking(limit=1, has_other=True), None, False),
        (3, Ranking(limit=1, has_other=True), None, True),
        (3, Ranking(), Interval(1, Unit.HOUR), True),
        (3, Ranking(limit=1), None, False),
    ],
)
def test_conditions_of_an_order_count_twice_where_they_are_planned_twice(
    count: int, ranking: Ranking, interval: Interval | None, is_refused: bool
) -> None:
    bounds = Bounds(LIMITS, lambda _reason: None)
    query = asked(And(contains(*map(str, range(count)))), groups=grouped(1))
    ordered = msgspec.structs.replace(query, ranking=ranking, interval=interval)

    bounds.query(query)
    with pytest.raises(InvalidInput, match=r"6 conditions") if is_refused else contextlib.nullcontext():
        bounds.query(ordered)


@pytest.mark.parametrize(
    "changes",
    [
        {"has_totals": True},
        {"aggregates": (Aggregate("h", Function.HISTOGRAM, Field("duration"), bin_count=2),)},
    ],
)
def test_conditions_count_again_for_totals_and_for_the_extent_of_histograms(changes: dict[str, Any]) -> None:
    bounds = Bounds(LIMITS, lambda _reason: None)
    query = asked(And(contains("1", "2", "3")), groups=grouped(1))

    bounds.query(query)
    with pytest.raises(InvalidInput, match=r"6 conditions"):
        bounds.query(msgspec.structs.replace(query, **changes))


def test_bins_count_as_values() -> None:
    histogram = Aggregate("h", Function.HISTOGRAM, Field("duration"), bin_count=5)
    with pytest.raises(InvalidInput, match=r"10 values"):
        Bounds(LIMITS, lambda _reason: None).query(asked(aggregates=(histogram,)))


def test_the_number_of_regular_expressions_is_bounded() -> None:
    bounds = Bounds(Limits(), lambda _reason: None)
    patterns = [f"x{number}" for number in range(complexity.MAX_EXPRESSIONS + 1)]

    bounds.query(asked(expressions(*patterns[1:])))
    with pytest.raises(InvalidInput, match=r"33 regular expressions, at most 32 are allowed: join them with |"):
        bounds.query(asked(expressions(*patterns)))


@pytest.mark.parametrize("years", [(1899, 2000), (2000, 2201)])
def test_a_window_that_is_cut_in_a_zone_is_within_three_centuries(years: tuple[int, int]) -> None:
    refused: list[str] = []
    start, end = (datetime(year, 6, 1, tzinfo=UTC) for year in years)
    query = msgspec.structs.replace(
        asked(), start=start, end=end, interval=Interval(1, Unit.YEAR), zone=ZoneInfo("Europe/Berlin")
    )

    with pytest.raises(InvalidInput, match="the years 1900 to 2200: ask for a shorter window, or without timezone"):
        Bounds(LIMITS, refused.append).query(query)
    assert refused == ["years"]


def test_tests_of_one_field_against_many_values_are_one_condition() -> None:
    names = [str(number) for number in range(8)]
    bounds = Bounds(LIMITS, lambda _reason: None)

    passed = bounds.query(asked(Or(tuple(Compare(SERVICE, Comparison.EQUAL, name) for name in names))))

    assert OneOf(SERVICE, tuple(names)) == passed.condition


def test_listings_have_the_same_bounds() -> None:
    bounds = Bounds(LIMITS, lambda _reason: None)

    with pytest.raises(InvalidInput, match=r"query\.max-conditions"):
        bounds.listing(Listing(API_REQUESTS, ("service",), And(contains(*"abcdef")), (), 1))
    with pytest.raises(InvalidInput, match="3 fields to sort by, at most 2"):
        bounds.listing(Listing(API_REQUESTS, ("service",), And(()), (Order("ts"),) * 3, 1))


def test_the_largest_queries_within_the_bounds_take_little_memory() -> None:
    largest = Largest(Limits(), seed=1)

    assert 300 > max(cost.growth for cost in costs((largest.query() for _ in range(4)), Limits()))


FILTERS = [{"metadataKey": f"k{number}", "operator": "EQUAL", "value": "v"} for number in range(15_000)]
SEARCH = "|".join(f"w{number}" for number in range(40))
EXPRESSION = " or ".join(f"key!='k{number}' and service='{number}'" for number in range(101))


def refusals(meterd: Meterd) -> float:
    lines = meterd.client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("meterd_query_failures_total"))


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            {"filters": FILTERS},
            "15000 conditions, at most 100 are allowed (query.max-conditions): test a field against",
        ),
        ({"groupBy": [f"metadata.k{number}" for number in range(600)]}, "600 fields to group by, at most 32"),
        ({"aggregations": [{"type": "count", "column": f"metadata.k{n}"} for n in range(300)]}, "300 aggregations"),
        ({"filters": [FILTERS[0] | {"operator": "IN", "value": [str(n) for n in range(20_000)]}]}, "20000 values"),
    ],
)
def test_gateway_queries_are_bounded(shared: Meterd, body: dict[str, Any], hint: str) -> None:
    before = refusals(shared)

    response = shared.query(**body)

    assert (400, True) == (response.status_code, hint in response.json()["message"])
    assert before + 1 == refusals(shared)


@pytest.mark.parametrize(
    ("path", "parameters", "hint"),
    [
        ("metric/v1", {"_filter": EXPRESSION}, "query.max-conditions"),
        ("metric/v1", {"_search": SEARCH}, "regular expressions"),
        ("metric/v1", {"_sort": ",".join(["service"] * 1000)}, "1000 fields to sort by"),
        ("object/v1", {"_metric": "ODSLRequest/ReadRequests", "_filter": EXPRESSION}, "query.max-conditions"),
    ],
)
def test_usage_metrics_are_bounded(shared: Meterd, path: str, parameters: dict[str, str], hint: str) -> None:
    response = shared.client.request("GET", f"/api/{path}", data=parameters)

    assert (400, True) == (response.status_code, hint in response.text), response.text[:300]
