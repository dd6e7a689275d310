"""Who sees which rows, over HTTP: role x rows of others x datasource x kind of query.

`docs/specifications/gateway-metrics-query.md` section 8.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from meterd.access import Scope, SubjectType
from tests.datasources import DATASOURCES
from tests.datasources.declaration import Declaration
from tests.process import Meterd, make_token

USER, ACCOUNT = SubjectType.USER, SubjectType.VIRTUAL_ACCOUNT
HOUR = "2026-05-01T10:00:00.000Z"

ROWS: dict[str, dict[str, Any]] = {
    "own": {"createdBySubjectSlug": "ann", "createdBySubjectType": "user", "teams": []},
    "own team": {"createdBySubjectSlug": "bob", "createdBySubjectType": "user", "teams": ["red", "blue"]},
    "other team": {"createdBySubjectSlug": "bob", "createdBySubjectType": "user", "teams": ["blue"]},
    "everyone": {"createdBySubjectSlug": "bob", "createdBySubjectType": "user", "teams": ["everyone"]},
    "nobody": {"createdBySubjectSlug": "bob", "createdBySubjectType": "user", "teams": []},
    "account": {"createdBySubjectSlug": "ci", "createdBySubjectType": "virtualaccount", "teams": ["everyone"]},
    "namesake": {"createdBySubjectSlug": "ann", "createdBySubjectType": "virtualaccount", "teams": []},
}
"""Rows of each of two tenants; a row of the other tenant is marked by a prefix."""

ROLES: dict[str, tuple[str, SubjectType, tuple[str, ...], bool, set[str], set[str]]] = {
    # role: subject, type, teams, tenant administrator, rows it sees, teams it sees
    "tenant admin": ("root", USER, (), True, set(ROWS), {"red", "blue", "everyone"}),
    "admin account": ("bot", ACCOUNT, (), True, set(ROWS), {"red", "blue", "everyone"}),
    "user": ("ann", USER, (), False, {"own"}, set()),
    "user with a team": ("ann", USER, ("red",), False, {"own", "own team"}, {"red"}),
    "user in everyone": ("ann", USER, ("everyone",), False, {"own"}, set()),
    "account alone": ("ci", ACCOUNT, (), False, {"account"}, set()),
    "account with a team": ("ci", ACCOUNT, ("red",), False, {"account", "own team"}, {"red"}),
    "namesake account": ("ann", ACCOUNT, (), False, {"namesake"}, set()),
    "stranger": ("eve", USER, (), False, set(), set()),
    "stranger with a team": ("eve", USER, ("red", "green"), False, {"own team"}, {"red"}),
}


def needed(declaration: Declaration) -> dict[str, Any]:
    """What a row needs besides, and what makes it one of the datasources that are pinned to some of these facts."""
    pinned = [each.pinned for each in DATASOURCES.values() if each.pinned and each.dataset is declaration.dataset]
    return {**declaration.required, **dict.fromkeys(pinned, "hit")}


class Organisations:
    """Two tenants with the same subjects and teams, and a token for every role in the first one."""

    def __init__(self, meterd: Meterd) -> None:
        self.meterd = meterd
        self.name = uuid.uuid4().hex
        for prefix, tenant in (("", self.name), ("rival ", f"{self.name}-rival")):
            writer = (
                make_token(meterd.data, "gateway", tenant=tenant, scopes=(Scope.INGEST, Scope.INGEST_ANY_SUBJECT)).token
                or ""
            )
            sessions = self._sessions(tenant)
            for datasource, declaration in DATASOURCES.items():
                if declaration.pinned:
                    continue  # it sees facts of another
                rows = [
                    row
                    | needed(declaration)
                    | {declaration.dimension: prefix + name, "metadata": {"row": prefix + name}, "createdAt": HOUR}
                    | (sessions[name] if "sessionId" in declaration.members else {})
                    for name, row in ROWS.items()
                ]
                assert meterd.ingest(rows, datasource, token=writer).status_code == 200
        self._tokens: dict[str, str] = {}

    def _sessions(self, tenant: str) -> dict[str, dict[str, str]]:
        """A session for every row, of whom the row is: facts of a session belong to its owner."""
        sessions = {}
        for name, row in sorted(ROWS.items(), key=lambda each: len(each[1]["teams"])):  # none are taken away again
            type_ = SubjectType(row["createdBySubjectType"])
            owner = make_token(
                self.meterd.data, row["createdBySubjectSlug"], type_=type_, teams=tuple(row["teams"]), tenant=tenant
            ).token
            begun = self.meterd.client.post(
                "/api/sessions", json={"product": "p", "version": "1"}, headers={"Authorization": f"Bearer {owner}"}
            )
            sessions[name] = {"sessionId": begun.json()["session_id"]}
        return sessions

    def ask(self, role: str, **body: Any) -> list[dict[str, Any]]:
        """What a role in the first tenant is answered. Each role is a subject of a tenant that knows no other."""
        subject, type_, teams, is_admin, _, _ = ROLES[role]
        if role not in self._tokens:
            self._tokens[role] = self._token(subject, type_, teams, is_admin)
        return self.meterd.points(self._tokens[role], **body)

    def _token(self, subject: str, type_: SubjectType, teams: tuple[str, ...], is_admin: bool) -> str:
        scopes = (Scope.QUERY,)
        return (
            make_token(
                self.meterd.data,
                subject,
                type_=type_,
                teams=teams,
                tenant=self.name,
                tenant_admin=is_admin,
                scopes=scopes,
            ).token
            or ""
        )


@pytest.fixture(scope="module", params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """One that does not record the calls of these tests beside their rows."""
    with Meterd(tmp_path_factory.mktemp("visibility"), environment={"METERD_USAGE__RECORD": "off"}) as meterd:
        yield meterd


@pytest.fixture(scope="module")
def organisations(role: str, meterd: Meterd) -> Organisations:
    """New ones for every role, because teams are added to a subject and never taken away."""
    return Organisations(meterd)


@pytest.fixture(params=DATASOURCES)
def source(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_a_distribution_counts_visible_rows(organisations: Organisations, role: str, source: str) -> None:
    assert organisations.ask(role, datasource=source) == [{"total": len(ROLES[role][4])}]


def test_a_distribution_groups_visible_rows(organisations: Organisations, role: str, source: str) -> None:
    points = organisations.ask(role, datasource=source, groupBy=[DATASOURCES[source].dimension])

    assert {point[DATASOURCES[source].dimension] for point in points} == ROLES[role][4]


def test_a_timeseries_counts_visible_rows(organisations: Organisations, role: str, source: str) -> None:
    points = organisations.ask(
        role, datasource=source, type="timeseries", interval="1 day", startTs="2026-05-01", endTs="2026-05-02"
    )

    assert sum(point["total"] for point in points) == len(ROLES[role][4])
    assert len(points) == bool(ROLES[role][4])


def test_metadata_of_visible_rows_only_is_shown(organisations: Organisations, role: str, source: str) -> None:
    points = organisations.ask(role, datasource=source, groupBy=["metadata.row"])

    assert {point["metadata.row"] for point in points} == ROLES[role][4]


def test_grouping_by_team_shows_teams_of_the_caller_only(organisations: Organisations, role: str, source: str) -> None:
    points = organisations.ask(role, datasource=source, groupBy=["team"])

    assert {point["team"] for point in points} == ROLES[role][5]


@pytest.mark.parametrize("kind", ["userEmail", "virtualaccount"])
def test_subjects_of_visible_rows_only_are_shown(
    organisations: Organisations, role: str, source: str, kind: str
) -> None:
    type_ = "user" if kind == "userEmail" else "virtualaccount"
    visible = [ROWS[name] for name in ROLES[role][4]]
    expected = {row["createdBySubjectSlug"] for row in visible if row["createdBySubjectType"] == type_}

    points = organisations.ask(role, datasource=source, groupBy=[kind])
    assert {point["createdBySubjectSlug"] for point in points} == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"fieldName": "userEmail", "operator": "IN", "value": ["ann", "bob"]},
        {"fieldName": "userEmail", "operator": "NOT_IN", "value": []},
        {"fieldName": "team", "operator": "ARRAY_HAS_ANY", "value": ["red", "blue", "everyone"]},
        {"fieldName": "team", "operator": "ARRAY_HAS_NONE", "value": []},
        {"metadataKey": "row", "operator": "STRING_CONTAINS", "value": ""},
    ],
)
def test_asking_for_rows_of_others_is_no_error_and_shows_none(
    organisations: Organisations, role: str, source: str, condition: dict[str, Any]
) -> None:
    points = organisations.ask(role, datasource=source, groupBy=[DATASOURCES[source].dimension], filters=[condition])

    assert {point[DATASOURCES[source].dimension] for point in points} <= ROLES[role][4]


@pytest.mark.parametrize("aggregation", ["countDistinct", "count"])
def test_aggregates_are_over_visible_rows(
    organisations: Organisations, role: str, source: str, aggregation: str
) -> None:
    name = DATASOURCES[source].dimension
    (point,) = organisations.ask(role, datasource=source, aggregations=[{"type": aggregation, "column": name}])

    assert point[aggregation + name[0].upper() + name[1:]] == len(ROLES[role][4])


def test_a_token_without_the_scope_may_not_ask(shared: Meterd, source: str) -> None:
    writer = make_token(shared.data, "writer", scopes=(Scope.INGEST,)).token or ""

    response = shared.query(writer, datasource=source)

    assert response.status_code == 403
    assert response.json()["error"] == "Forbidden"
