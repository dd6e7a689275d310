"""The metrics query over HTTP: answers, and every documented and recommended error of sections 10 and 11."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from meterd.access import Scope
from meterd.phrases import PHRASES
from tests.process import METRICS, Meterd, make_token

DAY = {"startTs": "2026-04-21T00:00:00Z", "endTs": "2026-04-22T00:00:00Z"}
NUMERIC = ("count", "countDistinct", "sum", "p99")
HOURLY = {"type": "timeseries", "interval": "1 hour"}


class Tenant:
    """A tenant of its own on the shared server."""

    def __init__(self, meterd: Meterd) -> None:
        self.meterd = meterd
        self.name = uuid.uuid4().hex
        self.token = (
            make_token(meterd.data, "root", tenant=self.name, tenant_admin=True, scopes=tuple(Scope)).token or ""
        )

    def ingest(self, *rows: dict[str, Any], datasource: str = "guardrailMetrics") -> None:
        response = self.meterd.ingest(list(rows), datasource, self.token)
        assert response.status_code == 200, response.text

    def query(self, **body: Any) -> httpx2.Response:
        return self.meterd.query(self.token, **body)

    def points(self, **body: Any) -> list[dict[str, Any]]:
        return self.meterd.points(self.token, **body)


@pytest.fixture
def tenant(shared: Meterd) -> Tenant:
    return Tenant(shared)


@pytest.fixture(scope="module")
def filled(shared: Meterd) -> Tenant:
    """A tenant with a few facts on one day."""
    tenant = Tenant(shared)
    tenant.ingest(
        {
            "createdAt": "2026-04-21T00:59:59.999999Z",
            "guardrailName": "pii",
            "guardrailResult": "pass",
            "latencyMs": 10,
            "createdBySubjectSlug": "ann",
            "teams": ["red", "blue"],
            "metadata": {"env": "prod", "depth": 3},
        },
        {
            "createdAt": "2026-04-21T01:00:00Z",
            "guardrailName": "pii",
            "guardrailResult": "fail",
            "latencyMs": 20,
            "createdBySubjectSlug": "ann",
            "teams": ["red"],
        },
        {
            "createdAt": "2026-04-21T01:30:00Z",
            "guardrailName": "toxic",
            "latencyMs": 30.5,
            "createdBySubjectSlug": "ci",
            "createdBySubjectType": "virtualaccount",
        },
        {"createdAt": "2026-04-21T01:30:00+01:00", "createdBySubjectSlug": "bob"},
    )
    return tenant


def error_of(response: httpx2.Response, status: int = 400) -> str:
    """The message of an error in the protocol's shape."""
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert body == {"statusCode": status, "message": body["message"], "error": PHRASES[status]}
    message: str = body["message"]
    return message


def a_filter(field: str, operator: str, **value: Any) -> dict[str, Any]:
    return {"filters": [{"fieldName": field, "operator": operator, **value}]}


def an_aggregation(type_: str, column: str) -> dict[str, Any]:
    return {"aggregations": [{"type": type_, "column": column}]}


