"""Signing in and out with a browser."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.process import Meterd


def test_a_person_signs_in_and_comes_to_the_page_that_was_asked_for(
    new_page: Callable[..., Page], server: Meterd, site: str
) -> None:
    page = new_page()
    page.route("**/assets/**/*.js", lambda route: route.abort("aborted"))  # what fills the page is another test's
    page.goto("/explore?window=1h")
    expect(page).to_have_title("Sign in – meterd")
    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(f"{site}/explore?window=1h")
    expect(page.get_by_role("heading", level=1)).to_have_text("Explore")

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site}/sign-in")
    page.goto("/overview")
    expect(page).to_have_url(f"{site}/sign-in?next=/overview")


def test_a_wrong_token_is_said_beside_the_form(new_page: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow(r"^status 401: .*/sign-in$")
    page = new_page()
    page.goto("/sign-in?next=/usage")
    page.get_by_label("Token").fill("<b>mtr_</b>")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_have_text(re.compile("not valid"))


def test_a_link_on_another_site_opens_the_page_for_whoever_is_signed_in(page: Page, site: str) -> None:
    page.route("**/assets/**/*.js", lambda route: route.abort("aborted"))
    page.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(body=f"<a href='{site}/system?window=1h'>go</a>", content_type="text/html"),
    )
    page.goto("http://elsewhere.test/")
    page.get_by_role("link", name="go").click()

    expect(page).to_have_url(f"{site}/system?window=1h")
    expect(page.get_by_role("heading", level=1)).to_have_text("System")
