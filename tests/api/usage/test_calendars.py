"""The calendar service over HTTP, and calendars by their codes (`docs/specifications/usage-metrics.md` sections 8 and
10).
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from meterd.api.usage.calendars import Calendars
from meterd.api.usage.scan_executor import ScanExecutor
from meterd.calendars.codes import BUILT_IN, calendar_for
from meterd.errors import InvalidInput
from meterd.metadata import Collection, Items
from meterd.metadata.sql import open_sql_metadata
from meterd.query.workers import Workers
from meterd.telemetry import Telemetry
from tests.api.usage.environment import Environment
from tests.process import Meterd, directory_of, make_token

CHRISTMAS = {"rule": "actual", "dom": 25, "month": 12}
HOLIDAYS = {"_type": "HolidayCalendar", "base": "BUSINESS", "rules": [CHRISTMAS]}
STORED = Collection("t", "production", "calendar")


def scan_executor() -> ScanExecutor:
    return ScanExecutor(Workers("scan", 1, 1, 1.0, Telemetry()), 1.0)


@pytest.fixture
def environment(shared: Meterd) -> Environment:
    return Environment(shared)


@pytest.fixture
def items(tmp_path: Path) -> Iterator[Items]:
    metadata = open_sql_metadata(tmp_path / "directory.sqlite", directory_of(tmp_path))
    yield metadata.items(lambda _size: None)
    metadata.close()


def entity(id_: str, **definition: Any) -> dict[str, Any]:
    return {"_id": id_, "_type": "VarCalendar", "calendar": definition}


def refers(id_: str, base: str) -> dict[str, Any]:
    """A calendar of the days of another one."""
    return entity(id_, _type="HolidayCalendar", base=base)


def put(items: Items, id_: str, **definition: Any) -> None:
    """Store a definition without the service, which would refuse bad ones."""
    with items.changing(STORED) as changes:
        changes.put(id_, json.dumps({"calendar": definition}).encode(), "alice")


class TestService:
    def test_built_in_calendars_are_public(self, environment: Environment) -> None:
        found = environment.read("calendar/v1/public")

        assert [each.code for each in BUILT_IN] == [each["_id"] for each in found]
        assert {"VarCalendar"} == {each["_type"] for each in found}
        assert {"_type": "IntradayCalendar", "period": "PT1H"} == environment.read("calendar/v1/public/%23PT1H")[
            "calendar"
        ]
        assert environment.read("calendar/v1/all/%23PT1H") == environment.read("calendar/v1/public/%23PT1H")
        assert 404 == environment.refused("GET", "calendar/v1/private/%23PT1H")[0]
        assert 404 == environment.refused("GET", "calendar/v1/public/%23HENG")[0]

    def test_every_built_in_definition_may_be_stored_under_another_name(self, environment: Environment) -> None:
        copies = [
            {"_id": f"MY{each['_id'][1:]}", "calendar": each["calendar"]}
            for each in environment.read("calendar/v1/public")
        ]

        assert {"VarCalendar"} == {each["_type"] for each in environment.post("calendar", copies)}

    def test_a_calendar_is_created_changed_and_read(self, environment: Environment) -> None:
        made = environment.post("calendar/v1", {"_id": "HENG", "_type": "VarCalendar", "calendar": HOLIDAYS})
        assert (HOLIDAYS, 1, "VarCalendar", "HENG", "root", []) == tuple(
            made[name] for name in ("calendar", "_version", "_type", "_oid", "_user", "_tag")
        )

        changed = environment.post("calendar/v1", {"_id": "HENG", "name": "England"})
        assert (HOLIDAYS, "England", 2) == (changed["calendar"], changed["name"], changed["_version"])
        assert changed == environment.read("calendar/v1/private/HENG")
        assert ["HENG"] == [each["_id"] for each in environment.read("calendar/v1/private")]

    def test_a_list_of_all_has_public_and_private_ones(self, environment: Environment) -> None:
        environment.post("calendar", entity("MINE", _type="DailyCalendar"))

        assert ["#DAILY", "MINE"] == [
            each["_id"] for each in environment.read("calendar/v1/all", ("_id", "MINE"), ("_id", "#DAILY"))
        ]
        response = environment.send("GET", "calendar/v1/all?_sort=-_id&_limit=1&_search=minute")
        assert ("#PT5M", "4") == (response.json()[0]["_id"], response.headers["x-total-count"])
        assert len(BUILT_IN) + 1 == len(environment.read("calendar/v1/all"))

    @pytest.mark.parametrize(
        ("calendar", "problem"),
        [
            ({}, "calendar must be the object"),
            (None, "calendar must be the object"),
            ("DAILY", "must be the object"),
            ({"_type": "Nope"}, "A: calendar._type: must be one of"),
            ({"period": "PT1H"}, "A: calendar._type"),
            ({"_type": "DailyCalendar", "timezone": "Mars"}, "A: calendar.timezone:"),
            ({"_type": "DailyCalendar", "extra": 1}, "A: calendar.extra: there is no such member"),
            ({"_type": "IntradayCalendar", "period": "PT7M"}, "A: calendar.period:"),
            (
                {"_type": "IntradayCalendar", "period": "PT1H", "dayCalendar": "Nope"},
                "calendar.dayCalendar: there is no",
            ),
            (HOLIDAYS | {"rules": [CHRISTMAS | {"month": 13}]}, "A: calendar.rules[0].month:"),
            (HOLIDAYS | {"rules": [CHRISTMAS] * 1000}, "at most 16384 bytes"),
            (HOLIDAYS | {"base": "A"}, "calendars must not refer to themselves: A -> A"),
        ],
    )
    def test_a_definition_that_is_no_calendar_is_refused(
        self, environment: Environment, calendar: object, problem: str
    ) -> None:
        status, text = environment.refused("POST", "calendar", json={"_id": "A", "calendar": calendar})

        assert (400, "[5005]") == (status, text[:6])
        assert problem in text
        assert [] == environment.read("calendar/v1/private")

    @pytest.mark.parametrize(
        ("item", "expected"),
        [
            (entity("#HENG", _type="DailyCalendar"), 403),
            (entity("DAILY", _type="DailyCalendar"), 400),
            (entity("business", _type="DailyCalendar"), 400),
            (entity("PT2H", _type="DailyCalendar"), 400),
            (entity("p1x", _type="DailyCalendar"), 400),
            (entity("A", _type="DailyCalendar") | {"_type": "#T"}, 400),
            ([entity("A", _type="DailyCalendar")] * 2, 400),
            ({"_id": "A"}, 400),
            ({"_id": "A", "_replace": True}, 400),
        ],
    )
    def test_what_can_be_no_calendar_of_a_tenant(self, environment: Environment, item: object, expected: int) -> None:
        assert expected == environment.refused("POST", "calendar", json=item)[0]

    def test_a_calendar_can_not_be_replaced_by_nothing(self, environment: Environment) -> None:
        environment.post("calendar", entity("A", _type="DailyCalendar"))

        assert 400 == environment.refused("POST", "calendar?_replace=true", json={"_id": "A", "name": "x"})[0]
        assert 1 == environment.read("calendar/v1/private/A")["_version"]

    def test_calendars_of_one_body_may_refer_to_one_another(self, environment: Environment) -> None:
        environment.post("calendar", [refers("B", "A"), entity("A", **HOLIDAYS)])

        assert 2 == len(environment.read("calendar/v1/private"))

    def test_a_circle_of_calendars_is_refused(self, environment: Environment) -> None:
        assert 400 == environment.refused("POST", "calendar", json=[refers("A", "B"), refers("B", "A")])[0]
        environment.post("calendar", [refers("C", "B"), refers("B", "A"), entity("A", **HOLIDAYS)])

        assert "A -> C -> B -> A" in environment.refused("POST", "calendar", json=refers("A", "C"))[1]

    def test_of_two_that_would_make_a_circle_at_the_same_moment_one_is_refused(self, environment: Environment) -> None:
        environment.post("calendar", [entity("A", **HOLIDAYS), entity("B", **HOLIDAYS)])

        with ThreadPoolExecutor(2) as threads:
            sent = [refers("A", "B"), refers("B", "A")]
            answers = list(threads.map(lambda item: environment.send("POST", "calendar", json=item), sent))
        assert [200, 400] == sorted(answer.status_code for answer in answers)

    def test_a_long_chain_of_calendars_is_refused(self, environment: Environment) -> None:
        chain = [refers(f"C{at}", f"C{at - 1}") for at in range(1, 9)]

        assert "at most 8" in environment.refused("POST", "calendar", json=[entity("C0", **HOLIDAYS), *chain])[1]
        environment.post("calendar", [entity("C0", **HOLIDAYS), *chain[:-1]])

    def test_calendars_belong_to_a_tenant_and_an_environment(self, shared: Meterd, environment: Environment) -> None:
        environment.post("calendar", entity("A", **HOLIDAYS))
        stranger = Environment(shared, make_token(shared.data, "s", tenant="other").token or "", environment.name)

        for other in (stranger, Environment(shared)):
            assert [] == other.read("calendar/v1/private")
            series = "object?_metric=ODSLRequest/ReadRequests&_calendar=A"
            assert "there is no calendar 'A'" in other.refused("GET", series.replace("object", "object/v1"))[1]
        assert [] == environment.read("object/v1?_metric=ODSLRequest/ReadRequests&_calendar=A&_range=2000")["data"]


class TestFinder:
    async def test_a_built_in_calendar_has_many_spellings(self, items: Items) -> None:
        find = Calendars(items, 1000, 10, scan_executor()).finder("t", "production")

        for code in ("#DAILY", "daily", "#P1D", "P1D"):
            assert calendar_for("DAILY") == await find(code)

    async def test_a_stored_calendar_is_found_by_its_exact_code(self, items: Items) -> None:
        put(items, "Mine", _type="BusinessCalendar")
        find = Calendars(items, 1000, 10, scan_executor()).finder("t", "production")

        assert calendar_for("BUSINESS") == await find("Mine")
        for code in ("mine", "#Mine", ""):
            with pytest.raises(InvalidInput, match="there is no calendar"):
                await find(code)

    async def test_a_calendar_changes_with_the_one_that_it_refers_to(self, items: Items) -> None:
        put(items, "BASE", _type="BusinessCalendar")
        put(items, "MINE", _type="IntradayCalendar", period="PT1H", dayCalendar="BASE")
        find = Calendars(items, 1000, 10, scan_executor()).finder("t", "production")
        before = await find("MINE")
        assert before is await find("MINE")

        put(items, "BASE", _type="WeeklyCalendar")
        after = await find("MINE")
        assert before != after
        assert after is await find("MINE")

    async def test_one_that_was_broken_after_it_was_stored_is_refused(self, items: Items) -> None:
        put(items, "A", _type="HolidayCalendar", base="B")
        find = Calendars(items, 1000, 10, scan_executor()).finder("t", "production")

        with pytest.raises(InvalidInput, match=r"A: calendar\.base: there is no such calendar"):
            await find("A")
        put(items, "B", _type="HolidayCalendar", base="A")
        with pytest.raises(InvalidInput, match="A -> B -> A"):
            await find("A")
        put(items, "B", _type="SparseCalendar")
        with pytest.raises(InvalidInput, match=r"A: calendar\.base: must be a calendar of days"):
            await find("A")

    async def test_what_was_found_is_forgotten_when_it_is_deleted(self, items: Items) -> None:
        put(items, "A", _type="DailyCalendar")
        find = Calendars(items, 1000, 10, scan_executor()).finder("t", "production")
        await find("A")

        with items.changing(STORED) as changes:
            changes.delete("A")
        with pytest.raises(InvalidInput):
            await find("A")

    @pytest.mark.parametrize("code", ["#PT7M", "PT", "P1Y1D", "x" * 2**20, "'; --"])
    async def test_codes_of_nothing_are_refused(self, items: Items, code: str) -> None:
        with pytest.raises(InvalidInput):
            await Calendars(items, 1000, 10, scan_executor()).finder("t", "production")(code)