ERRORS: list[tuple[dict[str, Any], str]] = [
    (a_filter("guardrailName", "IS_NULL", value=True), 'Field "guardrailName" does not support operator "IS_NULL"'),
    (a_filter("guardrailName", "EQUAL", value="a"), 'Field "guardrailName" does not support operator "EQUAL"'),
    (a_filter("latencyMs", "EQUAL", value=1), 'Field "latencyMs" does not support operator "EQUAL"'),
    (a_filter("team", "IN", value=["a"]), 'Field "team" does not support operator "IN"'),
    (a_filter("modelName", "IN", value=["a"]), "Unsupported guardrailMetrics filter name: modelName"),
    (a_filter("guardrailName", "IN"), "guardrailName"),
    (a_filter("guardrailName", "IN", value="a"), "must be an array"),
    (a_filter("latencyMs", "BETWEEN", value=5), "must be an array"),
    (a_filter("latencyMs", "BETWEEN", value=[5]), "exactly two"),
    (a_filter("latencyMs", "GREATER_THAN", value="5"), "must be a number"),
    (a_filter("userEmail", "EQUAL", value=5), "must be a string"),
    ({"filters": [{"fieldName": "team", "metadataKey": "a", "operator": "IN", "value": []}]}, "not both"),
    ({"groupBy": ["modelName"]}, '"modelName"'),
    (an_aggregation("sum", "inputTokens"), '"inputTokens"'),
    (an_aggregation("median", "latencyMs"), '"median"'),
    (an_aggregation("avg", "guardrailName"), 'Column "guardrailName" does not support aggregation "avg"'),
    (an_aggregation("p50", "team"), 'Column "team" does not support aggregation "p50"'),
    *[
        (an_aggregation(rate, "latencyMs"), f'Aggregation type "{rate}" is only supported for timeseries queries')
        for rate in ("rateSum", "rateAvg", "rateMin", "rateMax", "ratePerMinute")
    ],
    ({"datasource": "everythingMetrics"}, '"everythingMetrics"'),
    ({"type": "histogram"}, '"histogram"'),
    ({"type": "timeseries"}, "interval is required"),
    ({"type": "timeseries", "interval": "1 hour 30 minute"}, '"1 hour 30 minute"'),
    ({"type": "timeseries", "interval": "0 hour"}, '"0 hour"'),
    ({"type": "timeseries", "interval": "-1 hour"}, '"-1 hour"'),
    ({"type": "timeseries", "interval": "1.5 hour"}, '"1.5 hour"'),
    ({"type": "timeseries", "interval": "1 fortnight"}, '"1 fortnight"'),
    ({"type": "timeseries", "interval": "9" * 5000 + " day"}, "interval"),
    ({"interval": "nonsense"}, '"nonsense"'),
    ({"type": "timeseries", "intervalInSeconds": 0}, "intervalInSeconds"),
    ({"startTs": "yesterday"}, "startTs"),
    ({"endTs": "tomorrow"}, "endTs"),
    ({"startTs": None}, "startTs"),
    ({"endTs": DAY["startTs"]}, "endTs must be later than startTs"),
    ({"endTs": "2026-04-20T00:00:00Z"}, "endTs must be later than startTs"),
    ({"type": "timeseries", "interval": "1 second"}, "50000 buckets"),
    ({"groupBy": "guardrailName"}, "groupBy"),
    ({"filters": {}}, "filters"),
    ({"aggregations": [{"type": "count"}]}, "aggregations[0].column"),
]


@pytest.mark.parametrize(("change", "message"), ERRORS)
def test_a_query_that_is_wrong_gets_400_and_the_reason(filled: Tenant, change: dict[str, Any], message: str) -> None:
    assert message in error_of(filled.query(**DAY | change))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b'{"startTs":"\\ud800"}',
        b"[" * 50_000,
        b'{"x":' * 50_000,
        b'{"filters":[{"value":' + b"9" * 5000 + b"}]}",
    ],
)
def test_a_body_that_is_no_json_object_gets_400(shared: Meterd, content: bytes) -> None:
    assert error_of(shared.client.post(f"{METRICS}/query", content=content))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_the_content_type_of_a_query_does_not_matter(filled: Tenant, content_type: str) -> None:
    body = b'{"startTs":"2026-04-21","endTs":"2026-04-22","datasource":"guardrailMetrics","type":"distribution"}'
    headers = {"content-type": content_type, "authorization": f"Bearer {filled.token}"}
    response = filled.meterd.client.post(f"{METRICS}/query", content=body, headers=headers)

    assert response.json() == {"data": {"dataPoints": [{"total": 4}]}}


def test_a_query_that_is_too_large_gets_413(shared: Meterd) -> None:
    assert "larger than" in error_of(shared.query(padding="x" * 2**20), 413)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer nonsense", "Basic Zm9vOmJhcg==", "Bearer mtr_" + "0" * 40, "mtr_" + "0" * 40],
)
def test_without_a_valid_token_there_is_401_even_for_a_wrong_body(shared: Meterd, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = shared.anonymous.post(f"{METRICS}/query", content=b"nonsense", headers=headers)

    assert error_of(response, 401)
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


def test_a_token_without_the_scope_gets_403_that_names_it(shared: Meterd) -> None:
    token = make_token(shared.data, "writer", scopes=(Scope.INGEST,)).token or ""

    assert '"query"' in error_of(shared.query(token), 403)


def test_a_point_has_the_documented_members(filled: Tenant) -> None:
    points = filled.points(
        **DAY,
        groupBy=["guardrailName", "guardrailResult"],
        aggregations=[{"type": "count", "column": "guardrailName"}, {"type": "p50", "column": "latencyMs"}],
    )

    nothing = {
        "guardrailName": None,
        "guardrailResult": None,
        "total": 1,
        "countGuardrailName": 0,
        "p50LatencyMs": None,
    }
    assert points == [
        {"guardrailName": "pii", "guardrailResult": "fail", "total": 1, "countGuardrailName": 1, "p50LatencyMs": 20.0},
        {"guardrailName": "pii", "guardrailResult": "pass", "total": 1, "countGuardrailName": 1, "p50LatencyMs": 10.0},
        {"guardrailName": "toxic", "guardrailResult": None, "total": 1, "countGuardrailName": 1, "p50LatencyMs": 30.5},
        nothing,
    ]


def test_buckets_have_full_bounds_in_utc_with_milliseconds_and_z(filled: Tenant) -> None:
    points = filled.points(**DAY | {"startTs": "2026-04-21T00:30:00Z"}, **HOURLY)

    assert points == [
        {"startTimestamp": "2026-04-21T00:00:00.000Z", "endTimestamp": "2026-04-21T01:00:00.000Z", "total": 2},
        {"startTimestamp": "2026-04-21T01:00:00.000Z", "endTimestamp": "2026-04-21T02:00:00.000Z", "total": 2},
    ]


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1 week", "2026-04-20T00:00:00.000Z", "2026-04-27T00:00:00.000Z"),
        ("1 month", "2026-04-01T00:00:00.000Z", "2026-05-01T00:00:00.000Z"),
        ("3 months", "2026-04-01T00:00:00.000Z", "2026-07-01T00:00:00.000Z"),
        ("1 year", "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("7 day", "2026-04-16T00:00:00.000Z", "2026-04-23T00:00:00.000Z"),
    ],
)
def test_buckets_start_at_the_specified_origins(filled: Tenant, interval: str, start: str, end: str) -> None:
    points = filled.points(**DAY, type="timeseries", interval=interval)

    assert points == [{"startTimestamp": start, "endTimestamp": end, "total": 4}]


