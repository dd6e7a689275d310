from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from meterd.access import Caller, SubjectType
from meterd.datasets import GUARDRAIL_EVALUATIONS, SESSION_EVENTS, SESSION_METRICS, Dataset
from meterd.errors import InvalidInput
from meterd.query.model import Aggregate, And, Field, Function, Group, Listing, Order, Query
from tests.query.reference import RealEngine

ROWS = {
    "own": ("acme", "ann", "user", []),
    "own in a team": ("acme", "ann", "user", ["red", "green"]),
    "team": ("acme", "bob", "user", ["blue", "red"]),
    "other team": ("acme", "bob", "user", ["blue"]),
    "everyone": ("acme", "bob", "user", ["everyone"]),
    "no team": ("acme", "bob", "user", []),
    "account of the same name": ("acme", "ann", "virtualaccount", []),
    "account in the team": ("acme", "ci", "virtualaccount", ["red"]),
    "own elsewhere": ("rival", "ann", "user", ["red"]),
    "team elsewhere": ("rival", "bob", "user", ["red"]),
}
ACME = {name for name, row in ROWS.items() if row[0] == "acme"}
OWN = {"own", "own in a team"}
RED = {"own in a team", "team", "account in the team"}
BODY = {
    "startTs": "2026-01-01T00:00:00Z",
    "endTs": "2026-01-02T00:00:00Z",
    "datasource": "guardrailMetrics",
    "type": "distribution",
}
DAY = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))

USER, ACCOUNT = SubjectType.USER, SubjectType.VIRTUAL_ACCOUNT


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with RealEngine(tmp_path_factory.mktemp("visibility")) as engine:
        rows: list[dict[str, Any]] = [
            {
                "tenant": tenant,
                "createdBySubjectSlug": subject,
                "createdBySubjectType": type_,
                "teams": teams,
                "guardrailName": name,
                "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
            }
            for name, (tenant, subject, type_, teams) in ROWS.items()
        ]
        engine.append(GUARDRAIL_EVALUATIONS, rows)
        yield engine


@pytest.mark.parametrize(
    ("caller", "visible"),
    [
        (Caller("acme", "root", USER, tenant_admin=True), ACME),
        (Caller("acme", "ci", ACCOUNT, tenant_admin=True), ACME),
        (Caller("acme", "ann", USER), OWN),
        (Caller("acme", "ann", USER, ("red",)), OWN | RED),
        (Caller("acme", "ann", USER, ("everyone",)), OWN),
        (Caller("acme", "ann", USER, ("everyone", "red")), OWN | RED),
        (Caller("acme", "ann", ACCOUNT), {"account of the same name"}),
        (Caller("acme", "ci", ACCOUNT, ("red",)), RED),
        (Caller("acme", "eve", USER), set()),
        (Caller("acme", "eve", USER, ("RED", "re", "")), set()),
        (Caller("rival", "root", USER, tenant_admin=True), {"own elsewhere", "team elsewhere"}),
        (Caller("rival", "ann", USER), {"own elsewhere"}),
        (Caller("nobody", "ann", USER, ("red",), tenant_admin=True), set()),
    ],
)
def test_a_caller_sees_own_facts_and_those_of_shared_teams(
    engine: RealEngine, caller: Caller, visible: set[str]
) -> None:
    points = engine.answer(BODY | {"groupBy": ["guardrailName"]}, caller)

    assert {point["guardrailName"] for point in points} == visible


@pytest.mark.parametrize(
    ("caller", "teams"),
    [
        (Caller("acme", "root", USER, tenant_admin=True), {"red": 3, "blue": 2, "green": 1, "everyone": 1}),
        (Caller("acme", "ann", USER, ("red",)), {"red": 3}),
        (Caller("acme", "ann", USER, ("blue", "red")), {"red": 3, "blue": 2}),
        (Caller("acme", "ann", USER), {}),
        (Caller("acme", "eve", USER, ("everyone",)), {}),
    ],
)
def test_grouping_by_team_names_only_teams_of_the_caller(
    engine: RealEngine, caller: Caller, teams: dict[str, int]
) -> None:
    points = engine.answer(BODY | {"groupBy": ["team"]}, caller)

    assert {point["team"]: point["total"] for point in points} == teams


