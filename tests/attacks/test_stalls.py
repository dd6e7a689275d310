"""Nothing long in the event loop: the worst request of each route keeps nobody else waiting.

The server itself measures how late its event loop is. A busy machine may delay it, too, but not each time.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from tests.attacks.conftest import SMALL
from tests.process import METRICS, Meterd

ATTEMPTS = 4
LONGEST = "0.25"
"""Seconds: a bound of the histogram's buckets."""
MEGABYTE = 2**20


class Worst(NamedTuple):
    """A request, the status that it is answered with, and its body and headers."""

    method: str
    path: str
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


FORM = {"content-type": "application/x-www-form-urlencoded"}
XML, CSV = {"accept": "application/xml"}, {"accept": "text/csv"}
WINDOW = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-01-02T00:00:00Z", "datasource": "guardrailMetrics"}
RANGE = "between(2020-01-01,2020-01-02T23,Europe/Amsterdam)"
SERIES = f"object/v1?_metric=ODSLProcess/RunRequests&_calendar=%23PT1S&_range={RANGE}&_scaling=0"
LONG = SERIES.replace("2020-01-02T23", "2029")
STORED = {"_type": "VarMetricTimeSeries", "provider": "ODSLProcess", "metric": "RunRequests"}


def query(**body: Any) -> Worst:
    return Worst("POST", f"{METRICS}/query", body.pop("status", 200), json.dumps(WINDOW | body).encode())


