"""What a review found: each of these once broke a promise."""

import socket
import uuid

import pytest

from meterd.api.usage.series import MAX_OBSERVATIONS
from tests.api.usage.environment import Environment
from tests.process import METRICS, OF_ONE_NODE, Meterd


@pytest.fixture
def environment(shared: Meterd) -> Environment:
    return Environment(shared)


@pytest.mark.parametrize("id_", ["a//b", "a%2F%2Fb", "t/", "%2Fx", "a/./b", "a/../b"])
def test_slashes_of_an_id_are_its_own(environment: Environment, id_: str) -> None:
    environment.post("object", [{"_id": "a/b", "name": "other"}, {"_id": "t"}, {"_id": "x"}, {"_id": "b"}])
    exact = id_.replace("%2F", "/")
    assert environment.send("GET", f"object/v1/private/{id_}").status_code in (404, 200)
    environment.post("object", {"_id": exact, "name": "exact"})

    raw = f"GET /api/object/v1/private/{id_} HTTP/1.1"
    assert '"name":"exact"' in sent(environment, raw)
    sent(environment, raw.replace("GET", "DELETE"))
    assert " 404 " in sent(environment, raw)
    assert {"a/b", "t", "x", "b"} == {each["_id"] for each in environment.read("object/v1/private")}


def sent(environment: Environment, line: str) -> str:
    """What a request is answered whose address no client library tidies up."""
    url = environment.url
    with socket.create_connection((url.host, url.port or 80)) as connection:
        headers = "".join(f"{name}: {value}\r\n" for name, value in environment.headers.items())
        connection.sendall(f"{line}\r\nhost: x\r\nconnection: close\r\n{headers}\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@pytest.mark.parametrize("period", [("9999", "9999"), ("9990", "9999"), ("0001", "0002"), ("1900", "9999")])
def test_statements_of_times_without_calls_are_empty(environment: Environment, period: tuple[str, str]) -> None:
    earliest, latest = period
    statement = environment.read(
        "usage/statement", ("from", earliest), ("to", latest), user=uuid.uuid4().hex, environment=environment.name
    )

    assert [] == statement["lines"]
    assert (f"{earliest}-01-01T00:00:00", f"{latest}-12-31T23:59:59") == (statement["from"], statement["to"])


def test_series_of_one_answer_have_a_limit_together(environment: Environment, shared: Meterd) -> None:
    rows = [
        {"createdAt": f"2020-01-{day}T00:00:00Z", "environment": environment.name, "name": "p"} for day in ("01", "03")
    ]
    assert 200 == shared.client.post(f"{METRICS}/ingest?datasource=processMetrics", json=rows).status_code
    series = {"_type": "VarMetricTimeSeries", "provider": "ODSLProcess", "metric": "RunRequests", "calendar": "#PT1S"}
    environment.post("object", {"_id": "X", "a": series, "b": series})

    status, sentence = environment.refused("GET", "data/v1/private?_range=2020&_scaling=0")

    assert (400, True) == (status, f"more than {MAX_OBSERVATIONS} observations together" in sentence)


@pytest.mark.parametrize("service", ["object", "calendar", "data"])
def test_services_without_functions_say_so(environment: Environment, service: str) -> None:
    assert (400, f"[4000] the service {service} has no functions") == environment.refused(
        "GET", f"{service}/v1?_function=holidays"
    )


@OF_ONE_NODE
def test_a_post_that_is_refused_counts_for_the_item(environment: Environment) -> None:
    environment.refused("POST", "object", json={"_id": "BAD", "s": {"_type": "VarMetricTimeSeries"}})
    environment.post("object", {"_id": "D"})
    environment.send("DELETE", "object/v1/private/D/*")

    found = environment.read("metric/v1", ("environment", environment.name), ("service", "object"))

    assert [("delete", "D", 200), ("create", "D", 200), ("create", "BAD", 400)] == [
        (each["action"], each["key"], each["httpstatus"]) for each in found
    ]


def test_a_calendar_can_not_be_changed_into_one_that_breaks_others(environment: Environment) -> None:
    environment.post("calendar", {"_id": "B", "calendar": {"_type": "BusinessCalendar"}})
    within = {"_type": "IntradayCalendar", "period": "PT1H", "dayCalendar": "B"}
    environment.post("calendar", {"_id": "A", "calendar": within})

    status, sentence = environment.refused(
        "POST", "calendar", json={"_id": "B", "calendar": {"_type": "SparseCalendar"}}
    )

    assert (400, True) == (status, "dayCalendar" in sentence)
    assert {"_type": "BusinessCalendar"} == environment.read("calendar/v1/private/B")["calendar"]


def test_a_sentence_never_repeats_all_of_a_long_filter(environment: Environment) -> None:
    response = environment.send(
        "GET",
        "object/v1",
        content=b"_filter=" + b"x" * 500_000 + b" =",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert 400 == response.status_code
    assert len(response.text) <= 1000


def test_too_many_filters_are_refused(environment: Environment) -> None:
    status, sentence = environment.refused("GET", "object/v1?" + "&".join(["a=1"] * 51))

    assert (400, "[4000] a call can have at most 50 filters: put them into one _filter") == (status, sentence)


def test_a_client_that_goes_away_while_it_sends_is_no_fault_of_the_service(environment: Environment) -> None:
    url = environment.url
    headers = "".join(f"{name}: {value}\r\n" for name, value in environment.headers.items())
    with socket.create_connection((url.host, url.port or 80)) as connection:
        connection.sendall(f"POST /api/object HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n{headers}\r\n{{".encode())

    for _ in range(100):
        found = environment.read("metric/v1", ("environment", environment.name), ("service", "object"))
        if found:
            break
    assert [499] == [each["httpstatus"] for each in found]
