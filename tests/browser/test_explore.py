"""Explore in a browser: a question is chosen, answered, shared by its address; mistakes stand beside their part."""

import json
import subprocess
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.process import Meterd
from tests.web.facts import DAY, send_facts

WINDOW = f"window={DAY[0]}/{DAY[1]}"


@pytest.fixture(scope="module", autouse=True)
def _facts(server: Meterd) -> None:
    send_facts(server)


def choose(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).first.select_option(value)


def test_a_question_is_chosen_and_its_address_shows_it_to_others(page: Page, new_page: Callable[..., Page]) -> None:
    page.goto(f"/explore?{WINDOW}")
    choose(page, "Datasource", "guardrailMetrics")
    choose(page, "Picture", "top")
    choose(page, "Add a group", "guardrailResult")
    rows = page.locator("section.answer-table tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Aggregation", exact=True).click()
    choose(page, "Type", "max")

    expect(page.locator("section.answer-table")).to_contain_text("12 ms")
    address = page.url
    page.go_back()
    expect(page.locator("section.answer-table")).to_contain_text("22 ms")
    other = page.context.new_page()
    other.goto(address)
    expect(other.locator("section.answer-table")).to_contain_text("12 ms")
    expect(other.get_by_label("Datasource", exact=True)).to_have_value("guardrailMetrics")
    assert [] == findings(other)


def test_a_panel_opens_in_explore_with_its_question(page: Page) -> None:
    page.goto(f"/guardrails?{WINDOW}")
    page.get_by_label("Menu of Outcomes").click()
    page.get_by_role("menuitem", name="Open in Explore").click()

    expect(page.get_by_role("heading", name="Outcomes")).to_be_visible()
    expect(page.get_by_label("Datasource", exact=True)).to_have_value("guardrailMetrics")
    expect(page.get_by_label("Picture", exact=True)).to_have_value("bars")
    expect(page.locator("section.answer-table tbody tr")).to_have_count(3)


def test_values_are_suggested_when_they_are_wanted(page: Page) -> None:
    page.goto(f"/explore?{WINDOW}")
    page.get_by_role("button", name="Condition", exact=True).click()
    choose(page, "Field", "modelName")
    value = page.get_by_label("Value of modelName")
    value.focus()

    expect(page.locator("datalist option")).to_have_attribute("value", "large")
    value.fill("large")
    value.press("Enter")
    expect(page.locator("section.answer-table tbody tr").first).to_be_visible()


def test_a_mistake_stands_beside_what_it_is_about(page: Page, complaints: object) -> None:
    complaints.allow("status 400")  # type: ignore[attr-defined]
    query = {"datasource": "modelMetrics", "groupBy": ["nothing<b>"], "filters": ["$filters"]}
    page.goto(f"/explore?{WINDOW}&q={quote(json.dumps({'kind': 'top', 'query': query}))}")

    problem = page.locator('[data-part="groupBy"] .problem')
    expect(problem).to_contain_text('Unsupported modelMetrics groupBy field "nothing<b>"')
    page.get_by_label("Remove the group nothing<b>").click()
    expect(problem).to_be_hidden()
    expect(page.locator("section.answer-table tbody tr")).to_have_count(1)


@pytest.mark.parametrize("question", ["x", "{}", "[]", '{"kind":"pie","query":{"datasource":"x"}}', '{"query":7}'])
def test_an_address_that_holds_no_question_begins_with_one(page: Page, question: str) -> None:
    page.goto(f"/explore?{WINDOW}&q={quote(question)}")

    expect(page.get_by_label("Datasource", exact=True)).to_have_value("modelMetrics")
    expect(page.locator("section.answer-table tbody tr").first).to_be_visible()


