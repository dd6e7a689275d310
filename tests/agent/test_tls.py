"""A server with a certificate, and what the agent thinks of it."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.process import Daemon, document, names
from tests.certificates import self_signed
from tests.client.proxy import Proxy
from tests.process import Meterd


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself; the file holds the key as well."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    self_signed(path.with_suffix(".crt"), path, alternative="IP:127.0.0.1")
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def proxy(shared: Meterd, certificate: Path) -> Iterator[Proxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    proxy = Proxy(shared.url)
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    proxy.url = proxy.url.replace("http://", "https://")
    with proxy:
        yield proxy


def test_a_certificate_that_nobody_vouches_for_gets_nothing(shared: Meterd, proxy: Proxy, tmp_path: Path) -> None:
    with Daemon(tmp_path, proxy.url, shared.token) as agent:
        assert agent.register().startswith("local-session-")
        health = agent.health()
    assert (1, False, []) == (health["queued"], health["server_reachable"], proxy.seen)
    assert "CERTIFICATE_VERIFY_FAILED" in next((tmp_path / "queue").glob("*.log")).read_text()


def test_a_certificate_of_a_known_authority_is_trusted(
    shared: Meterd, proxy: Proxy, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    with Daemon(tmp_path, proxy.url, shared.token) as agent:
        reports(shared, agent)


@pytest.mark.parametrize("keys", [{"tls_insecure_skip_verify": True}, {"tls_verify": False}])
def test_any_certificate_is_trusted_on_demand(
    shared: Meterd, proxy: Proxy, tmp_path: Path, keys: dict[str, Any]
) -> None:
    with Daemon(tmp_path, proxy.url, shared.token, **keys) as agent:
        reports(shared, agent)


def reports(meterd: Meterd, agent: Daemon) -> None:
    """An event comes through."""
    id_ = agent.register()
    agent.post("/event", id_, name="e")
    agent.drained()
    assert ["e"] == names(document(meterd, id_))
