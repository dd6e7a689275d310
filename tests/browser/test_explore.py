"""Explore in a browser: a question is chosen, answered, shared by its address; mistakes stand beside their part."""

import json
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
