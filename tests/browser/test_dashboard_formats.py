"""How the browser writes numbers and times, and where it expects buckets: as the style of pages and the query say."""

from typing import Any

import pytest
from playwright.sync_api import Page

_CALL = """async ([module, name, ...values]) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const found = (await import(`${folder}${module}.js`))[name];
  return values.map((value) => found(...[value].flat()));
}"""
_BUCKETS = """async ([start, end, milliseconds, unit, zone]) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { buckets } = await import(`${folder}state.js`);
  const window = { start: new Date(start), end: new Date(end), interval: { milliseconds, unit } };
  return buckets(window, zone).starts.map((each) => new Date(each).toISOString());
}"""
HOUR = 3_600_000
_PLACES = """(names) => names.map((name) => {
  const { top, left, right } = document.getElementById(`p-${name}`).getBoundingClientRect();
  return { top, left, right };
})"""
_FIGURES = ("calls", "failure-rate", "latency-p90")


def _written(page: Page, name: str, *values: Any) -> list[str]:
    found: list[str] = page.evaluate(_CALL, ["format", name, *values])
    return [each.replace("\u202f", " ") for each in found]


@pytest.fixture
def opened(page: Page) -> Page:
    page.goto("/overview")
    return page


def test_numbers_are_written_as_people_read_them(opened: Page) -> None:
    numbers = (0, None, 0.1234, 999, 1234, 9999, 12345, 4_560_000, 999_950, -5)
    assert _written(opened, "number", *numbers) == [
        *("0", "–", "0.123", "999", "1,234", "9,999", "12.3 k", "4.56 M", "1 M", "-5"),
    ]
    assert _written(opened, "money", 0, None, 0.0042, 0.25, 12.3, 1204.3) == [
        *("$0", "–", "$0.0042", "$0.25", "$12.30", "$1,204"),
    ]
    assert _written(opened, "duration", 0, None, 850, 1240, 200_000, 7_500_000) == [
        *("0 ms", "–", "850 ms", "1.24 s", "3 min 20 s", "2 h 5 min"),
    ]
    assert _written(opened, "bytes", 512, 1536, None) == ["512 B", "1.5 KiB", "–"]
    assert _written(opened, "share", 0, 0.123, 0.0004, None) == ["0 %", "12.3 %", "0.04 %", "–"]


def test_times_of_lists_tell_one_from_the_next(opened: Page) -> None:
    now = 1_795_708_800_000  # 2026-11-26T16:00:00Z
    options = {"zone": "Europe/Berlin", "now": now}
    times = ("2026-11-26T15:56:00Z", "2026-11-25T17:00:00Z", "2026-11-22T15:20:00Z", "2025-11-26T15:20:00Z", None)
    assert _written(opened, "recent", *([each, options] for each in times)) == [
        *("4 min ago", "23 h ago", "22 Nov, 16:20", "26 Nov 2025, 16:20", "–"),
    ]


def test_buckets_are_where_the_query_cuts_them(opened: Page) -> None:
    days = ["2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", 24 * HOUR, "day", "Europe/Berlin"]
    assert opened.evaluate(_BUCKETS, days) == [
        *("2026-10-23T22:00:00.000Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"),
    ]
    quarters = ["2026-01-01T00:10:00Z", "2026-01-01T02:00:00Z", HOUR, "hour", "Asia/Kathmandu"]
    assert opened.evaluate(_BUCKETS, quarters) == [
        *("2025-12-31T23:15:00.000Z", "2026-01-01T00:15:00.000Z", "2026-01-01T01:15:00.000Z"),
    ]
    weeks = ["2026-11-25T00:00:00Z", "2026-12-02T00:00:00Z", 7 * 24 * HOUR, "week", "UTC"]
    assert opened.evaluate(_BUCKETS, weeks) == ["2026-11-23T00:00:00.000Z", "2026-11-30T00:00:00.000Z"]


def test_outcomes_have_fixed_colours_whatever_they_are_called(opened: Page) -> None:
    names = ["allowed", "blocked", "hit", "miss", "pass", "fail"]
    looks = opened.evaluate(
        """async (names) => {
          const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
          const { looksOf } = await import(`${folder}colours.js`);
          const looks = looksOf(names);
          return names.map((name) => looks.get(name).token);
        }""",
        names,
    )
    assert looks == ["pass", "fail", "pass", "ended", "pass", "fail"]


@pytest.mark.parametrize("width", [500, 640])
def test_figures_stand_two_in_a_row_on_a_screen_between_a_phone_and_a_desk(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 740})
    first, second, third = opened.evaluate(_PLACES, _FIGURES)  # at once, as what comes above moves all of them
    assert first["top"] == second["top"] < third["top"]
    assert first["right"] < second["left"] < second["right"] <= width
