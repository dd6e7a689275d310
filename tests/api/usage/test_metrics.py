"""The metric service over HTTP (`docs/specifications/usage-metrics.md` sections 2, 3, 6 and 13)."""

import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from meterd.access import Scope
from meterd.api.usage.providers import PROVIDERS
from tests.api.usage.environment import Environment
from tests.api.usage.records import Record, ingested
from tests.process import OF_ONE_NODE, Meterd, make_token

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def known(shared: Meterd) -> tuple[Environment, list[Record]]:
    """Records, the newest first, in a tenant that only reads."""
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True, scopes=tuple(Scope)).token or ""
    environment = Environment(shared, token)
    return environment, ingested(shared, environment, token)


def ids(records: list[Record]) -> list[str]:
    return [record["_id"] for record in records]


def listed(environment: Environment, *parameters: tuple[str, str]) -> tuple[list[Any], str]:
    """What the list has of the records of the environment, and its total."""
    sent = [("detail", "regex(^row)"), *parameters]
    response = environment.send("GET", "metric/v1", params=sent)
    assert 200 == response.status_code, response.text
    return response.json(), response.headers["x-total-count"]


@pytest.mark.parametrize(
    "path", ["metric/v1", "metric/v1/", "metric/v1/private", "metric/v1/private/", "metric/v1/all"]
)
def test_the_list_has_every_record_the_newest_first(known: tuple[Environment, list[Record]], path: str) -> None:
    environment, records = known
    response = environment.send("GET", path, params={"environment": environment.name, "detail": "regex(^row)"})

    assert records == response.json()
    assert str(len(records)) == response.headers["x-total-count"]
    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize("path", ["metric/v1", "metric/v1/private", "metric/v1/all"])
def test_one_record_is_read_by_its_id(known: tuple[Environment, list[Record]], path: str) -> None:
    environment, records = known

    assert records == [environment.read(f"{path}/{record['_id']}") for record in records]
    assert (404, "[4040] there is no metric record 'none'") == environment.refused("GET", f"{path}/none")
    assert {"_id": records[0]["_id"], "service": "object"} == environment.read(
        f"{path}/{records[0]['_id']}", _project="service"
    )


