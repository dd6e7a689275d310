"""The pages over HTTP: who sees them, and what a browser may do with them."""

import re

import pytest

from meterd.access import Scope
from meterd.web.assets import FOLDERS, Assets
from meterd.web.pages import PAGES
from tests.process import METRICS, Meterd, make_token
from tests.web.browser import OWN_PAGE, QUESTION, boot, signed_in

PATHS = [page.path.replace("{id:str}", "overview") for page in PAGES]
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


@pytest.mark.parametrize("path", PATHS)
def test_each_page_has_its_shell_for_whoever_is_signed_in(shared: Meterd, path: str) -> None:
    with signed_in(shared) as client:
        page = client.get(path)

    assert (200, "text/html; charset=utf-8", "no-store") == (
        page.status_code,
        page.headers["content-type"],
        page.headers["cache-control"],
    )
    assert "root" == boot(page)["me"]["subject"]  # type: ignore[index]
    assert '<main id="page"' in page.text


@pytest.mark.parametrize("path", PATHS)
def test_each_page_leads_others_to_the_sign_in_and_back(shared: Meterd, path: str) -> None:
    answer = shared.anonymous.get(f"{path}?window=1h&f=a:is:b", headers={"Accept": "text/html"})

    assert (303, f"/sign-in?next={path}%3Fwindow%3D1h%26f%3Da%3Ais%3Ab") == (
        answer.status_code,
        answer.headers["location"],
    )


def test_pages_that_filter_know_which_operators_each_field_takes(shared: Meterd) -> None:
    with signed_in(shared) as client:
        known, other = boot(client.get("/overview")), boot(client.get("/sessions/abc"))

    fields = known["datasources"]["modelMetrics"]  # type: ignore[index]
    assert ["ARRAY_HAS_ANY", "ARRAY_HAS_NONE"] == fields["team"]
    assert ["BETWEEN", "GREATER_THAN", "GREATER_THAN_EQUAL", "LESS_THAN", "LESS_THAN_EQUAL"] == fields["latencyMs"]
    assert ("abc", False) == (other["id"], "datasources" in other)


def test_the_first_page_is_the_overview(shared: Meterd) -> None:
    assert "/overview" == shared.anonymous.get("/").headers["location"]


def test_a_bearer_token_opens_no_page(shared: Meterd) -> None:
    assert 303 == shared.client.get("/overview").status_code


def test_a_link_on_a_page_of_others_opens_a_page_that_goes_on_with_the_cookie(shared: Meterd) -> None:
    answer = shared.anonymous.get("/overview?window=1h&x=%22%3E", headers={"Sec-Fetch-Site": "cross-site"})

    assert 200 == answer.status_code
    assert 'content="0; url=/overview?window=1h&amp;x=%22%3E"' in answer.text


def test_what_a_page_knows_of_a_person_ends_no_element(shared: Meterd) -> None:
    name = "</script><script>alert(1)</script>&\u2028'\""
    token = make_token(shared.data, name, teams=("<b>",)).token or ""

    with signed_in(shared, token) as client:
        page = client.get("/overview")

    assert name == boot(page)["me"]["subject"]  # type: ignore[index]
    assert (3, 3) == (page.text.count("<script"), page.text.count("</script"))


def test_the_page_for_operators_is_theirs(shared: Meterd) -> None:
    token = make_token(shared.data, "alice").token or ""
    with signed_in(shared, token) as client:
        refused, overview = client.get("/system"), client.get("/overview")

    assert (403, True) == (refused.status_code, "administrators of the tenant" in refused.text)
    assert 'href="/system"' not in overview.text


def test_what_is_nowhere_is_a_page_for_browsers_and_json_for_programs(shared: Meterd) -> None:
    page = shared.anonymous.get("/nowhere/<b>", headers={"Accept": "text/html,*/*;q=0.8"})

    assert (404, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert "<b>" not in page.text
    assert {"code": 404, "message": "there is nothing at /nowhere"} == shared.anonymous.get("/nowhere").json()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/overview", "/sign-in", "/sign-out", "/api/me", "/nowhere", "/assets/x/y.js"])
def test_every_answer_says_what_a_browser_may_do_with_it(shared: Meterd, method: str, path: str) -> None:
    with signed_in(shared) as client:
        for sender in (client, shared.anonymous):
            answer = sender.request(method, path, headers={"Accept": "text/html"})
            assert answer.status_code < 500
            assert "nosniff" == answer.headers["x-content-type-options"]
            policy = answer.headers["content-security-policy"]
            assert POLICY == policy or "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy


def test_templates_hold_no_styles_and_no_scripts_of_their_own(shared: Meterd) -> None:
    with signed_in(shared) as client:
        text = "".join(client.get(path).text for path in [*PATHS, "/sign-in", "/nowhere"])

    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", text)


def test_pages_and_what_they_ask_take_the_cookie(shared: Meterd) -> None:
    with signed_in(shared) as client:
        me = client.get("/api/me").json()
        asked = client.post(f"{METRICS}/query", json=QUESTION, headers=OWN_PAGE)
        readings = [
            client.get(path).status_code
            for path in ("/api/data/sessions?limit=1", "/api/metric/v1", "/api/usage/statement?from=T&to=T")
        ]

    assert ("root", "user", True) == (me["subject"], me["subjectType"], me["tenantAdmin"])
    assert sorted(Scope) == me["scopes"]
    assert ([200] * 3, 200) == (readings, asked.status_code), asked.text


def test_a_person_with_a_cookie_sees_own_sessions_and_not_those_of_whoever_sends_no_token(shared: Meterd) -> None:
    made = shared.anonymous.post("/api/sessions", json={"product": "p", "version": "1", "machine_id": "m"})
    assert 200 == made.status_code, made.text
    token = make_token(shared.data, "carol").token or ""

    with signed_in(shared, token) as client:
        answer = client.get(f"/api/sessions/{made.json()['session_id']}")

    assert 404 == answer.status_code


@pytest.mark.parametrize(
    ("path", "draws"), [("/overview", True), ("/explore", True), ("/sessions", False), ("/usage", False)]
)
def test_only_pages_with_panels_load_what_draws_charts(shared: Meterd, path: str, draws: bool) -> None:
    with signed_in(shared) as client:
        assert ("echarts" in client.get(path).text) == draws


def test_a_page_names_all_modules_so_that_a_browser_loads_them_at_once(shared: Meterd) -> None:
    with signed_in(shared) as client:
        text = client.get("/overview").text

    named = re.findall(r'<link rel="modulepreload" href="/assets/[0-9a-f]{16}/([^"]+)">', text)
    assert Assets(*FOLDERS).imported("dashboard.js") == tuple(named)
    assert {"panels.js", "charts.js", "axes.js"} <= set(named)
    assert text.index('src="/assets') < text.index("echarts.min.js")
