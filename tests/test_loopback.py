"""What is open to this machine is open to nobody else, at every address that is open to it."""

import http.client
from urllib.parse import urlsplit

import pytest

from meterd.loopback import is_local, is_loopback
from tests.process import Meterd

PLACES = [
    ("GET", "/metrics"),
    ("GET", "/export/prometheus"),
    ("GET", "/api/data/sessions"),
    ("POST", "/api/sessions"),
    ("GET", "/api/sessions/0"),
    ("POST", "/api/sessions/0/events"),
]
FOREIGN = [
    {"Host": "example.com"},
    {"Host": "localhost.example.com:8080"},
    {"Host": "127.0.0.1.example.com"},
    {"Host": ""},
    {"Host": "[::1"},
    {"Origin": "https://example.com"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Forwarded": "for=192.0.2.1"},
    {"Via": "1.1 proxy"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "example.com"},
    {"X-Forwarded-Proto": "https"},
    {"CF-Connecting-IP": "192.0.2.1"},
]
OWN = [
    {},
    {"Host": "localhost"},
    {"Host": "LOCALHOST:1"},
    {"Host": "[::1]:8080"},
    {"Host": "127.9.9.9"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://127.0.0.1"},
]


def status(server: Meterd, method: str, path: str, headers: dict[str, str]) -> int:
    """Without a token."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in (headers | {"Content-Length": "0"}).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), PLACES)
def test_a_page_or_a_proxy_of_others_needs_a_token(
    shared: Meterd, method: str, path: str, headers: dict[str, str]
) -> None:
    assert 401 == status(shared, method, path, headers)


@pytest.mark.parametrize("headers", OWN, ids=str)
@pytest.mark.parametrize(("method", "path"), PLACES)
def test_programs_and_pages_of_this_machine_need_none(
    shared: Meterd, method: str, path: str, headers: dict[str, str]
) -> None:
    assert status(shared, method, path, headers) not in (401, 403)


@pytest.mark.parametrize(
    "names",
    [
        [(b"host", b"localhost"), (b"host", b"example.com")],
        [],
        [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"origin", b"http://example.com")],
    ],
)
def test_every_host_and_origin_counts(names: list[tuple[bytes, bytes]]) -> None:
    assert not is_local({"client": ("127.0.0.1", 1), "headers": names})


@pytest.mark.parametrize("client", [None, ("192.0.2.1", 1), ("::ffff:192.0.2.1", 1), ("", 0)])
def test_a_client_elsewhere_is_not_local_whatever_it_says(client: tuple[str, int] | None) -> None:
    assert not is_local({"client": client, "headers": [(b"host", b"localhost")]})


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_are_known_in_every_form(address: str) -> None:
    assert is_loopback(address)
