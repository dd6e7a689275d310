"""The page Classify."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import Complaints

HOSTILE = "<img src=x onerror=alert(1)>\U0001f600<b>bob@example.com</b>"


def find(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Find").click()


def test_what_is_found_is_marked_where_it_is_and_listed(page: Page) -> None:
    page.goto("/classify")
    find(page, "\U0001f600 card 4111 1111 1111 1111 of alice@example.com")

    marks = page.locator("mark")
    expect(marks).to_have_count(2)
    expect(marks.first).to_have_text("4111 1111 1111 1111CREDIT_CARD_NUMBER")
    row = page.get_by_role("region", name="What is found").get_by_role("row").filter(has_text="CREDIT_CARD")
    expect(row).to_contain_text("7–26")
    expect(row).to_contain_text("luhn")
    row.get_by_role("button").click()
    expect(marks.first).to_have_class("chosen")


def test_a_text_is_text_whatever_is_in_it(page: Page) -> None:
    page.goto("/classify")
    find(page, HOSTILE)

    expect(page.locator("mark")).to_have_text("bob@example.comEMAIL_ADDRESS")
    expect(page.locator(".marked")).to_contain_text("<img src=x onerror=alert(1)>")
    assert 0 == page.locator(".marked img").count()


def test_of_nothing_the_page_says_so(page: Page) -> None:
    page.goto("/classify")
    find(page, "nothing here")

    expect(page.get_by_role("main").get_by_role("status")).to_contain_text("Nothing found")


def test_an_error_is_said_and_the_text_stays(page: Page, complaints: Complaints) -> None:
    complaints.allow(r"/api/classify")
    page.goto("/classify")
    expect(page.get_by_label("Profile")).to_contain_text("classifiers)")
    page.route("**/api/classify", lambda route: route.abort("connectionrefused"))
    find(page, "some text")

    expect(page.get_by_role("alert")).to_contain_text("The server can't be reached")
    expect(page.get_by_label("Text", exact=True)).to_have_value("some text")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_is_readable_for_everybody(
    new_page: Callable[..., Page], administrator: StorageState, scheme: str, width: int
) -> None:
    page = new_page(administrator, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto("/classify")
    page.get_by_role("button", name="Use an example").click()
    page.get_by_role("button", name="Find").click()
    expect(page.locator("mark").first).to_be_visible()

    assert findings(page) == []
    assert width == page.evaluate("document.documentElement.scrollWidth")
