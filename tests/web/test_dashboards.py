"""The dashboards that come with meterd: a real server answers every panel."""

from typing import Any

import pytest

from meterd.api.gateway.datasources import datasources
from meterd.web.builtin import NAMES, builtin_dashboards
from meterd.web.declaration import COLUMNS, OVER_TIME, Panel, Share, Where, declared, filled
from meterd.web.pages import PAGES
from tests.process import METRICS, Meterd
from tests.web.browser import boot, signed_in
from tests.web.facts import DAY, send_facts

DASHBOARDS = builtin_dashboards(datasources())
PANELS = {f"{name}/{panel.id}": panel for name, dashboard in DASHBOARDS.items() for panel in dashboard.panels}
VALUES = {"$start": DAY[0], "$end": DAY[1], "$interval": "6 hour", "$zone": "Europe/Berlin"}
UNITS = {
    "usd": ("CostInUSD", "CostSavings"),
    "ms": ("Ms", "Value"),
    "tokens": ("Tokens",),
    "count": ("total", "sumValue"),
}
"""How keys end whose values have a unit."""


@pytest.fixture(scope="module")
def facts(shared: Meterd) -> Meterd:
    send_facts(shared)
    return shared


def ask(meterd: Meterd, panel: Panel, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points of a panel on a page with filters."""
    answer = meterd.client.post(f"{METRICS}/query", json=filled(panel.query, VALUES, filters))
    assert 200 == answer.status_code, answer.text
    points: list[dict[str, Any]] = answer.json()["data"]["dataPoints"]
    return points


def shown(panel: Panel) -> list[str]:
    """The keys of an answer that a panel shows."""
    if isinstance(panel.value, Share):
        part = list(panel.value.part.where) if isinstance(panel.value.part, Where) else [panel.value.part]
        return [panel.value.of, *part]
    return [panel.value, *panel.series]


@pytest.mark.parametrize("name", PANELS)
def test_each_panel_is_answered_with_what_it_shows(facts: Meterd, name: str) -> None:
    panel = PANELS[name]

    points = ask(facts, panel, [])

    if "ai_guard.classification" in str(panel.query):  # nobody can send it
        assert [] == [point for point in points if point["total"]]
        return
    assert points
    assert all(key in point for point in points for key in shown(panel))
    assert any(point[panel.value] for point in points) if isinstance(panel.value, str) else points


@pytest.mark.parametrize("name", PANELS)
def test_each_panel_says_what_it_is_in_a_unit_that_its_values_have(name: str) -> None:
    panel = PANELS[name]

    assert panel.description
    assert not panel.description.endswith(".")
    assert panel.title[0].isupper()
    if isinstance(panel.value, Share):
        assert "share" == panel.unit
    elif not panel.value.startswith("histogram"):
        assert panel.value.endswith(UNITS[panel.unit]), panel.value


def test_figures_of_the_overview_follow_from_the_facts(facts: Meterd) -> None:
    panels = {panel.id: panel for panel in DASHBOARDS["overview"].panels}

    def figure(name: str) -> float:
        panel = panels[name]
        points = ask(facts, panel, [])
        if isinstance(panel.value, str):
            return float(points[0][panel.value])
        assert isinstance(panel.value.part, Where)
        wanted = panel.value.part.where.items()
        part = [point for point in points if all(point[field] in values for field, values in wanted)]
        return float(sum(point["total"] for point in part) / sum(point["total"] for point in points))

    assert 4 == figure("calls")
    assert 0.06 == pytest.approx(figure("cost"))
    assert (0.25, 0.25, 0.5) == (figure("failure-rate"), figure("block-rate"), figure("cache-hit-rate"))


@pytest.mark.parametrize("name", NAMES)
def test_filters_of_a_page_reach_the_panels_whose_datasource_has_them(facts: Meterd, name: str) -> None:
    known = datasources()
    dashboard = DASHBOARDS[name]
    for each in dashboard.filters:
        narrowed = 0
        for panel in dashboard.panels:
            field = known[panel.query.datasource].find(each.field)
            if field is None or not field.operators:
                continue
            operator = "ARRAY_HAS_ANY" if "ARRAY_HAS_ANY" in field.operators else "IN"
            assert operator in field.operators
            nobody = {"fieldName": each.field, "operator": operator, "value": ["nobody"]}
            assert [] == [point for point in ask(facts, panel, [nobody]) if point["total"]]
            narrowed += 1
        assert narrowed


@pytest.mark.parametrize("name", NAMES)
def test_a_page_knows_its_dashboard(shared: Meterd, name: str) -> None:
    with signed_in(shared) as client:
        known: dict[str, Any] = boot(client.get(f"/{name}"))

    assert DASHBOARDS[name] == declared(known["dashboard"], datasources())
    assert {"builtIn": True, "mayChange": False, "revision": 0}.items() <= known["saved"].items()


@pytest.mark.parametrize("name", NAMES)
def test_panels_fill_rows_of_the_grid(name: str) -> None:
    """Panels beside each other are of one height, and leave no hole."""
    row: list[Panel] = []
    for panel in DASHBOARDS[name].panels:
        row.append(panel)
        assert row[0].height == panel.height, panel.id
        width = sum(each.width for each in row)
        assert width <= COLUMNS, panel.id
        if width == COLUMNS:
            row = []
    assert [] == row


def test_each_dashboard_is_a_page_and_links_lead_to_pages() -> None:
    paths = {page.path for page in PAGES}
    titles = {page.name: page.title for page in PAGES if page.script == "dashboard.js"}

    assert {name: dashboard.title for name, dashboard in DASHBOARDS.items()} | {"dashboard": "Dashboard"} == titles
    assert all(panel.link in paths for panel in PANELS.values() if panel.link)
    assert all(
        (panel.query.interval, panel.query.timezone)
        == (("$interval", "$zone") if panel.kind in OVER_TIME else (None,) * 2)
        for panel in PANELS.values()
    )
