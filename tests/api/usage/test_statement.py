"""Statements equal the raw records (`/api/usage/statement`)."""

import csv
import io
import uuid
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from meterd.access import Scope, SubjectType
from tests.api.usage.environment import Environment
from tests.api.usage.records import Record, ingested
from tests.process import Meterd, make_token

DAY = "usage/statement?from=2024-11-20&to=2024-11-20"
OF_LISTS = ("_limit=1", "_sort=service", "_filter=service=object", "_project=time", "_range=2024", "service=object")
NASTY = "<script>alert('1')</script>&\""
SUMS: dict[str, Callable[[list[Record]], int]] = {
    "requests": lambda records: len(succeeded(records)),
    "duration": lambda records: sum(each.get("duration", 0) for each in succeeded(records)),
    "bytes": lambda records: sum(each.get("responseSize", 0) for each in succeeded(records)),
    "failed": lambda records: len(records) - len(succeeded(records)),
}


def succeeded(records: list[Record]) -> list[Record]:
    return [each for each in records if each["httpstatus"] < 400]


@pytest.fixture(scope="module")
def known(shared: Meterd) -> tuple[Environment, list[Record]]:
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    return environment, ingested(shared, environment, token)


def amounts(records: list[Record]) -> dict[str, int]:
    return {name: function(records) for name, function in SUMS.items()}


def by_service(records: list[Record]) -> list[dict[str, Any]]:
    services = sorted({each["service"] for each in records})
    return [
        {"service": service} | amounts([each for each in records if each["service"] == service]) for service in services
    ]


def by_hour(records: list[Record]) -> list[dict[str, Any]]:
    """By hour and service, as `lines` has them."""
    hours = sorted({each["timestamp"][:13] for each in records})
    return [
        {"service": line["service"], "time": f"{hour}:00:00"} | line
        for hour in hours
        for line in by_service([each for each in records if each["timestamp"][:13] == hour])
    ]