def test_rates_divide_by_the_length_of_the_bucket(filled: Tenant) -> None:
    (point,) = filled.points(
        **DAY,
        type="timeseries",
        interval="1 month",
        aggregations=[
            {"type": "rateSum", "column": "latencyMs"},
            {"type": "ratePerMinute", "column": "latencyMs"},
            {"type": "ratePerMinute", "column": "guardrailName"},
        ],
    )

    seconds = 30 * 86_400
    assert point["rateSumLatencyMs"] == pytest.approx(60.5 / seconds)
    assert point["ratePerMinuteLatencyMs"] == pytest.approx(60.5 / (seconds / 60))
    assert point["ratePerMinuteGuardrailName"] == pytest.approx(3 / (seconds / 60))


@pytest.mark.parametrize(
    ("names", "points"),
    [
        (["userEmail"], [{"createdBySubjectSlug": "ann", "total": 2}, {"createdBySubjectSlug": "bob", "total": 1}]),
        (["virtualaccount"], [{"createdBySubjectSlug": "ci", "total": 1}]),
        (
            ["userEmail", "virtualaccount"],
            [
                {"createdBySubjectSlug": "ann", "total": 2},
                {"createdBySubjectSlug": "bob", "total": 1},
                {"createdBySubjectSlug": "ci", "total": 1},
            ],
        ),
        (["team"], [{"team": "red", "total": 2}, {"team": "blue", "total": 1}]),
        (["metadata.depth"], [{"metadata.depth": None, "total": 3}, {"metadata.depth": "3", "total": 1}]),
        (
            ["createdBySubjectType"],
            [
                {"createdBySubjectType": "user", "total": 3},
                {"createdBySubjectType": "virtualaccount", "total": 1},
            ],
        ),
    ],
)
def test_groups_are_answered_under_their_response_names(
    filled: Tenant, names: list[str], points: list[dict[str, Any]]
) -> None:
    assert filled.points(**DAY, groupBy=names) == points


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ({}, [{"total": 0}]),
        (
            {
                "aggregations": [{"type": each, "column": "latencyMs"} for each in NUMERIC]
                + [{"type": "count", "column": "team"}, {"type": "countDistinct", "column": "team"}]
            },
            [
                {
                    "total": 0,
                    "countLatencyMs": 0,
                    "countDistinctLatencyMs": 0,
                    "sumLatencyMs": None,
                    "p99LatencyMs": None,
                    "countTeam": 0,
                    "countDistinctTeam": 0,
                }
            ],
        ),
        ({"groupBy": ["guardrailName"]}, []),
        (HOURLY, []),
    ],
)
def test_an_empty_result_is_one_row_of_nothing_only_without_groups_and_buckets(
    tenant: Tenant, body: dict[str, Any], points: list[dict[str, Any]]
) -> None:
    assert tenant.points(**DAY, **body) == points


def test_what_was_acknowledged_is_in_the_next_answer(tenant: Tenant) -> None:
    seen = []
    for _ in range(20):
        tenant.ingest({"guardrailName": "pii"})
        seen.append(tenant.points()[0]["total"])

    assert seen == list(range(1, 21))


