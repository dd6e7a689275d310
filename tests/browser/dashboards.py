"""What tests of dashboards share: a day of facts of their own, and how to wait for panels."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.process import Meterd

DAY = "window=2025-03-03T00:00:00Z/2025-03-04T00:00:00Z"
"""A day on which all facts are those of `send_day`."""
HOSTILE = """<img src=x onerror="alert(1)">'"&{{7*7}}${7*7}</script><b>"""
QUERY = "**/api/svc/v1/llm-gateway/metrics/query"
_MOUNT = """async (declaration) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { mountDashboard } = await import(`${folder}dashboard.js`);
  mountDashboard(declaration);
}"""


def send_day(server: Meterd) -> None:
    """Send two model calls an hour: `alpha` of the team red, then `beta` of the team blue; and verdicts."""
    calls = [
        {
            "createdAt": f"2025-03-03T{number // 2:02}:{number % 2 * 30:02}:00Z",
            "modelName": ("alpha", "beta")[number % 2],
            "teams": [("red", "blue")[number % 2]],
            "createdBySubjectSlug": ("ann@example.org", "bob@example.org")[number % 2],
            "costInUSD": 0.01,
            "inputTokens": 100,
            "outputTokens": 10,
            "latencyMs": 100 + number,
            "isFailure": number == 0,
        }
        for number in range(48)
    ]
    verdicts = [
        {"createdAt": f"2025-03-03T{hour:02}:00:00Z", "guardrailName": "pii", "guardrailResult": result, "latencyMs": 5}
        for hour, result in enumerate(("pass", "fail", "error", "mutate", "flag", "pass"))
    ]
    send(server, "modelMetrics", calls, "day of calls")
    send(server, "guardrailMetrics", verdicts, "day of verdicts")


def send(server: Meterd, datasource: str, rows: list[dict[str, Any]], key: str) -> None:
    """Send rows, once however often it is called."""
    response = server.ingest(rows, datasource, **{"Idempotency-Key": key})
    assert response.status_code == 200, response.text


def panel(page: Page, name: str) -> Locator:
    """Return a panel once it has its figures."""
    found = page.locator(f"#p-{name}")
    found.scroll_into_view_if_needed()
    expect(found).to_have_attribute("aria-busy", "false")
    return found


def mount(page: Page, *panels: dict[str, Any], title: str = "Own") -> None:
    """Put a dashboard of own panels in the place of the page's."""
    page.evaluate(_MOUNT, {"id": "own", "title": title, "panels": panels})


def declared(name: str, kind: str, *, title: str = "", unit: str = "count", **query: Any) -> dict[str, Any]:
    """Return a panel of model calls."""
    over_time = {"interval": "$interval", "timezone": "$zone"} if kind not in ("top", "table", "number") else {}
    body = {
        "datasource": "modelMetrics",
        "type": "timeseries" if over_time else "distribution",
        "startTs": "$start",
        "endTs": "$end",
        "filters": ["$filters"],
        **over_time,
    }
    return {
        "id": name,
        "title": title or name,
        "kind": kind,
        "unit": unit,
        "width": 6,
        "height": 3,
        "query": body | query,
    }


def asked(page: Page) -> list[str]:
    """Return a list to which each question of a page is added."""
    questions: list[str] = []
    page.on("request", lambda request: _note(questions, request.url, request.post_data))
    return questions


def _note(questions: list[str], url: str, body: str | None) -> None:
    if url.endswith("/llm-gateway/metrics/query"):
        questions.append(json.dumps(json.loads(body or "{}"), sort_keys=True))
