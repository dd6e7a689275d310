"""Dashboards: panels with figures, filters and windows by click, what one person sees of another's link, all states."""

import re
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from meterd.access import Scope
from tests.browser.conftest import Complaints
from tests.browser.dashboards import DAY, QUERY, asked, declared, mount, panel, send, send_day
from tests.process import Meterd

_COUNT_DRAWINGS = """() => {
  window.drawings = 0;
  const { init } = echarts;
  echarts.init = (...given) => {
    const chart = init(...given);
    const { setOption } = chart;
    chart.setOption = (options, how) => {
      window.drawings += how?.notMerge ? 1 : 0;
      return setOption.call(chart, options, how);
    };
    return chart;
  };
}"""
_DRAWINGS = """async () => {
  for (let frames = 0; frames < 3; frames += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  return window.drawings;
}"""
HISTOGRAM = {"type": "histogram", "column": "latencyMs", "buckets": 10}


@pytest.fixture(scope="module", autouse=True)
def facts(server: Meterd) -> None:
    send_day(server)


def test_panels_show_figures_of_the_window(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    expect(panel(page, "calls").locator(".value")).to_have_text("48")
    expect(panel(page, "cost").locator(".value")).to_have_text("$0.48")
    expect(panel(page, "failure-rate").locator(".value")).to_have_text(re.compile(r"^2\.1\s%$"))
    expect(panel(page, "calls-by-model").locator("canvas")).to_be_visible()
    expect(panel(page, "calls-by-model").locator(".legend button")).to_have_text(["alpha", "beta"])
    expect(panel(page, "cost-by-user").locator(".top li").first).to_contain_text("ann@example.org")


def test_figures_are_asked_for_before_the_library_of_charts_is_there(page: Page) -> None:
    held: list[Route] = []
    page.route("**/echarts.min.js", lambda route: held.append(route))

    with page.expect_response(QUERY):
        page.goto(f"/overview?{DAY}", wait_until="commit")
    expect(panel(page, "calls").locator(".value")).to_have_text("48")
    expect(page.locator("#p-calls-by-model")).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(panel(page, "calls-by-model").locator("canvas")).to_be_visible()


def test_a_chart_is_drawn_once_for_an_answer_and_again_when_its_size_changes(page: Page) -> None:
    page.goto(f"/ai-guard?{DAY}")
    page.evaluate(_COUNT_DRAWINGS)
    mount(page, declared("own", "bars", groupBy=["modelName"]))
    expect(panel(page, "own").locator(".legend button")).to_have_text(["alpha", "beta"])

    assert page.evaluate(_DRAWINGS) == 1
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_function("() => window.drawings > 1")


def test_a_click_adds_a_filter_and_its_chip_removes_it(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    panel(page, "cost-by-user").get_by_role("button", name="bob@example.org").click()
    expect(page.locator(".chip")).to_have_text("User is bob@example.org")
    expect(panel(page, "calls").locator(".value")).to_have_text("24")
    expect(panel(page, "calls-by-model").locator(".legend button")).to_have_text(["beta"])

    page.reload()
    expect(panel(page, "calls").locator(".value")).to_have_text("24")
    page.get_by_role("button", name="Remove the filter User is bob@example.org").click()
    expect(panel(page, "calls").locator(".value")).to_have_text("48")
    page.go_back()
    expect(panel(page, "calls").locator(".value")).to_have_text("24")


def test_yes_and_no_and_numbers_are_filtered_by_as_such(page: Page, server: Meterd) -> None:
    rows = [{"createdAt": f"2025-03-03T0{n}:00:00Z", "agentName": "own", "httpStatusCode": 200 + n} for n in range(3)]
    send(server, "agentMetrics", rows, "statuses")
    page.goto(f"/overview?{DAY}")
    statuses = declared("statuses", "top", groupBy=["httpStatusCode"], datasource="agentMetrics")
    mount(page, declared("failures", "table", groupBy=["isFailure"]), statuses)
    panel(page, "failures").get_by_role("button", name="true").click()
    expect(panel(page, "failures").locator("tbody tr")).to_have_text(["true1"])
    panel(page, "statuses").locator(".note").wait_for(state="hidden")
    page.get_by_role("button", name="Remove the filter").first.click()
    panel(page, "statuses").get_by_role("button", name="202").click()
    expect(panel(page, "statuses").locator("button.name")).to_have_text(["202"])


def test_a_filter_is_chosen_among_values_of_the_window(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Team").click()
    page.get_by_placeholder("Team …").press_sequentially("re")
    page.get_by_role("dialog").get_by_role("button", name="red").click()

    expect(page.locator(".chip")).to_have_text("Team is red")
    expect(panel(page, "calls").locator(".value")).to_have_text("24")


def test_a_filter_that_a_panel_does_not_know_is_named_on_it(page: Page) -> None:
    page.goto(f"/overview?{DAY}&f=modelName:IN:alpha")
    expect(panel(page, "calls").locator(".value")).to_have_text("24")
    expect(panel(page, "block-rate").locator(".note")).to_contain_text("Not filtered by Model")
    expect(panel(page, "calls").locator(".note")).to_be_hidden()


def test_dragging_over_a_chart_changes_the_window_of_the_page(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    chart = panel(page, "latency").locator(".chart")
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"window=2025-03-03T\d\d:\d\d:00Z/2025-03-03T\d\d:\d\d:00Z"))
    page.mouse.move(0, 0)
    expect(page.locator("#controls button").first).to_contain_text("3 Mar 2025")
    fewer = panel(page, "calls").locator(".value")
    expect(fewer).not_to_have_text("48")
    assert 8 <= int(fewer.inner_text()) <= 24


def test_a_click_on_a_bar_filters_by_its_series(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    mount(page, declared("bars", "bars", groupBy=["modelName"], interval="6 hours"))
    box = panel(page, "bars").locator(".chart").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40)

    expect(page.locator(".chip")).to_have_text(re.compile("^Model is (alpha|beta)$"))


def test_pointing_at_a_chart_shows_the_same_moment_in_all(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    other = panel(page, "calls-by-model")
    chart = panel(page, "latency").locator(".chart")
    chart.hover(position={"x": 200, "y": 60})
    expect(chart.locator(".readout .when")).to_contain_text(re.compile(r"^3 Mar 2025, \d\d:\d\d – \d\d:\d\d UTC$"))
    expect(chart.locator(".readout li")).to_have_count(3)
    expect(other.locator(".readout")).to_be_visible()
    page.mouse.move(5, 5)
    expect(page.locator(".readout:visible")).to_have_count(0)


def test_a_heat_map_shows_how_many_took_how_long(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    mount(page, declared("heat", "heatmap", unit="ms", aggregations=[HISTOGRAM], interval="12 hours"))
    chart = panel(page, "heat").locator(".chart")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(chart.locator(".when")).to_have_text("3 Mar 2025, 12:00 – 00:00 UTC")
    counts = [int(text) for text in chart.locator(".amount").all_inner_texts()]
    assert sum(counts) == 24


def test_a_cell_of_a_heat_map_filters_by_its_bin(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    mount(
        page,
        declared(
            "heat", "heatmap", unit="ms", interval="12 hours", aggregations=[HISTOGRAM | {"buckets": 1}], filters=[]
        ),
        declared("calls", "table", groupBy=["modelName"]),
    )
    panel(page, "heat").locator(".chart").click()
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator(".chip").first).to_contain_text("latencyMs > ")
    expect(panel(page, "calls").locator("tbody tr")).to_have_count(2)
    panel(page, "heat").locator(".chart").click()
    expect(page.locator(".chip")).to_have_count(2)


def test_a_finger_reads_a_chart_and_zooms_by_dragging(new_page: Callable[..., Page], administrator: object) -> None:
    page = new_page(administrator, viewport={"width": 360, "height": 740}, has_touch=True)
    page.goto(f"/overview?{DAY}")
    chart = panel(page, "calls-by-model").locator(".chart")
    box = chart.bounding_box()
    assert box
    left, right, middle = box["x"] + 120, box["x"] + 220, box["y"] + 60
    page.touchscreen.tap(left, middle)
    expect(chart.locator(".readout .when")).to_be_visible()
    assert "f=" not in page.url

    fingers = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [left]), ("touchMove", [left + 30]), ("touchMove", [right]), ("touchEnd", [])):
        touching = [{"x": x, "y": middle} for x in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touching})
    expect(page).not_to_have_url(re.compile(re.escape(DAY)))
    expect(page).to_have_url(re.compile("window=2025-03-03T.*/2025-03-03T"))


def test_totals_stand_below_a_table_and_are_what_shares_are_of(page: Page) -> None:
    page.goto(f"/overview?{DAY}")
    costs = [{"type": "sum", "column": "costInUSD"}]
    mount(
        page,
        declared("table", "table", groupBy=["modelName"], aggregations=costs, totals=True),
        declared("top", "top", groupBy=["team"], totals=True),
        declared("chart", "bars", groupBy=["modelName"], totals=True),
    )
    expect(panel(page, "table").locator("tbody tr")).to_have_text(["alpha24$0.24", "beta24$0.24"])
    expect(panel(page, "table").locator("tfoot tr")).to_have_text("All48$0.48")
    expect(panel(page, "top").locator(".part")).to_have_text([re.compile(r"^50\s%$")] * 2)
    expect(panel(page, "chart").locator(".legend button")).to_have_text(["alpha", "beta"])


def test_another_person_sees_own_rows_at_the_same_address(page: Page, page_of: Callable[..., Page]) -> None:
    address = f"/overview?{DAY}&zone=Asia/Kolkata"
    page.goto(address)
    expect(panel(page, "calls").locator(".value")).to_have_text("48")
    alice = page_of("alice-of-dashboards", teams=("red",))
    alice.goto(address)
    expect(panel(alice, "calls").locator(".value")).to_have_text("24")
    expect(panel(alice, "calls-by-model").locator(".legend button")).to_have_text(["alpha"])
    expect(panel(alice, "cost-by-team").locator(".top li")).to_have_count(1)
    expect(alice.get_by_role("button", name="Asia/Kolkata")).to_be_visible()


def test_an_empty_panel_says_why_and_its_command_fills_it(page: Page, server: Meterd) -> None:
    page.goto("/overview?window=2001-01-01T00:00:00Z/2001-01-02T00:00:00Z")
    empty = panel(page, "calls-by-model")
    expect(empty).to_contain_text("No model calls here")
    expect(empty).to_contain_text("1 Jan 2001")
    expect(panel(page, "calls").locator(".value")).to_have_text("0")
    expect(panel(page, "latency-p90").locator(".value")).to_have_text("–")

    empty.get_by_role("button", name="Send the first one").click()
    command = page.get_by_role("dialog").locator("pre").inner_text()
    assert server.url in command
    sent = subprocess.run(
        ["bash", "-c", command], env={"METERD_TOKEN": server.token, "PATH": "/usr/bin:/bin"}, capture_output=True
    )
    assert sent.stdout == b'{"accepted":1}', sent


def test_a_filter_that_nothing_matches_can_be_removed_where_it_is_said(page: Page) -> None:
    page.goto(f"/overview?{DAY}&f=modelName:IN:nobody")
    panel(page, "calls-by-model").get_by_role("button", name="Remove the filter").click()
    expect(panel(page, "calls-by-model").locator(".legend button")).to_have_text(["alpha", "beta"])


def test_an_error_says_what_happened_in_its_panel_alone(page: Page, complaints: Complaints) -> None:
    complaints.allow(r"^status 400: .*/query$")
    page.goto(f"/overview?{DAY}")
    mount(
        page,
        declared("good", "bars", groupBy=["modelName"]),
        declared("bad", "bars", groupBy=["colour"]),
    )
    expect(panel(page, "bad").get_by_role("alert")).to_contain_text('Unsupported modelMetrics groupBy field "colour"')
    expect(panel(page, "bad").get_by_role("button", name="Ask again")).to_be_visible()
    expect(panel(page, "good").locator("canvas")).to_be_visible()


def test_without_permission_a_panel_says_what_is_missing(page_of: Callable[..., Page], complaints: Complaints) -> None:
    complaints.allow(r"^status 403: .*/(query|sessions/products\?.*)$")
    page = page_of("sender-of-dashboards", scopes=(Scope.INGEST,))
    page.goto(f"/overview?{DAY}")
    expect(panel(page, "calls-by-model").get_by_role("alert")).to_contain_text("No permission")
    expect(panel(page, "calls-by-model").get_by_role("alert")).to_contain_text('scope "query"')


def test_nothing_is_asked_twice_and_only_what_is_in_view(new_page: Callable[..., Page], administrator: object) -> None:
    page = new_page(administrator, viewport={"width": 1280, "height": 420})
    questions = asked(page)
    page.goto(f"/overview?{DAY}")
    panel(page, "calls-by-model")
    first = len(questions)
    panel(page, "cost-by-team")
    assert first < len(questions)
    assert len(questions) == len(set(questions))


def test_panels_that_differ_in_what_they_aggregate_are_asked_as_one(page: Page) -> None:
    page.goto(f"/ai-guard?{DAY}")
    questions = asked(page)
    cost = [{"type": "sum", "column": "costInUSD"}]
    tokens = [{"type": "sum", "column": "inputTokens"}, *cost]
    mount(
        page,
        declared("calls", "table", groupBy=["modelName"]),
        declared("cost", "table", groupBy=["modelName"], aggregations=cost),
        declared("tokens", "table", groupBy=["modelName"], aggregations=tokens),
        declared("slow", "table", groupBy=["modelName"], aggregations=[{"type": "p90", "column": "latencyMs"}]),
    )

    heads = {name: panel(page, name).locator("th").all_inner_texts() for name in ("calls", "cost", "tokens", "slow")}
    assert heads["calls"] == ["Model name", "Total"]
    assert heads["cost"] == ["Model name", "Total", "Cost"]
    assert heads["tokens"] == ["Model name", "Total", "Input tokens", "Cost"]
    expect(panel(page, "tokens").locator("tbody tr").first).to_contain_text("2,400")
    assert len([each for each in questions if "modelMetrics" in each]) == 2  # what is slow keeps nothing else waiting
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Menu of cost").click()
        page.get_by_role("menuitem", name="Download CSV").click()
    assert downloading.value.path().read_text().splitlines()[0] == "total,modelName,sumCostInUSD"


def test_a_refused_panel_takes_none_with_it(page: Page, complaints: Complaints) -> None:
    complaints.allow("status 400")
    page.goto(f"/ai-guard?{DAY}")
    mount(
        page,
        declared("good", "table", groupBy=["modelName"], aggregations=[{"type": "sum", "column": "costInUSD"}]),
        declared("bad", "table", groupBy=["modelName"], aggregations=[{"type": "sum", "column": "nothing"}]),
    )

    expect(panel(page, "bad").get_by_role("alert")).to_contain_text("nothing")
    expect(panel(page, "good").locator("tbody tr")).to_have_count(2)


def test_the_overview_tells_what_sessions_are_and_what_the_server_takes(
    page: Page, page_of: Callable[..., Page], server: Meterd
) -> None:
    session = {"product": "pulse", "version": "1", "machine_id": "m", "hostname": "h"}
    made = server.client.post("/api/sessions", json=session)
    assert made.is_success, made.text
    page.goto("/overview?window=15m")
    counts = page.get_by_role("group", name="Sessions")
    expect(counts.get_by_role("link", name="sessions: active")).to_be_visible()
    ingest = page.get_by_role("group", name="Ingest")
    expect(ingest).to_contain_text("per second")
    expect(ingest).to_contain_text("Not yet stored")
    counts.get_by_role("link", name="sessions: active").click()
    expect(page).to_have_url(re.compile(r"/sessions\?.*status=active"))

    other = page_of("nobody-yet")
    other.goto("/overview?window=15m")
    panel(other, "calls")
    expect(other.get_by_role("group", name="Ingest")).to_have_count(0)
