"""The page System."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import Complaints
from tests.process import Meterd


def test_an_administrator_sees_figures_limits_and_settings(page: Page, server: Meterd) -> None:
    assert 200 == server.ingest([{}] * 5).status_code
    page.goto("/system")

    facts = page.locator("#datasets").get_by_role("row").filter(has_text="guardrail_evaluations")
    expect(facts.get_by_role("cell")).to_have_text(["guardrail_evaluations", "5", "0", "5", "0"])
    expect(page.locator("#limits")).to_contain_text("query.max-waiting")
    expect(page.locator(".card").filter(has_text="Health")).to_contain_text("Works")
    expect(page.locator("#workers").get_by_role("row")).to_have_count(7)


def test_settings_are_found_by_name_and_value(page: Page) -> None:
    page.goto("/system")
    rows = page.locator("#settings").get_by_role("row")
    expect(rows.filter(has_text="query.timeout")).to_be_visible()

    page.get_by_label("Find a setting").fill("service.listen")

    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("by you")


def test_others_read_why_they_see_nothing(page_of: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow(r"^status 403: .*/system$")
    page = page_of("alice", teams=("red",))
    page.goto("/system")

    expect(page.get_by_role("main")).to_contain_text("for administrators of the tenant")
    page.goto("/classify")
    expect(page.get_by_role("link", name="System")).to_have_count(0)


def test_a_server_that_does_not_answer_leaves_the_old_figures_and_says_so(page: Page, complaints: Complaints) -> None:
    complaints.allow(r"/api/system")
    page.goto("/system")
    expect(page.locator(".card").filter(has_text="Health")).to_contain_text("Works")

    page.route("**/api/system", lambda route: route.abort("connectionrefused"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_role("alert")).to_contain_text("The figures are old")
    expect(page.locator("#limits")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_is_readable_for_everybody(
    new_page: Callable[..., Page], administrator: StorageState, scheme: str, width: int
) -> None:
    page = new_page(administrator, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto("/system")
    expect(page.get_by_role("heading", name="Settings in effect")).to_be_visible()

    assert findings(page) == []
    assert width == page.evaluate("document.documentElement.scrollWidth")
