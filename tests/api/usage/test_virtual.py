"""Virtual metric time series over HTTP (`docs/specifications/usage-metrics.md` sections 9 to 15)."""

import uuid
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meterd.access import Scope
from tests.api.usage.environment import Environment
from tests.api.usage.records import Record, ingested
from tests.process import Meterd, make_token

COUNT = {"_metric": "ODSLRequest/ReadRequests", "_calendar": "ANNUAL", "_observed": "summed", "_range": "2024"}


@pytest.fixture(scope="module")
def known(shared: Meterd) -> tuple[Environment, list[Record]]:
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    return environment, ingested(shared, environment, token)


def values(series: dict[str, Any]) -> list[Any]:
    return [each["value"] for each in series["data"]]


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("object/v1", 3),
        ("object/v1/", 3),
        ("object/v1/private", 3),
        ("object/v1/public", 3),
        ("object/v1/all", 3),
        ("object", 3),
        ("calendar/v1", 2),
        ("calendar/v1/private", 2),
        ("data/v1/private", 1),
        ("data/v1", 1),
        ("calendar/v1/public/%23HENG", 2),
        ("calendar/v1/private/%23HENG", 2),
        ("calendar/v1/public/HENG", 0),
        ("object/v1/private/ICE.NDEX.NLB", 2),
        ("object/v1/private/ice.ndex.nlb", 0),
        ("object/v1/private/ICE", 0),
        ("object/v1/private/%23HENG", 0),
        ("data/v1/private/AAA:READS", 1),
        ("data/v1/private/NOT.THERE", 0),
    ],
)
def test_an_address_says_which_calls_count(known: tuple[Environment, list[Record]], path: str, count: int) -> None:
    series = known[0].read(path, **COUNT)

    assert ([count] if count else []) == values(series)
    assert ("2024-01-01T00:00:00" if count else "") == series["start"]


@pytest.mark.parametrize("path", ["object/v1/private/AAA/B C", "object/v1/private/AAA%2FB%20C"])
def test_ids_may_have_slashes_and_blanks(known: tuple[Environment, list[Record]], path: str) -> None:
    written = COUNT | {"_metric": "ODSLRequest/WriteRequests"}

    assert [2] == values(known[0].read(path, **written))


@pytest.mark.parametrize(
    ("metric", "observed", "expected"),
    [
        ("ReadRequests", "summed", 3),
        ("ReadRequests", "sum", 3),
        ("ReadRequests", "averaged", 1),
        ("ReadRequests", "end", 1),
        ("ReadRequests", "delta", 0),
        ("ReadRequestDuration", "summed", 22),
        ("ReadRequestDuration", "averaged", 7.333333),
        ("ReadRequestDuration", "high", 12),
        ("ReadRequestDuration", "low", 3),
        ("ReadRequestDuration", "beginning", 12),
        ("ReadRequestDuration", "end", 3),
        ("ReadRequestDuration", "none", 3),
        ("ReadRequestDuration", "delta", -9),
        ("ReadRequestResponseSize", "high", 2000),
        ("WriteRequests", "summed", 2),
    ],
)
def test_metrics_are_observed(
    known: tuple[Environment, list[Record]], metric: str, observed: str, expected: float
) -> None:
    series = known[0].read("object/v1", **(COUNT | {"_metric": f"ODSLRequest/{metric}", "_observed": observed}))

    assert [expected] == values(series)
    assert {"sum": "summed"}.get(observed, observed) == series["observed"]


def test_deletions_are_of_the_service_that_was_called(known: tuple[Environment, list[Record]]) -> None:
    counts = [
        values(known[0].read(f"{service}/v1", **(COUNT | {"_metric": "ODSLRequest/DeleteRequests"})))
        for service in ("data", "object")
    ]

    assert [[1], []] == counts


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ('{"application":"api"}', 2),
        ("application=portal", 1),
        ("?httpstatus=404", 1),
        ("service=calendar", None),
        ("service=object", 3),
        ("httpstatus>=200 and httpstatus<300", 2),
        ("unknown=1", None),
        ("user=root", 3),
    ],
)
def test_a_filter_narrows_the_records_of_an_address(
    known: tuple[Environment, list[Record]], filter_: str, count: int | None
) -> None:
    assert ([] if count is None else [count]) == values(known[0].read("object/v1", **COUNT, _filter=filter_))