SELECTIONS: list[tuple[list[tuple[str, str]], Callable[[Record], bool]]] = [
    ([("service", "object")], lambda each: each["service"] == "object"),
    ([("service", "Object")], lambda _: False),
    ([("service", "object"), ("method", "get")], lambda each: (each["service"], each["method"]) == ("object", "get")),
    ([("httpstatus", "200")], lambda each: each["httpstatus"] == 200),
    ([("httpstatus", "gte(400)")], lambda each: each["httpstatus"] >= 400),
    ([("httpstatus", "range(400, 404)")], lambda each: 400 <= each["httpstatus"] <= 404),
    ([("service", "in(data, calendar)")], lambda each: each["service"] in ("data", "calendar")),
    ([("service", "ne(object)")], lambda each: each["service"] != "object"),
    ([("duration", "gt(7)")], lambda each: each.get("duration", 0) > 7),
    ([("duration", "lte(7)")], lambda each: each.get("duration", 99) <= 7),
    ([("duration", "lt(7)")], lambda each: each.get("duration", 99) < 7),
    ([("key", "regex(^ICE\\..*B$)")], lambda each: each.get("key") == "ICE.NDEX.NLB"),
    ([("key", "#HENG")], lambda each: each.get("key") == "#HENG"),
    ([("key", "AAA/B C")], lambda each: each.get("key") == "AAA/B C"),
    ([("key", "<AAA>&\"'")], lambda each: each.get("key", "").startswith("<")),
    ([("application", "Ünï")], lambda each: each["application"] == "Ünï"),
    (
        [("timestamp", "range(2024-11-20T09:59:59,2024-11-20T10)")],
        lambda each: "T09:59" in each["timestamp"] or "T10" in each["timestamp"],
    ),
    ([("timestamp", "gte(2024-11-20T11:30:00.001)")], lambda each: each["timestamp"] >= "2024-11-20T11:30:00.001Z"),
    ([("unknown", "x")], lambda _: False),
    ([("unknown", "ne(x)")], lambda _: True),
    ([("key", "ne(#HENG)")], lambda each: each.get("key") != "#HENG"),
    ([("key", "ne(null)")], lambda each: "key" in each),
    *(
        ([("_filter", text)], lambda each: each.get("key") not in ("#HENG", "ICE.NDEX.NLB"))
        for text in (
            '{"key": {"$nin": ["#HENG", "ICE.NDEX.NLB"]}}',
            '{"$nor": [{"key": "#HENG"}, {"key": "ICE.NDEX.NLB"}]}',
            '{"key": {"$ne": "#HENG", "$not": {"$eq": "ICE.NDEX.NLB"}}}',
            "not (key='#HENG' or key='ICE.NDEX.NLB')",
            "key != '#HENG' and key nin ['ICE.NDEX.NLB']",
        )
    ),
    ([("_search", "-key==#HENG")], lambda each: each.get("key") != "#HENG"),
    ([("_filter", '{"application":"api"}')], lambda each: each["application"] == "api"),
    (
        [("_filter", '{"$or":[{"service":"data"},{"httpstatus":{"$gte":500}}]}')],
        lambda each: each["service"] == "data" or each["httpstatus"] >= 500,
    ),
    (
        [("_filter", '{"timestamp":{"$gte":"2024-11-20T09:10:00","$lte":"2024-11-20T11:30:00"}}')],
        lambda each: "2024-11-20T09:10" <= each["timestamp"] < "2024-11-20T11:30:01",
    ),
    ([("_filter", '{"duration":{"$exists":false}}')], lambda each: "duration" not in each),
    ([("_filter", "{key:/^AAA/}")], lambda each: each.get("key", "").startswith("AAA")),
    (
        [("_filter", "service='object' and (httpstatus=404 or duration>20)")],
        lambda each: each["service"] == "object" and (each["httpstatus"] == 404 or each["duration"] > 20),
    ),
    ([("_filter", "?service='object' and key='ICE.NDEX.NLB'")], lambda each: each.get("key") == "ICE.NDEX.NLB"),
    (
        [("_filter", "service in [data, calendar] or key like 'B C'")],
        lambda each: each["service"] in ("data", "calendar") or each.get("key") == "AAA/B C",
    ),
    (
        [("_filter", "httpstatus>=400"), ("service", "object")],
        lambda each: each["httpstatus"] >= 400 and each["service"] == "object",
    ),
    (
        [("_search", "service=object -method==get")],
        lambda each: each["service"] == "object" and each["method"] != "get",
    ),
    ([("type", "api"), ("_search", "httpstatus==404")], lambda each: each["httpstatus"] == 404),
]


@pytest.mark.parametrize(("parameters", "selected"), SELECTIONS, ids=[str(each) for each, _ in SELECTIONS])
def test_parameters_select_records(
    known: tuple[Environment, list[Record]], parameters: list[tuple[str, str]], selected: Callable[[Record], bool]
) -> None:
    environment, records = known
    expected = [record for record in records if selected(record)]

    assert (expected, str(len(expected))) == listed(environment, *parameters)


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("timestamp", lambda each: each["timestamp"]),
        ('{"timestamp":1}', lambda each: each["timestamp"]),
        ("service,-timestamp", lambda each: (each["service"], -int(each["_id"][-1]))),
        ('{"service":1,"timestamp":-1}', lambda each: (each["service"], -int(each["_id"][-1]))),
        (" -httpstatus , _id", lambda each: (-each["httpstatus"], each["_id"])),
        ("duration", lambda each: each.get("duration", 10**9)),
        ("-duration", lambda each: -each.get("duration", -1)),
    ],
)
def test_the_list_is_sorted(known: tuple[Environment, list[Record]], sort: str, key: Callable[[Record], Any]) -> None:
    environment, records = known

    assert ids(sorted(records, key=key)) == ids(listed(environment, ("_sort", sort))[0])


