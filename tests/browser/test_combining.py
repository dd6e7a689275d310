"""Questions of a page that are asked as one: each has the answer that it has by itself."""

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.dashboards import asked, declared, mount, panel, send
from tests.process import Meterd

_DAY = "window=2025-04-07T00:00:00Z/2025-04-08T00:00:00Z"
_WINDOW = {"datasource": "modelMetrics", "startTs": "2025-04-07T00:00:00Z", "endTs": "2025-04-08T00:00:00Z"}
_WITHOUT_FACTS = _WINDOW | {"startTs": "2025-04-05T00:00:00Z", "endTs": "2025-04-06T00:00:00Z"}
_OVER_TIME: dict[str, Any] = {"type": "timeseries", "interval": "6 hour"}
_WHOLE: dict[str, Any] = {"type": "distribution"}
_COST, _TOKENS = {"type": "sum", "column": "costInUSD"}, {"type": "sum", "column": "inputTokens"}
_CODES = {"type": "count", "column": "errorCode"}
_ASKED = """async (bodies) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { combined, common } = await import(`${folder}combining.js`);
  return [combined(bodies), new Set(bodies.map(common)).size];
}"""
_APART = """async ([{ dataPoints, otherGroups }, bodies, whole]) => {
  const [, folder] = document.querySelector("script[type=module]").src.match(/^(.*\\/)[^/]+$/);
  const { partOf } = await import(`${folder}combining.js`);
  const points = Object.assign(dataPoints, { otherGroups });
  return bodies.map((body) => {
    const part = partOf(points, body, whole);
    return { dataPoints: [...part], ...(part.otherGroups ? { otherGroups: part.otherGroups } : {}) };
  });
}"""


@pytest.fixture(scope="module", autouse=True)
def facts(server: Meterd) -> None:
    """Models called as often as others, dearer ones called less, failures, and what has no model or cost."""
    rows: list[dict[str, Any]] = [
        {
            "createdAt": f"2025-04-07T{number % 24:02}:10:00Z",
            "modelName": f"model-{number % 7}" if number % 11 else None,
            "costInUSD": number % 5 * 0.25 * (7 - number % 7) if number % 3 else None,
            "inputTokens": number,
            "isFailure": number % 10 == 0,
            "errorCode": "500" if number % 10 == 0 else None,
        }
        for number in range(120)
    ]
    send(server, "modelMetrics", rows, "day of questions asked as one")


def _first(key: str, limit: int, **body: Any) -> dict[str, Any]:
    return _WINDOW | {"groupBy": ["modelName"], "orderBy": key, "limit": limit, "other": True} | body


def _of_models(questions: list[str]) -> list[str]:
    return [each for each in questions if "modelMetrics" in each]


def _answer(server: Meterd, body: dict[str, Any]) -> dict[str, Any]:
    response = server.query(**body)
    data: dict[str, Any] = response.json()["data"]
    return data


_TOGETHER: tuple[list[dict[str, Any]], ...] = (
    [_WINDOW, _WINDOW | {"groupBy": ["isFailure"]}, _WINDOW | {"aggregations": [_COST, _TOKENS]}],
    [_WINDOW | {"aggregations": [_TOKENS]}, _WINDOW | {"groupBy": ["isFailure"], "aggregations": [_CODES]}],
    [_WITHOUT_FACTS | {"aggregations": [_COST, _CODES]}, _WITHOUT_FACTS | {"groupBy": ["isFailure"]}],
    [_first("total", 3), _first("sumCostInUSD", 3, aggregations=[_COST])],
    [_first("total", 20), _first("sumCostInUSD", 2, aggregations=[_COST]), _first("total", 1)],
    [_first("sumInputTokens", 7, aggregations=[_TOKENS, _COST]), _first("total", 7)],
    [_first("total", 1, groupBy=["isFailure", "modelName"]), _first("total", 4, groupBy=["isFailure", "modelName"])],
)
_APART_FROM_EACH_OTHER = (
    (_WINDOW, _WINDOW | {"groupBy": ["modelName"]}),
    (_WINDOW | {"groupBy": ["isFailure"]}, _WINDOW | {"aggregations": [{"type": "avg", "column": "latencyMs"}]}),
    (_WINDOW | {"groupBy": ["isFailure"]}, _WINDOW | {"groupBy": ["isFailure"], "totals": True}),
    (_first("total", 3), _first("modelName", 3)),
    (_first("total", 3), _first("total", 3, other=False)),
    (_first("total", 3), _first("total", 3, order="asc")),
)


def test_a_question_that_is_asked_with_others_has_its_own_answer(page: Page, server: Meterd) -> None:
    page.goto("/classify")
    for bodies, how in product(_TOGETHER, (_OVER_TIME, _WHOLE)):
        questions = [body | how for body in bodies]

        whole, kinds = page.evaluate(_ASKED, questions)
        parts = page.evaluate(_APART, [_answer(server, whole), questions, whole])

        assert kinds == 1
        assert parts == [_answer(server, question) for question in questions]


def test_questions_whose_answers_do_not_follow_from_one_are_asked_apart(page: Page) -> None:
    page.goto("/classify")

    kinds = [page.evaluate(_ASKED, [body | _WHOLE for body in bodies])[1] for bodies in _APART_FROM_EACH_OTHER]

    assert kinds == [2] * len(_APART_FROM_EACH_OTHER)


def test_panels_of_first_groups_are_asked_as_one_and_alone_where_there_are_many_groups(
    page: Page, server: Meterd
) -> None:
    many = [{"createdAt": "2025-04-09T12:00:00Z", "modelName": f"many-{number}"} for number in range(50)]
    send(server, "modelMetrics", many, "day of many models")
    panels = (
        declared("calls", "top", groupBy=["modelName"], orderBy="total", limit=3, other=True),
        declared(
            "cost", "top", groupBy=["modelName"], orderBy="sumCostInUSD", limit=3, other=True, aggregations=[_COST]
        ),
    )

    page.goto(f"/ai-guard?{_DAY}")
    questions = asked(page)
    mount(page, *panels)
    expect(panel(page, "calls")).to_contain_text("other (5)")
    panel(page, "cost")
    assert len(_of_models(questions)) == 1
    page.goto("/ai-guard?window=2025-04-09T00:00:00Z/2025-04-10T00:00:00Z")
    questions = asked(page)
    mount(page, *panels)
    expect(panel(page, "calls")).to_contain_text("other (47)")
    panel(page, "cost")
    assert len(_of_models(questions)) == 3