@pytest.mark.parametrize(
    ("range_", "hours"),
    [
        ("2024-11-20", {"09": 3}),
        ("within(2024-11-20)", {"09": 3}),
        ("2024-11-20T09:00:00", {"09": 1}),
        ("between(2024-11-20T09:00:01,2024-11-20T09:59:58)", {"09": 1}),
        ("2024-11-20T09:59:59", {"09": 1}),
        ("from(2024-11-20T09:10:01)", {"09": 1}),
        ("between(2024-11-21, 2024-11-22)", {}),
        ("2024M11", {"09": 3}),
        ("between(2024-11-20T10,2024-11-20T10:59,Europe/Amsterdam)", {"09": 3}),
        ("last(1)", {"09": 3}),
        ("within(2024-11-20T09[Europe/London])", {"09": 3}),
    ],
)
def test_a_range_selects_records_by_the_second(
    known: tuple[Environment, list[Record]], range_: str, hours: dict[str, int]
) -> None:
    parameters = COUNT | {"_calendar": "#PT1H", "_range": range_, "_filter": "detail matches '^row'"}
    series = known[0].read("object/v1", **parameters)

    assert [{"time": f"2024-11-20T{hour}:00:00", "value": count} for hour, count in hours.items()] == series["data"]


def test_what_is_not_asked_for_has_a_default(shared: Meterd) -> None:
    environment = Environment(shared)
    environment.read("object/v1")

    series = environment.read("object/v1?_metric=ODSLRequest/ReadRequests")
    assert ("#PT1H", "end", 0, "count", "UTC") == tuple(
        series[name] for name in ("calendar", "observed", "scaling", "units", "timezone")
    )
    assert [1] == values(series)


@pytest.mark.parametrize("code", ["#PT1H", "PT1H", "pt1h", "#DAILY", "daily", "Business", "#P1D", "SPARSE", "#P3M"])
def test_codes_of_calendars_are_echoed_as_they_were_written(known: tuple[Environment, list[Record]], code: str) -> None:
    series = known[0].read("object/v1", **(COUNT | {"_calendar": code}))

    assert (code, 3) == (series["calendar"], sum(value for value in values(series) if value != "NaN"))


def test_other_providers_are_not_narrowed_by_the_address(shared: Meterd) -> None:
    environment = Environment(shared)
    own = {"environment": environment.name, "createdAt": "2024-11-20T10:00:00Z"}
    samples = [
        {"metric": "ActiveMessages", "queue": queue, "value": value} | own
        for queue, value in (("etrm", 4), ("etrm", 7), ("risk", 9))
    ]
    assert 200 == shared.ingest(samples, "queueMetrics").status_code
    assert 200 == shared.ingest({"name": "nightly", "duration": 90} | own, "processMetrics").status_code

    def high(metric: str, path: str = "data/v1/private/X", **more: str) -> list[Any]:
        return values(environment.read(path, **(COUNT | {"_metric": metric, "_observed": "high"} | more)))

    assert [9] == high("AzureServiceBus/ActiveMessages")
    assert [7] == high("AzureServiceBus/ActiveMessages", _filter="queue='etrm'")
    assert [] == high("AzureServiceBus/Messages")
    assert [90] == high("ODSLProcess/RunRequestDuration", _filter="name=nightly")
    assert [1] == high("ODSLProcess/RunRequests")
    assert [9] == high("AzureServiceBus/ActiveMessages", path="calendar/v1")


def test_a_series_covers_the_environment_of_the_call(shared: Meterd) -> None:
    first, second = Environment(shared), Environment(shared)
    first.read("object/v1")

    assert [[1], []] == [values(each.read("object/v1", **(COUNT | {"_range": "last(1)"}))) for each in (first, second)]


