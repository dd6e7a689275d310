"""Other services that the settings name (`docs/specifications/ai-guard.md` sections 7 and 10)."""

import ssl
from pathlib import Path

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from meterd.endpoints import Endpoint, endpoint_of
from meterd.errors import ConfigurationError
from meterd.tls import make_self_signed

NAMES = st.sampled_from(["tenant.example", "10.0.0.5", "[::1]"])
PORTS = st.sampled_from(["", ":1", ":80", ":443", ":65535"])
DEFAULTS = {"http": 80, "https": 443}


def endpoint(url: str = "https://tenant.example/api", address: str | None = None, root: str | None = None) -> Endpoint:
    return endpoint_of("a.section", "some-endpoint", url, address, root)


def port_of(scheme: str, port: str) -> int:
    return int(port[1:]) if port else DEFAULTS[scheme]


def connected(url: httpx2.URL) -> tuple[str, int]:
    """What a client connects to."""
    return url.host, url.port or DEFAULTS[url.scheme]


class TestAddress:
    @given(st.sampled_from(["http", "https"]), NAMES, PORTS, st.sampled_from(["", "/", "/api/search?term=a%20b"]))
    def test_without_another_one_is_that_of_the_url(self, scheme: str, name: str, port: str, path: str) -> None:
        made = Endpoint(httpx2.URL(f"{scheme}://{name}{port}{path}"))

        assert made.url == made.target
        assert (name.strip("[]"), port_of(scheme, port)) == connected(made.target)

    @given(st.sampled_from(["http", "https"]), NAMES, PORTS, NAMES, PORTS)
    def test_changes_what_is_connected_to_and_nothing_else(
        self, scheme: str, name: str, port: str, there: str, there_port: str
    ) -> None:
        plain = Endpoint(httpx2.URL(f"{scheme}://{name}{port}/api?term=x"))
        made = Endpoint(plain.url, there + there_port)

        assert (there.strip("[]"), port_of(scheme, there_port)) == connected(made.target)
        assert (scheme, b"/api?term=x") == (made.target.scheme, made.target.raw_path)
        assert (plain.host, plain.tls_name) == (made.host, made.tls_name)

    @pytest.mark.parametrize(
        ("url", "host", "name"),
        [
            ("https://tenant.example/api", "tenant.example", "tenant.example"),
            ("https://tenant.example:443", "tenant.example", "tenant.example"),
            ("https://tenant.example:9999/api", "tenant.example:9999", "tenant.example"),
            ("http://[::1]:8080", "[::1]:8080", "::1"),
            ("https://bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
        ],
    )
    def test_of_the_url_is_in_the_host_header_and_the_name_in_tls(self, url: str, host: str, name: str) -> None:
        made = endpoint(url, "127.0.0.1:1")

        assert (host, name) == (made.host, made.tls_name)


class TestTrust:
    def test_is_in_the_authorities_of_the_file_only(self, tmp_path: Path) -> None:
        file = tmp_path / "root.pem"
        authority = make_self_signed(tmp_path / "key.pem", file, ["tenant.example"], 1)
        trust = endpoint(root=str(file)).trust()

        assert [authority.public_bytes(Encoding.DER)] == trust.get_ca_certs(binary_form=True)
        assert (ssl.CERT_REQUIRED, True) == (trust.verify_mode, trust.check_hostname)

    def test_is_in_known_authorities_without_a_file(self) -> None:
        trust = endpoint().trust()

        assert trust.get_ca_certs()
        assert (ssl.CERT_REQUIRED, True) == (trust.verify_mode, trust.check_hostname)


class TestRefusals:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "tenant.example/api",
            "tenant.example:443",
            "ftp://tenant.example",
            "https://",
            "https://tenant.example:x",
            "https://alice:hunter2@tenant.example",
            "https://alice@tenant.example",
        ],
    )
    def test_a_url_that_can_not_be_used_is_named_and_not_repeated(self, url: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            endpoint(url)
        assert "a.section.some-endpoint must be an http or https URL without a user" == caught.value.message

    @pytest.mark.parametrize("address", ["host:port", ":443", "https://proxy.example", "a@b:1", "host:1/x", "host:1?x"])
    def test_an_address_that_is_none_is_named(self, address: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            endpoint(address=address)
        assert f"a.section.trusted-root-address must be HOST:PORT, got '{address}'" == caught.value.message

    @pytest.mark.parametrize("content", [None, "", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_a_file_without_authorities_is_named(self, tmp_path: Path, content: str | None) -> None:
        file = tmp_path / "root.pem"
        if content is not None:
            file.write_text(content)

        with pytest.raises(ConfigurationError) as caught:
            endpoint(root=str(file))
        assert caught.value.message.startswith(f"a.section.trusted-root-path: can't use {file}: ")
