"""`/api/dashboards` over HTTP: who sees and changes what, limits, hostile bodies, two editors at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from meterd.access import Scope, SubjectType
from meterd.web.builtin import NAMES
from tests.process import Meterd, make_token, plain_client
from tests.web.browser import OWN_PAGE, boot, signed_in
from tests.web.test_declaration import BOARD, PANEL

PATH = "/api/dashboards"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server where an owner has three dashboards at most, of 20,000 bytes."""
    environment = {"METERD_WEB__MAX_DASHBOARDS": "3", "METERD_WEB__MAX_DASHBOARD_BYTES": "20000"}
    with Meterd(tmp_path_factory.mktemp("saved"), environment=environment) as meterd:
        yield meterd


def client_of(meterd: Meterd, subject: str, *teams: str, **options: Any) -> httpx2.Client:
    """A client with the token of a subject, which may query."""
    token = make_token(meterd.data, subject, teams=teams, scopes=(Scope.QUERY,), **options).token or ""
    return plain_client(token, meterd.url)


def save(client: httpx2.Client, team: str | None = None, **changes: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"dashboard": BOARD | changes, "team": team})
    assert 200 == answer.status_code, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


def listed(client: httpx2.Client) -> set[str]:
    """The identifiers of dashboards that a client sees and that don't come with meterd."""
    return {each["id"] for each in client.get(PATH).json()["dashboards"] if not each["builtIn"]}


def statuses(client: httpx2.Client, saved: dict[str, Any]) -> tuple[int, int, int]:
    """How reading, changing and deleting a dashboard are answered."""
    path = f"{PATH}/{saved['id']}"
    change = {key: saved[key] for key in ("dashboard", "team", "revision")}
    answers = client.get(path), client.put(path, json=change), client.delete(path)
    return answers[0].status_code, answers[1].status_code, answers[2].status_code


def test_a_dashboard_is_saved_read_changed_and_deleted(server: Meterd) -> None:
    with client_of(server, "ann") as ann:
        saved = save(ann, title="Mine")
        path = f"{PATH}/{saved['id']}"
        read = ann.get(path).json()
        changed = ann.put(path, json={"dashboard": BOARD | {"title": "Other"}, "revision": 1}).json()
        head = next(each for each in ann.get(PATH).json()["dashboards"] if each["id"] == saved["id"])
        deleted, gone = ann.delete(f"{path}?revision=2"), ann.get(path)

    assert saved == read
    assert BOARD | {"id": saved["id"]} == read["dashboard"]
    assert {"owner": "ann", "ownerType": "user", "team": None, "revision": 1, "mayChange": True}.items() <= read.items()
    assert ("Other", 2) == (changed["title"], changed["revision"]) == (head["title"], head["revision"])
    assert "dashboard" not in head
    assert ({"id": saved["id"]}, 404) == (deleted.json(), gone.status_code)


def test_those_that_come_with_meterd_are_listed_and_nobody_changes_them(server: Meterd) -> None:
    ids = [each["id"] for each in server.client.get(PATH).json()["dashboards"] if each["builtIn"]]
    overview = server.client.get(f"{PATH}/overview").json()

    assert list(NAMES) == ids
    assert (200, 403, 403) == statuses(server.client, overview)


def test_owners_teams_and_administrators_see_and_change_dashboards_and_nobody_else(server: Meterd) -> None:
    with (
        client_of(server, "bob", "red") as bob,
        client_of(server, "mate", "red") as mate,
        client_of(server, "stranger", "blue") as stranger,
        client_of(server, "bob", "red", type_=SubjectType.VIRTUAL_ACCOUNT) as namesake,
        client_of(server, "bob", "red", tenant="other", tenant_admin=True) as foreigner,
    ):
        private, shared, public = save(bob), save(bob, "red"), save(server.client, "everyone")

        assert {private["id"], shared["id"], public["id"]} == listed(bob)
        assert {shared["id"], public["id"]} == listed(mate) == listed(namesake)
        assert {public["id"]} == listed(stranger)
        assert set() == listed(foreigner)
        assert {private["id"], shared["id"], public["id"]} <= listed(server.client)
        for client in (mate, stranger, namesake, foreigner):
            assert (404, 404, 404) == statuses(client, private)
        assert (200, 403, 403) == statuses(stranger, public) == statuses(bob, public)
        assert (404, 404, 404) == statuses(stranger, shared)
        assert (200, 200, 200) == statuses(mate, shared)
        assert (200, 200, 200) == statuses(server.client, private)


