"""The pages of sessions with a browser."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.accessibility import findings
from tests.browser.conftest import Complaints, state_of
from tests.process import Meterd, make_token

HOSTILE = "\"><img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>'`${1}"
BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
STACK = ["Traceback (most recent call last):", '  File "/app/read.py", line 41, in parse', "    return int(text)"]
MANY = 5_000
_SHOW_LIST = """async (answer) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { showList } = await import(`${folder}session-list.js`);
  showList({ body: document.querySelector("#list .body"), count: document.createElement("span") }, answer);
}"""


class Fleet:
    """Sessions of a tenant of its own, written as its administrator."""

    def __init__(self, meterd: Meterd, tenant: str) -> None:
        self.meterd = meterd
        self.tenant = tenant
        self.token = make_token(meterd.data, "root", tenant=tenant, tenant_admin=True).token or ""

    def write(self, path: str, body: Any, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        response = self.meterd.client.post(path, json=body, headers=headers)
        assert 200 == response.status_code, response.text
        return response.json()

    def begin(self, product: str, version: str = "1.0", token: str = "", **more: str) -> str:
        """Begin a session; returns its id."""
        body = {"product": product, "version": version, **more}
        return str(self.write("/api/sessions", body, token)["session_id"])

    def add(self, id_: str, what: str, body: Any, seconds: float | None = None) -> None:
        """Write to a session, at a time after `BEGAN` if one is given."""
        stamp = {} if seconds is None else {"timestamp": (BEGAN + timedelta(seconds=seconds)).isoformat()}
        self.write(f"/api/sessions/{id_}/{what}", {**body, **stamp})


@pytest.fixture(scope="module")
def fleet(server: Meterd) -> Fleet:
    return Fleet(server, "pages of sessions")


@pytest.fixture(scope="module")
def root(fleet: Fleet) -> StorageState:
    return state_of(fleet.meterd, fleet.token)


@pytest.fixture(scope="module")
def told(fleet: Fleet) -> str:
    """A session of which there is something of everything, and that has ended."""
    id_ = fleet.begin("editor", "2.1", hostname="desk-17")
    for number in range(6):
        fleet.add(id_, "events", {"name": f"step {number}", "category": "info", "data": {"number": number}}, number)
        fleet.add(id_, "metrics", {"name": "memory", "value": 100 + number, "unit": "bytes"}, number)
        fleet.add(id_, "metrics", {"name": "saved", "type": "counter", "value": number}, number)
    fleet.add(id_, "state", {"state": {"window": {"width": 800, "theme": "dark"}}}, 1)
    fleet.add(id_, "state", {"state": {"window": {"width": 1024, "theme": None}, "tab": "home"}}, 4)
    thrown = {"name": "exception", "exception_type": "ValueError", "exception_msg": "no number", "stacktrace": STACK}
    fleet.add(id_, "events", thrown, 5)
    buckets = [{"le": 0.1, "count": 3}, {"le": 1, "count": 1}]
    fleet.add(id_, "metrics", {"name": "wait", "type": "histogram", "value": 0.2, "metadata": {"buckets": buckets}}, 5)
    fleet.write(f"/api/sessions/{id_}/end", {})
    return id_


@pytest.fixture
def page(new_page: Callable[..., Page], root: StorageState) -> Page:
    return new_page(root)


def span(start: float, end: float) -> str:
    """A range of seconds after `BEGAN`, as it stands in the address."""
    return "/".join((BEGAN + timedelta(seconds=each)).isoformat().replace("+00:00", "Z") for each in (start, end))


def rows(page: Page, panel: str) -> Any:
    return page.locator(f"#{panel} tbody tr")


def test_a_session_is_found_by_filters_that_the_address_keeps(
    fleet: Fleet, told: str, page: Page, new_page: Callable[..., Page], root: StorageState
) -> None:
    crashed = fleet.begin("crawler", "0.9")
    fleet.write(f"/api/sessions/{crashed}/crash", {"reason": "out of memory"})
    page.goto("/sessions")
    counts = page.get_by_role("region", name="Products").get_by_role("button", name="1 Crashed of crawler 0.9")
    counts.click()
    expect(rows(page, "list")).to_have_count(1)
    expect(rows(page, "list").first).to_contain_text("Crashed")
    expect(page.locator("#filters .chip")).to_have_count(3)

    page.get_by_role("button", name="Remove filter Product").click()
    page.get_by_role("button", name="Remove filter Status").click()
    page.get_by_label("State key").fill("window.theme")
    page.get_by_label("equals").fill("dark")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(rows(page, "list")).to_have_count(1)
    expect(rows(page, "list").first).to_contain_text(told[:8])

    other = new_page(root)
    other.goto(page.url)
    expect(other.get_by_label("State key")).to_have_value("window.theme")
    expect(rows(other, "list").first).to_contain_text(told[:8])
    other.locator("[name=when]").select_option("now")
    other.get_by_role("button", name="Filter", exact=True).click()
    expect(other.get_by_text("No session fits these filters")).to_be_visible()
    other.go_back()
    expect(rows(other, "list").first).to_contain_text(told[:8])
    other.get_by_role("link", name=told[:8]).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("editor 2.1")


def test_a_list_is_sorted_and_paged(server: Meterd, new_page: Callable[..., Page]) -> None:
    fleet = Fleet(server, "pages of many sessions")
    for number in range(22):
        id_ = fleet.begin("editor", f"1.{number}")
    fleet.add(id_, "events", {"name": "opened"})
    page = new_page(state_of(server, fleet.token))
    page.goto("/sessions")
    expect(rows(page, "list")).to_have_count(20)
    expect(rows(page, "products")).to_have_count(8)
    page.get_by_role("button", name="Show all 22 versions").click()
    expect(rows(page, "products")).to_have_count(22)

    page.get_by_role("button", name="Next").click()
    expect(rows(page, "list")).to_have_count(2)
    expect(page.get_by_text("21 to 22 of 22")).to_be_visible()
    page.get_by_role("button", name="Events", exact=True).click()
    expect(rows(page, "list").first).to_contain_text("1.21")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Events")


def test_a_page_without_sessions_says_how_to_begin_one(server: Meterd, new_page: Callable[..., Page]) -> None:
    page = new_page(state_of(server, Fleet(server, "pages of no sessions").token))
    page.goto("/sessions")

    expect(page.get_by_text("No sessions began in this time", exact=True)).to_be_visible()
    expect(page.locator("#list pre")).to_contain_text(f"curl {server.url}/api/sessions")


@pytest.mark.parametrize("total", [0, 9_000])
def test_a_list_leads_to_the_sessions_that_were_not_looked_at(page: Page, total: int) -> None:
    page.goto("/sessions?window=2026-02-01T00:00:00Z/2026-03-01T00:00:00Z&page=3&product=editor")
    expect(page.locator("#list")).to_contain_text("No session fits these filters")
    page.evaluate(
        _SHOW_LIST, {"sessions": [], "total": total, "complete": False, "older": "2026-02-07T08:09:10.123456Z"}
    )

    expect(page.locator("#list")).to_contain_text("7 Feb 2026, 08:09:10")
    page.get_by_role("button", name="Show older ones").click()

    expect(page).to_have_url(re.compile(r"window=2026-02-01T00:00:00Z/2026-02-07T08:09:10\.124Z"))
    expect(page).to_have_url(re.compile("product=editor"))
    expect(page).not_to_have_url(re.compile("page="))


def test_a_metric_is_seen_over_the_sessions_that_are_selected(fleet: Fleet, told: str, page: Page) -> None:
    other = fleet.begin("sizes")
    fleet.add(other, "metrics", {"name": "memory", "value": -7})
    page.goto("/sessions")
    panel = page.locator("#metric")
    panel.get_by_label("Metric").first.select_option("memory")
    expect(panel.locator("path.dots")).to_be_visible()
    expect(panel).to_contain_text("Min-7")
    expect(panel).to_contain_text("Points7")

    page.goto(f"{page.url}&product=editor&version=2.1&aggregation=peak")
    expect(panel).to_contain_text("Points1")
    expect(panel).to_contain_text("Max105")


def test_a_list_updates_by_itself_unless_nobody_looks(fleet: Fleet, told: str, page: Page) -> None:
    page.clock.install()
    page.goto("/sessions?product=lively")
    expect(page.get_by_text("No session fits these filters")).to_be_visible()
    fleet.begin("lively")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    tell = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(hide % "true" + tell)
    page.clock.run_for(120_000)
    expect(page.get_by_text("No session fits these filters")).to_be_visible()
    page.evaluate(hide % "false" + tell)
    expect(rows(page, "list")).to_have_count(1)
    fleet.begin("lively")
    page.clock.run_for(31_000)
    expect(rows(page, "list")).to_have_count(2)

    page.get_by_role("button", name="Live", exact=True).click()
    fleet.begin("lively")
    page.clock.run_for(120_000)
    expect(rows(page, "list")).to_have_count(2)


def test_a_session_shows_state_exceptions_metrics_and_events_of_one_time(told: str, page: Page) -> None:
    page.goto(f"/sessions/{told}")
    expect(page.locator("#facts")).to_contain_text("desk-17")
    expect(page.locator("#facts")).to_contain_text("Ended")
    state = page.locator("#state")
    expect(state.locator("tr.added")).to_contain_text("tab")
    expect(state.locator("tr.removed")).to_contain_text("window.theme")
    expect(state.locator("tr.changed td").nth(1)).to_have_text("800")
    state.get_by_role("button", name="Earlier state").click()
    expect(state.locator("tr.added", has_text="window.width")).to_contain_text("800")

    page.locator("#exceptions").get_by_role("button", name="ValueError").click()
    expect(page.locator(".frame")).to_contain_text("parse /app/read.py:41")
    memory = page.get_by_role("article", name="memory")
    expect(memory).to_contain_text("Mean")
    expect(memory.locator(".series path")).to_have_count(1)
    expect(page.get_by_role("article", name="saved").locator("dl").first).to_contain_text("Increase")
    expect(page.get_by_role("article", name="wait").locator(".series")).to_have_count(2)

    page.get_by_label("Search events").fill("step 3")
    events = page.locator("#events")
    expect(rows(page, "events")).to_have_count(1)
    events.get_by_role("button", name="step 3").click()
    expect(events.locator("pre")).to_contain_text('"number": 3')
    assert findings(page) == []


def test_a_timeline_is_zoomed_and_used_by_keys_and_its_address_is_shared(
    told: str, page: Page, new_page: Callable[..., Page], root: StorageState
) -> None:
    page.goto(f"/sessions/{told}")
    line = page.get_by_role("group", name="Timeline")
    line.get_by_role("button", name="step 0").focus()
    page.keyboard.press("ArrowDown")
    expect(line.get_by_role("button", name="1 exception")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".at-place")).to_contain_text("ValueError")

    page.get_by_label("Shorten idle gaps").check()
    expect(line.locator(".gap").first).to_be_visible()
    page.get_by_label("Shorten idle gaps").uncheck()
    page.get_by_role("button", name="Zoom in").click()
    expect(page).to_have_url(re.compile("range="))
    page.goto(f"/sessions/{told}?range={span(4.5, 5.5)}")
    expect(rows(page, "events")).to_have_count(2)
    expect(page.get_by_role("article", name="memory")).to_contain_text("Points1")
    other = new_page(root)
    other.goto(page.url)
    expect(rows(other, "events")).to_have_count(2)

    page.get_by_role("button", name="Whole session").click()
    expect(rows(page, "events")).to_have_count(7)
    box = line.bounding_box()
    assert box
    page.mouse.move(box["x"] + 84, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("range="))
    page.go_back()
    expect(rows(page, "events")).to_have_count(7)


def test_a_session_is_followed_until_it_ends(fleet: Fleet, page: Page) -> None:
    id_ = fleet.begin("editor", "3")
    page.clock.install()
    page.goto(f"/sessions/{id_}")
    expect(page.locator("#facts")).to_contain_text("Active")
    fleet.add(id_, "events", {"name": "came later"})
    page.clock.run_for(5_000)
    expect(page.get_by_role("button", name="came later").first).to_be_attached()
    fleet.write(f"/api/sessions/{id_}/end", {})
    page.clock.run_for(5_000)
    expect(page.locator("#facts")).to_contain_text("Ended")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_hostile_names_are_text_wherever_they_stand(fleet: Fleet, page: Page) -> None:
    id_ = fleet.begin(HOSTILE, HOSTILE, hostname=HOSTILE, machine_id=HOSTILE)
    fleet.add(id_, "state", {"state": {HOSTILE: HOSTILE, "inner": {HOSTILE: [HOSTILE]}}})
    event = dict.fromkeys(
        ("name", "category", "group", "message", "exception_type", "exception_msg", "source_file"), HOSTILE
    )
    fleet.add(
        id_, "events", {**event, "labels": [HOSTILE], "data": {HOSTILE: HOSTILE}, "stacktrace": [HOSTILE, *STACK]}
    )
    fleet.add(id_, "events", {"name": HOSTILE})
    for type_ in ("gauge", HOSTILE):
        fleet.add(id_, "metrics", {"name": HOSTILE, "type": type_, "value": 1, "unit": HOSTILE, "tags": [HOSTILE]})
    page.goto("/sessions")
    expect(rows(page, "list").filter(has_text=HOSTILE)).to_have_count(1)
    page.locator("[name=product]").select_option(HOSTILE)
    expect(page.locator("#filters")).to_contain_text(HOSTILE)
    page.get_by_label("Event").focus()
    page.get_by_role("link", name=id_[:8]).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{HOSTILE} {HOSTILE}")
    expect(page.locator("#state")).to_contain_text(HOSTILE)
    page.locator("#exceptions tbody button").click()
    expect(page.locator("#exceptions .details")).to_contain_text(HOSTILE)
    expect(page.locator(".cards .series path")).to_have_count(2)
    page.locator(".plot").first.hover()
    expect(page.locator(".readout").first).to_contain_text(HOSTILE)
    page.locator(".mark").last.click()
    assert 0 == page.locator("main img, main script").count()
    assert "broken" != page.title()


def test_a_person_sees_own_sessions_and_those_of_teams(
    fleet: Fleet, told: str, page_of: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.allow(r"^status 404: .*/api/sessions/")
    ann = make_token(fleet.meterd.data, "ann", tenant=fleet.tenant, teams=("red",)).token or ""
    own = fleet.begin("of ann", token=ann)
    page = page_of("bob", tenant=fleet.tenant, teams=("red",))
    page.goto("/sessions")
    expect(rows(page, "list")).to_have_count(1)
    expect(rows(page, "list").first).to_contain_text(own[:8])
    expect(rows(page, "products")).to_have_count(1)

    page.goto(f"/sessions/{told}")
    expect(page.get_by_role("alert")).to_contain_text("not yours to see")


def test_thousands_of_events_do_not_freeze_a_page(fleet: Fleet, page: Page) -> None:
    id_ = fleet.begin("crowded")
    events = [
        {
            "sessionId": id_,
            "name": f"event {number}",
            "createdAt": (BEGAN + timedelta(seconds=number)).isoformat(),
            "data": json.dumps({"long": "x" * 500}),
        }
        for number in range(MANY)
    ]
    assert 200 == fleet.meterd.ingest(events, "sessionEvents", token=fleet.token).status_code
    bodies: list[str] = []
    page.on(
        "response", lambda response: bodies.append(response.url) if "limit=1" in response.url.split("&")[-1] else None
    )
    page.goto(f"/sessions/{id_}")
    expect(page.get_by_text("1 to 50 of 5,000")).to_be_visible()
    assert page.locator(".mark").count() < 200
    assert page.evaluate("document.querySelectorAll('*').length") < 5_000
    page.get_by_label("Search events").fill(f"event {MANY - 1}")
    expect(rows(page, "events")).to_have_count(1)
    assert bodies == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_the_pages(
    told: str, new_page: Callable[..., Page], root: StorageState, scheme: str, width: int
) -> None:
    page = new_page(root, color_scheme=scheme, viewport={"width": width, "height": 900})
    for address, shown in (("/sessions", "#list tbody tr"), (f"/sessions/{told}?gaps=short", "#events tbody tr")):
        page.goto(address)
        expect(page.locator(shown).first).to_be_visible()
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
