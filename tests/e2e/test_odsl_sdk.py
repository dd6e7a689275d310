"""The published ODSL SDK, unmodified, against a running server (`docs/specifications/usage-metrics.md` sections 1 and
9).
"""

import sys
import uuid
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import msal
import pytest

from meterd.access import Scope
from tests.process import OF_ONE_NODE, Meterd, make_token

READS = {
    "_type": "VarMetricTimeSeries",
    "provider": "ODSLRequest",
    "metric": "ReadRequests",
    "calendar": "#PT1H",
    "observed": "summed",
}
MICROSOFT = "https://login.microsoft.com/common"


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The SDK's module. When imported it asks Microsoft where to log in, and finds a place for its tokens."""
    home = tmp_path_factory.mktemp("home")
    tokens = home / "AppData/Roaming/ODSL/token.odsl"
    tokens.parent.mkdir(parents=True)
    tokens.write_text("{}")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(action="ignore"):
        patch.setenv("HOME", str(home))
        patch.setattr(
            msal.authority,
            "tenant_discovery",
            lambda *_arguments, **_options: {
                "authorization_endpoint": f"{MICROSOFT}/authorize",
                "token_endpoint": f"{MICROSOFT}/token",
                "issuer": MICROSOFT,
            },
        )
        from odsl import sdk

        yield sdk
    sys.modules.pop("odsl.sdk")


@pytest.fixture
def tenant() -> str:
    """One of its own for each test: the SDK has no environments, so that everything in a tenant is counted together."""
    return uuid.uuid4().hex


@pytest.fixture
def key(shared: Meterd, tenant: str) -> str:
    """An API key with every scope, of the tenant's administrator."""
    return make_token(shared.data, tenant=tenant, tenant_admin=True, scopes=tuple(Scope)).token or ""


@pytest.fixture
def odsl(sdk: Any, shared: Meterd, key: str) -> Any:
    return connect(sdk, shared, key)


def connect(sdk: Any, server: Meterd, key: str, user: str = "root") -> Any:
    """A client as a user makes it."""
    client = sdk.ODSL()
    client.url = f"{server.url}/api/"
    client.loginWithAPIKey(user, key)
    return client


def count(series: dict[str, Any]) -> int:
    return sum(values(series))


def values(series: dict[str, Any]) -> list[Any]:
    return [each["value"] for each in series["data"] if each["value"] != "NaN"]


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def test_an_object_is_stored_read_and_listed(odsl: Any, capsys: pytest.CaptureFixture[str]) -> None:
    odsl.update("object", "private", {"_id": "AAA.PYTHON", "name": "Example"})
    assert "200\n" == capsys.readouterr().out

    assert "Example" == odsl.get("object", "private", "AAA.PYTHON")["name"]
    assert ["AAA.PYTHON"] == [each["_id"] for each in odsl.list("object")]
    assert ["AAA.PYTHON"] == [each["_id"] for each in odsl.list("object", "all", {"_filter": '{"name":"Example"}'})]
    assert [] == odsl.list("object", "public")
    assert "1" == odsl.headers("object")["x-total-count"]
    assert "" == capsys.readouterr().out


def test_metric_records_are_listed_read_and_counted(odsl: Any) -> None:
    for _ in range(3):
        odsl.get("object", "private", "NOT.THERE")
    odsl.list("calendar", "public")

    records = odsl.list("metric", "", {"service": "object"})
    assert [("NOT.THERE", "get", "get", 404, "api", "root")] * 3 == [
        tuple(each[name] for name in ("key", "action", "method", "httpstatus", "application", "user"))
        for each in records
    ]
    assert records[0] == odsl.get("metric", None, records[0]["_id"]) == odsl.get("metric", "private", records[0]["_id"])
    assert "3" == odsl.headers("metric", "", {"service": "object"})["x-total-count"]
    assert ["calendar", "metric", "object"] == odsl.list("metric", "private", {"_distinct": "service"})
    assert 1 == len(odsl.list("metric", "", {"service": "object", "_limit": 1, "_skip": 2}))