def test_a_statement_equals_the_records(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    statement = environment.read(f"{DAY}&calendar=%23PT1H")

    assert amounts(records) == statement["total"]
    assert by_service(records) == statement["services"]
    assert by_hour(records) == statement["lines"]
    assert ("root", "user", "2024-11-20T00:00:00", "2024-11-20T23:59:59", "UTC", "#PT1H", None) == tuple(
        statement[name] for name in ("user", "userType", "from", "to", "timezone", "calendar", "environment")
    )


def test_a_statement_in_csv_has_its_lines(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    for options in ({"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}):
        parameters = {"from": "2024-11-20", "to": "2024-11-20", "calendar": "#PT1H"} | options.get("params", {})
        response = environment.send("GET", "usage/statement", params=parameters, headers=options.get("headers", {}))
        assert "text/csv" == response.headers["content-type"].partition(";")[0]
        found = list(csv.DictReader(io.StringIO(response.text, newline=""), strict=True))
        assert [{name: str(value) for name, value in line.items()} for line in by_hour(records)] == found


class Page(HTMLParser):
    """The rows of the tables of a page, and every tag of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data.strip()


def test_a_statement_as_a_page_has_the_same_numbers(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    response = environment.send("GET", f"{DAY}&calendar=%23PT1H", headers={"Accept": "text/html,application/xml"})
    assert "text/html" == response.headers["content-type"].partition(";")[0]
    services, lines = Page(response.text).tables

    def row(*named: str, of: dict[str, Any]) -> list[str]:
        return [*named, *(f"{of[name]:,}" for name in SUMS)]

    total = row("Total", of=amounts(records))
    assert [row(each["service"], of=each) for each in by_service(records)] + [total] == services[1:]
    assert [row(each["time"].replace("T", " "), each["service"], of=each) for each in by_hour(records)] + [
        total
    ] == lines[1:]


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        ("*/*", "application/json"),
        ("application/json, text/html", "application/json"),
        ("TEXT/HTML;q=0.9", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("image/png, text/csv", "text/csv"),
    ],
)
def test_the_first_format_that_is_known_is_sent(
    known: tuple[Environment, list[Record]], accept: str, type_: str
) -> None:
    response = known[0].send("GET", DAY, headers={"Accept": accept})

    assert type_ == response.headers["content-type"].partition(";")[0]


def test_a_format_that_is_not_known_is_refused(known: tuple[Environment, list[Record]]) -> None:
    status, sentence = known[0].refused("GET", DAY, headers={"Accept": "image/png"})

    assert (400, True) == (status, "application/json, text/csv, text/html, got image/png" in sentence)


def test_names_on_a_page_are_text(shared: Meterd) -> None:
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    row = {"service": NASTY, "createdAt": "2024-11-20T10:00:00Z", "createdBySubjectSlug": NASTY, "environment": NASTY}
    row["createdBySubjectType"] = "virtualaccount"
    assert 200 == shared.ingest(row, "requestMetrics", token).status_code

    parameters = {"from": "2024", "to": "2024", "user": NASTY, "environment": NASTY, "format": "html"}
    parameters["userType"] = "virtualaccount"
    response = environment.send("GET", "usage/statement", params=parameters)
    page = Page(response.text)
    assert "script" not in page.tags
    assert [NASTY, "1", "0", "0", "0"] == page.tables[0][1]
    assert any(text.startswith(f"virtual account {NASTY}") for text in page.texts)
    assert any(text.startswith(f"Usage statement of {NASTY}") for text in page.texts)
    assert "environment " + NASTY in "".join(page.texts)


@pytest.mark.parametrize(
    ("calendar", "times"),
    [
        (None, ["2024-11-20"]),
        ("DAILY", ["2024-11-20"]),
        ("MONTHLY", ["2024-11-01"]),
        ("annual", ["2024-01-01"]),
        ("WEEKLY", ["2024-11-18"]),
    ],
)
def test_a_calendar_cuts_the_lines(
    known: tuple[Environment, list[Record]], calendar: str | None, times: list[str]
) -> None:
    environment, records = known
    statement = environment.read(f"{DAY}&calendar={calendar}" if calendar else DAY)

    assert times == sorted({line["time"].removesuffix("T00:00:00") for line in statement["lines"]})
    assert amounts(records) == statement["total"]
    assert calendar or "#P1D" == statement["calendar"]


def test_a_calendar_of_ones_own_cuts_the_lines(known: tuple[Environment, list[Record]]) -> None:
    environment, _ = known
    environment.post("calendar", {"_id": "TOKYO", "calendar": {"_type": "DailyCalendar", "timezone": "Asia/Tokyo"}})

    statement = environment.read(f"{DAY}&calendar=TOKYO")
    assert ["2024-11-19T15:00:00"] == sorted({line["time"] for line in statement["lines"]})


@pytest.mark.parametrize(
    ("from_", "to", "count"),
    [
        ("2024-11-20T09:00:00", "2024-11-20T09:00:00", 1),
        ("2024-11-20T09", "2024-11-20T09", 3),
        ("2024M11", "2024Q04", 9),
        ("2024", "T", 9),
        ("9000", "9001", 0),
        ("2024-11-20T09:00:01", "2024-11-20T13:59:59", 7),
        ("2024-11-21", "2024-11-21", 0),
        ("0001", "9999", 9),
        ("2024-11-20T15:00:00[Asia/Tokyo]", "2024-11-20T20:00:00[Asia/Tokyo]", 4),
    ],
)
def test_both_dates_are_included(known: tuple[Environment, list[Record]], from_: str, to: str, count: int) -> None:
    environment = known[0]
    parameters = {"from": from_, "to": to, "environment": environment.name}
    statement = environment.send("GET", "usage/statement", params=parameters).json()

    of_table = [line for line in statement["lines"] if line["time"].startswith("2024")]
    assert count == sum(line["requests"] + line["failed"] for line in of_table)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "from is required"),
        ("from=2024", "to is required"),
        ("to=2024", "from is required"),
        ("from=&to=2024", "from is required"),
        ("from=x&to=2024", "from: date 'x', position 0"),
        ("from=2024&to=2024-13", "to: date '2024-13', position 5"),
        ("from=2025&to=2024", "to must not be before from"),
        ("from=2024&to=2024&calendar=%23PT7M", "position 3"),
        ("from=2024&to=2024&calendar=NOPE", "NOPE"),
        ("from=2024&to=2024&format=pdf", "json, csv, html"),
        ("from=2024&to=2024&nope=1", "nope"),
        ("from=2024&to=2024&_nope=1", "_nope"),
        *((f"from=2024&to=2024&{each}", each.partition("=")[0]) for each in OF_LISTS),
        ("from=2024&to=2024&timezone=Nowhere", "timezone: there is no time zone 'Nowhere'"),
        ("from=2024&to=2024&user=ann&userType=team", "userType must be one of user, virtualaccount"),
        ("from=2024&to=2024&userType=user", "userType says what user is"),
    ],
)
def test_a_mistake_is_refused(known: tuple[Environment, list[Record]], query: str, said: str) -> None:
    status, sentence = known[0].refused("GET", f"usage/statement?{query}")

    assert (400, "[4000] ", True) == (status, sentence[:7], said in sentence), sentence


def test_a_statement_is_whole_or_refused(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex

    def member(name: str, *teams: str, admin: bool = False) -> Environment:
        token = make_token(shared.data, name, teams=teams, tenant=tenant, tenant_admin=admin).token or ""
        return Environment(shared, token)

    ann, bob, cid, admin = member("ann", "blue"), member("bob", "blue"), member("cid"), member("root", admin=True)
    for each in (ann, bob, cid):
        each.read("object/v1")

    def calls(reader: Environment, user: str) -> int:
        statement = reader.read(f"usage/statement?from=T-1D&to=T&user={user}")
        return sum(each["requests"] for each in statement["services"] if each["service"] == "object")

    assert [1, 1, 1] == [calls(admin, user) for user in ("ann", "bob", "cid")]
    assert [1, 1] == [calls(ann, "ann"), calls(cid, "cid")]
    for reader, user in ((ann, "bob"), (ann, "cid"), (cid, "ann"), (ann, "ann&userType=virtualaccount")):
        status, sentence = reader.refused("GET", f"usage/statement?from=T-1D&to=T&user={user}")
        assert (403, "[4030] the statement of another user needs a token of a tenant administrator") == (
            status,
            sentence.partition(":")[0],
        )
    assert "ann" == ann.read("usage/statement?from=2024&to=2024")["user"]


def test_a_user_and_a_virtual_account_of_one_name_are_two(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    token = make_token(shared.data, tenant=tenant, tenant_admin=True, scopes=tuple(Scope)).token or ""
    admin = Environment(shared, token)
    call = {"createdAt": "2024-11-20T09:00:00Z", "service": "object", "createdBySubjectSlug": "nightly"}
    calls = [call | {"createdBySubjectType": type_} for type_ in ("user", "user", "virtualaccount")]
    assert shared.ingest(calls, "requestMetrics", token).json() == {"accepted": 3}
    account = make_token(shared.data, "nightly", type_=SubjectType.VIRTUAL_ACCOUNT, tenant=tenant).token or ""

    def requests(reader: Environment, query: str) -> tuple[str, int]:
        statement = reader.read(DAY + query)
        return statement["userType"], statement["total"]["requests"]

    assert [("user", 2), ("user", 2), ("virtualaccount", 1)] == [
        requests(admin, f"&user=nightly{query}") for query in ("", "&userType=user", "&userType=virtualaccount")
    ]
    assert ("virtualaccount", 1) == requests(Environment(shared, account), "")
    assert 403 == Environment(shared, account).refused("GET", f"{DAY}&user=nightly")[0]
    assert ["nightly"] == admin.read("metric/v1", _distinct="user", userType="virtualaccount", method="null")


@pytest.mark.parametrize("type_", ["storage", "subscription", "message", "process"])
def test_records_of_other_types_are_no_requests(shared: Meterd, type_: str) -> None:
    token = make_token(shared.data, "ann", tenant=uuid.uuid4().hex, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    call = {"createdAt": "2024-11-20T09:00:00Z", "environment": environment.name, "service": "object", "method": "get"}
    rows = [call | {"duration": 5}, call | {"type": type_, "duration": 7, "responseSize": 10**12}]
    assert shared.ingest(rows, "requestMetrics", token).json() == {"accepted": 2}

    assert {"requests": 1, "duration": 5, "bytes": 0, "failed": 0} == environment.read(DAY)["total"]
    for metric, value in (("ReadRequests", 1), ("ReadRequestDuration", 5)):
        series = environment.read("object/v1", _metric=f"ODSLRequest/{metric}", _observed="summed", _range="2024-11-20")
        assert [value] == [each["value"] for each in series["data"]]


@pytest.mark.parametrize(
    ("status", "counted"), [(None, "requests"), (200, "requests"), (304, "requests"), (400, "failed"), (503, "failed")]
)
def test_calls_of_a_status_of_400_or_more_have_failed(shared: Meterd, status: int | None, counted: str) -> None:
    token = make_token(shared.data, "ann", tenant=uuid.uuid4().hex, scopes=tuple(Scope)).token or ""
    call = {"createdAt": "2024-11-20T09:00:00Z", "service": "s", "httpstatus": status, "duration": 5, "responseSize": 9}
    assert 200 == shared.ingest(call, "requestMetrics", token).status_code

    sums = {"duration": 5, "bytes": 9} if counted == "requests" else {}
    expected = dict.fromkeys(SUMS, 0) | {counted: 1} | sums
    statement = Environment(shared, token).read(DAY)
    assert expected == statement["total"]
    assert [{"service": "s"} | expected] == statement["services"]


@pytest.mark.parametrize(
    ("zone", "from_", "to", "days"),
    [
        ("UTC", "2024-03-30", "2024-03-31", {"2024-03-30": 2, "2024-03-31": 3}),
        ("Europe/Amsterdam", "2024-03-30", "2024-03-31", {"2024-03-30": 1, "2024-03-31": 3}),
        ("Europe/Amsterdam", "2024-03", "2024-03", {"2024-03-30": 1, "2024-03-31": 3}),
        ("Asia/Kolkata", "2024-03-31", "2024-03-31", {"2024-03-31": 3}),
        ("America/New_York", "2024-03-31", "2024-04-01", {"2024-03-31": 2}),
    ],
)
def test_a_zone_is_that_of_bounds_and_lines(
    shared: Meterd, zone: str, from_: str, to: str, days: dict[str, int]
) -> None:
    token = make_token(shared.data, "ann", tenant=uuid.uuid4().hex, scopes=tuple(Scope)).token or ""
    times = ("03-30T22:59:59", "03-30T23:00:00", "03-31T00:30:00", "03-31T21:59:59", "03-31T22:00:00")
    calls = [{"createdAt": f"2024-{time}Z", "service": "object"} for time in times]
    assert 200 == shared.ingest(calls, "requestMetrics", token).status_code
    statement = Environment(shared, token).read("usage/statement", **{"from": from_, "to": to, "timezone": zone})

    assert zone == statement["timezone"]
    assert from_ == statement["from"][: len(from_)]
    assert days == {line["time"].removesuffix("T00:00:00"): line["requests"] for line in statement["lines"]}


def test_a_statement_of_an_environment_has_its_calls_only(shared: Meterd) -> None:
    token = make_token(shared.data, tenant=uuid.uuid4().hex).token or ""
    first, second = Environment(shared, token), Environment(shared, token)
    for each in (first, second, second):
        each.read("object/v1")

    totals = [
        first.read(f"usage/statement?from=T-1D&to=T{query}")["services"][0]
        for query in ("", f"&environment={second.name}")
    ]
    assert [3, 2] == [each["requests"] for each in totals]


def test_a_bill_counts_what_was_measured_or_vouched_for_and_not_what_an_ordinary_token_sent(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex
    own = make_token(shared.data, "ann", tenant=tenant).token or ""
    gateway = make_token(shared.data, "ann", tenant=tenant, scopes=(Scope.INGEST, Scope.INGEST_ANY_SUBJECT)).token or ""
    environment = Environment(shared, own)
    call = {"createdAt": "2024-11-20T09:00:00Z", "environment": environment.name, "service": "object", "method": "get"}
    vouched = call | {"duration": 100, "responseSize": 1000}
    assert shared.ingest([vouched], "requestMetrics", gateway).json() == {"accepted": 1}
    assert shared.ingest([call | {"duration": 0, "responseSize": 0}] * 9, "requestMetrics", own).json() == {
        "accepted": 9
    }

    statement = environment.read(f"{DAY}&user=ann&environment={environment.name}")
    average = environment.read(
        "object/v1", _metric="ODSLRequest/ReadRequestDuration", _observed="averaged", _range="2024-11-20"
    )

    assert statement["total"] == {"requests": 1, "duration": 100, "bytes": 1000, "failed": 0}
    assert [each["value"] for each in average["data"]] == [100]
    listed = {
        origin: len(environment.read("metric/v1", service="object", origin=origin))
        for origin in ("sent", "vouched", "measured")
    }
    assert (listed["sent"], listed["vouched"]) == (9, 1)


def test_calls_that_the_service_measured_are_billed(shared: Meterd) -> None:
    environment = Environment(shared, make_token(shared.data, "ann", tenant=uuid.uuid4().hex).token or "")
    environment.read("metric/v1")

    (call,) = environment.read("metric/v1", service="metric", origin="measured")
    statement = environment.read(f"usage/statement?from=T-1D&to=T&environment={environment.name}")

    assert call["_id"].startswith("ffffffff")
    assert len(call["_id"]) == 24
    assert statement["total"]["requests"] == 2
