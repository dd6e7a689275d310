"""From points of metrics to facts (`docs/specifications/ingest-sources.md` section 2.1)."""

from typing import Any

import pytest

from meterd.errors import InvalidInput
from tests.api.otlp.exports import (
    ENCODINGS,
    JSON,
    SECOND,
    START,
    Document,
    metrics,
    point,
    read_points,
    together,
)


def row(of: Document, encoding: str = ENCODINGS[0]) -> Document:
    """The one point of an export."""
    rows, rejected = read_points(of, encoding)
    assert rejected == {}
    assert len(rows) == 1
    return rows[0]


def expect(columns: Document, found: Document) -> None:
    """The columns have these values; None stands for no value."""
    assert columns == {name: found.get(name) for name in columns}


HISTOGRAM = {
    "count": "3",
    "sum": 6.5,
    "min": 0.5,
    "max": 4.0,
    "bucketCounts": ["1", "2", "0"],
    "explicitBounds": [1.0, 5.0],
}
KINDS: list[tuple[str, Document, Document, Document]] = [
    ("gauge", {"asDouble": 1.5}, {}, {"metricType": "gauge", "value": 1.5, "temporality": None, "isMonotonic": None}),
    ("gauge", {"asInt": "-5"}, {}, {"value": -5.0}),
    ("gauge", {"asInt": "0"}, {}, {"value": 0.0}),
    ("gauge", {"asDouble": "NaN"}, {}, {"value": None}),
    ("gauge", {"asDouble": "Infinity"}, {}, {"value": None}),
    ("gauge", {}, {}, {"value": None}),
    (
        "sum",
        {"asInt": "7"},
        {"isMonotonic": True, "aggregationTemporality": 2},
        {"metricType": "sum", "value": 7.0, "temporality": "cumulative", "isMonotonic": True},
    ),
    (
        "sum",
        {"asInt": "7"},
        {"aggregationTemporality": 1},
        {"temporality": "delta", "isMonotonic": False},
    ),
    ("sum", {"asInt": "7"}, {"aggregationTemporality": 0}, {"temporality": None}),
    (
        "histogram",
        HISTOGRAM,
        {"aggregationTemporality": 2},
        {
            "metricType": "histogram",
            "value": None,
            "count": 3,
            "sum": 6.5,
            "minimum": 0.5,
            "maximum": 4.0,
            "bucketCounts": [1.0, 2.0, 0.0],
            "bucketBounds": [1.0, 5.0],
            "temporality": "cumulative",
            "isMonotonic": None,
        },
    ),
    ("histogram", {"count": "0"}, {}, {"count": 0, "sum": None, "minimum": None, "maximum": None}),
    ("histogram", {"count": "1", "sum": 0.0, "min": 0.0, "max": 0.0}, {}, {"sum": 0.0, "minimum": 0.0, "maximum": 0.0}),
    ("histogram", {"count": str(2**64 - 1)}, {}, {"count": 2**63 - 1}),
    (
        "exponentialHistogram",
        {
            "count": "3",
            "sum": 6.5,
            "min": 0.5,
            "max": 4.0,
            "scale": 2,
            "zeroCount": "1",
            "positive": {"offset": 1, "bucketCounts": ["1", "1"]},
        },
        {"aggregationTemporality": 1},
        {
            "metricType": "exponential_histogram",
            "count": 3,
            "sum": 6.5,
            "minimum": 0.5,
            "maximum": 4.0,
            "bucketCounts": None,
            "temporality": "delta",
        },
    ),
    (
        "summary",
        {"count": "4", "sum": 10.0, "quantileValues": [{"quantile": 0.5, "value": 2.0}]},
        {},
        {"metricType": "summary", "count": 4, "sum": 10.0, "minimum": None, "temporality": None},
    ),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("kind", "members", "data", "columns"), KINDS)
