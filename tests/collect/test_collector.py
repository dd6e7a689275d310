"""The real Azure library against a server that answers as Azure Monitor does, and a real meterd."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.monitor.querymetrics import MetricsClient

from meterd.client import Client
from meterd.collect.collector import LOOK_BACK, SETTLING, CollectionFailed, Collector
from meterd.collect.servicebus import Namespace
from tests.collect.monitor import QUEUES, TOKEN, WITHOUT_QUEUES, Monitor, Refusal, refusal, value_of
from tests.process import Meterd

NOW = datetime(2026, 3, 1, 12, 7, 30, tzinfo=UTC)
END = NOW.replace(second=0) - SETTLING
MINUTES = [END - LOOK_BACK + timedelta(minutes=number) for number in range(LOOK_BACK // timedelta(minutes=1))]
"""Those that are collected at `NOW`."""


class StaticCredential:
    """What every credential of Azure's can do."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(TOKEN, 4102444800)


@pytest.fixture
def client(shared: Meterd) -> Iterator[Client]:
    with Client(shared.url, shared.token) as client:
        yield client


@pytest.fixture
def azure(monitor: Monitor, certificate: Path) -> Iterator[MetricsClient]:
    with MetricsClient(monitor.url, StaticCredential(), connection_verify=str(certificate), retry_total=0) as azure:
        yield azure


@pytest.fixture
def collector(azure: MetricsClient, client: Client, namespace: Namespace) -> Collector:
    return Collector(azure, client, namespace)


def stored(meterd: Meterd, namespace: Namespace, *group_by: str, **body: Any) -> list[dict[str, Any]]:
    """What the server has of a namespace."""
    mine = {"fieldName": "metadata.namespace", "operator": "EQUAL", "value": namespace.name}
    return meterd.points(datasource="queueMetrics", groupBy=list(group_by), filters=[mine], **body)


def by_minute(meterd: Meterd, namespace: Namespace, *group_by: str, **body: Any) -> list[dict[str, Any]]:
    """The same for each minute that has any."""
    days = {"startTs": "2026-03-01T00:00:00Z", "endTs": "2026-03-03T00:00:00Z"}
    return stored(meterd, namespace, *group_by, type="timeseries", interval="1 minute", **days, **body)


def minutes_of(points: list[dict[str, Any]]) -> set[datetime]:
    return {datetime.fromisoformat(point["startTimestamp"]) for point in points}


class TestSamples:
    def test_each_has_its_queue_metric_unit_minute_and_value(
        self, collector: Collector, shared: Meterd, namespace: Namespace
    ) -> None:
        collector.collect(NOW)
        units = {
            "IncomingMessages": "count",
            "Size": "bytes",
            "ServerSendLatency": "ms",
            "ReplicationLagDuration": "seconds",
        }
        total = {"type": "sum", "column": "value"}
        known = {
            (datetime.fromisoformat(point["startTimestamp"]), point["metric"], point["unit"], point["queue"]): (
                point["total"],
                point["sumValue"],
            )
            for point in by_minute(shared, namespace, "metric", "unit", "queue", aggregations=[total])
            if point["metric"] in units
        }
        expected = {
            (minute, metric, unit, queue): (1, pytest.approx(value))
            for minute, (metric, unit), queue in itertools.product(MINUTES, units.items(), (*QUEUES, None))
            if (value := value_of(metric, minute)) is not None
        }
        assert expected == known

    def test_some_metrics_are_of_the_namespace_only(
        self, collector: Collector, shared: Meterd, namespace: Namespace
    ) -> None:
        collector.collect(NOW)
        queues: dict[str, set[str | None]] = {}
        for point in stored(shared, namespace, "metric", "queue"):
            queues.setdefault(point["metric"], set()).add(point["queue"])
        assert {name: {None} if name in WITHOUT_QUEUES else {*QUEUES, None} for name in queues} == queues
        assert 21 == len(queues)

    def test_they_have_the_environment_that_is_wanted(
        self, azure: MetricsClient, client: Client, shared: Meterd, namespace: Namespace
    ) -> None:
        Collector(azure, client, namespace, environment="test").collect(NOW)
        assert {"test"} == {point["environment"] for point in stored(shared, namespace, "environment")}

    def test_minutes_that_may_still_change_are_left_out(
        self, collector: Collector, shared: Meterd, namespace: Namespace
    ) -> None:
        collector.collect(NOW)
        found = minutes_of(by_minute(shared, namespace))
        assert (MINUTES[0], MINUTES[-1]) == (min(found), max(found))