def test_one_shares_with_own_teams_only(server: Meterd) -> None:
    with client_of(server, "carol", "red") as carol:
        refused = carol.post(PATH, json={"dashboard": BOARD, "team": "blue"})

    assert (403, "you are not in the team") == (refused.status_code, refused.json()["message"][:23])


def test_of_several_editors_one_saves_and_the_others_are_told(server: Meterd) -> None:
    with client_of(server, "dora") as dora:
        saved = save(dora)

        def put(number: int) -> httpx2.Response:
            body = {"dashboard": BOARD | {"title": f"By {number}"}, "revision": 1}
            return dora.put(f"{PATH}/{saved['id']}", json=body)

        with ThreadPoolExecutor(4) as editors:
            answers = list(editors.map(put, range(4)))
        now = dora.get(f"{PATH}/{saved['id']}").json()
        stale = dora.delete(f"{PATH}/{saved['id']}?revision=1")

    (winner,) = [each for each in answers if each.status_code == 200]
    assert winner.json() == now
    assert [409] * 3 == [each.status_code for each in answers if each.status_code != 200]
    assert 409 == stale.status_code
    assert "its revision is 2: load it again" in stale.json()["message"]


def test_an_owner_has_a_number_of_dashboards_and_each_a_size(server: Meterd) -> None:
    with client_of(server, "eve") as eve:
        for _ in range(3):
            save(eve)
        many = eve.post(PATH, json={"dashboard": BOARD})
        large = eve.post(PATH, json={"dashboard": BOARD | {"description": "x" * 20000}})
        save(server.client)

    assert (400, True) == (many.status_code, "(web.max-dashboards)" in many.json()["message"])
    assert 413 == large.status_code


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 3000,
        b'{"dashboard": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
        b'{"dashboard": {}}',
        b'{"dashboard": {"title": "\\ud800", "panels": []}}',
        b'{"dashboard": {"title": "a", "panels": [1e999]}}',
        b'{"dashboard": {"title": "a", "panels": [{"id": 1}]}, "team": {}}',
        b'{"dashboard": {"title": "a", "panels": [{"id": "a"}]}, "admin": true}',
        b'{"dashboard": {"title": "a", "panels": [{}]}, "team": ""}',
    ],
)
def test_a_hostile_body_is_refused_in_one_shape(server: Meterd, body: bytes) -> None:
    answer = server.client.post(PATH, content=body, headers={"Content-Type": "application/json"})

    assert 400 == answer.status_code
    assert {"code", "message"} == set(answer.json())


@pytest.mark.parametrize(("query", "status"), [("revision=x", 400), ("revision=-1", 400), ("other=1", 400), ("", 404)])
def test_what_is_deleted_is_named_plainly(server: Meterd, query: str, status: int) -> None:
    answer = server.client.delete(f"{PATH}/nothing?{query}")

    assert (status, status) == (answer.status_code, answer.json()["code"])


def test_a_token_that_may_not_query_and_a_page_of_others_do_nothing(server: Meterd) -> None:
    token = make_token(server.data, "feeder", scopes=(Scope.INGEST,)).token or ""
    with plain_client(token, server.url) as feeder, signed_in(server) as browser:
        assert 403 == feeder.get(PATH).status_code
        assert 401 == server.anonymous.get(PATH).status_code
        assert 200 == browser.get(PATH).status_code
        body = {"dashboard": BOARD}
        assert 403 == browser.post(PATH, json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code
        saved = browser.post(PATH, json=body, headers=OWN_PAGE)
        assert 200 == saved.status_code
        assert 200 == browser.delete(f"{PATH}/{saved.json()['id']}", headers=OWN_PAGE).status_code


def test_the_page_of_a_saved_dashboard_is_for_those_who_see_it(server: Meterd) -> None:
    token = make_token(server.data, "gina", teams=("green",)).token or ""
    with client_of(server, "hugo", "green") as hugo, signed_in(server, token) as gina:
        own, shared = save(hugo), save(hugo, "green", title=HOSTILE.strip("\u2028"), panels=[PANEL | {"title": "<b>"}])
        page, hidden = gina.get(f"/dashboards/{shared['id']}"), gina.get(f"/dashboards/{own['id']}")

    assert shared["dashboard"] == boot(page)["dashboard"]
    assert {"owner": "hugo", "team": "green", "mayChange": True}.items() <= boot(page)["saved"].items()  # type: ignore[attr-defined]
    assert "<img" not in page.text
    assert (404, "text/html; charset=utf-8") == (hidden.status_code, hidden.headers["content-type"])
