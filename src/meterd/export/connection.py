"""Where a collector is, and whom to trust there: `collector-endpoint`, `trusted-root-path`, `trusted-root-address`."""

import ssl

import httpx
import msgspec

from meterd.errors import ConfigurationError
from meterd.settings import MetricsExporter

_SETTING = "metrics.exporter"


class Collector(msgspec.Struct, frozen=True):
    """A collector's address and, where they differ, what to connect to.

    TLS names and `Host` are always those of `url`; `root` is a PEM file of authorities, None for the machine's.
    """

    url: httpx.URL
    address: str | None
    root: str | None

    @property
    def target(self) -> httpx.URL:
        """The URL with the host and port to connect to."""
        if self.address is None:
            return self.url
        there = httpx.URL(f"{self.url.scheme}://{self.address}")
        return self.url.copy_with(host=there.host, port=there.port)

    @property
    def host(self) -> str:
        """Value of the `Host` header."""
        return self.url.netloc.decode("ascii")

    @property
    def tls_name(self) -> str:
        return self.url.raw_host.decode("ascii").strip("[]")

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.root) if self.root else httpx.create_ssl_context()


def collector(settings: MetricsExporter, default: str | None = None) -> Collector:
    """The collector that the settings name. Raises `ConfigurationError` for what can't be used."""
    endpoint = settings.collector_endpoint or default
    if endpoint is None:
        raise ConfigurationError(f"{_SETTING}.type {settings.type} needs collector-endpoint, such as http://host:4317")
    url = _url(endpoint)
    if url is None:
        raise ConfigurationError(f"{_SETTING}.collector-endpoint must be an http or https URL without a user")
    address = settings.trusted_root_address
    there = _url(f"http://{address}") if address else url
    if there is None or (address and there.raw_path != b"/"):
        raise ConfigurationError(f"{_SETTING}.trusted-root-address must be HOST:PORT, got {address!r}")
    found = Collector(url, address, settings.trusted_root_path)
    try:
        found.trust()
    except OSError as error:  # of which the errors of ssl are a kind
        reason = error.strerror or error
        raise ConfigurationError(f"{_SETTING}.trusted-root-path: can't use {found.root}: {reason}") from None
    return found


def _url(text: str) -> httpx.URL | None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return url if url.scheme in ("http", "https") and url.host and not url.userinfo else None
