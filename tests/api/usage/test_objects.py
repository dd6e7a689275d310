"""The object service over HTTP (`docs/specifications/usage-metrics.md` sections 1, 2, 3.2, 7 and 8)."""

import json
import re
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.access import Scope
from meterd.api.usage.errors import InvalidUpdate
from meterd.api.usage.posting import Posted, merged
from tests.api.usage.environment import Environment
from tests.process import Meterd, make_token

SERIES = {"_type": "VarMetricTimeSeries", "provider": "ODSLRequest", "metric": "ReadRequests", "observed": "summed"}
MEMBERS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["x", "#x", "_id"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["_id", "_type", "_replace", "_tag", "data", "a", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)
ITEM = st.fixed_dictionaries({"_id": st.sampled_from("ab")}, optional={"a": JSON})
IDS = ["a b", "a/b", "A.B:C", "é", "日本", "😀", "%41", "a+b", "?", "a#b", "'; --", "a\u0000"]
BAD_PARAMETERS = ["_limit=x", "_skip=-1", "_sort={", "_filter={", "_search=(", "_nope=1", "_project={"]


OF_OTHER_CALLS = {
    "object": ["_sort=a", "_range=2024", "a=1"],
    "object/v1/private/A": ["_limit=1", "_sort=a", "_filter=a=1", "_search=a", "_id=B", "_range=2024", "a=1"],
    "object/v1/private/A/*": ["_project=a", "_limit=1", "_profile=READS", "a=1"],
    "object/v1/private/A?_profile=READS": ["_calendar=DAILY", "_observed=end", "_limit=1", "_filter=a=1", "a=1"],
    "object/v1/private": ["_range=2024", "_scaling=0", "_calendar=DAILY", "_observed=end", "_replace=true"],
    "object/v1/private?_distinct=a": ["_sort=a", "_project=a", "_range=2024"],
    "object/v1/private?_profile=READS": ["_distinct=a", "_calendar=DAILY", "_reason=x"],
    "calendar/v1/public/%23P1D": ["_limit=1", "_range=2024", "_profile=READS", "name=x"],
    "calendar/v1": ["_range=2024", "_profile=READS", "_scaling=1"],
    "data": ["_limit=1", "_range=2024"],
    "data/v1/private/A:READS": ["_limit=1", "_sort=a", "_filter=a=1", "_id=A:B", "_calendar=DAILY", "a=1"],
    "data/v1/private": ["_scaling=0", "_calendar=DAILY", "_profile=READS", "_reason=x"],
    "data/v1/private?_distinct=metric": ["_range=2024", "_sort=metric"],
    "data/v1/private?_range=2024": ["_calendar=DAILY", "_observed=end", "_profile=READS"],
}
"""Parameters that can't apply to what is read at an address."""


@pytest.fixture
def environment(shared: Meterd) -> Environment:
    return Environment(shared)


def fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item has beside the members that the server adds."""
    return {name: value for name, value in item.items() if not name.startswith("_")}


class TestWriting:
    def test_the_documented_example_of_merging_and_replacing(self, environment: Environment) -> None:
        first = {"_id": "TESTMERGE", "_type": "#SETTING", "name": "TESTMERGE", "value": 1}
        later = {"_id": "TESTMERGE", "_type": "#SETTING", "description": "Test merging"}

        made = environment.post("object/v1", first)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made.pop("_timestamp"))
        assert first | {"_oid": "TESTMERGE", "_user": "root", "_tag": [], "_version": 1} == made

        merged_ = environment.post("object/v1", later)
        assert (first | later) == {name: merged_[name] for name in first | later}
        assert 2 == merged_["_version"]

        replaced = environment.post("object/v1", later, _replace="true")
        assert ({"description": "Test merging"}, 3) == (fields(replaced), replaced["_version"])
        assert replaced == environment.read("object/v1/private/TESTMERGE")

    @pytest.mark.parametrize("path", ["object", "object/v1", "object/v1/private", "object/v1/all"])
    def test_an_object_may_be_posted_to_every_documented_address(self, environment: Environment, path: str) -> None:
        made = environment.post(path, {"_id": "a", "value": 1})

        assert ("#Object", made) == (made["_type"], environment.read("object/v1/private/a"))

    def test_the_body_replaces_when_it_says_so(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a", "old": 1})

        assert {"new": 2} == fields(environment.post("object", {"_id": "a", "new": 2, "_replace": True}))
        assert "_replace" not in environment.read("object/v1/private/a")

    @pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
    def test_a_body_is_json_whatever_its_content_type(self, environment: Environment, content_type: str) -> None:
        response = environment.send("POST", "object", content=b'{"_id": "a"}', headers={"content-type": content_type})

        assert (200, "a") == (response.status_code, response.json()["_id"])

    def test_an_update_that_changes_nothing_keeps_the_version(self, environment: Environment) -> None:
        made = environment.post("object", {"_id": "a", "value": {"x": 1, "y": [1]}})

        assert made == environment.post("object", {"_id": "a", "value": {"y": [1], "x": 1}})
        assert 2 == environment.post("object", {"_id": "a", "value": {"x": True, "y": [1]}})["_version"]

    def test_an_object_that_was_read_may_be_posted_back_with_a_change(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a", "_type": "#T", "value": 1, "READS": SERIES})

        item = environment.read("object/v1/private/a") | {"value": 2, "_version": 77, "_user": "mallory"}
        made = environment.post("object", item)
        assert ({"value": 2, "READS": SERIES}, 2, "root", "#T") == (
            fields(made),
            made["_version"],
            made["_user"],
            made["_type"],
        )

    def test_several_objects_are_stored_in_the_order_of_the_array(self, environment: Environment) -> None:
        made = environment.post("object", [{"_id": "b", "value": 1}, {"_id": "a"}, {"_id": "b", "other": 2}])

        assert [("b", 1), ("a", 1), ("b", 2)] == [(each["_id"], each["_version"]) for each in made]
        assert {"value": 1, "other": 2} == fields(environment.read("object/v1/private/b"))
        assert [] == environment.post("object", [])

    def test_one_bad_object_of_several_refuses_them_all(self, environment: Environment) -> None:
        reference = {"_type": "VarReference", "_service": "data", "_source": "private", "_oid": "b:READS"}
        for bad in ({}, {"_id": "b", "READS": SERIES | {"metric": "Nope"}}, {"_id": "b", "READS": reference}):
            status, text = environment.refused("POST", "object", json=[{"_id": "a"}, bad])
            assert (400, "[5005]") == (status, text[:6])

        assert [] == environment.read("object/v1/private")

    def test_so_many_objects_are_posted_at_once(self, environment: Environment) -> None:
        many = [{"_id": str(number)} for number in range(1001)]

        assert "at most 1000 items" in environment.refused("POST", "object", json=many)[1]
        assert 1000 == len(environment.post("object", many[:-1]))

    def test_the_reason_is_kept_with_the_version(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a"}, _reason="a new start")
        environment.post("object", {"_id": "a", "value": 1})

        versions = environment.read("object/v1/private/a/*")
        assert [(2, None), (1, "a new start")] == [(each["_version"], each.get("_reason")) for each in versions]

    def test_threads_that_post_different_fields_lose_none(self, environment: Environment) -> None:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: environment.post("object", {"_id": "a", f"f{number}": number}), range(40)))

        item = environment.read("object/v1/private/a")
        assert ({f"f{number}": number for number in range(40)}, 40) == (fields(item), item["_version"])

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            (b"", "the body is not valid JSON"),
            (b"{", "the body is not valid JSON"),
            (b'"\xff"', "not valid JSON"),
            (b'{"_id": "a", "x": NaN}', "not valid JSON"),
            (b'{"_id": "a", "x": 1e999}', "not valid JSON"),
            (b'{"_id": "a", "x": "\\ud800"}', "not valid JSON"),
            (b"[" * 100_000, "nested deeper than 64 levels"),
            (b'{"_id": "a", "x": ' + b"[" * 65 + b"]" * 65 + b"}", "nested deeper than 64 levels"),
            (b"null", "the body must be an object"),
            (b"[[]]", "[0] must be an object"),
            (b"{}", "the body needs an _id"),
            (b'[{"_id": "a"}, {"_id": 5}]', "[1] needs an _id"),
            (b'{"_id": ""}', "needs an _id"),
            (b'{"_id": "a/*"}', "without /* at its end"),
            (b'{"_id": "' + b"x" * 513 + b'"}', "1 to 512 characters"),
            (b'{"_id": "a", "_type": 5}', "_type must be a text"),
            (b'{"_id": "a", "_replace": 1}', "true or false"),
        ],
    )
    def test_a_body_that_can_not_be_stored_is_refused(
        self, environment: Environment, body: bytes, problem: str
    ) -> None:
        status, text = environment.refused("POST", "object", content=body)

        assert (400, "[5005]") == (status, text[:6])
        assert problem in text

    @pytest.mark.parametrize(
        ("path", "body", "expected"),
        [
            ("object", {"_id": "#A"}, 403),
            ("object/v1/public", {"_id": "A"}, 403),
            ("object/v1/private/A", {}, 400),
            ("object?_replace=yes", {"_id": "A"}, 400),
            (f"object?_reason={'x' * 1025}", {"_id": "A"}, 400),
            ("object/v2", {"_id": "A"}, 404),
            ("object/v1/secret", {"_id": "A"}, 400),
        ],
    )
    def test_addresses_and_ids_that_nothing_can_be_written_to(
        self, environment: Environment, path: str, body: object, expected: int
    ) -> None:
        assert expected == environment.refused("POST", path, json=body)[0]

    def test_an_object_never_grows_beyond_the_limit_of_bodies(self, environment: Environment) -> None:
        part = "x" * 700_000
        statuses = [200]
        while statuses[-1] == 200 and len(statuses) < 50:
            item = {"_id": "a", f"f{len(statuses)}": part}
            statuses.append(environment.send("POST", "object", json=item).status_code)

        assert 413 == statuses[-1]
        assert {f"f{at}" for at in range(1, len(statuses) - 1)} == set(fields(environment.read("object/v1/private/a")))

    def test_a_hundred_thousand_fields_are_just_fields(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a"} | {f"{number:x}": 0 for number in range(100_000)})

        assert {"_id": "a", "1869f": 0} == environment.read("object/v1/private/a", _project="1869f")
        assert ["a"] == environment.read("object/v1/private", _distinct="_id", a5="0")

    @settings(max_examples=60)
    @given(body=JSON | st.lists(ITEM, max_size=3))
    def test_no_body_makes_the_server_fail(self, shared: Meterd, body: object) -> None:
        response = Environment(shared, name="any-body").send("POST", "object", content=json.dumps(body))

        assert response.status_code in (200, 400, 403)


class TestMerging:
    @given(st.lists(st.tuples(MEMBERS, st.booleans()), max_size=5))
    def test_fields_are_those_posted_since_the_last_replacement(self, posts: list[tuple[dict[str, int], bool]]) -> None:
        stored: dict[str, Any] = {}
        for members, replaces in posts:
            stored = merged(stored, Posted("a", dict(members), replaces))

        start = max((at for at, (_, replaces) in enumerate(posts) if replaces), default=0)
        expected = [pair for members, _ in posts[start:] for pair in members.items()]
        assert dict(expected) == stored

    @pytest.mark.parametrize("replaces", [True, False])
    def test_a_reference_to_the_field_itself_leaves_it_as_it_is(self, replaces: bool) -> None:
        reference = {"_type": "VarReference", "_service": "data", "_source": "private", "_oid": "a:F"}

        assert {"F": SERIES} == merged({"F": SERIES}, Posted("a", {"F": reference}, replaces))
        assert {"G": reference} == merged({}, Posted("a", {"G": reference}, replaces))
        with pytest.raises(InvalidUpdate, match="F refers to the data of a:F"):
            merged({}, Posted("a", {"F": reference}, replaces))

    def test_what_is_stored_is_left_as_it_was(self) -> None:
        stored = {"a": 1}
        merged(stored, Posted("x", {"a": 2}, False))

        assert {"a": 1} == stored


class TestSeriesFields:
    @pytest.mark.parametrize(
        ("change", "number", "problem"),
        [
            ({"provider": "Nope"}, 5005, "no provider 'Nope'"),
            ({"provider": None}, 5005, "provider is required"),
            ({"metric": 5}, 5005, "metric must be a text"),
            ({"metric": "Nope"}, 5005, "has no metric 'Nope'"),
            ({"calendar": "Nope"}, 5005, "there is no calendar 'Nope'"),
            ({"calendar": "#PT7M"}, 5005, "#PT7M"),
            ({"calendar": "x" * 2**19}, 5005, "a calendar has at most 512 characters"),
            ({"observed": "x"}, 5005, "'x'"),
            ({"filter": "a ="}, 5005, "position"),
            ({"filter": {"$x": 1}}, 5005, "$x"),
            ({"filter": 5}, 5005, "filter"),
            ({"properties": 5}, 5005, "properties must be an object"),
            ({"data": []}, 8003, "leave the member data out"),
        ],
    )
    def test_one_that_can_not_be_computed_is_refused_by_its_name(
        self, environment: Environment, change: dict[str, object], number: int, problem: str
    ) -> None:
        status, text = environment.refused("POST", "object", json={"_id": "AAA", "READS": SERIES | change})

        assert (400, f"[{number}] AAA:READS: ") == (status, text[: len(f"[{number}] AAA:READS: ")])
        assert problem in text
        assert [] == environment.read("object/v1/private")

    def test_the_configuration_reads_back_as_it_was_posted(self, environment: Environment) -> None:
        definition = SERIES | {"filter": "?service='object' and key='AAA'", "units": "calls", "name": "Reads"}
        environment.post("object", {"_id": "AAA", "READS": definition})

        assert {"READS": definition} == fields(environment.read("object/v1/private/AAA"))

    def test_a_name_with_a_colon_could_not_be_read_again(self, environment: Environment) -> None:
        assert 400 == environment.refused("POST", "object", json={"_id": "AAA", "A:B": SERIES})[0]

    def test_too_many_at_once_are_refused(self, environment: Environment) -> None:
        many = {f"F{number}": SERIES for number in range(1001)}

        assert "at most 1000 series" in environment.refused("POST", "object", json={"_id": "AAA"} | many)[1]

    def test_profile_gives_the_series_of_a_field(self, environment: Environment) -> None:
        environment.post("object", {"_id": "AAA", "READS": SERIES, "value": 1})
        environment.read("object/v1/private/AAA")

        series = environment.read("object/v1/private/AAA", _profile="READS")
        assert ("VarMetricTimeSeries", "AAA:READS") == (series["_type"], series["_id"])
        assert [1] == [each["value"] for each in series["data"]]
        for field in ("value", "Nope"):
            assert 404 == environment.refused("GET", f"object/v1/private/AAA?_profile={field}")[0]

    def test_profile_of_a_list_gives_the_series_of_each_match(self, environment: Environment) -> None:
        environment.post(
            "object", [{"_id": id_, "READS": SERIES, "group": id_ < "C"} for id_ in "ABC"] + [{"_id": "D"}]
        )

        response = environment.send("GET", "object/v1/private?_profile=READS&_limit=1&_filter=group=true&_range=2000")
        assert "2" == response.headers["x-total-count"]
        assert [("A:READS", [])] == [(each["_id"], each["data"]) for each in response.json()]


class TestReading:
    @pytest.mark.parametrize("id_", IDS)
    def test_any_text_is_an_id(self, environment: Environment, id_: str) -> None:
        environment.post("object", {"_id": id_, "value": 1})

        assert id_ == environment.read(f"object/v1/private/{quote(id_, safe='')}")["_id"]
        assert [id_] == [each["_id"] for each in environment.read("object/v1/all", _id=id_)]

    def test_what_is_not_there_is_not_found(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a"})

        for path in ("private/b", "public/a", "private/%23a", "all/b", "private/b/*", "public/a/*"):
            assert 404 == environment.refused("GET", f"object/v1/{path}")[0]
        assert 405 == environment.refused("PUT", "object/v1/private/a")[0]

    @pytest.mark.parametrize("source", ["private", "all"])
    def test_own_objects_are_in_their_sources(self, environment: Environment, source: str) -> None:
        environment.post("object", [{"_id": "b"}, {"_id": "a"}])

        assert ["a", "b"] == [each["_id"] for each in environment.read(f"object/v1/{source}")]
        assert "a" == environment.read(f"object/v1/{source}/a")["_id"]
        assert [] == environment.read("object/v1/public")

    def test_the_root_tells_what_the_service_is(self, environment: Environment) -> None:
        assert ("meterd", "object") == tuple(environment.read("object")[name] for name in ("name", "service"))

    def test_several_are_fetched_by_their_ids(self, environment: Environment) -> None:
        environment.post("object", [{"_id": id_, "value": 1} for id_ in "abc"])

        found = environment.read("object/v1/all", ("_id", "c"), ("_id", "x"), ("_id", "a"), ("_project", "value"))
        assert [{"_id": "a", "value": 1}, {"_id": "c", "value": 1}] == found

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"value": "2"}, "b"),
            ({"value": "gt(1)"}, "bc"),
            ({"_filter": '{"value": {"$gte": 2}, "tags": "x"}'}, "b"),
            ({"_filter": "nested.deep = yes or value = 1"}, "ac"),
            ({"_search": "GAMMA"}, "c"),
            ({"_sort": "-value"}, "cbad"),
            ({"_sort": '{"tags": 1, "_id": -1}'}, "dcab"),
            ({"_limit": "2", "_skip": "1"}, "bc"),
            ({"_limit": "0"}, ""),
            ({"_sort": "-_id", "_limit": "0"}, ""),
            ({"_sort": "-_id", "_skip": "3", "_limit": "-1"}, "a"),
            ({"_filter": '{"_type": "#T"}'}, "d"),
            ({"_filter": '{"nope": {"$exists": true}}'}, ""),
            ({"nope": "1"}, ""),
        ],
    )
    def test_a_list_has_what_the_parameters_ask_for(
        self, environment: Environment, parameters: dict[str, str], expected: str
    ) -> None:
        environment.post(
            "object",
            [
                {"_id": "a", "value": 1, "tags": "w"},
                {"_id": "b", "value": 2, "tags": ["x", "y"]},
                {"_id": "c", "value": 3.5, "name": "gamma", "nested": [{"deep": "yes"}]},
                {"_id": "d", "_type": "#T"},
            ],
        )
        assert expected == "".join(each["_id"] for each in environment.read("object/v1/private", **parameters))

    def test_the_total_counts_what_matches_before_paging(self, environment: Environment) -> None:
        environment.post("object", [{"_id": f"{number:03}", "odd": number % 2} for number in range(250)])

        for query in ("odd=1&_limit=10", "odd=1&_limit=10&_sort=-_id", "odd=1&_limit=0", "odd=1&_limit=0&_sort=_id"):
            assert "125" == environment.send("GET", f"object/v1/private?{query}").headers["x-total-count"]
        assert 100 == len(environment.read("object/v1/private"))
        assert 250 == len(environment.read("object/v1/private", _limit="-1"))

    def test_distinct_values_are_sorted_each_once(self, environment: Environment) -> None:
        values: list[Any] = ["b", 2, ["a", "b", None], True, 1, 1.5, None, {"x": 1}]
        environment.post("object", [{"_id": str(at), "value": value} for at, value in enumerate(values)])

        assert [1, 1.5, 2, "a", "b", True, {"x": 1}] == environment.read("object/v1/private", _distinct="value")
        assert [1, 1.5] == environment.read("object/v1/private", _distinct="value", value="lt(2)")
        assert [1.5, 2] == environment.read("object/v1/private", _distinct="value", _skip="1", _limit="2")

    @pytest.mark.parametrize("path", OF_OTHER_CALLS)
    def test_a_parameter_that_can_not_apply_is_refused(self, environment: Environment, path: str) -> None:
        environment.post("object", {"_id": "A", "READS": SERIES})
        environment.read(path)
        for parameter in OF_OTHER_CALLS[path]:
            status, sentence = environment.refused("GET", f"{path}{'&' if '?' in path else '?'}{parameter}")
            assert (400, True) == (status, f"{parameter.partition('=')[0]} does not apply to" in sentence), sentence

    @pytest.mark.parametrize("query", BAD_PARAMETERS)
    def test_a_parameter_that_can_not_be_read_is_refused(self, environment: Environment, query: str) -> None:
        status, text = environment.refused("GET", f"object/v1/private?{query}")

        assert 400 == status
        assert query.partition("=")[0] in text

    def test_a_list_is_a_table_in_csv(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a", "value": 1})

        response = environment.send(
            "GET", "object/v1/private", params={"_project": "value"}, headers={"Accept": "text/csv"}
        )
        assert "_id,value\r\na,1\r\n" == response.text


class TestDeleting:
    def test_deleting_rolls_back_one_version_after_the_other(self, environment: Environment) -> None:
        first = environment.post("object", {"_id": "a/b", "value": 1})
        environment.post("object", {"_id": "a/b", "value": 2})

        assert first == environment.send("DELETE", "object/v1/private/a/b").json()
        assert first == environment.read("object/v1/private/a/b")
        assert {} == environment.send("DELETE", "object/v1/private/a/b").json()
        assert 404 == environment.refused("DELETE", "object/v1/private/a/b")[0]

    def test_a_star_deletes_every_version(self, environment: Environment) -> None:
        environment.post("object", {"_id": "a"})
        environment.post("object", {"_id": "a", "value": 2})

        assert {} == environment.send("DELETE", "object/v1/private/a/*").json()
        assert 404 == environment.refused("GET", "object/v1/private/a")[0]
        assert 1 == environment.post("object", {"_id": "a"})["_version"]

    @pytest.mark.parametrize(
        ("path", "expected"), [("v1/private/%23a", 403), ("v1/public/a", 403), ("v1/private", 400)]
    )
    def test_what_can_not_be_deleted(self, environment: Environment, path: str, expected: int) -> None:
        assert expected == environment.refused("DELETE", f"object/{path}")[0]


class TestAccess:
    def test_objects_are_shared_by_the_tenant_and_hidden_from_others(self, shared: Meterd) -> None:
        own = Environment(shared)
        colleague = Environment(shared, make_token(shared.data, "colleague").token or "", own.name)
        stranger = Environment(shared, make_token(shared.data, "stranger", tenant="other").token or "", own.name)
        own.post("object", {"_id": "a"})

        assert "colleague" == colleague.post("object", {"_id": "a", "value": 1})["_user"]
        assert [] == stranger.read("object/v1/all")
        assert 404 == stranger.refused("DELETE", "object/v1/private/a")[0]
        assert ("stranger", 1) == tuple(stranger.post("object", {"_id": "a"})[name] for name in ("_user", "_version"))
        assert {"value": 1} == fields(own.read("object/v1/private/a"))

    def test_environments_have_their_own_objects(self, shared: Meterd) -> None:
        first, second = Environment(shared), Environment(shared)
        first.post("object", {"_id": "a"})

        assert [] == second.read("object/v1/all")
        assert 404 == second.refused("GET", "object/v1/private/a")[0]

    def test_reading_and_writing_need_their_scopes(self, shared: Meterd) -> None:
        reader = Environment(shared, make_token(shared.data, "reader", scopes=(Scope.QUERY,)).token or "")
        writer = Environment(shared, make_token(shared.data, "writer", scopes=(Scope.INGEST,)).token or "", reader.name)

        assert 403 == reader.refused("POST", "object", json={"_id": "a"})[0]
        assert 403 == reader.refused("DELETE", "object/v1/private/a")[0]
        writer.post("object", {"_id": "a"})
        assert 403 == writer.refused("GET", "object/v1/private/a")[0]
        assert "a" == reader.read("object/v1/private/a")["_id"]

    @pytest.mark.parametrize(
        ("service", "hidden"),
        [("object", {"secret": 1}), ("calendar", {"calendar": {"_type": "DailyCalendar"}, "secret": 1})],
    )
    def test_a_change_tells_nothing_stored_to_who_may_not_read(
        self, shared: Meterd, service: str, hidden: dict[str, Any]
    ) -> None:
        name = uuid.uuid4().hex
        reader, writer = (
            Environment(shared, make_token(shared.data, "ann", tenant=name, scopes=scopes).token or "", name)
            for scopes in ((Scope.INGEST, Scope.QUERY), (Scope.INGEST,))
        )
        reader.post(service, {"_id": "a"} | hidden)
        known = {"_id": "a", "_oid": "a", "_version": 2}

        assert known == writer.post(service, {"_id": "a", "name": "b"})
        assert [known] == writer.post(service, [{"_id": "a", "name": "b"}])
        if service == "object":
            assert {**known, "_version": 1} == writer.send("DELETE", "object/v1/private/a").json()