def test_concurrent_writers_each_read_their_own_writes(tenant: Tenant) -> None:
    def write_and_read(name: str) -> int:
        tenant.ingest({"guardrailName": name})
        condition = {"fieldName": "guardrailName", "operator": "IN", "value": [name]}
        total: int = tenant.points(filters=[condition])[0]["total"]
        return total

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write_and_read, map(str, range(24)))) == [1] * 24


def test_sums_of_integers_stay_integers_beyond_64_bits(tenant: Tenant) -> None:
    event = {"meter": "ai_guard.agent", "agent": "bot", "platform": "DATABRICKS", "value": 2**64 - 1}
    tenant.ingest(event, event, datasource="aiGuardMetrics")
    (point,) = tenant.points(datasource="aiGuardMetrics", **an_aggregation("sum", "value"))

    assert point["sumValue"] == 2**65 - 2


@pytest.mark.parametrize("size", [2**53 + 1, 2**63, 2**64, 2**127, 10**40, 10**300, 1e300], ids="{:g}".format)
def test_filters_take_numbers_of_any_size(filled: Tenant, size: float) -> None:
    (below,) = filled.points(**DAY, **a_filter("latencyMs", "LESS_THAN", value=size))
    (above,) = filled.points(**DAY, **a_filter("latencyMs", "GREATER_THAN", value=-size))

    assert (below["total"], above["total"]) == (3, 3)


@pytest.mark.parametrize(
    "condition",
    [
        {"metadataKey": "env", "operator": "IN", "value": []},
        {"fieldName": "guardrailName", "operator": "IN", "value": []},
    ],
)
def test_membership_of_nothing_matches_nothing(filled: Tenant, condition: dict[str, Any]) -> None:
    assert filled.points(**DAY, filters=[condition]) == [{"total": 0}]


@pytest.mark.parametrize("text", ["x'); DROP TABLE guardrail_evaluations; --", '"', "\\", "$1", "\x00", "%", "😀"])
def test_odd_texts_are_ordinary_values_everywhere(tenant: Tenant, text: str) -> None:
    tenant.ingest({"guardrailName": text, "metadata": {"key": text}, "teams": [text]}, {"guardrailName": f"x{text}"})
    points = tenant.points(
        groupBy=["guardrailName", "metadata.key", "team"],
        filters=[
            {"fieldName": "guardrailName", "operator": "STRING_STARTS_WITH", "value": text},
            {"metadataKey": "key", "operator": "EQUAL", "value": text},
            {"fieldName": "team", "operator": "ARRAY_HAS_ANY", "value": [text]},
        ],
    )

    assert points == [{"guardrailName": text, "metadata.key": text, "team": text, "total": 1}]


def test_a_client_that_sends_a_limit_is_answered_in_full(filled: Tenant) -> None:
    assert len(filled.points(**DAY, groupBy=["guardrailName"], limit=1)) == 3


def test_groups_beyond_the_limit_are_one_row_whose_number_stands_beside_the_points(filled: Tenant) -> None:
    whole = DAY | {"groupBy": ["guardrailName"], "orderBy": "guardrailName"}
    all_ = filled.query(**whole, other=True).json()["data"]
    first = filled.query(**whole, limit=1).json()["data"]
    with_other = filled.query(**whole, limit=1, other=True).json()["data"]

    assert all_["dataPoints"][:1] == first["dataPoints"]
    assert (all_.keys(), first.keys()) == ({"dataPoints"}, {"dataPoints"})
    rest = {"guardrailName": None, "total": sum(point["total"] for point in all_["dataPoints"][1:]), "other": True}
    assert with_other == {"dataPoints": [*first["dataPoints"], rest], "otherGroups": 2}


def test_histograms_are_lists_of_bins_and_totals_are_marked(tenant: Tenant) -> None:
    tenant.ingest(*({"guardrailName": name, "latencyMs": ms} for name, ms in (("a", 0), ("a", 5), ("b", 50))))
    histogram = {"type": "histogram", "column": "latencyMs", "buckets": 2}

    points = tenant.points(groupBy=["guardrailName"], aggregations=[histogram], totals=True)

    def bins(*counts: int) -> list[dict[str, float | None]]:
        edges = ((None, 0.0), (1.0, 10.0), (10.0, 100.0))
        return [{"from": edge[0], "to": edge[1], "count": count} for edge, count in zip(edges, counts, strict=True)]

    assert points == [
        {"guardrailName": "a", "total": 2, "histogramLatencyMs": bins(1, 1, 0)},
        {"guardrailName": "b", "total": 1, "histogramLatencyMs": bins(0, 0, 1)},
        {"guardrailName": None, "total": 3, "histogramLatencyMs": bins(1, 1, 1), "totals": True},
    ]