def test_points_of_each_kind(encoding: str, kind: str, members: Document, data: Document, columns: Document) -> None:
    expect(columns, row(metrics(kind, point(**members), **data), encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_every_point_has(encoding: str) -> None:
    of = metrics("gauge", point(asInt="1"), name="load", unit="{request}", scope="s", resource={"service.name": "shop"})

    expect(
        {
            "createdAt": "2026-09-21T14:13:20Z",
            "startedAt": "2026-09-21T14:12:20Z",
            "createdBySubjectSlug": "ann",
            "createdBySubjectType": "user",
            "teams": ["red"],
            "metricName": "load",
            "unit": "{request}",
            "scopeName": "s",
            "serviceName": "shop",
        },
        row(of, encoding),
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_a_point_leaves_out_is_null(encoding: str) -> None:
    of = metrics("gauge", point(asInt="1", startTimeUnixNano="0"), unit="", scope="", resource={"service.name": 5})

    nothing = dict.fromkeys(["startedAt", "unit", "scopeName", "serviceName", "metadata"])
    expect(nothing, row(of, encoding))


ATTRIBUTES = {"gen_ai.request.model": "small-1", "server.port": 80, "user.email": "bob@example.com", "metadata": "{}"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_only_attributes_on_the_list_are_kept(encoding: str) -> None:
    of = metrics("gauge", point(ATTRIBUTES))

    expect({"metadata": {"gen_ai.request.model": "small-1", "server.port": "80"}}, row(of, encoding))


def test_the_list_of_attributes_is_a_setting() -> None:
    rows, _ = read_points(metrics("gauge", point(ATTRIBUTES)), allowed=("metadata",))

    expect({"metadata": {"metadata": "{}"}}, rows[0])


def id_of(of: Document, encoding: str = ENCODINGS[0]) -> str:
    found: str = row(of, encoding)["pointId"]
    return found


def test_both_encodings_give_the_same_point() -> None:
    own = {"text": "é", "integer": 5, "number": 1.5, "flag": True, "list": [1, "a"], "map": {"a": 1}, "none": None}
    of = metrics("gauge", point(own, asInt="1"), resource=own)

    assert row(of, JSON) == row(of, ENCODINGS[1])


BASE: Document = {"name": "n", "scope": "s", "resource": {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    ("own", "members", "changed"),
    [
        ({}, {}, {"name": "m"}),
        ({}, {}, {"scope": "t"}),
        ({}, {}, {"resource": {"a": 1, "b": 3}}),
        ({}, {}, {"resource": {"a": 1}}),
        ({"c": 4}, {}, {}),
        ({"c": "3"}, {}, {}),
        ({}, {"startTimeUnixNano": str(START - 1)}, {}),
        ({}, {"timeUnixNano": str(START + 1)}, {}),
    ],
)
def test_every_part_of_the_identity_counts(own: Document, members: Document, changed: Document) -> None:
    one = metrics("gauge", point({"c": 3}), **BASE)
    other = metrics("gauge", point({"c": 3} | own, **members), **(BASE | changed))

    assert id_of(one) != id_of(other)


def test_the_order_of_attributes_is_no_part_of_the_identity() -> None:
    one = metrics("gauge", point({"a": 1, "b": 2}), resource={"a": 1, "b": 2})
    other = metrics("gauge", point({"b": 2, "a": 1}), resource={"b": 2, "a": 1})

    assert id_of(one) == id_of(other)


def test_attributes_that_are_not_kept_are_part_of_the_identity() -> None:
    one = metrics("gauge", point({"user.email": "ann"}))
    other = metrics("gauge", point({"user.email": "bob"}))

    assert id_of(one) != id_of(other)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bytes_are_part_of_the_identity(encoding: str) -> None:
    one, other = (
        metrics("gauge", point(attributes=[{"key": "a", "value": {"bytesValue": of}}])) for of in ("AAEC", "AAED")
    )

    assert id_of(one, encoding) != id_of(other, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["gauge", "sum", "histogram", "summary"])
def test_a_point_without_a_recorded_value_is_dropped_and_not_rejected(encoding: str, kind: str) -> None:
    rows, rejected = read_points(metrics(kind, point(flags=1), point(flags=2)), encoding)

    assert (len(rows), rejected) == (1, {})


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("member", ["timeUnixNano", "startTimeUnixNano"])
@pytest.mark.parametrize("time", [2**64 - 1, 2**63, START + 86_400 * 365 * 400 * SECOND])
def test_a_point_at_an_impossible_time_is_rejected_and_the_others_are_taken(
    encoding: str, member: str, time: int
) -> None:
    rows, rejected = read_points(metrics("gauge", point(None, **{member: str(time)}), point()), encoding)

    assert len(rows) == 1
    assert list(rejected.values()) == [1]
    assert next(iter(rejected)).startswith(f"{member} ")


@pytest.mark.parametrize(
    "members",
    [
        {"timeUnixNano": 10**400},
        {"startTimeUnixNano": 10**400},
        {"asInt": 10**400},
        {"count": 10**400},
        {"count": -(10**400)},
        {"count": "-5"},
        {"count": "-99999999999999999999"},
        {"bucketCounts": [10**400]},
        {"explicitBounds": ["x"]},
        {"sum": "x"},
        {"attributes": [{"key": "server.port", "value": {"intValue": 10**400}}]},
    ],
    ids=lambda members: f"{next(iter(members))}-{str(next(iter(members.values())))[:12]}",
)
@pytest.mark.parametrize("kind", ["gauge", "histogram", "summary"])
def test_numbers_beyond_what_can_be_stored_do_no_harm(kind: str, members: Document) -> None:
    try:
        rows, _ = read_points(metrics(kind, point(**members)), JSON)
    except InvalidInput as error:
        assert "metrics[0]" in error.message  # noqa: PT017 - either is right
    else:
        assert all(0 <= (row.get("count") or 0) < 2**63 for row in rows)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_points_of_several_resources_keep_their_own(encoding: str) -> None:
    whole = together(*(metrics("gauge", point(), resource={"service.name": name}) for name in ("one", "two")))
    rows, _ = read_points(whole, encoding)

    assert [row["serviceName"] for row in rows] == ["one", "two"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "document", [{"resourceMetrics": []}, {"resourceMetrics": [{}]}, metrics("gauge"), metrics("sum")]
)
def test_an_empty_export_has_no_points(encoding: str, document: Document) -> None:
    assert read_points(document, encoding) == ([], {})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_metric_without_data_has_no_points(encoding: str) -> None:
    document: dict[str, Any] = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "n"}]}]}]}

    assert read_points(document, encoding) == ([], {})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_texts_are_cut_to_what_is_stored(encoding: str) -> None:
    long = "x" * 5000
    found = row(metrics("gauge", point(), name=long, unit=long, scope=long, resource={"service.name": long}), encoding)

    assert {len(found[name]) for name in ("metricName", "unit", "scopeName", "serviceName")} == {4096}