def test_a_provider_tells_its_metrics(odsl: Any) -> None:
    found = odsl.function("metric", "listMetrics", params={"provider": "ODSLRequest"})

    assert ["ReadRequests", "ReadRequestDuration", "ReadRequestResponseSize", "WriteRequests", "DeleteRequests"] == [
        each["name"] for each in found
    ]


@OF_ONE_NODE
def test_virtual_series_of_items_services_and_sources_count_the_calls(odsl: Any) -> None:
    for id_, times in (("#HENG", 3), ("#BUSINESS", 2)):
        for _ in range(times):
            odsl.get("calendar", "public", id_)
    for _ in range(4):
        odsl.get("object", "private", "ICE.NDEX.NLB")
    for _ in range(5):
        odsl.list("data")
    params = {
        "_metric": "ODSLRequest/ReadRequests",
        "_calendar": "#P1D",
        "_observed": "summed",
        "_range": "from(2024-11-20)",
    }

    assert 3 == count(odsl.get("calendar", "public", "#HENG", params))
    assert 4 == count(odsl.get("object", "private", "ICE.NDEX.NLB", params))
    assert 0 == count(odsl.get("object", "private", "ice.ndex.nlb", params))
    assert 2 == count(odsl.get("calendar", "public", "#BUSINESS", params))
    assert 5 == count(odsl.list("data", "private", params))
    assert 6 == count(odsl.list("data", "private", params))
    assert 7 == count(odsl.list("calendar", "private", params))
    assert 6 == count(odsl.list("object", "", params))
    params["_metric"] = "ODSLRequest/WriteRequests"
    assert 0 == count(odsl.list("object", "", params))


