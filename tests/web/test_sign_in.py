"""Signing in and out over HTTP, and attacks on it."""

from collections.abc import Iterator

import httpx2
import pytest

from meterd.access import Scope
from meterd.data_directory import open_metadata
from meterd.metadata import Metadata
from meterd.web.sign_in import local_path
from tests.process import METRICS, OF_ONE_NODE, Meterd, directory_of, make_token, plain_client
from tests.web.browser import COOKIE, OWN_PAGE, QUESTION, sign_in, signed_in


def metadata(shared: Meterd) -> Metadata:
    return open_metadata(shared.data, directory_of(shared.data))


def is_in(client: httpx2.Client) -> bool:
    return client.get("/api/me").status_code == 200


def test_a_token_signs_in_and_the_cookie_is_kept_from_scripts_and_other_sites(shared: Meterd) -> None:
    with plain_client(url=shared.url) as client:
        answer = sign_in(client, shared.token, next="/explore?window=1h")

        assert (303, "/explore?window=1h") == (answer.status_code, answer.headers["location"])
        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert name.startswith(f"{COOKIE}=")
        assert ["Path=/", "HttpOnly", "SameSite=Strict"] == attributes
        assert is_in(client)


def test_by_tls_the_cookie_is_for_this_host_and_tls_only(shared: Meterd) -> None:
    with plain_client(url=shared.url) as client:
        client.headers["X-Forwarded-Proto"] = "https"
        name, *attributes = sign_in(client, shared.token).headers["set-cookie"].split("; ")

        assert name.startswith(f"__Host-{COOKIE}=")
        assert ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"] == attributes
        client.cookies.clear()
        session = name.partition("=")[2]
        assert 200 == client.get("/api/me", headers={"Cookie": f"__Host-{COOKIE}={session}"}).status_code
        assert 401 == client.get("/api/me", headers={"Cookie": f"{COOKIE}={session}"}).status_code


@pytest.mark.parametrize("token", ["", "mtr_" + "0" * 40, "<script>alert(1)</script>", "x" * 5000, "\x00"])
def test_a_token_that_is_none_is_refused_where_it_was_typed(shared: Meterd, token: str) -> None:
    with plain_client(url=shared.url) as client:
        answer = sign_in(client, token, next="/usage")

    assert (401, True) == (answer.status_code, "This token is not valid" in answer.text)
    assert 'name="next" value="/usage"' in answer.text
    assert "set-cookie" not in answer.headers
    assert token == "" or token not in answer.text


def test_signing_out_ends_the_session_wherever_its_cookie_is(shared: Meterd) -> None:
    with signed_in(shared) as client:
        session = client.cookies[COOKIE]
        answer = client.post("/sign-out", headers=OWN_PAGE)

        assert (303, "/sign-in") == (answer.status_code, answer.headers["location"])
        assert f"{COOKIE}=; " in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]
    assert 401 == shared.anonymous.get("/api/me", headers={"Cookie": f"{COOKIE}={session}"}).status_code


@OF_ONE_NODE
def test_the_form_says_that_a_session_is_over_and_nothing_to_who_had_none(shared: Meterd) -> None:
    sentence = "Your session is over"
    with signed_in(shared) as client:
        assert sentence not in client.get("/sign-in").text  # as it goes on
        session = client.cookies[COOKIE]
        client.post("/sign-out", headers=OWN_PAGE)

    over = shared.anonymous.get("/sign-in?next=/usage", headers={"Cookie": f"{COOKIE}={session}"})

    assert (200, True) == (over.status_code, sentence in over.text)
    assert 'name="next" value="/usage"' in over.text
    assert sentence not in shared.anonymous.get("/sign-in").text
    assert sentence not in shared.anonymous.get("/sign-in", headers={"Cookie": f"{COOKIE}=x"}).text


def test_a_session_that_somebody_chose_is_not_the_one_that_begins(shared: Meterd) -> None:
    chosen = "A" * 43
    with plain_client(url=shared.url) as client:
        client.cookies[COOKIE] = chosen
        sign_in(client, shared.token)

    assert 401 == shared.anonymous.get("/api/me", headers={"Cookie": f"{COOKIE}={chosen}"}).status_code


