"""Conditions on documents, against the store's own answers and by example."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.datasets import MODEL_CALLS, Kind
from meterd.filters import Variable, document_field, matches, parse_filter
from meterd.query.dialects import DIALECTS
from meterd.query.listings import compile_listing
from meterd.query.model import Compare, Comparison, Condition, Field, Listing, Order, TagValue
from meterd.query.visibility import Visibility
from tests.filters.fields import resolve
from tests.filters.languages import TEXTS, Filter, expression, filters, texts
from tests.query.reference import RealEngine

_run = itertools.count()
_NOON = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)

_times = st.builds(
    lambda seconds: _NOON + timedelta(seconds=seconds),
    st.sampled_from([0, 0.25, 0.251, -0.001, 45]) | st.integers(-400 * 86_400, 400 * 86_400),
)
_members: dict[str, st.SearchStrategy[Any]] = {
    "modelName": texts,
    "modelId": texts,
    "httpStatusCode": st.sampled_from([200, 404, -1]),
    "latencyMs": st.sampled_from([0.0, -1.25, 0.5, 7.0, 200.0]),
    "isFailure": st.booleans(),
    "metadata": st.dictionaries(st.sampled_from(["queue", "other"]), st.sampled_from(TEXTS), max_size=2),
}
_teams = st.lists(st.sampled_from(["red", "blue", "é'"]), max_size=2)
_rows = st.lists(
    st.fixed_dictionaries({"createdAt": _times, "teams": _teams}, optional=_members),
    min_size=1,
    max_size=5,
)
_COLUMNS = {column.member: column.name for column in MODEL_CALLS.columns}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with RealEngine(tmp_path_factory.mktemp("store")) as engine:
        yield engine


@settings(max_examples=100)
@given(_rows, st.lists(filters, min_size=1, max_size=8))
def test_documents_satisfy_what_rows_of_the_store_do(
    engine: RealEngine, rows: list[dict[str, Any]], sentences: list[Filter]
) -> None:
    tenant = f"tenant-{next(_run)}"
    rows = [row | {"spanId": str(number)} for number, row in enumerate(rows)]
    engine.append(MODEL_CALLS, [row | {"tenant": tenant} for row in rows])
    documents = [_document(row) for row in rows]

    for sentence in sentences:
        condition = parse_filter(expression(sentence), resolve)
        found = [document["span_id"] for document in documents if matches(condition, document)]
        assert found == _stored(engine, tenant, condition)


def _document(row: dict[str, Any]) -> dict[str, Any]:
    """The row as a stored object would have it: times are text."""
    return {_COLUMNS[name]: value.isoformat() if name == "createdAt" else value for name, value in row.items()}


def _stored(engine: RealEngine, tenant: str, condition: Condition) -> list[str]:
    visible = Visibility(Compare(Field("tenant"), Comparison.EQUAL, tenant), {})
    listing = Listing(MODEL_CALLS, ("span_id",), condition, (Order("span_id"),), 100)
    sql, parameters = compile_listing(listing, visible, DIALECTS["duckdb"])
    return [row[0] for row in engine.store.select(sql, parameters, 10)]


def test_a_thousand_conditions_are_no_trouble_for_the_store(engine: RealEngine) -> None:
    text = " or ".join(f"service='{number}'" for number in range(1000))

    assert _stored(engine, "nobody", parse_filter(text, resolve)) == []


def test_fifty_levels_are_no_trouble_for_the_store(engine: RealEngine) -> None:
    text = "(service=a or key=b and " * 50 + "failed" + ")" * 50

    assert _stored(engine, "nobody", parse_filter(text, resolve)) == []


HENG = {
    "_id": "#HENG",
    "name": "Henry Hub",
    "description": None,
    "rating": 7.5,
    "code": "007",
    "public": True,
    "tags": ["gas", "us", 5],
    "empty": [],
    "imdb": {"rating": 8, "votes": {"total": 12}},
    "parts": [{"unit": "MT"}, {"unit": None}, "loose"],
    "timestamp": "2024-10-12T11:36:24.123Z",
}


@pytest.mark.parametrize(
    "text",
    [
        "_id=#HENG",
        "imdb.rating=gt(7)",
        "imdb.votes.total=range(10,12)",
        "rating=7.5",
        "rating='7.5'",
        "rating > 7",
        "code=007",
        "not code=7",
        "public=true",
        "tags=gas and tags=us and tags=5",
        "tags in [oil, gas]",
        "tags nin [oil, coal]",
        "tags like a",
        "tags matches ^g",
        "not description",
        "not nobody and not imdb.nobody",
        "description=null",
        "empty and not empty=1",
        "empty != 1",
        "imdb",
        "parts.unit=MT",
        "timestamp > 2024-10-12",
        "description != x",
        "not description=x",
        "not nobody < 1",
        "nobody nin [x]",
        "nobody=ne(x)",
        '{"nobody": {"$ne": "x"}}',
        '{"nobody": {"$nin": ["x", "y"]}}',
        '{"nobody": {"$not": {"$gt": 1}}}',
        '{"$nor": [{"nobody": "x"}, {"description": {"$regex": "x"}}]}',
        '{"parts.more": {"$ne": "MT"}}',
    ],
)
def test_documents_that_satisfy(text: str) -> None:
    assert matches(parse_filter(text, document_field), HENG)


@pytest.mark.parametrize(
    "text",
    [
        "_id=#heng",
        "tags != gas",
        "tags nin [gas]",
        "tags=ga",
        "code=7",
        "description=null and description='x'",
        "nobody != null",
        "nobody nin [x, null]",
        "not not nobody=x",
        '{"$nor": [{"nobody": "x"}, {"code": "007"}]}',
        '{"parts.unit": {"$ne": "MT"}}',
        "imdb=8",
        "empty=1",
        "nobody",
        "imdb.votes.total.more",
        "name.more",
        "rating in []",
    ],
)
def test_documents_that_do_not_satisfy(text: str) -> None:
    assert not matches(parse_filter(text, document_field), HENG)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("timestamp=2024-10-12T11:36:24.123Z", True),
        ("timestamp='2024-10-12T13:36[Europe/Amsterdam]'", True),
        ("timestamp=2024-10-12", True),
        ("timestamp > 2024-10-12", False),
        ("name > 2024-10-12", False),
        ("rating > 2024-10-12", False),
    ],
)
def test_times_of_documents_compare_as_times_where_fields_are_declared_so(text: str, found: bool) -> None:
    assert found is matches(parse_filter(text, lambda name: Variable(Field(name), Kind.TIME)), HENG)


def test_a_tag_is_the_first_element_that_begins_so() -> None:
    condition = Compare(TagValue("labels", "env"), Comparison.EQUAL, "a")

    assert matches(condition, {"labels": ["x", "env:a", "env:b"]})
    assert not matches(condition, {"labels": ["env:b", "env:a"]})
    assert not matches(condition, {"labels": None})
