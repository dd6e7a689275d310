import json
import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest

from meterd.api.gateway.operators import OPERATORS
from meterd.api.gateway.request import AGGREGATIONS
from meterd.client import AggregationType, Filter, Histogram, Operator
from meterd.client.question import question


def body(start: datetime | str = "2026-01-31", **options: Any) -> dict[str, Any]:
    asked: Any = options
    decoded: dict[str, Any] = json.loads(question("guardrailMetrics", start, "2026-02-01", asked))
    return decoded


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(TypeError, match=r"^a query has no option groupby$"):
        body(groupby="team")


def test_without_an_interval_it_is_a_distribution() -> None:
    assert {
        "startTs": "2026-01-31",
        "endTs": "2026-02-01",
        "datasource": "guardrailMetrics",
        "type": "distribution",
        "groupBy": [],
        "aggregations": [],
        "filters": [],
    } == body()


@pytest.mark.parametrize(
    ("interval", "sent"),
    [("6 hours", "6 hours"), (timedelta(hours=1), "3600 seconds"), (timedelta(days=2, seconds=1), "172801 seconds")],
)
def test_with_an_interval_it_is_a_time_series(interval: str | timedelta, sent: str) -> None:
    asked = body(interval=interval)
    assert (asked["type"], asked["interval"]) == ("timeseries", sent)


def test_a_time_zone_is_sent_when_there_is_one() -> None:
    assert body(interval="1 day", timezone="Europe/Berlin")["timezone"] == "Europe/Berlin"
    assert "timezone" not in body(interval="1 day", timezone=None)


def test_a_limit_without_an_order_is_one_of_the_largest_groups() -> None:
    assert body(limit=3, order_by=None)["orderBy"] == "total"
    assert body(limit=3, order_by="team")["orderBy"] == "team"
    assert "orderBy" not in body(other=True)


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=-60), timedelta(milliseconds=1500)])
def test_an_interval_is_made_of_whole_seconds(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        body(interval=interval)


@pytest.mark.parametrize(
    ("time", "sent"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00+00:00"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00+00:00"),  # noqa: DTZ001 - naive on purpose
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T12:00:00+02:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
    ],
)
def test_a_naive_time_is_utc(time: datetime | str, sent: str) -> None:
    assert body(start=time)["startTs"] == sent


def test_aggregations_are_by_column() -> None:
    assert [
        {"type": "avg", "column": "latencyMs"},
        {"type": "p99", "column": "latencyMs"},
        {"type": "countDistinct", "column": "guardrailName"},
    ] == body(aggregations={"latencyMs": ["avg", "p99"], "guardrailName": "countDistinct"})["aggregations"]


def test_one_group_needs_no_list() -> None:
    assert body(group_by="team")["groupBy"] == ["team"]


def test_a_filter_names_field_operator_and_value() -> None:
    asked = body(filters=[Filter("metadata.env", "IN", ["prod", "test"]), Filter("latencyMs", "LESS_THAN", 5)])
    assert asked["filters"] == [
        {"fieldName": "metadata.env", "operator": "IN", "value": ["prod", "test"]},
        {"fieldName": "latencyMs", "operator": "LESS_THAN", "value": 5},
    ]


def test_a_histogram_is_an_aggregation_with_buckets() -> None:
    assert body(aggregations={"latencyMs": Histogram(9), "costInUSD": ["sum", Histogram(8)]})["aggregations"] == [
        {"type": "histogram", "column": "latencyMs", "buckets": 9},
        {"type": "sum", "column": "costInUSD"},
        {"type": "histogram", "column": "costInUSD", "buckets": 8},
    ]


def test_the_types_name_what_the_server_knows() -> None:
    assert {*get_args(AggregationType), "histogram"} == AGGREGATIONS.keys()
    assert set(get_args(Operator)) == OPERATORS.keys()


def test_a_text_that_is_no_unicode_is_asked_for_as_rows_have_it() -> None:
    asked = body(filters=[Filter("detail", "EQUAL", os.fsdecode(b"caf\xe9.txt"))])["filters"]
    assert asked == [{"fieldName": "detail", "operator": "EQUAL", "value": r"caf\udce9.txt"}]


def test_what_has_no_form_in_json_is_not_asked_for() -> None:
    with pytest.raises(TypeError, match="objects of type object are not supported"):
        body(filters=[Filter("detail", "EQUAL", object())])  # type: ignore[arg-type]
