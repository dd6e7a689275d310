"""The Overview in a browser, over ten million model calls: when it paints, when every panel is filled, what is sent,
and how long each panel's query takes by itself.
"""

import contextlib
import json
import os
import shutil
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import duckdb
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import servers
from bench.compare import fill
from bench.dashboard import FACTS
from bench.tables import table
from meterd.api.gateway.datasources import datasources
from meterd.web.builtin import builtin_dashboards
from meterd.web.declaration import filled

_CALLS, _EVALUATIONS = 10_000_000, 2_000_000
_MONTH = 31 * 86_400_000_000
_WINDOW = ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
_ADDRESS = f"/overview?window={quote('/'.join(_WINDOW), safe='')}"
_QUERY = "/api/svc/v1/llm-gateway/metrics/query"
_ROUNDS = 3
_LATER = 10
_REST = 0.5
"""Seconds for which a new window rests: its start takes processors that the server needs, and a person has one open."""
_SETTLE = 15
"""Seconds for which the machine rests once the facts are written: a first visit takes half as long again before."""
_PATIENCE = 300_000
_SIZE = (1280, 2600)  # all panels are in view, as only those are asked
_FILLED = """() => {
  const panels = [...document.querySelectorAll(".panel")];
  const areFilled = panels.every((panel) => panel.getAttribute("aria-busy") === "false");
  return panels.length > 0 && areFilled && performance.now();
}"""
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
_GUARDRAILS = """
INSERT INTO guardrail_evaluations
    (tenant, ts, subject, subject_type, teams, guardrail_name, guardrail_result, latency_ms)
SELECT 'default', TIMESTAMP '2026-01-01' + to_microseconds((i * {step})::BIGINT),
    'user' || (h % 2000) || '@example.com', 'user', ['team-' || (h // 7 % 20)], 'guardrail-' || (h // 11 % 8),
    CASE WHEN h // 13 % 40 = 0 THEN 'fail' ELSE 'pass' END, exp(3 + (random() + random() - 1))
FROM (SELECT i, hash(i) AS h FROM range({facts}) AS t(i))
"""


class Visit(NamedTuple):
    """Milliseconds until the first paint and until all panels are filled, and megabytes that came over the network."""

    paint: float
    filled: float
    megabytes: float


def measure() -> str:
    """Two tables: visits to the page, and its queries one after the other."""
    with tempfile.TemporaryDirectory(prefix="meterd-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        _fill(data / "store.duckdb")
        time.sleep(_SETTLE)
        with _browser() as browser:
            visits = [*_first_visits(data, browser, 0), *_first_visits(data, browser, _LATER)]
        with servers.meterd(data, servers.NOTHING_KEPT) as server:
            panels = [(title, _milliseconds(server, body)) for title, body in _questions()]
    rows = [(name, *visit) for name, visit in visits]
    head = ("visit", "first paint ms", "all panels filled ms", "MB transferred")
    return "\n".join(
        (
            table(f"Overview in a browser: {_CALLS:,} model calls, {_EVALUATIONS:,} evaluations, a month", head, rows),
            table("Overview: each panel's query by itself, over HTTP", ("panel", "median ms"), panels),
        )
    )


def _fill(path: Path) -> None:
    fill(path, FACTS.format(facts=_CALLS, step=_MONTH // _CALLS))
    connection = duckdb.connect(str(path))
    connection.execute(_GUARDRAILS.format(facts=_EVALUATIONS, step=_MONTH // _EVALUATIONS))
    connection.execute("CHECKPOINT")
    connection.close()


@contextmanager
def _browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*arguments, "--disable-gpu"]
        )
        yield browser
        browser.close()


def _first_visits(data: Path, browser: Browser, seconds: int) -> list[tuple[str, Visit]]:
    """Visit the page so many seconds after a server is ready."""
    with servers.meterd(data) as server:
        _wait_until_ready(server)
        time.sleep(seconds)
        return _visits(server, browser, f"cold: {seconds} s after the server is ready")


def _wait_until_ready(server: servers.Running) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz").close()
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not become ready")


def _visits(server: servers.Running, browser: Browser, first: str) -> list[tuple[str, Visit]]:
    """Visit the page with nothing in the browser's cache and nothing read by the server, then again and again.

    The server keeps its answers: what is asked again is read no more.
    """
    width, height = _SIZE
    with browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", viewport={"width": width, "height": height}
    ) as context:
        _sign_in(context, server.token)
        page = context.new_page()
        time.sleep(_REST)
        cold = _visit(page)
        warm = [_visit(page) for _ in range(_ROUNDS)]
    median = Visit(*(statistics.median(values) for values in zip(*warm, strict=True)))
    return [(first, cold), (f"warm: median of {_ROUNDS} more, whose answers are kept", median)]


def _sign_in(context: BrowserContext, token: str) -> None:
    """Get the cookie without a page, so that no file of the pages is in the browser's cache."""
    page_headers = {"Sec-Fetch-Site": "same-origin"}
    answer = context.request.post("/sign-in", form={"token": token}, headers=page_headers, max_redirects=0)
    if answer.status != 303:
        raise RuntimeError(f"the sign-in answers {answer.status}")


def _visit(page: Page) -> Visit:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(_ADDRESS, wait_until="commit", timeout=_PATIENCE)
    done = page.wait_for_function(_FILLED, timeout=_PATIENCE).json_value()
    network.detach()
    return Visit(page.evaluate(_PAINT), done, sum(sizes) / 1e6)


def _questions() -> Iterator[tuple[str, dict[str, Any]]]:
    values = {"$start": _WINDOW[0], "$end": _WINDOW[1], "$interval": "6 hour", "$zone": "UTC"}
    for panel in builtin_dashboards(datasources())["overview"].panels:
        yield panel.title, filled(panel.query, values)


def _milliseconds(server: servers.Running, body: dict[str, Any]) -> float:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{_QUERY}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            answer.read()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
