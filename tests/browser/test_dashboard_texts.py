"""Dashboards with what others wrote, and with much of it: names are text, and 10,000 groups freeze nothing."""

import ast
import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboards import DAY, HOSTILE, declared, mount, panel, send, send_day
from tests.process import Meterd

HOSTILE_DAY = "window=2025-04-01T00:00:00Z/2025-04-02T00:00:00Z"
MANY_DAY = "window=2025-05-01T00:00:00Z/2025-05-02T00:00:00Z"
GROUPS = 10_000


@pytest.fixture(scope="module", autouse=True)
def facts(server: Meterd) -> None:
    send_day(server)
    hostile = {
        "modelName": HOSTILE,
        "providerAccountType": HOSTILE,
        "errorCode": HOSTILE,
        "teams": [HOSTILE],
        "createdBySubjectSlug": HOSTILE,
        "metadata": {"note": HOSTILE},
        "latencyMs": 10,
    }
    rows = [hostile | {"createdAt": f"2025-04-01T{hour:02}:00:00Z"} for hour in range(24)]
    send(server, "modelMetrics", rows, "hostile")
    many = [
        {"createdAt": f"2025-05-01T{number % 24:02}:00:00Z", "modelName": f"model-{number:05}", "inputTokens": number}
        for number in range(GROUPS)
    ]
    for start in range(0, GROUPS, 2500):
        send(server, "modelMetrics", many[start : start + 2500], f"many {start}")


def test_names_are_text_in_every_place(page: Page) -> None:
    page.goto(f"/overview?{HOSTILE_DAY}")
    page.on("dialog", lambda dialog: pytest.fail(f"a name ran: {dialog.message}"))
    mount(
        page,
        declared("chart", "bars", title=HOSTILE, groupBy=["modelName"], interval="12 hours"),
        declared("top", "top", groupBy=["team"]),
        declared("table", "table", groupBy=["userEmail", "metadata.note"]),
        declared("number", "number", title=HOSTILE),
        title=HOSTILE,
    )
    chart = panel(page, "chart")
    expect(chart.get_by_role("heading")).to_have_text(HOSTILE)
    expect(chart.locator(".legend button")).to_have_text(HOSTILE)
    chart.locator(".chart").hover(position={"x": 150, "y": 60})
    expect(chart.locator(".readout .name").first).to_have_text(HOSTILE)
    expect(panel(page, "table").locator("td button").first).to_have_text(HOSTILE)
    expect(panel(page, "number").locator(".value")).to_have_text("24")
    panel(page, "top").get_by_role("button", name=HOSTILE).click()

    expect(page.locator(".chip .text")).to_have_text(f"Team is {HOSTILE}")
    expect(panel(page, "top").locator("button.name")).to_have_text(HOSTILE)
    page.reload()
    expect(page.locator(".chip .text")).to_have_text(f"Team is {HOSTILE}")
    assert page.locator("img, b:not(.chip b)").count() == 0


def test_a_table_of_many_groups_is_paged_and_sorted(page: Page) -> None:
    page.goto(f"/overview?{MANY_DAY}")
    sums = [{"type": "sum", "column": "inputTokens"}]
    mount(page, declared("many", "table", groupBy=["modelName"], aggregations=sums))
    many = panel(page, "many")
    expect(many.locator("tbody tr")).to_have_count(50)
    expect(many.locator(".pages")).to_contain_text("1 to 50 of 10,000")
    many.get_by_role("button", name="Input tokens").click()
    expect(many.locator("tbody tr").first).to_contain_text("model-09999")
    expect(many.get_by_role("columnheader", name="Input tokens")).to_have_attribute("aria-sort", "descending")
    many.get_by_role("button", name="Next").click()
    expect(many.locator("tbody tr").first).to_contain_text("model-09949")
    many.get_by_role("button", name="Input tokens").click()
    expect(many.locator("tbody tr").first).to_contain_text("model-00050")


def test_a_chart_draws_the_largest_of_many_and_says_how_many_are_left(page: Page) -> None:
    page.goto(f"/overview?{MANY_DAY}")
    p50 = [{"type": "p50", "column": "inputTokens"}]
    mount(
        page,
        declared("sums", "areas", groupBy=["modelName"], interval="6 hours"),
        declared("medians", "lines", groupBy=["modelName"], aggregations=p50, interval="6 hours")
        | {"value": "p50InputTokens"},
        declared("top", "top", groupBy=["modelName"], orderBy="total", limit=5, other=True),
    )
    expect(panel(page, "sums").locator(".legend > *")).to_have_count(12)
    expect(panel(page, "sums").locator(".legend > *").last).to_have_text(re.compile(r"^other \(9,989\)$"))
    expect(panel(page, "medians").locator(".legend")).to_contain_text("9989 smaller ones are not drawn")
    expect(panel(page, "top").locator("li").last).to_have_text(re.compile(r"^other \(9,995\)9,995"))


def test_what_a_panel_asked_can_be_copied_and_kept(
    new_page: Callable[..., Page], administrator: object, server: Meterd
) -> None:
    page = new_page(administrator, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/overview?{DAY}&f=modelName:IN:alpha")
    menu = panel(page, "cost-by-user").get_by_role("button", name="Menu of Cost by user")
    menu.click()
    page.get_by_role("menuitem", name="Copy as curl").click()
    command = page.evaluate("() => navigator.clipboard.readText()")
    body = json.loads(command.split("-d '")[1].rstrip("'"))
    points = server.query(**body).json()["data"]["dataPoints"]
    assert [point["createdBySubjectSlug"] for point in points] == ["ann@example.org"]

    menu.click()
    page.get_by_role("menuitem", name="Copy as Python").click()
    program = page.evaluate("() => navigator.clipboard.readText()")
    environment = os.environ | {"METERD_TOKEN": server.token}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(printed.stdout) == points[0]

    menu.click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Download CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert [row["createdBySubjectSlug"] for row in rows] == ["ann@example.org"]
    assert rows[0]["total"] == "24"


def test_a_table_is_behind_each_chart(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    chart = panel(page, "calls-by-model")
    chart.get_by_role("button", name="Menu of Calls by model").click()
    page.get_by_role("menuitem", name="Show as table").click()
    expect(chart.get_by_role("columnheader")).to_have_text(["Time (UTC)", "Model name", "Total"])
    expect(chart.locator("tbody tr").first).to_have_text("3 Mar 2025, 00:00:00alpha1")
    chart.get_by_role("button", name="Menu of Calls by model").click()
    page.get_by_role("menuitem", name="Show the picture").click()
    expect(chart.locator("canvas")).to_be_visible()
