"""What a declaration of a dashboard may say, and how a mistake is named."""

import json
from typing import Any

import msgspec
import pytest

from meterd.api.gateway.datasources import datasources
from meterd.errors import InvalidInput
from meterd.web.declaration import declared

QUERY: dict[str, Any] = {
    "datasource": "modelMetrics",
    "type": "distribution",
    "startTs": "$start",
    "endTs": "$end",
    "groupBy": ["modelName"],
    "aggregations": [{"type": "sum", "column": "costInUSD"}],
    "filters": ["$filters"],
}
PANEL: dict[str, Any] = {
    "id": "cost", "title": "Cost", "unit": "usd", "kind": "top", "width": 6, "height": 2, "value": "sumCostInUSD",
    "query": QUERY,
}  # fmt: skip
BOARD: dict[str, Any] = {"id": "mine", "title": "Mine", "panels": [PANEL]}


def panel(**changes: Any) -> dict[str, Any]:
    return BOARD | {"panels": [PANEL | changes]}


def asking(**changes: Any) -> dict[str, Any]:
    return panel(query=QUERY | changes)


def refusal(sent: object) -> str:
    with pytest.raises(InvalidInput) as refused:
        declared(sent, datasources())
    return refused.value.message


def test_a_declaration_is_kept_as_it_was_sent() -> None:
    assert BOARD == json.loads(msgspec.json.encode(declared(BOARD, datasources())))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([], "the dashboard: it must be an object, got an array"),
        ({}, "the dashboard: title is required"),
        (BOARD | {"panels": []}, "the dashboard: panels must be at least 1 entries long"),
        (BOARD | {"panels": [PANEL] * 41}, "the dashboard: panels must be at most 40 entries long"),
        (BOARD | {"extra": 1}, "the dashboard: extra is not a known field"),
        (BOARD | {"id": "A b"}, "the dashboard: id must be lower-case letters, digits and hyphens"),
        (BOARD | {"title": "a\nb"}, "the dashboard: title must be 1 to 80 characters on one line"),
        (BOARD | {"panels": [PANEL, PANEL]}, 'panels: id "cost" is there twice'),
        (BOARD | {"panels": [7]}, "panel 1: it must be an object, got a number"),
        (BOARD | {"panels": [PANEL, {"id": "b"}]}, 'panel "b": title is required'),
        (BOARD | {"filters": [{"field": "x", "label": "X"}]}, 'no panel has a datasource that is filtered by "x"'),
        (panel(width=13), 'panel "cost": width must be at most 12'),
        (panel(height=0), 'panel "cost": height must be at least 1'),
        (panel(kind="pie"), 'panel "cost": kind must be one of number, lines, areas, bars, top, table, heatmap, got'),
        (panel(unit="EUR"), 'panel "cost": unit must be one of count, usd'),
        (panel(link="javascript:alert(1)"), 'panel "cost": link must be an address here'),
        (panel(link="//elsewhere.example"), 'panel "cost": link must be an address here'),
        (panel(value="sumTokens"), 'panel "cost": value must be one of total, sumCostInUSD, got "sumTokens"'),
        (panel(value={"part": {"where": {"team": ["a"]}}, "of": "total"}), "takes groups of the answer (modelName)"),
        (panel(value={"part": "total", "of": "all"}), 'value.of must be one of total, sumCostInUSD, got "all"'),
        (panel(series=["x"]), 'panel "cost": series must be one of'),
        (panel(kind="lines"), 'panel "cost": query.type must be timeseries for lines, got distribution'),
        (asking(type="timeseries"), 'panel "cost": query.type must be distribution for top, got timeseries'),
        (asking(groupBy=["nothing"]), 'panel "cost": query: Unsupported modelMetrics groupBy field "nothing"'),
        (asking(datasource="x"), 'panel "cost": query: Unknown datasource "x"'),
        (asking(startTs="soon"), 'panel "cost": query: startTs must be an ISO 8601 time'),
        (asking(filters=["$other"]), 'panel "cost": query.filters'),
        (asking(token="x"), 'panel "cost": query.token is not a known field'),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_panel_and_member(sent: object, message: str) -> None:
    assert message in refusal(sent)
