"""The SQL for ClickHouse: what must not be written as other engines have it. What it answers is tested beside."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from meterd.datasets import API_REQUESTS, MODEL_CALLS, QUEUE_SAMPLES, SESSION_METRICS
from meterd.query.buckets import Interval, Unit
from meterd.query.compile import Compiled, compile_query
from meterd.query.dialects import DIALECTS, Dialect
from meterd.query.listings import compile_combined, compile_listing
from meterd.query.model import (
    Aggregate,
    And,
    CombinedListing,
    Compare,
    Comparison,
    Condition,
    Field,
    Function,
    Group,
    GroupElement,
    HasAny,
    JSONText,
    Listing,
    MapValue,
    Matches,
    OneOf,
    Order,
    Part,
    Query,
    Ranking,
    TagValue,
    TextTest,
    Value,
)

DIALECT = DIALECTS["clickhouse"]
QUERY = Query(MODEL_CALLS, datetime(1970, 1, 1, 0, 0, 1, 5, UTC), datetime(2026, 2, 1, tzinfo=UTC))
COST, TOKENS = Field("cost_in_usd"), Field("input_tokens")
HOSTILE = "x'); DROP TABLE model_calls; -- {p1: String} \" %s \\"


def compiled(**changes: Any) -> Compiled:
    return compile_query(msgspec.structs.replace(QUERY, **changes), None, DIALECT, 10)


def aggregated(function: Function, operand: Field, **members: Any) -> str:
    """The expression of an aggregate."""
    text = compiled(aggregates=(Aggregate("a", function, operand, **members),)).sql
    found = re.search(r"total, (.*) AS a0 FROM", text)
    assert found
    return found[1]


def test_facts_are_read_each_once() -> None:
    assert "FROM model_calls FINAL" in compiled().sql


def test_times_are_bound_as_microseconds_so_that_no_zone_of_a_client_or_a_server_changes_them() -> None:
    result = compiled(start=datetime(1969, 12, 31, 23, 59, 59, 999_999))  # noqa: DTZ001 - as stored

    assert result.parameters == (-1, 1_769_904_000_000_000)
    assert "ts < fromUnixTimestamp64Micro({p2: Int64}, 'UTC')" in result.sql


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("x", "String"),
        (True, "Bool"),
        (1, "Int64"),
        (-(2**63), "Int64"),
        (2**63, "UInt64"),
        (2**64, "Int256"),
        (-(2**63) - 1, "Int256"),
        (0.5, "Float64"),
    ],
)
def test_each_value_is_bound_with_its_type(value: Value, type_: str) -> None:
    result = compiled(condition=Compare(TOKENS, Comparison.EQUAL, value))

    assert result.parameters[2] == value
    assert f"{{p3: {type_}}}" in result.sql


@pytest.mark.parametrize(
    "condition",
    [
        Compare(Field("model_name"), Comparison.EQUAL, HOSTILE),
        OneOf(MapValue("metadata", HOSTILE), (HOSTILE,), negated=True),
        Matches(TagValue("teams", HOSTILE), TextTest.HAS_MATCH_OF_ANY_CASE, HOSTILE),
        HasAny("teams", (HOSTILE,)),
        Compare(JSONText("metadata", (HOSTILE,)), Comparison.EQUAL, HOSTILE),
    ],
)
def test_values_are_bound_and_never_part_of_the_text(condition: Condition) -> None:
    result = compiled(condition=condition)

    assert "DROP" not in result.sql
    assert [number for number in range(1, len(result.parameters) + 1) if f"{{p{number}: " not in result.sql] == []


def test_whole_numbers_are_added_up_in_128_bits() -> None:
    assert aggregated(Function.SUM, TOKENS) == "sumOrNull(toInt128(input_tokens))"
    assert aggregated(Function.AVERAGE, TOKENS) == "toFloat64(sumOrNull(toInt128(input_tokens))) / COUNT(input_tokens)"


def test_fractions_are_added_up_with_the_error_along() -> None:
    assert aggregated(Function.SUM, COST) == "sumKahanOrNull(cost_in_usd)"
    assert aggregated(Function.AVERAGE, COST) == "sumKahanOrNull(cost_in_usd) / COUNT(cost_in_usd)"


def test_percentiles_are_exact() -> None:
    assert aggregated(Function.PERCENTILE, COST, fraction=0.9) == "quantilesExactInclusive(0.9)(cost_in_usd)"


def test_what_is_aggregated_over_nothing_is_null() -> None:
    assert aggregated(Function.MAXIMUM, Field("ts")) == "maxOrNull(ts)"
    assert aggregated(Function.FIRST, COST) == "argMinOrNull(cost_in_usd, ts)"


@pytest.mark.parametrize("unit", Unit)
def test_buckets_are_counted_in_microseconds_or_months_as_whole_days_end_in_2149(unit: Unit) -> None:
    text = compiled(interval=Interval(2, unit), zone=ZoneInfo("Europe/Berlin")).sql

    assert "fromUnixTimestamp64Micro" in text
    assert not re.search("toStartOf|dateTrunc|INTERVAL", text, re.IGNORECASE)


def test_a_part_without_a_column_has_a_value_of_its_kind() -> None:
    parts = (Part(API_REQUESTS, And(())), Part(QUEUE_SAMPLES, And(())))
    text, _ = compile_combined(CombinedListing(parts, ("value", "service"), (Order("ts"),), (), 5), None, DIALECT)

    assert text.count("toFloat64(value) AS value") == 2  # whole numbers of one, fractions of the other
    assert "NULL AS service" in text


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_a_column_that_no_part_has_is_null(dialect: Dialect) -> None:
    """Parts that can find nothing are left out, and with them the datasets that have it."""
    listing = CombinedListing((Part(API_REQUESTS, And(())),), ("queue", "service"), (Order("ts"),), (), 5)

    assert "NULL AS queue" in compile_combined(listing, None, dialect)[0]


def test_a_place_that_stands_for_none_is_bound_as_a_whole_number_with_a_sign() -> None:
    listing = Listing(SESSION_METRICS, ("details",), And(()), (Order("position"),), 5, max_bytes=10)
    text, parameters = compile_listing(listing, None, DIALECT)

    assert 2 == parameters.count(2**63 - 1)
    assert "COALESCE(position, {p1: Int64})" in text


def test_elements_are_joined_in_a_select_of_their_own_each() -> None:
    text = compiled(groups=(GroupElement("team", "teams"), Group("model", Field("model_name")))).sql

    assert text.count("arrayJoin") == 1


def test_steps_are_made_once() -> None:
    ranking = Ranking("total", limit=1, has_other=True)
    text = compiled(groups=(Group("model", Field("model_name")),), ranking=ranking).sql

    assert "cells AS MATERIALIZED" in text