def test_the_answer_leaves_as_a_command_and_as_a_file(page: Page, server: Meterd) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    query = {"datasource": "guardrailMetrics", "groupBy": ["guardrailResult"], "filters": ["$filters"]}
    page.goto(f"/explore?{WINDOW}&q={quote(json.dumps({'kind': 'top', 'query': query}))}")
    expect(page.locator("section.answer-table tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_text("Command copied")).to_be_visible()
    command = page.evaluate("() => navigator.clipboard.readText()")
    ran = subprocess.run(
        ["bash", "-c", command], env={"METERD_TOKEN": server.token, "PATH": "/usr/bin:/bin"}, capture_output=True
    )
    answered = {point["guardrailResult"]: point["total"] for point in json.loads(ran.stdout)["data"]["dataPoints"]}
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download CSV").click()
    head, *rows = downloading.value.path().read_text().splitlines()

    assert answered == {"pass": 2, "fail": 1, "error": 1}
    assert head == "total,guardrailResult"
    assert sorted(rows) == ["1,error", "1,fail", "2,pass"]


def test_filters_are_offered_of_the_fields_that_the_datasource_has(page: Page) -> None:
    page.goto(f"/explore?{WINDOW}")
    choose(page, "Datasource", "mcpMetrics")
    page.locator("#add-filter").click()
    offered = page.get_by_role("dialog", name="Filter")
    expect(offered.get_by_role("button", name="modelName", exact=True)).to_have_count(0)
    offered.get_by_role("button", name="toolName", exact=True).click()
    offered.get_by_role("button", name="search").click()

    expect(page.locator(".chip")).to_have_text("toolName is search")
    expect(page.locator("section.answer-table tbody tr")).to_have_count(1)


def test_a_question_is_saved_as_a_panel_which_is_changed_in_explore(page_of: Callable[..., Page]) -> None:
    page = page_of("ann@example.org")
    query = {"datasource": "guardrailMetrics", "groupBy": ["guardrailResult"], "filters": ["$filters"]}
    page.goto(f"/explore?{WINDOW}&q={quote(json.dumps({'kind': 'top', 'query': query}))}")
    page.get_by_role("button", name="Save to a dashboard").click()
    page.get_by_label("Title", exact=True).fill("Verdicts <b>")
    page.get_by_label("Title of the dashboard").fill("Own")
    assert [] == findings(page)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="Own")).to_be_visible()
    expect(page.get_by_role("heading", name="Verdicts <b>")).to_be_visible()
    page.get_by_label("Menu of Verdicts <b>").click()
    page.get_by_role("menuitem", name="Change the panel").click()
    choose(page, "Picture", "table")
    page.get_by_role("button", name="Save the panel").click()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".panel")).to_have_count(1)
    expect(page.locator(".panel.kind-table tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Dashboard", exact=True).click()
    page.get_by_role("menuitem", name="Add a panel").click()
    expect(page.get_by_label("Datasource", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save to a dashboard").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".panel")).to_have_count(2)


def test_many_groups_and_dark_colours_are_readable(
    new_page: Callable[..., Page], administrator: object, server: Meterd
) -> None:
    rows = [{"createdAt": "2021-04-01T12:00:00Z", "agentName": f"agent-{each:05}"} for each in range(10_000)]
    for start in range(0, len(rows), 2_500):
        some = server.ingest(rows[start : start + 2_500], "agentMetrics", **{"Idempotency-Key": f"agents {start}"})
        assert 200 == some.status_code, some.text
    page = new_page(administrator, color_scheme="dark")
    query = {"datasource": "agentMetrics", "groupBy": ["agentName"], "filters": ["$filters"]}
    window = "window=2021-04-01T00:00:00Z/2021-04-02T00:00:00Z"
    page.goto(f"/explore?{window}&q={quote(json.dumps({'kind': 'lines', 'query': query}))}")

    expect(page.locator(".pages")).to_contain_text("1 to 50 of 10,000")
    expect(page.locator("#p-answer")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#p-answer .legend")).to_contain_text("other (9,989)")
    assert [] == findings(page)
