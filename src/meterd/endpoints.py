"""Other services that the settings name: where they are, where to connect, and whom to trust there."""

import ssl
from collections.abc import AsyncIterator, Callable

import httpx2
import msgspec
import stamina

from meterd.errors import ConfigurationError


class Endpoint(msgspec.Struct, frozen=True):
    """An address of another service and, where they differ, what to connect to (`docs/specifications/ai-guard.md`
    sections 7 and 10).

    TLS names and `Host` are always those of `url`; `address` is `HOST:PORT`; `root` is a PEM file of authorities, None
    for the machine's.
    """

    url: httpx2.URL
    address: str | None = None
    root: str | None = None

    @property
    def target(self) -> httpx2.URL:
        """The URL with the host and port to connect to."""
        if not self.address:
            return self.url
        there = httpx2.URL(f"{self.url.scheme}://{self.address}")
        return self.url.copy_with(host=there.host, port=there.port)

    @property
    def host(self) -> str:
        """Value of the `Host` header."""
        return self.url.netloc.decode("ascii")

    @property
    def tls_name(self) -> str:
        """The name that the certificate must have."""
        return self.url.raw_host.decode("ascii").strip("[]")

    def trust(self) -> ssl.SSLContext:
        """Whose certificates are accepted. Raises `OSError` for a file that can't be used."""
        return ssl.create_default_context(cafile=self.root) if self.root else httpx2.create_ssl_context()


def endpoint_of(section: str, key: str, url: str, address: str | None, root: str | None) -> Endpoint:
    """Make an endpoint from its settings: `key`, `trusted-root-address` and `trusted-root-path` of a section.

    Raises `ConfigurationError` that names the setting for what can't be used; a URL, which may hold a password, is not
    repeated.
    """
    where = _url(url)
    if where is None:
        raise ConfigurationError(f"{section}.{key} must be an http or https URL without a user")
    there = _url(f"{where.scheme}://{address}") if address else where
    if there is None or (address and there.raw_path != b"/"):
        raise ConfigurationError(f"{section}.trusted-root-address must be HOST:PORT, got {address!r}")
    endpoint = Endpoint(where, address, root)
    try:
        endpoint.trust()
    except OSError as error:  # of which the errors of ssl are a kind
        reason = error.strerror or error
        raise ConfigurationError(f"{section}.trusted-root-path: can't use {root}: {reason}") from None
    return endpoint


def attempts(
    may_pass: Callable[[Exception], bool], first_pause: float, timeout: float
) -> AsyncIterator[stamina.Attempt]:
    """Try until it works, for `timeout` seconds: pauses begin at `first_pause` and double, each with as much jitter.

    An error that `may_pass` says no to is raised at once.
    """
    return stamina.retry_context(
        on=may_pass,
        attempts=None,
        timeout=timeout,
        wait_initial=first_pause,
        wait_max=timeout,
        wait_jitter=first_pause,
        wait_exp_base=2,
    )


def _url(text: str) -> httpx2.URL | None:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        return None
    return url if url.scheme in ("http", "https") and url.host and not url.userinfo else None