def test_a_series_counts_the_calls_that_the_caller_may_see(shared: Meterd) -> None:
    tenant, name = uuid.uuid4().hex, uuid.uuid4().hex

    def member(subject: str, admin: bool = False) -> Environment:
        token = make_token(shared.data, subject, tenant=tenant, tenant_admin=admin).token or ""
        return Environment(shared, token, name)

    ann, bob, admin = member("ann"), member("bob"), member("root", admin=True)
    for each, times in ((ann, 2), (bob, 3)):
        for _ in range(times):
            each.read("calendar/v1")
    everything = COUNT | {"_range": "last(1)"}

    assert [[2], [3], [7]] == [values(each.read("calendar/v1", **everything)) for each in (ann, bob, admin)]
    assert [4] == values(admin.read("calendar/v1", **everything, _filter="user=bob"))


MISTAKES = [
    ("_metric", "ReadRequests", "_metric"),
    ("_metric", "A/B/C", "_metric"),
    ("_metric", "Nope/ReadRequests", "Nope"),
    ("_metric", "ODSLRequest/Nope", "Nope"),
    ("_metric", "odslrequest/ReadRequests", "odslrequest"),
    ("_metric", "/", "provider"),
    ("_calendar", "#PT7M", "position 3"),
    ("_calendar", "#PT13H", "PT13H"),
    ("_calendar", "NOPE", "NOPE"),
    ("_calendar", "#P", "#P"),
    ("_calendar", "#P2D", "#P2D"),
    ("_observed", "total", "_observed"),
    ("_observed", "SUMMED", "_observed"),
    ("_range", "between(2024-01-01)", "position 18"),
    ("_range", "foo(2024)", "foo"),
    ("_range", "T-1X", "position 3"),
    ("_range", "2024-13", "position 5"),
    ("_range", "2024-02-30", "position 8"),
    ("_range", "last(0)", "position 5"),
    ("_range", "from(2024", "position 9"),
    ("_range", "from(2024,Mars/Base)", "position 10"),
    ("_range", "between(2025,2024)", "before its start"),
    ("_range", "T-1M1D1h0m0s0", "position"),
    ("_range", "last(99999999999999999999999)", "range"),
    ("_range", "from(0000)", "position 5"),
    ("_filter", "service=", "position"),
    ("_filter", '{"service":', "position"),
    ("_scaling", "2", "_scaling"),
    ("_scaling", "no", "_scaling"),
]


@pytest.mark.parametrize(("parameter", "text", "said"), MISTAKES, ids=[f"{name}={text}" for name, text, _ in MISTAKES])
@pytest.mark.parametrize("path", ["object/v1", "calendar/v1/public/%23HENG"])
def test_a_mistake_is_refused_with_its_place(
    known: tuple[Environment, list[Record]], path: str, parameter: str, text: str, said: str
) -> None:
    status, sentence = known[0].refused("GET", path, params=COUNT | {parameter: text})

    assert (400, "[4000] ", True) == (status, sentence[:7], said in sentence), sentence


def test_a_mistake_in_the_address_is_refused(known: tuple[Environment, list[Record]]) -> None:
    assert 400 == known[0].refused("GET", "object/v1/elsewhere/X", params=COUNT)[0]
    assert 404 == known[0].refused("GET", "object/v2", params=COUNT)[0]


