"""JSON, CSV and XML (`docs/specifications/usage-metrics.md` section 4)."""

import csv
import io
import uuid
import xml.etree.ElementTree as ElementTree
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.access import Scope
from meterd.api.usage.formats import format_response
from tests.api.usage.environment import Environment
from tests.api.usage.records import Record, ingested
from tests.process import Meterd, make_token

COUNT = {"_metric": "ODSLRequest/ReadRequests", "_calendar": "#PT1H", "_observed": "summed", "_range": "2024"}
OURS = {"detail": "regex(^row)"}
CSV, XML = "text/csv", "application/xml"


@pytest.fixture(scope="module")
def known(shared: Meterd) -> tuple[Environment, list[Record]]:
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    return environment, ingested(shared, environment, token)


def sent(environment: Environment, path: str, accept: str, **parameters: str) -> str:
    response = environment.send("GET", path, params=parameters, headers={"Accept": accept})
    assert (200, accept) == (response.status_code, response.headers["content-type"].partition(";")[0])
    return response.content.decode()


FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""One of these, behind what has no width, begins what a spreadsheet takes for a formula."""


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def unquoted(cell: str) -> str:
    """What a cell stands for: an apostrophe keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def test_a_list_in_csv_has_a_column_for_every_field(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    found = table(sent(environment, "metric/v1", CSV, **OURS))

    in_json = environment.read("metric/v1", **OURS)
    assert list(dict.fromkeys(name for record in in_json for name in record)) == list(found[0])
    assert [{name: str(record.get(name, "")) for name in found[0]} for record in records] == [
        {name: unquoted(cell) for name, cell in row.items()} for row in found
    ]
    assert ["'="] == [row["application"] for row in found if "=" in row["application"]]


def test_a_list_in_xml_has_an_element_for_every_field(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    root = ElementTree.fromstring(sent(environment, "metric/v1", XML, **OURS))

    assert ("list", {"item"}) == (root.tag, {item.tag for item in root})
    assert [{name: str(value) for name, value in record.items()} for record in records] == [
        {member.tag: member.text for member in item} for item in root
    ]


def test_a_series_in_csv_has_a_row_for_every_observation(known: tuple[Environment, list[Record]]) -> None:
    text = sent(known[0], "calendar/v1", CSV, **(COUNT | {"_calendar": "#PT15M"}))
    assert "time,value\r\n2024-11-20T11:30:00,2\r\n" == text

    text = sent(known[0], "object/v1", CSV, **(COUNT | {"_range": "2024", "_metric": "ODSLRequest/WriteRequests"}))
    assert ["1", "NaN", "NaN", "NaN", "1"] == [row["value"] for row in table(text)]


def test_a_series_in_xml_has_an_element_for_every_observation(known: tuple[Environment, list[Record]]) -> None:
    parameters = COUNT | {"_metric": "ODSLRequest/WriteRequests"}
    series = known[0].read("object/v1", **parameters)
    root = ElementTree.fromstring(sent(known[0], "object/v1", XML, **parameters))

    assert "series" == root.tag
    assert [{name: str(value) for name, value in each.items()} for each in series["data"]] == [
        {member.tag: member.text for member in each} for each in root.iterfind("observation")
    ]
    scalars = {name: str(value) for name, value in series.items() if not isinstance(value, list | dict)}
    assert scalars == {each.tag: each.text or "" for each in root if each.tag != "observation"}


def test_empty_series_and_lists_have_every_format(known: tuple[Environment, list[Record]]) -> None:
    nothing = COUNT | {"_range": "2001"}

    assert "time,value\r\n" == sent(known[0], "object/v1", CSV, **nothing)
    assert [] == list(ElementTree.fromstring(sent(known[0], "object/v1", XML, **nothing)).iterfind("observation"))
    assert [] == table(sent(known[0], "metric/v1", CSV, key="none"))
    assert [] == list(ElementTree.fromstring(sent(known[0], "metric/v1", XML, key="none")))


def test_distinct_values_have_every_format(known: tuple[Environment, list[Record]]) -> None:
    parameters = OURS | {"_distinct": "httpstatus"}

    assert ["200", "400", "404", "405", "500"] == [
        row["value"] for row in table(sent(known[0], "metric/v1", CSV, **parameters))
    ]
    root = ElementTree.fromstring(sent(known[0], "metric/v1", XML, **parameters))
    assert ["200", "400", "404", "405", "500"] == [item.text for item in root]


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        ("TEXT/CSV", CSV),
        ("text/csv;q=0.9, application/json", CSV),
        ("text/html, application/xml;q=0.9, */*;q=0.8", XML),
        ("text/html, */*", "application/json"),
    ],
)
def test_the_first_format_that_is_known_is_sent(
    known: tuple[Environment, list[Record]], accept: str | None, type_: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    response = known[0].send("GET", "metric/v1", headers=headers)

    assert type_ == response.headers["content-type"].partition(";")[0]


def test_a_format_that_is_not_known_is_refused(known: tuple[Environment, list[Record]]) -> None:
    status, sentence = known[0].refused("GET", "metric/v1", headers={"Accept": "text/html, image/png"})

    assert (400, True) == (status, "application/json, text/csv, application/xml, got text/html, image/png" in sentence)


@pytest.mark.parametrize("data", [[1, 2], [{"a": 1}], [], "x", {"time": 1}], ids=str)
@pytest.mark.parametrize("type_", ["#Object", "VarTimeSeries"])
def test_an_object_may_have_a_member_that_is_called_data(shared: Meterd, data: Any, type_: str) -> None:
    environment = Environment(shared)
    environment.post("object", {"_id": "D", "_type": type_, "data": data, "own": {"x": 1}})

    assert data == environment.read("object/v1/private/D")["data"]
    for accept in (CSV, XML):
        assert sent(environment, "object/v1/private/D", accept)
    if type_ == "#Object":
        (row,) = table(sent(environment, "object/v1/private/D", CSV))
        assert (data, {"x": 1}) == (row["data"] if data == "x" else msgspec.json.decode(row["data"]), {"x": 1})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ITEMS = st.dictionaries(st.text(max_size=8) | st.sampled_from(["data", "_type", "xml", "a b", "item"]), JSON_VALUES)


@given(content=ITEMS | st.lists(ITEMS, max_size=3) | st.lists(JSON_VALUES, max_size=3))
def test_everything_that_is_json_is_csv_and_well_formed_xml(content: Any) -> None:
    rows = list(csv.reader(io.StringIO(format_response(content, CSV).body.decode(), newline=""), strict=True))
    items = content if isinstance(content, list) else [content]
    assert len(items) + 1 == len(rows)
    assert {len(rows[0])} == {len(row) for row in rows}

    root = ElementTree.fromstring(format_response(content, XML).body)
    assert ("list" if isinstance(content, list) else "item") == root.tag
    assert (len(content) if isinstance(content, list) else 1) == len(
        list(root) if isinstance(content, list) else [root]
    )


@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\t",
        "\r\n",
        "\0",
        "\x7f",
        "\x85",
        "\xa0",
        "\xad",
        "\u200b",
        "\u202e",
        "\u2028",
        "\u2060",
        "\ufeff",
        "\0\ufeff \u200b",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(1)", "\uff1d1"], ids=ascii)
def test_a_formula_is_quoted_whatever_a_spreadsheet_may_skip_before_it(before: str, formula: str) -> None:
    text = format_response([{before + formula: before + formula}], CSV).body.decode()

    assert [[f"'{before}{formula}"]] * 2 == list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30))
def test_texts_come_back_from_csv_and_xml(text: str) -> None:
    (row,) = list(csv.reader(io.StringIO(format_response({"a": text, "b": "x"}, CSV).body.decode(), newline="")))[1:]
    assert row[0] == text or (row[0] == f"'{text}" and not FORMULA.isdisjoint(text))
    member = ElementTree.fromstring(format_response({"a": text}, XML).body).find("a")
    assert member is not None
    assert text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") == (member.text or "")


@given(name=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=10))
def test_names_come_back_from_xml(name: str) -> None:
    (member,) = ElementTree.fromstring(format_response({name: 1}, XML).body)

    assert name == member.get("name", member.tag)
