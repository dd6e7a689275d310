"""The exporter `onetrust` against a real receiver."""

import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from meterd.datasets import METER_EVENTS
from meterd.errors import ConfigurationError
from meterd.export.onetrust import OneTrust
from meterd.export.series import Reader
from meterd.settings import MetricsExporter
from meterd.telemetry import Telemetry
from tests.export.events import HOUR, event
from tests.export.receivers import HttpReceiver
from tests.query.reference import RealEngine

PATH = "/api/discovery-platform/v1/send-async"


@contextlib.asynccontextmanager
async def exporting(
    store: RealEngine, url: str, telemetry: Telemetry | None = None, **options: Any
) -> AsyncIterator[OneTrust]:
    settings = MetricsExporter(collector_endpoint=url, initial_backoff=0.01, **{"max_retry_duration": 5.0} | options)
    exporter = OneTrust(
        settings, Reader(store.engine, (), settings.histogram_boundaries, 1000), telemetry or Telemetry()
    )
    try:
        yield exporter
    finally:
        await exporter.close()


async def test_a_window_is_posted_as_one_entry_for_each_statistic(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.agent", 10), event("ai_guard.agent", 40), event("ai_guard.user", 3)])
    with HttpReceiver() as receiver:
        async with exporting(store, f"{receiver.url}/base/") as exporter:
            assert await exporter.send(HOUR)

    assert [f"/base{PATH}"] == receiver.paths
    entries = json.loads(receiver.bodies[0])["metrics"]
    assert {(each["name"], each["statistic"]): each["value"] for each in entries} == {
        ("ai_guard.agent", "AVG"): 25,
        ("ai_guard.agent", "MIN"): 10,
        ("ai_guard.agent", "MAX"): 40,
        ("ai_guard.agent", "P99"): 40,
        ("ai_guard.user", "COUNT"): 3,
    }
    for each in entries:
        assert {"agent_id": "bot", "platform": "DATABRICKS"} == each["attributes"]
        assert ("2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z") == (each["intervalStart"], each["intervalEnd"])


async def test_a_window_in_which_nothing_happened_is_not_sent(store: RealEngine) -> None:
    with HttpReceiver() as receiver:
        async with exporting(store, receiver.url) as exporter:
            assert await exporter.send(HOUR)

    assert [] == receiver.bodies


@pytest.mark.parametrize("failures", [[503], [500, 429, 502, 408], [0], [0, 503, 0]])
async def test_what_may_pass_is_tried_again(store: RealEngine, failures: list[int]) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with HttpReceiver() as receiver:
        receiver.script.extend(failures)
        async with exporting(store, receiver.url) as exporter:
            assert await exporter.send(HOUR)

    assert len(failures) + 1 == len(receiver.bodies)
    assert 1 == len(set(receiver.bodies))


@pytest.mark.parametrize("status", [400, 401, 404, 413, 302])
async def test_any_other_refusal_is_final_and_logged(store: RealEngine, status: int) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with HttpReceiver() as receiver, structlog.testing.capture_logs() as logs:
        receiver.always = status
        async with exporting(store, receiver.url) as exporter:
            assert not await exporter.send(HOUR)

    assert 1 == len(receiver.bodies)
    assert ["an interval is not exported, and will not be"] == [
        line["event"] for line in logs if line["log_level"] == "error"
    ]


@pytest.mark.parametrize("status", [503, 0])
async def test_a_window_is_given_up_when_retrying_took_too_long(store: RealEngine, status: int) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with HttpReceiver() as receiver:
        receiver.always = status
        async with exporting(store, receiver.url, max_retry_duration=2.0) as exporter:
            assert not await exporter.send(HOUR)

    assert len(receiver.bodies) > 1


async def test_a_collector_that_is_not_there_is_given_up_too(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with HttpReceiver() as receiver:
        url = receiver.url
    async with exporting(store, url, max_retry_duration=0.2) as exporter:
        assert not await exporter.send(HOUR)


def agents(*names: str) -> list[dict[str, Any]]:
    return [event("ai_guard.user", 1, agent=name) for name in names]


def received(receiver: HttpReceiver) -> list[str]:
    """Agents in the bodies that were taken."""
    taken = [body for body in receiver.bodies if receiver.judge(body) == 200]
    return sorted(each["attributes"]["agent_id"] for body in taken for each in json.loads(body)["metrics"])


def set_aside(telemetry: Telemetry) -> float | None:
    return telemetry.registry.get_sample_value("meterd_export_series_set_aside_total", {"exporter": "onetrust"})


async def test_messages_are_bounded_by_bytes(store: RealEngine) -> None:
    names = sorted(f"agent-{number}-{'x' * (number % 400)}" for number in range(200))
    store.append(METER_EVENTS, agents(*names))
    with HttpReceiver() as receiver:
        async with exporting(store, receiver.url, max_message_bytes=4096) as exporter:
            assert await exporter.send(HOUR)

    assert names == received(receiver)
    assert 4096 >= max(map(len, receiver.bodies)) > 2048


async def test_a_series_that_is_refused_is_set_aside_and_no_other_is(store: RealEngine) -> None:
    names = [f"agent-{number:02}" for number in range(40)]
    store.append(METER_EVENTS, agents("poison", *names))
    telemetry = Telemetry()
    with HttpReceiver() as receiver:
        receiver.judge = lambda body: 400 if b"poison" in body else 200
        async with exporting(store, receiver.url, telemetry) as exporter:
            assert await exporter.send(HOUR)
            assert names == received(receiver)
            assert 1 == set_aside(telemetry)
            receiver.bodies.clear()
            assert await exporter.send(HOUR)

    assert 1 == len(receiver.bodies)
    assert names == received(receiver)


async def test_a_message_that_is_too_large_for_the_collector_is_halved(store: RealEngine) -> None:
    names = [f"agent-{number:02}" for number in range(40)]
    store.append(METER_EVENTS, agents(*names))
    telemetry = Telemetry()
    with HttpReceiver() as receiver:
        receiver.judge = lambda body: 413 if len(body) > 2000 else 200
        async with exporting(store, receiver.url, telemetry) as exporter:
            assert await exporter.send(HOUR)

    assert names == received(receiver)
    assert 0 == set_aside(telemetry)


async def test_a_collector_that_takes_nothing_is_not_asked_about_each_series(store: RealEngine) -> None:
    store.append(METER_EVENTS, agents(*(f"agent-{number}" for number in range(500))))
    telemetry = Telemetry()
    with HttpReceiver() as receiver:
        receiver.always = 400
        async with exporting(store, receiver.url, telemetry) as exporter:
            assert not await exporter.send(HOUR)

    assert len(receiver.bodies) <= 65
    assert 0 == set_aside(telemetry)


async def test_a_trusted_root_and_its_address_are_used(store: RealEngine, authority: Path, tls: ssl.SSLContext) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 3)])
    with HttpReceiver(tls) as receiver:
        there: dict[str, Any] = {"trusted_root_address": f"127.0.0.1:{receiver.port}"}
        url = "https://collector.test:8443"
        async with exporting(store, url, trusted_root_path=str(authority), **there) as exporter:
            assert await exporter.send(HOUR)
        async with exporting(store, url, **there) as exporter:
            assert not await exporter.send(HOUR)
        async with exporting(store, "https://other.test", trusted_root_path=str(authority), **there) as exporter:
            assert not await exporter.send(HOUR)

    assert ["collector.test:8443"] == receiver.hosts


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"collector_endpoint": "collector:8080"}, "collector-endpoint"),
        ({"collector_endpoint": "http://ann:secret@collector"}, "collector-endpoint"),
        ({"trusted_root_address": "http://x/y"}, "trusted-root-address"),
        ({"trusted_root_path": "/nowhere.pem"}, "trusted-root-path"),
    ],
)
def test_what_cannot_be_used_is_named(store: RealEngine, options: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as refusal:
        OneTrust(MetricsExporter(**options), Reader(store.engine, (), (1.0,), 1), Telemetry())
    assert "secret" not in refusal.value.message
