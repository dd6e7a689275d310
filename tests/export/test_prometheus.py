"""`/export/prometheus` over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterd.access import Scope
from meterd.datasets import METER_EVENTS
from meterd.export.prometheus import PrometheusPage
from tests.export.events import body, event
from tests.process import Meterd, make_token
from tests.query.reference import RealEngine

PATH = "/export/prometheus"
ODD = 'a"b\\c\nd{},=é'
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Values by name and labels; a series that is there twice fails."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            key = (each.name, frozenset(each.labels.items()))
            assert key not in found, key
            found[key] = each.value
    return found


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def page(store: RealEngine, max_series: int = 100, allowed: tuple[str, ...] = ()) -> Samples:
    return samples((await PrometheusPage(store.engine, allowed, max_series, None).render(None)).decode())


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    with Meterd(tmp_path_factory.mktemp("prometheus")) as meterd:
        for each in (
            body("ai_guard.user", 2, ODD, new_session="true"),
            body("ai_guard.user", 3, ODD, new_session="true"),
            body("ai_guard.redact", 1, action="redact", actor="user"),
            body("ai_guard.agent", 599_000),
            body("ai_guard.agent", 1_000_000),
        ):
            assert meterd.client.post("/metric", json=each).status_code == 200
        yield meterd


def test_meters_are_counted_with_labels_as_they_are(meterd: Meterd) -> None:
    response = meterd.client.get(PATH)
    found = samples(response.text)

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 5 == found[key("ai_guard_user_total", agent_id=ODD, platform="DATABRICKS", new_session="true")]
    assert (
        1 == found[key("ai_guard_redact_total", agent_id="bot", platform="DATABRICKS", action="redact", actor="user")]
    )


def test_response_times_are_a_histogram_of_seconds_up_to_ten_minutes(meterd: Meterd) -> None:
    found = samples(meterd.client.get(PATH).text)
    bot = {"agent_id": "bot", "platform": "DATABRICKS"}

    assert 1599 == found[key("ai_guard_agent_seconds_sum", **bot)]
    assert 2 == found[key("ai_guard_agent_seconds_count", **bot)]
    counts = {
        bound: found[key("ai_guard_agent_seconds_bucket", le=bound, **bot)] for bound in ("300.0", "600.0", "+Inf")
    }
    assert {"300.0": 0, "600.0": 1, "+Inf": 2} == counts


def test_who_sends_a_token_sees_what_is_its_own(meterd: Meterd) -> None:
    def get(token: str | None) -> Samples:
        return samples(meterd.anonymous.get(PATH, headers={"authorization": f"Bearer {token}"}).text)

    stranger = make_token(meterd.data, "eve").token
    elsewhere = make_token(meterd.data, "root", tenant="other", tenant_admin=True).token
    for token in (stranger, elsewhere):
        assert {"meterd_export_dropped_series"} == {name for name, _ in get(token)}
    assert get(meterd.token) == samples(meterd.anonymous.get(PATH).text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"x-forwarded-for": "203.0.113.5"}, 401), ({"authorization": "Bearer wrong"}, 401), ({}, 200)],
)
def test_it_is_open_where_metrics_are(meterd: Meterd, headers: dict[str, str], status: int) -> None:
    assert status == meterd.anonymous.get(PATH, headers=headers).status_code


def test_a_token_needs_the_scope_of_queries(meterd: Meterd) -> None:
    token = make_token(meterd.data, "writer", scopes=(Scope.INGEST,)).token

    assert 403 == meterd.anonymous.get(PATH, headers={"authorization": f"Bearer {token}"}).status_code


async def test_series_beyond_the_limit_are_other_and_counted(store: RealEngine) -> None:
    rows = [event("ai_guard.user", 1, minutes, agent=f"a{minutes}", newSession="true") for minutes in range(5)]
    store.append(METER_EVENTS, rows)
    found = await page(store, max_series=2)

    users = {labels: value for (name, labels), value in found.items() if name == "ai_guard_user_total"}
    assert 3 == len(users)
    assert 3 == found[key("ai_guard_user_total", agent_id="other", platform="other", new_session="other")]
    assert 3 == found[key("meterd_export_dropped_series", metric="ai_guard_user")]
    assert 0 == found[key("meterd_export_dropped_series", metric="ai_guard_redact")]


async def test_what_was_collapsed_once_stays_so(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1, minutes, agent=f"a{minutes}") for minutes in range(4)])
    before = await page(store, max_series=2)
    store.append(METER_EVENTS, [event("ai_guard.user", 100, 50, agent=f"a{number}") for number in range(9)])
    after = await page(store, max_series=2)

    assert all(after[series] >= value for series, value in before.items())
    assert before.keys() == after.keys()


async def test_allowed_attributes_are_labels_and_odd_ones_do_no_harm(store: RealEngine) -> None:
    allowed = ("region", "cost.center", "cost_center", "le", "__name__", "9lives", "actor")
    odd: list[dict[str, Any]] = [
        {},
        {"region": ""},
        {"cost.center": "1", "cost_center": "2"},
        dict.fromkeys(allowed, "x"),
    ]
    for meter in ("ai_guard.agent", "ai_guard.user"):
        store.append(METER_EVENTS, [event(meter, 1, metadata=each) for each in odd])
    found = await page(store, allowed=allowed)

    users = {labels: value for (name, labels), value in found.items() if name == "ai_guard_user_total"}
    assert 4 == sum(users.values())
    assert {"", "1;2", "x;x"} == {dict(labels)["cost_center"] for labels in users}
    names = {
        "agent_id",
        "platform",
        "new_session",
        "region",
        "cost_center",
        "attribute_le",
        "attribute___name__",
        "_9lives",
        "actor",
    }
    assert {frozenset(names)} == {frozenset(dict(labels)) for labels in users}


async def test_pages_are_kept_for_a_moment(store: RealEngine) -> None:
    store.append(METER_EVENTS, [event("ai_guard.user", 1)])
    kept = PrometheusPage(store.engine, (), 10, None)
    before = await kept.render(None)
    store.append(METER_EVENTS, [event("ai_guard.user", 1)])

    assert before == await kept.render(None)
    assert before != await PrometheusPage(store.engine, (), 10, None).render(None)