class TestQuestions:
    def test_are_asked_by_minute_with_the_aggregate_of_the_metric(self, collector: Collector, monitor: Monitor) -> None:
        collector.collect(NOW)
        assert {"PT1M"} == {asked["interval"] for asked in monitor.asked}
        aggregates = {name: asked["aggregation"] for asked in monitor.asked for name in asked["metricnames"].split(",")}
        expected = {
            "SuccessfulRequests": "total",
            "ActiveConnections": "total",
            "ConnectionsOpened": "average",
            "Size": "average",
            "ServerSendLatency": "average",
            "ReplicationLagCount": "maximum",
        }
        assert expected.items() <= aggregates.items()

    def test_cover_the_whole_time_in_pieces(self, collector: Collector, monitor: Monitor) -> None:
        collector.collect(NOW)
        pieces = sorted(
            (asked["starttime"], asked["endtime"]) for asked in monitor.asked if "Size" in asked["metricnames"]
        )
        times = [tuple(map(datetime.fromisoformat, piece)) for piece in pieces]
        hours = [END - LOOK_BACK + timedelta(hours=number) for number in range(4)]
        assert list(itertools.pairwise(hours)) == times


class TestAgain:
    def test_what_is_collected_twice_counts_once(
        self, collector: Collector, azure: MetricsClient, client: Client, shared: Meterd, namespace: Namespace
    ) -> None:
        collector.collect(NOW)
        collector.collect(NOW)
        Collector(azure, client, namespace).collect(NOW)
        points = by_minute(shared, namespace, "metric", "queue")
        assert {1} == {point["total"] for point in points}

    def test_a_later_collection_adds_what_has_happened_since(
        self, collector: Collector, shared: Meterd, namespace: Namespace, monitor: Monitor
    ) -> None:
        collector.collect(NOW)
        before = len(monitor.asked)
        collector.collect(NOW + timedelta(minutes=2))
        found = minutes_of(by_minute(shared, namespace))
        assert {END, END + timedelta(minutes=1)} <= found
        assert 4 == len(monitor.asked) - before

    def test_after_a_long_pause_not_everything_is_made_up(
        self, collector: Collector, shared: Meterd, namespace: Namespace
    ) -> None:
        collector.collect(NOW)
        collector.collect(NOW + timedelta(days=1))
        found = minutes_of(by_minute(shared, namespace))
        assert END + timedelta(days=1) - LOOK_BACK == min(minute for minute in found if minute > END)


class TestFailures:
    def test_metrics_that_fail_leave_the_others_and_are_made_up(
        self,
        collector: Collector,
        monitor: Monitor,
        shared: Meterd,
        namespace: Namespace,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monitor.refuse["Size"] = refusal(400, "BadRequest", "Failed to find metric configuration.")
        collector.collect(NOW)
        assert "Size" not in {point["metric"] for point in stored(shared, namespace, "metric")}
        assert "averages are not collected: (BadRequest) Failed to find metric configuration." in caplog.text

        monitor.refuse.clear()
        collector.collect(NOW)
        found = [point for point in by_minute(shared, namespace, "metric") if point["metric"] == "Size"]
        assert MINUTES[0] == min(minutes_of(found))

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            (refusal(403, "AuthorizationFailed", "The client may not."), "AuthorizationFailed"),
            (refusal(429, "Throttled", "Slow down."), "Throttled"),
            (Refusal(502, "<html>", "text/html"), "not one of Azure Monitor's"),
            (Refusal(200, "<html>", "text/html"), "not one of Azure Monitor's"),
            (Refusal(200, "[]"), "not one of Azure Monitor's"),
            (Refusal(200, '{"values": [{"value": [{"name": 1}]}]}'), "not one of Azure Monitor's"),
        ],
    )
    def test_nothing_at_all_is_an_error_that_says_why(
        self, collector: Collector, monitor: Monitor, answer: Refusal, sentence: str
    ) -> None:
        monitor.refuse = dict.fromkeys(
            ("SuccessfulRequests", "Size", "ReplicationLagCount", "ActiveConnections"), answer
        )
        with pytest.raises(CollectionFailed, match=sentence):
            collector.collect(NOW)

    def test_an_address_where_nobody_answers_is_an_error(self, client: Client, namespace: Namespace) -> None:
        with (
            MetricsClient("https://127.0.0.1:9", StaticCredential(), retry_total=0) as azure,
            pytest.raises(CollectionFailed, match="refused"),
        ):
            Collector(azure, client, namespace).collect(NOW)
