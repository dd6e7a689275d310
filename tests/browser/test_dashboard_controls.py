"""What stands around dashboards: window, zone, comparison, refresh, themes, keys, and what screen readers get."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import Complaints
from tests.browser.dashboards import DAY, asked, declared, mount, panel, send_day
from tests.process import Meterd


@pytest.fixture(scope="module", autouse=True)
def facts(server: Meterd) -> None:
    send_day(server)


def test_windows_and_zones_are_chosen_and_stand_in_the_address(page: Page, site: str) -> None:
    page.goto("/models")
    page.get_by_role("button", name="Last 24 hours").click()
    page.get_by_role("button", name="Last 7 days").click()
    expect(page).to_have_url(f"{site}/models?window=7d")
    page.get_by_role("button", name="UTC").click()
    page.get_by_placeholder("City or region").fill("kolk")
    page.get_by_role("button", name="Asia/Kolkata").click()
    expect(page).to_have_url(f"{site}/models?window=7d&zone=Asia/Kolkata")

    page.get_by_role("button", name="Last 7 days").click()
    page.get_by_label("From").fill("2025-03-03T05:30")
    page.get_by_label("To", exact=True).fill("2025-03-02T05:30")
    page.get_by_role("button", name="Show this window").click()
    expect(page.get_by_role("alert").filter(has_text="later than the start")).to_be_visible()
    page.get_by_label("To", exact=True).fill("2025-03-04T05:30")
    page.get_by_role("button", name="Show this window").click()
    expect(page).to_have_url(re.compile("window=2025-03-03T00:00:00Z/2025-03-04T00:00:00Z"))
    expect(page.get_by_role("button", name="3 Mar 2025, 05:30 – 4 Mar 2025, 05:30")).to_be_visible()


def test_a_link_with_fixed_times_can_be_copied(new_page: Callable[..., Page], administrator: object, site: str) -> None:
    page = new_page(administrator, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/models?window=1h&f=modelName:IN:alpha")
    page.get_by_role("button", name="Last hour").click()
    page.get_by_role("button", name="Copy link with fixed times").click()
    expect(page.get_by_text("Link with fixed times copied")).to_be_visible()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert re.fullmatch(rf"{site}/models\?f=modelName:IN:alpha&window=20[^/]+Z/20[^/&]+Z", link)


def test_who_is_signed_out_meanwhile_comes_back_after_signing_in(page: Page, complaints: Complaints) -> None:
    complaints.allow("^status 401: ")
    page.goto(f"/overview?{DAY}")
    panel(page, "calls")
    page.context.clear_cookies()
    page.keyboard.press("r")
    expect(page).to_have_title("Sign in – meterd")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Foverview%3Fwindow%3D2025-03-03"))


def test_days_are_those_of_the_chosen_zone(page: Page) -> None:
    page.goto(f"/overview?{DAY}&zone=Asia/Kolkata")
    mount(page, declared("days", "bars", interval="1 day"))
    chart = panel(page, "days").locator(".chart")
    chart.hover(position={"x": 400, "y": 60})
    expect(chart.locator(".when")).to_have_text("4 Mar 2025 Asia/Kolkata, not whole")
    expect(chart.locator(".amount")).to_have_text("11")


def test_a_comparison_draws_the_window_before(page: Page) -> None:
    page.goto("/overview?window=2025-03-03T12:00:00Z/2025-03-04T00:00:00Z")
    expect(panel(page, "calls").locator(".compared")).to_have_text("unchanged")
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile("compare=previous"))
    chart = panel(page, "calls-by-model").locator(".chart")
    chart.hover(position={"x": 200, "y": 60})
    expect(chart.locator(".readout")).to_contain_text("Total, window before")


def test_live_figures_keep_the_place_and_stop_when_nobody_looks(page: Page) -> None:
    page.clock.install()
    page.goto(f"/overview?{DAY}&refresh=10s")
    for each in page.locator('[id^="p-"]').all():
        panel(page, (each.get_attribute("id") or "").removeprefix("p-"))
    menu = panel(page, "latency").get_by_role("button", name="Menu of Latency")
    menu.click()
    scrolled = page.evaluate("() => scrollY")
    questions = asked(page)
    page.clock.run_for(10_500)
    panel(page, "latency")
    assert questions
    expect(page.get_by_role("menu")).to_be_visible()
    assert page.evaluate("() => scrollY") == scrolled

    expect(page.locator('[id^="p-"][aria-busy="true"]')).to_have_count(0)
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    questions.clear()
    page.clock.run_for(60_000)
    assert questions == []


def test_everything_is_in_reach_of_keys(page: Page, site: str) -> None:
    page.goto(f"/overview?{DAY}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog", name="Filter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#add-filter")).to_be_focused()

    panel(page, "latency").locator(".chart").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[aria-live=polite]").last).to_contain_text(re.compile("3 Mar 2025, 23:30.*p99"))
    panel(page, "latency").get_by_role("button", name="Menu of Latency").press("Enter")
    page.get_by_role("menuitem", name="Full screen").press("Enter")
    expect(page).to_have_url(re.compile("panel=latency"))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("panel="))
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page).to_have_url(f"{site}/models?{DAY}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(new_page: Callable[..., Page], administrator: object, theme: str) -> None:
    page = new_page(administrator, color_scheme=theme)
    page.goto(f"/overview?{DAY}&f=modelName:IN:alpha")
    for each in ("calls", "latency", "cost-by-user"):
        panel(page, each)
    assert findings(page) == []


def test_the_theme_follows_the_system_until_a_person_chooses(page: Page) -> None:
    background = "() => getComputedStyle(document.body.parentElement).backgroundColor"
    page.goto("/overview")
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate(background) != dark
    page.reload()
    assert page.evaluate(background) != dark
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(background) == dark


def test_a_phone_has_one_column(new_page: Callable[..., Page], administrator: object) -> None:
    page = new_page(administrator, viewport={"width": 360, "height": 740})
    page.goto(f"/overview?{DAY}&f=modelName:IN:alpha")
    panel(page, "calls")
    panel(page, "latency")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    lefts = page.locator(".panel").evaluate_all("(all) => [...new Set(all.map((e) => e.getBoundingClientRect().left))]")
    assert len(lefts) == 1