def test_who_signs_in_again_leaves_no_session_behind(shared: Meterd) -> None:
    with signed_in(shared) as client:
        before = client.cookies[COOKIE]
        sign_in(client, shared.token)

        assert is_in(client)
        assert before != client.cookies[COOKIE]
    assert 401 == shared.anonymous.get("/api/me", headers={"Cookie": f"{COOKIE}={before}"}).status_code


def test_two_different_cookies_of_one_name_are_none(shared: Meterd) -> None:
    with signed_in(shared) as client:
        session = client.cookies[COOKIE]
    cookies = f"{COOKIE}={'A' * 43}; {COOKIE}={session}"

    assert 401 == shared.anonymous.get("/api/me", headers={"Cookie": cookies}).status_code


def test_a_session_ends_with_its_token(shared: Meterd) -> None:
    token = make_token(shared.data, "dora")
    with signed_in(shared, token.token or "") as client:
        opened = metadata(shared)
        opened.tokens.revoke(token.id)
        opened.close()
        with plain_client(url=shared.url) as other:  # another session of it can't begin
            assert 401 == sign_in(other, token.token or "").status_code
        while is_in(client):  # for two seconds it may be remembered
            pass

        assert "/sign-in?next=/overview" == client.get("/overview").headers["location"]


FOREIGN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_pages_of_others_change_nothing_with_the_cookie(shared: Meterd, headers: dict[str, str]) -> None:
    headers = {name: shared.url if value == "OWN" else value for name, value in headers.items()}
    with signed_in(shared) as client:
        signed_out = client.post("/sign-out", headers=headers)
        asked = client.post(f"{METRICS}/query", json=QUESTION, headers=headers)
        signed_in_as_another = client.post("/sign-in", data={"token": shared.token}, headers=headers)

        assert [403] * 3 == [each.status_code for each in (signed_out, asked, signed_in_as_another)]
        assert is_in(client)


def test_an_older_browser_says_by_origin_that_the_page_is_ours(shared: Meterd) -> None:
    with signed_in(shared) as client:
        asked = client.post(f"{METRICS}/query", json=QUESTION, headers={"Origin": shared.url})

    assert 200 == asked.status_code, asked.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{METRICS}/ingest?datasource=guardrailMetrics"),
        ("POST", "/ingest/litellm"),
        ("POST", "/v1/traces"),
        ("POST", "/metric"),
        ("POST", "/api/object/v1"),
        ("DELETE", "/api/object/v1/private/X"),
        ("POST", "/api/calendar/v1"),
        ("GET", "/metrics"),
    ],
)
def test_the_cookie_is_of_no_use_where_programs_report_and_administer(shared: Meterd, method: str, path: str) -> None:
    headers = OWN_PAGE | {"X-Forwarded-For": "192.0.2.1"}  # so that being on this machine is of no use either
    with signed_in(shared) as client:
        client.headers["Accept"] = "application/json"
        answer = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)

    assert 401 == answer.status_code, answer.text


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: x=y",
        "javascript:alert(1)",
        "evil",
        "",
        "/" + "x" * 5000,
        "/\u00e9",
    ],
)
def test_the_way_back_leads_nowhere_else(shared: Meterd, wanted: str) -> None:
    with plain_client(url=shared.url) as client:
        answer = sign_in(client, shared.token, next=wanted)

    assert (303, "/overview") == (answer.status_code, answer.headers["location"])
    assert "/overview" == local_path(wanted)


def test_a_form_that_is_too_large_is_refused(shared: Meterd) -> None:
    large = shared.anonymous.post("/sign-in", content=b"token=" + b"x" * 10_000, headers=OWN_PAGE)
    many = shared.anonymous.post("/sign-in", content=b"a=1&" * 20, headers=OWN_PAGE)

    assert (413, 400) == (large.status_code, many.status_code)


def offer(shared: Meterd, subject: str = "erin") -> str:
    """The path of a new link for a subject."""
    opened = metadata(shared)
    code = opened.web_sessions.offer(subject, scopes=(Scope.QUERY,))
    opened.close()
    return f"/sign-in?code={code}"


def test_a_link_signs_in_once(shared: Meterd) -> None:
    link = offer(shared)
    with plain_client(url=shared.url) as client, plain_client(url=shared.url) as other:
        first, again = client.get(f"{link}&next=/usage", headers={"Sec-Fetch-Site": "none"}), other.get(link)

        assert (303, "/usage") == (first.status_code, first.headers["location"])
        assert ("erin", ["query"]) == tuple(client.get("/api/me").json()[name] for name in ("subject", "scopes"))
        assert (401, True, False) == (again.status_code, "once, within ten minutes" in again.text, is_in(other))