def filters(make: Callable[[int], Any]) -> list[Any]:
    """As many as fit into the largest body."""
    return [make(number) for number in range(MEGABYTE // (len(json.dumps(make(999_999))) + 2) - 100)]


def form(**parameters: str) -> bytes:
    return urlencode(parameters).encode()


PATTERN = {"type": "PATTERN", "pattern": {"regex": "(a|aa|b)+c?"}, "likelihood": "VERY_LIKELY"}
CONTEXT = {"agent_id": "a", "platform": "DATABRICKS", "actor": "user"}


def classification(text: str, *definitions: Any, status: int = 200) -> Worst:
    description = {"type": "json", "classifiers": definitions} if definitions else {"type": "default"}
    body = {"context": CONTEXT, "classifierDescription": description, "structured": False, "text": text}
    return Worst("POST", "/classifications/v1", status, json.dumps(body).encode())


WORST = {
    "filters": query(
        type="distribution",
        status=400,
        filters=filters(lambda number: {"metadataKey": f"k{number}", "operator": "EQUAL", "value": "v"}),
    ),
    "values": query(
        type="distribution",
        status=400,
        filters=[{"metadataKey": "k", "operator": "IN", "value": filters(lambda number: f"{number}")}],
    ),
    "groups": query(type="distribution", status=400, groupBy=filters(lambda number: f"metadata.k{number}")),
    "aggregations": query(
        type="distribution",
        status=400,
        aggregations=filters(lambda number: {"type": "count", "column": f"metadata.k{number}"}),
    ),
    "largest plan": query(
        type="distribution",
        groupBy=[f"metadata.k{number}" for number in range(32)],
        aggregations=[{"type": "countDistinct", "column": f"metadata.k{number}"} for number in range(20)],
        filters=[
            {"metadataKey": f"k{number}", "operator": "NOT_IN", "value": [str(each) for each in range(100)]}
            for number in range(100)
        ],
    ),
    "largest answer": query(
        type="timeseries",
        interval="2 second",
        groupBy=["guardrailName", "metadata.a", "metadata.b"],
        aggregations=[{"type": type_, "column": "latencyMs"} for type_ in ("p50", "p95", "avg", "max", "sum")],
    ),
    "records": Worst("GET", "/api/metric/v1?_limit=50000&type=process", 200),
    "records as XML": Worst("GET", "/api/metric/v1?_limit=50000&type=process", 200, headers=XML),
    "records as CSV": Worst("GET", "/api/metric/v1?_limit=50000&type=process", 200, headers=CSV),
    "values of a field": Worst("GET", "/api/metric/v1?type=process&_distinct=name", 200),
    "filter": Worst("GET", "/api/metric/v1", 400, form(_filter=" or ".join(["name='a'"] * 40_000)), FORM),
    "filter as JSON": Worst("GET", "/api/metric/v1", 400, form(_filter=str({"$or": [{"name": 1}] * 35_000})), FORM),
    "search": Worst("GET", "/api/metric/v1", 400, form(_search="(a|b) " * 70_000), FORM),
    "long word": Worst("GET", "/api/metric/v1", 400, form(_search="a" * 900_000), FORM),
    "series": Worst("GET", f"/api/{SERIES}", 200),
    "series as XML": Worst("GET", f"/api/{SERIES}", 200, headers=XML),
    "series as CSV": Worst("GET", f"/api/{SERIES}", 200, headers=CSV),
    "series of a long range": Worst("GET", f"/api/{LONG}", 200),
    "hours of a zone": Worst("GET", f"/api/{LONG.replace('%23PT1S', '%23PT1H')}", 200),
    "statement": Worst("GET", "/api/usage/statement?from=1970&to=2030&calendar=%23PT1S&format=html", 200),
    "objects with series": Worst(
        "POST",
        "/api/object",
        200,
        json.dumps(
            {"_id": "worst"}
            | {f"s{n}": STORED | {"filter": " or ".join(f"name!='{each}'" for each in range(40))} for n in range(1000)}
        ).encode(),
    ),
    "calendar": Worst(
        "POST",
        "/api/calendar",
        200,
        json.dumps(
            {
                "_id": "WORST",
                "calendar": {
                    "_type": "HolidayCalendar",
                    "base": "BUSINESS",
                    "rules": [{"rule": "actual", "dom": n % 28 + 1, "month": n % 12 + 1} for n in range(280)],
                },
            }
        ).encode(),
    ),
    "refused calendar": Worst(
        "POST",
        "/api/calendar",
        400,
        json.dumps(
            {"_id": "WORST", "calendar": {"_type": "HolidayCalendar", "rules": [{"rule": "actual"}] * 2500}}
        ).encode(),
    ),
    "state": Worst("POST", "/api/sessions/{session}/state", 200, json.dumps({"a": [[]] * 200_000}).encode()),
    "state that is nested too deep": Worst("POST", "/api/sessions/{session}/state", 400, b'{"a":' * 150_000),
    "document": Worst("GET", "/api/sessions/{session}", 200),
    "sessions": Worst("GET", "/api/data/sessions?limit=1000", 200),
    "prose": classification("Please call me on Monday about the new contract. " * 20_000),
    "findings": classification("Mail ann@example.org or call +1 212 555 0187. " * 2_000),
    "findings without end": classification("ann@example.org " * 12_000, status=400),
    "inline classifiers": classification(
        "a" * 100_000,
        *({"name": f"C{n}", "detections": [PATTERN], "detectionRules": []} for n in range(100)),
        status=400,
    ),
    "context": Worst(
        "POST", "/classifications/v1", 400, json.dumps({"context": {str(n): "" for n in range(90_000)}}).encode()
    ),
    "page of meters": Worst("GET", "/export/prometheus", 200),
    "health in numbers": Worst("GET", "/metrics", 200),
}


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server with as many facts as the largest answers have."""
    with Meterd(tmp_path_factory.mktemp("stalls"), limits=SMALL) as started:
        begin, second = datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=1)
        facts = [
            {
                "createdAt": (begin + number * second).isoformat(),
                "guardrailName": f"guardrail-{number % 50}",
                "latencyMs": number,
                "metadata": {"a": f"value {number}", "b": "é" * 50},
            }
            for number in range(50_000)
        ]
        assert 200 == started.ingest(facts).status_code
        early = datetime(2020, 1, 1, tzinfo=UTC)
        runs = [
            {"createdAt": (early + 4 * number * second).isoformat(), "name": f"run {number}", "duration": number}
            for number in range(40_000)
        ]
        assert 200 == started.ingest(runs, "processMetrics").status_code
        yield started


@pytest.fixture(scope="module")
def session(meterd: Meterd) -> str:
    """The id of a session with many events, points and updates of its state."""
    answer = meterd.client.post("/api/sessions", json={"product": "worst", "version": "1"})
    id_: str = answer.json()["session_id"]
    events = [{"sessionId": id_, "name": f"event {number}", "message": "é" * 50} for number in range(30_000)]
    points = [{"sessionId": id_, "name": f"metric {number % 50}", "value": number} for number in range(50_000)]
    assert 200 == meterd.ingest(events, "sessionEvents").status_code
    assert 200 == meterd.ingest(points, "sessionMetrics").status_code
    return id_


def stalls(meterd: Meterd) -> int:
    """How often the event loop was late by more than `LONGEST`."""
    page = meterd.client.get("/metrics").text
    counts = [
        re.search(rf"^meterd_event_loop_delay_seconds_{name} (\S+)$", page, re.MULTILINE)
        for name in ("count", rf'bucket\{{le="{LONGEST}"\}}')
    ]
    everything, prompt = (float(found[1]) for found in counts if found)
    return int(everything - prompt)


@pytest.mark.alone
@pytest.mark.parametrize("name", WORST)
def test_the_worst_request_keeps_nobody_waiting(meterd: Meterd, session: str, name: str) -> None:
    worst = WORST[name]
    path = worst.path.replace("{session}", session)
    found = []
    for _ in range(ATTEMPTS):
        before = stalls(meterd)
        response = meterd.client.request(worst.method, path, content=worst.body, headers=worst.headers)
        assert worst.status == response.status_code, response.text[:300]
        found.append(stalls(meterd) - before)
        if not found[-1]:
            return
    raise AssertionError(f"the event loop was late by more than {LONGEST} s each time: {found}")
