"""Who calls, in every way that clients say it (`docs/specifications/usage-metrics.md` section 2)."""

import base64
import uuid

import httpx2
import pytest

from tests.process import Meterd, make_token

PATHS = [
    "/api/metric/v1",
    "/api/object/v1",
    "/api/calendar/v1",
    "/api/data/v1",
    "/api/usage/statement?from=2024&to=2024",
]


@pytest.fixture(scope="module")
def ann(shared: Meterd) -> str:
    """The token of a user in a tenant of her own."""
    return make_token(shared.data, "ann@example.com", tenant=uuid.uuid4().hex).token or ""


def basic(credentials: str | bytes) -> dict[str, str]:
    encoded = credentials.encode() if isinstance(credentials, str) else credentials
    return {"Authorization": f"Basic {base64.b64encode(encoded).decode()}"}


def status(server: Meterd, headers: dict[str, str], path: str = PATHS[0]) -> int:
    """Of a call with these headers; a refusal says why, and how to do better."""
    response = httpx2.get(
        f"{server.url}{path}", headers={name.encode(): value.encode("latin-1") for name, value in headers.items()}
    )
    if response.status_code == 401:
        assert response.headers["x-odsl-error"].startswith("[4010] ")
        ways = ['Basic realm="meterd", charset="UTF-8"', 'Bearer realm="meterd"']
        assert ways == response.headers.get_list("www-authenticate")  # a line each, or Chromium asks for no key
    return response.status_code


@pytest.mark.parametrize("path", PATHS)
def test_a_token_and_a_key_are_the_same_in_every_place(shared: Meterd, ann: str, path: str) -> None:
    for headers in (
        {"Authorization": f"Bearer {ann}"},
        {"Authorization": f"bearer {ann}"},
        basic(f"ann@example.com:{ann}"),
        basic(f"ANN@example.com:{ann}"),
        {"Authorization": basic(f"ann@example.com:{ann}")["Authorization"].replace("Basic", "basic")},
        {"Authorization": f"BEARER \t {ann}"},
        {"Authorization": basic(f"ann@example.com:{ann}")["Authorization"].replace("Basic ", "BASIC \t ")},
        {"x-odsl-email": "ann@example.com", "x-odsl-key": ann},
    ):
        assert 200 == status(shared, headers, path), headers


@pytest.mark.parametrize("path", PATHS)
def test_no_credentials_are_refused(shared: Meterd, path: str) -> None:
    assert 401 == status(shared, {}, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic é"},
        {"Authorization": "Basic ===="},
        {"Authorization": "Basic !!!!"},
        {"Authorization": "Negotiate abc"},
        basic("ann@example.com"),
        basic(":"),
        basic(b"\xff\xfe:x"),
        basic("ann@example.com:wrong"),
        {"x-odsl-email": "ann@example.com", "x-odsl-key": "wrong"},
        {"x-odsl-email": "", "x-odsl-key": ""},
        {"x-odsl-email": "é", "x-odsl-key": "é"},
    ],
    ids=str,
)
def test_credentials_that_are_none_are_refused(shared: Meterd, headers: dict[str, str]) -> None:
    assert 401 == status(shared, headers)


def test_a_key_is_of_its_user_only(shared: Meterd, ann: str) -> None:
    for headers in (
        basic(f"bob@example.com:{ann}"),
        basic(f":{ann}"),
        basic(f"ann@example.com:{ann}:"),
        {"x-odsl-email": "bob@example.com", "x-odsl-key": ann},
        {"x-odsl-email": "ann@example.com"},
        {"x-odsl-key": ann},
    ):
        assert 401 == status(shared, headers), headers


def test_authorization_counts_before_the_two_headers(shared: Meterd, ann: str) -> None:
    key = {"x-odsl-email": "ann@example.com", "x-odsl-key": ann}

    assert 401 == status(shared, key | {"Authorization": "Bearer wrong"})
    assert 200 == status(shared, basic(f"ann@example.com:{ann}") | {"x-odsl-email": "bob", "x-odsl-key": "wrong"})


@pytest.mark.parametrize(("length", "expected"), [(128, 200), (129, 400)])
def test_the_name_of_an_environment_has_a_length(shared: Meterd, ann: str, length: int, expected: int) -> None:
    headers = {"Authorization": f"Bearer {ann}", "x-odsl-environment": "e" * length}

    assert expected == status(shared, headers)