@pytest.mark.parametrize(("skip", "limit"), [(0, 4), (4, 4), (8, 4), (9, 4), (0, 0), (3, -1), (2**40, 1)])
def test_the_list_has_pages_and_the_total_of_all(
    known: tuple[Environment, list[Record]], skip: int, limit: int
) -> None:
    environment, records = known
    end = None if limit == -1 else skip + limit

    assert (records[skip:end], "9") == listed(environment, ("_skip", str(skip)), ("_limit", str(limit)))


def test_a_page_has_a_hundred_records_unless_another_size_is_asked_for(shared: Meterd) -> None:
    environment = Environment(shared)
    rows = [{"service": "x", "environment": environment.name, "detail": "row"}] * 150
    assert 200 == shared.ingest(rows, "requestMetrics").status_code

    for limit, count in (("", 100), ("120", 120), ("-1", 150)):
        found, total = listed(environment, ("environment", environment.name), ("_limit", limit))
        assert (count, "150") == (len(found), total)
    assert "at most" in environment.refused("GET", "metric/v1?_limit=99999999")[1]


@pytest.mark.parametrize(
    ("project", "fields"),
    [
        ("service,httpstatus", ["_id", "service", "httpstatus"]),
        ('{"service":1}', ["_id", "service"]),
        ('{"service":1,"_id":0}', ["service"]),
        ("nothing", ["_id"]),
        ("_id", ["_id"]),
    ],
)
def test_fields_are_projected(known: tuple[Environment, list[Record]], project: str, fields: list[str]) -> None:
    environment, records = known

    assert [{name: each[name] for name in fields} for each in records] == listed(environment, ("_project", project))[0]


def test_fields_are_left_out(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    kept = [{name: value for name, value in each.items() if name not in ("_id", "detail")} for each in records]

    assert kept == listed(environment, ("_project", '{"_id":0,"detail":0}'))[0]


@pytest.mark.parametrize("field", ["service", "httpstatus", "duration", "key", "timestamp", "application"])
def test_values_of_a_field_are_distinct_sorted_and_as_records_show_them(
    known: tuple[Environment, list[Record]], field: str
) -> None:
    environment, records = known
    expected = sorted({record[field] for record in records if field in record})

    assert expected == environment.read("metric/v1", _distinct=field, detail="regex(^row)")
    of_objects = sorted({each[field] for each in records if field in each and each["service"] == "object"})
    assert of_objects == environment.read("metric/v1", _distinct=field, detail="regex(^row)", service="object")


def test_parameters_may_come_as_a_form_in_the_body(known: tuple[Environment, list[Record]]) -> None:
    environment, records = known
    several = " or ".join(["httpstatus=404", *(f"key='{number:0200}'" for number in range(40))])
    form = urlencode({"_filter": several, "detail": "regex(^row)"})
    assert len(form) > 8000

    response = environment.send("GET", "metric/v1?service=object", content=form, headers=FORM)
    assert [each for each in records if each["httpstatus"] == 404] == response.json()
    assert (400, "_limit") == (
        (refused := environment.refused("GET", "metric/v1", content="_limit=x", headers=FORM))[0],
        refused[1][7:13],
    )


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_the_metrics_of_a_provider_are_listed(known: tuple[Environment, list[Record]], provider: str) -> None:
    found = known[0].read("metric/v1", _function="listMetrics", provider=provider)

    assert [(each.name, each.unit) for each in PROVIDERS[provider].metrics] == [
        (each["name"], each["unit"]) for each in found
    ]
    assert {"name", "description", "unit"} == set().union(*found)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("_function=listMetrics", "provider"),
        ("_function=listMetrics&provider=odslrequest", "ODSLRequest"),
        ("_function=nope&provider=ODSLRequest", "nope"),
    ],
)
def test_a_function_that_can_not_be_called_is_refused(
    known: tuple[Environment, list[Record]], query: str, said: str
) -> None:
    status, sentence = known[0].refused("GET", f"metric/v1?{query}")

    assert (400, True) == (status, said in sentence)


