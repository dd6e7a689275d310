"""The exporter `otlp` of a real meterd against collectors made of OpenTelemetry's own protobufs."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from meterd.datasets import METER_EVENTS
from meterd.errors import ConfigurationError
from meterd.export.otlp import Otlp
from meterd.export.series import Reader
from meterd.settings import MetricsExporter
from meterd.telemetry import Telemetry
from tests.export.events import HOUR, body, event
from tests.export.receivers import Collector, GrpcCollector, HttpCollector, HttpReceiver
from tests.process import Meterd
from tests.query.reference import RealEngine

COLLECTORS = {"grpc": GrpcCollector, "http": HttpCollector}
Totals = dict[tuple[str, tuple[tuple[str, Any], ...]], int]


def environment(url: str, protocol: str) -> dict[str, str]:
    """An export every second, of what is three seconds old."""
    return {
        "METERD_SERVICE__TIMEOUT": "1",
        "METERD_METRICS__EXPORTER__TYPE": "otlp",
        "METERD_METRICS__EXPORTER__PROTOCOL": protocol,
        "METERD_METRICS__EXPORTER__COLLECTOR_ENDPOINT": url,
        "METERD_METRICS__EXPORTER__INTERVAL": "1",
        "METERD_METRICS__EXPORTER__MAX_RETRY_DURATION": "2",
    }


def send(meterd: Meterd, number: int) -> None:
    """Send the event of a number, which says what it is, until it is taken: a busy machine may need more than a second.

    One that was recorded too late for its answer is there twice, in the store and at the collector alike.
    """
    agent = f"agent-{number % 3}"
    events = (
        body("ai_guard.user", number, agent, new_session="true"),
        body("ai_guard.redact", 1, agent, action="block", actor="agent"),
        body("ai_guard.agent", number * 37 % 12_000, agent),
    )
    for _ in range(60):
        response = meterd.client.post("/metric", json=events[number % len(events)])
        if response.status_code == 200:
            return
        assert "(service.timeout)" in response.text
    raise AssertionError("no event was taken in a minute")


@contextlib.contextmanager
def sending(meterd: Meterd) -> Iterator[None]:
    """Events arrive all the time; leave after `kill`."""

    def work() -> None:
        with contextlib.suppress(httpx2.TransportError):
            for number in range(1_000_000):
                send(meterd, number)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


def stored(meterd: Meterd) -> Totals:
    """What the store holds: sums of counters, and how many samples a histogram has."""
    points = meterd.points(
        datasource="aiGuardMetrics",
        groupBy=["meter", "agent", "platform", "new_session", "action", "actor"],
        aggregations=[{"type": "sum", "column": "value"}],
    )
    wire = {"agent": "agent_id"}
    totals: Totals = {}
    for point in points:
        of = {wire.get(key, key): point[key] for key in ("agent", "platform", "new_session", "action", "actor")}
        attributes = tuple(sorted((key, value) for key, value in of.items() if value is not None))
        is_histogram = point["meter"] == "ai_guard.agent"
        totals[point["meter"], attributes] = int(point["total"] if is_histogram else point["sumValue"])
    return totals


def received(collector: Collector) -> Totals:
    return {series: total.value for series, total in collector.totals().items()}


@pytest.mark.parametrize("protocol", COLLECTORS)
def test_a_collector_has_exactly_the_sums_of_the_store_through_a_kill(tmp_path: Path, protocol: str) -> None:
    with COLLECTORS[protocol]() as collector:
        meterd = Meterd(tmp_path, environment=environment(collector.url, protocol))
        with meterd, sending(meterd):
            collector.wait_for(collector.totals)
            meterd.kill()
        with meterd:
            for number in range(30):
                send(meterd, number)
            expected = stored(meterd)
            collector.wait_for(lambda: received(collector) == expected)
            send(meterd, 30)
            expected = stored(meterd)
        assert expected == received(collector)  # stopping exports what is not settled yet

    for series in collector.totals():
        points = [point for name, of, point in collector.points() if (name, of) == series]
        assert 1 == len({point.start for point in points})
        assert [point.time for point in points] == sorted(point.time for point in points)
        assert [point.value for point in points] == sorted(point.value for point in points)


def otlp(store: RealEngine, max_series: int = 100, kept: timedelta | None = None, **options: Any) -> Otlp:
    settings = MetricsExporter(type="otlp", **{"max_retry_duration": 2.0} | options)
    return Otlp(settings, Reader(store.engine, (), settings.histogram_boundaries, max_series), kept, Telemetry())


async def export(store: RealEngine, max_series: int = 100) -> GrpcCollector:
    """What a collector gets of the hour."""
    with GrpcCollector() as collector:
        exporter = otlp(store, max_series, collector_endpoint=collector.url)
        assert await exporter.send(HOUR)
        await exporter.close()
    return collector


async def test_data_points_say_what_the_contract_says(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.agent", 10), event("ai_guard.agent", 40), event("ai_guard.user", 3)])
    collector = await export(store)

    (request,) = collector.requests
    (resource,) = request.resource_metrics
    assert "ai-guard" == {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
    (scope,) = resource.scope_metrics
    assert "ai-guard-server" == scope.scope.name
    agent, user = scope.metrics
    assert ("ai_guard.agent", "ms", "ai_guard.user") == (agent.name, agent.unit, user.name)
    assert user.sum.is_monotonic
    for data in (agent.histogram, user.sum):
        assert AGGREGATION_TEMPORALITY_CUMULATIVE == data.aggregation_temporality
    (point,) = agent.histogram.data_points
    assert (2, 50.0, 10.0, 40.0) == (point.count, point.sum, point.min, point.max)
    assert list(MetricsExporter().histogram_boundaries) == list(point.explicit_bounds)
    assert {2: 1, 4: 1} == {place: count for place, count in enumerate(point.bucket_counts) if count}
    assert HOUR.start.timestamp() * 1e9 == point.start_time_unix_nano
    assert HOUR.end.timestamp() * 1e9 == point.time_unix_nano


async def test_series_beyond_the_limit_are_one_with_the_attribute_of_an_overflow(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1, minutes, agent=f"a{minutes}") for minutes in range(5)])
    (metric,) = (await export(store, max_series=2)).metrics()

    *_, rest = metric.sum.data_points
    assert [1, 1, 3] == [point.as_int for point in metric.sum.data_points]
    assert [("otel.metric.overflow", True)] == [(each.key, each.value.bool_value) for each in rest.attributes]


async def test_a_sum_that_is_no_integer_of_the_protocol_is_sent_as_a_float(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 2**64 - 1)])
    (metric,) = (await export(store)).metrics()

    assert float(2**64 - 1) == metric.sum.data_points[0].as_double


def names_of(collector: Collector) -> list[str]:
    return sorted(dict(of)["agent_id"] for _, of, _ in collector.points())


@pytest.mark.parametrize("protocol", COLLECTORS)
async def test_messages_are_bounded_by_bytes(store: RealEngine, protocol: str) -> None:
    names = sorted(f"agent-{number}-{'x' * (number % 400)}" for number in range(100))
    store.append(
        METER_EVENTS, [event(meter, 1, agent=name) for name in names for meter in ("ai_guard.agent", "ai_guard.user")]
    )
    with COLLECTORS[protocol]() as collector:
        exporter = otlp(store, 1000, collector_endpoint=collector.url, protocol=protocol, max_message_bytes=16_384)
        assert await exporter.send(HOUR)
        await exporter.close()

    assert sorted(names * 2) == names_of(collector)
    assert 16_384 >= max(request.ByteSize() for request in collector.requests) > 4096


async def test_a_message_that_is_too_large_for_a_grpc_collector_is_halved(store: RealEngine) -> None:
    names = sorted(f"agent-{number}" for number in range(200))
    store.append(METER_EVENTS, [event("ai_guard.user", 1, agent=name) for name in names])
    with GrpcCollector(max_bytes=4096) as collector:
        exporter = otlp(store, 1000, collector_endpoint=collector.url)
        assert await exporter.send(HOUR)
        await exporter.close()

    assert names == names_of(collector)


@pytest.mark.parametrize("protocol", COLLECTORS)
async def test_a_series_that_is_refused_is_set_aside_and_no_other_is(store: RealEngine, protocol: str) -> None:
    names = sorted(f"agent-{number}" for number in range(20))
    store.append(METER_EVENTS, [event("ai_guard.user", 1, agent=name) for name in ("poison", *names)])
    with COLLECTORS[protocol]() as collector:
        if isinstance(collector, HttpCollector):
            collector.judge = lambda body: 400 if b"poison" in body else 200
        else:
            collector.refuses = lambda request: b"poison" in request.SerializeToString()
        exporter = otlp(store, collector_endpoint=collector.url, protocol=protocol)
        assert await exporter.send(HOUR)
        assert names == names_of(collector)
        collector.requests.clear()
        assert await exporter.send(HOUR)
        await exporter.close()

    assert 1 == len(collector.requests)


@pytest.mark.parametrize("protocol", COLLECTORS)
async def test_a_collector_that_is_away_fails_the_export_only(store: RealEngine, protocol: str) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1)])
    with HttpReceiver() as receiver:
        url = receiver.url
    exporter = otlp(store, collector_endpoint=url, protocol=protocol, max_retry_duration=0.3)
    assert not await exporter.send(HOUR)
    await exporter.close()


@pytest.mark.parametrize("protocol", COLLECTORS)
async def test_a_trusted_root_and_its_address_are_used(
    store: RealEngine, authority: Path, tls: ssl.SSLContext, protocol: str
) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with secure(protocol, authority, tls) as (collector, port):

        def trusting(**options: Any) -> Otlp:
            return otlp(store, protocol=protocol, trusted_root_address=f"127.0.0.1:{port}", **options)

        for options, is_taken in (
            ({"collector_endpoint": "https://collector.test:4317", "trusted_root_path": str(authority)}, True),
            ({"collector_endpoint": "https://collector.test:4317"}, False),
            ({"collector_endpoint": "https://other.test:4317", "trusted_root_path": str(authority)}, False),
        ):
            exporter = trusting(max_retry_duration=2.0 if is_taken else 0.5, **options)
            assert is_taken == await exporter.send(HOUR)
            await exporter.close()

    assert 1 == len(collector.requests)


@contextlib.contextmanager
def secure(protocol: str, authority: Path, tls: ssl.SSLContext) -> Iterator[tuple[Collector, int]]:
    """A collector with a certificate of `collector.test`, and its port."""
    if protocol == "http":
        with HttpCollector(tls) as http:
            yield http, http.port
        return
    pair = (authority.with_suffix(".key").read_bytes(), authority.read_bytes())
    with GrpcCollector(grpc.ssl_server_credentials([pair])) as collector:
        yield collector, int(collector.url.rpartition(":")[2])


def test_an_otlp_exporter_needs_an_address(store: RealEngine) -> None:
    with pytest.raises(ConfigurationError, match="collector-endpoint"):
        otlp(store)
