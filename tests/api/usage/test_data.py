"""The data service over HTTP (`docs/specifications/usage-metrics.md` sections 7, 8, 14 and 15)."""

from typing import Any

import pytest

from tests.api.usage.environment import Environment
from tests.process import OF_ONE_NODE, Meterd, make_token

SERIES = {
    "_type": "VarMetricTimeSeries",
    "provider": "ODSLRequest",
    "metric": "ReadRequests",
    "observed": "summed",
    "calendar": "#P1D",
}


@pytest.fixture
def environment(shared: Meterd) -> Environment:
    return Environment(shared)


def values(series: dict[str, Any]) -> list[Any]:
    return [each["value"] for each in series["data"]]


def test_a_series_has_its_data_and_its_configuration(environment: Environment) -> None:
    made = environment.post(
        "object", {"_id": "AAA", "_type": "#T", "READS": SERIES | {"filter": {"service": "object"}}}
    )
    environment.read("object/v1/private/AAA")
    environment.read("data/v1/private")

    series = environment.read("data/v1/private/AAA:READS")
    (observation,) = series.pop("data")
    assert {
        "_type": "VarMetricTimeSeries",
        "_id": "AAA:READS",
        "description": "",
        "start": observation["time"],
        "calendar": "#P1D",
        "timezone": "UTC",
        "observed": "summed",
        "scaling": 0,
        "valueType": "BASIC",
        "dataType": "any",
        "properties": {},
        "provider": "ODSLRequest",
        "metric": "ReadRequests",
        "filter": {"service": "object"},
        "_objid": "AAA",
        "_dataid": "READS",
        "_objtype": "#T",
        "_oid": "AAA:READS",
        "_timestamp": made["_timestamp"],
        "_user": "root",
        "_tag": [],
        "_version": 1,
    } == series
    assert 1 == observation["value"]


def test_a_series_is_not_limited_to_its_object_but_to_its_filter(environment: Environment) -> None:
    environment.post("object", {"_id": "AAA", "ALL": SERIES, "OWN": SERIES | {"filter": "?key='AAA'"}})
    for id_ in ("AAA", "BBB", "AAA"):
        environment.send("GET", f"object/v1/private/{id_}")

    assert [3] == values(environment.read("data/v1/private/AAA:ALL"))
    assert [2] == values(environment.read("data/v1/all/AAA:OWN"))


@OF_ONE_NODE
def test_a_series_counts_the_calls_of_its_environment(shared: Meterd) -> None:
    first, second = Environment(shared), Environment(shared)
    for environment in (first, second):
        environment.post("object", {"_id": "AAA", "READS": SERIES})
    first.read("object/v1/private/AAA")

    assert ([1], []) == tuple(values(each.read("data/v1/private/AAA:READS")) for each in (first, second))


def test_configuration_that_was_not_posted_is_shown_as_it_is_taken(environment: Environment) -> None:
    environment.post(
        "object", {"_id": "AAA", "READS": {name: SERIES[name] for name in ("_type", "provider", "metric")}}
    )

    series = environment.read("data/v1/private/AAA:READS")
    assert ("#PT1H", "end", "", []) == tuple(series[name] for name in ("calendar", "observed", "start", "data"))


@pytest.mark.parametrize(
    ("query", "found"), [("_range=last(1)", True), ("_range=2000", False), ("_range=from(T-1D)&_scaling=0", True)]
)
def test_range_and_scaling_go_for_one_and_for_several(environment: Environment, query: str, found: bool) -> None:
    environment.post("object", {"_id": "AAA", "READS": SERIES})
    environment.read("object/v1/private/AAA")

    assert found == bool(values(environment.read(f"data/v1/private/AAA:READS?{query}")))
    for several in ("data/v1/private", "data/v1/all?_id=AAA:READS"):
        (series,) = environment.read(f"{several}{'&' if '?' in several else '?'}{query}")
        assert found == bool(values(series))


def test_several_series_are_read_by_their_ids(environment: Environment) -> None:
    environment.post("object", [{"_id": id_, "A": SERIES, "B": SERIES} for id_ in ("X", "Y:Z")])

    ids = [("_id", id_) for id_ in ("Y:Z:B", "X:A", "X:C", "W:A", "X")]
    response = environment.send("GET", "data/v1/all", params=ids)
    assert ["X:A", "Y:Z:B"] == [each["_id"] for each in response.json()]
    assert all("data" in each for each in response.json())
    assert "2" == response.headers["x-total-count"]


def test_a_list_has_the_definitions_of_every_series_without_data(environment: Environment) -> None:
    environment.post("object", [{"_id": id_, "_type": f"#{id_}", "B": SERIES, "A": SERIES, "x": 1} for id_ in "YX"])

    response = environment.send("GET", "data/v1/private?_limit=3")
    assert ["X:B", "X:A", "Y:B"] == [each["_id"] for each in response.json()]
    assert {"#P1D"} == {each["calendar"] for each in response.json()}
    assert [] == [each for each in response.json() if "data" in each]
    assert "4" == response.headers["x-total-count"]
    assert ["#X", "#Y"] == environment.read("data/v1/private?_distinct=_objtype")
    filtered = environment.read("data/v1/private", _filter='{"_objtype": "#X"}', _sort="_id", _project="metric")
    assert [{"_id": "X:A", "metric": "ReadRequests"}, {"_id": "X:B", "metric": "ReadRequests"}] == filtered
    assert [] == environment.read("data/v1/public")