def test_signing_out_ends_the_token_that_a_link_made(shared: Meterd) -> None:
    with plain_client(url=shared.url) as client:
        client.get(offer(shared, "frank"))
        client.post("/sign-out", headers=OWN_PAGE)
    opened = metadata(shared)
    states = [token.revoked_at is not None for token in opened.tokens.all() if token.subject == "frank"]
    opened.close()

    assert [True] == states


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", {"Sec-Fetch-Site": "same-site"}),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Purpose": "prefetch"}),
        ("HEAD", {}),
    ],
)
def test_a_link_that_nobody_opened_by_hand_asks_first(shared: Meterd, method: str, headers: dict[str, str]) -> None:
    link = offer(shared)
    with plain_client(url=shared.url) as client:
        looked = client.request(method, link, headers=headers)
        assert (200, False) == (looked.status_code, is_in(client))

        code = link.partition("=")[2]
        refused = client.post("/sign-in", data={"code": code}, headers=headers)
        assert (403, False) == (refused.status_code, is_in(client))
        assert 303 == client.post("/sign-in", data={"code": code, "next": "/"}, headers=OWN_PAGE).status_code
        assert is_in(client)


@pytest.mark.parametrize(
    "code", ["", "A" * 43, "A" * 42 + "%00", "x" * 4000, "%22%3E%3Cscript%3E", "A" * 43 + "&code=B"]
)
def test_a_code_that_is_none_is_refused(shared: Meterd, code: str) -> None:
    answer = shared.anonymous.get(f"/sign-in?code={code}")

    assert (401 if code else 200, False) == (answer.status_code, "set-cookie" in answer.headers)
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "subject", ["<img src=x onerror=alert(1)>", "\u202emina", "a" * 128, "${x}{{7*7}}", 'O\'Brien "x"']
)
def test_hostile_names_sign_in_and_stay_text(shared: Meterd, subject: str) -> None:
    with plain_client(url=shared.url) as client:
        client.get(offer(shared, subject))
        page = client.get("/overview").text

        assert subject == client.get("/api/me").json()["subject"]
    assert "<img" not in page
    assert "49" not in page.partition("<nav")[2]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    environment = {
        "METERD_ACCESS__SIGN_IN_FAILURES_PER_MINUTE": "3",
        "METERD_ACCESS__TRUSTED_PROXIES": '["127.0.0.1"]',
    }
    with Meterd(tmp_path_factory.mktemp("strict"), environment=environment) as meterd:
        yield meterd


@OF_ONE_NODE
def test_who_guesses_is_refused_by_a_limit_with_a_name_and_in_the_metrics(strict: Meterd) -> None:
    with plain_client(url=strict.url) as client:
        guesses = [client.get(f"/sign-in?code={'A' * 42}{number}").status_code for number in range(2)]
        guesses.append(sign_in(client, "mtr_" + "0" * 40).status_code)
        refused = [client.get(f"/sign-in?code={'A' * 43}"), sign_in(client, strict.token)]
        form = client.get("/sign-in")

    assert ([401] * 3, [503] * 2, 200) == (guesses, [each.status_code for each in refused], form.status_code)
    assert all("access.sign-in-failures-per-minute, 3" in each.text for each in refused)
    assert 0 < int(refused[0].headers["retry-after"]) <= 60
    metrics = strict.client.get("/metrics").text
    for reason, count in (("code", 2), ("token", 1), ("limit", 2)):
        assert f'meterd_sign_in_refusals_total{{reason="{reason}"}} {count}.0' in metrics


@OF_ONE_NODE
def test_behind_a_proxy_who_guesses_keeps_nobody_else_out(strict: Meterd) -> None:
    with plain_client(url=strict.url) as client:
        from_one, from_another = ({"X-Forwarded-For": f"192.0.2.{each}"} for each in (1, 2))
        guesses = [client.get(f"/sign-in?code={'B' * 43}", headers=from_one).status_code for _ in range(4)]

        assert [401, 401, 401, 503] == guesses
        assert 401 == client.get(f"/sign-in?code={'B' * 43}", headers=from_another).status_code