def test_the_root_describes_the_build(known: tuple[Environment, list[Record]]) -> None:
    assert {"name", "service", "version"} == set(known[0].read("metric"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["metric", "metric/v1", "metric/v1/private", "metric/v1/private/X"])
def test_the_service_is_read_only(known: tuple[Environment, list[Record]], method: str, path: str) -> None:
    status, sentence = known[0].refused(method, path, content="{}")

    assert (405, "[4050] ") == (status, sentence[:7])


def test_processes_and_queues_are_listed_by_their_type(shared: Meterd) -> None:
    environment = Environment(shared)
    own = {"environment": environment.name, "createdAt": "2024-11-20T10:00:00Z"}
    process = {"id": uuid.uuid4().hex, "name": "nightly", "trigger": "manual", "status": "failed", "duration": 1200}
    sample = {"id": uuid.uuid4().hex, "metric": "Size", "queue": "etrm", "value": 1.5}
    assert 200 == shared.ingest(process | own, "processMetrics").status_code
    assert 200 == shared.ingest(sample | own, "queueMetrics").status_code

    for type_, sent in (("process", process), ("message", sample)):
        (found,) = environment.read("metric/v1", type=type_, environment=environment.name)
        expected = {name: value for name, value in sent.items() if name != "id"}
        assert expected | {"_id": sent["id"], "type": type_, "timestamp": "2024-11-20T10:00:00.000Z"} == {
            name: found[name] for name in (*expected, "_id", "type", "timestamp")
        }
        assert found == environment.read(f"metric/v1/{sent['id']}")


SPELT = [
    ("type", "process"),
    ("type", "in(process)"),
    ("type", "regex(^proc)"),
    ("_filter", "type=process"),
    ("_filter", "type='process' and not type in [api, message]"),
    ("_filter", '{"type":"process"}'),
    ("_filter", '{"type":{"$nin":["api","message","storage"]}}'),
    ("_search", "type==process"),
]


class Mixed:
    """An environment with records of every provider, and of a type that none has, and what they must be shown as."""

    def __init__(self, server: Meterd) -> None:
        self.token = make_token(server.data, "ann", tenant=uuid.uuid4().hex, scopes=tuple(Scope)).token or ""
        self.environment = Environment(server, self.token)
        common = {"environment": self.environment.name, "detail": "row"}
        rows: list[tuple[str, dict[str, Any]]] = [
            ("requestMetrics", {"id": "a", "service": "object", "method": "get", "duration": 3}),
            ("processMetrics", {"id": "b", "name": "nightly", "duration": 2}),
            ("queueMetrics", {"id": "c", "metric": "Size", "queue": "etrm", "value": 1.5}),
            ("requestMetrics", {"id": "d", "type": "storage", "service": "object", "value": 5 * 10**12}),
            ("queueMetrics", {"id": "e", "metric": "Messages", "value": 12}),
        ]
        for number, (datasource, row) in enumerate(rows):
            sent = common | row | {"createdAt": f"2024-11-20T10:00:0{number}Z"}
            assert 200 == server.ingest(sent, datasource, self.token).status_code

    def ids(self, *parameters: tuple[str, str]) -> str:
        return "".join(ids(self.environment.read("metric/v1", ("detail", "row"), *parameters)))


@pytest.fixture(scope="module")
def mixed(shared: Meterd) -> Mixed:
    return Mixed(shared)


def test_the_list_is_over_all_providers(mixed: Mixed) -> None:
    response = mixed.environment.send("GET", "metric/v1", params={"detail": "row"})
    records = response.json()

    assert "edcba" == "".join(ids(records))
    assert "5" == response.headers["x-total-count"]
    assert ["message", "storage", "message", "process", "api"] == [each["type"] for each in records]
    assert [12, 5 * 10**12, 1.5, 1, 1] == [each["value"] for each in records]
    assert [int, int, float, int, int] == [type(each["value"]) for each in records]
    assert ["invocationId" in each for each in records] == [False, True, False, False, True]
    assert records == [mixed.environment.read(f"metric/v1/{each['_id']}") for each in records]


@pytest.mark.parametrize(("name", "text"), SPELT)
def test_a_type_means_the_same_in_every_spelling(mixed: Mixed, name: str, text: str) -> None:
    assert "b" == mixed.ids((name, text))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([("type", "storage")], "d"),
        ([("type", "in(api, message)")], "eca"),
        ([("type", "ne(api)")], "edcb"),
        ([("type", "subscription")], ""),
        ([("service", "object")], "da"),
        ([("service", "ne(object)")], "ecb"),
        ([("queue", "etrm")], "c"),
        ([("_filter", "name=nightly or queue=etrm")], "cb"),
        ([("_filter", "value >= 1.5")], "edc"),
        ([("_sort", "value,_id")], "abced"),
        ([("_sort", "-value,_id")], "decab"),
        ([("_sort", "duration")], "baedc"),
        ([("_sort", "name")], "bedca"),
        ([("_sort", "type")], "aecbd"),
        ([("_sort", "type"), ("_skip", "1"), ("_limit", "3")], "ecb"),
    ],
)
def test_records_of_all_providers_are_selected_and_sorted_together(
    mixed: Mixed, parameters: list[tuple[str, str]], expected: str
) -> None:
    assert expected == mixed.ids(*parameters)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("type", ["api", "message", "process", "storage"]),
        ("value", [1, 1.5, 12, 5 * 10**12]),
        ("name", ["nightly"]),
        ("duration", [2, 3]),
    ],
)
def test_values_are_those_of_all_providers(mixed: Mixed, field: str, expected: list[Any]) -> None:
    read = mixed.environment.read

    assert expected == read("metric/v1", _distinct=field, detail="row")
    assert expected[1:3] == read("metric/v1", _distinct=field, detail="row", _skip="1", _limit="2")