def test_so_many_series_are_computed_at_once(environment: Environment) -> None:
    environment.post("object", {"_id": "AAA"} | {f"F{number:03}": SERIES for number in range(101)})

    assert 101 == len(environment.read("data/v1/private?_limit=200"))
    assert "at most 100" in environment.refused("GET", "data/v1/private?_limit=200&_range=2000")[1]
    response = environment.send("GET", "data/v1/private?_limit=-1&_range=2000")
    assert (100, "101") == (len(response.json()), response.headers["x-total-count"])


def test_a_series_follows_its_stored_calendar(environment: Environment) -> None:
    environment.post("calendar", {"_id": "MINE", "calendar": {"_type": "DailyCalendar"}})
    environment.post("object", {"_id": "AAA", "READS": SERIES | {"calendar": "MINE"}})
    environment.read("object/v1/private/AAA")
    times = [environment.read("data/v1/private/AAA:READS")["start"]]

    for definition in ({"_type": "AnnualCalendar"}, {"_type": "HolidayCalendar", "base": "ANNUAL"}):
        environment.post("calendar", {"_id": "MINE", "calendar": definition})
        times.append(environment.read("data/v1/private/AAA:READS")["start"])

    assert ["T00:00:00", "-01-01T00:00:00", "-01-01T00:00:00"] == [times[0][10:], times[1][4:], times[2][4:]]


@pytest.mark.parametrize(
    "id_", ["AAA:Nope", "AAA:value", "BBB:READS", "AAA", ":", "AAA:", "%23AAA:READS", "AAA:READS:X"]
)
def test_what_is_no_series_is_not_found(environment: Environment, id_: str) -> None:
    environment.post("object", {"_id": "AAA", "READS": SERIES, "value": 1})

    assert 404 == environment.refused("GET", f"data/v1/private/{id_}")[0]


@pytest.mark.parametrize("query", ["_range=last(0)", "_range=x", "_scaling=x"])
def test_a_parameter_that_can_not_be_read_is_refused(environment: Environment, query: str) -> None:
    environment.post("object", {"_id": "AAA", "READS": SERIES})

    assert 400 == environment.refused("GET", f"data/v1/private/AAA:READS?{query}")[0]


def test_the_service_is_read_only(environment: Environment) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert 405 == environment.refused(method, "data/v1/private", json={})[0]
    assert "data" == environment.read("data")["service"]


def test_a_series_in_csv_has_a_row_for_each_observation(environment: Environment) -> None:
    environment.post("object", {"_id": "AAA", "READS": SERIES})
    environment.read("object/v1/private/AAA")

    lines = environment.send("GET", "data/v1/private/AAA:READS", headers={"Accept": "text/csv"}).text.splitlines()
    assert ("time,value", "T00:00:00,1") == (lines[0], lines[1][10:])


@pytest.mark.parametrize(
    ("zone", "calendar", "times"),
    [
        (None, "#P1D", ["2024-11-20T00:00:00", "2024-11-21T00:00:00"]),
        ("UTC", "#P1D", ["2024-11-20T00:00:00", "2024-11-21T00:00:00"]),
        ("Europe/Amsterdam", "#P1D", ["2024-11-21T00:00:00"]),
        ("America/New_York", "DAILY", ["2024-11-20T00:00:00"]),
        ("Asia/Tokyo", "MONTHLY", ["2024-11-01T00:00:00"]),
        ("Asia/Kolkata", "#PT12H", ["2024-11-21T00:00:00"]),
        ("Asia/Tokyo", "SPARSE", ["2024-11-21T08:30:00", "2024-11-21T09:30:00"]),
    ],
)
def test_a_series_is_cut_and_shown_in_the_time_of_its_zone(
    shared: Meterd, zone: str | None, calendar: str, times: list[str]
) -> None:
    environment = Environment(shared)
    calls = [
        {"createdAt": f"2024-11-{at}Z", "environment": environment.name, "service": "x", "method": "get"}
        for at in ("20T23:30:00", "21T00:30:00")
    ]
    assert 200 == shared.ingest(calls, "requestMetrics").status_code
    series = {"_type": "VarMetricTimeSeries", "provider": "ODSLRequest", "metric": "ReadRequests", "observed": "summed"}
    named = {"timezone": zone} if zone else {}
    environment.post("object", {"_id": "Z", "S": series | named | {"calendar": calendar, "filter": {"service": "x"}}})
    answer = environment.read("data/v1/private/Z:S")

    assert zone or "UTC" == answer["timezone"]
    assert times == [each["time"] for each in answer["data"]]
    assert 2 == sum(each["value"] for each in answer["data"])
    assert times[0] == answer["start"]


@pytest.mark.parametrize(("zone", "said"), [("Nowhere", "no time zone 'Nowhere'"), (5, "must be a text"), ("", "''")])
def test_a_zone_that_there_is_not_is_refused(shared: Meterd, zone: object, said: str) -> None:
    series = {"_type": "VarMetricTimeSeries", "provider": "ODSLRequest", "metric": "ReadRequests", "timezone": zone}
    status, sentence = Environment(shared).refused("POST", "object", json={"_id": "Z", "S": series})

    assert (400, True) == (status, "timezone" in sentence and said in sentence), sentence


def test_colleagues_see_the_series_with_their_own_records_and_strangers_see_none(shared: Meterd) -> None:
    own = Environment(shared)
    colleague = Environment(shared, make_token(shared.data, "data-colleague").token or "", own.name)
    stranger = Environment(shared, make_token(shared.data, "data-stranger", tenant="other").token or "", own.name)
    own.post("object", {"_id": "AAA", "READS": SERIES})
    own.read("object/v1/private/AAA")

    assert [] == values(colleague.read("data/v1/private/AAA:READS"))
    assert [1] == values(colleague.read("data/v1/private/AAA:READS"))
    assert [] == stranger.read("data/v1/all")
    assert 404 == stranger.refused("GET", "data/v1/private/AAA:READS")[0]