@pytest.mark.parametrize(
    "condition",
    [
        {"fieldName": "userEmail", "operator": "IN", "value": ["bob"]},
        {"fieldName": "userEmail", "operator": "STRING_CONTAINS", "value": ""},
        {"fieldName": "team", "operator": "ARRAY_HAS_NONE", "value": []},
        {"fieldName": "team", "operator": "ARRAY_HAS_ANY", "value": ["blue", "everyone", "red"]},
    ],
)
def test_filters_reach_nothing_beyond_what_is_visible(engine: RealEngine, condition: dict[str, Any]) -> None:
    points = engine.answer(BODY | {"groupBy": ["guardrailName"], "filters": [condition]}, Caller("acme", "ann", USER))

    assert {point["guardrailName"] for point in points} <= OWN


def team_is(operator: str, *teams: str) -> dict[str, Any]:
    return {"fieldName": "team", "operator": operator, "value": list(teams)}


@pytest.mark.parametrize(
    ("teams", "condition", "visible"),
    [
        (("red",), team_is("ARRAY_HAS_ANY", "green"), set()),
        (("red",), team_is("ARRAY_HAS_ANY", "green", "red"), RED),
        (("red",), team_is("ARRAY_HAS_NONE", "green", "blue"), OWN | RED),
        (("red",), team_is("ARRAY_HAS_NONE", "red"), OWN - RED),
        (("green",), team_is("ARRAY_HAS_ANY", "green"), {"own in a team"}),
        ((), team_is("ARRAY_HAS_ANY", "red", "green"), set()),
        ((), team_is("ARRAY_HAS_NONE", "red", "green"), OWN),
    ],
)
def test_filters_know_only_teams_of_the_caller(
    engine: RealEngine, teams: tuple[str, ...], condition: dict[str, Any], visible: set[str]
) -> None:
    caller = Caller("acme", "ann", USER, teams)
    points = engine.answer(BODY | {"groupBy": ["guardrailName"], "filters": [condition]}, caller)

    assert {point["guardrailName"] for point in points} == visible


@pytest.mark.parametrize(
    ("caller", "distinct", "filled"),
    [
        (Caller("acme", "root", USER, tenant_admin=True), 4, 5),
        (Caller("acme", "ann", USER, ("red",)), 1, 3),
        (Caller("acme", "ann", USER, ("blue", "red")), 2, 4),
        (Caller("acme", "ann", USER), 0, 0),
    ],
)
def test_aggregates_of_teams_know_only_teams_of_the_caller(
    engine: RealEngine, caller: Caller, distinct: int, filled: int
) -> None:
    query = Query(
        GUARDRAIL_EVALUATIONS,
        *DAY,
        aggregates=(
            Aggregate("distinct", Function.COUNT_DISTINCT, Field("teams")),
            Aggregate("filled", Function.COUNT, Field("teams")),
        ),
    )
    (row,) = engine.run(query, caller)

    assert (row.values["distinct"], row.values["filled"]) == (distinct, filled)


def test_lists_of_facts_show_only_teams_of_the_caller(engine: RealEngine) -> None:
    listing = Listing(GUARDRAIL_EVALUATIONS, ("guardrail_name", "teams"), And(()), (Order("guardrail_name"),), 100)
    seen = dict(engine.facts(listing, Caller("acme", "ann", USER, ("red",))))

    assert seen == {"account in the team": ["red"], "own": [], "own in a team": ["red"], "team": ["red"]}


@pytest.mark.parametrize(
    ("dataset", "column"),
    [(GUARDRAIL_EVALUATIONS, "teams"), (SESSION_EVENTS, "stacktrace"), (SESSION_METRICS, "bucket_counts")],
)
def test_arrays_cannot_be_grouped_by_as_one_value(dataset: Dataset, column: str) -> None:
    with pytest.raises(InvalidInput, match="several values"):
        Query(dataset, *DAY, groups=(Group("key", Field(column)),))
