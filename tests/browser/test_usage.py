"""The page of usage with a browser."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, StorageState, expect

from meterd.access import Scope
from tests.browser.accessibility import findings
from tests.browser.conftest import Complaints, state_of
from tests.process import Meterd, make_token

HOSTILE = "<img src=x onerror=document.title='broken'>"
MONTH = datetime.now(UTC).strftime("%B %Y")


class Office:
    """A tenant of its own: its administrator reads an object twice, `robot` once, and there is a calendar."""

    def __init__(self, meterd: Meterd) -> None:
        self.meterd = meterd
        self.tenant = "pages of usage"
        self.token = make_token(meterd.data, HOSTILE, tenant=self.tenant, tenant_admin=True).token or ""
        robot = make_token(meterd.data, "robot", tenant=self.tenant, scopes=(Scope.QUERY,)).token or ""
        amsterdam = {"_type": "IntradayCalendar", "period": "PT1H", "timezone": "Europe/Amsterdam"}
        self.send("POST", "/api/object", json={"_id": "A", "name": HOSTILE})
        self.send("POST", "/api/calendar", json={"_id": "NL", "calendar": amsterdam})
        for token in (self.token, self.token, robot):
            self.send("GET", "/api/object/v1/private/A", token)

    def send(self, method: str, path: str, token: str = "", **options: Any) -> None:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        response = self.meterd.client.request(method, path, headers=headers, **options)
        assert 200 == response.status_code, response.text


@pytest.fixture(scope="module")
def office(server: Meterd) -> Office:
    return Office(server)


@pytest.fixture(scope="module")
def administrator(office: Office) -> StorageState:
    return state_of(office.meterd, office.token)


def test_a_statement_is_read_month_by_month_for_each_user(
    page: Page, new_page: Callable[..., Page], administrator: StorageState
) -> None:
    page.goto("/usage")
    statement = page.locator("#statement")
    expect(statement.locator(".month")).to_have_text(MONTH)
    expect(statement.get_by_text("in the time of UTC")).to_be_visible()
    expect(statement.get_by_role("row", name="object")).to_have_count(1)

    page.locator("#statement select").first.select_option("user robot")
    expect(statement.get_by_role("region", name="Services").locator("tbody tr")).to_have_count(1)
    expect(statement.get_by_role("row", name="object 1")).to_be_visible()
    statement.get_by_role("button", name="Month before").click()
    expect(statement.get_by_text("No calls of robot in")).to_be_visible()
    other = new_page(administrator)
    other.goto(page.url)
    expect(other.get_by_text("No calls of robot in")).to_be_visible()
    page.go_back()
    expect(statement.get_by_role("row", name="object 1")).to_be_visible()


def test_a_statement_is_saved_and_printed(page: Page) -> None:
    page.goto("/usage?user=robot")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download CSV").click()
    text = saved.value.path().read_text()
    assert "object" in text
    assert saved.value.suggested_filename.startswith("statement-robot-")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open to print").click()
    expect(opened.value.locator("body")).to_contain_text("robot")


def test_a_series_goes_by_any_calendar_and_names_its_zone(page: Page, complaints: Complaints) -> None:
    complaints.allow(r"^status 400: .*_filter=")
    page.goto("/usage")
    series = page.locator("#series")
    expect(series.get_by_text("Calendar #P1D, times of UTC")).to_be_visible()
    expect(series.locator(".plot")).to_be_visible()
    series.locator("select").nth(3).select_option("NL")
    expect(series.get_by_text("Calendar NL, times of UTC")).to_be_visible()
    page.goto(f'{page.url}&zone=Asia/Tokyo&filter={{"user":"robot"}}')
    expect(series.get_by_text("Calendar NL, times of Asia/Tokyo")).to_be_visible()
    series.get_by_text("Table of observations").click()
    expect(series.get_by_role("region", name="Observations")).to_contain_text("Time (Asia/Tokyo)")
    expect(series.locator("tbody td.numeric")).to_have_text("1")

    series.get_by_label("Filter").fill("httpstatus >=")
    series.get_by_label("Filter").press("Enter")
    expect(series.get_by_role("alert")).to_contain_text("position")
    series.get_by_label("Filter").fill("httpstatus >= 500")
    series.get_by_label("Filter").press("Enter")
    expect(series.get_by_text("Nothing was recorded in this window")).to_be_visible()
    series.locator("select").first.select_option("AzureServiceBus")
    expect(series.locator("select").nth(1)).to_have_value("SuccessfulRequests")


def test_hostile_names_are_text(page: Page, office: Office) -> None:
    page.goto("/usage")
    expect(page.locator("#statement")).to_contain_text(f"the calls of {HOSTILE}")
    assert 0 == page.locator("main img").count()
    assert "broken" != page.title()


def test_a_person_sees_the_own_calls_only(office: Office, page_of: Callable[..., Page]) -> None:
    page = page_of("reader", tenant=office.tenant)
    page.goto("/usage")
    expect(page.locator("#statement").get_by_role("region", name="Services")).to_contain_text("calendar")
    assert ["reader"] == page.locator("#statement select").first.locator("option").all_text_contents()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_everybody_can_use_the_page(
    new_page: Callable[..., Page], administrator: StorageState, scheme: str, width: int
) -> None:
    page = new_page(administrator, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.goto("/usage")
    expect(page.locator(".plot")).to_have_count(2)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
