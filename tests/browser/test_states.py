"""What pages say and draw when there is little or nothing, or when something failed."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from playwright.sync_api import Page, expect

from meterd.access import Scope
from meterd.api.gateway.datasources import datasources
from meterd.web.builtin import builtin_dashboards
from meterd.web.declaration import filled
from tests.browser.conftest import Complaints
from tests.browser.dashboards import QUERY, declared, mount, panel, send
from tests.process import Meterd

_FIRST_FACTS = """async (queries) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { firstFact } = await import(`${folder}questions.js`);
  return queries.map(firstFact);
}"""
_COLOURED = """() => {
  const canvas = document.querySelector("#p-own canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let place = 0; place < data.length; place += 4) {
    const [red, green, blue] = data.slice(place, place + 3);
    if (data[place + 3] > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) coloured += 1;
  }
  return coloured;
}"""
"""How many pixels of a chart have a colour: axes, lines of the grid and labels are grey."""
_PERCENTILE = [{"type": "p90", "column": "latencyMs"}]
_LOOKUP_PERCENTILE = [{"type": "p90", "column": "cacheLookupLatencyMs"}]
_COUNTED = {"findings", "findings-by-classifier", "top-classifiers"}
"""Panels of what only AI Guard counts, itself."""
_OF_SENDERS = {"cost-by-team", "blocks-by-team", "cost-by-account"}
"""Panels by teams and virtual accounts: an administrator's token is of none."""


def test_the_first_fact_that_each_panel_offers_is_taken_and_fills_it(page: Page, server: Meterd) -> None:
    now = datetime.now(UTC)
    window = {"$start": (now - timedelta(hours=1)).isoformat(), "$end": (now + timedelta(hours=1)).isoformat()}
    panels = [each for board in builtin_dashboards(datasources()).values() for each in board.panels]
    page.goto("/overview")
    commands = page.evaluate(_FIRST_FACTS, msgspec.to_builtins([each.query for each in panels]))
    others = page.evaluate(_FIRST_FACTS, [{"datasource": name} for name in datasources()])

    for command in {each for each in (*commands, *others) if each}:
        sent = subprocess.run(
            ["bash", "-c", command], env={"METERD_TOKEN": server.token, "PATH": "/usr/bin:/bin"}, capture_output=True
        )
        assert sent.stdout == b'{"accepted":1}', (command, sent)
    values = window | {"$interval": "1 hour", "$zone": "UTC"}
    answers = [server.points(**filled(each.query, values)) for each in panels]
    assert _COUNTED == {each.id for each, command in zip(panels, commands, strict=True) if not command}
    unfilled = {each.id for each, points in zip(panels, answers, strict=True) if not any(p["total"] for p in points)}
    assert _COUNTED | _OF_SENDERS == unfilled


def test_a_panel_of_some_facts_says_that_those_are_missing_and_where_they_come_from(page: Page) -> None:
    window = "window=2001-01-01T00:00:00Z/2001-01-02T00:00:00Z"
    page.goto(f"/overview?{window}")
    expect(panel(page, "failures")).to_contain_text("No model calls of this kind here")
    expect(panel(page, "calls-by-model")).to_contain_text("No model calls here")
    mount(page, declared("own", "bars", datasource="requestMetrics"))
    expect(panel(page, "own")).to_contain_text("Each call of a service of this server is one")


def test_a_fact_of_a_bucket_that_is_not_over_is_seen_though_it_makes_no_line(page: Page, server: Meterd) -> None:
    send(server, "modelMetrics", [{"modelName": "lone", "latencyMs": 850}], "a fact of now")

    page.goto("/ai-guard?window=1h&f=modelName:IN:lone")
    mount(page, declared("own", "lines", aggregations=_PERCENTILE) | {"unit": "ms", "value": "p90LatencyMs"})
    expect(panel(page, "own").locator("canvas")).to_be_visible()

    assert page.evaluate(_COLOURED) > 10


def test_facts_without_what_a_panel_draws_are_no_chart_without_lines(page: Page, server: Meterd) -> None:
    row = {"createdAt": "2025-06-03T12:00:00Z", "modelName": "beta", "cacheLookupStatus": "hit"}
    send(server, "modelMetrics", [row], "a look-up without latency")
    lines = declared("own", "lines", datasource="cacheMetrics", aggregations=_LOOKUP_PERCENTILE)

    page.goto("/ai-guard?window=2025-06-03T00:00:00Z/2025-06-04T00:00:00Z")
    mount(page, lines | {"value": "p90CacheLookupLatencyMs", "description": "How long it took"})

    expect(panel(page, "own")).to_contain_text("none says what this panel shows: How long it took")


def test_what_is_forbidden_is_said_once_and_by_whom_it_can_be_allowed(
    page_of: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.allow("^status 403: ")
    page = page_of("sender", scopes=(Scope.INGEST,))
    said = 'The token lacks the scope "query". Whoever runs this server can make a token that may.'

    page.goto("/overview")
    expect(panel(page, "calls-by-model").get_by_role("alert").locator("p")).to_have_text(said)
    page.goto("/usage")
    expect(page.locator("#statement").get_by_role("alert").locator("p")).to_have_text(said)
    page.goto("/sessions")
    expect(page.locator("#list").get_by_role("alert").locator("p")).to_have_text(said)


@pytest.mark.parametrize(
    ("path", "asked", "place", "filled_with"),
    [
        ("/overview?window=1h", QUERY, "#p-calls", ".value"),
        ("/sessions", "**/api/data/sessions/list?*", "#list", "pre"),
        ("/usage", "**/api/metric/v1*", "#series", "select"),
    ],
)
def test_a_server_that_is_gone_is_asked_again_from_where_that_is_said(
    page: Page, complaints: Complaints, path: str, asked: str, place: str, filled_with: str
) -> None:
    complaints.allow("^failed: .*ERR_CONNECTION_REFUSED")
    page.route(asked, lambda route: route.abort("connectionrefused"))

    page.goto(path)
    alert = page.locator(place).get_by_role("alert")
    expect(alert.locator("strong")).to_have_text("The server can't be reached")
    expect(alert.locator("p")).to_have_text("Look whether it runs, then ask again.")
    page.unroute(asked)
    page.locator(place).get_by_role("button", name="Ask again").click()

    expect(page.locator(place).locator(filled_with).first).to_be_visible()
