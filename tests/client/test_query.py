import builtins
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas
import polars
import pytest

from meterd.client import (
    Client,
    ConnectionFailed,
    Filter,
    Histogram,
    MissingPackage,
    QueryResult,
    StatusError,
    UnexpectedAnswer,
)
from tests.client.conftest import Ledger
from tests.client.proxy import Proxy, answer, lose_answer, lose_request
from tests.process import Meterd

DAY = (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def client(proxy: Proxy, shared: Meterd) -> Iterator[Client]:
    with Client(proxy.url, shared.token) as client:
        yield client


@pytest.fixture
def mine(client: Client, ledger: Ledger) -> list[Filter]:
    """Four evaluations, and the filter that finds only them."""
    for hour, latency, result in ((10, 40, "pass"), (10, 60, "fail"), (11, 120, "pass"), (11, None, None)):
        row = ledger.row(createdAt=DAY[0].replace(hour=hour), latencyMs=latency, guardrailResult=result)
        client.ingest("guardrailMetrics", row)
    client.flush()
    return [Filter("guardrailName", "STRING_STARTS_WITH", f"{ledger.label}-")]


def test_a_distribution_has_a_row_for_each_group(client: Client, mine: list[Filter]) -> None:
    result = client.query(
        "guardrailMetrics", *DAY, group_by=["guardrailResult"], aggregations={"latencyMs": ["max", "p50"]}, filters=mine
    )
    assert result.rows == [
        {"total": 2, "guardrailResult": "pass", "maxLatencyMs": 120.0, "p50LatencyMs": 80.0},
        {"total": 1, "guardrailResult": "fail", "maxLatencyMs": 60.0, "p50LatencyMs": 60.0},
        {"total": 1, "guardrailResult": None, "maxLatencyMs": None, "p50LatencyMs": None},
    ]
    assert (len(result), list(result)) == (3, result.rows)


def test_a_time_series_has_a_row_for_each_bucket(client: Client, mine: list[Filter]) -> None:
    result = client.query("guardrailMetrics", *DAY, interval=timedelta(hours=1), filters=mine)
    assert result.rows == [
        {"startTimestamp": "2026-01-31T10:00:00.000Z", "endTimestamp": "2026-01-31T11:00:00.000Z", "total": 2},
        {"startTimestamp": "2026-01-31T11:00:00.000Z", "endTimestamp": "2026-01-31T12:00:00.000Z", "total": 2},
    ]


def test_groups_are_ordered_and_those_after_a_limit_are_one_row(client: Client, mine: list[Filter]) -> None:
    def totals(**order: Any) -> list[tuple[object, int, object]]:
        result = client.query("guardrailMetrics", *DAY, group_by="guardrailResult", filters=mine, **order)
        return [(row["guardrailResult"], row["total"], row.get("other")) for row in result]

    assert totals(limit=1) == [("pass", 2, None)]
    assert totals(order_by="guardrailResult") == [("fail", 1, None), ("pass", 2, None), (None, 1, None)]
    assert totals(order_by="total", order="asc", limit=1, other=True) == [("fail", 1, None), (None, 3, True)]
    whole: dict[str, Any] = {"group_by": "guardrailResult", "filters": mine, "limit": 1}
    assert client.query("guardrailMetrics", *DAY, **whole, other=True).other_groups == 2
    assert client.query("guardrailMetrics", *DAY, **whole, totals=True).rows[-1]["total"] == 4


def test_a_histogram_has_bins(client: Client, mine: list[Filter]) -> None:
    (row,) = client.query("guardrailMetrics", *DAY, aggregations={"latencyMs": Histogram(2)}, filters=mine)
    assert [(each["from"], each["to"], each["count"]) for each in row["histogramLatencyMs"]] == [
        (10, 100, 2),
        (100, 1000, 1),
    ]


def test_frames_have_real_times(client: Client, mine: list[Filter]) -> None:
    result = client.query(
        "guardrailMetrics",
        *DAY,
        interval="1 hour",
        group_by="guardrailResult",
        aggregations={"latencyMs": "avg"},
        filters=mine,
    )
    starts = [datetime(2026, 1, 31, hour, tzinfo=UTC) for hour in (10, 10, 11, 11)]
    in_pandas, in_polars = result.to_pandas(), result.to_polars()
    assert in_pandas["startTimestamp"].tolist() == starts
    assert in_pandas["startTimestamp"].dtype == "datetime64[us, UTC]"
    assert in_polars["startTimestamp"].to_list() == starts
    assert in_polars["startTimestamp"].dtype == polars.Datetime("us", "UTC")
    assert in_pandas.columns.tolist() == in_polars.columns == list(result.rows[0])
    assert in_polars["avgLatencyMs"].to_list() == [60, 40, 120, None]
    assert in_pandas["avgLatencyMs"].sum() == 220
    assert in_polars.to_dicts()[0]["guardrailResult"] == "fail"


def test_an_answer_without_rows_is_an_empty_frame() -> None:
    assert pandas.DataFrame().equals(QueryResult([]).to_pandas())
    assert polars.DataFrame().equals(QueryResult([]).to_polars())


@pytest.mark.parametrize(("package", "convert"), [("pandas", QueryResult.to_pandas), ("polars", QueryResult.to_polars)])
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, convert: Callable[[QueryResult], object]
) -> None:
    really_import = builtins.__import__

    def import_(name: str, *rest: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return really_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", import_)
    with pytest.raises(MissingPackage, match=rf"^to_{package}\(\) needs {package}: pip install {package}$") as caught:
        convert(QueryResult([]))
    assert isinstance(caught.value, ImportError)


def test_what_the_server_refuses_is_raised_with_its_message(client: Client, proxy: Proxy) -> None:
    with pytest.raises(StatusError, match="status 400") as caught:
        client.query("guardrailMetrics", *DAY, group_by="latencyMs")
    assert caught.value.status == 400
    assert caught.value.message.startswith('Unsupported guardrailMetrics groupBy field "latencyMs"')
    assert len(proxy.seen) == 1


def test_a_wrong_token_is_not_tried_again(proxy: Proxy) -> None:
    with Client(proxy.url, "mtr_wrong") as client, pytest.raises(StatusError) as caught:
        client.query("guardrailMetrics", *DAY)
    assert (caught.value.status, len(proxy.seen)) == (401, 1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [lose_request, lose_answer, *map(answer, (408, 429, 502, 503, 504))])
def test_a_query_is_tried_again_when_that_may_help(
    client: Client, proxy: Proxy, fault: Any, mine: list[Filter]
) -> None:
    proxy.script(fault, fault)
    assert client.query("guardrailMetrics", *DAY, filters=mine).rows == [{"total": 4}]


@pytest.mark.usefixtures("impatient")
def test_attempts_are_limited(client: Client, proxy: Proxy) -> None:
    proxy.always(lose_request)
    with pytest.raises(ConnectionFailed, match="RemoteProtocolError"):
        client.query("guardrailMetrics", *DAY)
    assert len(proxy.seen) == 3


def test_the_server_is_given_the_time_it_asks_for(
    client: Client, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "meterd.client")
    proxy.script(answer(503, b"not now", Retry_After="1"))
    client.query("guardrailMetrics", *DAY)
    retries = [record.message for record in caplog.records if record.name == "meterd.client"]
    assert retries == ["another attempt in 1.0 seconds: not now (status 503)"]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_other_statuses_are_final(client: Client, proxy: Proxy, status: int) -> None:
    proxy.script(answer(status, b"<html>"))
    with pytest.raises(StatusError, match=f"^<html> .status {status}"):
        client.query("guardrailMetrics", *DAY)
    assert len(proxy.seen) == 1


def test_the_page_of_a_proxy_is_no_answer(client: Client, proxy: Proxy) -> None:
    proxy.script(answer(200, b"<html>sign in</html>"))
    with pytest.raises(UnexpectedAnswer, match="not one of meterd's"):
        client.query("guardrailMetrics", *DAY)