NAMES = [
    "_limit",
    "_skip",
    "_sort",
    "_project",
    "_distinct",
    "_filter",
    "_search",
    "_function",
    "_id",
    "_metric",
    "_calendar",
    "_observed",
    "_range",
    "_scaling",
    "_profile",
    "_replace",
    "_reason",
    "provider",
    "service",
    "httpstatus",
    "timestamp",
    "key",
    "type",
    "from",
    "to",
    "calendar",
    "format",
    "user",
]
WORDS = [
    "ODSLRequest/ReadRequests",
    "AzureServiceBus/Size",
    "#PT1H",
    "#PT1S",
    "ANNUAL",
    "SPARSE",
    "summed",
    "delta",
    "from(",
    "between(",
    "within(",
    "last(",
    "2024-11-20",
    "T-1D",
    "T",
    "9999",
    "0001",
    "2020YOCT",
    "2020W53",
    "[Europe/London]",
    ",",
    ")",
    "(",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "$gte",
    "$regex",
    "$not",
    ":",
    "regex(",
    "in(",
    "range(",
    "ne(",
    "=",
    "!=",
    " and ",
    " or ",
    "not ",
    "like",
    "matches",
    "service",
    "timestamp",
    "duration",
    "-",
    "1",
    "0",
    "1e999",
    "-1",
    "99999999999999999999",
    "null",
    "true",
    "\x00",
    "é",
    "\U0001f600",
    "\\",
    "%",
    "?",
    "*",
    "|",
    "listMetrics",
    "html",
    "csv",
    "/",
    "#",
]
PATHS = [
    "metric",
    "metric/v1",
    "metric/v1/private",
    "metric/v1/X",
    "object/v1",
    "object/v1/private/ICE.NDEX.NLB",
    "object/v1/all",
    "calendar/v1",
    "calendar/v1/public/%23BUSINESS",
    "data/v1/private",
    "data/v1/private/A:B",
    "usage/statement",
]
ACCEPTED = ["*/*", "text/csv", "application/xml", "text/html", "application/json;q=0.1, text/csv", ",", "é"]


@given(
    path=st.sampled_from(PATHS),
    pairs=st.lists(
        st.tuples(
            st.sampled_from(NAMES), st.lists(st.sampled_from(WORDS), max_size=6).map("".join) | st.text(max_size=12)
        ),
        max_size=5,
    ),
    accept=st.sampled_from(ACCEPTED),
)
@example(path="object/v1", pairs=[("_metric", "ODSLRequest/ReadRequests"), ("_range", "from(9999)")], accept="*/*")
@example(path="object/v1", pairs=[("_metric", "ODSLRequest/ReadRequests"), ("_range", "0001")], accept="*/*")
@example(path="usage/statement", pairs=[("from", "0001"), ("to", "9999"), ("calendar", "#PT1S")], accept="*/*")
@example(path="usage/statement", pairs=[("from", "9995"), ("to", "9999")], accept="text/csv")
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_no_query_is_the_servers_fault(
    known: tuple[Environment, list[Record]], path: str, pairs: list[tuple[str, str]], accept: str
) -> None:
    query = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in pairs)
    response = known[0].send("GET", f"{path}?{query}", headers={"Accept": accept.encode("latin-1")})

    assert response.status_code in (200, 400, 404), response.text
    assert (response.status_code == 200) == ("x-odsl-error" not in response.headers)


@pytest.mark.parametrize(
    "parameter", ["_sort=time", "_limit=1", "_skip=1", "_project=data", "_distinct=service", "_replace=true"]
)
@pytest.mark.parametrize("path", ["object/v1", "data/v1/private", "calendar/v1/public/%23HENG"])
def test_what_can_not_apply_to_a_series_is_refused(shared: Meterd, path: str, parameter: str) -> None:
    query = f"_metric=ODSLRequest/ReadRequests&{parameter}"
    status, sentence = Environment(shared).refused("GET", f"{path}?{query}")

    assert (400, True) == (status, f"{parameter.partition('=')[0]} does not apply to a series" in sentence), sentence


@pytest.mark.parametrize("parameter", ["_filter=a=b", "_limit=1", "_range=2024", "name=x"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "object"), ("POST", "calendar/v1"), ("DELETE", "object/v1/private/X")]
)
def test_what_can_not_apply_to_a_change_is_refused(shared: Meterd, method: str, path: str, parameter: str) -> None:
    status, sentence = Environment(shared).refused(method, f"{path}?{parameter}", json={"_id": "X"})

    assert (400, True) == (status, f"{parameter.partition('=')[0]} does not apply to a {method}" in sentence), sentence
