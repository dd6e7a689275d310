"""Dashboards of one's own in a browser: copied, changed, shared, exported, deleted; two editors; texts of others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings
from tests.process import Meterd
from tests.web.test_declaration import BOARD

HOSTILE = "<img src=x onerror=alert(1)>"


def act(page: Page, what: str) -> None:
    page.get_by_role("button", name="Dashboard", exact=True).click()
    page.get_by_role("menuitem", name=what).click()


def test_a_copy_is_saved_for_a_team_and_changed_by_a_member(page_of: Callable[..., Page]) -> None:
    alice, bob = page_of("alice", teams=("red",)), page_of("bob", teams=("red",))
    alice.goto("/guardrails")
    act(alice, "Save a copy")
    assert [] == findings(alice)
    alice.get_by_label("Title", exact=True).fill(HOSTILE)
    alice.get_by_label("For").select_option("red")
    alice.get_by_label("Remove Latency, p90").click()
    alice.get_by_role("button", name="Save", exact=True).click()
    expect(alice.get_by_role("heading", name=HOSTILE)).to_be_visible()

    bob.goto("/overview")
    bob.get_by_role("button", name="Saved dashboards").click()
    bob.get_by_role("menuitem", name=HOSTILE).click()
    expect(bob.get_by_role("heading", name="Block rate")).to_be_visible()
    expect(bob.locator("#p-latency-p90")).to_have_count(0)
    act(bob, "Edit")
    bob.get_by_label("Title", exact=True).fill("By bob")
    bob.get_by_role("button", name="Save", exact=True).click()
    expect(bob.get_by_role("heading", name="By bob")).to_be_visible()


def test_who_changes_an_old_revision_is_told_and_keeps_what_was_typed(page: Page, complaints: Any) -> None:
    complaints.allow("status 409")
    page.goto("/guardrails")
    act(page, "Save a copy")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/dashboards/*")
    other = page.context.new_page()
    other.goto(page.url)
    for each, title in ((other, "First"), (page, "Second")):
        act(each, "Edit")
        each.get_by_label("Title", exact=True).fill(title)
        each.get_by_role("button", name="Save", exact=True).click()
        if each is other:
            expect(other.get_by_role("heading", name="First")).to_be_visible()

    expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Second")


def test_a_mistake_in_the_json_of_a_panel_is_named(page: Page, complaints: Any) -> None:
    complaints.allow("status 400")
    page.goto("/ai-guard")
    act(page, "Save a copy")
    first = page.locator(".panels li").first
    first.get_by_text("JSON").click()
    json_of_panel = first.locator("textarea")
    json_of_panel.fill(json_of_panel.input_value().replace('"number"', '"pie"'))
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text('panel "messages": kind must be one of number')


def test_a_dashboard_is_exported_imported_and_deleted(page: Page, server: Meterd, tmp_path: Path) -> None:
    made = server.client.post("/api/dashboards", json={"dashboard": BOARD | {"title": "Mine"}}).json()
    page.goto(f"/dashboards/{made['id']}")
    with page.expect_download() as downloading:
        act(page, "Export as JSON")
    exported = tmp_path / "exported.json"
    downloading.value.save_as(exported)
    assert made["dashboard"] == json.loads(exported.read_text()) | {"id": made["id"]}

    with page.expect_file_chooser() as choosing:
        act(page, "Import from JSON")
    choosing.value.set_files(exported)
    page.get_by_label("Title", exact=True).fill("Imported")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    act(page, "Delete")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url("**/overview")
    titles = [each["title"] for each in server.client.get("/api/dashboards").json()["dashboards"]]
    assert ("Mine" in titles, "Imported" in titles) == (True, False)