class Crowd:
    """Records of which many have the same value in every field but their id."""

    def __init__(self, server: Meterd) -> None:
        self.server = server
        self.token = make_token(server.data, "ann", tenant=uuid.uuid4().hex, scopes=tuple(Scope)).token or ""
        self.environment = Environment(server, self.token)
        self.send("2024-11-20T10:00:00Z", 120)

    def send(self, at: str, count: int, service: str = "a") -> None:
        row = {"createdAt": at, "environment": self.environment.name}
        calls = [row | {"service": service, "method": "get", "httpstatus": 200 + n % 3} for n in range(count)]
        assert 200 == self.server.ingest(calls, "requestMetrics", self.token).status_code
        runs = [row | {"name": service} for _ in range(count // 3)]
        assert 200 == self.server.ingest(runs, "processMetrics", self.token).status_code

    def page(self, skip: int, **parameters: str) -> list[str]:
        sent = {"environment": self.environment.name, "_skip": str(skip), "_limit": "25"} | parameters
        return ids(self.environment.read("metric/v1", **sent))


@OF_ONE_NODE
@pytest.mark.parametrize(
    "sort", ["", "service", "-service", "name", "-httpstatus,service", "type", "duration", "timestamp", "-_id"]
)
def test_pages_have_each_record_once_whatever_is_recorded_meanwhile(shared: Meterd, sort: str) -> None:
    crowd = Crowd(shared)
    before = set(crowd.page(0, _limit="-1"))
    assert 160 == len(before)

    found = page = crowd.page(0, _sort=sort)
    while len(page) == 25:  # each such call is a record itself, and comes first or last
        if len(found) == 50:
            crowd.send("2024-11-20T09:00:00Z", 9, service="0")
            crowd.send("2024-11-20T11:00:00Z", 9, service="zzz")
        page = crowd.page(len(found), _sort=sort)
        found = found + page
    assert len(found) == len(set(found))
    assert before <= set(found)


@OF_ONE_NODE
def test_pages_begin_anew_with_the_first_one(shared: Meterd) -> None:
    crowd = Crowd(shared)
    first = crowd.page(0)
    second = crowd.page(25)
    crowd.send("2024-11-20T11:00:00Z", 1)

    assert second == crowd.page(25)
    anew = crowd.page(0)
    assert anew != first
    assert crowd.page(25)[: len(second) - 5] != second[:-5]
    assert set(first) <= {*anew, *crowd.page(25)}


@OF_ONE_NODE
def test_a_page_in_the_middle_counts_from_the_nearest_end_that_is_known(shared: Meterd) -> None:
    crowd = Crowd(shared)
    order = crowd.page(0, _sort="_id", _limit="-1")

    assert order[40:65] == crowd.page(40, _sort="_id")
    assert order[:25] == crowd.page(0, _sort="_id")
    crowd.send("2024-11-20T11:00:00Z", 3)
    whole = crowd.page(0, _sort="_id", _limit="-1")
    assert whole[30:55] == crowd.page(30, _sort="_id")


OF_OTHER_CALLS = [
    ("metric", "_limit=1"),
    ("metric", "service=object"),
    ("metric/v1/X", "_filter=service=object"),
    ("metric/v1/X", "_limit=1"),
    ("metric/v1?_function=listMetrics&provider=ODSLRequest", "service=object"),
    ("metric/v1?_function=listMetrics&provider=ODSLRequest", "_limit=1"),
    ("metric/v1?_distinct=service", "_sort=service"),
    ("metric/v1?_distinct=service", "_project=service"),
    ("metric/v1", "_metric=ODSLRequest/ReadRequests"),
    ("metric/v1", "_range=2024"),
    ("metric/v1", "_calendar=DAILY"),
    ("metric/v1", "_profile=A"),
    ("metric/v1", "_scaling=0"),
    ("metric/v1", "_replace=true"),
]


@pytest.mark.parametrize(("path", "parameter"), OF_OTHER_CALLS)
def test_a_parameter_that_can_not_apply_is_refused(
    known: tuple[Environment, list[Record]], path: str, parameter: str
) -> None:
    status, sentence = known[0].refused("GET", f"{path}{'&' if '?' in path else '?'}{parameter}")

    assert (400, True) == (status, f"{parameter.partition('=')[0]} does not apply to" in sentence), sentence


def test_everyone_sees_their_own_records_and_those_of_their_teams(shared: Meterd) -> None:
    tenant = uuid.uuid4().hex

    def member(name: str, *teams: str, admin: bool = False, of: str = tenant) -> Environment:
        token = make_token(shared.data, name, teams=teams, tenant=of, tenant_admin=admin).token or ""
        return Environment(shared, token)

    ann, bob, cid = member("ann", "blue"), member("bob", "blue"), member("cid", "red")
    admin, stranger = member("root", admin=True), member("root", admin=True, of=uuid.uuid4().hex)
    for each in (ann, bob, cid, stranger):
        each.read("object/v1")

    def users(reader: Environment) -> list[str]:
        return [record["user"] for record in reader.read("metric/v1", service="object", _sort="user")]

    assert [["ann", "bob"], ["ann", "bob"], ["cid"], ["ann", "bob", "cid"], ["root"]] == [
        users(each) for each in (ann, bob, cid, admin, stranger)
    ]
    (record,) = cid.read("metric/v1", service="object")
    for reader, status in ((cid, 200), (admin, 200), (ann, 404), (stranger, 404)):
        assert status == reader.send("GET", f"metric/v1/{record['_id']}").status_code
    assert ["ann", "bob"] == ann.read("metric/v1", _distinct="user")


def test_the_list_covers_all_environments_of_the_caller(shared: Meterd) -> None:
    token = make_token(shared.data, tenant=uuid.uuid4().hex, tenant_admin=True).token or ""
    first, second = Environment(shared, token), Environment(shared, token)
    for each in (first, second):
        each.read("object/v1")

    assert sorted([first.name, second.name]) == first.read("metric/v1", _distinct="environment")
    assert 1 == len(first.read("metric/v1", environment=second.name))


def test_whoever_names_no_environment_is_in_production(shared: Meterd) -> None:
    token = make_token(shared.data, tenant=uuid.uuid4().hex).token or ""
    shared.anonymous.get("/api/object/v1", headers={"Authorization": f"Bearer {token}"})

    production = Environment(shared, token, "production")
    assert ["production"] == production.read("metric/v1", _distinct="environment")


MISTAKES = [
    ("_limit=x", "_limit"),
    ("_limit=-2", "_limit"),
    ("_limit=1.5", "_limit"),
    ("_limit=%C2%B2", "_limit"),
    ("_skip=-1", "_skip"),
    ("_skip=9999999999999999", "_skip"),
    ("_sort=nope", "nope"),
    ("_sort=a,,b", "_sort"),
    ("_sort=-", "_sort"),
    ('_sort={"service":2}', "_sort"),
    ("_sort={service", "_sort"),
    ('_sort={"nope":1}', "nope"),
    ('_project={"service":2}', "_project"),
    ('_project={"service":1,"detail":0}', "_project"),
    ("_project={", "_project"),
    ("_distinct=nope", "nope"),
    ("_filter=service='x", "position 8"),
    ("_filter=service=x and", "position"),
    ("_filter={service:{$near:1}}", "$near"),
    ("_filter=(a=b", "position"),
    ('_filter={"httpstatus":{"$gt":[1]}}', "$gt"),
    ("_filter={", "position 1"),
    ("service=in(a", "position"),
    ("httpstatus=range(1)", "2 values"),
    ("key=regex([)", "key"),
    ("timestamp=gt(yesterday)", "timestamp"),
    ("_search=(a", "_search"),
    ("_search=[", "_search"),
    ("_aggregate=[]", "_aggregate"),
    ("_nope=1", "_nope"),
    ("_searchinfo=a", "_searchinfo"),
    ("_template=x", "_template"),
    ("a=%FF", "UTF-8"),
    ("&".join(f"a={number}" for number in range(1001)), "1000"),
    ("httpstatus=gt(x)", "httpstatus"),
]


@pytest.mark.parametrize(("query", "said"), MISTAKES, ids=[query[:40] for query, _ in MISTAKES])
def test_a_parameter_that_can_not_be_read_is_refused_by_name(
    known: tuple[Environment, list[Record]], query: str, said: str
) -> None:
    status, sentence = known[0].refused("GET", f"metric/v1?{query}")

    assert (400, "[4000] ", True) == (status, sentence[:7], said in sentence), sentence


@pytest.mark.parametrize("scopes", [(Scope.INGEST,), (Scope.ADMIN,)])
def test_reading_needs_a_token_that_may_ask(shared: Meterd, scopes: tuple[Scope, ...]) -> None:
    writer = Environment(shared, make_token(shared.data, "writer", scopes=scopes).token or "")

    for path in (
        "metric",
        "metric/v1",
        "metric/v1/X",
        "object/v1?_metric=ODSLRequest/ReadRequests",
        "usage/statement?from=2024&to=2024",
    ):
        assert (403, '[4030] the token lacks the scope "query"') == writer.refused("GET", path)


def test_numbers_of_json_and_of_expressions_mean_the_same(known: tuple[Environment, list[Record]]) -> None:
    environment, _ = known
    forms = ["httpstatus=404", json.dumps({"httpstatus": 404}), "{httpstatus:{$in:[404]}}", "httpstatus in [404]"]

    assert 1 == len({str(listed(environment, ("_filter", form))) for form in forms})