def test_the_documented_examples_work(odsl: Any, shared: Meterd, key: str) -> None:
    """Records of 20 November 2024, and of yesterday: ranges, filters and observed as section 9 shows them."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    rows = [
        {
            "createdAt": f"{day}T{hour:02}:30:00Z",
            "service": "calendar",
            "key": "#HENG",
            "method": "get",
            "application": application,
            "duration": duration,
            "responseSize": 1000 * duration,
        }
        for day in ("2024-11-20", "2024-11-21", yesterday)
        for hour, application, duration in ((9, "api", 10), (9, "portal", 25), (11, "api", 40))
    ]
    assert 200 == shared.ingest(rows, "requestMetrics", key).status_code

    def ask(range_: str, metric: str, observed: str, calendar: str = "#PT1H", **more: str) -> Any:
        params = {"_metric": f"ODSLRequest/{metric}", "_calendar": calendar, "_observed": observed, "_range": range_}
        return odsl.get("calendar", "public", "#HENG", params | more)

    series = ask("2024-11-20", "ReadRequests", "summed")
    assert [
        {"time": "2024-11-20T09:00:00", "value": 2},
        {"time": "2024-11-20T10:00:00", "value": "NaN"},
        {"time": "2024-11-20T11:00:00", "value": 1},
    ] == series.pop("data")
    assert {
        "_type": "VarTimeSeries",
        "_id": "ODSLRequest/ReadRequests",
        "description": "",
        "units": "count",
        "start": "2024-11-20T09:00:00",
        "calendar": "#PT1H",
        "timezone": "UTC",
        "observed": "summed",
        "scaling": 0,
        "valueType": "BASIC",
        "dataType": "any",
        "properties": {},
    } == series
    assert [17.5, 40] == values(ask("2024-11-20", "ReadRequestDuration", "averaged"))
    assert [40_000] * 2 == values(ask("between(2024-11-20,2024-11-21)", "ReadRequestResponseSize", "high", "#P1D"))
    assert [2] == values(ask("2024-11-20", "ReadRequests", "sum", "#P1D", _filter='{"application":"api"}'))
    assert [1, 1] == values(ask("2024-11-20", "ReadRequests", "summed", _filter="application=api"))
    whole_day = "between(T-1Dh0m0s0,T-1Dh23m59s59)"
    assert [{"time": f"{yesterday}T00:00:00", "value": 3}] == ask(whole_day, "ReadRequests", "summed", "#P1D")["data"]
    assert [3, 3, 3] == values(ask("from(2024-11-20)", "ReadRequests", "summed", "DAILY"))[:3]
    assert 2 == len(ask("last(2)", "ReadRequests", "summed", "BUSINESS")["data"])


@OF_ONE_NODE
def test_a_virtual_read_counts_from_the_next_one_on(odsl: Any) -> None:
    params = {"_metric": "ODSLRequest/ReadRequests", "_calendar": "#P1D", "_observed": "summed"}

    assert [0, 1, 2] == [count(odsl.get("object", "private", "X", params)) for _ in range(3)]


@OF_ONE_NODE
def test_a_stored_series_is_read_through_the_data_service(odsl: Any) -> None:
    odsl.update(
        "object",
        "private",
        {
            "_id": "USAGE",
            "_type": "#Usage",
            "READS": READS | {"calendar": "#P1D"},
            "OF_OBJECTS": READS | {"calendar": "#P1D", "filter": "?service='object' and key='AAA'"},
            "SLOW": READS | {"metric": "ReadRequestDuration", "observed": "high", "filter": {"service": "object"}},
        },
    )
    for _ in range(3):
        odsl.get("object", "private", "AAA")
    odsl.get("object", "private", "USAGE")

    assert 4 == count(odsl.get("data", "private", "USAGE:READS"))
    assert 3 == count(odsl.get("data", "private", "USAGE:OF_OBJECTS", {"_range": f"from({today()[:4]})"}))
    assert 0 == count(odsl.get("data", "private", "USAGE:OF_OBJECTS", {"_range": "2001"}))
    slow = odsl.get("data", "private", "USAGE:SLOW")
    assert ("VarMetricTimeSeries", "USAGE:SLOW", "high") == tuple(slow[name] for name in ("_type", "_id", "observed"))
    assert 1 == len(values(slow))
    fetched = odsl.list("data", "all", {"_id": ["USAGE:READS", "USAGE:OF_OBJECTS"]})
    assert ["USAGE:READS", "USAGE:OF_OBJECTS"] == [each["_id"] for each in fetched]


def test_an_object_that_was_read_can_be_changed_and_stored_again(odsl: Any) -> None:
    odsl.update("object", "private", {"_id": "USAGE", "READS": READS})
    read = odsl.get("object", "private", "USAGE")
    odsl.update("object", "private", read | {"name": "changed"}, {"_reason": "a better name"})

    again = odsl.get("object", "private", "USAGE")
    assert ("changed", read["READS"]) == (again["name"], again["READS"])


def test_what_goes_wrong_is_printed_with_its_reason(
    sdk: Any, odsl: Any, shared: Meterd, key: str, tenant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    params = {"_metric": "ODSLRequest/ReadRequests"}
    odsl.get("object", "private", "NOT.THERE")
    odsl.list("object", "private", params | {"_range": "between(2024-01-01)"})
    odsl.list("object", "private", params | {"_calendar": "#PT7M"})
    odsl.function("metric", "listMetrics")
    odsl.update("metric", "private", {"_id": "X"})
    odsl.update("object", "private", {"_id": "X", "S": READS | {"metric": "Nope"}})
    odsl.update("object", "private", {"_id": "X", "S": READS | {"data": []}})
    connect(sdk, shared, "mtr_wrong").list("object")
    connect(sdk, shared, key, "someone-else").list("object")
    writer = make_token(shared.data, "writer", tenant=tenant, scopes=(Scope.INGEST,)).token or ""
    connect(sdk, shared, writer, "writer").list("metric", "")

    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ODSL error")]
    assert [
        "404: [4040]",
        "400: [4000]",
        "400: [4000]",
        "400: [4000]",
        "405: [4050]",
        "400: [5005]",
        "400: [8003]",
        "401: [4010]",
        "401: [4010]",
        "403: [4030]",
    ] == [line[11:22] for line in printed]
    for said, line in zip(
        ("NOT.THERE", "position 18", "PT7M", "provider", "GET", "Nope", "data"), printed, strict=False
    ):
        assert said in line


def test_a_token_works_as_a_key_does(sdk: Any, shared: Meterd, key: str) -> None:
    client = connect(sdk, shared, "no key")
    client.loginWithToken(key)

    assert [] == client.list("object")
