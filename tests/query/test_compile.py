from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlglot import exp

from meterd.datasets import GUARDRAIL_EVALUATIONS
from meterd.query.buckets import Interval, Unit
from meterd.query.compile import Compiled, compile_query
from meterd.query.dialects import DIALECTS
from meterd.query.model import (
    Aggregate,
    And,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    GroupElement,
    HasAny,
    IsNull,
    JSONText,
    MapValue,
    Matches,
    OneOf,
    Or,
    Query,
    TextTest,
    every,
)
from meterd.query.visibility import Visibility

HOSTILE = "x'); DROP TABLE guardrail_evaluations; -- $1 \" {} \\"
NAME = Field("guardrail_name")
LATENCY = Field("latency_ms")
QUERY = Query(GUARDRAIL_EVALUATIONS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
TENANT = Compare(Field("tenant"), Comparison.EQUAL, "t")


def compiled(limit: int = 10, elements: Mapping[str, tuple[str, ...]] | None = None, **changes: Any) -> Compiled:
    visible = Visibility(TENANT, elements or {})
    return compile_query(msgspec.structs.replace(QUERY, **changes), visible, DIALECTS["duckdb"], limit)


@pytest.mark.parametrize(
    "condition",
    [
        Compare(NAME, Comparison.EQUAL, HOSTILE),
        Compare(MapValue("metadata", HOSTILE), Comparison.NOT_EQUAL, "x"),
        OneOf(NAME, ("a", HOSTILE)),
        OneOf(NAME, (HOSTILE,), negated=True),
        Matches(NAME, TextTest.CONTAINS, HOSTILE),
        HasAny("teams", (HOSTILE,)),
        IsNull(MapValue("metadata", HOSTILE)),
        And((Or((Compare(NAME, Comparison.EQUAL, HOSTILE), TENANT)), TENANT)),
        Compare(JSONText("metadata", (HOSTILE.replace("/", ""),)), Comparison.EQUAL, HOSTILE),
    ],
)
def test_values_are_bound_and_never_part_of_the_text(condition: Condition) -> None:
    result = compiled(condition=condition)

    assert "DROP" not in result.sql
    assert HOSTILE in result.parameters


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": (Group("k", MapValue("metadata", HOSTILE)),)},
        {"groups": (Group(HOSTILE, NAME),)},
        {"groups": (GroupElement("team", "teams"),), "elements": {"teams": (HOSTILE,)}},
        {"aggregates": (Aggregate(HOSTILE, Function.COUNT, MapValue("metadata", HOSTILE)),)},
    ],
)
def test_names_from_a_request_are_never_part_of_the_text(changes: dict[str, Any]) -> None:
    assert "DROP" not in compiled(**changes).sql


@pytest.mark.parametrize(
    "condition",
    [
        OneOf(MapValue("metadata", "env"), ()),
        OneOf(MapValue("metadata", "env"), (), negated=True),
        OneOf(NAME, ()),
        IsNull(MapValue("metadata", "env"), negated=True),
        HasAny("teams", ()),
    ],
)
def test_every_bound_parameter_is_used(condition: Condition) -> None:
    result = compiled(condition=condition)

    assert [number for number in range(1, len(result.parameters) + 1) if f"${number}" not in result.sql] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": (Group("k", Field("nope")),)},
        {"aggregates": (Aggregate("k", Function.SUM, Field("nope; DROP")),)},
        {"condition": IsNull(Field("nope"))},
        {"condition": HasAny("nope", ("a",))},
        {"condition": Compare(MapValue("nope", "a"), Comparison.EQUAL, "b")},
    ],
)
def test_columns_that_the_dataset_does_not_have_are_a_fault(changes: dict[str, Any]) -> None:
    with pytest.raises(LookupError):
        compiled(**changes)


def test_the_window_is_bound_first_in_utc_without_a_zone() -> None:
    assert compile_query(QUERY, None, DIALECTS["duckdb"], 10).parameters == (datetime(2026, 1, 1), datetime(2026, 2, 1))  # noqa: DTZ001 - as stored


def test_the_limit_is_part_of_the_query() -> None:
    assert compiled(limit=123).sql.endswith("LIMIT 123")


def test_what_a_caller_may_see_is_bound_before_the_conditions_of_the_request() -> None:
    result = compiled(condition=Compare(NAME, Comparison.EQUAL, "pii"))

    assert result.parameters[2:] == ("t", "pii")


def test_aggregates_follow_bucket_groups_and_total() -> None:
    result = compiled(
        interval=Interval(1, Unit.HOUR),
        groups=(Group("a", NAME), GroupElement("team", "teams")),
        aggregates=(Aggregate("s", Function.SUM, LATENCY), Aggregate("m", Function.MAXIMUM, LATENCY)),
    )

    assert result.positions == ((4, None), (5, None))


def test_percentiles_of_one_operand_share_a_column() -> None:
    result = compiled(
        aggregates=(
            Aggregate("p50", Function.PERCENTILE, LATENCY, 0.5),
            Aggregate("sum", Function.SUM, LATENCY),
            Aggregate("p99", Function.PERCENTILE, LATENCY, 0.99),
        )
    )

    assert result.positions == ((1, 0), (2, None), (1, 1))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [((), None), ((None, TENANT), TENANT), ((TENANT, None, IsNull(NAME)), And((TENANT, IsNull(NAME))))],
)
def test_every_leaves_out_what_is_absent(conditions: tuple[Condition | None, ...], expected: Condition | None) -> None:
    assert every(*conditions) == expected


def test_no_part_of_a_query_is_copied_so_that_large_ones_cost_no_more_for_each_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def copy(_self: exp.Expression) -> exp.Expression:
        raise AssertionError("copied")

    monkeypatch.setattr(exp.Expression, "copy", copy)
    monkeypatch.setattr(exp.Expression, "__deepcopy__", copy)
    operands = [MapValue("metadata", f"k{number}") for number in range(3)]

    result = compiled(
        condition=Or(tuple(Matches(operand, TextTest.CONTAINS, "x", negated=True) for operand in operands)),
        groups=(*(Group(operand.key, operand) for operand in operands), GroupElement("team", "teams")),
        aggregates=(
            *(Aggregate(operand.key, Function.COUNT_DISTINCT, operand) for operand in operands),
            Aggregate("p50", Function.PERCENTILE, LATENCY, 0.5),
        ),
        interval=Interval(1, Unit.DAY),
        zone=ZoneInfo("Europe/Berlin"),
        start=datetime(1900, 1, 1, tzinfo=UTC),
    )

    assert 9 == result.sql.count("MAP_EXTRACT_VALUE")


@pytest.mark.parametrize(
    ("interval", "zone", "is_as_in_utc"),
    [
        (Interval(5, Unit.MINUTE), "Asia/Kathmandu", True),
        (Interval(1, Unit.HOUR), "Asia/Kathmandu", False),
        (Interval(1, Unit.HOUR), "Europe/Berlin", True),
        (Interval(2, Unit.HOUR), "Europe/Berlin", False),
        (Interval(1, Unit.DAY), "Europe/Berlin", False),
    ],
)
def test_buckets_that_are_the_same_in_a_zone_are_asked_for_as_in_utc(
    interval: Interval, zone: str, is_as_in_utc: bool
) -> None:
    assert is_as_in_utc == (compiled(interval=interval, zone=ZoneInfo(zone)) == compiled(interval=interval))
